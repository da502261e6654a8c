/* The summary of a copy for people: its verdicts, its lists, hostile names, and a sink that fails anywhere. */
#include "sample.h"

static sheet out;

static const char *summary_of(const mig_copy_result *result)
{
    out = (sheet){.length = 0};
    mig_error err = MIG_ERROR_INIT;
    assert_int_equal(mig_report_copy_text(result, sheet_sink, &out, &err), 0);
    return out.text;
}

static void assert_holds(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("\"%s\" is not in:\n%s", part, text);
    }
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part)) {
        fail_msg("\"%s\" is in:\n%s", part, text);
    }
}

static void test_complete(void **state)
{
    (void)state;
    mig_folder_result folder = {
        .source = "INBOX", .target = "INBOX", .messages = 2500, .copied = 2500, .bytes = 8603851};
    mig_account_result account = {
        .source = "u1@old", .target = "u1@new", .status = MIG_COMPLETE, .folders = &folder, .folder_count = 1};
    mig_copy_result result = {.accounts = &account,
                              .account_count = 1,
                              .totals = {.messages = 2500, .copied = 2500, .bytes = 8603851, .seconds = 10}};
    const char *text = summary_of(&result);
    const char *verdict = "All 2,500 messages of u1@old are on u1@new: 2,500 copied, 0 adopted, 0 already there.\n";
    assert_int_equal(strncmp(text, verdict, strlen(verdict)), 0);
    assert_holds(text, "8.2 MiB of mail in 10 s (840.2 KiB/s, 250 messages/s)");
    assert_holds(text, "Next: mailmigrate verify");
    assert_lacks(text, "moved");
    assert_lacks(text, "adopted  already"); /* no columns of zeros */
    assert_lacks(text, "in all");
    assert_lacks(text, "Not copied");
}

static void test_partial(void **state)
{
    (void)state;
    mig_copy_result result = sample_result();
    const char *text = summary_of(&result);
    assert_holds(
        text, "2,511 of 2,512 messages of u1@old are on u1@new: 2,502 copied, 6 adopted, 3 already there, 1 failed.");
    assert_holds(text, "INBOX, UID 17: too big: ?]0;owned? NO [too-big]\n");
    assert_holds(text, "Not copied (2):\n");
    assert_holds(text, "  account: no room [overquota]\n");
    assert_holds(text, "To be noticed (1):\n"); /* of that folder nothing was copied */
    assert_holds(text, "     2,512   2,502        6        3       1      8.2 MiB  in all\n");
    assert_holds(text, UMLAUT_NAME " -> Drafts\n");
    assert_holds(text, "Next: look at what is listed above");
}

static void test_nothing_there(void **state)
{
    (void)state;
    mig_account_result account = {.source = "u1@old", .target = "u1@new", .status = MIG_COMPLETE};
    mig_copy_result result = {.accounts = &account, .account_count = 1};
    assert_holds(summary_of(&result), "u1@old holds no message that was asked for");
}

static void test_failed(void **state)
{
    (void)state;
    mig_account_result account = {.source = "u1@old", .target = "u1@new", .status = MIG_FAILED};
    mig_error_set(&account.error, MIG_E_AUTH, "login refused");
    mig_error_server(&account.error, "go away", 7);
    mig_error_hint(&account.error, "check the password");
    mig_copy_result result = {.status = MIG_FAILED, .exit_status = 3, .accounts = &account, .account_count = 1};
    const char *text = summary_of(&result);
    assert_holds(text, "The copy of u1@old to u1@new failed: login refused");
    assert_holds(text, "go away");
    assert_holds(text, "check the password");
    assert_holds(text, "Next: fix the problem");
}

static void test_interrupted(void **state)
{
    (void)state;
    mig_folder_result folder = {
        .source = "INBOX", .target = "INBOX", .messages = 1000, .copied = 250, .bytes = 1 << 20};
    mig_account_result account = {
        .source = "u1@old", .target = "u1@new", .status = MIG_INTERRUPTED, .folders = &folder, .folder_count = 1};
    mig_error_set(&account.error, MIG_E_INTERRUPTED, "stopped before the end: the time given by --until has come");
    account.stopped = MIG_STOPPED_TIME;
    mig_copy_result result = {
        .status = MIG_INTERRUPTED,
        .exit_status = 130,
        .accounts = &account,
        .account_count = 1,
        .totals = {.messages = 1000, .copied = 250, .bytes = 1 << 20, .left_messages = 750, .left_bytes = 3 << 20}};
    const char *text = summary_of(&result);
    assert_holds(text, "The copy of u1@old to u1@new stopped at the time given by --until, as planned.\n"
                       "250 of 1,000 messages of u1@old are on u1@new: "
                       "250 copied, 0 adopted, 0 already there, 750 still to copy.\n");
    assert_holds(text, "Left to copy: 750 messages, about 3.0 MiB; at this pace 3 more runs like this one.\n");
    assert_holds(text, "Next: run the same command again");
    result.totals.left_bytes = 0;
    result.totals.left_messages = 751;
    assert_holds(summary_of(&result), "Left to copy: 751 messages; at this pace 4 more runs like this one.\n");
    account.stopped = MIG_STOPPED_NOT;
    mig_error_set(&account.error, MIG_E_INTERRUPTED, "the line was \x1b[31mred");
    assert_holds(summary_of(&result), "was interrupted: the line was ?[31mred.\n");
    result.status = account.status = MIG_FAILED;
    result.exit_status = 5; /* the quota: no further run alone brings it across */
    mig_error_set(&account.error, MIG_E_OVERQUOTA, "the target's quota is used up");
    text = summary_of(&result);
    assert_holds(text, "failed: the target's quota is used up\n");
    assert_holds(text, "Left to copy: 751 messages.\nNext: fix the problem");
}

static void test_several_accounts(void **state)
{
    (void)state;
    mig_account_result accounts[2] = {{.source = "a@old", .target = "a@new", .status = MIG_COMPLETE},
                                      {.source = "b@old", .target = "b@new", .status = MIG_FAILED}};
    mig_copy_result result = {.status = MIG_PARTIAL, .exit_status = 3, .accounts = accounts, .account_count = 2};
    const char *text = summary_of(&result);
    assert_int_equal(strncmp(text, "1 of 2 accounts are complete.\n", 30), 0);
    assert_holds(text, "a@old holds no message");
    assert_holds(text, "The copy of b@old to b@new failed");
}

static void test_many_problems(void **state)
{
    (void)state;
    static mig_problem problems[1234];
    for (size_t i = 0; i < 1234; i++) {
        problems[i] =
            (mig_problem){.folder = "INBOX", .uid = (uint32_t)i + 1, .code = MIG_E_NO, .failed = true, .text = "no"};
    }
    mig_account_result account = {
        .source = "a@old", .target = "a@new", .status = MIG_PARTIAL, .problems = problems, .problem_count = 1234};
    mig_copy_result result = {.status = MIG_PARTIAL, .exit_status = 1, .accounts = &account, .account_count = 1};
    const char *text = summary_of(&result);
    assert_holds(text, "Not copied (1,234):\n");
    assert_holds(text, "INBOX, UID 20: ");
    assert_lacks(text, "INBOX, UID 21: ");
    assert_holds(text, "... and 1,214 more; --json FILE lists every one.\n");
}

static void test_hostile_names(void **state)
{
    (void)state;
    mig_copy_result result = sample_result();
    assert_holds(summary_of(&result), "1 folder was left out.\n");
    mig_folder_result *folder = &result.accounts[0].folders[2];
    char *left_out = folder->target;
    folder->target = folder->source;
    folder->messages = 1;
    const char *text = summary_of(&result);
    for (const char *c = text; *c != '\0'; c++) {
        assert_true(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
    }
    assert_lacks(text, RIGHT_TO_LEFT);
    assert_lacks(text, "\xc2\x9b");
    assert_lacks(text, "\xff");
    assert_holds(text, "  a?[2Jb?c?\"\\??d?\n");
    folder->target = left_out;
    folder->messages = 0;
}

/* The longest names and errors that can occur fit a line, or are cut. */
static void test_long_texts(void **state)
{
    (void)state;
    static char longest[20000];
    memset(longest, 'x', sizeof longest - 1);
    mig_folder_result folder = {.source = longest, .target = longest + 1, .messages = 1};
    mig_problem problem = {.folder = longest, .uid = UINT32_MAX, .code = MIG_E_NO, .failed = true, .text = longest};
    mig_account_result account = {.source = longest,
                                  .target = longest,
                                  .status = MIG_FAILED,
                                  .folders = &folder,
                                  .folder_count = 1,
                                  .problems = &problem,
                                  .problem_count = 1};
    mig_error_set(&account.error, MIG_E_NO, "%s", longest);
    mig_error_server(&account.error, longest, sizeof longest - 1);
    mig_error_hint(&account.error, "%s", longest);
    mig_copy_result result = {.status = MIG_FAILED, .exit_status = 1, .accounts = &account, .account_count = 1};
    assert_holds(summary_of(&result), "x [no]\n");
}

static void test_every_refusal(void **state)
{
    (void)state;
    mig_copy_result result = sample_result();
    summary_of(&result);
    const size_t pieces = out.pieces;
    assert_true(pieces > 20);
    for (size_t n = 1; n <= pieces; n++) {
        out = (sheet){.refuse_at = n};
        mig_error err = MIG_ERROR_INIT;
        assert_int_equal(mig_report_copy_text(&result, sheet_sink, &out, &err), -1);
        assert_int_equal(err.code, MIG_E_IO);
        assert_true(out.pieces == n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete),      cmocka_unit_test(test_partial),
        cmocka_unit_test(test_nothing_there), cmocka_unit_test(test_failed),
        cmocka_unit_test(test_interrupted),   cmocka_unit_test(test_several_accounts),
        cmocka_unit_test(test_many_problems), cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_long_texts),    cmocka_unit_test(test_every_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
