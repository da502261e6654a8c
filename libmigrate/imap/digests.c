#include "imap/digests.h"

enum { PIECE_MESSAGES = 256, PIECES_IN_FLIGHT = 3 };

typedef struct digest_walk {
    mig__digester *digester;
    mig__digest_handler *handler;
    void *context;
    bool arrived; /* a body ended, and its FETCH response has not been seen yet */
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
    bool given = response->fetch.body == MIG__BODY_GIVEN || response->fetch.has_header;
    if (response->kind != MIG__RESPONSE_FETCH || !given || !walk->arrived) {
        return 0;
    }
    walk->arrived = false;
    mig__message_digest digest;
    if (mig__digester_end(walk->digester, &digest, err) != 0) {
        return -1;
    }
    return response->fetch.uid == 0 ? 0 : walk->handler(&response->fetch, &digest, walk->context, err);
}

static int wait_piece(mig__session *session, mig__command *command, mig_error *err)
{
    mig_error refused;
    if (mig__command_settle(session, command, &refused, err) != 0) {
        return -1;
    }
    /* What the account was put off for must not look as if not there; a message may spoil a command by itself. */
    if (refused.code != MIG_OK && refused.scope >= MIG_SCOPE_ACCOUNT && refused.retry != MIG_RETRY_NEVER) {
        if (err != NULL) {
            *err = refused;
        }
        return -1;
    }
    return 0;
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
    int failed = -1;
    digest_walk walk = {.digester = digester, .handler = handler, .context = context};
    mig__uidset left = MIG__UIDSET_INIT, piece = MIG__UIDSET_INIT;
    mig__command *flights[PIECES_IN_FLIGHT];
    size_t first = 0, count = 0;
    if (mig__uidset_copy(&left, uids, err) != 0) {
        goto cleanup;
    }
    mig__body_sink sink = {sink_begin, sink_data, &walk};
    mig__session_set_sink(session, &sink);
    while (left.count > 0 || count > 0) {
        if (left.count > 0 && count < PIECES_IN_FLIGHT) {
            if (mig__uidset_take(&left, PIECE_MESSAGES, &piece, err) < 0) {
                goto cleanup;
            }
            unsigned items = MIG__FETCH_FLAGS | MIG__FETCH_DATE | what;
            mig__command *command = mig__fetch(session, &piece, items, 0, on_fetch, &walk, err);
            if (command == NULL) {
                goto cleanup;
            }
            flights[(first + count++) % PIECES_IN_FLIGHT] = command;
            continue;
        }
        if (wait_piece(session, flights[first], err) != 0) {
            goto cleanup;
        }
        first = (first + 1) % PIECES_IN_FLIGHT;
        count--;
    }
    failed = 0;
cleanup:
    if (failed != 0) {
        mig__command_abandon(session); /* what is in flight must not find a context that is gone */
    }
    mig__session_set_sink(session, NULL);
    mig__uidset_free(&left);
    mig__uidset_free(&piece);
    return failed;
}
