/* copy/same.c - before a message on the target is changed, moved or removed: is it the one that the record says? */
#include "copy/same.h"
#include "imap/digests.h"
#include <stdlib.h>
#include <string.h>

mig__expected mig__same_expect(const mig__message *message)
{
    return (mig__expected){.uid = message->target_uid,
                           .digest = message->digest,
                           .has_digest = message->has_digest && message->canonical_version == MIG__CANONICAL_VERSION,
                           .date = message->internaldate};
}

bool mig__same_looks(const mig__expected *expected, uint32_t size, const mig__datetime *date)
{
    return size != 0 && size == expected->digest.octets &&
           (!date->valid || !expected->date.valid || date->utc == expected->date.utc);
}

typedef struct checking {
    mig__expected *items; /* by ascending uid */
    size_t count;
    bool by_content;
} checking;

static int compare(const void *a, const void *b)
{
    const mig__expected *x = a, *y = b;
    return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static mig__expected *find(checking *c, uint32_t uid)
{
    mig__expected key = {.uid = uid};
    return uid == 0 ? NULL : bsearch(&key, c->items, c->count, sizeof *c->items, compare);
}

static int on_summary(const mig__response *response, void *context, mig_error *err)
{
    checking *c = context;
    const mig__fetch_item *item = &response->fetch;
    mig__expected *expected = response->kind == MIG__RESPONSE_FETCH ? find(c, item->uid) : NULL;
    (void)err;
    if (expected != NULL && item->has_size) {
        expected->there = true;
        expected->dated =
            item->internaldate.valid && expected->date.valid && item->internaldate.utc == expected->date.utc;
        expected->same =
            mig__same_looks(expected, item->size, &item->internaldate) && !(c->by_content && expected->has_digest);
    }
    return 0;
}

static int on_content(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    mig__expected *expected = find(context, item->uid);
    (void)err;
    if (expected != NULL) {
        expected->same = memcmp(expected->digest.raw, digest->raw, MIG__DIGEST_SIZE) == 0 ||
                         memcmp(expected->digest.canonical, digest->canonical, MIG__DIGEST_SIZE) == 0;
    }
    return 0;
}

static int gather(const checking *c, bool doubtful, mig__uidset *out, mig_error *err)
{
    for (size_t i = 0; i < c->count; i++) {
        const mig__expected *e = &c->items[i];
        bool wanted = !doubtful || (e->there && !e->same && e->has_digest);
        if (e->uid != 0 && wanted && mig__uidset_add(out, e->uid, e->uid, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int mig__same_check(mig__session *session, mig__expected *expected, size_t count, bool by_content, mig_error *err)
{
    checking c = {expected, count, by_content};
    mig__uidset uids = MIG__UIDSET_INIT;
    for (size_t i = 0; i < count; i++) { /* it may be asked again */
        expected[i].there = expected[i].same = expected[i].dated = false;
    }
    qsort(expected, count, sizeof *expected, compare);
    int outcome = gather(&c, false, &uids, err);
    if (outcome == 0 && uids.count > 0) {
        mig__command *command = mig__fetch(session, &uids, MIG__FETCH_SIZE | MIG__FETCH_DATE, 0, on_summary, &c, err);
        outcome = mig__command_outcome(session, command, err); /* refused is not "not there" */
    }
    mig__uidset_clear(&uids);
    outcome = outcome != 0 ? outcome : gather(&c, true, &uids, err);
    if (outcome == 0 && uids.count > 0) {
        outcome = mig__fetch_digests(session, &uids, MIG__FETCH_BODY, on_content, &c, err);
    }
    mig__uidset_free(&uids);
    return outcome;
}

int mig__same_expunge(mig__session *session, const uint32_t *uids, size_t count, mig_error *why, mig_error *err)
{
    static const char *const words[][2] = {{"UID STORE", "+FLAGS.SILENT (\\Deleted)"}, {"UID EXPUNGE", NULL}};
    mig__uidset set = MIG__UIDSET_INIT;
    int failed = 0;
    *why = (mig_error)MIG_ERROR_INIT;
    for (size_t i = 0; failed == 0 && i < count; i++) {
        failed = mig__uidset_add(&set, uids[i], uids[i], err);
    }
    for (size_t i = 0; failed == 0 && set.count > 0 && why->code == MIG_OK && i < 2; i++) {
        const mig__uid_command change = {.words = words[i][0], .uids = &set, .more = words[i][1]};
        failed = mig__command_settle(session, mig__command_on_uids(session, &change, NULL, NULL, err), why, err);
    }
    mig__uidset_free(&set);
    return failed;
}
