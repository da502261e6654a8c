/* sieve/folders.c - what the folders of the source are called on the target, for the names in scripts */
#include "sieve/work.h"
#include "account/sides.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

static int add_folder(mig__sieve_work *work, const char *source, const char *target, bool exists, mig_error *err)
{
    mig__sieve_folder *folders = mig__grow(work->folders, work->folder_count, sizeof *folders, err);
    if (folders == NULL) {
        return -1;
    }
    work->folders = folders;
    folders[work->folder_count++] = (mig__sieve_folder){source, target, exists};
    return 0;
}

/* The map's entries, and what only the target has. */
static int gather(mig__sieve_work *work, mig_error *err)
{
    const mig__mailbox_list *from = &work->accounts[MIG_SOURCE].mailboxes;
    const mig__mailbox_list *to = &work->accounts[MIG_TARGET].mailboxes;
    int status = 0;
    if (work->accounts[MIG_SOURCE].endpoint != NULL) {
        status = mig__pair_map(work->accounts, &work->options.selection, &work->map, err);
    }
    for (size_t i = 0; status == 0 && i < work->map.count; i++) {
        const mig__map_entry *entry = &work->map.entries[i];
        status =
            add_folder(work, from->items[entry->source].name, entry->target, entry->existing != MIG__NO_FOLDER, err);
    }
    for (size_t i = 0; status == 0 && i < to->count; i++) {
        status = add_folder(work, NULL, to->items[i].name, mig__sides_selectable(&to->items[i]), err);
    }
    return status;
}

static void init_side(mig__sieve_work *work, mig_side side)
{
    const mig_filters_side *given = side == MIG_SOURCE ? &work->options.source : &work->options.target;
    const mig__account_options options = {.endpoint = given->no_imap ? NULL : given->endpoint,
                                          .provider = work->options.providers[side],
                                          .log = &work->options.log,
                                          .stop = work->options.stop,
                                          .patience_ms = work->options.patience_ms};
    mig__account_init(&work->accounts[side], &options);
}

int mig__sieve_folders(mig__sieve_work *work, mig_error *err)
{
    const mig_filters_options *options = &work->options;
    mig_error error = MIG_ERROR_INIT;
    init_side(work, MIG_SOURCE);
    init_side(work, MIG_TARGET);
    work->imap_open = true;
    if (work->accounts[MIG_TARGET].endpoint == NULL) {
        return mig__sieve_set(&work->result->folders_why, "the target's IMAP server is not named", err);
    }
    if (work->accounts[MIG_SOURCE].endpoint == NULL && options->source.directory == NULL) {
        return mig__sieve_set(&work->result->folders_why, "the source's IMAP server is not named", err);
    }
    const mig__pair_opening how = {.patience = MIG__PATIENCE_FIRST, .status = false, .context = work};
    if (mig__pair_open(work->accounts, &how, work->imap, &error) == 0 && gather(work, &error) == 0) {
        work->result->folders_known = true;
        return 0;
    }
    if (error.code == MIG_E_INTERRUPTED || error.code == MIG_E_NOMEM) {
        if (err != NULL) {
            *err = error;
        }
        return -1;
    }
    work->attention = true;
    return mig__sieve_set(&work->result->folders_why, error.text, err);
}

void mig__sieve_folders_clear(mig__sieve_work *work)
{
    if (work->imap_open) {
        for (int side = 0; side < 2; side++) {
            mig__gate_close(&work->accounts[side].gate, &work->imap[side]);
            mig__account_clear(&work->accounts[side]);
        }
    }
    mig__map_free(&work->map);
    free(work->folders);
}
