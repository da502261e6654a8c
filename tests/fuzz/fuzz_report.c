/*
 * fuzz_report.c - results whose every name, subject and server's word is chosen by somebody else
 *
 * What must hold: text moves no cursor; JSON is ASCII and parses; no cell of CSV begins like a formula, and each row
 * has the cells of the first; HTML has the tags that it has for harmless names, and no other.
 */
#include "base/buffer.h"
#include "fuzz.h"
#include <jansson.h>
#include <migrate/verify_report.h>

typedef struct sheet {
    char *text;
    size_t length;
} sheet;

static int keep(const char *text, size_t length, void *context)
{
    sheet *out = context;
    out->text = realloc(out->text, out->length + length + 1);
    INSIST(out->text != NULL);
    memcpy(out->text + out->length, text, length);
    out->length += length;
    out->text[out->length] = '\0';
    return 0;
}

typedef struct words { /* what others chose */
    char *source, *target, *folder, *other, *subject, *message_id, *detail, *server;
} words;

static void fill_copy(const words *w, mig_copy_result *result, mig_account_result *account, mig_folder_result *folder,
                      mig_problem *problem)
{
    *folder = (mig_folder_result){.source = w->folder, .target = w->other, .messages = 2, .copied = 1, .failed = 1};
    *problem = (mig_problem){.folder = w->folder, .uid = 7, .code = MIG_E_NO, .failed = true, .text = w->detail};
    *account = (mig_account_result){.source = w->source,
                                    .target = w->target,
                                    .status = MIG_PARTIAL,
                                    .folders = folder,
                                    .folder_count = 1,
                                    .problems = problem,
                                    .problem_count = 1};
    mig_error_set(&account->error, MIG_E_NO, "%s", w->detail);
    mig_error_server(&account->error, w->server, strlen(w->server));
    *result = (mig_copy_result){.status = MIG_PARTIAL, .exit_status = 1, .accounts = account, .account_count = 1};
    result->totals.messages = 2;
    result->totals.copied = result->totals.failed = 1;
}

static void fill_verify(const words *w, mig_verify_result *result, mig_verify_account *account,
                        mig_verify_folder *folder, mig_finding *finding)
{
    *folder = (mig_verify_folder){.source = w->folder, .target = w->other, .messages = 1, .found = 1, .read = 1};
    folder->counts[MIG_FOUND_ALTERED] = 1;
    *finding = (mig_finding){.kind = MIG_FOUND_ALTERED,
                             .source_uid = 3,
                             .target_uid = 4,
                             .message_id = w->message_id,
                             .subject = w->subject,
                             .detail = w->detail};
    *account = (mig_verify_account){.source = w->source,
                                    .target = w->target,
                                    .status = MIG_COMPLETE,
                                    .folders = folder,
                                    .folder_count = 1,
                                    .findings = finding,
                                    .finding_count = 1};
    *result = (mig_verify_result){.status = MIG_COMPLETE,
                                  .exit_status = 1,
                                  .accounts = account,
                                  .account_count = 1,
                                  .canonical_version = 1,
                                  .version = w->other,
                                  .host = w->server};
    result->totals.messages = result->totals.found = result->totals.read = 1;
    result->totals.counts[MIG_FOUND_ALTERED] = 1;
}

static void insist_inert(const sheet *out)
{
    INSIST(out->text != NULL && mig__utf8_valid(out->text, out->length));
    for (size_t i = 0; i < out->length; i++) {
        unsigned char c = (unsigned char)out->text[i];
        INSIST((c >= ' ' && c != 0x7f) || c == '\n');
        INSIST(c != 0xc2 || (unsigned char)out->text[i + 1] >= 0xa0); /* C1 controls */
    }
}

static void insist_json(const sheet *out)
{
    for (size_t i = 0; i < out->length; i++) {
        INSIST((unsigned char)out->text[i] < 0x7f && ((unsigned char)out->text[i] >= ' ' || out->text[i] == '\n'));
    }
    json_t *value = json_loadb(out->text, out->length, JSON_REJECT_DUPLICATES, NULL);
    INSIST(value != NULL);
    json_decref(value);
}

/* RFC 4180; the number of cells in a row is that of the first one. */
static void insist_csv(const sheet *out)
{
    size_t columns = 0, cells = 1;
    const char *at = out->text;
    while (*at != '\0') {
        bool quoted = *at == '"';
        at += quoted;
        INSIST(*at != '=' && *at != '+' && *at != '@' && *at != '\t' && *at != '\r' && (*at != '-' || at[1] == '"'));
        for (; quoted ? (*at != '"' || at[1] == '"') : (*at != ',' && *at != '\r' && *at != '\n'); at++) {
            INSIST(*at != '\0');
            at += quoted && *at == '"';
        }
        at += quoted;
        INSIST(*at == ',' || *at == '\r' || *at == '\n');
        if (*at == ',') {
            cells++;
            at++;
            continue;
        }
        at += strspn(at, "\r\n");
        INSIST(columns == 0 || cells == columns);
        columns = cells;
        cells = 1;
    }
    INSIST(columns > 5);
}

static size_t count_of(const sheet *out, char wanted)
{
    size_t count = 0;
    for (size_t i = 0; i < out->length; i++) {
        count += out->text[i] == wanted;
    }
    return count;
}

/* The same words without anything that HTML knows. */
static char *harmless(const char *text)
{
    char *copy = strdup(text);
    INSIST(copy != NULL);
    for (char *c = copy; *c != '\0'; c++) {
        *c = strchr("<>&\"'", *c) != NULL ? 'x' : *c;
    }
    return copy;
}

static void check_copy(const words *w)
{
    mig_error err = MIG_ERROR_INIT;
    mig_copy_result result;
    mig_account_result account;
    mig_folder_result folder;
    mig_problem problem;
    fill_copy(w, &result, &account, &folder, &problem);
    sheet text = {0}, json = {0}, line = {0};
    INSIST(mig_report_copy_text(&result, keep, &text, &err) == 0);
    insist_inert(&text);
    INSIST(mig_report_copy_json(&result, keep, &json, &err) == 0);
    insist_json(&json);
    mig_log_event event = {.level = MIG_LOG_INFO, .account = w->source, .folder = w->folder, .text = w->detail};
    INSIST(mig_report_event_json(&event, 0, keep, &line, &err) == 0);
    insist_json(&line);
    free(text.text);
    free(json.text);
    free(line.text);
}

static size_t check_verify(const words *w)
{
    mig_error err = MIG_ERROR_INIT;
    mig_verify_result result;
    mig_verify_account account;
    mig_verify_folder folder;
    mig_finding finding;
    fill_verify(w, &result, &account, &folder, &finding);
    sheet text = {0}, json = {0}, csv = {0}, html = {0};
    INSIST(mig_report_verify_text(&result, keep, &text, &err) == 0);
    insist_inert(&text);
    INSIST(mig_report_verify_json(&result, keep, &json, &err) == 0);
    insist_json(&json);
    INSIST(mig_report_verify_csv(&result, keep, &csv, &err) == 0);
    insist_csv(&csv);
    INSIST(mig_report_verify_html(&result, keep, &html, &err) == 0);
    insist_inert(&html);
    size_t tags = count_of(&html, '<');
    free(text.text);
    free(json.text);
    free(csv.text);
    free(html.text);
    return tags;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { WORDS = sizeof(words) / sizeof(char *) };
    fuzz_input in = {data, size};
    char *chosen[WORDS], *plain[WORDS];
    for (size_t i = 0; i < WORDS; i++) {
        chosen[i] = fuzz_text(&in);
        plain[i] = harmless(chosen[i]);
    }
    words w, p;
    memcpy(&w, chosen, sizeof w);
    memcpy(&p, plain, sizeof p);
    check_copy(&w);
    INSIST(check_verify(&w) == check_verify(&p));
    for (size_t i = 0; i < WORDS; i++) {
        free(chosen[i]);
        free(plain[i]);
    }
    return 0;
}
