/*
 * archive/names.h - what folders and messages are called inside of an archive
 *
 * The names are safe on any system that unpacks them: printable ASCII, no component longer than 200 octets, none that
 * is "." or "..", and no two that differ in case alone. What the folder was really called is in the manifest.
 */
#ifndef MIG_ARCHIVE_NAMES_H
#define MIG_ARCHIVE_NAMES_H

#include "base/buffer.h"
#include "base/table.h"
#include "base/clock.h"
#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>

#define MIG__ARCHIVE_ROOT     "Maildir"
#define MIG__ARCHIVE_MANIFEST "manifest.jsonl"
#define MIG__ARCHIVE_SUMS     "manifest.root"
#define MIG__ARCHIVE_SEAL     "manifest.sig"

/* Names given so far, without case. */
typedef struct mig__safe_names {
    mig__table table; /* the payload points to a name */
} mig__safe_names;

#define MIG__SAFE_NAMES_INIT                                                                                           \
    {                                                                                                                  \
        MIG__TABLE_INIT(sizeof(char *))                                                                                \
    }

/*
 * The directory of a folder: "Maildir" for INBOX, "Maildir/.Work.2019" for others, components in modified UTF-7 as
 * Maildir++ has them. `name` is UTF-8, or when !valid any octets; `prefix` (may be "") is taken off. A component gets
 * '_' for '.', '/' and control characters, is "_" when it is empty, and is cut where the name is too long; then, and
 * when the name is taken, a number or digest follows. The result is taken from now on. malloc'd; NULL with MIG_E_NOMEM.
 */
char *mig__safe_directory(mig__safe_names *taken, const char *name, bool valid, char delimiter, const char *prefix,
                          mig_error *err);
/* A directory that is in use is taken from now on. 0, or -1 with MIG_E_NOMEM. */
int mig__safe_take(mig__safe_names *taken, const char *directory, mig_error *err);
void mig__safe_names_free(mig__safe_names *names);

/* The keywords of a folder that have a letter ("a" to "z") in file names, in order. */
typedef struct mig__keywords {
    char *items[26];
    unsigned count;
} mig__keywords;

void mig__keywords_free(mig__keywords *keywords);

/*
 * A message's file name without its directory: "DATE.UuidVuidvalidity.mailmigrate,S=size:2,FLAGS". `flags` are joined
 * by blanks; keywords that have no letter yet get one while there are any. *bare is the length up to the colon.
 * 0, or -1 with MIG_E_NOMEM.
 */
int mig__safe_message(mig__buffer *out, size_t *bare, const mig__datetime *date, uint32_t uid, uint32_t uidvalidity,
                      uint64_t size, const char *flags, mig__keywords *keywords, mig_error *err);

/* What a member's name says that it is. */
typedef enum mig__member_kind {
    MIG__MEMBER_REFUSED,   /* one that could do harm: absolute, "..", control characters, too long, ... */
    MIG__MEMBER_STRANGE,   /* harmless, but none of ours */
    MIG__MEMBER_DIRECTORY, /* below Maildir */
    MIG__MEMBER_MESSAGE,
    MIG__MEMBER_FILE, /* subscriptions, dovecot-uidlist, dovecot-keywords */
    MIG__MEMBER_MANIFEST,
    MIG__MEMBER_SUMS,
    MIG__MEMBER_SEAL
} mig__member_kind;

/* By the name alone; a leading "./" and slashes at the end do not count. *why says what is refused. */
mig__member_kind mig__safe_kind(const char *path, const char **why);

/* The name without a leading "./". Borrowed from `path`. */
const char *mig__safe_plain(const char *path);

#endif
