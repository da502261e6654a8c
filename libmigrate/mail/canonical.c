/*
 * mail/canonical.c - the canonical form as a stream: line ends, then header fields, then the body
 *
 * Octets go through three layers. The lowest tells line ends from other octets. In the header the next one undoes folds
 * and cuts fields, and the last one writes them. In the body, text that is canonical already (nearly all mail is) goes
 * through in spans as long as the piece that was given; only what is not is looked at octet by octet.
 */
#include "mail/canonical.h"
#include <string.h>
#include <strings.h>

enum {
    AT_START,   /* nothing of the header was read yet */
    IN_NAME,    /* the name is gathered in `name` */
    AFTER_NAME, /* blanks between the name and its colon */
    IN_VALUE,
    IN_LEFT_OUT,
    IN_BODY
};

/* Octets looked at together for whether they can go through as they are. */
#define BLOCK 128

static const char *const left_out[] = {
    /* mbox metadata, which its servers hide, drop on APPEND and make anew: Dovecot, UW IMAP and Panda */
    "content-length", "status", "x-imap", "x-imapbase", "x-keywords", "x-status", "x-uid",
    /* Proton Bridge adds it to what is appended */
    "x-pm-gluon-id",
    /* marks that mbsync and OfflineIMAP put into their copies */
    "x-tuid", "x-offlineimap"};

/* Exchange adds and removes fields of these names at will ("header firewall"). */
static const char *const left_out_prefixes[] = {"x-ms-exchange-organization-", "x-ms-exchange-forest-"};

bool mig__field_left_out(const char *name, size_t length)
{
    if (length == 0 || !strchr("cCsSxX", name[0])) { /* most names: it is asked for every field */
        return false;
    }
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        if (strlen(left_out[i]) == length && strncasecmp(left_out[i], name, length) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof left_out_prefixes / sizeof left_out_prefixes[0]; i++) {
        size_t prefix = strlen(left_out_prefixes[i]);
        if (length > prefix && strncasecmp(left_out_prefixes[i], name, prefix) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- output ---- */

static int flush(mig__canonical *c, mig_error *err)
{
    size_t length = c->out_length;
    c->out_length = 0;
    return length ? c->sink(c->out, length, c->context, err) : 0;
}

static int put(mig__canonical *c, const void *data, size_t length, mig_error *err)
{
    if (length > sizeof c->out - c->out_length) {
        if (flush(c, err) < 0) {
            return -1;
        }
        if (length >= sizeof c->out) {
            return c->sink(data, length, c->context, err);
        }
    }
    memcpy(c->out + c->out_length, data, length);
    c->out_length += length;
    return 0;
}

static int put_octet(mig__canonical *c, unsigned char octet, mig_error *err)
{
    if (c->out_length == sizeof c->out && flush(c, err) < 0) {
        return -1;
    }
    c->out[c->out_length++] = octet;
    return 0;
}

static int put_line_end(mig__canonical *c, mig__line_end end, mig_error *err)
{
    for (uint64_t i = 0; i < end.crs; i++) {
        if (put_octet(c, '\r', err) < 0) {
            return -1;
        }
    }
    return end.lf ? put_octet(c, '\n', err) : 0;
}

/* Octets without CR and LF, with NUL replaced. */
static int put_text(mig__canonical *c, const unsigned char *data, size_t length, mig_error *err)
{
    while (length) {
        const unsigned char *nul = c->rules & MIG_RULE_NUL ? memchr(data, 0, length) : NULL;
        size_t span = nul ? (size_t)(nul - data) : length;
        if (put(c, data, span, err) < 0 || (nul && put_octet(c, 0x80, err) < 0)) {
            return -1;
        }
        span += nul ? 1 : 0;
        data += span;
        length -= span;
    }
    return 0;
}

/* ---- header ---- */

static bool is_blank(unsigned char octet)
{
    return octet == ' ' || octet == '\t';
}

/* What was taken for a name is none: the line is kept as it is. */
static int keep_line(mig__canonical *c, mig_error *err)
{
    c->state = IN_VALUE;
    c->wrote = c->name_length > 0;
    return put(c, c->name, c->name_length, err);
}

static int end_name(mig__canonical *c, mig_error *err)
{
    if ((c->rules & MIG_RULE_LEFT_OUT) && mig__field_left_out(c->name, c->name_length)) {
        c->state = IN_LEFT_OUT;
        return 0;
    }
    if (c->rules & MIG_RULE_NAME_CASE) {
        for (size_t i = 0; i < c->name_length; i++) {
            char letter = c->name[i];
            c->name[i] = letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
        }
    }
    c->state = IN_VALUE;
    c->leading = true;
    c->wrote = true;
    return put(c, c->name, c->name_length, err) < 0 ? -1 : put_octet(c, ':', err);
}

static int end_field(mig__canonical *c, mig_error *err)
{
    if (c->state == AT_START || c->state == IN_LEFT_OUT) {
        return 0;
    }
    if (c->state != IN_VALUE && keep_line(c, err) < 0) {
        return -1;
    }
    if (!c->wrote) {
        return 0;
    }
    if (c->ended) { /* without BLANKS the line end was written when it came */
        return c->rules & MIG_RULE_BLANKS ? put_line_end(c, c->end, err) : 0;
    }
    return c->rules & MIG_RULE_FINAL_LINE ? put(c, "\r\n", 2, err) : 0;
}

static int begin_field(mig__canonical *c, unsigned char first, mig_error *err)
{
    if (end_field(c, err) < 0) {
        return -1;
    }
    c->state = is_blank(first) ? IN_VALUE : IN_NAME; /* a fold before any field is a line of its own */
    c->name_length = 0;
    c->ended = c->blank = c->leading = c->wrote = false;
    return 0;
}

static int value_octet(mig__canonical *c, unsigned char octet, mig_error *err)
{
    if ((c->rules & MIG_RULE_BLANKS) && is_blank(octet)) {
        c->blank = true;
        return 0;
    }
    if (c->blank && !c->leading && put_octet(c, ' ', err) < 0) {
        return -1;
    }
    c->blank = c->leading = false;
    c->wrote = true;
    return put_octet(c, octet == 0 && (c->rules & MIG_RULE_NUL) ? 0x80 : octet, err);
}

static int name_octet(mig__canonical *c, unsigned char octet, mig_error *err)
{
    if (octet == ':' && c->name_length > 0) {
        return end_name(c, err);
    }
    if (is_blank(octet) && (c->rules & MIG_RULE_BLANKS)) {
        c->state = AFTER_NAME;
        c->blank = true;
        return 0;
    }
    if (c->state == IN_NAME && octet > 32 && octet < 127 && octet != ':' && c->name_length < sizeof c->name) {
        c->name[c->name_length++] = (char)octet;
        return 0;
    }
    return keep_line(c, err) < 0 ? -1 : value_octet(c, octet, err);
}

static int header_octet(mig__canonical *c, unsigned char octet, mig_error *err)
{
    if (c->line_start) {
        c->line_start = false;
        if (!is_blank(octet) || c->state == AT_START) {
            if (begin_field(c, octet, err) < 0) {
                return -1;
            }
        }
        c->ended = false;
    }
    if (c->state == IN_NAME || c->state == AFTER_NAME) {
        return name_octet(c, octet, err);
    }
    return c->state == IN_VALUE ? value_octet(c, octet, err) : 0;
}

static int header_line_end(mig__canonical *c, mig__line_end end, mig_error *err)
{
    if (c->line_start) { /* an empty line: the header is over */
        if (end_field(c, err) < 0) {
            return -1;
        }
        c->state = IN_BODY;
        c->wrote = false;
        return put_line_end(c, end, err);
    }
    c->line_start = true;
    c->ended = true;
    c->end = end;
    if (c->rules & MIG_RULE_BLANKS) {
        return 0; /* it may be a fold */
    }
    if (c->state == IN_NAME && keep_line(c, err) < 0) {
        return -1;
    }
    c->wrote = true;
    return c->state == IN_LEFT_OUT ? 0 : put_line_end(c, end, err);
}

/* ---- body ---- */

static int put_pending(mig__canonical *c, mig_error *err)
{
    for (; c->pending_count; c->pending_count--) {
        if (put_line_end(c, c->pending, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int body_line_end(mig__canonical *c, mig__line_end end, mig_error *err)
{
    if (!(c->rules & MIG_RULE_FINAL_LINE)) {
        return put_line_end(c, end, err);
    }
    if (c->pending_count && (c->pending.crs != end.crs || c->pending.lf != end.lf)) {
        if (put_pending(c, err) < 0) { /* only without LINE_ENDS: a run of line ends is of one kind */
            return -1;
        }
        c->wrote = true;
    }
    c->pending = end;
    c->pending_count++;
    return 0;
}

static int body_text(mig__canonical *c, const unsigned char *data, size_t length, mig_error *err)
{
    c->wrote = true;
    return put_pending(c, err) < 0 ? -1 : put_text(c, data, length, err);
}

/* True when the block holds no NUL, and each CR in it is followed by an LF, each LF but a first one preceded by a CR.
 * Looks at one octet behind the block. Simple enough for compilers to do sixteen octets at a time. */
static bool is_clean(const unsigned char *block)
{
    unsigned char odd = 0;
    for (int i = 0; i < BLOCK; i++) {
        unsigned char nul = block[i] == 0;
        unsigned char cr = block[i] == '\r';
        unsigned char lf = block[i + 1] == '\n';
        odd = (unsigned char)(odd | nul | (cr ^ lf));
    }
    return odd == 0;
}

/* How many octets from `data` on are canonical text that ends in something else than a line end. */
static size_t clean_span(const unsigned char *data, size_t length)
{
    size_t span = 0;
    if (length > BLOCK && data[0] != '\n') {
        while (length - span > BLOCK && is_clean(data + span)) {
            span += BLOCK;
        }
    }
    while (span && (data[span - 1] == '\r' || data[span - 1] == '\n')) {
        span--;
    }
    return span;
}

/* ---- all of it ---- */

static int line_end(mig__canonical *c, mig__line_end end, mig_error *err)
{
    if (c->rules & MIG_RULE_LINE_ENDS) {
        end = (mig__line_end){1, true};
    }
    return c->state == IN_BODY ? body_line_end(c, end, err) : header_line_end(c, end, err);
}

/* CRs that no LF follows stay where line ends stay as they are, as line ends of their own. */
static int bare_crs(mig__canonical *c, mig_error *err)
{
    if (c->rules & MIG_RULE_LINE_ENDS) {
        c->crs = 0;
    }
    for (; c->crs; c->crs--) {
        if (line_end(c, (mig__line_end){1, false}, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* How many octets from `data` on can be taken together: in the body up to the next line end, in a header value up to
 * the next octet that means something; a blank between two words does not. */
static size_t text_span(const mig__canonical *c, const unsigned char *data, size_t length)
{
    size_t span = 1;
    if (c->state == IN_BODY) {
        while (span < length && data[span] != '\r' && data[span] != '\n') {
            span++;
        }
    } else if (c->state == IN_VALUE && !c->line_start && !c->blank && !c->leading && data[0] > ' ') {
        while (span < length &&
               (data[span] > ' ' || (data[span] == ' ' && span + 1 < length && data[span + 1] > ' '))) {
            span++;
        }
    }
    return span;
}

static int text(mig__canonical *c, const unsigned char *data, size_t length, mig_error *err)
{
    if (c->state == IN_BODY) {
        return body_text(c, data, length, err);
    }
    return length > 1 ? put(c, data, length, err) : header_octet(c, data[0], err);
}

/* Takes `length` octets one line end or span of text at a time; in the header, stops behind its end. Returns how many
 * octets it took, or -1. */
static int64_t slowly(mig__canonical *c, const unsigned char *data, size_t length, mig_error *err)
{
    bool in_header = c->state != IN_BODY;
    size_t at = 0;
    while (at < length && in_header == (c->state != IN_BODY)) {
        if (data[at] == '\r') {
            c->crs++;
            at++;
            continue;
        }
        if (data[at] == '\n') {
            mig__line_end end = {c->crs, true};
            c->crs = 0;
            if (line_end(c, end, err) < 0) {
                return -1;
            }
            at++;
            continue;
        }
        if (c->crs && bare_crs(c, err) < 0) {
            return -1;
        }
        size_t span = text_span(c, data + at, length - at);
        if (text(c, data + at, span, err) < 0) {
            return -1;
        }
        at += span;
    }
    return (int64_t)at;
}

void mig__canonical_begin(mig__canonical *canonical, unsigned rules, mig__canonical_sink *sink, void *context)
{
    size_t kept = offsetof(mig__canonical, name); /* the buffers need no clearing */
    memset(canonical, 0, kept);
    canonical->rules = rules;
    canonical->sink = sink;
    canonical->context = context;
    canonical->state = AT_START;
    canonical->line_start = true;
    canonical->out_length = 0;
}

int mig__canonical_add(mig__canonical *canonical, const void *data, size_t length, mig_error *err)
{
    const unsigned char *at = data;
    while (length) {
        size_t span = canonical->state == IN_BODY && !canonical->crs ? clean_span(at, length) : 0;
        if (span) {
            canonical->wrote = true;
            if (put_pending(canonical, err) < 0 || put(canonical, at, span, err) < 0) {
                return -1;
            }
        } else {
            size_t most = canonical->state == IN_BODY && length > BLOCK ? BLOCK : length;
            int64_t took = slowly(canonical, at, most, err);
            if (took < 0) {
                return -1;
            }
            span = (size_t)took;
        }
        at += span;
        length -= span;
    }
    return 0;
}

int mig__canonical_end(mig__canonical *canonical, mig_error *err)
{
    mig__canonical *c = canonical;
    bool final = c->rules & MIG_RULE_FINAL_LINE;
    if (bare_crs(c, err) < 0) {
        return -1;
    }
    if (c->state != IN_BODY) {
        if (end_field(c, err) < 0 || (final && put(c, "\r\n", 2, err) < 0)) {
            return -1;
        }
    } else if (final && c->wrote) {
        mig__line_end end = c->pending_count ? c->pending : (mig__line_end){1, true};
        if (put_line_end(c, end, err) < 0) {
            return -1;
        }
    }
    return flush(c, err);
}
