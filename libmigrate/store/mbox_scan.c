#include "store/mbox_scan.h"
#include "mail/digest.h"
#include "mail/flags.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINE_MOST = 16 * 1024, HEADER_MOST = 64 * 1024, SKIP_MOST = 4096 };

typedef enum field {
    FIELD_NONE,
    FIELD_STATUS,
    FIELD_MOZILLA,
    FIELD_KEYWORDS,
    FIELD_LABELS,
    FIELD_INTERNAL,
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
    {"Content-Length", FIELD_REWRITTEN},
};

struct mig__mbox_scan {
    mig__mbox_handler *handler;
    void *context;
    uint64_t offset;    /* of the line that begins next */
    mig__buffer line;   /* the beginning of one that is not whole yet */
    bool long_line;     /* more of it was handed on already */
    bool begun, misfit; /* a message was seen; the file begins otherwise */
    uint64_t number;

    mig__mbox_message message;
    bool open, header;
    char blank[2]; /* an empty line that may belong to the next From_ line */
    size_t blank_length;
    field field;        /* that goes on in the next line when that begins with a blank */
    mig__buffer labels; /* X-Gmail-Labels so far */
    bool seen, answered, flagged, deleted, draft;
    mig__buffer keywords;
    mig__sha256 *sha256;
};

mig__mbox_scan *mig__mbox_scan_new(mig__mbox_handler *handler, void *context, mig_error *err)
{
    mig__mbox_scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL || (scan->sha256 = mig__sha256_new(err)) == NULL) {
        free(scan);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    scan->handler = handler;
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
    mig__buffer_free(&(*scan)->labels);
    mig__buffer_free(&(*scan)->keywords);
    free(*scan);
    *scan = NULL;
}

bool mig__mbox_scan_fits(const mig__mbox_scan *scan)
{
    return !scan->misfit;
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
    } else if (scan->field == FIELD_LABELS && scan->labels.length + length < HEADER_MOST &&
               memchr(value, '\0', length) == NULL) {
        mig__buffer_add_text(&scan->labels, scan->labels.length > 0 ? " " : "");
        mig__buffer_add(&scan->labels, value, length);
    }
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
    *note = scan->field != FIELD_NONE && scan->field != FIELD_LABELS;
}

static bool is_blank(const char *line, size_t length)
{
    return (length == 1 && line[0] == '\n') || (length == 2 && line[0] == '\r' && line[1] == '\n');
}

/* A line of a message, or a piece of a long one. */
static int take_content(mig__mbox_scan *scan, const char *line, size_t length, bool start, bool end, mig_error *err)
{
    bool note = false;
    if (scan->header && start) {
        if (is_blank(line, length)) {
            scan->header = false;
        } else {
            take_header(scan, line, length, &note);
        }
    } else if (scan->header) {
        note = scan->field != FIELD_NONE && scan->field != FIELD_LABELS;
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

static int take_line(mig__mbox_scan *scan, const char *line, size_t length, bool start, bool end, mig_error *err)
{
    int64_t ignored;
    int failed = 0;
    bool from = start && end && length > 5 && length <= SKIP_MOST && memcmp(line, "From ", 5) == 0;
    if (from && (!scan->begun || mig__mail_date(line + 5, length - 5, &ignored))) {
        failed = begin(scan, line, length, err);
    } else if (scan->open) {
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
    return finish(scan, err);
}
