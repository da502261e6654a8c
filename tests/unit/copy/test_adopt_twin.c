/* Which messages are taken for one by date and Message-ID, where content says nothing. */
#include "copy/fake_run.h"
#include "copy/adopt_private.h"

static void test_twins(void **state)
{
    (void)state;
    mig__adopt_entry source[] = {
        {.uid = 1, .utc = 10, .dated = true, .message_id = "<a>"},
        {.uid = 2, .utc = 10, .dated = true, .message_id = "<twice>"},
        {.uid = 3, .utc = 10, .dated = true, .message_id = "<twice>"},
        {.uid = 4, .utc = 11, .dated = true, .message_id = "<b>"},
        {.uid = 5, .utc = 12, .dated = true, .message_id = "<copied twice>"},
        {.uid = 6, .utc = 13, .dated = false, .message_id = "<undated>"},
        {.uid = 7, .utc = 14, .dated = true},
        {.uid = 8, .utc = 15, .dated = true, .message_id = "<settled>", .settled = true},
    };
    mig__adopt_entry target[] = {
        {.uid = 11, .utc = 10, .dated = true, .message_id = "<a>"},
        {.uid = 12, .utc = 10, .dated = true, .message_id = "<twice>"},
        {.uid = 14, .utc = 12, .dated = true, .message_id = "<b>"}, /* of another date */
        {.uid = 15, .utc = 12, .dated = true, .message_id = "<copied twice>"},
        {.uid = 16, .utc = 12, .dated = true, .message_id = "<copied twice>"},
        {.uid = 17, .utc = 13, .dated = true, .message_id = "<undated>"},
        {.uid = 18, .utc = 14, .dated = true},
        {.uid = 19, .utc = 15, .dated = true, .message_id = "<settled>"},
    };
    mig__adopt_side sides[2] = {{.items = source, .count = sizeof source / sizeof *source},
                                {.items = target, .count = sizeof target / sizeof *target}};
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < sides[side].count; i++) {
            sides[side].items[i].fields = mig__adopt_fields("A: b\r\n\r\n", 8, &sides[side].items[i].field_count);
        }
    }
    mig__adopt_twins(sides);
    for (size_t i = 0; i < sides[MIG_SOURCE].count; i++) {
        assert_int_equal(source[i].twin, i == 0 ? 11 : 0);
    }
    for (size_t i = 0; i < sides[MIG_TARGET].count; i++) {
        assert_int_equal(target[i].twin, i == 0 ? 1 : 0);
    }
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < sides[side].count; i++) {
            free(sides[side].items[i].fields);
        }
    }
    mig__adopt_side none[2] = {{.items = NULL}, {.items = NULL}};
    mig__adopt_twins(none);
}

/* One more field was added by the target; one that differs, or is not there, was changed by somebody. */
static void test_fields(void **state)
{
    (void)state;
    static const char source[] = "From: a\r\nSubject: s\r\n t\r\nReceived: x\r\nReceived: x\r\n\r\n";
    static const struct {
        const char *header;
        bool twin;
    } targets[] = {
        {"From: a\r\nSubject: s\r\n t\r\nReceived: x\r\nReceived: x\r\n\r\n", true},
        {"X-More: y\nReceived: x\nReceived: x\nSubject: s\r\n t\nFrom: a\n", true},
        {"From: a\r\nSubject: s\r\n u\r\nReceived: x\r\nReceived: x\r\n\r\n", false},
        {"From: a\r\nSubject: s\r\n t\r\nReceived: x\r\nX-More: y\r\n\r\n", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        mig__adopt_entry one = {.uid = 1, .utc = 9, .dated = true, .message_id = "<a>"}, other = one;
        one.fields = mig__adopt_fields(source, sizeof source - 1, &one.field_count);
        other.fields = mig__adopt_fields(targets[i].header, strlen(targets[i].header), &other.field_count);
        assert_int_equal(one.field_count, 4);
        mig__adopt_side sides[2] = {{.items = &one, .count = 1}, {.items = &other, .count = 1}};
        mig__adopt_twins(sides);
        assert_int_equal(one.twin, targets[i].twin);
        assert_int_equal(other.twin, targets[i].twin);
        free(one.fields);
        free(other.fields);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
