/*
 * fuzz_canonical.c - the canonical form of any octets, under any rules
 *
 * What must hold: pieces of any size give what the whole gives; the form under all rules is its own canonical form;
 * under no rule it is the message as it came.
 */
#include "base/buffer.h"
#include "mail/canonical.h"
#include "fuzz.h"

static int keep(const void *data, size_t length, void *context, mig_error *err)
{
    (void)err;
    mig__buffer_add(context, data, length);
    return 0;
}

static void form(unsigned rules, const char *data, size_t size, size_t piece, mig__buffer *out)
{
    mig_error err = MIG_ERROR_INIT;
    mig__canonical walk;
    mig__buffer_clear(out);
    mig__canonical_begin(&walk, rules, keep, out);
    for (size_t at = 0; at < size; at += piece) {
        INSIST(mig__canonical_add(&walk, data + at, size - at < piece ? size - at : piece, &err) == 0);
    }
    INSIST(mig__canonical_end(&walk, &err) == 0);
}

static bool same(const mig__buffer *a, const char *data, size_t size)
{
    return a->length == size && (size == 0 || memcmp(a->data, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    unsigned rules = fuzz_octet(&in) & MIG_RULES_ALL;
    size_t piece = 1 + fuzz_octet(&in) % 7;
    const char *octets = (const char *)in.data;
    mig__buffer whole = MIG__BUFFER_INIT, other = MIG__BUFFER_INIT;

    form(rules, octets, in.size, in.size + 1, &whole);
    form(rules, octets, in.size, piece, &other);
    INSIST(same(&other, whole.data, whole.length));
    form(0, octets, in.size, piece, &whole);
    INSIST(same(&whole, octets, in.size));
    form(MIG_RULES_ALL, octets, in.size, in.size + 1, &whole);
    form(MIG_RULES_ALL, whole.data, whole.length, piece, &other);
    INSIST(same(&other, whole.data, whole.length));
    mig__buffer_free(&whole);
    mig__buffer_free(&other);
    return 0;
}
