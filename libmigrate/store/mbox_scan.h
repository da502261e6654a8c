/*
 * store/mbox_scan.h - where the messages of an mbox begin and end, and what their headers say of flags and labels
 *
 * A push parser: octets in pieces of any size, a message at a time out. It keeps no message, only its place. What
 * begins a message:
 *  - a line "From SENDER DATE" with a date that makes sense (RFC 4155 appendix A, and the ways of asctime, Thunderbird,
 *    Eudora, Google, Java, ISO 8601, UUCP);
 *  - where the file's first From_ line has no such date: a From_ line between an empty line and a header field. In
 * other files such a line begins a message when an address is all that it has and a well-known field follows;
 *  - in MMDF, a line of four control characters.
 * A Content-Length is believed when the file has a From_ line, or ends, exactly where it says.
 */
#ifndef MIG_STORE_MBOX_SCAN_H
#define MIG_STORE_MBOX_SCAN_H

#include "base/buffer.h"
#include "store/uidmap.h"
#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mig__mbox_message {
    uint64_t from;   /* offset of its first octet, behind the From_ line */
    uint64_t length; /* to the end, without the empty line before the next From_ line */
    uint32_t skip;   /* octets of the From_ line */
    bool has_date;
    int64_t date;       /* of the From_ line, UTC where it names no zone; else that of the Date: field */
    const char *flags;  /* what Status, X-Status, X-Mozilla-Status, X-Keywords, X-Mozilla-Keys say; joined */
    bool has_status;    /* one of them is there */
    const char *labels; /* X-Gmail-Labels unfolded, still encoded; NULL: none */
    mig__uid_key key;   /* of the content without the headers that mail programs rewrite */
    bool verbatim;      /* nothing was quoted in it: "From " stands at the beginning of lines, or it is MMDF */
    bool expunged;      /* Thunderbird's: deleted, and not yet compacted away */
    bool internal;      /* the c-client library's own notes, no mail: first message with X-IMAP */
} mig__mbox_message;

/* 0, or -1 with `err` filled, which ends the scan. What the message points to is good for the call. */
typedef int mig__mbox_handler(const mig__mbox_message *message, void *context, mig_error *err);

typedef struct mig__mbox_scan mig__mbox_scan;

/* Octets of the file from `offset` on, to look at what comes later: how many. */
typedef size_t mig__mbox_peek(uint64_t offset, char *out, size_t size, void *context);

/* `peek` NULL: Content-Length is not looked at. */
mig__mbox_scan *mig__mbox_scan_new(mig__mbox_handler *handler, mig__mbox_peek *peek, void *context, mig_error *err);
int mig__mbox_scan_add(mig__mbox_scan *scan, const char *octets, size_t length, mig_error *err);
int mig__mbox_scan_end(mig__mbox_scan *scan, mig_error *err);
/* How many From_ lines had no date and began a message all the same; how many may have and were not taken for one. */
void mig__mbox_scan_undated(const mig__mbox_scan *scan, uint64_t *taken, uint64_t *doubtful);
/* After the first line: it begins with "From " (or as MMDF does), or nothing but empty lines came so far. */
bool mig__mbox_scan_fits(const mig__mbox_scan *scan);
void mig__mbox_scan_free(mig__mbox_scan **scan);

#endif
