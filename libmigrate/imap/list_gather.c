/*
 * imap/list_gather.c - from what LIST, LSUB, STATUS and NAMESPACE say to one sorted list
 *
 * A mailbox that the server lists twice becomes one; what it tells about one that it did not list is left out.
 */
#include "base/unicode.h"
#include "base/utf8.h"
#include "imap/list_private.h"
#include "imap/names.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Mailboxes, and octets of their names, that a server may list. */
#define NAMES_MOST (16u << 20)

/* INBOX is the same in any spelling (RFC 3501 section 5.1). */
static const char *folded(const char *wire)
{
    return strcasecmp(wire, "INBOX") == 0 ? "INBOX" : wire;
}

static int compare_names(const char *a, const char *b)
{
    return strcmp(folded(a), folded(b));
}

static int compare_mailboxes(const void *a, const void *b)
{
    return compare_names(((const mig__mailbox *)a)->wire, ((const mig__mailbox *)b)->wire);
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80) {
            return false;
        }
    }
    return true;
}

static void mailbox_clear(mig__mailbox *mailbox)
{
    free(mailbox->wire);
    free(mailbox->name);
    free(mailbox->key);
    free(mailbox->mailbox_id);
    free(mailbox->problem);
    *mailbox = (mig__mailbox){0};
}

/* Room for one more; the array doubles. */
static void *grow(void *array, size_t count, size_t *room, size_t size, mig_error *err)
{
    if (count >= MIG__MAILBOXES_MOST) {
        mig_error_set(err, MIG_E_BOUNDS, "the server lists more than %d mailboxes", MIG__MAILBOXES_MOST);
        return NULL;
    }
    if (count < *room) {
        return array;
    }
    size_t more = *room == 0 ? 64 : 2 * *room;
    void *grown = realloc(array, more * size);
    if (grown == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    *room = more;
    return grown;
}

static char *keep_name(mig__gathered *all, const char *wire, mig_error *err)
{
    all->octets += strlen(wire);
    if (all->octets > NAMES_MOST) {
        mig_error_set(err, MIG_E_BOUNDS, "the names of the server's mailboxes are more than %u octets", NAMES_MOST);
        return NULL;
    }
    char *name = strdup(wire);
    if (name == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return name;
}

static int take_list(mig__gathered *all, const mig__list_item *item, mig_error *err)
{
    if (item->name[0] == '\0') {
        return 0; /* the root: it tells the separator, and is no mailbox */
    }
    void *grown = grow(all->listed, all->listed_count, &all->listed_room, sizeof *all->listed, err);
    if (grown == NULL) {
        return -1;
    }
    all->listed = grown;
    mig__mailbox mailbox = {.delimiter = item->delimiter, .attributes = item->attributes, .role = item->role};
    if ((mailbox.wire = keep_name(all, item->name, err)) == NULL) {
        return -1;
    }
    all->listed[all->listed_count++] = mailbox;
    return 0;
}

static int take_lsub(mig__gathered *all, const mig__list_item *item, mig_error *err)
{
    /* \Noselect in LSUB: not subscribed itself, but something below it is (RFC 3501 section 6.3.9). */
    if (item->name[0] == '\0' || (item->attributes & MIG_ATTR_NOSELECT) != 0) {
        return 0;
    }
    void *grown = grow(all->subscribed, all->subscribed_count, &all->subscribed_room, sizeof *all->subscribed, err);
    if (grown == NULL) {
        return -1;
    }
    all->subscribed = grown;
    char *name = keep_name(all, item->name, err);
    if (name == NULL) {
        return -1;
    }
    all->subscribed[all->subscribed_count++] = name;
    return 0;
}

static int take_status(mig__gathered *all, const mig__status_item *item, mig_error *err)
{
    void *grown = grow(all->status, all->status_count, &all->status_room, sizeof *all->status, err);
    if (grown == NULL) {
        return -1;
    }
    all->status = grown;
    /* An identity without numbers is the answer to a question for that alone. */
    mig__mailbox mailbox = {.has_status = item->mailbox_id == NULL || item->has_messages || item->has_uidvalidity,
                            .messages = item->messages,
                            .uidnext = item->uidnext,
                            .uidvalidity = item->uidvalidity,
                            .unseen = item->unseen,
                            .modseq = item->has_modseq ? item->modseq : 0,
                            .size = item->has_size ? item->size : 0};
    if ((mailbox.wire = keep_name(all, item->name, err)) == NULL) {
        return -1;
    }
    if (item->mailbox_id != NULL && (mailbox.mailbox_id = strdup(item->mailbox_id)) == NULL) {
        mailbox_clear(&mailbox);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    all->status[all->status_count++] = mailbox;
    return 0;
}

int mig__gather(const mig__response *response, void *context, mig_error *err)
{
    mig__gathered *all = context;
    switch (response->kind) {
    case MIG__RESPONSE_LIST:
        return take_list(all, &response->list, err);
    case MIG__RESPONSE_LSUB:
        return take_lsub(all, &response->list, err);
    case MIG__RESPONSE_STATUS:
        return take_status(all, &response->status, err);
    case MIG__RESPONSE_NAMESPACE:
        if (all->namespaces == NULL && response->words_text != NULL &&
            (all->namespaces = strdup(response->words_text)) == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        return 0;
    default:
        return 0;
    }
}

int mig__gather_status(const mig__response *response, void *context, mig_error *err)
{
    return response->kind == MIG__RESPONSE_STATUS ? take_status(context, &response->status, err) : 0;
}

void mig__gathered_clear(mig__gathered *all)
{
    for (size_t i = 0; i < all->listed_count; i++) {
        mailbox_clear(&all->listed[i]);
    }
    for (size_t i = 0; i < all->status_count; i++) {
        mailbox_clear(&all->status[i]);
    }
    for (size_t i = 0; i < all->subscribed_count; i++) {
        free(all->subscribed[i]);
    }
    free(all->listed);
    free(all->status);
    free(all->subscribed);
    free(all->namespaces);
    *all = (mig__gathered){0};
}

/* Two answers about one mailbox: the second adds to the first. */
static void merge(mig__mailbox *into, mig__mailbox *from)
{
    into->attributes |= from->attributes;
    into->role = into->role != MIG_ROLE_NONE ? into->role : from->role;
    into->delimiter = into->delimiter != '\0' ? into->delimiter : from->delimiter;
    mailbox_clear(from);
}

/* The name of a mailbox on a wire of either form, as UTF-8. False: it is not valid there, and was made valid. */
static bool read_name(const char *wire, bool utf8, char delimiter, mig__buffer *out)
{
    if (utf8 && mig__utf8_valid(wire, strlen(wire))) {
        mig__buffer_add_text(out, wire);
        return true;
    }
    if (!utf8 && mig__name_decode(wire, out)) {
        return true;
    }
    mig__name_repair(wire, delimiter, out);
    return false;
}

static int name_mailbox(mig__mailbox *mailbox, bool utf8, mig_error *err)
{
    mig__buffer name = MIG__BUFFER_INIT, key = MIG__BUFFER_INIT;
    mailbox->name_valid = read_name(mailbox->wire, utf8, mailbox->delimiter, &name);
    if ((mailbox->name = mig__buffer_steal(&name)) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (!is_ascii(mailbox->name)) {
        mig__nfc(mailbox->name, strlen(mailbox->name), &key);
        if ((mailbox->key = mig__buffer_steal(&key)) == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
    }
    if (strcasecmp(mailbox->wire, "INBOX") == 0) {
        mailbox->role = MIG_ROLE_INBOX;
    }
    return 0;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp((*(mig__mailbox *const *)a)->key, (*(mig__mailbox *const *)b)->key);
}

/* The mailboxes that can be known by another form of their name, in the order of their keys. */
static int sort_keys(mig__mailbox_list *out, mig_error *err)
{
    out->by_name = calloc(out->count + 1, sizeof(mig__mailbox *));
    if (out->by_name == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < out->count; i++) {
        if (out->items[i].key != NULL) {
            out->by_name[out->named++] = &out->items[i];
        }
    }
    qsort(out->by_name, out->named, sizeof(mig__mailbox *), compare_keys);
    return 0;
}

int mig__gathered_join(mig__gathered *all, bool utf8, mig__mailbox_list *out, mig_error *err)
{
    if (all->listed_count > 0) {
        qsort(all->listed, all->listed_count, sizeof *all->listed, compare_mailboxes);
    }
    size_t kept = 0;
    for (size_t i = 0; i < all->listed_count; i++) {
        if (kept > 0 && compare_mailboxes(&all->listed[kept - 1], &all->listed[i]) == 0) {
            merge(&all->listed[kept - 1], &all->listed[i]);
            continue;
        }
        mig__mailbox mailbox = all->listed[i];
        all->listed[i] = (mig__mailbox){0};
        all->listed[kept++] = mailbox;
    }
    out->items = all->listed;
    out->count = kept;
    all->listed = NULL;
    all->listed_count = all->listed_room = 0;
    for (size_t i = 0; i < kept; i++) {
        if (name_mailbox(&out->items[i], utf8, err) != 0) {
            return -1;
        }
    }
    out->utf8 = utf8;
    if (sort_keys(out, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < all->subscribed_count; i++) {
        mig__mailbox *mailbox = mig__mailbox_find(out, all->subscribed[i]);
        if (mailbox != NULL) {
            mailbox->attributes |= MIG_ATTR_SUBSCRIBED;
        }
    }
    return 0;
}

void mig__gathered_apply_status(mig__gathered *all, mig__mailbox_list *out)
{
    for (size_t i = 0; i < all->status_count; i++) {
        mig__mailbox *told = &all->status[i];
        mig__mailbox *mailbox = mig__mailbox_find(out, told->wire);
        if (mailbox != NULL && told->has_status) {
            mailbox->has_status = true;
            mailbox->messages = told->messages;
            mailbox->uidnext = told->uidnext;
            mailbox->uidvalidity = told->uidvalidity;
            mailbox->unseen = told->unseen;
            mailbox->modseq = told->modseq;
            mailbox->size = told->size;
        }
        if (mailbox != NULL && told->mailbox_id != NULL) {
            free(mailbox->mailbox_id);
            mailbox->mailbox_id = told->mailbox_id;
            told->mailbox_id = NULL;
        }
        mailbox_clear(told);
    }
    all->status_count = 0;
}

mig__mailbox *mig__mailbox_find(const mig__mailbox_list *list, const char *wire)
{
    size_t from = 0, to = list->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = compare_names(wire, list->items[middle].wire);
        if (order == 0) {
            return &list->items[middle];
        }
        if (order < 0) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    return NULL;
}

/* One whose name is the same under NFC; of several the first in byte order. */
static mig__mailbox *find_by_key(const mig__mailbox_list *list, const char *wire)
{
    mig__mailbox wanted = {0};
    mig__mailbox *found = NULL;
    if (list->named > 0 && (!is_ascii(wire) || strchr(wire, '&') != NULL)) {
        mig__buffer name = MIG__BUFFER_INIT, key = MIG__BUFFER_INIT;
        read_name(wire, list->utf8, '\0', &name);
        mig__nfc(name.data != NULL ? name.data : "", name.length, &key);
        wanted.key = key.data;
        const mig__mailbox *one = &wanted;
        mig__mailbox **at = name.failed || key.failed || key.data == NULL
                                ? NULL
                                : bsearch(&one, list->by_name, list->named, sizeof *list->by_name, compare_keys);
        while (at != NULL && at > list->by_name && compare_keys(at - 1, at) == 0) {
            at--;
        }
        found = at != NULL ? *at : NULL;
        mig__buffer_free(&name);
        mig__buffer_free(&key);
    }
    return found;
}

mig__mailbox *mig__mailbox_alike(const mig__mailbox_list *list, const char *wire)
{
    mig__mailbox *exact = mig__mailbox_find(list, wire);
    return exact != NULL ? exact : find_by_key(list, wire);
}

mig__mailbox *mig__mailbox_list_add(mig__mailbox_list *list, const char *wire, mig_error *err)
{
    mig__mailbox *grown = realloc(list->items, (list->count + 1) * sizeof *grown);
    if (grown == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    list->items = grown;
    mig__mailbox added = {.wire = mig__strdup(wire), .delimiter = list->delimiter};
    free(list->by_name);
    list->by_name = NULL;
    list->named = 0;
    if (added.wire == NULL || name_mailbox(&added, list->utf8, err) != 0) {
        mailbox_clear(&added);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    list->items[list->count++] = added;
    qsort(list->items, list->count, sizeof *list->items, compare_mailboxes);
    return sort_keys(list, err) != 0 ? NULL : mig__mailbox_find(list, wire);
}

void mig__mailbox_list_free(mig__mailbox_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        mailbox_clear(&list->items[i]);
    }
    free(list->items);
    free(list->by_name);
    free(list->prefix);
    free(list->no_subscriptions);
    *list = (mig__mailbox_list){0};
}
