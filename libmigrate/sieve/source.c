/* sieve/source.c - the scripts of the source: read, understood, judged, and put into the order of their includes */
#include "sieve/source.h"
#include "sieve/words.h"
#include <stdlib.h>
#include <string.h>

static int read_one(mig__sieve_work *work, mig_filter *filter, mig__sieve_content *text, mig_error *err)
{
    const char *directory = work->options.source.directory;
    mig_error error = MIG_ERROR_INIT;
    int status = directory != NULL ? mig__sieve_files_get(directory, filter->name, &text->source, &error)
                                   : mig__sieve_get(work->sessions[MIG_SOURCE], filter->name, &text->source, &error);
    if (status == 0 && mig__sieve_digest(&text->source, filter->digest, &error) == 0) {
        text->read = true;
        filter->octets = text->source.length;
        filter->outcome = MIG_FILTER_READ;
        return 0;
    }
    const bool lost = work->sessions[MIG_SOURCE] != NULL && mig__sieve_lost(work->sessions[MIG_SOURCE]);
    if (lost || error.code == MIG_E_NOMEM) {
        if (err != NULL) {
            *err = error;
        }
        return -1;
    }
    filter->outcome = MIG_FILTER_FAILED;
    filter->error = error;
    return 0;
}

int mig__sieve_source_read(mig__sieve_work *work, mig_error *err)
{
    const mig__sieve_listing *listing = &work->listings[MIG_SOURCE];
    mig_filters_result *result = work->result;
    result->filters = calloc(listing->count + 1, sizeof *result->filters);
    work->kept->texts = calloc(listing->count + 1, sizeof *work->kept->texts);
    if (result->filters == NULL || work->kept->texts == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < listing->count; i++) {
        mig_filter *filter = &result->filters[i];
        result->filter_count++;
        filter->active = i == listing->active;
        if (mig__sieve_set(&filter->name, listing->names[i], err) != 0 || mig__sieve_stopping(work, err) ||
            read_one(work, filter, &work->kept->texts[i], err) != 0) {
            return -1;
        }
    }
    return listing->active == (size_t)-1 ? 0
                                         : mig__sieve_set(&result->source_active, listing->names[listing->active], err);
}

/* ---- judging ---- */

static int judge_one(const mig__sieve_facts *facts, mig_filter *filter, mig__sieve_content *text, mig_error *err)
{
    mig__sieve_script script = MIG__SIEVE_SCRIPT_INIT;
    mig_error error = MIG_ERROR_INIT;
    const char *octets = text->source.data != NULL ? text->source.data : "";
    if (!text->read) {
        return 0;
    }
    if (mig__sieve_parse(octets, text->source.length, &script, &error) != 0) {
        return error.code == MIG_E_NOMEM
                   ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                   : mig__sieve_note(&filter->notes, &filter->note_count, MIG_FILTER_SYNTAX, MIG_FILTER_ATTENTION, 0,
                                     err, "it cannot be read, so nothing of it was looked at: %s", error.text);
    }
    int status = mig__sieve_judge(&script, facts, &text->judgement, err);
    if (status == 0) {
        status = mig__sieve_rules(&script, &filter->rules, &filter->rule_count, err);
        filter->worded = status == 0;
    }
    mig__sieve_script_clear(&script);
    /* The notes are the result's from here on. */
    filter->notes = text->judgement.notes;
    filter->note_count = text->judgement.note_count;
    text->judgement.notes = NULL;
    text->judgement.note_count = 0;
    text->parsed = status == 0;
    return status;
}

static size_t find(const mig_filters_result *result, const char *name)
{
    for (size_t i = 0; i < result->filter_count; i++) {
        if (strcmp(result->filters[i].name, name) == 0) {
            return i;
        }
    }
    return MIG__SIEVE_NONE;
}

/* Which scripts each includes, as a list for mig__sieve_order; what is not there is noted. */
static int needs_of(mig__sieve_work *work, size_t index, size_t **out, mig_error *err)
{
    mig_filter *filter = &work->result->filters[index];
    const mig__sieve_judgement *judgement = &work->kept->texts[index].judgement;
    size_t count = 0;
    *out = calloc(judgement->include_count + 1, sizeof **out);
    if (*out == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < judgement->include_count; i++) {
        const size_t other = find(work->result, judgement->includes[i]);
        if (other != MIG__SIEVE_NONE) {
            (*out)[count++] = other;
        } else if (mig__sieve_note(&filter->notes, &filter->note_count, MIG_FILTER_INCLUDE, MIG_FILTER_ATTENTION,
                                   judgement->include_lines[i], err, "it includes \"%s\", which is not there",
                                   judgement->includes[i]) != 0) {
            return -1;
        }
    }
    (*out)[count] = MIG__SIEVE_NONE;
    return 0;
}

static int arrange(mig__sieve_work *work, const size_t *order, const bool *circular, mig_error *err)
{
    mig_filters_result *result = work->result;
    const size_t count = result->filter_count;
    mig_filter *filters = calloc(count + 1, sizeof *filters);
    mig__sieve_content *texts = calloc(count + 1, sizeof *texts);
    if (filters == NULL || texts == NULL) {
        free(filters);
        free(texts);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        filters[i] = result->filters[order[i]];
        texts[i] = work->kept->texts[order[i]];
    }
    free(result->filters);
    free(work->kept->texts);
    result->filters = filters;
    work->kept->texts = texts;
    for (size_t i = 0; i < count; i++) {
        if (circular[order[i]] &&
            mig__sieve_note(&filters[i].notes, &filters[i].note_count, MIG_FILTER_INCLUDE, MIG_FILTER_ATTENTION, 0, err,
                            "it includes itself by way of others") != 0) {
            return -1;
        }
    }
    return 0;
}

static int put_in_order(mig__sieve_work *work, mig_error *err)
{
    const size_t count = work->result->filter_count;
    size_t **needs = calloc(count + 1, sizeof *needs);
    size_t *order = calloc(count + 1, sizeof *order);
    bool *circular = calloc(count + 1, sizeof *circular);
    int status =
        needs != NULL && order != NULL && circular != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = needs_of(work, i, &needs[i], err);
    }
    if (status == 0) {
        status = mig__sieve_order((const size_t *const *)needs, count, order, circular, err);
    }
    if (status == 0) {
        status = arrange(work, order, circular, err);
    }
    for (size_t i = 0; needs != NULL && i < count; i++) {
        free(needs[i]);
    }
    free(needs);
    free(order);
    free(circular);
    return status;
}

int mig__sieve_source_judge(mig__sieve_work *work, mig_error *err)
{
    const mig__sieve_facts facts = {.capability = work->sessions[MIG_TARGET] != NULL
                                                      ? mig__sieve_capabilities(work->sessions[MIG_TARGET])->sieve
                                                      : NULL,
                                    .folders = work->folders,
                                    .folder_count = work->folder_count,
                                    .folders_known = work->result->folders_known,
                                    .map_folders = work->options.map_folders,
                                    .own = work->own};
    for (size_t i = 0; i < work->result->filter_count; i++) {
        if (judge_one(&facts, &work->result->filters[i], &work->kept->texts[i], err) != 0) {
            return -1;
        }
    }
    return put_in_order(work, err);
}
