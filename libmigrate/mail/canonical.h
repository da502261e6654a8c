/*
 * mail/canonical.h - the canonical form of a message, version 2: what stays when servers have had their way with it
 *
 * Two messages with the same canonical form have the same content; what differs is named by a rule (migrate/rule.h):
 *
 * LINE_ENDS   LF, CRLF and CR CR LF (any run of CR before an LF) are one line end each, written as CRLF; a CR that no
 *             LF follows is left out. (Dovecot's Maildir makes CR CR LF CRLF, Courier drops bare CRs, and clients'
 *             libraries turn bare LF into CRLF.)
 * FINAL_LINE  The body ends with one line end, whether it had none or several; a body of line ends only is empty
 *             (RFC 6376 section 3.4.3). The empty line between header and body is there also when nothing follows it.
 * NUL         An octet 0x00 is 0x80 (Dovecot's way to hand out a NUL where BINARY is not asked for).
 * BLANKS      In the header each field is one line: folds are undone, a run of blanks and tabs is one space, none at
 *             the end of a field or around the colon after its name (RFC 6376 section 3.4.2).
 * NAME_CASE   Field names are in lower case (RFC 6376 section 3.4.2).
 * LEFT_OUT    Fields of the list in canonical.c are left out: mbox metadata, marks of copying tools, Exchange's own.
 *
 * The header ends at the first empty line. A header line without a field name (at least one and at most 80 of the
 * octets 33 to 126 before a colon) is kept as a line of its own to which BLANKS applies. The form is its own canonical
 * form. Any change of these rules, however small, needs a new MIG__CANONICAL_VERSION
 * (base/digest.h): recorded digests depend on it.
 *
 * A form under fewer rules tells which rules matter for a message; under none it is the message as it came.
 */
#ifndef MIG_MAIL_CANONICAL_H
#define MIG_MAIL_CANONICAL_H

#include <migrate/error.h>
#include <migrate/rule.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIG__FIELD_NAME_MAX 80

/* Receives the form in pieces. 0, or -1 with `err` filled, which ends the walk. */
typedef int mig__canonical_sink(const void *data, size_t length, void *context, mig_error *err);

typedef struct mig__line_end {
    uint64_t crs; /* how many CR */
    bool lf;      /* and whether an LF follows */
} mig__line_end;

/* The state of a walk: begin, add in pieces of any size, end. Holds no resources. All members are canonical.c's. */
typedef struct mig__canonical {
    unsigned rules;
    mig__canonical_sink *sink;
    void *context;
    int state;
    uint64_t crs;    /* CRs read that may belong to a line end */
    bool line_start; /* header: the line has no octet yet */
    bool ended;      /* header: the last line of the field had a line end, `end` */
    bool blank;      /* header: blanks wait for something that follows them */
    bool leading;    /* header: nothing of the value was written yet */
    bool wrote;      /* something of the field, or of the body, was written */
    mig__line_end end;
    mig__line_end pending; /* body: `pending_count` of these wait for something that follows them */
    uint64_t pending_count;
    size_t name_length;
    char name[MIG__FIELD_NAME_MAX];
    size_t out_length;
    unsigned char out[2048];
} mig__canonical;

void mig__canonical_begin(mig__canonical *canonical, unsigned rules, mig__canonical_sink *sink, void *context);
int mig__canonical_add(mig__canonical *canonical, const void *data, size_t length, mig_error *err);
int mig__canonical_end(mig__canonical *canonical, mig_error *err);

/* Whether a header field of this name (any case) is on the list of LEFT_OUT. */
bool mig__field_left_out(const char *name, size_t length);

#endif
