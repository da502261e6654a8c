/* report/discover_json.c - what was found of an address's server as JSON: docs/schemas/discover-1.json */
#include "report/json.h"
#include <migrate/discover_report.h>
#include <stdlib.h>

static json_t *candidate_object(const mig_discover_candidate *c, const char *address)
{
    char *url = mig_discover_url(c, address);
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:o, s:i, s:s, s:o, s:o, s:b, s:o, s:o}", "state", mig_discover_state_name(c->state), "way",
        mig_discover_way_name(c->way), "from", mig__json_string(c->from), "host", mig__json_string(c->host), "port",
        (int)c->port, "tls", c->tls == MIG_TLS_IMPLICIT ? "implicit" : "starttls", "user", mig__json_string(c->user),
        "url", mig__json_string(url), "oauth2", c->token, "voucher",
        c->voucher[0] != '\0' ? mig__json_string(c->voucher) : json_null(), "seen", mig__json_string(c->seen));
    free(url);
    return object;
}

int mig_report_discover_json(const mig_discover_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__json json = {.sink = sink, .context = context};
    mig__json_document(&json, "mailmigrate.discover/1");
    mig__json_add(&json, "address", mig__json_string(result->address));
    mig__json_add_text(&json, "domain", result->domain);
    mig__json_add_flag(&json, "found", result->found);
    mig__json_add_flag(&json, "vouched", result->vouched);
    mig__json_add_flag(&json, "unanswered", result->unanswered);
    mig__json_add_flag(&json, "interrupted", result->interrupted);
    mig__json_add(&json, "exit", json_integer(result->exit_status));
    mig__json_add_text(&json, "version", MIG_VERSION);
    mig__json_begin_member(&json, "candidates", '[');
    for (size_t i = 0; i < result->candidate_count; i++) {
        mig__json_item(&json, candidate_object(&result->candidates[i], result->address));
    }
    mig__json_end(&json);
    mig__json_begin_member(&json, "questions", '[');
    for (size_t i = 0; i < result->step_count; i++) {
        const mig_discover_step *step = &result->steps[i];
        mig__json_item(&json, json_pack("{s:o, s:b, s:o}", "asked", mig__json_string(step->asked), "answered",
                                        step->answered, "came", mig__json_string(step->came)));
    }
    mig__json_end(&json);
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}
