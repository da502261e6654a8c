/* report/dedup_text.c - a search for doubles, for the terminal */
#include "report/numbers.h"
#include "report/verify_common.h"
#include <migrate/dedup.h>

static void add_messages(mig__buffer *out, uint64_t count)
{
    mig__add_count(out, count);
    mig__buffer_addf(out, " message%s", mig__plural(count));
}

static void add_found(mig__buffer *out, const mig_dedup_result *result)
{
    if (result->doubles == 0) {
        mig__buffer_add_text(out, "no message is there more often than it should be");
    } else {
        add_messages(out, result->doubles);
        mig__buffer_addf(out, " (");
        mig__add_octets(out, result->octets);
        mig__buffer_addf(out, ") %s there more often than %s should be", result->doubles == 1 ? "is" : "are",
                         result->doubles == 1 ? "it" : "they");
    }
}

static void add_verdict(mig__buffer *out, const mig_dedup_result *result)
{
    mig__add_inert(out, result->target);
    mig__buffer_add_text(out, ": ");
    if (result->status == MIG_FAILED || result->status == MIG_INTERRUPTED) {
        mig__buffer_add_text(out, "NOT looked at to the end. So far: ");
    }
    if (result->mode == MIG_DEDUP_UNDO) {
        add_messages(out, result->returned);
        mig__buffer_add_text(out, " brought back");
    } else {
        add_found(out, result);
    }
    if (result->mode == MIG_DEDUP_LOOK) {
        mig__buffer_add_text(out, result->doubles > 0 ? "; nothing was changed" : "");
    } else if (result->mode == MIG_DEDUP_APPLY && result->moved > 0) {
        mig__buffer_add_text(out, "; ");
        mig__add_count(out, result->moved);
        mig__buffer_add_text(out, " moved to '");
        mig__add_inert(out, result->place);
        mig__buffer_add_text(out, "'");
    }
    mig__buffer_add_text(out, ".\n");
}

static void add_rest(mig__buffer *out, const mig_dedup_result *result)
{
    if (result->resumed > 0) {
        mig__buffer_add_text(out, "An earlier run was cut off: what became of ");
        add_messages(out, result->resumed);
        mig__buffer_add_text(out, " was found out.\n");
    }
    if (result->open > 0) {
        mig__buffer_add_text(out, "An earlier run was cut off over ");
        add_messages(out, result->open);
        mig__buffer_add_text(out, ": --apply finds out what became of them, and goes on.\n");
    }
    if (result->gone > 0) {
        add_messages(out, result->gone);
        mig__buffer_add_text(out, " that had been moved, or were to be, are in neither folder any more: somebody took "
                                  "them away.\n");
    }
}

static void add_folder(mig__buffer *out, const mig_dedup_folder *folder)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    if (folder->doubles == 0 && folder->error == NULL) {
        return;
    }
    mig__buffer_add_text(out, "  ");
    mig__add_inert(out, folder->name);
    mig__buffer_add_text(out, ": ");
    if (folder->messages > 0) {
        mig__add_count(out, folder->doubles);
        mig__buffer_add_text(out, " too many of ");
        add_messages(out, folder->messages);
        if (folder->moved > 0) {
            mig__buffer_add_text(out, ", ");
            mig__add_count(out, folder->moved);
            mig__buffer_add_text(out, " moved");
        }
        mig__buffer_add_text(out, folder->error != NULL ? "; " : "");
    }
    if (folder->error != NULL) {
        mig__add_inert(out, mig_error_line(folder->error, line, sizeof line));
    }
    mig__buffer_add_text(out, "\n");
}

static void add_next(mig__buffer *out, const mig_dedup_result *result)
{
    if (result->mode == MIG_DEDUP_LOOK && result->doubles + result->open > 0) {
        mig__buffer_add_text(out, "Next: the same with --apply moves them to '");
        mig__add_inert(out, result->place);
        mig__buffer_add_text(out, "'; nothing is deleted.\n");
    } else if (result->away > 0) {
        mig__buffer_add_text(out, "In '");
        mig__add_inert(out, result->place);
        mig__buffer_add_text(out, "' by these moves: ");
        add_messages(out, result->away);
        mig__buffer_add_text(out, ". --undo brings them back; delete the folder when nobody misses them.\n");
    }
}

int mig_report_dedup_text(const mig_dedup_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    add_verdict(&paper.line, result);
    add_rest(&paper.line, result);
    mig__paper_send(&paper);
    for (size_t i = 0; i < result->folder_count; i++) {
        add_folder(&paper.line, &result->folders[i]);
        mig__paper_send(&paper);
    }
    add_next(&paper.line, result);
    return mig__paper_finish(&paper, "summary", err);
}
