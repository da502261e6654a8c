/* A finished verification with everything in it that a report must bear. */
#ifndef TEST_REPORT_VERIFY_SAMPLE_H
#define TEST_REPORT_VERIFY_SAMPLE_H

#include <migrate/verify_report.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#define VERIFY_HOSTILE                                                                                                 \
    "</script><script>alert(1)</script>\x1b]0;x\x07<img src=x onerror=alert(2)>\"'&\xe2\x80\xae\r\n\xff"
#define VERIFY_ROOT "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"

/* What a writer gave out, in one piece. */
typedef struct verify_sheet {
    char *text;
    size_t length;
    size_t pieces, refuse_at; /* the piece that is refused; 0: none */
} verify_sheet;

static int verify_sink(const char *text, size_t length, void *context)
{
    verify_sheet *out = context;
    out->pieces++;
    assert_true(out->refuse_at == 0 || out->pieces <= out->refuse_at); /* nothing is written after a refusal */
    if (out->pieces == out->refuse_at) {
        return -1;
    }
    out->text = realloc(out->text, out->length + length + 1);
    assert_non_null(out->text);
    memcpy(out->text + out->length, text, length);
    out->length += length;
    out->text[out->length] = '\0';
    return 0;
}

static char verify_hostile[] = VERIFY_HOSTILE, verify_formula[] = "=HYPERLINK(\"http://x\")", verify_inbox[] = "INBOX",
            verify_sent[] = "Sent", verify_sent_items[] = "Sent Items", verify_old[] = "anna@old.example",
            verify_new[] = "anna@new.example", verify_id[] = "<1@example.org>",
            verify_subject[] = "Gr\xc3\xbc\xc3\x9f"
                               "e, \"quoted\"",
            verify_detail[] = "first difference at octet 17: source \"a\", target \"<b>\"", verify_version[] = "0.1.0",
            verify_host[] = "mover";

static mig_verify_folder verify_folders[3];
static mig_error verify_folder_error;
static mig_finding verify_findings[5];
static mig_verify_account verify_accounts[2];

static mig_verify_result verify_sample(void)
{
    verify_folders[0] = (mig_verify_folder){.source = verify_inbox,
                                            .target = verify_inbox,
                                            .role = MIG_ROLE_INBOX,
                                            .messages = 1000,
                                            .found = 1001,
                                            .read = 1001,
                                            .bytes = 5000000,
                                            .root = VERIFY_ROOT};
    verify_folders[0].counts[MIG_FOUND_IDENTICAL] = 997;
    verify_folders[0].counts[MIG_FOUND_STORED_DIFFERENTLY] = 1;
    verify_folders[0].counts[MIG_FOUND_ALTERED] = 1;
    verify_folders[0].counts[MIG_FOUND_MISSING] = 1;
    verify_folders[0].counts[MIG_FOUND_ARRIVED] = 2;
    verify_folders[1] = (mig_verify_folder){.source = verify_sent,
                                            .target = verify_sent_items,
                                            .role = MIG_ROLE_SENT,
                                            .messages = 20,
                                            .found = 20,
                                            .read = 20};
    verify_folders[1].counts[MIG_FOUND_IDENTICAL] = 20;
    verify_folders[2] = (mig_verify_folder){.source = verify_hostile, .target = verify_hostile};
    verify_folders[2].error = &verify_folder_error;
    mig_error_set(&verify_folder_error, MIG_E_MISSING, "the folder %s is not there", VERIFY_HOSTILE);
    mig_error_server(&verify_folder_error, VERIFY_HOSTILE, strlen(VERIFY_HOSTILE));
    verify_findings[0] = (mig_finding){.messages = 1,
                                       .kind = MIG_FOUND_STORED_DIFFERENTLY,
                                       .source_uid = 5,
                                       .target_uid = 6,
                                       .rules = MIG_RULE_LINE_ENDS | MIG_RULE_FINAL_LINE,
                                       .rules_certain = true,
                                       .has_date = true,
                                       .date = 1709251199,
                                       .octets = 4711,
                                       .message_id = verify_id,
                                       .subject = verify_subject};
    verify_findings[1] = (mig_finding){.messages = 1,
                                       .kind = MIG_FOUND_ALTERED,
                                       .source_uid = 7,
                                       .target_uid = 8,
                                       .octets = 12,
                                       .message_id = verify_hostile,
                                       .subject = verify_formula,
                                       .detail = verify_detail};
    verify_findings[2] = (mig_finding){
        .messages = 1, .kind = MIG_FOUND_MISSING, .source_uid = 9, .octets = 99, .subject = verify_hostile};
    verify_findings[3] =
        (mig_finding){.messages = 1, .kind = MIG_FOUND_ARRIVED, .target_uid = 1200, .after_copy = true};
    verify_findings[4] = (mig_finding){.messages = 1,
                                       .kind = MIG_FOUND_FOLDER_MISSING,
                                       .folder = 2,
                                       .rules = MIG_RULE_BLANKS | MIG_RULE_NAME_CASE,
                                       .detail = verify_hostile};
    verify_accounts[0] = (mig_verify_account){.source = verify_old,
                                              .target = verify_new,
                                              .folders = verify_folders,
                                              .folder_count = 3,
                                              .findings = verify_findings,
                                              .finding_count = 5,
                                              .root = VERIFY_ROOT,
                                              .run_id = 3,
                                              .copied = 1700000000};
    verify_accounts[1] = (mig_verify_account){.source = verify_hostile, .target = verify_new, .status = MIG_FAILED};
    mig_error_set(&verify_accounts[1].error, MIG_E_AUTH, "login refused for %s", VERIFY_HOSTILE);
    mig_verify_result result = {.status = MIG_PARTIAL,
                                .exit_status = 3,
                                .accounts = verify_accounts,
                                .account_count = 2,
                                .canonical_version = 1,
                                .sample = 100,
                                .started = 1709251100,
                                .finished = 1709251199,
                                .version = verify_version,
                                .host = verify_host};
    result.totals = (mig_verify_totals){.messages = 1020, .found = 1021, .read = 1021, .bytes = 5000000, .seconds = 99};
    memcpy(result.totals.counts, verify_folders[0].counts, sizeof result.totals.counts);
    result.totals.counts[MIG_FOUND_IDENTICAL] += 20;
    result.totals.counts[MIG_FOUND_FOLDER_MISSING] = 1;
    return result;
}

/* The same account without anything wrong. */
static mig_verify_result verify_good_sample(void)
{
    mig_verify_result result = verify_sample();
    memset(verify_folders[0].counts, 0, sizeof verify_folders[0].counts);
    verify_folders[0].counts[MIG_FOUND_IDENTICAL] = 1000;
    verify_accounts[0].finding_count = 0;
    verify_accounts[0].folder_count = 2;
    result.account_count = 1;
    result.status = MIG_COMPLETE;
    result.exit_status = 0;
    memset(result.totals.counts, 0, sizeof result.totals.counts);
    result.totals.counts[MIG_FOUND_IDENTICAL] = 1020;
    return result;
}

#endif
