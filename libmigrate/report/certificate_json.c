/* report/certificate_json.c - the certificate as JSON: docs/schemas/certificate-1.json */
#include "report/certificate_common.h"
#include "report/json.h"

static json_t *moment(int64_t seconds)
{
    char text[MIG__ISO_SIZE];
    return seconds != 0 ? json_string(mig__iso_time(seconds, true, text)) : json_null();
}

/* Null: nothing was sent again. */
static json_t *mended_object(const mig_proof *proof)
{
    if (proof->mended_at == 0) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o, s:b}", "missing", mig__json_number(proof->mended_missing), "altered",
                     mig__json_number(proof->mended_altered), "last", moment(proof->mended_at), "read_back",
                     mig_proof_read_back(proof));
}

static json_t *run_object(const mig_proof_run *run)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o}", "verb", mig__json_string(run->verb),
                     "status", mig__json_string(run->status), "begun", moment(run->begun), "ended", moment(run->ended),
                     "version", mig__json_string(run->version), "host", mig__json_string(run->host), "uid",
                     (json_int_t)run->uid, "copied", mig__json_number(run->copied), "mended",
                     mig__json_number(run->mended), "failed", mig__json_number(run->failed), "root",
                     run->root[0] != '\0' ? mig__json_string(run->root) : json_null());
}

static json_t *account_object(const mig_proof *proof)
{
    json_t *runs = json_array();
    for (size_t i = 0; i < proof->run_count; i++) {
        json_array_append_new(runs, run_object(&proof->runs[i]));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "source",
                     mig__json_string(proof->source), "target", mig__json_string(proof->target), "state_file",
                     mig__json_string(proof->path), "error", mig__json_error(&proof->error), "folders",
                     mig__json_number(proof->folders), "messages", mig__json_number(proof->messages), "bytes",
                     mig__json_number(proof->octets), "failed", mig__json_number(proof->failed), "in_flight",
                     mig__json_number(proof->in_flight), "vanished", mig__json_number(proof->vanished), "withheld",
                     mig__json_number(proof->withheld), "mended", mended_object(proof), "runs", runs);
}

static json_t *domain_object(const mig_domain_record *record)
{
    return json_pack("{s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "domain", mig__json_string(record->name), "looked_at",
                     record->there, "settled", record->settled, "at", moment(record->at), "settled_since",
                     moment(record->settled_since), "resolver", mig__json_string(record->resolver), "mx",
                     mig__json_string(record->mx), "open", mig__json_string(record->open));
}

int mig_report_certificate_json(const mig_certificate *certificate, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__json json = {.sink = sink, .context = context};
    mig__json_document(&json, "mailmigrate.certificate/1");
    mig__json_add(&json, "made", moment(certificate->made));
    mig__json_add_flag(&json, "may_be_switched_off", certificate->missing_count == 0);
    mig__json_add_text(&json, "version", MIG_VERSION);
    mig__json_begin_member(&json, "missing", '[');
    for (size_t i = 0; i < certificate->missing_count; i++) {
        mig__json_item(&json, json_pack("{s:o, s:o}", "subject", mig__json_string(certificate->missing[i].subject),
                                        "text", mig__json_string(certificate->missing[i].text)));
    }
    mig__json_end(&json);
    mig__json_begin_member(&json, "domains", '[');
    for (size_t i = 0; i < certificate->domain_count; i++) {
        mig__json_item(&json, domain_object(&certificate->domains[i]));
    }
    mig__json_end(&json);
    mig__json_begin_member(&json, "accounts", '[');
    for (size_t i = 0; i < certificate->proof_count && !json.refused; i++) {
        mig__json_item(&json, account_object(certificate->proofs[i]));
    }
    mig__json_end(&json);
    mig__json_end(&json);
    return mig__json_finish(&json, err);
}
