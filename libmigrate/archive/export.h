/*
 * archive/export.h - what the parts of an export share
 *
 * A run reads as a story (archive/export.c): what earlier files of the chain have, login, lists, scan (scan.c); then
 * readers (reading/pool.h; their sink is readers.c) bring messages into a queue, and the one writer, the thread that
 * called, puts them into the archive; at the end the manifest is made (finish.c). One lock guards what the threads
 * share.
 */
#ifndef MIG_ARCHIVE_EXPORT_H
#define MIG_ARCHIVE_EXPORT_H

#include "account/account.h"
#include "archive/index.h"
#include "archive/ledger.h"
#include "archive/out.h"
#include "imap/fetch.h"
#include "imap/list.h"
#include "reading/pool.h"
#include "scanner/scanner.h"
#include <pthread.h>

typedef struct mig__export_folder {
    const mig__mailbox *mailbox;
    char *path;                      /* inside; NULL: it holds no messages */
    const mig__index_folder *before; /* in the earlier files, and still the same mailbox; NULL: new */
    bool unchanged;                  /* the server's numbers are those of then: not opened */
    mig__selected now;
    mig__reading reading; /* what is to be read of it */
    mig__uidset present;  /* all that are there; only with `before` */
    mig__keywords keywords;
    mig__ledger_folder lines;
    mig_archive_folder *result;
} mig__export_folder;

typedef struct mig__export {
    const mig_archive_options *options;
    mig_archive_result *result;
    char *directory;                /* of the file: temporary ones lie beside it */
    char *path;                     /* of the file to be written */
    char *criteria, *junk_criteria; /* of folders for junk */
    mig__index index;               /* the earlier files; no parts: none */
    mig__safe_names names;
    mig__export_folder *folders;
    size_t folder_count;
    mig__out *out;
    mig__ledger ledger;
    mig__buffer files; /* lines of the other members */
    int64_t began;     /* wall clock */
    double started;
    mig__account account;
    mig__pool pool;          /* the readers */
    mig__reading **readings; /* of the folders that they read */
    mig__scanner *scanner;   /* NULL: nothing is scanned */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    mig_stop halt;     /* what the sessions look at: at level 2 when the run is to end, for whatever reason */
    pthread_t watcher; /* raises it */
    bool watched, over;
    mig__parcel *first, *last; /* the queue */
    uint64_t held, spooled;    /* octets of messages on their way: in memory, in files */
    mig_error fatal;
    uint64_t messages_total, messages_done, octets_done, failed;
    const mig__export_folder *current;
} mig__export;

/* ---- session.c ---- */

bool mig__export_stopping(mig__export *run); /* asked to stop, or failed */
/* From here on a request to stop, or a failure, ends all waiting for the server: an export has no batch to finish. */
int mig__export_watch(mig__export *run, mig_error *err);
void mig__export_unwatch(mig__export *run);
void mig__export_fail(mig__export *run, const mig_error *error);
/* Something that a person should know of. */
void mig__export_problem(mig__export *run, const mig__export_folder *folder, uint32_t uid, bool failed,
                         const mig_error *error);
/* What was read of a folder is kept; it is not read to its end. The caller does not hold the lock. */
void mig__export_give_up(mig__export *run, mig__export_folder *folder, const mig_error *why);
/* The same where the error says already what was being done. */
void mig__export_close(mig__export *run, mig__export_folder *folder, const mig_error *error);

/* ---- the steps ---- */

/* Which folders, by the list and the rules, and their directories. */
int mig__export_plan(mig__export *run, const mig__session *session, mig_error *err);
/*
 * EXAMINE and SEARCH, and against earlier files the flags: what is to be read, what changed, what is gone. A session
 * that breaks is replaced by another.
 */
int mig__export_scan(mig__export *run, mig__session **session, mig_error *err);
/* Start the readers; takes over the session. 0 when there is at least one, or nothing to be read. */
int mig__export_read(mig__export *run, mig__session **session, mig_error *err);
/* The members behind the messages: Dovecot's files, the manifest, its sums, its signature. */
int mig__export_finish(mig__export *run, mig_error *err);

#endif
