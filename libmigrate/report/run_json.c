/* report/run_json.c - a run over many accounts as JSON, schema mailmigrate.run/1 (docs/schemas/run-1.json) */
#include <string.h>
#include "report/json.h"
#include "report/run_dry.h"
#include "report/verify_common.h"
#include <migrate/filters.h>
#include <migrate/inventory_report.h>
#include <migrate/run_report.h>
#include <migrate/verify_report.h>

static json_t *account_object(const mig_run_account_result *account)
{
    json_t *object =
        json_pack("{s:o, s:o, s:s, s:b, s:i, s:s, s:o, s:f}", "source", mig__json_string(account->source), "target",
                  mig__json_string(account->target), "state", mig_run_state_name(account->state), "dry_run",
                  account->dry_run, "exit", account->exit_status, "step", mig_step_name(account->step), "error",
                  mig__json_error(&account->error), "seconds", account->seconds);
    const struct {
        const char *key;
        uint64_t value;
    } numbers[] = {
        {"messages", account->messages},
        {"bytes", account->bytes},
        {"copied", account->copied},
        {"already", account->already},
        {"copied_bytes", account->copied_bytes},
        {"failed", account->failed},
        {"mended", account->mended},
        {"verified", account->verified},
        {"stored_differently", account->stored_differently},
        {"differences", account->differences},
        {"unproven", account->unproven},
        {"to_copy", account->to_copy},
        {"to_copy_bytes", account->to_copy_bytes},
        {"folders_to_make", account->folders_to_make},
    };
    for (size_t i = 0; object != NULL && i < sizeof numbers / sizeof numbers[0]; i++) {
        if (json_object_set_new(object, numbers[i].key, mig__json_number(numbers[i].value)) != 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static json_t *steps_array(unsigned steps)
{
    json_t *array = json_array();
    for (unsigned step = MIG_STEP_CHECK; array != NULL && step <= MIG_STEP_DOMAIN; step <<= 1) {
        if ((steps & step) != 0 && json_array_append_new(array, json_string(mig_step_name(step))) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static json_t *time_string(int64_t seconds)
{
    char text[MIG__ISO_SIZE];
    return json_string(mig__iso_time(seconds, true, text));
}

static int pass_on(const char *text, size_t length, void *context)
{
    mig__json *json = context;
    if (!json->refused && json->sink(text, length, json->context) == 0) {
        return 0;
    }
    json->refused = true;
    return -1;
}

/* One document an account, of those that came to the step. */
static int filters_of(const mig_run_result *result, mig__json *json, mig_error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < result->account_count; i++) {
        if (result->accounts[i].filters == NULL) {
            continue;
        }
        if (count++ == 0) {
            mig__json_begin_member(json, "filters", '[');
        }
        mig__json_key(json, NULL);
        if (mig_report_filters_json(result->accounts[i].filters, pass_on, json, err) != 0) {
            return -1;
        }
    }
    if (count > 0) {
        mig__json_end(json);
    }
    return 0;
}

/* The documents of the steps, each with its own schema; those that there are. */
static int details_of(const mig_run_result *result, mig__json *json, mig_error *err)
{
    if (result->inventory != NULL) {
        mig__json_key(json, "inventory");
        if (mig_report_inventory_json(result->inventory, pass_on, json, err) != 0) {
            return -1;
        }
    }
    if (result->copy != NULL) {
        mig__json_key(json, "copy");
        if (mig_report_copy_json(result->copy, pass_on, json, err) != 0) {
            return -1;
        }
    }
    if (result->verify != NULL) {
        mig__json_key(json, "verify");
        if (mig_report_verify_json(result->verify, pass_on, json, err) != 0) {
            return -1;
        }
    }
    if (filters_of(result, json, err) != 0) {
        return -1;
    }
    if (result->domain_json != NULL) {
        mig__json_key(json, "domain");
        (void)pass_on(result->domain_json, strlen(result->domain_json), json);
    }
    return 0;
}

int mig_report_run_json(const mig_run_result *result, bool details, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__json json = {.sink = sink, .context = context};
    mig__json_document(&json, "mailmigrate.run/1");
    mig__json_add(&json, "status", mig__json_string(mig_status_name(result->status)));
    mig__json_add(&json, "exit", json_integer(result->exit_status));
    mig__json_add(&json, "dry_run", json_boolean(mig__run_is_dry(result)));
    mig__json_add(&json, "steps", steps_array(result->steps));
    mig__json_add(&json, "started", time_string(result->started));
    mig__json_add(&json, "finished", time_string(result->finished));
    mig__json_add(&json, "seconds", json_real(result->seconds));
    mig__json_begin_member(&json, "accounts", '[');
    for (size_t i = 0; i < result->account_count && !json.refused; i++) {
        mig__json_item(&json, account_object(&result->accounts[i]));
    }
    mig__json_end(&json);
    if (details && details_of(result, &json, err) != 0) {
        return -1;
    }
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}
