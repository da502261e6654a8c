/*
 * sieve/put.c - each script onto the target: judged, checked, put, read back, recorded; then what is active there
 *
 * A script of the target is never lost: other content under the same name stays, and ours gets another name, unless it
 * is what an earlier run put there, or --replace. What is active there changes only where activation is allowed.
 */
#include "sieve/work.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int note(mig_filter *filter, mig_filter_concern concern, mig_filter_weight weight, unsigned line,
                const char *text, mig_error *err)
{
    return mig__sieve_note(&filter->notes, &filter->note_count, concern, weight, line, err, "%s", text);
}

static void fail(mig_filter *filter, mig_filter_outcome outcome, const mig_error *error)
{
    filter->outcome = outcome;
    filter->error = *error;
}

/* What ends the account rather than the script. */
static bool is_fatal(const mig__sieve_work *work, const mig_error *error)
{
    return (work->sessions[MIG_TARGET] != NULL && mig__sieve_lost(work->sessions[MIG_TARGET])) ||
           error->code == MIG_E_NOMEM || error->code == MIG_E_INTERRUPTED;
}

static int give_up(const mig_error *error, mig_error *err)
{
    if (err != NULL) {
        *err = *error;
    }
    return -1;
}

/* ---- which name, and whether anything is to do ---- */

typedef struct choice {
    bool there;   /* the same octets stand there already */
    bool replace; /* other octets do, and go */
    char name[1100];
} choice;

/* 1: the target has these octets under the name; 0: others; -1. `digest` is of what it has. */
static int compare(mig__sieve_work *work, const char *name, const mig__buffer *wanted, char digest[65], mig_error *err)
{
    mig__buffer found = MIG__BUFFER_INIT;
    int status = mig__sieve_get(work->sessions[MIG_TARGET], name, &found, err);
    if (status == 0 && mig__sieve_digest(&found, digest, err) == 0) {
        status = found.length == wanted->length &&
                 (found.length == 0 || memcmp(found.data, wanted->data, found.length) == 0);
    }
    mig__buffer_free(&found);
    return status;
}

static bool is_active(const mig__sieve_work *work, const char *name)
{
    const mig__sieve_listing *listing = &work->listings[MIG_TARGET];
    return listing->active != (size_t)-1 && strcmp(listing->names[listing->active], name) == 0;
}

/* The next name that is not taken, or that has the wanted octets already. */
static int other_name(mig__sieve_work *work, const char *name, const mig__buffer *wanted, choice *out, mig_error *err)
{
    for (unsigned n = 2;; n++) {
        char digest[65];
        snprintf(out->name, sizeof out->name, "%.1000s (%u)", name, n);
        if (!mig__sieve_on_target(work, out->name)) {
            return 0;
        }
        int same = compare(work, out->name, wanted, digest, err);
        if (same != 0) {
            out->there = same > 0;
            return same > 0 ? 0 : -1;
        }
    }
}

static int choose(mig__sieve_work *work, const mig_filter *filter, const mig__buffer *wanted, choice *out,
                  mig_error *err)
{
    const mig__sieve_record *record = mig__sieve_records_find(&work->records, filter->name);
    const char *name = record != NULL && mig__sieve_on_target(work, record->target) ? record->target : filter->name;
    char digest[65] = "";
    *out = (choice){.there = false};
    snprintf(out->name, sizeof out->name, "%.1000s", name);
    if (!mig__sieve_on_target(work, name)) {
        return 0;
    }
    int same = compare(work, name, wanted, digest, err);
    if (same != 0) {
        out->there = same > 0;
        return same > 0 ? 0 : -1;
    }
    const bool ours = record != NULL && strcmp(record->target, name) == 0 && strcmp(record->put_digest, digest) == 0;
    /* New content under an active name acts at once. */
    if ((ours || work->options.replace) && (!is_active(work, name) || work->may_activate)) {
        out->replace = true;
        return 0;
    }
    return other_name(work, filter->name, wanted, out, err);
}

/* ---- putting one ---- */

static int make_wanted(mig__sieve_work *work, mig_filter *filter, mig__sieve_content *text, mig_error *err)
{
    mig__buffer_clear(&text->wanted);
    filter->rewritten = work->options.map_folders && text->parsed && text->judgement.edit_count > 0;
    if (filter->rewritten) {
        return mig__sieve_rewrite(text->source.data, text->source.length, &text->judgement, &text->wanted, err);
    }
    mig__buffer_add(&text->wanted, text->source.data != NULL ? text->source.data : "", text->source.length);
    return mig__buffer_ok(&text->wanted, err);
}

static bool blocked(const mig_filter *filter)
{
    for (size_t i = 0; i < filter->note_count; i++) {
        if (filter->notes[i].weight == MIG_FILTER_BLOCKS) {
            return true;
        }
    }
    return false;
}

static int add_warning(mig_filter *filter, const char *warning, mig_error *err)
{
    return warning[0] == '\0' ? 0 : note(filter, MIG_FILTER_WARNING, MIG_FILTER_ATTENTION, 0, warning, err);
}

/* It is on the target under that name when what is read back is what was sent. */
static int prove(mig__sieve_work *work, mig_filter *filter, const choice *where, const mig__buffer *wanted,
                 mig_error *err)
{
    int same = compare(work, where->name, wanted, filter->put_digest, err);
    if (same == 0) {
        mig_error_set(err, MIG_E_LOST, "the target answered that the script \"%s\" is stored, and gives another one",
                      where->name);
    }
    return same > 0 ? 0 : -1;
}

static int record(mig__sieve_work *work, const mig_filter *filter, mig_error *err)
{
    mig__sieve_record it = {filter->name, filter->target_name, "", ""};
    if (work->state == NULL) {
        return 0;
    }
    memcpy(it.source_digest, filter->digest, sizeof it.source_digest);
    memcpy(it.put_digest, filter->put_digest, sizeof it.put_digest);
    return mig__sieve_records_add(work->state, work->run, &it, err);
}

static int put(mig__sieve_work *work, mig_filter *filter, const choice *where, const mig__buffer *wanted,
               mig_error *err)
{
    char warning[1000];
    mig__sieve_session *session = work->sessions[MIG_TARGET];
    const char *octets = wanted->data != NULL ? wanted->data : "";
    if (mig__sieve_have_space(session, where->name, wanted->length, err) != 0 ||
        mig__sieve_put(session, where->name, octets, wanted->length, warning, sizeof warning, err) != 0 ||
        add_warning(filter, warning, err) != 0 || prove(work, filter, where, wanted, err) != 0) {
        return -1;
    }
    filter->outcome = MIG_FILTER_PUT;
    filter->replaced = where->replace;
    return 0;
}

static int only_check(mig__sieve_work *work, mig_filter *filter, const mig__buffer *wanted, mig_error *err)
{
    char warning[1000];
    mig__sieve_session *session = work->sessions[MIG_TARGET];
    filter->outcome = MIG_FILTER_FITS;
    if (mig__sieve_capabilities(session)->version == NULL) { /* RFC 5804 section 1.7: CHECKSCRIPT came with it */
        return 0;
    }
    return mig__sieve_check(session, wanted->data != NULL ? wanted->data : "", wanted->length, warning, sizeof warning,
                            err) != 0
               ? -1
               : add_warning(filter, warning, err);
}

static int carry(mig__sieve_work *work, mig_filter *filter, mig__sieve_content *text, mig_error *err)
{
    choice where;
    if (make_wanted(work, filter, text, err) != 0 || choose(work, filter, &text->wanted, &where, err) != 0 ||
        mig__sieve_set(&filter->target_name, where.name, err) != 0) {
        return -1;
    }
    if (where.there) {
        filter->outcome = MIG_FILTER_THERE;
        if (mig__sieve_digest(&text->wanted, filter->put_digest, err) != 0) {
            return -1;
        }
        return mig__sieve_dry(work) ? 0 : record(work, filter, err);
    }
    if (mig__sieve_dry(work)) {
        filter->replaced = where.replace;
        return only_check(work, filter, &text->wanted, err);
    }
    return put(work, filter, &where, &text->wanted, err) != 0 ? -1 : record(work, filter, err);
}

static int work_on(mig__sieve_work *work, size_t index, mig_error *err)
{
    mig_filter *filter = &work->result->filters[index];
    mig__sieve_content *text = &work->kept->texts[index];
    mig_error error = MIG_ERROR_INIT;
    if (!text->read) {
        return 0; /* its error stands there already */
    }
    if (blocked(filter)) {
        filter->outcome = MIG_FILTER_BLOCKED;
        return 0;
    }
    if (carry(work, filter, text, &error) == 0) {
        return 0;
    }
    if (is_fatal(work, &error)) {
        return give_up(&error, err);
    }
    fail(filter, error.code == MIG_E_NO ? MIG_FILTER_BLOCKED : MIG_FILTER_FAILED, &error);
    return 0;
}

/* ---- names that changed under those who include them ---- */

static int note_renamed(mig__sieve_work *work, mig_error *err)
{
    mig_filters_result *result = work->result;
    for (size_t i = 0; i < result->filter_count; i++) {
        const mig__sieve_judgement *judgement = &work->kept->texts[i].judgement;
        for (size_t n = 0; n < judgement->include_count; n++) {
            for (size_t k = 0; k < result->filter_count; k++) {
                const mig_filter *other = &result->filters[k];
                if (other->target_name != NULL && strcmp(other->name, judgement->includes[n]) == 0 &&
                    strcmp(other->name, other->target_name) != 0 &&
                    mig__sieve_note(&result->filters[i].notes, &result->filters[i].note_count, MIG_FILTER_INCLUDE,
                                    MIG_FILTER_ATTENTION, judgement->include_lines[n], err,
                                    "it includes \"%s\", which is \"%s\" on the target: another script has the name",
                                    other->name, other->target_name) != 0) {
                    return -1;
                }
            }
        }
    }
    return 0;
}

/* ---- what is active ---- */

static const mig_filter *active_one(const mig_filters_result *result)
{
    for (size_t i = 0; i < result->filter_count; i++) {
        if (result->filters[i].active) {
            return &result->filters[i];
        }
    }
    return NULL;
}

static int say(mig__sieve_work *work, mig_filters_activation what, const char *why, mig_error *err)
{
    work->result->activation = what;
    return why == NULL ? 0 : mig__sieve_set(&work->result->activation_why, why, err);
}

/* The server's list has the last word. */
static int make_active(mig__sieve_work *work, const mig_filter *filter, mig_error *err)
{
    mig__sieve_session *session = work->sessions[MIG_TARGET];
    mig_error error = MIG_ERROR_INIT;
    if (mig__sieve_activate(session, filter->target_name, &error) != 0) {
        work->attention = true;
        return is_fatal(work, &error) ? give_up(&error, err) : say(work, MIG_FILTERS_REFUSED, error.server, err);
    }
    mig__sieve_listing_clear(&work->listings[MIG_TARGET]);
    if (mig__sieve_list(session, &work->listings[MIG_TARGET], err) != 0) {
        return -1;
    }
    if (!is_active(work, filter->target_name)) {
        work->attention = true;
        return say(work, MIG_FILTERS_REFUSED, "the server says OK, and its list says that it is not active", err);
    }
    return mig__sieve_set(&work->result->target_active, filter->target_name, err) != 0
               ? -1
               : say(work, MIG_FILTERS_ACTIVATED, NULL, err);
}

static int activate(mig__sieve_work *work, mig_error *err)
{
    const mig_filter *filter = active_one(work->result);
    if (!work->options.activate) {
        return 0;
    }
    if (filter == NULL) {
        return work->options.source.directory != NULL
                   ? say(work, MIG_FILTERS_NONE_ACTIVE, "which of the files is active is not known", err)
                   : say(work, MIG_FILTERS_NONE_ACTIVE, NULL, err);
    }
    const bool there =
        filter->outcome == MIG_FILTER_PUT || filter->outcome == MIG_FILTER_THERE || filter->outcome == MIG_FILTER_FITS;
    if (there && is_active(work, filter->target_name)) {
        return say(work, MIG_FILTERS_ACTIVE_ALREADY, NULL, err);
    }
    if (!work->may_activate || !there) {
        work->attention = true;
        return say(work, MIG_FILTERS_HELD_BACK, there ? NULL : "the active script is not on the target", err);
    }
    return mig__sieve_dry(work) ? say(work, MIG_FILTERS_WOULD_ACTIVATE, NULL, err) : make_active(work, filter, err);
}

int mig__sieve_put_all(mig__sieve_work *work, mig_error *err)
{
    if (mig__sieve_may_activate(work, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < work->result->filter_count; i++) {
        if (mig__sieve_stopping(work, err) || work_on(work, i, err) != 0) {
            return -1;
        }
    }
    return note_renamed(work, err) != 0 ? -1 : activate(work, err);
}
