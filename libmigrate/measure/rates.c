/*
 * measure/rates.c - how fast mail comes, and goes
 *
 * Without leave to write, mail that is there is read (EXAMINE and BODY.PEEK: nothing changes). With it a folder of its
 * own is made; whatever happens after that, it is removed again, if need be over another connection.
 */
#include "imap/append.h"
#include "imap/fetch.h"
#include "measure/measure.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { WANTED = 2 << 20, MESSAGES = 32, MESSAGE = WANTED / MESSAGES, LOOKED_AT = 200 };

/* ---- reading ---- */

typedef struct reading {
    mig__uidset all, chosen;
    uint64_t planned, octets, messages;
    mig_error *err;
} reading;

static int on_search(const mig__response *response, void *context, mig_error *err)
{
    reading *r = context;
    return response->kind == MIG__RESPONSE_SEARCH ? mig__uidset_add_all(&r->all, response->uids, err) : 0;
}

/* Those that fit into what is wanted. */
static int on_size(const mig__response *response, void *context, mig_error *err)
{
    reading *r = context;
    const mig__fetch_item *fetch = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH || !fetch->has_size || fetch->uid == 0 ||
        r->planned + fetch->size > WANTED || mig__uidset_has(&r->chosen, fetch->uid)) {
        return 0;
    }
    r->planned += fetch->size;
    return mig__uidset_add(&r->chosen, fetch->uid, fetch->uid, err);
}

static int on_body(const mig__response *response, void *context, mig_error *err)
{
    reading *r = context;
    (void)err;
    r->messages += response->kind == MIG__RESPONSE_FETCH && response->fetch.body == MIG__BODY_GIVEN;
    return 0;
}

static int sink_begin(uint64_t size, void *context, mig_error *err)
{
    (void)size;
    (void)context;
    (void)err;
    return 0;
}

static int sink_data(const char *octets, size_t length, void *context, mig_error *err)
{
    reading *r = context;
    (void)octets;
    (void)err;
    r->octets += length;
    return 0;
}

/* The newest UIDs alone: a mailbox may be large. */
static int keep_newest(reading *r, mig_error *err)
{
    mig__uidset older = MIG__UIDSET_INIT;
    const uint64_t count = mig__uidset_size(&r->all);
    int failed = 0;
    if (count > LOOKED_AT) {
        failed = mig__uidset_take(&r->all, count - LOOKED_AT, &older, err) < 0 ? -1 : 0;
    }
    mig__uidset_free(&older);
    return failed;
}

/* 0; 1: refused (`err`); -1: the session failed. */
static int read_folder(mig__measure *m, const char *wire, mig_measure_rate *out, mig_error *err)
{
    mig__selected selected = {0};
    reading r = {.all = MIG__UIDSET_INIT, .chosen = MIG__UIDSET_INIT};
    const mig__body_sink sink = {sink_begin, sink_data, &r};
    int outcome = mig__command_outcome(m->session, mig__select(m->session, wire, true, &selected, err), err);
    if (outcome == 0) {
        outcome = mig__command_outcome(m->session, mig__search(m->session, "ALL", on_search, &r, err), err);
    }
    outcome = outcome != 0 ? outcome : keep_newest(&r, err);
    if (outcome == 0 && r.all.count > 0) {
        outcome =
            mig__command_outcome(m->session, mig__fetch(m->session, &r.all, MIG__FETCH_SIZE, 0, on_size, &r, err), err);
    }
    if (outcome == 0 && r.chosen.count > 0) {
        mig__session_set_sink(m->session, &sink);
        const double since = mig__now_seconds();
        outcome = mig__command_outcome(m->session,
                                       mig__fetch(m->session, &r.chosen, MIG__FETCH_BODY, 0, on_body, &r, err), err);
        out->seconds = mig__now_seconds() - since;
        mig__session_set_sink(m->session, NULL);
    }
    if (outcome != 0) {
        mig__command_abandon(m->session);
    } else {
        out->octets = r.octets;
        out->messages = r.messages;
    }
    mig__selected_free(&selected);
    mig__uidset_free(&r.all);
    mig__uidset_free(&r.chosen);
    return outcome;
}

/* The folder with the most mail. */
static const mig__mailbox *fullest(const mig__measure *m)
{
    const mig__mailbox *best = NULL;
    for (size_t i = 0; i < m->account.mailboxes.count; i++) {
        const mig__mailbox *mailbox = &m->account.mailboxes.items[i];
        if (mailbox->has_status && mailbox->owner == MIG__OWNER_SELF && !mailbox->closes && mailbox->messages > 0 &&
            (best == NULL || mailbox->messages > best->messages)) {
            best = mailbox;
        }
    }
    return best;
}

static int not_tried(mig_measure_rate *rate, const char *why, mig_error *err)
{
    rate->why = mig__strdup(why);
    return rate->why != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

int mig__measure_fetch(mig__measure *m, mig_error *err)
{
    mig_measure_rate *rate = &m->result->fetch;
    const mig__mailbox *mailbox = fullest(m);
    if (mailbox == NULL) {
        return not_tried(rate, "there is no mail to read; with --write some is put there", err);
    }
    rate->where = mig__strdup(mailbox->name);
    if (rate->where == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    const int outcome = read_folder(m, mailbox->wire, rate, &rate->error);
    if (outcome == 0 && rate->octets == 0) {
        return not_tried(rate, "none of the newest messages there is small enough for a test of 2 MB", err);
    }
    *err = outcome < 0 ? rate->error : *err;
    return outcome < 0 ? -1 : 0;
}

/* ---- writing ---- */

/* A message of exactly MESSAGE octets, that nothing can compress to a hundredth; the caller frees it. */
static char *make_message(mig_error *err)
{
    static const char head[] = "From: mailmigrate <nobody@example.invalid>\r\nTo: nobody@example.invalid\r\n"
                               "Subject: A test of mailmigrate probe, to be removed\r\n"
                               "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMIME-Version: 1.0\r\n"
                               "Content-Type: text/plain; charset=us-ascii\r\n\r\n";
    char *text = malloc(MESSAGE);
    uint64_t state = 0x9e3779b97f4a7c15u;
    if (text == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    memcpy(text, head, sizeof head - 1);
    for (size_t i = sizeof head - 1, column = 0; i < MESSAGE; i++, column++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        text[i] = (char)('A' + (state >> 59) % 26);
        if ((column == 76 && i + 2 < MESSAGE) || i + 2 == MESSAGE) {
            text[i++] = '\r';
            text[i] = '\n';
            column = 0;
        }
    }
    return text;
}

static int append_one(mig__measure *m, const char *wire, const char *text, mig_error *err)
{
    static const char *const seen[] = {"\\Seen", NULL};
    mig__command *command = mig__append_begin(m->session, wire, NULL, NULL, err);
    if (command == NULL) {
        return -1;
    }
    const int sent = mig__append_message(command, seen, NULL, MESSAGE, false, err);
    if (sent < 0 || (sent == 0 && (mig__command_literal_data(command, text, MESSAGE, err) != 0 ||
                                   mig__command_end(command, err) != 0))) {
        return -1;
    }
    return mig__command_outcome(m->session, command, err);
}

static int fill(mig__measure *m, const char *wire, mig_error *err)
{
    mig_measure_rate *rate = &m->result->append;
    char *text = make_message(err);
    int outcome = text != NULL ? 0 : -1;
    const double since = mig__now_seconds();
    for (int i = 0; outcome == 0 && i < MESSAGES && mig_stop_level(m->options->stop) == 0; i++) {
        outcome = append_one(m, wire, text, err);
        rate->octets += outcome == 0 ? MESSAGE : 0;
        rate->messages += outcome == 0;
    }
    rate->seconds = mig__now_seconds() - since;
    free(text);
    return outcome;
}

/* Messages first, since some servers put those of a removed folder into their trash. 0; 1: refused; -1: failed. */
static int empty(mig__session *session, const char *wire, mig_error *err)
{
    mig__selected selected = {0};
    reading r = {.all = MIG__UIDSET_INIT};
    int outcome = mig__command_outcome(session, mig__select(session, wire, false, &selected, err), err);
    if (outcome == 0) {
        outcome = mig__command_outcome(session, mig__search(session, "ALL", on_search, &r, err), err);
    }
    if (outcome == 0 && r.all.count > 0) {
        const mig__uid_command store = {
            .words = "UID STORE", .uids = &r.all, .more = "+FLAGS.SILENT (\\Deleted)", .expects = true};
        outcome = mig__command_outcome(session, mig__command_on_uids(session, &store, NULL, NULL, err), err);
    }
    if (outcome == 0) { /* CLOSE expunges, and leaves the folder so that it can be removed */
        outcome = mig__command_simple(session, "CLOSE", NULL, NULL, err);
    }
    mig__selected_free(&selected);
    mig__uidset_free(&r.all);
    return outcome;
}

static int send_about(mig__session *session, const char *words, const char *wire, mig_error *err)
{
    mig__command *command = mig__command_begin(session, words, NULL, NULL, err);
    if (command != NULL) {
        mig__command_mailbox(command, wire);
        command = mig__command_end(command, err) == 0 ? command : NULL;
    }
    return mig__command_outcome(session, command, err);
}

/* By this session, else by another one that no stop ends. False: it is still there, and `why` says why. */
static bool remove_folder(mig__measure *m, const char *wire, bool session_failed, mig_error *why)
{
    if (!session_failed) {
        const int emptied = empty(m->session, wire, why);
        if (emptied >= 0 && send_about(m->session, "DELETE", wire, why) == 0) {
            return true;
        }
    }
    const mig__session_options again = {
        .endpoint = m->options->endpoint, .log = &m->options->log, .account = m->account.label};
    mig__session *session = mig__session_open(&again, why);
    const bool gone = session != NULL && empty(session, wire, why) >= 0 &&
                      (send_about(session, "DELETE", wire, why) == 0 || why->code == MIG_E_MISSING);
    mig__session_close(&session);
    return gone;
}

/* A name that is not there yet. */
static int name_folder(const mig__measure *m, char *out, size_t size, mig_error *err)
{
    uint32_t number = 0;
    do {
        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
            return mig_error_set(err, MIG_E_IO, "the system gives no random numbers");
        }
        const char *prefix = m->account.mailboxes.prefix;
        snprintf(out, size, "%.200smailmigrate-probe-%08x", prefix != NULL ? prefix : "", number);
    } while (mig__mailbox_find(&m->account.mailboxes, out) != NULL);
    return 0;
}

int mig__measure_write(mig__measure *m, mig_error *err)
{
    mig_measure_result *r = m->result;
    char wire[256];
    if (m->account.profile.labels) {
        return not_tried(&r->append, "a message stays in \"All Mail\" there when its label is removed", err) != 0 ||
                       mig__measure_fetch(m, err) != 0
                   ? -1
                   : 0;
    }
    if (name_folder(m, wire, sizeof wire, err) != 0) {
        return -1;
    }
    r->append.where = mig__strdup(wire);
    r->fetch.where = mig__strdup(wire);
    if (r->append.where == NULL || r->fetch.where == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int outcome = send_about(m->session, "CREATE", wire, &r->append.error);
    if (outcome > 0) {
        mig_error_context(&r->append.error, "making the folder \"%s\"", wire);
        free(r->fetch.where);
        r->fetch.where = NULL;
        return mig__measure_fetch(m, err);
    }
    outcome = outcome < 0 ? outcome : fill(m, wire, &r->append.error);
    if (outcome == 0) {
        outcome = read_folder(m, wire, &r->fetch, &r->fetch.error);
    }
    mig_error why = MIG_ERROR_INIT;
    r->left_behind = !remove_folder(m, wire, outcome < 0, &why);
    if (r->left_behind) {
        r->append.error = why;
        mig_error_context(&r->append.error, "removing the folder \"%s\"", wire);
    }
    *err = outcome < 0 ? (r->append.error.code != MIG_OK ? r->append.error : r->fetch.error) : *err;
    return outcome < 0 ? -1 : 0;
}
