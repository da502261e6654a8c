/*
 * inventory/known.c - what the state knows of a folder's messages: sizes, dates and flags that are not asked again
 *
 * Where a folder's numbers are those of the last complete copy nothing at all is asked. Else the messages that are
 * there still are taken from the state by their UIDs, and only the others fetched. Flags are those that were carried
 * over.
 */
#include "base/buffer.h"
#include "inventory/job.h"
#include "state/state.h"
#include <stdio.h>
#include <string.h>

typedef struct feeding {
    mig__stock *stock;
    mig__uidset *wanted; /* what the folder holds: what is known is taken out; NULL: all that is recorded */
    mig__uidset known;
    uint64_t fed;
    bool incomplete; /* of a message that is there, something is not known */
    mig_error *err;
} feeding;

enum { MOST_FLAGS = 64 };

static void add(feeding *f, const mig__message *message)
{
    char text[2048];
    const char *flags[MOST_FLAGS + 1] = {NULL};
    size_t count = 0;
    snprintf(text, sizeof text, "%s", message->flags);
    char *rest = NULL;
    for (char *flag = strtok_r(text, " ", &rest); flag != NULL && count < MOST_FLAGS;
         flag = strtok_r(NULL, " ", &rest)) {
        flags[count++] = flag;
    }
    const mig__stock_item item = {.size = message->digest.octets,
                                  .has_date = message->internaldate.valid,
                                  .date = message->internaldate.utc,
                                  .flags = flags,
                                  .copied = true};
    mig__stock_add(f->stock, &item);
    f->fed++;
}

static int take(const mig__message *message, void *context)
{
    feeding *f = context;
    bool there = message->state == MIG__MESSAGE_COPIED || message->state == MIG__MESSAGE_ADOPTED;
    bool gone = message->state == MIG__MESSAGE_VANISHED || message->state == MIG__MESSAGE_DELETED;
    if (message->source_uid == 0 || (f->wanted != NULL && !mig__uidset_has(f->wanted, message->source_uid))) {
        return 0;
    }
    if (!there || message->digest.octets == 0 || !message->internaldate.valid) {
        f->incomplete = f->incomplete || !gone;
        return f->wanted == NULL && f->incomplete; /* nothing is gained by going on */
    }
    add(f, message);
    return f->wanted != NULL && mig__uidset_add(&f->known, message->source_uid, message->source_uid, f->err) != 0;
}

const mig__state_folder *mig__inventory_known(const mig__inventory *run, const char *wire)
{
    for (size_t i = 0; i < run->known_count; i++) {
        if (strcmp(run->known[i].source, wire) == 0) {
            return &run->known[i];
        }
    }
    return NULL;
}

static bool is_unchanged(const mig__state_folder *known, const mig__mailbox *mailbox)
{
    return mailbox->has_status && mailbox->uidvalidity != 0 && mailbox->uidnext != 0 &&
           known->source_uidvalidity == mailbox->uidvalidity && known->source_uidnext == mailbox->uidnext &&
           known->source_messages == mailbox->messages &&
           (mailbox->modseq == 0 || known->source_modseq == mailbox->modseq);
}

int mig__inventory_known_whole(mig__inventory *run, mig__stock *stock, const mig__mailbox *mailbox, mig_error *err)
{
    const mig__state_folder *known = mig__inventory_known(run, mailbox->wire);
    feeding f = {.stock = stock, .known = MIG__UIDSET_INIT, .err = err};
    if (run->state == NULL || known == NULL || !is_unchanged(known, mailbox)) {
        return 0;
    }
    if (mig__state_messages(run->state, known->id, take, &f, err) < 0) {
        return -1;
    }
    return !f.incomplete && f.fed == mailbox->messages;
}

int mig__inventory_known_some(mig__inventory *run, mig__stock *stock, const mig__mailbox *mailbox, uint32_t uidvalidity,
                              mig__uidset *uids, mig_error *err)
{
    const mig__state_folder *known = mig__inventory_known(run, mailbox->wire);
    feeding f = {.stock = stock, .wanted = uids, .known = MIG__UIDSET_INIT, .err = err};
    if (run->state == NULL || known == NULL || uidvalidity == 0 || known->source_uidvalidity != uidvalidity) {
        return 0;
    }
    int failed = mig__state_messages(run->state, known->id, take, &f, err) != 0 ? -1 : 0;
    failed = failed == 0 ? mig__uidset_subtract(uids, &f.known, err) : -1;
    mig__uidset_free(&f.known);
    return failed;
}

typedef struct among {
    const mig__uidset *uids;
    mig__inventory_copied copied;
} among;

static int count_copied(const mig__message *message, void *context)
{
    among *a = context;
    if ((message->state == MIG__MESSAGE_COPIED || message->state == MIG__MESSAGE_ADOPTED) && message->source_uid != 0 &&
        mig__uidset_has(a->uids, message->source_uid)) {
        a->copied.messages++;
        a->copied.octets += message->digest.octets;
    }
    return 0;
}

int mig__inventory_known_among(mig__inventory *run, size_t index, const mig__mailbox *mailbox, uint32_t uidvalidity,
                               mig__uidset *uids, mig_error *err)
{
    const mig__state_folder *known = mig__inventory_known(run, mailbox->wire);
    among a = {.uids = uids};
    if (run->state == NULL || known == NULL) {
        return 0;
    }
    if (uidvalidity == 0 || known->source_uidvalidity != uidvalidity) { /* it will be found again by its content */
        uint64_t selected = mig__uidset_size(uids);
        run->copied[index].messages = run->copied[index].messages < selected ? run->copied[index].messages : selected;
        return 0;
    }
    if (mig__state_messages(run->state, known->id, count_copied, &a, err) < 0) {
        return -1;
    }
    run->copied[index] = a.copied;
    return 0;
}
