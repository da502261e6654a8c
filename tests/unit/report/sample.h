/* A finished copy with everything in it that a report must bear: hostile names, a failed message, an early end. */
#ifndef TEST_REPORT_SAMPLE_H
#define TEST_REPORT_SAMPLE_H

#include "sheet.h"

#define RIGHT_TO_LEFT "\xe2\x80\xae" /* U+202E */
#define HOSTILE_NAME  "a\x1b[2Jb" RIGHT_TO_LEFT "c\xff\"\\\r\nd\xc2\x9b"
#define UMLAUT_NAME   "Entw\xc3\xbcrfe"

static mig_folder_result sample_folders[] = {
    {.source = "INBOX",
     .target = "INBOX",
     .role = MIG_ROLE_INBOX,
     .messages = 2500,
     .copied = 2490,
     .adopted = 6,
     .already = 3,
     .failed = 1,
     .bytes = 8603851},
    {.source = UMLAUT_NAME, .target = "Drafts", .role = MIG_ROLE_DRAFTS, .messages = 12, .copied = 12, .bytes = 1000},
    {.source = HOSTILE_NAME, .target = ""},
};

static mig_problem sample_problems[] = {
    {.folder = "INBOX", .uid = 17, .code = MIG_E_TOO_BIG, .failed = true, .text = "too big: \x1b]0;owned\x07 NO"},
    {.folder = HOSTILE_NAME, .uid = 0, .code = MIG_E_NAME, .failed = false, .text = "left \xfe out"},
    {.folder = "", .uid = 0, .code = MIG_E_OVERQUOTA, .failed = true, .text = "no room"},
};

static mig_account_result sample_accounts[] = {
    {.source = "u1@old",
     .target = "u1@new",
     .status = MIG_PARTIAL,
     .folders = sample_folders,
     .folder_count = 3,
     .problems = sample_problems,
     .problem_count = 3},
};

static mig_copy_result sample_result(void)
{
    return (mig_copy_result){.status = MIG_PARTIAL,
                             .exit_status = 1,
                             .accounts = sample_accounts,
                             .account_count = 1,
                             .totals = {.messages = 2512,
                                        .copied = 2502,
                                        .adopted = 6,
                                        .already = 3,
                                        .failed = 1,
                                        .bytes = 8604851,
                                        .seconds = 12.5,
                                        .round_trips = 41,
                                        .bytes_in = 9000000,
                                        .bytes_out = 9000001,
                                        .peak_rss = 40 * 1024 * 1024}};
}

#endif
