/* report/filters_text.c - the work on an account's filters, for people: verdict, scripts with their notes, activation
 */
#include "report/filters_common.h"
#include "report/numbers.h"
#include <migrate/format.h>
#include <string.h>

static void add_text(mig__buffer *out, const char *text)
{
    char inert[1024];
    mig__buffer_add_text(out, mig_format_text(text, inert, sizeof inert));
}

static void add_quoted(mig__buffer *out, const char *text)
{
    mig__buffer_add_char(out, '"');
    add_text(out, text);
    mig__buffer_add_char(out, '"');
}

static size_t count_of(const mig_filters_result *result, mig_filter_outcome outcome)
{
    size_t count = 0;
    for (size_t i = 0; i < result->filter_count; i++) {
        count += result->filters[i].outcome == outcome;
    }
    return count;
}

/* ---- the verdict ---- */

/* Each outcome that there is, with its number, in words. */
static void add_counts(mig__buffer *out, const mig_filters_result *result)
{
    static const char *const words[MIG_FILTER_OUTCOME_COUNT] = {"not come to",      "read",      "fit",    "put",
                                                                "there already",    "NOT put",   "failed", "identical",
                                                                "as they were put", "DIFFERENT", "MISSING"};
    bool first = true;
    for (int outcome = MIG_FILTER_OUTCOME_COUNT - 1; outcome >= 0; outcome--) {
        const size_t count = count_of(result, (mig_filter_outcome)outcome);
        if (count > 0) {
            mig__buffer_addf(out, "%s%zu %s", first ? "" : ", ", count, words[outcome]);
            first = false;
        }
    }
}

static void add_verdict(mig__buffer *out, const mig_filters_result *result)
{
    add_text(out, result->source);
    if (result->target != NULL) {
        mig__buffer_add_text(out, " -> ");
        add_text(out, result->target);
    }
    mig__buffer_addf(out, ": %zu filter script%s", result->filter_count, mig__plural(result->filter_count));
    if (result->filter_count > 0) {
        mig__buffer_add_text(out, ": ");
        add_counts(out, result);
    }
    mig__buffer_add_text(out,
                         result->dry_run || result->verb == MIG_FILTERS_CHECK ? "; nothing was changed.\n" : ".\n");
}

/* ---- scripts ---- */

static const char *outcome_words(const mig_filter *filter)
{
    switch (filter->outcome) {
    case MIG_FILTER_READ:
        return "read";
    case MIG_FILTER_FITS:
        return "would be put";
    case MIG_FILTER_PUT:
        return filter->replaced ? "put, in place of other content" : "put";
    case MIG_FILTER_THERE:
        return "there already";
    case MIG_FILTER_BLOCKED:
        return "NOT put";
    case MIG_FILTER_FAILED:
        return "failed";
    case MIG_FILTER_IDENTICAL:
        return "identical";
    case MIG_FILTER_AS_PUT:
        return "as it was put, with other folder names";
    case MIG_FILTER_DIFFERENT:
        return "DIFFERENT";
    case MIG_FILTER_MISSING:
        return "MISSING on the target";
    default:
        return "not come to";
    }
}

static void add_filter(mig__buffer *out, const mig_filter *filter)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig__buffer_add_text(out, "  ");
    add_quoted(out, filter->name);
    mig__buffer_addf(out, "%s: %s", filter->active ? " (active on the source)" : "", outcome_words(filter));
    if (filter->rewritten && filter->outcome != MIG_FILTER_AS_PUT) {
        mig__buffer_add_text(out, ", with the target's folder names");
    }
    if (filter->target_name != NULL && strcmp(filter->target_name, filter->name) != 0) {
        mig__buffer_add_text(out, ", on the target as ");
        add_quoted(out, filter->target_name);
    }
    mig__buffer_add_char(out, '\n');
    if (filter->error.code != MIG_OK) {
        mig__buffer_add_text(out, "    ");
        add_text(out, mig_error_line(&filter->error, line, sizeof line));
        mig__buffer_add_char(out, '\n');
    }
    for (size_t i = 0; i < filter->note_count; i++) {
        const mig_filter_note *note = &filter->notes[i];
        mig__buffer_addf(out, note->line > 0 ? "    line %u: " : "    ", note->line);
        add_text(out, note->text);
        mig__buffer_add_char(out, '\n');
    }
}

/* ---- what is active ---- */

static void add_activation(mig__buffer *out, const mig_filters_result *result)
{
    static const char *const words[] = {
        [MIG_FILTERS_NOT_ASKED] = NULL,
        [MIG_FILTERS_NONE_ACTIVE] = "No script is active on the source: none was made active",
        [MIG_FILTERS_ACTIVATED] = "It was made active on the target",
        [MIG_FILTERS_ACTIVE_ALREADY] = "It is active on the target already",
        [MIG_FILTERS_HELD_BACK] = "NOTHING was made active on the target",
        [MIG_FILTERS_WOULD_ACTIVATE] = "It would be made active on the target",
        [MIG_FILTERS_REFUSED] = "The target did NOT make it active",
    };
    if (!result->target_known) {
        return;
    }
    mig__buffer_add_text(out, "Active on the source: ");
    if (result->source_active != NULL) {
        add_quoted(out, result->source_active);
    } else {
        mig__buffer_add_text(out, "none that is known");
    }
    mig__buffer_add_text(out, "; on the target: ");
    if (result->target_active != NULL) {
        add_quoted(out, result->target_active);
    } else {
        mig__buffer_add_text(out, "none");
    }
    mig__buffer_add_text(out, ".\n");
    if (words[result->activation] != NULL) {
        mig__buffer_add_text(out, words[result->activation]);
        if (result->activation_why != NULL) {
            mig__buffer_add_text(out, ": ");
            add_text(out, result->activation_why);
        }
        mig__buffer_add_text(out, ".\n");
    }
}

void mig__filters_text(mig__buffer *out, const mig_filters_result *result)
{
    add_verdict(out, result);
    for (size_t i = 0; i < result->filter_count; i++) {
        add_filter(out, &result->filters[i]);
    }
    if (result->folders_why != NULL) {
        mig__buffer_add_text(out, "Folder names were NOT held against the target: ");
        add_text(out, result->folders_why);
        mig__buffer_add_text(out, ".\n");
    }
    add_activation(out, result);
    for (size_t i = 0; i < result->other_count; i++) {
        mig__buffer_add_text(out, i == 0 ? "Only on the target: " : ", ");
        add_quoted(out, result->others[i]);
    }
    mig__buffer_add_text(out, result->other_count > 0 ? ".\n" : "");
}

int mig_report_filters_text(const mig_filters_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__buffer out = MIG__BUFFER_INIT;
    mig__filters_text(&out, result);
    int failed = mig__buffer_ok(&out, err);
    if (failed == 0 && sink(out.data, out.length, context) != 0) {
        failed = mig_error_set(err, MIG_E_IO, "the summary could not be written");
    }
    mig__buffer_free(&out);
    return failed;
}
