/*
 * inventory/keywords.c - which keywords the target keeps, of each folder that has any
 *
 * Only SELECT tells (PERMANENTFLAGS, RFC 3501 section 7.1; EXAMINE has none to offer), so that it is one round trip for
 * each mailbox of the target that is there already; for those that will be made, INBOX speaks.
 */
#include "base/buffer.h"
#include "inventory/job.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* With new keywords allowed nothing is lost; else what is not in the list. */
static bool keeps(const mig__selected *mailbox, const char *keyword)
{
    if (!mailbox->has_permanent_flags || mailbox->any_keyword) {
        return true;
    }
    for (char **flag = mailbox->permanent_flags; flag != NULL && *flag != NULL; flag++) {
        if (strcasecmp(*flag, keyword) == 0) {
            return true;
        }
    }
    return false;
}

typedef struct asking {
    const char *wire;
    mig__selected *out;
} asking;

static int ask(mig__session *session, void *context, mig_error *err)
{
    const asking *q = context;
    mig__selected_free(q->out);
    return mig__command_outcome(session, mig__select(session, q->wire, false, q->out, err), err);
}

/* 0; 1: not told, `out` is empty; -1: nothing is told any more. */
static int ask_patiently(mig__inventory *run, const char *wire, mig__selected *out, mig_error *err)
{
    asking q = {wire, out};
    int outcome = mig__gate_ask(&run->sides[MIG_TARGET].gate, &run->sessions[MIG_TARGET], ask, &q, err);
    if (outcome > 0) {
        mig__selected_free(out);
    }
    return outcome;
}

static void judge(mig_inventory_folder *folder, const mig__selected *mailbox)
{
    for (size_t i = 0; i < folder->keyword_count; i++) {
        folder->keywords[i].lost = !keeps(mailbox, folder->keywords[i].name);
    }
}

static bool has_keywords(const mig_inventory_folder *folder)
{
    return folder->keyword_count > 0 && folder->target != NULL && folder->target[0] != '\0';
}

int mig__inventory_keywords(mig__inventory *run, mig_error *err)
{
    const mig__mailbox_list *list = &run->sides[MIG_TARGET].mailboxes;
    mig__selected inbox = {0};
    if (run->options->target == NULL || run->options->depth < MIG_INVENTORY_FULL || run->options->untouched) {
        return 0;
    }
    int failed = ask_patiently(run, "INBOX", &inbox, err) < 0 ? -1 : 0;
    run->account->sides[MIG_TARGET].any_keyword = inbox.any_keyword;
    for (size_t i = 0; failed == 0 && i < run->account->folder_count; i++) {
        mig_inventory_folder *folder = &run->account->folders[i];
        size_t existing = run->existing[i];
        mig__selected mailbox = {0};
        int asked = 1;
        if (!has_keywords(folder)) {
            continue;
        }
        if (existing != MIG__NO_FOLDER && mig__sides_selectable(&list->items[existing]) &&
            list->items[existing].role != MIG_ROLE_INBOX) {
            asked = ask_patiently(run, list->items[existing].wire, &mailbox, err);
        }
        judge(folder, asked == 0 ? &mailbox : &inbox);
        mig__selected_free(&mailbox);
        failed = asked < 0 ? -1 : 0;
    }
    mig__selected_free(&inbox);
    return failed;
}
