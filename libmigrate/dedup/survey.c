/* dedup/survey.c - reading a mailbox as far as it takes to know its doubles */
#include "base/memory.h"
#include "dedup/job.h"
#include "imap/digests.h"
#include "mail/flags.h"
#include <stdlib.h>
#include <string.h>

void mig__dup_items_clear(mig__dup_folder *folder)
{
    for (size_t i = 0; i < folder->item_count; i++) {
        free(folder->items[i].flags);
    }
    free(folder->items);
    folder->items = NULL;
    folder->item_count = 0;
}

static int on_summary(const mig__response *response, void *context, mig_error *err)
{
    mig__dup_folder *folder = context;
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH || item->uid == 0 || !item->has_size) {
        return 0;
    }
    mig__dup_item *grown = mig__grow(folder->items, folder->item_count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    folder->items = grown;
    char *all = item->has_flags ? mig__flags_join(item->flags) : mig__strdup("");
    char *flags = all != NULL ? mig__flags_without(all, "\\Deleted") : NULL;
    free(all);
    grown[folder->item_count++] = (mig__dup_item){.uid = item->uid, .size = item->size, .flags = flags};
    return flags != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int by_uid(const void *a, const void *b)
{
    const mig__dup_item *x = a, *y = b;
    return (x->uid > y->uid) - (x->uid < y->uid);
}

/* A server may tell of a message twice. */
static void sort_items(mig__dup_folder *folder)
{
    size_t kept = 0;
    if (folder->item_count > 0) {
        qsort(folder->items, folder->item_count, sizeof *folder->items, by_uid);
    }
    for (size_t i = 0; i < folder->item_count; i++) {
        if (kept > 0 && folder->items[kept - 1].uid == folder->items[i].uid) {
            free(folder->items[i].flags);
        } else {
            folder->items[kept++] = folder->items[i];
        }
    }
    folder->item_count = kept;
}

static int on_content(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    mig__dup_folder *folder = context;
    const mig__dup_item key = {.uid = item->uid};
    mig__dup_item *found = bsearch(&key, folder->items, folder->item_count, sizeof key, by_uid);
    (void)err;
    if (found != NULL) {
        found->has_digest = true;
        found->digest = *digest;
    }
    return 0;
}

static int list_summaries(mig__session *session, mig__dup_folder *folder, uint32_t exists, mig_error *err)
{
    mig__uidset all = MIG__UIDSET_INIT;
    int outcome = mig__uidset_add(&all, 1, UINT32_MAX, err);
    if (outcome == 0) {
        mig__command *command =
            mig__fetch(session, &all, MIG__FETCH_SIZE | MIG__FETCH_FLAGS, 0, on_summary, folder, err);
        outcome = mig__command_outcome(session, command, err);
    }
    mig__uidset_free(&all);
    sort_items(folder);
    if (outcome == 0 && folder->item_count < exists) {
        mig_error_set(err, MIG_E_PROTOCOL, "the server lists %zu of %u messages", folder->item_count, exists);
        return 1;
    }
    return outcome;
}

static int read_candidates(mig__session *session, mig__dup_survey *survey, mig_error *err)
{
    mig__dup_folder *folder = survey->folder;
    mig_dedup_folder *out = &survey->run->result->folders[folder->index];
    mig__uidset candidates = MIG__UIDSET_INIT;
    mig__dup_assign(folder->items, folder->item_count, folder->rows, folder->row_count);
    int outcome = mig__dup_candidates(folder->items, folder->item_count, folder->rows, &candidates, err);
    if (outcome == 0 && candidates.count > 0) {
        outcome = mig__fetch_digests(session, &candidates, MIG__FETCH_BODY, on_content, folder, err);
    }
    out->messages = folder->item_count;
    out->read = out->unread = 0;
    for (size_t i = 0; i < folder->item_count; i++) {
        const bool wanted = mig__uidset_has(&candidates, folder->items[i].uid);
        out->read += folder->items[i].has_digest;
        out->unread += wanted && !folder->items[i].has_digest;
    }
    mig__uidset_free(&candidates);
    return outcome;
}

int mig__dup_survey_folder(mig__session *session, void *context, mig_error *err)
{
    mig__dup_survey *survey = context;
    mig__dup_folder *folder = survey->folder;
    mig__selected selected = {0};
    mig__dup_items_clear(folder);
    int outcome = mig__command_outcome(session, mig__select(session, folder->wire, true, &selected, err), err);
    const uint32_t exists = selected.exists, uidvalidity = selected.uidvalidity;
    mig__selected_free(&selected);
    if (outcome == 0 && uidvalidity != folder->uidvalidity) {
        mig_error_set(err, MIG_E_REFUSED, "it has another UIDVALIDITY than the record: nothing was looked at");
        mig_error_hint(err, "copy once more: that finds its messages by content");
        return 1;
    }
    if (outcome != 0 || exists == 0) {
        return outcome;
    }
    outcome = list_summaries(session, folder, exists, err);
    outcome = outcome != 0 ? outcome : read_candidates(session, survey, err);
    return outcome != 0 ? outcome
                        : mig__dup_judge(folder->items, folder->item_count, folder->rows, folder->row_count,
                                         mig__dup_rewrites(folder->items, folder->item_count, folder->rows), err);
}
