/* reading/answers.c - messages as they arrive: octets to the sink, and which FETCH they belong to */
#include "base/clock.h"
#include "reading/reader.h"

/* ---- octets of a body ---- */

void mig__reader_forget(mig__reader *r)
{
    if (r->arriving) {
        r->arriving = false;
        r->pool->options.sink.drop(r->own);
    }
}

static int body_begin(uint64_t size, void *context, mig_error *err)
{
    mig__reader *r = context;
    mig__reader_forget(r);
    int64_t before = mig__now_ms();
    r->arriving = true;
    r->size = size;
    r->filled = 0;
    int failed = r->pool->options.sink.begin(size, r->own, err);
    r->blocked_ms += mig__now_ms() - before;
    return failed;
}

static int body_data(const char *octets, size_t length, void *context, mig_error *err)
{
    mig__reader *r = context;
    int64_t before = mig__now_ms();
    r->filled += length;
    int failed = r->pool->options.sink.data(octets, length, r->own, err);
    r->blocked_ms += mig__now_ms() - before;
    return failed;
}

void mig__reader_attach(mig__reader *r)
{
    mig__body_sink sink = {body_begin, body_data, r};
    mig__session_set_sink(r->session, &sink);
}

/* ---- FETCH responses ---- */

int mig__reader_lose(mig__reader *r, mig__unit *unit, uint32_t uid, const mig_error *why, mig_error *err)
{
    const mig__pool_options *options = &r->pool->options;
    bool again = !unit->summary && options->summaries_of_lost;
    if (mig__units_lost(r->pool->units, unit, uid, err) != 0 ||
        options->sink.lost(unit->of, uid, !unit->summary, why, r->own, err) != 0) {
        return -1;
    }
    return again ? mig__units_add_summary(r->pool->units, unit->of, uid, err) : 0;
}

/*
 * The flight that asked for a message. Servers work on several FETCH commands at once, so it need not be the oldest;
 * but none that waits for the EXAMINE of another mailbox.
 */
static mig__flight *asked_for(mig__reader *r, uint32_t uid)
{
    for (size_t i = 0; uid > 0 && i < r->count; i++) {
        mig__flight *f = &r->flights[(r->first + i) % MIG__FLIGHTS];
        if (i > 0 && f->select != NULL && !mig__command_answered(f->select)) {
            break;
        }
        /* What is left of a FETCH that was answered does not come any more: this is the same UID of another mailbox. */
        if (f->fetch != NULL && !mig__command_answered(f->fetch) && mig__uidset_has(&f->unit->uids, uid)) {
            return f;
        }
    }
    return NULL;
}

static int take_message(mig__reader *r, mig__flight *f, const mig__fetch_item *item, mig_error *err)
{
    if (r->filled != r->size) {
        return mig_error_set(err, MIG_E_PROTOCOL, "message %u of '%s' came with %llu octets instead of %llu", item->uid,
                             f->unit->of->name, (unsigned long long)r->filled, (unsigned long long)r->size);
    }
    if (r->pool->options.sink.end(f->unit->of, item, r->own, err) != 0) {
        return -1;
    }
    r->arriving = false;
    r->attempts = 0;
    return mig__units_came(r->pool->units, f->unit, item->uid, err);
}

static int take_summary(mig__reader *r, mig__flight *f, const mig__fetch_item *item, mig_error *err)
{
    if (!item->has_size) {
        return 0; /* flags that changed meanwhile */
    }
    if (r->pool->options.sink.summary(f->unit->of, item, r->own, err) != 0) {
        return -1;
    }
    r->attempts = 0;
    return mig__units_came(r->pool->units, f->unit, item->uid, err);
}

static int take_odd(mig__reader *r, mig__flight *f, uint32_t uid, mig_error *err)
{
    mig__reader_forget(r);
    return mig__uidset_add(&f->odd, uid, uid, err);
}

int mig__reader_on_fetch(const mig__response *response, void *context, mig_error *err)
{
    mig__reader *r = context;
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH && response->kind != MIG__RESPONSE_ODD) {
        return 0;
    }
    mig__flight *f = asked_for(r, item->uid);
    if (f == NULL) {
        if (item->body != MIG__BODY_NONE) {
            mig__reader_forget(r); /* something we did not ask for, or a second time */
        }
        return 0;
    }
    if (response->kind == MIG__RESPONSE_ODD) {
        return take_odd(r, f, item->uid, err);
    }
    if (f->unit->summary) {
        return take_summary(r, f, item, err);
    }
    if (item->body != MIG__BODY_GIVEN || !r->arriving) {
        return 0; /* flags that changed meanwhile, or NIL: it stays without an answer and is asked for once more */
    }
    return take_message(r, f, item, err);
}
