/* copy/held_uids.c - which UIDs a mailbox of the target has, whole or not at all */
#include "copy/held.h"
#include "imap/fetch.h"

static int on_uid(const mig__response *response, void *context, mig_error *err)
{
    uint32_t uid = response->fetch.uid;
    return response->kind == MIG__RESPONSE_FETCH && uid > 0 ? mig__uidset_add(context, uid, uid, err) : 0;
}

static int on_search(const mig__response *response, void *context, mig_error *err)
{
    for (size_t i = 0; response->kind == MIG__RESPONSE_SEARCH && response->uids != NULL && i < response->uids->count;
         i++) {
        const mig__uid_range *range = &response->uids->ranges[i];
        if (mig__uidset_add(context, range->first, range->last, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/*
 * A search may be answered in part; a FETCH names each message, or with a MESSAGELIMIT (RFC 9738) the newest of those
 * asked for: then those below are asked for as well, as long as answers bring something. Fewer than `exists` in the end
 * are no answer: what was not named is not known to be gone.
 */
static int fetch_uids(mig__session *session, uint32_t exists, mig__uidset *out, mig_error *err)
{
    uint64_t named = 0;
    int outcome = 0;
    mig__uidset_clear(out);
    for (uint32_t last = UINT32_MAX; outcome == 0 && last > 0;) {
        mig__uidset asked = MIG__UIDSET_INIT;
        outcome = mig__uidset_add(&asked, 1, last, err);
        mig__command *fetch = outcome != 0 ? NULL : mig__fetch(session, &asked, 0, 0, on_uid, out, err);
        outcome = mig__command_outcome(session, fetch, err);
        mig__uidset_free(&asked);
        uint64_t size = mig__uidset_size(out);
        if (outcome != 0 || size >= exists || size == named) {
            break;
        }
        named = size;
        last = out->ranges[0].first - 1;
    }
    if (outcome == 0 && mig__uidset_size(out) < exists) {
        mig_error_set(err, MIG_E_PROTOCOL, "the target names %llu of its %u messages",
                      (unsigned long long)mig__uidset_size(out), exists);
        return 1;
    }
    return outcome;
}

int mig__held_uids(mig__session *session, uint32_t exists, mig__uidset *out, mig_error *err)
{
    if (exists == 0) {
        return 0;
    }
    int outcome = mig__command_outcome(session, mig__search(session, "ALL", on_search, out, err), err);
    if (outcome < 0 || (outcome == 0 && mig__uidset_size(out) == exists)) {
        return outcome;
    }
    return fetch_uids(session, exists, out, err);
}
