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
    mig__adopt_twins(sides);
    for (size_t i = 0; i < sides[MIG_SOURCE].count; i++) {
        assert_int_equal(source[i].twin, i == 0 ? 11 : 0);
    }
    for (size_t i = 0; i < sides[MIG_TARGET].count; i++) {
        assert_int_equal(target[i].twin, i == 0 ? 1 : 0);
    }
    mig__adopt_side none[2] = {{.items = NULL}, {.items = NULL}};
    mig__adopt_twins(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
