/*
 * imap/list.c - RFC 3501 sections 6.3.8 to 6.3.10 (LIST, LSUB, STATUS), RFC 5258 and 5819 (extended LIST with STATUS),
 * RFC 6154 (special uses), RFC 2342 (NAMESPACE)
 */
#include "imap/list.h"
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
static void list_options(const mig__session *session, bool want_status, char *out, size_t size)
{
    bool extended = mig__session_can(session, MIG__CAP_LIST_EXTENDED);
    bool status = want_status && mig__session_can(session, MIG__CAP_LIST_STATUS);
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
    mig__command_result result;
    if (command == NULL) {
        return 0;
    }
    if (mig__command_wait(session, command, &result, err) != 0) {
        return -1;
    }
    *refused = result.error;
    mig__command_result_clear(&result);
    return 0;
}

/*
 * LIST, LSUB where LIST does not tell subscriptions, NAMESPACE, and the identities, in one round trip. Only LIST has to
 * succeed: `listed` has its refusal, else MIG_OK.
 *
 * MAILBOXID (RFC 8474 section 4.3) has a LIST of its own, because Cyrus 3.6 gives freed memory for it where it is asked
 * for beside anything that opens the mailbox.
 */
static int list_names(mig__session *session, const char *options, mig__gathered *all, mig_error *listed, mig_error *err)
{
    char arguments[256];
    snprintf(arguments, sizeof arguments, "\"\" \"*\"%s%s", options[0] != '\0' ? " " : "", options);
    bool tells_subscriptions = strstr(options, "SUBSCRIBED") != NULL;
    bool tells_identities = strstr(options, "STATUS") != NULL && mig__session_can(session, MIG__CAP_OBJECTID);
    mig__command *list = NULL, *lsub = NULL, *namespaces = NULL, *identities = NULL;
    mig_error ignored = MIG_ERROR_INIT;
    if ((list = ask(session, "LIST", arguments, all, err)) == NULL ||
        (!tells_subscriptions && (lsub = ask(session, "LSUB", "\"\" \"*\"", all, err)) == NULL) ||
        (mig__session_can(session, MIG__CAP_NAMESPACE) &&
         (namespaces = ask(session, "NAMESPACE", "", all, err)) == NULL) ||
        (tells_identities && (identities = ask_for(session, "LIST", "\"\" \"*\" RETURN (STATUS (MAILBOXID))",
                                                   mig__gather_status, all, err)) == NULL)) {
        return -1;
    }
    if (settle(session, list, listed, err) != 0 || settle(session, lsub, &ignored, err) != 0 ||
        settle(session, namespaces, &ignored, err) != 0 || settle(session, identities, &ignored, err) != 0) {
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
    return mig__command_end(command, err) == 0 ? command : NULL;
}

/* The answer for one mailbox. A refusal is that mailbox's, unless the server has had enough of us altogether. */
static int settle_status(mig__session *session, mig__command *command, mig__mailbox *mailbox, mig_error *err)
{
    mig_error refused = MIG_ERROR_INIT;
    if (settle(session, command, &refused, err) != 0) {
        return -1;
    }
    if (refused.code == MIG_OK) {
        return 0;
    }
    if (refused.code == MIG_E_UNAVAILABLE && refused.scope == MIG_SCOPE_ACCOUNT) {
        if (err != NULL) {
            *err = refused;
        }
        return -1;
    }
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mailbox->status_failed = true;
    mailbox->problem = mig__strdup(mig_error_line(&refused, line, sizeof line));
    return mailbox->problem != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static bool needs_status(const mig__mailbox *mailbox)
{
    return !mailbox->has_status && (mailbox->attributes & (MIG_ATTR_NOSELECT | MIG_ATTR_NONEXISTENT)) == 0;
}

/* STATUS of each mailbox that has none yet: all in a row, a window of them in flight. */
static int ask_all_status(mig__session *session, mig__gathered *all, mig__mailbox_list *out, mig_error *err)
{
    char items[96];
    status_items(session, items, sizeof items);
    mig__command *window[STATUS_WINDOW];
    size_t of_window[STATUS_WINDOW];
    size_t sent = 0, settled = 0;
    for (size_t i = 0; i < out->count || settled < sent; i++) {
        bool more = i < out->count;
        if (more && !needs_status(&out->items[i])) {
            continue;
        }
        if (!more || sent - settled == STATUS_WINDOW) {
            size_t slot = settled++ % STATUS_WINDOW;
            if (settle_status(session, window[slot], &out->items[of_window[slot]], err) != 0) {
                return -1;
            }
        }
        if (more) {
            size_t slot = sent++ % STATUS_WINDOW;
            of_window[slot] = i;
            if ((window[slot] = ask_status(session, &out->items[i], items, all, err)) == NULL) {
                return -1;
            }
        }
    }
    mig__gathered_apply_status(all, out);
    return 0;
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

static int list_all(mig__session *session, bool want_status, mig__gathered *all, mig__mailbox_list *out, mig_error *err)
{
    char options[192];
    mig_error refused = MIG_ERROR_INIT;
    const char *last;
    uint64_t unreadable = mig__guard_dropped_lists(session->guard, &last); /* of earlier lists */
    list_options(session, want_status, options, sizeof options);
    if (list_names(session, options, all, &refused, err) != 0) {
        return -1;
    }
    if (refused.code != MIG_OK && options[0] != '\0' && refused.code != MIG_E_UNAVAILABLE) {
        /* Announced, and not understood after all: the plain form is in every server. */
        mig__gathered_clear(all);
        unreadable = mig__guard_dropped_lists(session->guard, &last);
        if (list_names(session, "", all, &refused, err) != 0) {
            return -1;
        }
    }
    if (refused.code != MIG_OK) {
        if (err != NULL) {
            *err = refused;
        }
        return -1;
    }
    if (mig__gathered_join(all, mig__session_utf8_names(session), out, err) != 0) {
        return -1;
    }
    const char *line;
    out->unreadable = mig__guard_dropped_lists(session->guard, &line) - unreadable;
    snprintf(out->unreadable_line, sizeof out->unreadable_line, "%s", out->unreadable > 0 ? line : "");
    mig__gathered_apply_status(all, out);
    if (want_status && ask_all_status(session, all, out, err) != 0) {
        return -1;
    }
    return note_namespace(all, out, err);
}

int mig__list_all(mig__session *session, bool want_status, mig__mailbox_list *out, mig_error *err)
{
    mig__gathered all = {0};
    *out = (mig__mailbox_list){0};
    int status = list_all(session, want_status, &all, out, err);
    if (status != 0) {
        mig__command_abandon(session);
        mig_error_context(err, "listing the mailboxes");
        mig__mailbox_list_free(out);
    }
    mig__gathered_clear(&all);
    return status;
}
