/* A run and a stock-taking as text, JSON, CSV and HTML: hostile names are inert, a sink that fails anywhere is told */
#include "report/sheet.h"

#include <jansson.h>
#include <migrate/inventory_report.h>
#include <migrate/run_report.h>

#define HOSTILE "=a\"b<script>\x1b[31m\xe2\x80\xae@old"

static mig_run_account_result accounts[3];
static mig_run_result result;
static mig_inventory_folder folders[2];
static mig_inventory_year years[2] = {{0, 1, 10}, {2019, 4, 4000}};
static mig_inventory_keyword keywords[1];
static mig_obstacle obstacles[1];
static mig_inventory_account stock[1];
static mig_inventory_result inventory;
static char hostile[] = HOSTILE, plain[] = "ann@old.example", target[] = "ann@new.example", word[] = "work",
            none[] = "", what[] = "3 messages over the limit";

static int make(void **state)
{
    (void)state;
    keywords[0] = (mig_inventory_keyword){word, 2, true};
    folders[0] = (mig_inventory_folder){.name = hostile,
                                        .target = hostile,
                                        .messages = 5,
                                        .has_bytes = true,
                                        .bytes = 4010,
                                        .examined = true,
                                        .duplicates_known = true,
                                        .oldest = 1,
                                        .newest = 1550000000,
                                        .keywords = keywords,
                                        .keyword_count = 1};
    folders[1] = (mig_inventory_folder){.name = plain, .target = none, .note = what};
    obstacles[0] = (mig_obstacle){hostile, MIG_E_TOO_BIG, true, what};
    stock[0] = (mig_inventory_account){
        .sides = {{.label = hostile, .capabilities = word, .bytes_known = true},
                  {.label = target, .capabilities = word, .quota = {true, 1, 2, 0, 0}}},
        .folders = folders,
        .folder_count = 2,
        .years = years,
        .year_count = 2,
        .obstacles = obstacles,
        .obstacle_count = 1,
        .messages = 5,
        .bytes = 4010,
        .bytes_known = true,
        .forecast = {
            .known = true, .seconds = 90, .days = 3, .daily_limit = 2000, .left_messages = 5, .left_bytes = 4010}};
    inventory = (mig_inventory_result){.depth = MIG_INVENTORY_FULL, .accounts = stock, .account_count = 1};
    accounts[0] = (mig_run_account_result){.source = plain,
                                           .target = target,
                                           .state = MIG_RUN_DONE,
                                           .step = MIG_STEP_VERIFY,
                                           .messages = 5,
                                           .copied = 5,
                                           .verified = 5};
    accounts[1] = (mig_run_account_result){
        .source = hostile, .target = target, .state = MIG_RUN_FAILED, .exit_status = 3, .step = MIG_STEP_CHECK};
    mig_error_set(&accounts[1].error, MIG_E_AUTH, "the server refuses the login");
    accounts[2] = (mig_run_account_result){.source = plain,
                                           .target = target,
                                           .state = MIG_RUN_DONE,
                                           .exit_status = 1,
                                           .step = MIG_STEP_VERIFY,
                                           .messages = 2,
                                           .copied = 1,
                                           .failed = 1,
                                           .differences = 1};
    result = (mig_run_result){.status = MIG_PARTIAL,
                              .exit_status = 3,
                              .steps = MIG_STEP_CHECK | MIG_STEP_COPY | MIG_STEP_VERIFY,
                              .accounts = accounts,
                              .account_count = 3,
                              .inventory = &inventory,
                              .started = 1700000000,
                              .finished = 1700000009,
                              .seconds = 9};
    return 0;
}

typedef int writer(sheet *out, mig_error *err);

static int run_text(sheet *out, mig_error *err)
{
    return mig_report_run_text(&result, sheet_sink, out, err);
}

static int run_json(sheet *out, mig_error *err)
{
    return mig_report_run_json(&result, true, sheet_sink, out, err);
}

static int inventory_text(sheet *out, mig_error *err)
{
    return mig_report_inventory_text(&inventory, sheet_sink, out, err);
}

static int inventory_csv(sheet *out, mig_error *err)
{
    return mig_report_inventory_csv(&inventory, sheet_sink, out, err);
}

static int inventory_html(sheet *out, mig_error *err)
{
    return mig_report_inventory_html(&inventory, sheet_sink, out, err);
}

static char *written(writer *write, sheet *out)
{
    mig_error err = MIG_ERROR_INIT;
    memset(out, 0, sizeof *out);
    assert_int_equal(write(out, &err), 0);
    assert_null(strchr(out->text, '\x1b'));
    return out->text;
}

static void test_run_text(void **state)
{
    static sheet out;
    (void)state;
    const char *text = written(run_text, &out);
    assert_ptr_equal(
        strstr(text, "1 of 3 accounts copied and verified in full; 1 with something to look at; 1 failed."), text);
    assert_non_null(strstr(text, "check failed: the server refuses the login"));
    assert_non_null(strstr(text, "  ! ann@old.example"));
    assert_non_null(strstr(text, "1 not copied"));
    assert_non_null(strstr(text, "Next: "));
    assert_null(strstr(text, "\xe2\x80\xae"));
}

static void test_run_json(void **state)
{
    static sheet out;
    json_error_t where;
    (void)state;
    json_t *document = json_loads(written(run_json, &out), JSON_REJECT_DUPLICATES, &where);
    if (!document) {
        fail_msg("line %d: %s", where.line, where.text);
    }
    const json_t *failed = json_array_get(json_object_get(document, "accounts"), 1);
    assert_string_equal(json_string_value(json_object_get(failed, "source")), HOSTILE);
    assert_string_equal(json_string_value(json_object_get(json_object_get(failed, "error"), "code")), "auth");
    assert_string_equal(json_string_value(json_object_get(document, "started")), "2023-11-14T22:13:20Z");
    const json_t *taken = json_object_get(document, "inventory");
    assert_string_equal(json_string_value(json_object_get(taken, "schema")), "mailmigrate.inventory/1");
    const json_t *folder =
        json_array_get(json_object_get(json_array_get(json_object_get(taken, "accounts"), 0), "folders"), 1);
    assert_true(json_is_null(json_object_get(folder, "largest"))); /* unknown, not 0 */
    json_decref(document);
    memset(&out, 0, sizeof out);
    assert_int_equal(mig_report_run_json(&result, false, sheet_sink, &out, NULL), 0);
    assert_null(strstr(out.text, "\"inventory\":"));
    /* What the step of names found comes as it is by itself. */
    result.steps |= MIG_STEP_MEND | MIG_STEP_DOMAIN;
    result.domain_json = "{\"schema\": \"mailmigrate.domain/1\"}\n";
    document = json_loads(written(run_json, &out), JSON_REJECT_DUPLICATES, &where);
    assert_non_null(document);
    assert_string_equal(json_string_value(json_object_get(json_object_get(document, "domain"), "schema")),
                        "mailmigrate.domain/1");
    const json_t *steps = json_object_get(document, "steps");
    assert_string_equal(json_string_value(json_array_get(steps, json_array_size(steps) - 1)), "domain");
    json_decref(document);
}

static void test_inventory_text(void **state)
{
    static sheet out;
    (void)state;
    const char *text = written(inventory_text, &out);
    assert_non_null(strstr(text, "(left out)"));
    assert_non_null(strstr(text, "3 messages over the limit"));
    assert_non_null(strstr(text, "  undated          1     10 bytes\n     2019          4      3.9 KiB  ####"));
    assert_non_null(strstr(text, "1 min 30 s at an assumed speed, in 3 nights under the limit of 2.0 KiB a day."));
}

static void test_inventory_csv(void **state)
{
    static sheet out;
    (void)state;
    const char *text = written(inventory_csv, &out);
    assert_non_null(strstr(text, "\"'=a\"\"b<script>?[31m?@old\""));
    assert_non_null(strstr(text, ",5,0,4010,\"1970-01-01T00:00:01Z\""));
}

static void test_inventory_html(void **state)
{
    static sheet out;
    (void)state;
    const char *text = written(inventory_html, &out);
    assert_null(strstr(text, "<script"));
    assert_non_null(strstr(text, "=a&quot;b&lt;script&gt;"));
    assert_non_null(strstr(text, "default-src 'none'; style-src 'sha256-"));
    assert_null(strstr(text, "script-src"));
    assert_null(strstr(text, "style=\""));
}

/* Wherever the sink gives up, the writer says so and writes nothing more. */
static void test_sink_refuses(void **state)
{
    static writer *const writers[] = {run_text, run_json, inventory_text, inventory_csv, inventory_html};
    static sheet out;
    (void)state;
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
        written(writers[i], &out);
        const size_t pieces = out.pieces;
        for (size_t at = 1; at <= pieces; at += 1 + pieces / 50) {
            mig_error err = MIG_ERROR_INIT;
            memset(&out, 0, sizeof out);
            out.refuse_at = at;
            assert_int_equal(writers[i](&out, &err), -1);
            assert_int_equal(err.code, MIG_E_IO);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_text),       cmocka_unit_test(test_run_json),
        cmocka_unit_test(test_inventory_text), cmocka_unit_test(test_inventory_csv),
        cmocka_unit_test(test_inventory_html), cmocka_unit_test(test_sink_refuses),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
