/* sieve/compare.c - verification: both sides are read, and compared octet by octet; what was put comes from the state
 */
#include "sieve/work.h"
#include <string.h>

static void fail(mig_filter *filter, const mig_error *error)
{
    filter->outcome = MIG_FILTER_FAILED;
    filter->error = *error;
}

/* Folder names that were rewritten make other octets: those that were put from the very source that there is now. */
static mig_filter_outcome judge(const mig_filter *filter, const mig__sieve_record *record)
{
    if (strcmp(filter->digest, filter->put_digest) == 0) {
        return MIG_FILTER_IDENTICAL;
    }
    const bool as_put = record != NULL && strcmp(record->target, filter->target_name) == 0 &&
                        strcmp(record->put_digest, filter->put_digest) == 0 &&
                        strcmp(record->source_digest, filter->digest) == 0;
    return as_put ? MIG_FILTER_AS_PUT : MIG_FILTER_DIFFERENT;
}

static int compare(mig__sieve_work *work, mig_filter *filter, mig_error *err)
{
    const mig__sieve_record *record = mig__sieve_records_find(&work->records, filter->name);
    const char *name = record != NULL && mig__sieve_on_target(work, record->target) ? record->target : filter->name;
    mig__buffer found = MIG__BUFFER_INIT;
    if (!mig__sieve_on_target(work, name)) {
        filter->outcome = MIG_FILTER_MISSING;
        return 0;
    }
    if (mig__sieve_set(&filter->target_name, name, err) != 0) {
        return -1;
    }
    int status = mig__sieve_get(work->sessions[MIG_TARGET], name, &found, err);
    if (status == 0) {
        status = mig__sieve_digest(&found, filter->put_digest, err);
    }
    mig__buffer_free(&found);
    if (status == 0) {
        filter->outcome = judge(filter, record);
        filter->rewritten = filter->outcome == MIG_FILTER_AS_PUT;
    }
    return status;
}

int mig__sieve_compare_all(mig__sieve_work *work, mig_error *err)
{
    for (size_t i = 0; i < work->result->filter_count; i++) {
        mig_filter *filter = &work->result->filters[i];
        mig_error error = MIG_ERROR_INIT;
        if (mig__sieve_stopping(work, err)) {
            return -1;
        }
        if (!work->kept->texts[i].read || compare(work, filter, &error) == 0) {
            continue;
        }
        if (mig__sieve_lost(work->sessions[MIG_TARGET]) || error.code == MIG_E_NOMEM) {
            if (err != NULL) {
                *err = error;
            }
            return -1;
        }
        fail(filter, &error);
    }
    return 0;
}
