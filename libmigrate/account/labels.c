/* account/labels.c - which messages of a mailbox are meant, where mailboxes are labels (Gmail) */
#include "account/labels.h"
#include "account/sides.h"
#include "base/buffer.h"
#include "imap/fetch.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LABEL_MOST = 1024 }; /* octets; Gmail's own bound is a quarter of it */

/* ---- the labels of mailboxes ---- */

static const char *label_of(const mig__mailbox *mailbox)
{
    switch (mailbox->role) {
    case MIG_ROLE_INBOX:
        return "\\Inbox";
    case MIG_ROLE_SENT:
        return "\\Sent";
    case MIG_ROLE_DRAFTS:
        return "\\Draft";
    case MIG_ROLE_JUNK:
        return "\\Spam";
    case MIG_ROLE_TRASH:
        return "\\Trash";
    default:
        return mailbox->wire;
    }
}

static int compare_labels(const void *left, const void *right)
{
    const mig__label *a = left, *b = right;
    return strcasecmp(a->text, b->text);
}

int mig__labels_make(mig__labels *out, const mig__map *map, const mig__mailbox_list *source, mig_error *err)
{
    *out = (mig__labels){.items = calloc(map->count + 1, sizeof *out->items)};
    for (size_t i = 0; out->items != NULL && i < map->count; i++) {
        const mig__map_entry *entry = &map->entries[i];
        const mig__mailbox *mailbox = &source->items[entry->source];
        if (entry->target == NULL || entry->rest || !mig__sides_selectable(mailbox)) {
            continue;
        }
        if ((out->items[out->count].text = strdup(label_of(mailbox))) == NULL) {
            mig__labels_free(out);
            break;
        }
        out->items[out->count++].place = i;
    }
    if (out->items == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    qsort(out->items, out->count, sizeof *out->items, compare_labels);
    return 0;
}

void mig__labels_free(mig__labels *labels)
{
    for (size_t i = 0; i < labels->count; i++) {
        free(labels->items[i].text);
    }
    free(labels->items);
    *labels = (mig__labels){0};
}

/* ---- the labels of a message ---- */

/* The next word of the list, without quotes. False: no more. */
static bool next_label(const char **at, char label[LABEL_MOST])
{
    const char *from = *at + strspn(*at, " (");
    size_t length = 0;
    bool quoted = *from == '"';
    if (*from == '\0' || *from == ')') {
        return false;
    }
    for (from += quoted; *from != '\0' && (quoted ? *from != '"' : *from != ' ' && *from != ')'); from++) {
        from += quoted && *from == '\\' && from[1] != '\0';
        label[length] = *from;
        length += length < LABEL_MOST - 1;
    }
    label[length] = '\0';
    *at = from + (quoted && *from == '"');
    return true;
}

/* Marks that have no mailbox of their own, or one that is a view. */
static bool is_mark(const char *label)
{
    static const char *const marks[] = {"\\Starred", "\\Important", "\\Flagged", "\\Muted", NULL};
    for (const char *const *mark = marks; *mark != NULL; mark++) {
        if (strcasecmp(*mark, label) == 0) {
            return true;
        }
    }
    return false;
}

static bool comes_before(const mig__labels *labels, char *text, size_t place)
{
    if (strcasecmp(text, "\\Drafts") == 0) {
        text[strlen("\\Draft")] = '\0'; /* both spellings are about */
    }
    const mig__label wanted = {.text = text};
    const mig__label *found =
        labels->count == 0 ? NULL
                           : bsearch(&wanted, labels->items, labels->count, sizeof *labels->items, compare_labels);
    return found != NULL && found->place < place;
}

bool mig__labels_everything(const mig__label_choice *choice)
{
    return choice->before == NULL && !choice->rest;
}

bool mig__labels_meant(const mig__label_choice *choice, const char *list)
{
    char label[LABEL_MOST];
    while (next_label(&list, label)) {
        if ((choice->rest && !is_mark(label)) ||
            (choice->before != NULL && comes_before(choice->before, label, choice->place))) {
            return false;
        }
    }
    return true;
}

/* ---- asking ---- */

typedef struct choosing {
    const mig__label_choice *choice;
    mig__uidset others;
} choosing;

static int on_fetch(const mig__response *response, void *context, mig_error *err)
{
    choosing *c = context;
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH || item->uid == 0 || item->labels == NULL ||
        mig__labels_meant(c->choice, item->labels)) {
        return 0;
    }
    return mig__uidset_add(&c->others, item->uid, item->uid, err);
}

int mig__labels_choose(mig__session *session, const char *mailbox, const mig__label_choice *choice, mig__uidset *uids,
                       mig_error *err)
{
    if (mig__labels_everything(choice) || uids->count == 0) {
        return 0;
    }
    choosing c = {.choice = choice, .others = MIG__UIDSET_INIT};
    mig__selected selected = {0};
    mig__command_result opened = {0}, fetched = {0};
    mig__command *select = mig__select(session, mailbox, true, &selected, err);
    mig__command *fetch = select == NULL ? NULL : mig__fetch(session, uids, MIG__FETCH_LABELS, 0, on_fetch, &c, err);
    int result = fetch == NULL || mig__command_wait(session, select, &opened, err) != 0 ||
                         mig__command_wait(session, fetch, &fetched, err) != 0
                     ? -1
                     : 0;
    if (result == 0 && (opened.error.code != MIG_OK || fetched.error.code != MIG_OK)) {
        *err = opened.error.code != MIG_OK ? opened.error : fetched.error;
        mig_error_context(err, "the labels of its messages cannot be read");
        result = 1;
    }
    if (result == 0 && mig__uidset_subtract(uids, &c.others, err) != 0) {
        result = -1;
    }
    mig__command_result_clear(&opened);
    mig__command_result_clear(&fetched);
    mig__selected_free(&selected);
    mig__uidset_free(&c.others);
    return result;
}
