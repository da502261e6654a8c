/*
 * verify/explain.c - turning a message back until it has the recorded digest
 *
 * What is tried: with the fields that servers add left out or in, with 0x80 turned into NUL or not, with up to a few
 * line ends less or more at the end, and with the line ends themselves in another form. How many of them must have had
 * that form follows from the recorded size; which ones is tried from the front and from the back, so that a message
 * whose header or body alone had it is found as well; a single one may be anywhere.
 */
#include "verify/explain.h"
#include "verify/octets.h"
#include <string.h>

/* How much is read for one message at most, all attempts together. */
#define READ_LIMIT (UINT64_C(256) << 20)

typedef enum line_form {
    AS_IT_IS,
    WITH_ONE_CR_MORE, /* CR CR LF */
    LF_ONLY
} line_form;

/* One way to turn a message back. */
typedef struct attempt {
    bool left_out; /* fields of the list are left out */
    bool nul;      /* 0x80 becomes NUL */
    int final;     /* so many CRLF more at the end; negative: fewer */
    line_form form;
    uint64_t lines; /* so many CRLF get that form */
    uint64_t first; /* from this one on */
    bool crlf;      /* each LF without CR becomes CRLF */
} attempt;

/* What there is to turn back. */
typedef struct features {
    uint64_t octets;
    uint64_t line_ends; /* CRLF */
    uint64_t bare;      /* LF without CR */
    uint64_t high;      /* 0x80 */
    uint64_t final;     /* CRLF at the end, one after another */
    unsigned char last; /* octet */
} features;

typedef struct explainer {
    const mig__message_digest *recorded;
    const mig__octets *found;
    mig__sha256 *sha256;
    uint64_t read;
    mig__explanation *out;
} explainer;

/* ---- one walk over the message, with or without the fields left out ---- */

static int add_to_form(const void *data, size_t length, void *context, mig_error *err)
{
    return mig__canonical_add(context, data, length, err);
}

static int walk_form(const mig__octets *octets, unsigned rules, mig__canonical_sink *sink, void *context,
                     mig_error *err)
{
    mig__canonical form;
    mig__canonical_begin(&form, rules, sink, context);
    return mig__octets_walk(octets, octets->length, add_to_form, &form, err) < 0 ? -1 : mig__canonical_end(&form, err);
}

static int walk(explainer *e, bool left_out, mig__canonical_sink *sink, void *context, mig_error *err)
{
    e->read += e->found->length;
    return walk_form(e->found, left_out ? MIG_RULE_LEFT_OUT : 0, sink, context, err);
}

/* ---- features ---- */

static int add_features(const void *data, size_t length, void *context, mig_error *err)
{
    features *f = context;
    const unsigned char *octets = data;
    (void)err;
    for (size_t i = 0; i < length; i++) {
        if (octets[i] == '\n' && f->last == '\r') {
            f->line_ends++;
            f->final++;
        } else if (octets[i] != '\r' || f->last == '\r') {
            f->final = 0;
        }
        f->bare += octets[i] == '\n' && f->last != '\r';
        f->high += octets[i] == 0x80;
        f->last = octets[i];
    }
    f->octets += length;
    return 0;
}

/* ---- turning back ---- */

typedef struct turner {
    const attempt *how;
    mig__sha256 *sha256;
    uint64_t left; /* octets to go before the line ends that are cut off at the end */
    uint64_t line; /* CRLF seen */
    bool cr;       /* a CR waits for what follows */
    size_t length;
    unsigned char out[4096];
} turner;

static int put(turner *t, const char *text, size_t length, mig_error *err)
{
    if (length > sizeof t->out - t->length) {
        if (mig__sha256_add(t->sha256, t->out, t->length, err) < 0) {
            return -1;
        }
        t->length = 0;
    }
    memcpy(t->out + t->length, text, length);
    t->length += length;
    return 0;
}

static int put_line_end(turner *t, mig_error *err)
{
    static const char *const forms[] = {[AS_IT_IS] = "\r\n", [WITH_ONE_CR_MORE] = "\r\r\n", [LF_ONLY] = "\n"};
    bool changes = t->line >= t->how->first && t->line - t->how->first < t->how->lines;
    const char *form = forms[changes ? t->how->form : AS_IT_IS];
    t->line++;
    return put(t, form, strlen(form), err);
}

static int turn(const void *data, size_t length, void *context, mig_error *err)
{
    turner *t = context;
    const char *octets = data;
    size_t taken = length < t->left ? length : (size_t)t->left;
    t->left -= taken;
    for (size_t i = 0; i < taken; i++) {
        char octet = octets[i] == '\x80' && t->how->nul ? '\0' : octets[i];
        bool was_cr = t->cr;
        t->cr = octet == '\r';
        if (was_cr && octet == '\n') {
            if (put_line_end(t, err) < 0) {
                return -1;
            }
        } else if ((was_cr && put(t, "\r", 1, err) < 0) ||
                   (!was_cr && octet == '\n' && t->how->crlf && put(t, "\r", 1, err) < 0) ||
                   (!t->cr && put(t, &octet, 1, err) < 0)) {
            return -1;
        }
    }
    return 0;
}

static int end_turn(turner *t, uint8_t digest[MIG__DIGEST_SIZE], mig_error *err)
{
    if (t->cr && put(t, "\r", 1, err) < 0) {
        return -1;
    }
    for (int i = 0; i < t->how->final; i++) {
        if (put_line_end(t, err) < 0) {
            return -1;
        }
    }
    return mig__sha256_add(t->sha256, t->out, t->length, err) < 0 ? -1 : mig__sha256_end(t->sha256, digest, err);
}

/* 1 when the attempt gives the recorded digest, 0 when not, -1 on error. */
static int try_one(explainer *e, const features *f, const attempt *how, mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    uint64_t cut = how->final < 0 ? (uint64_t)-how->final : 0;
    turner t = {.how = how, .sha256 = e->sha256, .left = f->octets - 2 * cut};
    if (e->read > READ_LIMIT) {
        return 0;
    }
    if (mig__sha256_begin(e->sha256, err) < 0 || walk(e, how->left_out, turn, &t, err) < 0 ||
        end_turn(&t, digest, err) < 0) {
        return -1;
    }
    if (memcmp(digest, e->recorded->raw, sizeof digest) != 0) {
        return 0;
    }
    e->out->certain = true;
    e->out->rules = (how->left_out ? MIG_RULE_LEFT_OUT : 0U) | (how->nul ? MIG_RULE_NUL : 0U) |
                    (how->final ? MIG_RULE_FINAL_LINE : 0U) | (how->lines || how->crlf ? MIG_RULE_LINE_ENDS : 0U);
    return 1;
}

/* The line ends at the front, those at the back, and a single one anywhere. */
static int try_places(explainer *e, const features *f, attempt how, uint64_t total, mig_error *err)
{
    int found = 0;
    uint64_t last = total - how.lines, step = how.lines == 1 || last == 0 ? 1 : last;
    for (how.first = 0; found == 0 && how.first <= last && e->read <= READ_LIMIT; how.first += step) {
        found = try_one(e, f, &how, err);
    }
    return found;
}

/* `how` but for the line ends, whose form follows from what is lacking to the recorded size. */
static int try_line_ends(explainer *e, const features *f, attempt how, mig_error *err)
{
    int64_t total = (int64_t)f->line_ends + how.final;
    int64_t lacking = (int64_t)e->recorded->octets - (int64_t)f->octets - 2 * how.final;
    int found = 0;
    if (lacking > 0 && (uint64_t)lacking == f->bare) {
        how.crlf = true;
        found = try_one(e, f, &how, err);
        how.crlf = false;
    }
    how.lines = (uint64_t)(lacking < 0 ? -lacking : lacking);
    if (found != 0 || lacking == 0) {
        return found != 0 ? found : try_one(e, f, &how, err);
    }
    how.form = lacking < 0 ? LF_ONLY : WITH_ONE_CR_MORE;
    return (int64_t)how.lines <= total ? try_places(e, f, how, (uint64_t)total, err) : 0;
}

static int try_all(explainer *e, const features *f, bool left_out, mig_error *err)
{
    static const int finals[] = {0, -1, 1, -2, 2};
    size_t count = sizeof finals / sizeof finals[0];
    bool many = f->final > 2 && f->final < 1000000;
    for (size_t i = 0; i < count + (many ? 1 : 0); i++) {
        int final = i < count ? finals[i] : -(int)f->final;
        if (final < 0 && (uint64_t)-final > f->final) {
            continue;
        }
        for (int nul = 0; nul < (f->high ? 2 : 1); nul++) {
            attempt how = {.left_out = left_out, .nul = nul, .final = final};
            int found = try_line_ends(e, f, how, err);
            if (found) {
                return found;
            }
        }
    }
    return 0;
}

/* Nothing was proven: what size and content leave possible. */
static unsigned possible_rules(const explainer *e, const features *f, bool has_left_out)
{
    int64_t lacking = (int64_t)e->recorded->octets - (int64_t)f->octets;
    uint64_t lines = (uint64_t)(lacking < 0 ? -lacking : lacking);
    unsigned rules = MIG_RULE_BLANKS;
    rules |= lacking == 0 ? MIG_RULE_NAME_CASE : 0U;
    rules |= lacking != 0 && lines <= f->line_ends ? MIG_RULE_LINE_ENDS : 0U;
    rules |= lacking > 0 || has_left_out ? MIG_RULE_LEFT_OUT : 0U;
    rules |= f->high ? MIG_RULE_NUL : 0U;
    return rules;
}

int mig__explain_record(const mig__message_digest *recorded, const mig__octets *found, mig__explanation *out,
                        mig_error *err)
{
    features whole = {0}, without = {0};
    explainer e = {recorded, found, mig__sha256_new(err), 0, out};
    int result = -1;
    *out = (mig__explanation){0, false};
    if (!e.sha256 || walk(&e, false, add_features, &whole, err) < 0 ||
        walk(&e, true, add_features, &without, err) < 0) {
        goto cleanup;
    }
    bool has_left_out = without.octets != whole.octets;
    int proven = try_all(&e, &whole, false, err);
    if (proven == 0 && has_left_out) {
        proven = try_all(&e, &without, true, err);
    }
    if (proven == 0) {
        out->rules = possible_rules(&e, &whole, has_left_out);
    }
    result = proven < 0 ? -1 : 0;
cleanup:
    mig__sha256_free(&e.sha256);
    return result;
}

/* ---- with both at hand ---- */

static int add_digest(const void *data, size_t length, void *context, mig_error *err)
{
    return mig__sha256_add(context, data, length, err);
}

/* 1 when both are equal under the rules, 0 when not, -1 on error. */
static int equal_under(mig__sha256 *sha256, const mig__octets *a, const mig__octets *b, unsigned rules, mig_error *err)
{
    uint8_t digests[2][MIG__DIGEST_SIZE];
    for (int i = 0; i < 2; i++) {
        if (mig__sha256_begin(sha256, err) < 0 || walk_form(i ? b : a, rules, add_digest, sha256, err) < 0 ||
            mig__sha256_end(sha256, digests[i], err) < 0) {
            return -1;
        }
    }
    return memcmp(digests[0], digests[1], MIG__DIGEST_SIZE) == 0;
}

int mig__explain_both(const mig__octets *source, const mig__octets *target, mig__explanation *out, mig_error *err)
{
    mig__sha256 *sha256 = mig__sha256_new(err);
    unsigned rules = MIG_RULES_ALL;
    *out = (mig__explanation){0, true};
    int result = sha256 ? equal_under(sha256, source, target, rules, err) : -1;
    for (unsigned rule = 1; rule < MIG_RULES_ALL && result == 1; rule <<= 1) { /* what is not needed goes */
        int equal = equal_under(sha256, source, target, rules & ~rule, err);
        rules &= equal == 1 ? ~rule : MIG_RULES_ALL;
        result = equal < 0 ? -1 : 1;
    }
    out->rules = result == 1 ? rules : 0;
    mig__sha256_free(&sha256);
    return result;
}
