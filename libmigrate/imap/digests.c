/* imap/digests.c - a pipeline of FETCHes whose bodies are digested as they pass; what spoils a FETCH is singled out */
#include "imap/digests.h"
#include "base/retry.h"

enum {
    PIECE_MESSAGES = 256,
    PIECES_IN_FLIGHT = 3,
    MORE_ATTEMPTS = 200 /* FETCHes for what did not come at once */
};

typedef struct flight {
    mig__command *command;
    mig__uidset left; /* asked for, and not answered yet */
} flight;

typedef struct digest_walk {
    mig__session *session;
    unsigned items;
    mig__digester *digester;
    mig__digest_handler *handler;
    void *context;
    bool arrived; /* a body ended, and its FETCH response has not been seen yet */
    flight flights[PIECES_IN_FLIGHT];
    size_t first, count; /* ring */
    mig__uidset rest;    /* did not come */
    uint64_t read;
    bool refused;      /* by the FETCHes of the last round */
    mig_error refusal; /* the first one; MIG_OK: none */
} digest_walk;

static int sink_begin(uint64_t size, void *context, mig_error *err)
{
    digest_walk *walk = context;
    (void)size;
    walk->arrived = true;
    return mig__digester_begin(walk->digester, err);
}

static int sink_data(const char *octets, size_t length, void *context, mig_error *err)
{
    digest_walk *walk = context;
    return mig__digester_add(walk->digester, octets, length, err);
}

static int on_fetch(const mig__response *response, void *context, mig_error *err)
{
    digest_walk *walk = context;
    const mig__fetch_item *item = &response->fetch;
    bool given = item->body == MIG__BODY_GIVEN || item->has_header;
    if (response->kind != MIG__RESPONSE_FETCH || !given || !walk->arrived) {
        return 0;
    }
    walk->arrived = false;
    mig__message_digest digest;
    if (mig__digester_end(walk->digester, &digest, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < PIECES_IN_FLIGHT; i++) {
        if (mig__uidset_remove(&walk->flights[i].left, item->uid, err) != 0) {
            return -1;
        }
    }
    walk->read++;
    return item->uid == 0 ? 0 : walk->handler(item, &digest, walk->context, err);
}

static int send_piece(digest_walk *walk, mig__uidset *left, mig_error *err)
{
    flight *f = &walk->flights[(walk->first + walk->count) % PIECES_IN_FLIGHT];
    if (mig__uidset_take(left, PIECE_MESSAGES, &f->left, err) < 0) {
        return -1;
    }
    mig__uidset piece = MIG__UIDSET_INIT; /* answers may come while it is still being sent */
    int failed = mig__uidset_copy(&piece, &f->left, err);
    f->command = failed != 0 ? NULL : mig__fetch(walk->session, &piece, walk->items, 0, on_fetch, walk, err);
    mig__uidset_free(&piece);
    walk->count++;
    return f->command == NULL ? -1 : 0;
}

/* What was put off must not look as if not there. 1: put off, `err` says how. */
static int finish_piece(digest_walk *walk, mig_error *err)
{
    flight *f = &walk->flights[walk->first];
    mig_error refused;
    if (mig__command_settle(walk->session, f->command, &refused, err) != 0) {
        return -1;
    }
    walk->first = (walk->first + 1) % PIECES_IN_FLIGHT;
    walk->count--;
    if (mig__retry_wanted(&refused)) {
        *err = refused;
        return 1;
    }
    walk->refused = walk->refused || refused.code != MIG_OK;
    walk->refusal = walk->refusal.code == MIG_OK ? refused : walk->refusal;
    int failed = mig__uidset_add_all(&walk->rest, &f->left, err);
    mig__uidset_clear(&f->left);
    return failed;
}

/* One round: all of `uids` are asked for, walk->rest gets what does not come. 0; 1 put off, -1 the session failed. */
static int ask_for(digest_walk *walk, const mig__uidset *uids, mig_error *err)
{
    mig__uidset left = MIG__UIDSET_INIT;
    int outcome = mig__uidset_copy(&left, uids, err);
    walk->refused = false;
    mig__uidset_clear(&walk->rest);
    while (outcome == 0 && (left.count > 0 || walk->count > 0)) {
        bool more = left.count > 0 && walk->count < PIECES_IN_FLIGHT;
        outcome = more ? send_piece(walk, &left, err) : finish_piece(walk, err);
    }
    mig__uidset_free(&left);
    return outcome;
}

/*
 * Content was asked for and did not come: the message is gone by now, the server answers about so many at a time, or
 * one that it cannot give spoils the whole command: once more, then in halves, until that one stands alone.
 */
static int ask_for_rest(digest_walk *walk, unsigned *attempts, mig_error *err)
{
    mig__uidset mine = walk->rest, half = MIG__UIDSET_INIT;
    walk->rest = (mig__uidset)MIG__UIDSET_INIT;
    bool refused = walk->refused;
    int outcome = 0;
    if (mine.count > 0 && *attempts > 0 && (!refused || mig__uidset_size(&mine) > 1)) {
        uint64_t size = mig__uidset_size(&mine);
        --*attempts;
        if (refused) {
            outcome = mig__uidset_take(&mine, size / 2, &half, err) < 0 ? -1 : ask_for(walk, &half, err);
            outcome = outcome != 0 ? outcome : ask_for_rest(walk, attempts, err);
        }
        outcome = outcome != 0 ? outcome : ask_for(walk, &mine, err);
        if (outcome == 0 && (walk->refused || refused || mig__uidset_size(&walk->rest) < size)) {
            outcome = ask_for_rest(walk, attempts, err);
        }
    }
    mig__uidset_free(&mine);
    mig__uidset_free(&half);
    return outcome;
}

int mig__fetch_digests(mig__session *session, const mig__uidset *uids, unsigned what, mig__digest_handler *handler,
                       void *context, mig_error *err)
{
    mig__digester *digester = mig__digester_new(err);
    int failed = digester == NULL ? -1 : mig__fetch_digests_with(session, uids, what, digester, handler, context, err);
    mig__digester_free(&digester);
    return failed;
}

int mig__fetch_digests_with(mig__session *session, const mig__uidset *uids, unsigned what, mig__digester *digester,
                            mig__digest_handler *handler, void *context, mig_error *err)
{
    unsigned attempts = MORE_ATTEMPTS;
    digest_walk walk = {.session = session,
                        .items = MIG__FETCH_FLAGS | MIG__FETCH_DATE | what,
                        .digester = digester,
                        .handler = handler,
                        .context = context,
                        .refusal = MIG_ERROR_INIT};
    mig__body_sink sink = {sink_begin, sink_data, &walk};
    mig__session_set_sink(session, &sink);
    int outcome = ask_for(&walk, uids, err);
    outcome = outcome != 0 ? outcome : ask_for_rest(&walk, &attempts, err);
    if (outcome == 0 && walk.read == 0 && walk.refusal.code != MIG_OK) { /* one may be spoilt, but not all */
        *err = walk.refusal;
        outcome = 1;
    }
    if (outcome != 0) {
        mig__command_abandon(session); /* what is in flight must not find a context that is gone */
    }
    mig__session_set_sink(session, NULL);
    mig__uidset_free(&walk.rest);
    for (size_t i = 0; i < PIECES_IN_FLIGHT; i++) {
        mig__uidset_free(&walk.flights[i].left);
    }
    return outcome;
}
