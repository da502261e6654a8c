/*
 * archive/index.h - the manifests of a chain as one mailbox: which folders it has, and where each message is described
 *
 * Lines are read again when they are asked for: a message costs 32 octets of memory, whatever its line says.
 */
#ifndef MIG_ARCHIVE_INDEX_H
#define MIG_ARCHIVE_INDEX_H

#include "archive/manifest.h"
#include "archive/walk.h"
#include "mail/uidset.h"

typedef struct mig__index_entry {
    uint32_t uid;
    uint16_t part, flags_part;
    uint64_t offset, flags_offset; /* of the lines; flags_offset 0: the message's own */
    bool damaged;                  /* missing, or not as the manifest says */
    bool lost;                     /* so it was when the file was made: the server did not give it */
} mig__index_entry;

typedef struct mig__index_folder {
    char *name, *octets, *wire, *path; /* octets, path: NULL for none */
    char delimiter;
    mig_role role;
    bool subscribed, selectable;
    uint32_t uidvalidity, uidnext, exists;
    uint64_t modseq;
    bool incomplete;
    size_t listed;             /* the last file that has it, counted from 1 */
    mig__index_entry *entries; /* by ascending UID */
    size_t count;
} mig__index_folder;

typedef struct mig__index_part {
    int fd; /* its manifest, a file without a name */
    uint64_t size;
    char root[MIG__HEX_SIZE];
    uint64_t messages, octets; /* whole ones */
} mig__index_part;

typedef struct mig__index {
    mig__index_folder *folders; /* by byte order of `wire` */
    size_t count;
    mig__index_part *parts;
    size_t part_count;
    uint8_t last[MIG__DIGEST_SIZE]; /* of the newest manifest */
    char *source, *prefix, *selection;
    char delimiter;
} mig__index;

#define MIG__INDEX_INIT                                                                                                \
    {                                                                                                                  \
        .count = 0                                                                                                     \
    }

/*
 * Add the manifest of the next file, held against what the walk found there; takes walk->manifest over. What does not
 * fit is reported to the walk's callback. 0, or -1 with MIG_E_IO, MIG_E_NOMEM, or what the callback said.
 */
int mig__index_add(mig__index *index, mig__walk *walk, mig_error *err);

/* The folder of that name on the wire; NULL: none. Borrowed until a file is added. */
mig__index_folder *mig__index_find(const mig__index *index, const char *wire);

/* The message with that UID, or NULL. Borrowed. */
const mig__index_entry *mig__index_entry_of(const mig__index_folder *folder, uint32_t uid);

/* ---- for archive/load.c ---- */

/* A new folder in its place. NULL: no memory. */
mig__index_folder *mig__index_insert(mig__index *index, const char *wire);
void mig__index_forget(mig__index *index, mig__index_folder *folder);

/* Behind the others: they are sorted when the folder is complete. */
int mig__index_add_entry(mig__index_folder *folder, const mig__index_entry *entry, mig_error *err);

/* ---- for those who read ---- */

/* The line at an offset of a part's manifest. `text` holds it while `out` is used. 0, or -1 with MIG_E_IO, ... */
int mig__index_line(const mig__index *index, size_t part, uint64_t offset, mig__buffer *text, mig__line *out,
                    mig_error *err);

void mig__index_free(mig__index *index);

#endif
