#include "sides/check.h"
#include "sides/sides.h"
#include <string.h>
#include <strings.h>

int mig__sides_check_endpoints(const mig_endpoint *source, const mig_endpoint *target, mig_error *err)
{
    if (source->tunnel != NULL || target->tunnel != NULL) {
        return 0;
    }
    const char *source_as = source->authzid != NULL ? source->authzid : source->user;
    const char *target_as = target->authzid != NULL ? target->authzid : target->user;
    if (source->port == target->port && strcasecmp(source->host, target->host) == 0 &&
        strcmp(source_as, target_as) == 0) {
        mig_error_set(err, MIG_E_SAME, "source and target are the same account, %s on %s", source_as, source->host);
        return mig_error_hint(err, "nothing was changed; check --source and --target");
    }
    return 0;
}

uint64_t mig__sides_messages(const mig__mailbox_list *list)
{
    uint64_t messages = 0;
    for (size_t i = 0; i < list->count; i++) {
        messages += list->items[i].messages;
    }
    return messages;
}

static bool same_mailbox(const mig__mailbox *a, const mig__mailbox *b)
{
    return a->has_status && b->has_status && strcmp(a->wire, b->wire) == 0 && a->uidvalidity == b->uidvalidity &&
           a->uidnext == b->uidnext && a->messages == b->messages && a->modseq == b->modseq;
}

static bool same_account(const mig__mailbox_list *source, const mig__mailbox_list *target)
{
    size_t equal = 0;
    for (size_t i = 0; i < source->count; i++) {
        const mig__mailbox *mailbox = &source->items[i];
        const mig__mailbox *other = mig__mailbox_find(target, mailbox->wire);
        if (mailbox->mailbox_id != NULL && other != NULL && other->mailbox_id != NULL &&
            strcmp(mailbox->mailbox_id, other->mailbox_id) == 0 && same_mailbox(mailbox, other)) {
            return true; /* RFC 8474 section 4: no two mailboxes of a server share an id */
        }
        if (mig__sides_selectable(mailbox)) {
            if (other == NULL || !same_mailbox(mailbox, other)) {
                return false;
            }
            equal++;
        }
    }
    return equal > 0 && mig__sides_messages(source) > 0 && source->count == target->count;
}

int mig__sides_check_lists(const mig__mailbox_list *source, const mig__mailbox_list *target, mig_error *err)
{
    if (!same_account(source, target)) {
        return 0;
    }
    mig_error_set(err, MIG_E_SAME, "source and target are the same account: all mailboxes have the same numbers");
    return mig_error_hint(err,
                          "nothing was changed; if the target is a copy made by the server's own tools, use --force");
}

bool mig__sides_look_swapped(const mig__mailbox_list *source, const mig__mailbox_list *target)
{
    return mig__sides_messages(source) == 0 && mig__sides_messages(target) > 0;
}

int mig__sides_refuse_swapped(const mig__mailbox_list *target, mig_error *err)
{
    mig_error_set(err, MIG_E_SWAPPED, "the source is empty and the target holds %llu messages: are they swapped?",
                  (unsigned long long)mig__sides_messages(target));
    return mig_error_hint(err, "nothing was changed; check --source and --target, or use --force if this is meant");
}
