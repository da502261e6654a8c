/*
 * archive/manifest.h - the lines of manifest.jsonl
 *
 * One JSON object (RFC 8259) a line, in ASCII. The first line tells what it is; each folder's line is followed by those
 * of its messages, by ascending UID; the last line has the sums. docs/archive.md describes every member.
 */
#ifndef MIG_ARCHIVE_MANIFEST_H
#define MIG_ARCHIVE_MANIFEST_H

#include "base/buffer.h"
#include "base/clock.h"
#include "mail/digest.h"
#include <migrate/error.h>
#include <migrate/folder.h>
#include <stdbool.h>
#include <stdint.h>

#define MIG__MANIFEST_SCHEMA "mailmigrate.archive/1"
#define MIG__MANIFEST_LINE   (1u << 20) /* octets of the longest line that is read */

typedef enum mig__line_kind {
    MIG__LINE_ARCHIVE, /* the first one */
    MIG__LINE_FOLDER,
    MIG__LINE_MESSAGE,
    MIG__LINE_FLAGS,    /* a message of an earlier file has other flags now */
    MIG__LINE_GONE,     /* messages of earlier files are not there any more */
    MIG__LINE_LOST,     /* a message that the server has and did not give */
    MIG__LINE_VANISHED, /* a folder of an earlier file is not there any more */
    MIG__LINE_FILE,     /* another member: subscriptions, dovecot-uidlist, ... */
    MIG__LINE_END
} mig__line_kind;

/* A line; members that the kind does not have are NULL or 0. Strings are borrowed: when read, from `parsed`. */
typedef struct mig__line {
    mig__line_kind kind;
    const char *version, *source, *created, *selection; /* ARCHIVE */
    const char *prefix;
    unsigned part;    /* 0: the first file of a chain */
    const char *base; /* hexadecimal SHA-256 of the manifest before */
    char delimiter;   /* ARCHIVE, FOLDER; '\0': none */

    const char *name;   /* FOLDER, VANISHED: UTF-8, decoded; with `octets` fit to show only */
    const char *octets; /* the name's octets in hexadecimal when it is not valid mUTF-7 */
    const char *path;   /* FOLDER, MESSAGE, FILE */
    mig_role role;
    bool subscribed, selectable, incomplete;
    uint32_t uidvalidity, uidnext, exists; /* as the server told */
    uint64_t modseq;
    const char *root; /* FOLDER, END: hexadecimal Merkle root */

    uint32_t uid;
    char *flags; /* MESSAGE, FLAGS: joined, as in mail/flags.h; owned by the line when read */
    mig__datetime date;
    uint64_t size;
    uint8_t sha256[MIG__DIGEST_SIZE];
    const char *message_id; /* "" for none */
    const char *uids;       /* GONE: a set as in IMAP */
    const char *text;       /* LOST */

    uint64_t folders, messages, octets_sum; /* END */
    void *parsed;
} mig__line;

/* Add the line with its line end. 0, or -1 with MIG_E_NOMEM. */
int mig__line_write(const mig__line *line, mig__buffer *out, mig_error *err);

/*
 * Read a line (without its line end). 0, or -1 with MIG_E_DIFFERENT (no such line, a member that is missing or makes no
 * sense) or MIG_E_NOMEM. Release with mig__line_free, also after an error.
 */
int mig__line_read(const char *text, size_t length, mig__line *out, mig_error *err);
void mig__line_free(mig__line *line);

/* 64 hexadecimal digits; false for anything else. */
bool mig__unhex(const char *text, uint8_t out[MIG__DIGEST_SIZE]);

#define MIG__CREATED_SIZE 32
/* When an archive began, as its first line says it: "2024-02-29T23:59:59Z". Returns out. */
char *mig__line_created(int64_t seconds, char out[MIG__CREATED_SIZE]);

/* The octets of a name that is not valid modified UTF-7, as a FOLDER line has them. malloc'd; NULL: no memory. */
char *mig__line_octets(const char *wire);

/* The name on the wire of a FOLDER or VANISHED line: modified UTF-7, or the octets. malloc'd; NULL: malformed. */
char *mig__line_wire(const mig__line *line);

#endif
