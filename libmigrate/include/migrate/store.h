/*
 * migrate/store.h - mail that lies in files: an account that is a path on this machine instead of a login
 *
 *     maildir:/path   a Maildir: Maildir++ (".Folder.Sub") or Dovecot's LAYOUT=fs; the one store that can be a target
 *     mbox:/path      one mbox file, or a directory of them; Google Takeout's labels become folders
 *     eml:/path       a directory of .eml files; directories in it are folders
 *     archive:/path   a file that `mailmigrate archive export` wrote; a chain of them by its first
 *
 * A store answers the library in IMAP, over a pair of sockets and from a thread of this process, so that copying,
 * verifying and taking stock are the same code for a server and for files. docs/stores.md says what is made of files.
 *
 *     mig_store *store = mig_store_new("maildir:/srv/mail/ann", MIG_SOURCE, &endpoint, &err);
 *     mig_store_place(store, state_path, true, &err);
 *     ... mig_copy_run with the endpoint ...
 *     mig_store_free(&store);
 */
#ifndef MIGRATE_STORE_H
#define MIGRATE_STORE_H

#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/side.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mig_store mig_store;

/* True when `url` begins with the scheme of a store. */
bool mig_store_is_url(const char *url);

/*
 * Make a store and turn `endpoint` into the way to it: `host` becomes the scheme, `user` the absolute path, `dial`
 * leads here; other members stay as they are. Nothing is opened yet. The store must outlive every run that uses the
 * endpoint; the log of a run hears what is left out of files, and its context and the run's `stop` must live as long as
 * the store. A target must be a maildir:. NULL: MIG_E_USAGE (no path, a scheme that cannot be written to), MIG_E_IO
 * (the working directory of a relative path), MIG_E_NOMEM.
 */
mig_store *mig_store_new(const char *url, mig_side side, mig_endpoint *endpoint, mig_error *err);

/*
 * Say where the run keeps its state, before the first use: files that have no UIDs of their own get them from a list in
 * "STATE.source.uids" (mode 0600). `keep` false: a list is read but not written, for a run that must change nothing.
 * Without this call UIDs hold as long as the store. 0, or -1 with MIG_E_NOMEM.
 */
int mig_store_place(mig_store *store, const char *state_path, bool keep, mig_error *err);

/*
 * Whose rights the files are read and written with when this process is root's: those of the owner of the path, so that
 * nothing is reached that the owner could not reach (the default), or the process's own (`self`). Before the first use.
 */
void mig_store_as_self(mig_store *store, bool self);

/* The password of an encrypted archive:, which is asked for when it is opened; other stores have none. */
void mig_store_secret(mig_store *store, mig_secret_fn *secret, void *context);

/* After the last connection was closed: end the threads, remove temporary files, release. NULL is fine. */
void mig_store_free(mig_store **store);

#ifdef __cplusplus
}
#endif
#endif
