/*
 * imap/list.c - RFC 3501 sections 6.3.8 to 6.3.10 (LIST, LSUB, STATUS), RFC 5258 and 5819 (extended LIST with STATUS),
 * RFC 6154 (special uses), RFC 2342 (NAMESPACE)
 */
#include "imap/list.h"
#include "base/retry.h"
#include "imap/command.h"
#include "imap/list_private.h"
#include "imap/session_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* STATUS commands in flight at once: enough to hide a long line, few enough for servers that count. */
#define STATUS_WINDOW 200

/* What STATUS may be asked for here. */
static void status_items(const mig__session *session, char *out, size_t size)
{
    snprintf(out, size, "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN%s%s)",
             mig__session_can(session, MIG__CAP_CONDSTORE) ? " HIGHESTMODSEQ" : "",
             mig__session_can(session, MIG__CAP_STATUS_SIZE) ? " SIZE" : "");
}

/* " RETURN (...)", or "" where the server knows plain LIST only. */
static void list_words(const mig__session *session, const mig__list_options *options, char *out, size_t size)
{
    bool extended = mig__session_can(session, MIG__CAP_LIST_EXTENDED) && options->plainer < 2;
    bool status = options->status && options->plainer < 1 && mig__session_can(session, MIG__CAP_LIST_STATUS);
    out[0] = '\0';
    if (!extended && !status) {
        return;
    }
    char items[96] = "";
    if (status) {
        status_items(session, items, sizeof items);
    }
    const char *subscribed = extended ? "SUBSCRIBED" : "";
    const char *special = extended && mig__session_can(session, MIG__CAP_SPECIAL_USE) ? " SPECIAL-USE" : "";
    snprintf(out, size, "RETURN (%s%s%s%s%s)", subscribed, special, extended && status ? " " : "",
             status ? "STATUS " : "", items);
}

static mig__command *ask_for(mig__session *session, const char *words, const char *arguments,
                             mig__command_handler *handler, mig__gathered *all, mig_error *err)
{
    mig__command *command = mig__command_begin(session, words, handler, all, err);
    if (command == NULL) {
        return NULL;
    }
    if (arguments[0] != '\0') {
        mig__command_raw(command, arguments);
    }
    return mig__command_end(command, err) == 0 ? command : NULL;
}

static mig__command *ask(mig__session *session, const char *words, const char *arguments, mig__gathered *all,
                         mig_error *err)
{
    return ask_for(session, words, arguments, mig__gather, all, err);
}

/* Wait for a command, if it was sent. A refusal goes to `refused`. */
static int settle(mig__session *session, mig__command *command, mig_error *refused, mig_error *err)
{
    return command == NULL ? 0 : mig__command_settle(session, command, refused, err);
}

/*
 * LIST, LSUB where LIST does not tell subscriptions, NAMESPACE, and the identities, in one round trip. Only LIST has to
 * succeed; `names` has the refusals, else MIG_OK.
 *
 * MAILBOXID (RFC 8474 section 4.3) has a LIST of its own, because Cyrus 3.6 gives freed memory for it where it is asked
 * for beside anything that opens the mailbox.
 */
typedef struct names { /* how each of these was refused */
    mig_error list, lsub, namespaces, identities;
} names;

static int list_names(mig__session *session, const char *options, mig__gathered *all, names *refused, mig_error *err)
{
    char arguments[256];
    snprintf(arguments, sizeof arguments, "\"\" \"*\"%s%s", options[0] != '\0' ? " " : "", options);
    bool tells_subscriptions = strstr(options, "SUBSCRIBED") != NULL;
    bool tells_identities = strstr(options, "STATUS") != NULL && mig__session_can(session, MIG__CAP_OBJECTID);
    mig__command *list = NULL, *lsub = NULL, *namespaces = NULL, *identities = NULL;
    *refused = (names){MIG_ERROR_INIT, MIG_ERROR_INIT, MIG_ERROR_INIT, MIG_ERROR_INIT};
    if ((list = ask(session, "LIST", arguments, all, err)) == NULL ||
        (!tells_subscriptions && (lsub = ask(session, "LSUB", "\"\" \"*\"", all, err)) == NULL) ||
        (mig__session_can(session, MIG__CAP_NAMESPACE) &&
         (namespaces = ask(session, "NAMESPACE", "", all, err)) == NULL) ||
        (tells_identities && (identities = ask_for(session, "LIST", "\"\" \"*\" RETURN (STATUS (MAILBOXID))",
                                                   mig__gather_status, all, err)) == NULL)) {
        return -1;
    }
    if (settle(session, list, &refused->list, err) != 0 || settle(session, lsub, &refused->lsub, err) != 0 ||
        settle(session, namespaces, &refused->namespaces, err) != 0 ||
        settle(session, identities, &refused->identities, err) != 0) {
        return -1;
    }
    return 0;
}

static mig__command *ask_status(mig__session *session, const mig__mailbox *mailbox, const char *items,
                                mig__gathered *all, mig_error *err)
{
    mig__command *command = mig__command_begin(session, "STATUS", mig__gather, all, err);
    if (command == NULL) {
        return NULL;
    }
    mig__command_mailbox(command, mailbox->wire);
    mig__command_raw(command, items);
    mig__command_needs(command, (strstr(items, "MODSEQ") != NULL ? MIG__CAP_CONDSTORE : 0) |
                                    (strstr(items, "SIZE") != NULL ? MIG__CAP_STATUS_SIZE : 0));
    return mig__command_end(command, err) == 0 ? command : NULL;
}

static int note_problem(mig__mailbox *mailbox, const char *text, mig_error *err)
{
    free(mailbox->problem);
    mailbox->problem = mig__strdup(text);
    return mailbox->problem != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* The answer for one mailbox. A refusal is that mailbox's, unless it is to be asked again. */
static int settle_status(mig__session *session, mig__command *command, mig__mailbox *mailbox, bool whatever,
                         mig_error *err)
{
    mig_error refused = MIG_ERROR_INIT;
    if (settle(session, command, &refused, err) != 0) {
        return -1;
    }
    if (refused.code == MIG_OK) {
        return 0;
    }
    bool form = refused.retry == MIG_RETRY_NOW;
    if (!whatever && mig__retry_wanted(&refused) && (form || refused.scope >= MIG_SCOPE_ACCOUNT)) {
        *err = refused;
        return 1;
    }
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mailbox->status_failed = true;
    return note_problem(mailbox, mig_error_line(&refused, line, sizeof line), err);
}

/* Whether it has to be asked. What is to be avoided is marked. */
static int needs_status(const mig__list_options *options, mig__mailbox *mailbox, bool *needed, mig_error *err)
{
    *needed = !mailbox->has_status && (mailbox->attributes & (MIG_ATTR_NOSELECT | MIG_ATTR_NONEXISTENT)) == 0;
    if (*needed && options->wanted != NULL && !options->wanted(mailbox, options->context)) {
        mailbox->not_asked = true;
        *needed = false;
    }
    for (size_t i = 0; *needed && i < options->avoid_count; i++) {
        if (strcmp(options->avoid[i], mailbox->wire) == 0) {
            mailbox->closes = true;
            *needed = false;
            return note_problem(mailbox, options->reasons[i], err);
        }
    }
    return 0;
}

typedef struct asking { /* STATUS of many mailboxes */
    mig__session *session;
    mig__gathered *all;
    mig__list_options *options;
    mig__mailbox_list *out;
    mig__command *window[STATUS_WINDOW];
    size_t of_window[STATUS_WINDOW];
    size_t sent, settled;
    char items[96];
} asking;

static int settle_oldest(asking *a, mig_error *err)
{
    size_t slot = a->settled % STATUS_WINDOW;
    mig__mailbox *mailbox = &a->out->items[a->of_window[slot]];
    int outcome = settle_status(a->session, a->window[slot], mailbox, a->options->whatever, err);
    a->settled++;
    if (outcome < 0) { /* servers work on them in order */
        a->options->suspect = mig__strdup(mailbox->wire);
    }
    return outcome;
}

/* STATUS of each mailbox that has none yet: all in a row, a window of them in flight. */
static int ask_all_status(asking *a, mig_error *err)
{
    int outcome = 0;
    status_items(a->session, a->items, sizeof a->items);
    for (size_t i = 0; outcome == 0 && i < a->out->count; i++) {
        bool needed;
        if (needs_status(a->options, &a->out->items[i], &needed, err) != 0) {
            return -1;
        }
        if (needed && a->sent - a->settled == STATUS_WINDOW) {
            outcome = settle_oldest(a, err);
        }
        if (needed && outcome == 0) {
            size_t slot = a->sent++ % STATUS_WINDOW;
            a->of_window[slot] = i;
            a->window[slot] = ask_status(a->session, &a->out->items[i], a->items, a->all, err);
            outcome = a->window[slot] == NULL ? -1 : 0;
        }
    }
    while (outcome == 0 && a->settled < a->sent) {
        outcome = settle_oldest(a, err);
    }
    mig__gathered_apply_status(a->all, a->out);
    return outcome;
}

static int note_namespace(const mig__gathered *all, mig__mailbox_list *out, mig_error *err)
{
    mig__buffer prefix = MIG__BUFFER_INIT;
    char delimiter = '\0';
    if (all->namespaces == NULL || !mig__namespace_personal(all->namespaces, &prefix, &delimiter)) {
        /* What the separator is, the mailboxes tell as well. */
        mig__buffer_clear(&prefix);
        for (size_t i = 0; i < out->count && delimiter == '\0'; i++) {
            delimiter = out->items[i].delimiter;
        }
    }
    out->delimiter = delimiter;
    out->prefix = mig__buffer_steal(&prefix);
    if (out->prefix == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return all->namespaces != NULL ? mig__namespace_mark(all->namespaces, out, err) : 0;
}

/* Announced, and not understood after all: the plain form is in every server. */
static int list_plainly(mig__session *session, mig__gathered *all, names *refused, uint64_t *unreadable, mig_error *err)
{
    const char *last;
    mig__gathered_clear(all);
    *unreadable = mig__guard_dropped_lists(session->guard, &last);
    return list_names(session, "", all, refused, err);
}

/* What was refused, and is to be asked again; NULL: nothing. */
static const mig_error *put_off(const names *refused)
{
    const mig_error *const each[] = {&refused->list, &refused->lsub, &refused->namespaces, &refused->identities};
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        if (mig__retry_wanted(each[i])) {
            return each[i];
        }
    }
    return NULL;
}

static int list_all(mig__session *session, mig__list_options *options, mig__gathered *all, mig__mailbox_list *out,
                    mig_error *err)
{
    char words[192], line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    names refused;
    const char *last;
    uint64_t unreadable = mig__guard_dropped_lists(session->guard, &last); /* of earlier lists */
    list_words(session, options, words, sizeof words);
    if (list_names(session, words, all, &refused, err) != 0) {
        return -1;
    }
    bool form = refused.list.code != MIG_OK && words[0] != '\0' &&
                (!mig__retry_wanted(&refused.list) || refused.list.scope < MIG_SCOPE_ACCOUNT);
    if (form && list_plainly(session, all, &refused, &unreadable, err) != 0) {
        return -1;
    }
    const mig_error *later = options->whatever ? NULL : put_off(&refused);
    if (later != NULL || refused.list.code != MIG_OK) {
        *err = later != NULL ? *later : refused.list;
        return 1;
    }
    if (mig__gathered_join(all, mig__session_utf8_names(session), out, err) != 0) {
        return -1;
    }
    out->unreadable = mig__guard_dropped_lists(session->guard, &last) - unreadable;
    snprintf(out->unreadable_line, sizeof out->unreadable_line, "%s", out->unreadable > 0 ? last : "");
    mig__gathered_apply_status(all, out);
    if (refused.lsub.code != MIG_OK &&
        (out->no_subscriptions = mig__strdup(mig_error_line(&refused.lsub, line, sizeof line))) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    asking a = {.session = session, .all = all, .options = options, .out = out};
    int outcome = note_namespace(all, out, err); /* first: whose mailboxes they are decides which are asked */
    return outcome == 0 && options->status ? ask_all_status(&a, err) : outcome;
}

int mig__list_all(mig__session *session, mig__list_options *options, mig__mailbox_list *out, mig_error *err)
{
    mig__gathered all = {0};
    *out = (mig__mailbox_list){0};
    options->suspect = NULL;
    int outcome = list_all(session, options, &all, out, err);
    if (outcome != 0) {
        mig__command_abandon(session);
        mig_error_context(err, "listing the mailboxes");
        mig__mailbox_list_free(out);
    }
    mig__gathered_clear(&all);
    return outcome;
}
