/* The reports of a verification: the same facts in each form, and nothing hostile gets through any of them */
#include "report/verify_common.h"
#include "mail/digest.h"
#include "verify_sample.h"
#include <jansson.h>
#include <stdio.h>

typedef int writer_fn(const mig_verify_result *result, mig_sink_fn *sink, void *context, mig_error *err);

static verify_sheet written(writer_fn *writer, const mig_verify_result *result)
{
    verify_sheet sheet = {NULL, 0, 0, 0};
    mig_error err = MIG_ERROR_INIT;
    assert_int_equal(writer(result, verify_sink, &sheet, &err), 0);
    assert_true(mig__utf8_valid(sheet.text, sheet.length));
    assert_int_equal(strlen(sheet.text), sheet.length);
    assert_null(strchr(sheet.text, '\x1b'));
    assert_null(strchr(sheet.text, '\x07'));
    assert_null(strstr(sheet.text, "\xe2\x80\xae"));
    return sheet;
}

static void assert_holds(const verify_sheet *sheet, const char *part)
{
    if (!strstr(sheet->text, part)) {
        print_error("not found: %s\nin: %s\n", part, sheet->text);
        fail();
    }
}

static size_t occurrences(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text += strlen(part)) {
        count++;
    }
    return count;
}

/* ---- text ---- */

static void text_says_the_verdict_first(void **state)
{
    (void)state;
    mig_verify_result result = verify_good_sample();
    verify_sheet sheet = written(mig_report_verify_text, &result);
    static const char verdict[] = "All 1,020 messages are on the target, every byte as it was.\n";
    assert_memory_equal(sheet.text, verdict, strlen(verdict));
    assert_holds(&sheet, "    INBOX: 1,000 of 1,000 identical\n");
    assert_holds(&sheet, "Every message on the target was read back in full.");
    assert_null(strstr(sheet.text, "Findings"));
    free(sheet.text);
}

static void text_names_what_is_wrong(void **state)
{
    (void)state;
    mig_verify_result result = verify_sample();
    verify_sheet sheet = written(mig_report_verify_text, &result);
    assert_holds(&sheet,
                 "Not everything could be verified: 1 account is not done, 1 folder not to the end. 3 differences "
                 "were found among 1,020 messages: 1 altered, 1 missing, 1 folder missing. 2 messages came to the "
                 "target after the copy: new mail, no difference.\n");
    assert_holds(&sheet,
                 "  ! INBOX: 997 of 1,000 identical; 1 altered, 1 missing; 1 stored differently, 2 arrived after");
    assert_holds(&sheet, "  stored differently: INBOX, UID 5, on the target UID 6, 2024-02-29T23:59:59Z, "
                         "\"Gr\xc3\xbc\xc3\x9f"
                         "e, \"quoted\"\", <1@example.org>\n      line ends were rewritten; line ends at the end");
    assert_holds(&sheet, "first difference at octet 17");
    assert_holds(&sheet,
                 "probably header fields were folded in another way, or blanks in them changed or names of header");
    assert_holds(&sheet, "login refused for ");
    assert_true(strstr(sheet.text, "altered: INBOX") < strstr(sheet.text, "stored differently: INBOX"));
    free(sheet.text);
}

static void text_stays_short(void **state)
{
    (void)state;
    mig_verify_result result = verify_sample();
    enum { COUNT = 1000 };
    mig_finding *many = calloc(COUNT, sizeof *many);
    assert_non_null(many);
    for (uint32_t i = 0; i < COUNT; i++) {
        many[i] = (mig_finding){.messages = 1, .kind = MIG_FOUND_MISSING, .source_uid = i + 1};
    }
    verify_accounts[0].findings = many;
    verify_accounts[0].finding_count = COUNT;
    verify_sheet sheet = written(mig_report_verify_text, &result);
    assert_int_equal(occurrences(sheet.text, "  missing: INBOX"), 20);
    assert_holds(&sheet, "... and 980 more: --html, --csv and --json list them all.");
    free(sheet.text);
    free(many);
}

static void verdicts(void **state)
{
    (void)state;
    mig_verify_result result = verify_good_sample();
    result.totals.counts[MIG_FOUND_IDENTICAL] = 1018;
    result.totals.counts[MIG_FOUND_STORED_DIFFERENTLY] = 2;
    verify_sheet sheet = written(mig_report_verify_text, &result);
    assert_holds(&sheet,
                 "All 1,020 messages are on the target. 2 are stored differently by the target's server; the content "
                 "is the same, and each change is named.\n");
    free(sheet.text);
    result.depth = MIG_DEPTH_QUICK;
    memset(result.totals.counts, 0, sizeof result.totals.counts);
    result.totals.counts[MIG_FOUND_PRESENT] = 1020;
    sheet = written(mig_report_verify_text, &result);
    assert_holds(&sheet, "All 1,020 messages are on the target, each with its size. Their content was not read.\n");
    assert_holds(&sheet, "Quick check");
    free(sheet.text);
    result.depth = MIG_DEPTH_FULL;
    result.sample = 5;
    result.seed = 42;
    result.totals.read = 59;
    result.totals.counts[MIG_FOUND_PRESENT] = 961;
    result.totals.counts[MIG_FOUND_IDENTICAL] = 59;
    sheet = written(mig_report_verify_text, &result);
    assert_holds(&sheet, "A sample of 5 percent of the messages was read back (seed 42,");
    assert_holds(&sheet, "with 95 percent confidence at most 4.95 percent of all messages are.");
    free(sheet.text);
    memset(&result.totals, 0, sizeof result.totals);
    sheet = written(mig_report_verify_text, &result);
    assert_holds(&sheet, "There was no message to look for.\n");
    free(sheet.text);
}

/* Situations, and the sentences that follow from their counts; and those that must not. */
static const struct {
    uint64_t messages, found, read, identical, present, unproven, missing, not_copied, rewritten;
    mig_status status;
    const char *said[4], *not_said[4];
} situations[] = {
    {10,
     10,
     10,
     10,
     0,
     0,
     0,
     0,
     0,
     MIG_COMPLETE,
     {"All 10 messages are on the target, every byte as it was.", "Every message on the target was read back in full."},
     {"Next:", "proven"}},
    {1,
     1,
     1,
     1,
     0,
     0,
     0,
     0,
     0,
     MIG_COMPLETE,
     {"The 1 message is on the target, every byte as it was.", "The message on the target was read back in full."},
     {"All"}},
    {0,
     0,
     0,
     0,
     0,
     0,
     0,
     0,
     0,
     MIG_COMPLETE,
     {"There was no message to look for."},
     {"read back", "every byte", "All"}},
    {10,
     10,
     10,
     0,
     0,
     10,
     0,
     0,
     0,
     MIG_COMPLETE,
     {"10 messages cannot be proven: they were on the target before the copy", "Next: As long as the source is there",
      "--against source", "--adopt-read"},
     {"every byte", "All 10", "identical."}},
    {10,
     10,
     10,
     9,
     0,
     1,
     0,
     0,
     0,
     MIG_COMPLETE,
     {"1 message cannot be proven: it was on the target",
      "The other 9 messages are on the target, every byte as it was."},
     {"All 10"}},
    {10,
     10,
     10,
     7,
     0,
     1,
     0,
     0,
     2,
     MIG_COMPLETE,
     {"The other 9 messages are on the target. 2 are stored differently"},
     {"every byte"}},
    {10,
     9,
     9,
     9,
     0,
     0,
     1,
     0,
     0,
     MIG_COMPLETE,
     {"1 difference was found among 10 messages: 1 missing.", "Next: Look at what is listed.",
      "copy --mend sends again"},
     {"every byte", "All"}},
    {10,
     4,
     4,
     4,
     0,
     0,
     0,
     6,
     0,
     MIG_COMPLETE,
     {"6 differences were found among 10 messages: 6 not copied.", "Next: Run mailmigrate copy again"},
     {"every byte", "Look at what is listed"}},
    {10,
     10,
     10,
     8,
     0,
     1,
     1,
     0,
     0,
     MIG_COMPLETE,
     {"1 missing. 1 message cannot be proven", "Look at what is listed.", "--adopt-read"},
     {"every byte"}},
    {10,
     10,
     4,
     4,
     6,
     0,
     0,
     0,
     0,
     MIG_COMPLETE,
     {"4 were read and are identical; of 6 the content was not read.", "4 of 10 messages on the target were read back"},
     {"every byte", "Every message"}},
    {10,
     10,
     10,
     10,
     0,
     0,
     0,
     0,
     0,
     MIG_PARTIAL,
     {"Not everything could be verified", "No difference was found in what was looked at (10 messages).",
      "Next: Verify again what was not looked at."},
     {"every byte", "All 10"}},
};

static void sentences_follow_from_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof situations / sizeof *situations; i++) {
        mig_verify_result result = {.status = situations[i].status, .sample = 100};
        result.totals.messages = situations[i].messages;
        result.totals.found = situations[i].found;
        result.totals.read = situations[i].read;
        result.totals.counts[MIG_FOUND_IDENTICAL] = situations[i].identical;
        result.totals.counts[MIG_FOUND_PRESENT] = situations[i].present;
        result.totals.counts[MIG_FOUND_UNPROVEN] = situations[i].unproven;
        result.totals.counts[MIG_FOUND_MISSING] = situations[i].missing;
        result.totals.counts[MIG_FOUND_NOT_COPIED] = situations[i].not_copied;
        result.totals.counts[MIG_FOUND_STORED_DIFFERENTLY] = situations[i].rewritten;
        verify_sheet sheet = written(mig_report_verify_text, &result);
        for (size_t k = 0; k < 4 && situations[i].said[k] != NULL; k++) {
            if (strstr(sheet.text, situations[i].said[k]) == NULL) {
                fail_msg("row %zu does not say \"%s\":\n%s", i, situations[i].said[k], sheet.text);
            }
        }
        for (size_t k = 0; k < 4 && situations[i].not_said[k] != NULL; k++) {
            if (strstr(sheet.text, situations[i].not_said[k]) != NULL) {
                fail_msg("row %zu says \"%s\":\n%s", i, situations[i].not_said[k], sheet.text);
            }
        }
        free(sheet.text);
    }
}

/* ---- JSON ---- */

static void json_holds_everything(void **state)
{
    (void)state;
    mig_verify_result result = verify_sample();
    verify_sheet sheet = written(mig_report_verify_json, &result);
    json_t *root = json_loads(sheet.text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    const char *schema, *status, *depth, *against, *started, *kind, *date, *name, *folder_root, *rule;
    int exit_status, messages, identical, extra, arrived, certain, after, uid, size;
    json_t *accounts, *findings, *folders, *sample, *rules;
    assert_int_equal(json_unpack(root, "{s:s, s:s, s:i, s:s, s:s, s:s, s:o, s:o}", "schema", &schema, "status", &status,
                                 "exit", &exit_status, "depth", &depth, "against", &against, "started", &started,
                                 "sample", &sample, "accounts", &accounts),
                     0);
    assert_string_equal(schema, "mailmigrate.verify/1");
    assert_string_equal(status, "partial");
    assert_int_equal(exit_status, 3);
    assert_string_equal(depth, "full");
    assert_string_equal(against, "record");
    assert_string_equal(started, "2024-02-29T23:58:20Z");
    assert_true(json_is_null(sample));
    assert_int_equal(json_array_size(accounts), 2);
    assert_int_equal(json_unpack(json_array_get(accounts, 0), "{s:o, s:o}", "findings", &findings, "folders", &folders),
                     0);
    assert_int_equal(json_array_size(findings), 5);
    assert_int_equal(json_unpack(json_array_get(folders, 0), "{s:s, s:i, s:i, s:i, s:i, s:s}", "source", &name,
                                 "messages", &messages, "identical", &identical, "extra", &extra, "arrived", &arrived,
                                 "root", &folder_root),
                     0);
    assert_int_equal(messages, 1000);
    assert_int_equal(identical, 997);
    assert_int_equal(extra, 2);
    assert_int_equal(arrived, 2);
    assert_string_equal(folder_root, VERIFY_ROOT);
    assert_int_equal(json_unpack(json_array_get(findings, 0), "{s:s, s:s, s:i, s:i, s:b, s:o}", "kind", &kind, "date",
                                 &date, "uid", &uid, "size", &size, "rules_certain", &certain, "rules", &rules),
                     0);
    assert_string_equal(kind, "stored_differently");
    assert_string_equal(date, "2024-02-29T23:59:59Z");
    assert_true(uid == 5 && size == 4711 && certain);
    assert_int_equal(json_unpack(rules, "[s]", &rule), 0);
    assert_string_equal(rule, "line-ends");
    assert_int_equal(json_unpack(json_array_get(findings, 3), "{s:s, s:b}", "kind", &kind, "after_copy", &after), 0);
    assert_string_equal(kind, "extra");
    assert_true(after);
    json_decref(root);
    free(sheet.text);
}

/* Every object of the document has the members that its schema requires and describes, all of them and no others. */
static void assert_described(const json_t *root, const json_t *schema, const json_t *value)
{
    const char *reference = json_string_value(json_object_get(schema, "$ref")), *key;
    json_t *member;
    if (reference) {
        schema = json_object_get(json_object_get(root, "$defs"), strrchr(reference, '/') + 1);
        assert_non_null(schema);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        assert_described(root, json_object_get(schema, "items"), json_array_get(value, i));
    }
    if (!json_is_object(value)) {
        return;
    }
    const json_t *properties = json_object_get(schema, "properties"), *required = json_object_get(schema, "required");
    assert_int_equal(json_object_size(value), json_object_size(properties));
    assert_int_equal(json_object_size(value), json_array_size(required));
    for (size_t i = 0; i < json_array_size(required); i++) {
        assert_non_null(json_object_get(value, json_string_value(json_array_get(required, i))));
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        const json_t *described = json_object_get(properties, key);
        assert_non_null(described);
        assert_described(root, described, member);
    }
}

static void json_is_as_its_schema_says(void **state)
{
    (void)state;
    mig_verify_result result = verify_sample();
    verify_sheet sheet = written(mig_report_verify_json, &result);
    json_t *root = json_loads(sheet.text, 0, NULL), *schema = json_load_file("../docs/schemas/verify-1.json", 0, NULL);
    assert_true(root && schema);
    assert_described(schema, schema, root);
    const json_t *finding = json_object_get(json_object_get(schema, "$defs"), "finding");
    const json_t *names = json_object_get(json_object_get(json_object_get(finding, "properties"), "kind"), "enum");
    size_t known = 0;
    for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
        for (size_t i = 0; i < json_array_size(names); i++) {
            known += strcmp(json_string_value(json_array_get(names, i)), mig_found_name((mig_found)kind)) == 0;
        }
    }
    assert_int_equal(known, json_array_size(names)); /* no name in it that is not ours */
    assert_int_equal(known, MIG_FOUND_COUNT - 4);    /* identical, present, unproven are not listed, arrived is extra */
    json_decref(root);
    json_decref(schema);
    free(sheet.text);
}

/* ---- CSV ---- */

/* Splits RFC 4180 in place; returns how many cells the line has. */
static size_t split_csv(char **text, char *cells[20])
{
    size_t count = 0;
    for (char *at = *text;; at++) {
        char *to = at;
        assert_true(count < 20);
        cells[count++] = at;
        if (*at == '"') {
            for (at++; *at != '"' || at[1] == '"'; at++) {
                at += *at == '"';
                assert_true(*at != '\0' && *at != '\r' && *at != '\n');
                *to++ = *at;
            }
            at++;
        } else {
            for (; *at != ',' && *at != '\r'; at++) {
                *to++ = *at;
            }
        }
        bool last = *at == '\r';
        assert_true(last ? at[1] == '\n' : *at == ',');
        *to = '\0';
        if (last) {
            *text = at + 2;
            return count;
        }
    }
}

static void csv_is_a_table_without_formulas(void **state)
{
    (void)state;
    mig_verify_result result = verify_sample();
    verify_findings[1].known = MIG_KNOWN_TRASH;
    verify_sheet sheet = written(mig_report_verify_csv, &result);
    char *at = sheet.text, *cells[20];
    assert_int_equal(split_csv(&at, cells), 15);
    assert_string_equal(cells[2], "kind");
    for (int line = 0; line < 5; line++) {
        assert_int_equal(split_csv(&at, cells), 15);
        for (int i = 0; i < 15; i++) {
            assert_null(strchr("=+-@\t\r", cells[i][0] ? cells[i][0] : 'x'));
        }
        if (line == 0) {
            assert_string_equal(cells[0], "anna@old.example");
            assert_string_equal(cells[2], "stored_differently");
            assert_string_equal(cells[9], "Gr\xc3\xbc\xc3\x9f"
                                          "e, \"quoted\"");
            assert_string_equal(cells[11], "line-ends final-line");
        } else if (line == 1) {
            assert_string_equal(cells[9], "'=HYPERLINK(\"http://x\")");
            assert_string_equal(cells[10], "12");
            assert_string_equal(cells[14], "trash");
        } else if (line == 3) {
            assert_string_equal(cells[2], "arrived");
            assert_string_equal(cells[5], "");
            assert_string_equal(cells[12], "yes");
            assert_string_equal(cells[14], "");
        }
    }
    assert_string_equal(at, "");
    free(sheet.text);
}

static void every_beginning_of_a_formula_is_disarmed(void **state)
{
    (void)state;
    static const char *const starts[] = {"=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\xef\xbc\x9d x"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        mig_verify_result result = verify_sample();
        char subject[16];
        snprintf(subject, sizeof subject, "%s", starts[i]);
        verify_findings[0].subject = subject;
        verify_sheet sheet = written(mig_report_verify_csv, &result);
        char *at = sheet.text, *cells[20];
        split_csv(&at, cells);
        split_csv(&at, cells);
        assert_int_equal(cells[9][0], '\'');
        free(sheet.text);
    }
}

/* ---- HTML ---- */

/* The base64 of the SHA-256 of an element's text, as a browser computes it for the policy. */
static void assert_policy_allows(const verify_sheet *sheet, const char *open, const char *close, const char *directive)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t digest[MIG__DIGEST_SIZE + 1] = {0};
    char expected[100], *to;
    const char *text = strstr(sheet->text, open) + strlen(open);
    assert_int_equal(mig__digest(text, (size_t)(strstr(text, close) - text), digest, NULL), 0);
    to = expected + snprintf(expected, sizeof expected, "%s 'sha256-", directive);
    for (unsigned bit = 0; bit < 258; bit += 6) {
        unsigned pair = (unsigned)digest[bit / 8] << 8 | (bit / 8 + 1 < sizeof digest ? digest[bit / 8 + 1] : 0U);
        *to++ = letters[pair >> (10 - bit % 8) & 63];
    }
    memcpy(to, "='", 3);
    assert_holds(sheet, expected);
}

static void html_is_inert_and_allows_only_itself(void **state)
{
    (void)state;
    mig_verify_result result = verify_sample();
    verify_sheet sheet = written(mig_report_verify_html, &result);
    assert_policy_allows(&sheet, "<style>", "</style>", "style-src");
    assert_policy_allows(&sheet, "<script>", "</script>", "script-src");
    assert_holds(&sheet, "default-src 'none'");
    assert_int_equal(occurrences(sheet.text, "<script"), 2); /* data and script */
    assert_int_equal(occurrences(sheet.text, "</script"), 2);
    assert_int_equal(occurrences(sheet.text, "<img"), 0);
    assert_int_equal(occurrences(sheet.text, " style="), 0);
    assert_int_equal(occurrences(sheet.text, "src="), occurrences(sheet.text, "src=x")); /* only as text */
    assert_int_equal(occurrences(sheet.text, "href="), 0);
    assert_int_equal(occurrences(sheet.text, "url("), 0);
    assert_int_equal(occurrences(sheet.text, "http://"), occurrences(sheet.text, "http://x"));
    assert_holds(&sheet, "&lt;/script&gt;&lt;script&gt;alert(1)");
    assert_holds(&sheet, "\\u003c/script\\u003e");
    assert_holds(&sheet, "<body class=\"bad\">");
    assert_holds(&sheet, "3 differences were found among 1,020 messages");
    free(sheet.text);
}

static void html_embeds_its_findings_as_json(void **state)
{
    (void)state;
    mig_verify_result result = verify_sample();
    verify_sheet sheet = written(mig_report_verify_html, &result);
    static const char open[] = "<script type=\"application/json\" id=\"data\">";
    char *data = strstr(sheet.text, open) + strlen(open);
    *strstr(data, "</script>") = '\0';
    json_t *root = json_loads(data, JSON_REJECT_DUPLICATES, NULL), *kinds, *accounts, *findings;
    assert_non_null(root);
    assert_int_equal(
        json_unpack(root, "{s:o, s:o, s:o}", "kinds", &kinds, "accounts", &accounts, "findings", &findings), 0);
    assert_int_equal(json_array_size(kinds), MIG_FOUND_COUNT);
    assert_int_equal(json_array_size(accounts), 2);
    assert_int_equal(json_array_size(findings), 5);
    int kind, account, folder, uid, target_uid, size;
    const char *date, *id, *subject, *remark;
    assert_int_equal(json_unpack(json_array_get(findings, 0), "[i, i, i, i, i, s, i, s, s, s!]", &kind, &account,
                                 &folder, &uid, &target_uid, &date, &size, &id, &subject, &remark),
                     0);
    assert_int_equal(kind, MIG_FOUND_ALTERED); /* the differences come first */
    assert_true(account == 0 && folder == 0 && uid == 7 && target_uid == 8 && size == 12);
    assert_string_equal(date, "");
    assert_string_equal(id, "</script><script>alert(1)</script>?]0;x?<img src=x onerror=alert(2)>\"'&????");
    assert_string_equal(remark, verify_detail);
    json_decref(root);
    free(sheet.text);
}

static void html_holds_the_first_findings_without_its_script(void **state)
{
    (void)state;
    mig_verify_result result = verify_sample();
    enum { COUNT = 5000 };
    mig_finding *many = calloc(COUNT, sizeof *many);
    assert_non_null(many);
    for (uint32_t i = 0; i < COUNT; i++) {
        many[i] =
            (mig_finding){.messages = 1, .kind = i < 10 ? MIG_FOUND_EXTRA : MIG_FOUND_MISSING, .source_uid = i + 1};
    }
    verify_accounts[0].findings = many;
    verify_accounts[0].finding_count = COUNT;
    verify_sheet sheet = written(mig_report_verify_html, &result);
    assert_int_equal(occurrences(sheet.text, "<tr><td class=\"k2\" data-label=\"Finding\">missing</td>"), 100);
    assert_holds(&sheet, "These are the first 100 of 5,000 findings.");
    assert_int_equal(occurrences(sheet.text, "\n[6,0,0,"), COUNT - 10);
    free(sheet.text);
    free(many);
}

static void html_of_a_good_result(void **state)
{
    (void)state;
    mig_verify_result result = verify_good_sample();
    verify_sheet sheet = written(mig_report_verify_html, &result);
    assert_holds(&sheet, "<body class=\"good\">");
    assert_holds(&sheet, "<title>Mail verification: no differences</title>");
    assert_holds(&sheet, "<h1>All 1,020 messages are on the target, every byte as it was.</h1>");
    assert_holds(&sheet, "<rect class=\"g\" x=\"0.0\" width=\"1000.0\" height=\"10\"/></svg>");
    assert_holds(&sheet, "There is nothing to list.");
    assert_holds(&sheet, "<code>" VERIFY_ROOT "</code>");
    assert_holds(&sheet, "Sent</bdi> &rarr; <bdi>Sent Items");
    free(sheet.text);
}

/* `count` accounts in the place of one; those at odd places have differences, or could not be looked at. */
static mig_verify_account *many_accounts(mig_verify_result *result, size_t count)
{
    mig_verify_account *many = calloc(count, sizeof *many);
    assert_non_null(many);
    for (size_t i = 0; i < count; i++) {
        many[i] = verify_accounts[i % 4 == 3 ? 1 : 0];
        if (i % 2 == 0) { /* as in the good sample: the folders after the first one */
            many[i].folders = verify_folders + 1;
            many[i].folder_count = 1;
            many[i].finding_count = 0;
        }
    }
    result->accounts = many;
    result->account_count = count;
    return many;
}

static void html_lists_many_accounts(void **state)
{
    (void)state;
    mig_verify_result result = verify_sample();
    verify_sheet sheet = written(mig_report_verify_html, &result);
    assert_null(strstr(sheet.text, "id=\"look\""));
    free(sheet.text);
    mig_verify_account *many = many_accounts(&result, 6);
    sheet = written(mig_report_verify_html, &result);
    assert_holds(&sheet, "id=\"look\"");
    assert_int_equal(occurrences(sheet.text, "<tr class=\"look\">"), 3);
    assert_int_equal(occurrences(sheet.text, "<details class=\"account look\" open>"), 3);
    assert_int_equal(occurrences(sheet.text, "<details class=\"account\">"), 3);
    assert_holds(&sheet, "1 altered, 1 missing");
    free(sheet.text);
    free(many);
}

/* ---- all of them ---- */

static void a_sink_that_refuses_ends_each_writer(void **state)
{
    (void)state;
    static writer_fn *const writers[] = {mig_report_verify_text, mig_report_verify_json, mig_report_verify_csv,
                                         mig_report_verify_html};
    mig_verify_result result = verify_sample();
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
        verify_sheet whole = written(writers[i], &result);
        for (size_t piece = 1; piece <= whole.pieces; piece += 1 + whole.pieces / 50) {
            verify_sheet sheet = {NULL, 0, 0, piece};
            mig_error err = MIG_ERROR_INIT;
            assert_int_equal(writers[i](&result, verify_sink, &sheet, &err), -1);
            assert_int_equal(err.code, MIG_E_IO);
            free(sheet.text);
        }
        free(whole.text);
    }
}

static void iso_times(void **state)
{
    (void)state;
    char out[MIG__ISO_SIZE];
    assert_string_equal(mig__iso_time(0, true, out), "");
    assert_string_equal(mig__iso_time(0, false, out), "1970-01-01T00:00:00Z");
    assert_string_equal(mig__iso_time(-2209161600, false, out), "1899-12-30T00:00:00Z");
    assert_string_equal(mig__iso_time(253402300799, false, out), "9999-12-31T23:59:59Z");
    assert_string_equal(mig__iso_time(INT64_MAX, false, out), "");
    assert_string_equal(mig__iso_time(INT64_MIN, false, out), "");
}

/* ---- a page to look at ---- */

static int write_to_file(const char *text, size_t length, void *context)
{
    return fwrite(text, 1, length, context) == length ? 0 : -1;
}

/* Writes a page of `count` accounts to a file, for tests/integration/test_report_page.py. */
static int write_accounts(const char *path, size_t count)
{
    mig_verify_result result = verify_sample();
    mig_verify_account *many = many_accounts(&result, count);
    FILE *file = fopen(path, "w");
    int status = file != NULL && mig_report_verify_html(&result, write_to_file, file, NULL) == 0 ? 0 : 1;
    if (file != NULL && fclose(file) != 0) {
        status = 1;
    }
    free(many);
    return status;
}

/* Writes the sample and `count` more findings to a file, for the same. */
static int write_page(const char *path, size_t count)
{
    static const mig_found kinds[] = {MIG_FOUND_STORED_DIFFERENTLY, MIG_FOUND_MISSING, MIG_FOUND_EXTRA};
    enum { SUBJECT = 120, FIRST = sizeof verify_findings / sizeof verify_findings[0] };
    mig_verify_result result = verify_sample();
    mig_finding *findings = calloc(count + FIRST, sizeof *findings);
    char *subjects = malloc(count * SUBJECT + 1);
    FILE *file = fopen(path, "w");
    int status = 1;
    if (findings && subjects && file) {
        memcpy(findings, verify_findings, sizeof verify_findings);
        for (size_t i = 0; i < count; i++) {
            char *subject = subjects + i * SUBJECT;
            snprintf(subject, SUBJECT, "Minutes of meeting %zu, with a longer subject as people write them",
                     i * 7919 % count);
            findings[FIRST + i] = (mig_finding){.messages = 1,
                                                .kind = kinds[i % 3],
                                                .folder = i % 2,
                                                .source_uid = (uint32_t)i + 1,
                                                .target_uid = (uint32_t)i + 10,
                                                .octets = 1000 + i % 5000,
                                                .has_date = true,
                                                .date = 1600000000 + (int64_t)i * 777,
                                                .message_id = verify_id,
                                                .subject = subject};
        }
        verify_accounts[0].findings = findings;
        verify_accounts[0].finding_count = count + FIRST;
        status = mig_report_verify_html(&result, write_to_file, file, NULL) == 0 ? 0 : 1;
    }
    if (file && fclose(file) != 0) {
        status = 1;
    }
    free(findings);
    free(subjects);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 4) {
        return write_accounts(argv[1], (size_t)strtoul(argv[3], NULL, 10));
    }
    if (argc == 3) {
        return write_page(argv[1], (size_t)strtoul(argv[2], NULL, 10));
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_says_the_verdict_first),
        cmocka_unit_test(text_names_what_is_wrong),
        cmocka_unit_test(text_stays_short),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(sentences_follow_from_counts),
        cmocka_unit_test(json_holds_everything),
        cmocka_unit_test(json_is_as_its_schema_says),
        cmocka_unit_test(csv_is_a_table_without_formulas),
        cmocka_unit_test(every_beginning_of_a_formula_is_disarmed),
        cmocka_unit_test(html_is_inert_and_allows_only_itself),
        cmocka_unit_test(html_embeds_its_findings_as_json),
        cmocka_unit_test(html_holds_the_first_findings_without_its_script),
        cmocka_unit_test(html_of_a_good_result),
        cmocka_unit_test(html_lists_many_accounts),
        cmocka_unit_test(a_sink_that_refuses_ends_each_writer),
        cmocka_unit_test(iso_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
