/*
 * state/selection.c - which folders and messages a run was told to look at, on record beside it
 *
 * A run over a part ends as "complete" as one over everything; who judges later what was done has to see the
 * difference.
 */
#include "state/selection.h"
#include "state/state.h"
#include <inttypes.h>

static void add_list(mig__buffer *out, const char *name, const char *const *list)
{
    for (; list != NULL && *list != NULL; list++) {
        mig__buffer_addf(out, "%s%s %s", out->length > 0 ? "; " : "", name, *list);
    }
}

void mig__selection_text(const mig_selection *selection, mig__buffer *out)
{
    static const char *const labels[] = {
        [MIG_LABELS_ALL] = "", [MIG_LABELS_FIRST] = "first", [MIG_LABELS_KEYWORD] = "keyword"};
    add_list(out, "folder", selection->folders);
    add_list(out, "exclude", selection->excludes);
    const char *const single[][2] = {{"since", selection->since}, {"before", selection->before}};
    for (size_t i = 0; i < 2; i++) {
        if (single[i][1] != NULL) {
            mig__buffer_addf(out, "%s%s %s", out->length > 0 ? "; " : "", single[i][0], single[i][1]);
        }
    }
    if (selection->max_size != 0) {
        mig__buffer_addf(out, "%smax-size %" PRIu64, out->length > 0 ? "; " : "", selection->max_size);
    }
    static const char *const junk[] = {
        [MIG_JUNK_COPY] = "", [MIG_JUNK_SKIP] = "skip", [MIG_JUNK_LAST] = "", [MIG_JUNK_MAX_AGE] = "max-age"};
    if (junk[selection->junk.what][0] != '\0') {
        mig__buffer_addf(out, "%sjunk %s", out->length > 0 ? "; " : "", junk[selection->junk.what]);
    }
    if (selection->junk.what == MIG_JUNK_MAX_AGE) {
        mig__buffer_addf(out, " %u", selection->junk.days);
    }
    if (selection->labels != MIG_LABELS_ALL) {
        mig__buffer_addf(out, "%slabels %s", out->length > 0 ? "; " : "", labels[selection->labels]);
    }
    if (selection->shared) {
        mig__buffer_addf(out, "%sshared", out->length > 0 ? "; " : "");
    }
}

int mig__state_run_selection(mig__state *state, int64_t run, const mig_selection *selection, mig_error *err)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__selection_text(selection, &text);
    int failed = mig__buffer_ok(&text, err);
    if (failed == 0 && text.length > 0) {
        failed = mig__state_event(state, run, "selection", 0, text.data, err);
    }
    mig__buffer_free(&text);
    return failed;
}
