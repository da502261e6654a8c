/*
 * archive/ledger.h - what an export has written so far, until the manifest is made of it
 *
 * Messages come in any order and their digests are known only behind their octets, so that the manifest is the last to
 * be written. Its lines wait in a file without a name; in memory there are 24 octets for each.
 */
#ifndef MIG_ARCHIVE_LEDGER_H
#define MIG_ARCHIVE_LEDGER_H

#include "archive/manifest.h"
#include "mail/merkle.h"

typedef struct mig__ledger {
    int fd;
    uint64_t length;  /* of the file, with what is still in the buffer */
    mig__buffer late; /* not written yet */
} mig__ledger;

typedef struct mig__ledger_entry {
    uint64_t offset;
    uint32_t length; /* of the line */
    uint32_t uid;
    uint16_t name; /* octets of the file name in front of the line */
    bool message;  /* else another line */
} mig__ledger_entry;

/* The lines of one folder. */
typedef struct mig__ledger_folder {
    mig__ledger_entry *entries;
    size_t count;
} mig__ledger_folder;

/* 0, or -1 with MIG_E_IO. */
int mig__ledger_open(mig__ledger *ledger, const char *directory, mig_error *err);
void mig__ledger_close(mig__ledger *ledger);

/*
 * Add a line of a folder. `name` is that of the message's file without directory and flags; NULL for lines of other
 * kinds. 0, or -1 with MIG_E_IO, MIG_E_DISK_FULL, MIG_E_NOMEM.
 */
int mig__ledger_add(mig__ledger *ledger, mig__ledger_folder *folder, const mig__line *line, const char *name,
                    size_t name_length, mig_error *err);

/*
 * All lines of a folder: first those that are no messages, then the messages, each by ascending UID. `each` gets the
 * entry, the digest and the file name of a message, and the line with its line end. Errors as above, or what it said.
 */
typedef int mig__ledger_fn(const mig__ledger_entry *entry, const uint8_t digest[MIG__DIGEST_SIZE], const char *name,
                           const char *line, void *context, mig_error *err);
int mig__ledger_walk(mig__ledger *ledger, mig__ledger_folder *folder, mig__ledger_fn *each, void *context,
                     mig_error *err);

#endif
