/*
 * archive/archive.h - reading a mailbox that is one file, or a chain of files
 *
 * An archive is opened in two steps, so that nothing that it holds is trusted before it was looked at:
 *  1. mig__archive_open reads it once from end to end: names and kinds of members, sizes, digests, the manifest against
 *     the content. Nothing is written but the manifests, to files that have no name.
 *  2. mig__archive_unpack reads it again and writes the messages that are there and whole into a directory, as
 *     Maildir++ with the flags in the names and INTERNALDATE as the time.
 * The chain of an incremental export (MAIL.tar.zst, MAIL.1.tar.zst, ...) is one mailbox as its last file found it.
 * Folders and messages are then asked for one by one; about 40 octets a message are kept in memory.
 */
#ifndef MIG_ARCHIVE_ARCHIVE_H
#define MIG_ARCHIVE_ARCHIVE_H

#include "base/clock.h"
#include "mail/digest.h"
#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/folder.h>
#include <migrate/stop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mig__archive mig__archive;

typedef struct mig__archive_options {
    const char *path;      /* the file, or the first one of a chain: those after it are found beside it. Required */
    mig_secret_fn *secret; /* password of an encrypted archive; NULL: none */
    void *secret_context;
    const char *spool_dir; /* for unnamed temporary files; NULL: where the system keeps such files */
    const mig_stop *stop;  /* NULL: cannot be asked to stop */
} mig__archive_options;

/* A folder as the last file of the chain has it. Strings are borrowed from the archive. */
typedef struct mig__archive_folder {
    const char *name; /* UTF-8, decoded; fit to show only when !name_valid */
    const char *wire; /* as the server wrote it: mUTF-7, or octets that make no valid name */
    bool name_valid;  /* false: `wire` is not valid mUTF-7 */
    char delimiter;   /* '\0': flat */
    mig_role role;    /* as the server announced it; INBOX for INBOX */
    bool subscribed;
    bool selectable;               /* false: a node without messages */
    uint32_t uidvalidity, uidnext; /* 0: not told */
    uint64_t messages;             /* in the archive, damaged ones as well */
    const char *directory;         /* below the directory unpacked into: "Maildir/.Sent" */
} mig__archive_folder;

/* A message. Strings are borrowed until the next call on the same archive. */
typedef struct mig__archive_message {
    uint32_t uid;
    const char *flags;  /* system flags and keywords, sorted and joined by blanks (mail/flags.h), "" for none */
    mig__datetime date; /* INTERNALDATE with its zone; valid is false when the server gave none */
    uint64_t size;      /* octets */
    uint8_t sha256[MIG__DIGEST_SIZE];
    const char *message_id; /* "": none */
    const char *path;       /* below the directory unpacked into: "Maildir/.Sent/cur/NAME:2,S" */
    bool damaged;           /* not as it was exported, or not there: it is not unpacked */
    bool lost;              /* and was not when the archive was made: there is no more than its UID */
} mig__archive_message;

/*
 * Step 1. NULL: MIG_E_IO (not readable), MIG_E_SECRET (encrypted and no or a wrong password), MIG_E_DIFFERENT (no
 * archive of ours, cut short, its manifest damaged or not fitting), MIG_E_REFUSED (a member that no export makes: named
 * in the text), MIG_E_INTERRUPTED, MIG_E_NOMEM, MIG_E_DISK_FULL. Single messages that are damaged or missing are no
 * error: they are marked, and counted by mig__archive_damaged. Release with mig__archive_free.
 */
mig__archive *mig__archive_open(const mig__archive_options *options, mig_error *err);

/* Messages that the manifest has and that are damaged or missing. */
uint64_t mig__archive_damaged(const mig__archive *archive);

/*
 * Step 2, into an existing directory that is empty and the user's own. Refused with MIG_E_DISK_FULL before anything is
 * written when the messages do not fit on its file system. Errors as above.
 */
int mig__archive_unpack(mig__archive *archive, const char *directory, mig_error *err);

/* "user@host" of the account, its personal namespace's prefix (wire form, "" for none) and separator. */
const char *mig__archive_source(const mig__archive *archive);
const char *mig__archive_prefix(const mig__archive *archive);
char mig__archive_delimiter(const mig__archive *archive);

/* The folders in byte order of their wire names. */
size_t mig__archive_folder_count(const mig__archive *archive);
const mig__archive_folder *mig__archive_folder_at(const mig__archive *archive, size_t folder);

/* The messages of a folder by ascending UID: number `index` below `messages`. 0, or -1 with MIG_E_IO or MIG_E_NOMEM. */
int mig__archive_message_at(mig__archive *archive, size_t folder, uint64_t index, mig__archive_message *out,
                            mig_error *err);

void mig__archive_free(mig__archive **archive);

#endif
