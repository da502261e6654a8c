/* mail/digest.c - the digests of a message, raw and canonical, in one walk over its octets */
#include "mail/digest.h"
#include "base/buffer.h"
#include "mail/canonical.h"
#include <stdlib.h>
#include <string.h>

enum { KEPT_MOST = 256 << 10 };

struct mig__digester {
    mig__sha256 *raw;
    mig__sha256 *canonical;
    mig__canonical form;
    uint64_t octets;
    mig__canonical_known *known; /* NULL: every form is made */
    void *known_context;
    mig__buffer kept; /* what the form was not made of yet */
    bool keeping;
};

static int add_canonical(const void *data, size_t length, void *context, mig_error *err)
{
    return mig__sha256_add(context, data, length, err);
}

mig__digester *mig__digester_new(mig_error *err)
{
    mig__digester *digester = calloc(1, sizeof *digester);
    if (!digester) {
        mig_error_set(err, MIG_E_NOMEM, "no memory for a digest");
        return NULL;
    }
    digester->raw = mig__sha256_new(err);
    digester->canonical = digester->raw ? mig__sha256_new(err) : NULL;
    if (!digester->canonical) {
        mig__digester_free(&digester);
    }
    return digester;
}

void mig__digester_ask(mig__digester *digester, mig__canonical_known *known, void *context)
{
    digester->known = known;
    digester->known_context = context;
}

int mig__digester_begin(mig__digester *digester, mig_error *err)
{
    digester->octets = 0;
    digester->keeping = digester->known != NULL;
    mig__buffer_clear(&digester->kept);
    mig__canonical_begin(&digester->form, MIG_RULES_ALL, add_canonical, digester->canonical);
    return mig__sha256_begin(digester->raw, err) < 0 ? -1 : mig__sha256_begin(digester->canonical, err);
}

/* The form of what was kept, and from now on of everything at once. */
static int stop_keeping(mig__digester *digester, mig_error *err)
{
    digester->keeping = false;
    return mig__canonical_add(&digester->form, digester->kept.data, digester->kept.length, err);
}

int mig__digester_add(mig__digester *digester, const void *data, size_t length, mig_error *err)
{
    digester->octets += length;
    if (mig__sha256_add(digester->raw, data, length, err) < 0) {
        return -1;
    }
    if (digester->keeping && digester->octets <= KEPT_MOST) {
        mig__buffer_add(&digester->kept, data, length);
        return mig__buffer_ok(&digester->kept, err);
    }
    if (digester->keeping && stop_keeping(digester, err) < 0) {
        return -1;
    }
    return mig__canonical_add(&digester->form, data, length, err);
}

int mig__digester_end(mig__digester *digester, mig__message_digest *out, mig_error *err)
{
    out->octets = digester->octets;
    if (mig__sha256_end(digester->raw, out->raw, err) < 0) {
        return -1;
    }
    if (digester->keeping && digester->known(out->raw, out->canonical, digester->known_context)) {
        return 0;
    }
    if (digester->keeping && stop_keeping(digester, err) < 0) {
        return -1;
    }
    return mig__canonical_end(&digester->form, err) < 0 ? -1
                                                        : mig__sha256_end(digester->canonical, out->canonical, err);
}

void mig__digester_free(mig__digester **digester)
{
    if (*digester) {
        mig__sha256_free(&(*digester)->raw);
        mig__sha256_free(&(*digester)->canonical);
        mig__buffer_free(&(*digester)->kept);
        free(*digester);
        *digester = NULL;
    }
}
