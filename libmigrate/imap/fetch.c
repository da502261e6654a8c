/* imap/fetch.c - UID FETCH and UID SEARCH, always by PEEK, never changing anything */
#include "imap/fetch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The words of a FETCH; *needs: the extensions that they are of. */
static void fetch_words(const mig__session *session, unsigned items, uint64_t changed_since, mig__buffer *words,
                        unsigned *needs)
{
    mig__buffer_add_text(words, "(UID");
    mig__buffer_add_text(words, items & MIG__FETCH_FLAGS ? " FLAGS" : "");
    mig__buffer_add_text(words, items & MIG__FETCH_DATE ? " INTERNALDATE" : "");
    mig__buffer_add_text(words, items & MIG__FETCH_SIZE ? " RFC822.SIZE" : "");
    if ((items & MIG__FETCH_EMAILID) != 0 && mig__session_can(session, MIG__CAP_OBJECTID)) {
        mig__buffer_add_text(words, " EMAILID");
        *needs |= MIG__CAP_OBJECTID;
    } else if ((items & MIG__FETCH_EMAILID) != 0 && mig__session_can(session, MIG__CAP_GMAIL)) {
        mig__buffer_add_text(words, " X-GM-MSGID");
    }
    bool labels = (items & MIG__FETCH_LABELS) != 0 && mig__session_can(session, MIG__CAP_GMAIL);
    labels = labels || ((items & MIG__FETCH_FLAGS) != 0 && mig__session_labels_as_keywords(session));
    mig__buffer_add_text(words, labels ? " X-GM-LABELS" : "");
    mig__buffer_add_text(words, items & MIG__FETCH_BODY ? " BODY.PEEK[]" : "");
    mig__buffer_add_text(words, items & MIG__FETCH_HEADER ? " BODY.PEEK[HEADER]" : "");
    mig__buffer_add_text(words, ")");
    if (changed_since > 0 && mig__session_can(session, MIG__CAP_CONDSTORE)) {
        mig__buffer_addf(words, " (CHANGEDSINCE %llu)", (unsigned long long)changed_since);
        *needs |= MIG__CAP_CONDSTORE;
    }
}

mig__command *mig__fetch(mig__session *session, const mig__uidset *uids, unsigned items, uint64_t changed_since,
                         mig__command_handler *handler, void *context, mig_error *err)
{
    mig__buffer words = MIG__BUFFER_INIT;
    const bool bodies = (items & (MIG__FETCH_BODY | MIG__FETCH_HEADER)) != 0;
    mig__uid_command fetch = {.words = "UID FETCH", .uids = uids, .expects = true, .bodies = bodies};
    fetch_words(session, items, changed_since, &words, &fetch.needs);
    mig__command *command = NULL;
    if (mig__buffer_ok(&words, err) == 0) {
        fetch.more = words.data;
        command = mig__command_on_uids(session, &fetch, handler, context, err);
    }
    mig__buffer_free(&words);
    return command;
}

mig__command *mig__search(mig__session *session, const char *criteria, mig__command_handler *handler, void *context,
                          mig_error *err)
{
    mig__command *command = mig__command_begin(session, "UID SEARCH", handler, context, err);
    if (command == NULL) {
        return NULL;
    }
    if (mig__session_can(session, MIG__CAP_ESEARCH)) {
        mig__command_raw(command, "RETURN (ALL)");
        mig__command_needs(command, MIG__CAP_ESEARCH);
    }
    mig__command_raw(command, criteria);
    return mig__command_end(command, err) == 0 ? command : NULL;
}

mig__command *mig__search_uids(mig__session *session, const mig__uidset *uids, mig__command_handler *handler,
                               void *context, mig_error *err)
{
    bool extended = mig__session_can(session, MIG__CAP_ESEARCH);
    const mig__uid_command search = {.words = "UID SEARCH",
                                     .lead = extended ? "RETURN (ALL) UID" : "UID",
                                     .uids = uids,
                                     .needs = extended ? MIG__CAP_ESEARCH : 0};
    return mig__command_on_uids(session, &search, handler, context, err);
}

int mig__search_rest(mig__session *session, const char *criteria, const mig__uidset *found,
                     mig__command_handler *handler, void *context, mig_error *err)
{
    int outcome = 0;
    for (uint64_t before = 0; outcome == 0 && mig__uidset_size(found) > before;) {
        before = mig__uidset_size(found);
        if (found->ranges[0].first <= 1) {
            break;
        }
        mig__buffer words = MIG__BUFFER_INIT;
        mig__buffer_addf(&words, "UID 1:%u %s", found->ranges[0].first - 1, criteria);
        outcome = mig__buffer_ok(&words, err);
        mig__command *search = outcome != 0 ? NULL : mig__search(session, words.data, handler, context, err);
        outcome = mig__command_outcome(session, search, err);
        mig__buffer_free(&words);
    }
    return outcome;
}

static void free_words(char **words)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        free(words[i]);
    }
    free(words);
}

/* The words, but for "\*", instead of what *out has. */
static int keep_flags(char ***out, const char *const *words, bool *any_keyword, mig_error *err)
{
    size_t count = 0;
    while (words != NULL && words[count] != NULL) {
        count++;
    }
    char **flags = calloc(count + 1, sizeof *flags);
    if (flags == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], "\\*") == 0) {
            *any_keyword = true;
        } else if ((flags[kept] = strdup(words[i])) != NULL) {
            kept++;
        }
    }
    free_words(*out);
    *out = flags;
    return 0;
}

int mig__selected_handler(const mig__response *response, void *context, mig_error *err)
{
    mig__selected *selected = context;
    if (response->kind == MIG__RESPONSE_EXISTS) {
        selected->exists = response->number;
    }
    if (response->kind == MIG__RESPONSE_FLAGS) {
        bool ignored;
        return keep_flags(&selected->flags, response->words, &ignored, err);
    }
    if (response->kind != MIG__RESPONSE_OK) {
        return 0;
    }
    switch (response->code) {
    case MIG__CODE_UIDVALIDITY:
        selected->uidvalidity = response->number;
        return 0;
    case MIG__CODE_UIDNEXT:
        selected->uidnext = response->number;
        return 0;
    case MIG__CODE_HIGHESTMODSEQ:
        selected->modseq = response->modseq;
        return 0;
    case MIG__CODE_NOMODSEQ:
        selected->modseq = 0;
        return 0;
    case MIG__CODE_PERMANENTFLAGS:
        selected->has_permanent_flags = true;
        return keep_flags(&selected->permanent_flags, response->words, &selected->any_keyword, err);
    case MIG__CODE_MAILBOXID:
        if (response->mailbox_id != NULL) {
            snprintf(selected->mailbox_id, sizeof selected->mailbox_id, "%s", response->mailbox_id);
        }
        return 0;
    default:
        return 0;
    }
}

void mig__selected_free(mig__selected *selected)
{
    free_words(selected->permanent_flags);
    free_words(selected->flags);
    *selected = (mig__selected){0};
}

mig__command *mig__select(mig__session *session, const char *mailbox, bool read_only, mig__selected *out,
                          mig_error *err)
{
    mig__command *command =
        mig__command_begin(session, read_only ? "EXAMINE" : "SELECT", mig__selected_handler, out, err);
    if (command == NULL) {
        return NULL;
    }
    mig__command_mailbox(command, mailbox);
    if (mig__session_can(session, MIG__CAP_CONDSTORE)) {
        mig__command_raw(command, "(CONDSTORE)");
        mig__command_needs(command, MIG__CAP_CONDSTORE);
    }
    return mig__command_end(command, err) == 0 ? command : NULL;
}

mig__command *mig__examine_since(mig__session *session, const char *mailbox, uint32_t uidvalidity, uint64_t modseq,
                                 mig__command_handler *handler, void *context, mig_error *err)
{
    mig__command *command = mig__command_begin(session, "EXAMINE", handler, context, err);
    if (command == NULL) {
        return NULL;
    }
    char words[64];
    snprintf(words, sizeof words, "(QRESYNC (%u %llu))", uidvalidity, (unsigned long long)modseq);
    mig__command_expect(command, MIG__EXPECT_ALL, false); /* the flags of any message may have changed */
    mig__command_mailbox(command, mailbox);
    mig__command_raw(command, words);
    mig__command_needs(command, MIG__CAP_QRESYNC);
    return mig__command_end(command, err) == 0 ? command : NULL;
}
