/* store/mbox_scan.c - messages of an mbox, line by line */
#include "store/mbox_scan.h"
#include "mail/date.h"
#include "mail/digest.h"
#include "mail/flags.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINE_MOST = 16 * 1024, HEADER_MOST = 64 * 1024, SKIP_MOST = 4096, LENGTH_DIGITS = 16, AHEAD = 8 };

typedef enum field {
    FIELD_NONE,
    FIELD_STATUS,
    FIELD_MOZILLA,
    FIELD_KEYWORDS,
    FIELD_LABELS,
    FIELD_INTERNAL,
    FIELD_DATE,
    FIELD_LENGTH,
    FIELD_REWRITTEN
} field;

/* Headers that mail programs keep their own notes in: they may change while the message stays the same one. */
static const struct {
    const char *name;
    field field;
} fields[] = {
    {"Status", FIELD_STATUS},
    {"X-Status", FIELD_STATUS},
    {"X-Mozilla-Status", FIELD_MOZILLA},
    {"X-Keywords", FIELD_KEYWORDS},
    {"X-Mozilla-Keys", FIELD_KEYWORDS},
    {"X-Gmail-Labels", FIELD_LABELS},
    {"X-IMAP", FIELD_INTERNAL},
    {"X-Mozilla-Status2", FIELD_REWRITTEN},
    {"X-IMAPbase", FIELD_REWRITTEN},
    {"X-UID", FIELD_REWRITTEN},
    {"Content-Length", FIELD_LENGTH},
    {"Date", FIELD_DATE},
};

/* What the header of a message begins with, as a rule. */
static const char *const well_known[] = {
    "Received",
    "Return-Path",
    "From",
    "Date",
    "Subject",
    "To",
    "Message-ID",
    "Cc",
    "Delivered-To",
    "Reply-To",
    "Sender",
    "MIME-Version",
    "Content-Type",
    "Status",
    "Path",
    "Newsgroups",
    "Envelope-To",
    "X-UIDL",
    "X-Mozilla-Status",
    "DKIM-Signature",
    "X-Original-To",
    "X-Gmail-Labels",
    "Resent-From",
    "Content-Length",
    "References",
    "In-Reply-To",
    "User-Agent",
    "X-Mailer",
    "Return-path",
    "Delivery-date",
};

static const char mmdf_mark[] = "\1\1\1\1\n";
static const char byte_order_mark[] = "\xef\xbb\xbf";

struct mig__mbox_scan {
    mig__mbox_handler *handler;
    mig__mbox_peek *peek;
    void *context;
    uint64_t offset;    /* of the line that begins next */
    mig__buffer line;   /* the beginning of one that is not whole yet */
    bool long_line;     /* more of it was handed on already */
    bool begun, misfit; /* a message was seen; the file begins otherwise */
    uint64_t number;
    bool dated; /* the first From_ line was */
    bool mmdf;
    mig__buffer held; /* a From_ line without a date, until the next line tells what it is */
    uint64_t undated, doubtful;

    mig__mbox_message message;
    bool open, header;
    bool header_dated;
    int64_t header_date;
    uint64_t length; /* Content-Length of the message; UINT64_MAX: none */
    uint64_t sure;   /* no message begins before this offset */
    char blank[2];   /* an empty line that may belong to the next From_ line */
    size_t blank_length;
    field field;        /* that goes on in the next line when that begins with a blank */
    mig__buffer labels; /* X-Gmail-Labels so far */
    bool seen, answered, flagged, deleted, draft;
    mig__buffer keywords;
    mig__sha256 *sha256;
};

mig__mbox_scan *mig__mbox_scan_new(mig__mbox_handler *handler, mig__mbox_peek *peek, void *context, mig_error *err)
{
    mig__mbox_scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL || (scan->sha256 = mig__sha256_new(err)) == NULL) {
        free(scan);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    scan->handler = handler;
    scan->peek = peek;
    scan->context = context;
    return scan;
}

void mig__mbox_scan_free(mig__mbox_scan **scan)
{
    if (*scan == NULL) {
        return;
    }
    mig__sha256_free(&(*scan)->sha256);
    mig__buffer_free(&(*scan)->line);
    mig__buffer_free(&(*scan)->held);
    mig__buffer_free(&(*scan)->labels);
    mig__buffer_free(&(*scan)->keywords);
    free(*scan);
    *scan = NULL;
}

bool mig__mbox_scan_fits(const mig__mbox_scan *scan)
{
    return !scan->misfit;
}

void mig__mbox_scan_undated(const mig__mbox_scan *scan, uint64_t *taken, uint64_t *doubtful)
{
    *taken = scan->undated;
    *doubtful = scan->doubtful;
}

/* ---- flags ---- */

static void take_status(mig__mbox_scan *scan, const char *value, size_t length)
{
    scan->message.has_status = true;
    for (size_t i = 0; i < length; i++) {
        scan->seen = scan->seen || value[i] == 'R';
        scan->answered = scan->answered || value[i] == 'A';
        scan->flagged = scan->flagged || value[i] == 'F';
        scan->deleted = scan->deleted || value[i] == 'D';
        scan->draft = scan->draft || value[i] == 'T';
    }
}

/* Thunderbird: bits in hexadecimal. Expunged (8) means deleted and not yet taken out of the file. */
static void take_mozilla(mig__mbox_scan *scan, const char *value, size_t length)
{
    char text[8] = "";
    memcpy(text, value, length < sizeof text - 1 ? length : sizeof text - 1);
    unsigned long bits = strtoul(text, NULL, 16);
    scan->message.has_status = true;
    scan->seen = scan->seen || (bits & 0x1) != 0;
    scan->answered = scan->answered || (bits & 0x2) != 0;
    scan->flagged = scan->flagged || (bits & 0x4) != 0;
    scan->deleted = scan->deleted || (bits & 0x8) != 0;
    scan->message.expunged = scan->message.expunged || (bits & 0x8) != 0;
}

static bool keyword_char(char c)
{
    return c > ' ' && c < 0x7f && strchr("(){%*\"\\]", c) == NULL;
}

static void take_keywords(mig__mbox_scan *scan, const char *value, size_t length)
{
    for (size_t i = 0; i < length && scan->keywords.length < HEADER_MOST;) {
        size_t end = i;
        bool valid = true;
        while (end < length && value[end] != ' ' && value[end] != '\t') {
            valid = keyword_char(value[end]) && valid;
            end++;
        }
        if (end > i && valid) {
            mig__buffer_add_char(&scan->keywords, ' ');
            mig__buffer_add(&scan->keywords, value + i, end - i);
        }
        i = end + 1;
    }
}

static char *joined_flags(mig__mbox_scan *scan)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_add_text(&text, scan->seen ? " \\Seen" : "");
    mig__buffer_add_text(&text, scan->answered ? " \\Answered" : "");
    mig__buffer_add_text(&text, scan->flagged ? " \\Flagged" : "");
    mig__buffer_add_text(&text, scan->deleted ? " \\Deleted" : "");
    mig__buffer_add_text(&text, scan->draft ? " \\Draft" : "");
    mig__buffer_add(&text, scan->keywords.data != NULL ? scan->keywords.data : "", scan->keywords.length);
    char *plain = text.failed || scan->keywords.failed ? NULL : mig__buffer_steal(&text);
    const char **split = plain != NULL ? mig__flags_split(plain + strspn(plain, " ")) : NULL;
    char *joined = split != NULL ? mig__flags_join(split) : NULL;
    free(split);
    free(plain);
    mig__buffer_free(&text);
    return joined;
}

/* ---- a message ---- */

static int finish(mig__mbox_scan *scan, mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    if (!scan->open) {
        return 0;
    }
    scan->open = false;
    scan->message.length = scan->offset - scan->blank_length - scan->message.from;
    if (mig__sha256_end(scan->sha256, digest, err) != 0) {
        return -1;
    }
    memcpy(scan->message.key.octets, digest, MIG__UID_KEY_SIZE);
    char *flags = joined_flags(scan);
    if (flags == NULL || mig__buffer_ok(&scan->labels, err) != 0) {
        free(flags);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    scan->message.flags = flags;
    scan->message.labels = scan->labels.length > 0 ? scan->labels.data : NULL;
    scan->message.internal = scan->message.internal && scan->number == 1;
    if (!scan->message.has_date && scan->header_dated) {
        scan->message.has_date = true;
        scan->message.date = scan->header_date;
    }
    int failed = scan->handler(&scan->message, scan->context, err);
    free(flags);
    return failed;
}

static int begin(mig__mbox_scan *scan, const char *line, size_t length, mig_error *err)
{
    if (finish(scan, err) != 0) {
        return -1;
    }
    mig__buffer_clear(&scan->labels);
    mig__buffer_clear(&scan->keywords);
    scan->seen = scan->answered = scan->flagged = scan->deleted = scan->draft = false;
    scan->message = (mig__mbox_message){.from = scan->offset + length, .skip = (uint32_t)length};
    scan->message.has_date = mig__mail_date(line, length, &scan->message.date);
    scan->message.verbatim = scan->mmdf;
    scan->header_dated = false;
    scan->length = UINT64_MAX;
    scan->blank_length = 0;
    scan->field = FIELD_NONE;
    scan->open = scan->header = scan->begun = true;
    scan->number++;
    return mig__sha256_begin(scan->sha256, err);
}

static field field_of(const char *line, size_t length, size_t *value)
{
    const char *colon = memchr(line, ':', length);
    size_t name = colon != NULL ? (size_t)(colon - line) : 0;
    *value = name + 1;
    for (size_t i = 0; name > 0 && i < sizeof fields / sizeof *fields; i++) {
        if (strlen(fields[i].name) == name && strncasecmp(line, fields[i].name, name) == 0) {
            return fields[i].field;
        }
    }
    return FIELD_NONE;
}

static void take_value(mig__mbox_scan *scan, const char *value, size_t length)
{
    while (length > 0 && strchr("\r\n", value[length - 1]) != NULL) {
        length--;
    }
    while (length > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        length--;
    }
    if (scan->field == FIELD_STATUS) {
        take_status(scan, value, length);
    } else if (scan->field == FIELD_MOZILLA) {
        take_mozilla(scan, value, length);
    } else if (scan->field == FIELD_KEYWORDS) {
        take_keywords(scan, value, length);
    } else if (scan->field == FIELD_INTERNAL) {
        scan->message.internal = true;
    } else if (scan->field == FIELD_DATE && !scan->header_dated) {
        scan->header_dated = mig__mail_date(value, length, &scan->header_date);
    } else if (scan->field == FIELD_LENGTH && length > 0 && length < LENGTH_DIGITS) {
        char text[LENGTH_DIGITS] = "", *end;
        memcpy(text, value, length);
        unsigned long long octets = strtoull(text, &end, 10);
        scan->length = *end == '\0' && text[0] >= '0' && text[0] <= '9' ? octets : scan->length;
    } else if (scan->field == FIELD_LABELS && scan->labels.length + length < HEADER_MOST &&
               memchr(value, '\0', length) == NULL) {
        mig__buffer_add_text(&scan->labels, scan->labels.length > 0 ? " " : "");
        mig__buffer_add(&scan->labels, value, length);
    }
}

static bool is_note(field kind)
{
    return kind != FIELD_NONE && kind != FIELD_LABELS && kind != FIELD_DATE;
}

/* A header line, or the beginning of one. *note: a mail program's own, which says nothing of which message it is. */
static void take_header(mig__mbox_scan *scan, const char *line, size_t length, bool *note)
{
    size_t value = 0;
    if (line[0] != ' ' && line[0] != '\t') {
        scan->field = field_of(line, length, &value);
    }
    if (scan->field != FIELD_NONE && value <= length) {
        take_value(scan, line + value, length - value);
    }
    *note = is_note(scan->field);
}

static bool is_blank(const char *line, size_t length)
{
    return (length == 1 && line[0] == '\n') || (length == 2 && line[0] == '\r' && line[1] == '\n');
}

/* A body of that many octets that ends where the next message begins, or the file does: nothing in it begins one. */
static void believe_length(mig__mbox_scan *scan, uint64_t body)
{
    char ahead[AHEAD + 1];
    if (scan->length == UINT64_MAX || scan->peek == NULL || scan->length > UINT64_MAX / 2) {
        return;
    }
    uint64_t end = body + scan->length;
    /* With the octet in front of it, which ends a line; of an empty body the empty line does. */
    size_t got = scan->peek(end - 1, ahead, sizeof ahead, scan->context);
    const char *next = ahead + 1;
    size_t left = got > 0 ? got - 1 : 0;
    if (got == 0) {
        return;
    }
    size_t blank = left > 0 && next[0] == '\n' ? 1 : left > 1 && next[0] == '\r' && next[1] == '\n' ? 2 : 0;
    bool line = ahead[0] == '\n' || blank > 0;
    bool from = line && left >= blank + 5 && memcmp(next + blank, "From ", 5) == 0;
    if (from || left == blank) {
        scan->sure = end;
    }
}

/* A line of a message, or a piece of a long one. */
static int take_content(mig__mbox_scan *scan, const char *line, size_t length, bool start, bool end, mig_error *err)
{
    bool note = false;
    if (scan->header && start) {
        if (is_blank(line, length)) {
            scan->header = false;
            believe_length(scan, scan->offset + length);
        } else {
            take_header(scan, line, length, &note);
        }
    } else if (scan->header) {
        note = is_note(scan->field);
    }
    if (scan->blank_length > 0 && mig__sha256_add(scan->sha256, scan->blank, scan->blank_length, err) != 0) {
        return -1;
    }
    scan->blank_length = 0;
    if (start && end && !scan->header && is_blank(line, length)) {
        memcpy(scan->blank, line, length);
        scan->blank_length = length;
        return 0;
    }
    return note ? 0 : mig__sha256_add(scan->sha256, line, length, err);
}

/* "Name:" */
static size_t name_of(const char *line, size_t length)
{
    size_t name = 0;
    while (name < length && line[name] > ' ' && line[name] < 0x7f && line[name] != ':') {
        name++;
    }
    return name < length && line[name] == ':' ? name : 0;
}

static bool is_well_known(const char *line, size_t length)
{
    size_t name = name_of(line, length);
    for (size_t i = 0; name > 0 && i < sizeof well_known / sizeof *well_known; i++) {
        if (strlen(well_known[i]) == name && strncasecmp(line, well_known[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* "From ", "From -", "From a@b": with more words it may be a sentence. */
static bool is_bare(const char *line, size_t length)
{
    size_t words = 0;
    bool address = false;
    for (size_t i = 5; i < length;) {
        size_t end = i;
        while (end < length && strchr(" \t\r\n", line[end]) == NULL) {
            end++;
        }
        if (end > i) {
            words++;
            address =
                address || words > 1 || memchr(line + i, '@', end - i) != NULL || (end - i == 1 && line[i] == '-');
        }
        i = end + 1;
    }
    return words == 0 || (words == 1 && address) ||
           (words > 1 && words <= 8 && memchr(line, '@', length) != NULL && memchr(line, ':', length) != NULL);
}

/* What a From_ line without a date was, now that the line behind it is known (NULL: there is none). */
static int decide(mig__mbox_scan *scan, const char *next, size_t length, mig_error *err)
{
    bool follows = next != NULL && name_of(next, length) > 0;
    bool begins =
        follows && (!scan->dated || (is_well_known(next, length) && is_bare(scan->held.data, scan->held.length)));
    size_t held = scan->held.length;
    int failed =
        begins ? begin(scan, scan->held.data, held, err) : take_content(scan, scan->held.data, held, true, true, err);
    scan->undated += begins;
    scan->doubtful += follows && !begins && is_well_known(next, length);
    scan->offset += held;
    mig__buffer_clear(&scan->held);
    return failed;
}

static bool is_from(const char *line, size_t length)
{
    return length > 5 && length <= SKIP_MOST && memcmp(line, "From ", 5) == 0 &&
           memchr(line, '\r', length - (length > 1 && line[length - 2] == '\r' ? 2 : 0)) == NULL;
}

/* A whole line that may begin a message: taken (true), or to be gone on with as content. */
static bool take_from(mig__mbox_scan *scan, const char *line, size_t length, int *failed, mig_error *err)
{
    int64_t ignored;
    bool dated = mig__mail_date(line + 5, length - 5, &ignored);
    if (scan->begun && scan->offset < scan->sure) {
        scan->message.verbatim = scan->message.verbatim || dated;
        return false;
    }
    if (!scan->begun) {
        scan->dated = dated;
        scan->undated += !dated;
    } else if (!dated) {
        bool behind_blank = scan->blank_length > 0 || (scan->sure > 0 && scan->offset == scan->sure);
        if (behind_blank) {
            mig__buffer_add(&scan->held, line, length);
            *failed = mig__buffer_ok(&scan->held, err);
        }
        return behind_blank;
    }
    *failed = begin(scan, line, length, err);
    scan->offset += length;
    return true;
}

/* A line of MMDF: a mark in front of each message and one behind it. */
static int take_mmdf(mig__mbox_scan *scan, const char *line, size_t length, bool start, bool end, mig_error *err)
{
    int failed = 0;
    bool mark = start && end && length == sizeof mmdf_mark - 1 && memcmp(line, mmdf_mark, length) == 0;
    if (mark && scan->open) {
        if (scan->blank_length > 0) { /* an empty line in front of the mark is the message's */
            failed = mig__sha256_add(scan->sha256, scan->blank, scan->blank_length, err);
            scan->blank_length = 0;
        }
        failed = failed == 0 ? finish(scan, err) : failed;
    } else if (mark) {
        failed = begin(scan, line, length, err);
    } else if (scan->open && start && end && scan->offset == scan->message.from && is_from(line, length)) {
        scan->message.from += length;
        scan->message.skip = (uint32_t)length;
        scan->message.has_date = mig__mail_date(line, length, &scan->message.date);
    } else if (scan->open) {
        failed = take_content(scan, line, length, start, end, err);
    } else if (!is_blank(line, length)) { /* one mark alone stands between two messages */
        failed = begin(scan, line, 0, err);
        failed = failed == 0 ? take_content(scan, line, length, start, end, err) : failed;
    }
    scan->offset += length;
    return failed;
}

static int take_line(mig__mbox_scan *scan, const char *line, size_t length, bool start, bool end, mig_error *err)
{
    int failed = 0;
    if (scan->offset == 0 && start && !scan->begun && length > 3 && memcmp(line, byte_order_mark, 3) == 0) {
        scan->offset = 3;
        line += 3;
        length -= 3;
    }
    scan->mmdf = scan->mmdf || (!scan->begun && length == sizeof mmdf_mark - 1 && memcmp(line, mmdf_mark, length) == 0);
    if (scan->mmdf) {
        return take_mmdf(scan, line, length, start, end, err);
    }
    if (scan->held.length > 0 && decide(scan, line, length, err) != 0) {
        return -1;
    }
    if (start && end && is_from(line, length) && take_from(scan, line, length, &failed, err)) {
        return failed;
    }
    if (scan->open) {
        failed = take_content(scan, line, length, start, end, err);
    } else if (!scan->begun && !is_blank(line, length)) {
        scan->misfit = true;
    }
    scan->offset += length;
    return failed;
}

int mig__mbox_scan_add(mig__mbox_scan *scan, const char *octets, size_t length, mig_error *err)
{
    while (length > 0 && !scan->misfit) {
        const char *newline = memchr(octets, '\n', length);
        size_t piece = newline != NULL ? (size_t)(newline - octets) + 1 : length;
        int failed = 0;
        bool start = !scan->long_line;
        if (newline != NULL && scan->line.length == 0) {
            failed = take_line(scan, octets, piece, start, true, err);
            scan->long_line = false;
        } else {
            mig__buffer_add(&scan->line, octets, piece);
            failed = mig__buffer_ok(&scan->line, err);
            if (failed == 0 && (newline != NULL || scan->line.length > LINE_MOST)) {
                failed = take_line(scan, scan->line.data, scan->line.length, start, newline != NULL, err);
                scan->long_line = newline == NULL;
                mig__buffer_clear(&scan->line);
            }
        }
        if (failed != 0) {
            return -1;
        }
        octets += piece;
        length -= piece;
    }
    return 0;
}

int mig__mbox_scan_end(mig__mbox_scan *scan, mig_error *err)
{
    if (scan->misfit) {
        return 0;
    }
    if (scan->line.length > 0 &&
        take_line(scan, scan->line.data, scan->line.length, !scan->long_line, true, err) != 0) {
        return -1;
    }
    mig__buffer_clear(&scan->line);
    if (scan->held.length > 0 && decide(scan, NULL, 0, err) != 0) {
        return -1;
    }
    return finish(scan, err);
}
