/* Which messages are meant where mailboxes are labels: told by X-GM-LABELS alone. */
#include "account/labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool rest(const char *list)
{
    const mig__label_choice choice = {.rest = true};
    return mig__labels_meant(&choice, list);
}

static void test_rest(void **state)
{
    (void)state;
    assert_true(rest("()"));
    assert_true(rest(""));
    assert_true(rest("(\"\\\\Starred\" \\Important)"));
    assert_false(rest("(Work)"));
    assert_false(rest("(\"\\\\Starred\" \"\\\\Inbox\")"));
    assert_false(rest("(\"\\\\Starred Work\")"));
    assert_false(rest("(\"a \\\"b\\\" )\" \\Starred)"));
    assert_false(rest("(\"not ended"));

    char large[5000];
    memset(large, 'x', sizeof large);
    large[0] = '(';
    large[sizeof large - 1] = '\0';
    assert_false(rest(large));
    const mig__label_choice everything = {.rest = false};
    assert_true(mig__labels_everything(&everything));
    assert_true(mig__labels_meant(&everything, "(Work)"));
}

static void test_first(void **state)
{
    (void)state;
    static char wires[][16] = {"INBOX", "Family", "W &AOQ-", "[Gmail]/Trash", "[Gmail]/Drafts", "[Gmail]/All"};
    static const mig_role roles[] = {MIG_ROLE_INBOX, MIG_ROLE_NONE,   MIG_ROLE_NONE,
                                     MIG_ROLE_TRASH, MIG_ROLE_DRAFTS, MIG_ROLE_ALL};
    mig__mailbox mailboxes[6];
    mig__map_entry entries[6];
    char target[] = "x";
    for (size_t i = 0; i < 6; i++) {
        mailboxes[i] = (mig__mailbox){.wire = wires[i], .name = wires[i], .role = roles[i]};
        entries[i] = (mig__map_entry){.source = i, .target = target, .selectable = true, .rest = i == 5};
    }
    entries[1].target = NULL; /* left out: mail in it belongs to the next label */
    const mig__mailbox_list list = {.items = mailboxes, .count = 6};
    const mig__map map = {.entries = entries, .count = 6};
    mig__labels labels;
    mig_error err = MIG_ERROR_INIT;
    assert_int_equal(mig__labels_make(&labels, &map, &list, &err), 0);
    assert_int_equal(labels.count, 4);

    mig__label_choice choice = {.before = &labels, .place = 0};
    assert_false(mig__labels_everything(&choice));
    assert_true(mig__labels_meant(&choice, "(\"W &AOQ-\" \\Starred)"));
    choice.place = 2; /* W */
    assert_true(mig__labels_meant(&choice, "(Family \"\\\\Starred\")"));
    assert_true(
        mig__labels_meant(&choice, "(\"\\\\Trash\" \"\\\\Drafts\" Inbox)")); /* a label of that name is another */
    assert_false(mig__labels_meant(&choice, "(\"\\\\Inbox\")"));
    choice.place = 5;
    assert_false(mig__labels_meant(&choice, "(\"\\\\Drafts\")")); /* \Draft by another name */
    assert_false(mig__labels_meant(&choice, "(Family \"W &AOQ-\")"));
    mig__labels_free(&labels);
    assert_null(labels.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
