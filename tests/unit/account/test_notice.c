/* What is said of lists: lines that nobody can read, patterns that match nothing, mailboxes of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "account/notice.h"
#include <stdio.h>
#include <string.h>

typedef struct heard {
    char text[4096]; /* "!" in front of what failed, a line each */
    size_t left;     /* refuse after so many */
} heard;

static int hear(const mig_error *what, bool failed, void *context, mig_error *err)
{
    heard *h = context;
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    size_t length = strlen(h->text);
    snprintf(h->text + length, sizeof h->text - length, "%s%s\n", failed ? "!" : " ",
             mig_error_line(what, line, sizeof line));
    return h->left-- > 0 ? 0 : mig_error_set(err, MIG_E_NOMEM, "enough");
}

#define BOX(n, who)                                                                                                    \
    {                                                                                                                  \
        .wire = (char *)(n), .name = (char *)(n), .name_valid = true, .owner = (who)                                   \
    }

static mig__mailbox boxes[] = {BOX("INBOX", MIG__OWNER_SELF),           BOX("Archive", MIG__OWNER_SELF),
                               BOX("Entw\xc3\xbcrfe", MIG__OWNER_SELF), BOX("Public/a", MIG__OWNER_SHARED),
                               BOX("Users/b", MIG__OWNER_OTHER_USER),   BOX("Public/c", MIG__OWNER_SHARED),
                               BOX("Public/d", MIG__OWNER_SHARED)};
static const mig__mailbox_list boxes_list = {.items = boxes, .count = sizeof boxes / sizeof *boxes};

static void expect(const mig__mailbox_list *list, const mig__mailbox_list *target, const mig__map_rules *rules,
                   const char *text)
{
    heard h = {.left = 100};
    assert_int_equal(mig__notice_lists(list, target, rules, hear, &h, NULL), 0);
    assert_string_equal(h.text, text);
}

static void test_others(void **state)
{
    (void)state;
    const char *const only[] = {"INBOX", "Public/c", NULL}, *const without[] = {"Public*", NULL};
    mig__map_rules shared = {.shared = true}, named = {.folders = only}, less = {.excludes = without};
    expect(&boxes_list, NULL, NULL,
           " 4 folders are shared or of other users, not this account's own, and left out: \"Public/a\", \"Users/b\", "
           "\"Public/c\", ...; --shared takes them, --folder with a whole name takes that one\n");
    expect(&boxes_list, NULL, &shared, "");
    expect(&boxes_list, NULL, &named, "");
    expect(&boxes_list, NULL, &less,
           " 1 folder is shared or of other users, not this account's own, and left out: \"Users/b\"; --shared takes "
           "them, --folder with a whole name takes that one\n");
    assert_true(mig__notice_foreign(&boxes[3], NULL));
    assert_false(mig__notice_foreign(&boxes[0], NULL));
    assert_false(mig__notice_foreign(&boxes[5], &named));
}

static void test_unmatched(void **state)
{
    (void)state;
    const char *const patterns[] = {"Inboxx",        "inbox", "Archve", "entwu\xcc\x88rfen",
                                    "Quite another", "A*",    "Z*",     NULL};
    const char *const names[] = {"INBOX", "Archive", "Entw\xc3\xbcrfe"};
    heard h = {.left = 100};
    assert_int_equal(mig__notice_unmatched(patterns, names, 3, hear, &h, NULL), 0);
    assert_string_equal(h.text,
                        "!no folder matches --folder 'Inboxx'; did you mean 'INBOX'?\n"
                        "!no folder matches --folder 'Archve'; did you mean 'Archive'?\n"
                        "!no folder matches --folder 'entwu\xcc\x88rfen'; did you mean 'Entw\xc3\xbcrfe'?\n"
                        "!no folder matches --folder 'Quite another'; mailmigrate inventory --depth quick lists the "
                        "folders that there are\n"
                        "!no folder matches --folder 'Z*'; mailmigrate inventory --depth quick lists the folders that "
                        "there are\n");
    assert_int_equal(mig__notice_unmatched(NULL, names, 3, hear, &h, NULL), 0);
    heard short_one = {.left = 0};
    mig_error err = MIG_ERROR_INIT;
    assert_int_equal(mig__notice_unmatched(patterns, names, 3, hear, &short_one, &err), -1);
    assert_string_equal(err.text, "enough");
}

static void test_unreadable(void **state)
{
    (void)state;
    mig__mailbox_list odd = {.unreadable = 2, .unreadable_line = "* LIST x"}, good = {.count = 0};
    expect(
        &odd, &good, NULL,
        "!2 lines of the source's LIST cannot be understood; the last begins: * LIST x; what is in these mailboxes is "
        "left behind; give them simpler names there and run again\n");
    odd.unreadable = 1;
    expect(
        &good, &odd, NULL,
        " 1 line of the target's LIST cannot be understood; the last begins: * LIST x; what is in these mailboxes is "
        "not known; give them simpler names there and run again\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_unmatched),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
