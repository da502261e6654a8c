/* account/check.c - what can only be a mistake: source and target are one account, or look swapped */
#include "account/check.h"
#include "account/sides.h"
#include "base/table.h"
#include "imap/digests.h"
#include <string.h>
#include <strings.h>

enum { LOOKED_AT = 200 }; /* UIDs */

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
        messages += list->items[i].owner == MIG__OWNER_SELF ? list->items[i].messages : 0;
    }
    return messages;
}

static bool same_mailbox(const mig__mailbox *a, const mig__mailbox *b)
{
    return a->has_status && b->has_status && strcmp(a->wire, b->wire) == 0 && a->uidvalidity == b->uidvalidity &&
           a->uidnext == b->uidnext && a->messages == b->messages && a->modseq == b->modseq;
}

static bool same_numbers(const mig__mailbox_list *source, const mig__mailbox_list *target)
{
    for (size_t i = 0; i < source->count; i++) {
        const mig__mailbox *mailbox = &source->items[i];
        if (mailbox->owner != MIG__OWNER_SELF) { /* two accounts of one server see the same ones */
            continue;
        }
        const mig__mailbox *other = mig__mailbox_find(target, mailbox->wire);
        if (other == NULL || other->mailbox_id == NULL || mailbox->mailbox_id == NULL) {
            if (mig__sides_selectable(mailbox) && (other == NULL || !same_mailbox(mailbox, other))) {
                return false;
            }
        } else if (strcmp(mailbox->mailbox_id, other->mailbox_id) != 0) {
            return false; /* RFC 8474 section 4: a mailbox has one id, and keeps it */
        } else if (mailbox->messages > 0 && same_mailbox(mailbox, other)) {
            return true; /* and no two mailboxes of a server share one */
        }
    }
    return mig__sides_messages(source) > 0 && source->count == target->count;
}

/* The mailbox with the fewest messages, so that it costs little; NULL: there is none with mail. */
static const mig__mailbox *smallest(const mig__mailbox_list *list)
{
    const mig__mailbox *found = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const mig__mailbox *mailbox = &list->items[i];
        bool own = mailbox->owner == MIG__OWNER_SELF;
        if (own && mailbox->messages > 0 && (found == NULL || mailbox->messages < found->messages)) {
            found = mailbox;
        }
    }
    return found;
}

typedef struct evidence { /* a sum, since servers answer in any order */
    uint64_t messages, sum;
} evidence;

static int on_header(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    evidence *found = context;
    (void)err;
    uint64_t value = mig__hash(0, digest->raw, sizeof digest->raw);
    value = mig__hash(value, &item->uid, sizeof item->uid);
    value = mig__hash(value, &item->internaldate.utc, sizeof item->internaldate.utc);
    found->sum += item->email_id != NULL ? mig__hash(value, item->email_id, strlen(item->email_id)) : value;
    found->messages++;
    return 0;
}

static int on_search(const mig__response *response, void *context, mig_error *err)
{
    mig__uidset *found = context;
    bool found_some = response->kind == MIG__RESPONSE_SEARCH && response->uids != NULL;
    for (size_t i = 0; found_some && i < response->uids->count; i++) {
        if (mig__uidset_add(found, response->uids->ranges[i].first, response->uids->ranges[i].last, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/*
 * The highest LOOKED_AT of the UIDs that the server says are there. Never a range of our own making: its numbers, asked
 * for in pieces, would take days where UIDNEXT is not reported, or is large.
 */
static int choose(mig__session *session, mig__uidset *out, mig_error *refused, mig_error *err)
{
    mig__uidset all = MIG__UIDSET_INIT, older = MIG__UIDSET_INIT;
    mig__command *search = mig__search(session, "ALL", on_search, &all, err);
    int failed = mig__command_settle(session, search, refused, err);
    uint64_t count = mig__uidset_size(&all);
    if (failed == 0 && count > LOOKED_AT && mig__uidset_take(&all, count - LOOKED_AT, &older, err) < 0) {
        failed = -1;
    }
    *out = all;
    mig__uidset_free(&older);
    return failed;
}

/* 0; 1: nothing can be told; -1: the session failed. */
static int gather(mig__session *session, const mig__mailbox *mailbox, evidence *found, mig_error *err)
{
    mig__uidset uids = MIG__UIDSET_INIT;
    mig_error refused = MIG_ERROR_INIT;
    mig__selected selected = {0};
    mig__command_result opened = {0};
    mig__command *select = mig__select(session, mailbox->wire, true, &selected, err);
    int result = select == NULL || mig__command_wait(session, select, &opened, err) != 0 ? -1 : 0;
    if (result == 0 && opened.error.code != MIG_OK) {
        result = 1;
    }
    result = result != 0 ? result : choose(session, &uids, &refused, err);
    result = result == 0 && refused.code != MIG_OK ? 1 : result;
    result = result != 0 ? result : mig__fetch_digests(session, &uids, MIG__FETCH_HEADER, on_header, found, err);
    mig__session_set_sink(session, NULL);
    mig__uidset_free(&uids);
    mig__command_result_clear(&opened);
    mig__selected_free(&selected);
    return result;
}

int mig__sides_check_lists(const mig__side_found *source, const mig__side_found *target, mig_error *err)
{
    const mig__mailbox *mailbox = smallest(source->list);
    if (mailbox == NULL || !same_numbers(source->list, target->list)) {
        return 0;
    }
    evidence here = {0}, there = {0};
    int told = gather(source->session, mailbox, &here, err);
    told = told != 0 ? told : gather(target->session, mig__mailbox_find(target->list, mailbox->wire), &there, err);
    if (told < 0) {
        return -1;
    }
    if (told == 0 && (here.messages != there.messages || here.sum != there.sum)) {
        return 0;
    }
    if (told == 0) {
        mig_error_set(err, MIG_E_SAME,
                      "source and target are the same account: all mailboxes have the same numbers, and "
                      "the messages looked at are the same");
    } else {
        mig_error_set(err, MIG_E_SAME,
                      "source and target may be the same account: all mailboxes have the same numbers, and "
                      "no message could be looked at");
    }
    return mig_error_hint(err,
                          "nothing was changed; if the target is a copy made by the server's own tools, use --force");
}

enum { WELCOME = 3 }; /* messages that a provider may put into each new mailbox */

/* A source whose numbers were refused is not empty. */
static bool untold(const mig__mailbox_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].status_failed || list->items[i].closes) {
            return true;
        }
    }
    return false;
}

bool mig__sides_look_swapped(const mig__mailbox_list *source, const mig__mailbox_list *target)
{
    return !untold(source) && mig__sides_messages(source) == 0 && mig__sides_messages(target) > WELCOME;
}

int mig__sides_refuse_swapped(const mig__mailbox_list *target, mig_error *err)
{
    mig_error_set(err, MIG_E_SWAPPED, "the source is empty and the target holds %llu messages: are they swapped?",
                  (unsigned long long)mig__sides_messages(target));
    return mig_error_hint(err, "nothing was changed; check --source and --target, or use --force (in a plan: \"force: "
                               "true\" for this account) if this is meant");
}
