/* A finished copy with everything in it that a report must bear: hostile names, a failed message, an early end. */
#ifndef TEST_REPORT_SAMPLE_H
#define TEST_REPORT_SAMPLE_H

#include <migrate/report.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#define RIGHT_TO_LEFT "\xe2\x80\xae" /* U+202E */
#define HOSTILE_NAME  "a\x1b[2Jb" RIGHT_TO_LEFT "c\xff\"\\\r\nd\xc2\x9b"
#define UMLAUT_NAME   "Entw\xc3\xbcrfe"

/* Text that a writer under test gave out; the `refuse_at`-th piece is refused (0: none). */
typedef struct sheet {
    char text[65536];
    size_t length;
    size_t pieces;
    size_t refuse_at;
} sheet;

static int sheet_sink(const char *text, size_t length, void *context)
{
    sheet *out = context;
    out->pieces++;
    if (out->refuse_at > 0) {
        assert_true(out->pieces <= out->refuse_at); /* nothing is written after a refusal */
        if (out->pieces == out->refuse_at)
            return -1;
    }
    assert_true(length < sizeof out->text - out->length);
    memcpy(out->text + out->length, text, length);
    out->length += length;
    out->text[out->length] = '\0';
    return 0;
}

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
