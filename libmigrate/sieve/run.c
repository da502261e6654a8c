/* sieve/run.c - the story of an account's filters: both logins, folders, reading, judging, putting or comparing */
#include "sieve/work.h"
#include "base/clock.h"
#include "base/sized.h"
#include "sieve/source.h"
#include "sieve/words.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the others use ---- */

bool mig__sieve_dry(const mig__sieve_work *work)
{
    return work->options.verb != MIG_FILTERS_COPY || work->options.dry_run;
}

bool mig__sieve_stopping(const mig__sieve_work *work, mig_error *err)
{
    if (mig_stop_level(work->options.stop) == 0) {
        return false;
    }
    mig_error_set(err, MIG_E_INTERRUPTED, "stopped before the end: asked to stop");
    mig_error_hint(err, "run the same command again: it goes on");
    return true;
}

bool mig__sieve_on_target(const mig__sieve_work *work, const char *name)
{
    const mig__sieve_listing *listing = &work->listings[MIG_TARGET];
    for (size_t i = 0; i < listing->count; i++) {
        if (strcmp(listing->names[i], name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < work->result->filter_count; i++) { /* what this run put is there as well */
        const mig_filter *filter = &work->result->filters[i];
        if (filter->outcome == MIG_FILTER_PUT && strcmp(filter->target_name, name) == 0) {
            return true;
        }
    }
    return false;
}

int mig__sieve_digest(const mig__buffer *octets, char out[65], mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    if (mig__digest(octets->data != NULL ? octets->data : "", octets->length, digest, err) != 0) {
        return -1;
    }
    mig__hex(digest, out);
    return 0;
}

int mig__sieve_set(char **out, const char *text, mig_error *err)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    free(*out);
    *out = copy;
    return 0;
}

/* ---- the story ---- */

static bool has_target(const mig__sieve_work *work)
{
    return work->options.verb != MIG_FILTERS_EXPORT && work->options.target.endpoint != NULL;
}

static int open_side(mig__sieve_work *work, mig_side side, mig_error *err)
{
    if (mig__sieve_server(work, side, err) != 0) {
        return -1;
    }
    const mig__sieve_options how = {.endpoint = &work->endpoints[side],
                                    .stop = work->options.stop,
                                    .log = &work->options.log,
                                    .account = work->labels[side]};
    work->sessions[side] = mig__sieve_open(&how, err);
    if (work->sessions[side] == NULL) {
        if (err != NULL && err->code == MIG_E_CONNECT && err->hint[0] == '\0') {
            mig_error_hint(err,
                           "if ManageSieve is elsewhere, name it: --%s-sieve HOST; if there is none, `mailmigrate "
                           "filters export` writes the rules in words",
                           side == MIG_SOURCE ? "source" : "target");
        }
        return -1;
    }
    return mig__sieve_list(work->sessions[side], &work->listings[side], err);
}

static int open_both(mig__sieve_work *work, mig_error *err)
{
    const char *directory = work->options.source.directory;
    if (directory != NULL) {
        if (mig__sieve_files_list(directory, &work->listings[MIG_SOURCE], err) != 0) {
            return -1;
        }
    } else if (open_side(work, MIG_SOURCE, err) != 0) {
        return mig_error_context(err, "the source");
    }
    if (!has_target(work)) {
        return 0;
    }
    if (open_side(work, MIG_TARGET, err) != 0) {
        return mig_error_context(err, "the target");
    }
    const mig__sieve_listing *listing = &work->listings[MIG_TARGET];
    const char *who = mig__sieve_capabilities(work->sessions[MIG_TARGET])->implementation;
    work->result->target_known = true;
    if (who != NULL && mig__sieve_set(&work->result->implementation, who, err) != 0) {
        return -1;
    }
    return listing->active == (size_t)-1
               ? 0
               : mig__sieve_set(&work->result->target_active, listing->names[listing->active], err);
}

static int open_state(mig__sieve_work *work, mig_error *err)
{
    const mig_filters_options *options = &work->options;
    const bool writes = !mig__sieve_dry(work);
    if (options->state_path == NULL || !has_target(work)) {
        return 0;
    }
    if (!writes) { /* nothing is made; that there is none yet is no failure */
        mig_error error = MIG_ERROR_INIT;
        FILE *there = fopen(options->state_path, "r");
        if (there == NULL) {
            return 0;
        }
        fclose(there);
        work->state = mig__state_open(options->state_path, true, options->stop, &error);
        work->account = work->state != NULL ? mig__state_account(work->state, work->labels[MIG_SOURCE],
                                                                 work->labels[MIG_TARGET], &error)
                                            : 0;
        if (work->account > 0) {
            return mig__sieve_records_read(work->state, work->account, &work->records, err);
        }
        if (work->state != NULL) { /* the account is not in it */
            return 0;
        }
        if (err != NULL) {
            *err = error;
        }
        return -1;
    }
    work->state = mig__state_open(options->state_path, false, options->stop, err);
    if (work->state == NULL) {
        return -1;
    }
    work->account = mig__state_account(work->state, work->labels[MIG_SOURCE], work->labels[MIG_TARGET], err);
    if (work->account <= 0 || mig__sieve_records_read(work->state, work->account, &work->records, err) != 0) {
        return -1;
    }
    work->run = mig__state_run_begin(work->state, work->account, "filters", MIG_VERSION, err);
    return work->run > 0 ? 0 : -1;
}

/* What only the target has. */
static int take_others(mig__sieve_work *work, mig_error *err)
{
    const mig__sieve_listing *listing = &work->listings[MIG_TARGET];
    mig_filters_result *result = work->result;
    result->others = calloc(listing->count + 1, sizeof *result->others);
    if (result->others == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < listing->count; i++) {
        bool ours = false;
        for (size_t k = 0; k < result->filter_count; k++) {
            const char *name = result->filters[k].target_name;
            ours = ours || (name != NULL && strcmp(name, listing->names[i]) == 0);
        }
        if (!ours && mig__sieve_set(&result->others[result->other_count], listing->names[i], err) != 0) {
            return -1;
        }
        result->other_count += !ours;
    }
    return 0;
}

static int work_through(mig__sieve_work *work, mig_error *err)
{
    const bool judges = work->options.verb == MIG_FILTERS_CHECK || work->options.verb == MIG_FILTERS_COPY;
    if (open_state(work, err) != 0 || open_both(work, err) != 0 || mig__sieve_source_read(work, err) != 0) {
        return -1;
    }
    if (judges && mig__sieve_folders(work, err) != 0) {
        return -1;
    }
    if (mig__sieve_source_judge(work, err) != 0) {
        return -1;
    }
    if (!has_target(work)) {
        return 0;
    }
    if ((judges ? mig__sieve_put_all(work, err) : mig__sieve_compare_all(work, err)) != 0) {
        return -1;
    }
    return take_others(work, err);
}

/* ---- beginning and end ---- */

static bool is_fine(const mig_filter *filter)
{
    switch (filter->outcome) {
    case MIG_FILTER_NOT_DONE:
    case MIG_FILTER_BLOCKED:
    case MIG_FILTER_FAILED:
    case MIG_FILTER_DIFFERENT:
    case MIG_FILTER_MISSING:
        return false;
    default:
        break;
    }
    for (size_t i = 0; i < filter->note_count; i++) {
        if (filter->notes[i].weight != MIG_FILTER_NOTE) {
            return false;
        }
    }
    return true;
}

static void finish(mig__sieve_work *work, const mig_error *error)
{
    mig_filters_result *result = work->result;
    bool partial = work->attention;
    /* Verification and export say how things are, not what might differ. */
    for (size_t i = 0; i < result->filter_count; i++) {
        const mig_filter *filter = &result->filters[i];
        const bool judged = result->verb == MIG_FILTERS_CHECK || result->verb == MIG_FILTERS_COPY;
        partial =
            partial || (judged ? !is_fine(filter)
                               : filter->outcome == MIG_FILTER_FAILED || filter->outcome == MIG_FILTER_MISSING ||
                                     filter->outcome == MIG_FILTER_DIFFERENT || filter->outcome == MIG_FILTER_NOT_DONE);
    }
    result->error = *error;
    result->status = error->code == MIG_E_INTERRUPTED ? MIG_INTERRUPTED
                     : error->code != MIG_OK          ? MIG_FAILED
                     : partial                        ? MIG_PARTIAL
                                                      : MIG_COMPLETE;
    result->exit_status = error->code != MIG_OK ? mig_code_exit_status(error->code) : partial ? 1 : 0;
    result->finished = mig__wall_seconds();
}

static int end_state(mig__sieve_work *work, mig_error *err)
{
    uint64_t put = 0, failed = 0, octets = 0;
    for (size_t i = 0; i < work->result->filter_count; i++) {
        const mig_filter *filter = &work->result->filters[i];
        const bool done = filter->outcome == MIG_FILTER_PUT;
        put += done;
        octets += done ? work->kept->texts[i].wanted.length : 0;
        failed += filter->outcome == MIG_FILTER_FAILED || filter->outcome == MIG_FILTER_BLOCKED;
    }
    int status = work->run > 0 ? mig__state_run_end(work->state, work->run, mig_status_name(work->result->status), put,
                                                    failed, octets, err)
                               : 0;
    return mig__state_close(&work->state, err) != 0 ? -1 : status;
}

static int begin(mig__sieve_work *work, mig_error *err)
{
    const mig_filters_options *options = &work->options;
    const mig_filters_side *sides[2] = {&options->source, &options->target};
    char label[4200];
    size_t own = 0;
    for (int side = 0; side < 2; side++) {
        const mig_endpoint *endpoint = sides[side]->endpoint;
        if (endpoint == NULL) {
            continue;
        }
        mig_endpoint_label(endpoint, work->labels[side], sizeof work->labels[side]);
        if (endpoint->user != NULL && strchr(endpoint->user, '@') != NULL) {
            work->own[own++] = endpoint->user;
        }
        if (endpoint->authzid != NULL && strchr(endpoint->authzid, '@') != NULL) {
            work->own[own++] = endpoint->authzid;
        }
    }
    snprintf(label, sizeof label, "%s%.4096s", options->source.directory != NULL ? "sieve:" : "",
             options->source.directory != NULL ? options->source.directory : work->labels[MIG_SOURCE]);
    if (work->labels[MIG_SOURCE][0] == '\0') {
        mig__inert(label, strlen(label), work->labels[MIG_SOURCE], sizeof work->labels[MIG_SOURCE]);
    }
    return mig__sieve_set(&work->result->source, label, err) != 0 ||
                   (options->target.endpoint != NULL &&
                    mig__sieve_set(&work->result->target, work->labels[MIG_TARGET], err) != 0)
               ? -1
               : 0;
}

static void clear(mig__sieve_work *work)
{
    for (int side = 0; side < 2; side++) {
        mig__sieve_close(&work->sessions[side]);
        mig__sieve_listing_clear(&work->listings[side]);
        free(work->hosts[side]);
    }
    mig__sieve_folders_clear(work);
    mig__sieve_records_clear(&work->records);
}

static int check_options(const mig_filters_options *options, mig_error *err)
{
    const bool needs_target = options->verb == MIG_FILTERS_COPY || options->verb == MIG_FILTERS_VERIFY;
    if (options->source.endpoint == NULL && options->source.directory == NULL) {
        return mig_error_set(err, MIG_E_USAGE, "a source is needed");
    }
    return needs_target && options->target.endpoint == NULL ? mig_error_set(err, MIG_E_USAGE, "a target is needed") : 0;
}

mig_filters_result *mig_filters_run(const mig_filters_options *given, mig_error *err)
{
    mig__sieve_work work = {.records = MIG__SIEVE_RECORDS_INIT,
                            .listings = {MIG__SIEVE_LISTING_INIT, MIG__SIEVE_LISTING_INIT}};
    mig_error error = MIG_ERROR_INIT, late = MIG_ERROR_INIT;
    if (mig__sized_take(&work.options, sizeof work.options, given, "mig_filters_options", err) != 0 ||
        check_options(&work.options, err) != 0) {
        return NULL;
    }
    work.kept = calloc(1, sizeof *work.kept);
    if (work.kept == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    mig_filters_result *result = work.result = &work.kept->shown;
    result->verb = work.options.verb;
    result->dry_run = work.options.verb == MIG_FILTERS_COPY && work.options.dry_run;
    result->started = mig__wall_seconds();
    if (begin(&work, err) != 0) {
        mig_filters_result_free(&result);
        return NULL;
    }
    if (work_through(&work, &error) != 0 && error.code == MIG_OK) {
        mig_error_set(&error, MIG_E_INTERNAL, "the work on the filters failed without a reason");
    }
    finish(&work, &error);
    if (end_state(&work, &late) != 0 && error.code == MIG_OK) {
        finish(&work, &late);
    }
    clear(&work);
    return result;
}

const char *mig_filters_text(const mig_filters_result *result, size_t filter, size_t *length)
{
    const mig__sieve_kept *kept = (const mig__sieve_kept *)result;
    const mig__sieve_content *text = filter < result->filter_count ? &kept->texts[filter] : NULL;
    *length = text != NULL ? text->source.length : 0;
    if (text == NULL || !text->read) {
        return NULL;
    }
    return text->source.data != NULL ? text->source.data : "";
}

void mig_filters_result_free(mig_filters_result **result)
{
    mig__sieve_kept *kept = (mig__sieve_kept *)*result;
    if (kept == NULL) {
        return;
    }
    mig_filters_result *r = *result;
    for (size_t i = 0; i < r->filter_count; i++) {
        free(r->filters[i].name);
        free(r->filters[i].target_name);
        mig__sieve_notes_free(r->filters[i].notes, r->filters[i].note_count);
        mig__sieve_rules_free(r->filters[i].rules, r->filters[i].rule_count);
        mig__buffer_free(&kept->texts[i].source);
        mig__buffer_free(&kept->texts[i].wanted);
        mig__sieve_judgement_clear(&kept->texts[i].judgement);
    }
    for (size_t i = 0; i < r->other_count; i++) {
        free(r->others[i]);
    }
    free(r->filters);
    free(kept->texts);
    free(r->others);
    free(r->source);
    free(r->target);
    free(r->source_active);
    free(r->target_active);
    free(r->folders_why);
    free(r->activation_why);
    free(r->implementation);
    free(kept);
    *result = NULL;
}
