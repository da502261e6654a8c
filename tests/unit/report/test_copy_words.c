/* What a summary of a copy says: situations, the sentences that follow from their counts, and those that must not */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/copy_words.h"
#include <string.h>

typedef struct situation {
    const char *name;
    mig_folder_result folder;
    mig_status status;
    mig_code error;
    mig_stopped stopped;
    bool dry_run;
    mig_code problem; /* of the folder; MIG_OK: none */
    bool failed;      /* the problem is that something was not copied */
    const char *said[4], *not_said[4];
} situation;

static char inbox[] = "INBOX", from[] = "u1@old", to[] = "u1@new", text[] = "text";

static const situation situations[] = {
    {.name = "all is across",
     .folder = {.messages = 5, .copied = 5},
     .said = {"All 5 messages of u1@old are on u1@new: 5 copied", "Next: mailmigrate verify"},
     .not_said = {"still to copy", "failed", "Dry run"}},
    {.name = "one message",
     .folder = {.messages = 1, .already = 1},
     .said = {"All 1 message of u1@old is on u1@new: 0 copied, 0 adopted, 1 already there."}},
    {.name = "nothing there", .said = {"u1@old holds no message that was asked for"}, .not_said = {"All"}},
    {.name = "nothing there, but the account failed: nothing is known of what it holds",
     .status = MIG_FAILED,
     .error = MIG_E_DISK_FULL,
     .said = {"The copy of u1@old to u1@new failed: text", "Next: fix the problem"},
     .not_said = {"holds no message", "All", "verify"}},
    {.name = "nothing could be read",
     .status = MIG_PARTIAL,
     .problem = MIG_E_NO,
     .failed = true,
     .said = {"Nothing of u1@old was copied to u1@new", "Next: look at what is listed", "Not copied"},
     .not_said = {"holds no message", "All", "verify", "difference"}},
    {.name = "quota in the middle",
     .folder = {.messages = 10, .copied = 6},
     .status = MIG_FAILED,
     .error = MIG_E_OVERQUOTA,
     .said = {"6 of 10 messages of u1@old are on u1@new: 6 copied", "4 still to copy", "Next: fix the problem"},
     .not_said = {"All", "run the same command again; it goes on"}},
    {.name = "asked to stop at the very end",
     .folder = {.messages = 10, .copied = 10},
     .status = MIG_INTERRUPTED,
     .error = MIG_E_INTERRUPTED,
     .stopped = MIG_STOPPED_ASKED,
     .said = {"was asked to stop, when all messages were across", "All 10 messages",
              "Next: run the same command again"},
     .not_said = {"before", "still to copy"}},
    {.name = "the day's amount",
     .folder = {.messages = 10, .copied = 3},
     .status = MIG_INTERRUPTED,
     .error = MIG_E_INTERRUPTED,
     .stopped = MIG_STOPPED_DAILY,
     .said = {"stopped at the amount given by --daily-limit, as planned", "7 still to copy",
              "Next: run the same command after 00:00 UTC, in 17 h"},
     .not_said = {"Next: run the same command again"}},
    {.name = "until",
     .folder = {.messages = 10, .copied = 3},
     .status = MIG_INTERRUPTED,
     .error = MIG_E_INTERRUPTED,
     .stopped = MIG_STOPPED_TIME,
     .said = {"stopped at the time given by --until, as planned", "Next: run the same command again; it goes on"}},
    {.name = "no right to store anything",
     .folder = {.messages = 10, .failed = 10},
     .status = MIG_PARTIAL,
     .problem = MIG_E_FLAG,
     .said = {"0 of 10 messages of u1@old are on u1@new", "10 failed", "To be noticed"},
     .not_said = {"Copied, but", "All"}},
    {.name = "a flag that was not taken",
     .folder = {.messages = 10, .copied = 10},
     .problem = MIG_E_FLAG,
     .said = {"All 10 messages", "Copied, but with a difference"}},
    {.name = "too big",
     .folder = {.messages = 10, .copied = 9, .skipped = 1},
     .problem = MIG_E_TOO_BIG,
     .said = {"9 of 10 messages", "1 left out for their size", "Left out"},
     .not_said = {"Copied, but", "All"}},
    {.name = "gone from the target since",
     .folder = {.messages = 10, .already = 8, .gone = 2},
     .said = {"8 of 10 messages", "2 gone from the target since (not sent again)"},
     .not_said = {"All 10"}},
    {.name = "dry run",
     .folder = {.messages = 10, .already = 4},
     .dry_run = true,
     .said = {"Dry run: nothing was changed on either side. 6 messages of u1@old would be copied to u1@new, 4 are "
              "recorded as being there.",
              "Next: the same command without --dry-run copies."},
     .not_said = {"All", "0 copied", "verify"}},
    {.name = "dry run that failed",
     .status = MIG_FAILED,
     .error = MIG_E_AUTH,
     .dry_run = true,
     .said = {"failed: text", "Next: fix the problem"},
     .not_said = {"would be copied", "holds no message"}},
    {.name = "adopted and read",
     .folder = {.messages = 10, .adopted = 10, .adopted_read = 10},
     .said = {"10 adopted", "10 that were there before were read on the source, for verify"}},
};

static void sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof situations / sizeof *situations; i++) {
        const situation *s = &situations[i];
        mig_folder_result folder = s->folder;
        folder.source = folder.target = inbox;
        mig_problem problem = {.folder = inbox, .code = s->problem, .failed = s->failed, .text = text};
        mig_account_result account = {.source = from,
                                      .target = to,
                                      .status = s->status,
                                      .stopped = s->stopped,
                                      .folders = &folder,
                                      .folder_count = 1,
                                      .problems = &problem,
                                      .problem_count = s->problem != MIG_OK};
        if (s->error != MIG_OK) {
            mig_error_set(&account.error, s->error, "text");
        }
        mig_copy_result result = {.status = s->status,
                                  .dry_run = s->dry_run,
                                  .exit_status = s->error != MIG_OK ? mig_code_exit_status(s->error) : 0,
                                  .accounts = &account,
                                  .account_count = 1,
                                  .ended = 1700000000 / 86400 * 86400 + 7 * 3600};
        mig__buffer words = MIG__BUFFER_INIT;
        mig__copy_verdict(&words, &account, s->dry_run);
        if (s->problem != MIG_OK) {
            mig__buffer_add_text(&words, mig__copy_heading_words(mig__copy_heading_of(&account, &problem)));
        }
        mig__copy_next(&words, &result);
        for (size_t k = 0; k < 4 && s->said[k] != NULL; k++) {
            if (strstr(words.data, s->said[k]) == NULL) {
                fail_msg("%s: does not say \"%s\":\n%s", s->name, s->said[k], words.data);
            }
        }
        for (size_t k = 0; k < 4 && s->not_said[k] != NULL; k++) {
            if (strstr(words.data, s->not_said[k]) != NULL) {
                fail_msg("%s: says \"%s\":\n%s", s->name, s->not_said[k], words.data);
            }
        }
        mig__buffer_free(&words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
