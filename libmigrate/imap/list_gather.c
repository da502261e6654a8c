/*
 * imap/list_gather.c - from what LIST, LSUB, STATUS and NAMESPACE say to one sorted list
 *
 * A mailbox that the server lists twice becomes one; what it tells about one that it did not list is left out.
 */
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

static void mailbox_clear(mig__mailbox *mailbox)
{
    free(mailbox->wire);
    free(mailbox->name);
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

static int name_mailbox(mig__mailbox *mailbox, bool utf8, mig_error *err)
{
    mig__buffer name = MIG__BUFFER_INIT;
    if (utf8 && mig__utf8_valid(mailbox->wire, strlen(mailbox->wire))) {
        mailbox->name_valid = true;
        mig__buffer_add_text(&name, mailbox->wire);
    } else {
        mailbox->name_valid = mig__name_decode(mailbox->wire, &name);
    }
    if ((mailbox->name = mig__buffer_steal(&name)) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (strcasecmp(mailbox->wire, "INBOX") == 0) {
        mailbox->role = MIG_ROLE_INBOX;
    }
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

/* A quoted string (the guard has made literals into them); `at` ends behind it. */
static bool take_quoted(const char **at, mig__buffer *out)
{
    if (**at != '"') {
        return false;
    }
    for (++*at; **at != '\0' && **at != '"'; ++*at) {
        *at += **at == '\\' && (*at)[1] != '\0';
        mig__buffer_add_char(out, **at);
    }
    if (**at != '"') {
        return false;
    }
    ++*at;
    return true;
}

bool mig__namespace_personal(const char *text, mig__buffer *prefix, char *delimiter)
{
    mig__buffer separator = MIG__BUFFER_INIT;
    const char *at = text + strspn(text, " ");
    bool found = false;
    if (strncmp(at, "((", 2) != 0) {
        return false;
    }
    at += 2;
    if (!take_quoted(&at, prefix) || *at != ' ') {
        return false;
    }
    at += strspn(at, " ");
    *delimiter = '\0';
    if (take_quoted(&at, &separator)) {
        found = separator.length <= 1;
        *delimiter = separator.length == 1 ? separator.data[0] : '\0';
    } else {
        found = strncasecmp(at, "NIL", 3) == 0;
    }
    mig__buffer_free(&separator);
    return found;
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

void mig__mailbox_list_free(mig__mailbox_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        mailbox_clear(&list->items[i]);
    }
    free(list->items);
    free(list->prefix);
    *list = (mig__mailbox_list){0};
}
