/*
 * store/maildir.h - what the files of the Maildir backend share
 *
 * maildir_folders.c finds folders, maildir.c messages, maildir_name.c knows names and flags, courier.c what Courier
 * keeps beside them; maildir_append.c and maildir_change.c write, uidlist.c has Dovecot's list of UIDs.
 */
#ifndef MIG_STORE_MAILDIR_H
#define MIG_STORE_MAILDIR_H

#include "store/store.h"

enum { MIG__MAILDIR_KEYWORDS = 26 }; /* letters a to z in a file's name */

/* ---- maildir_name.c ---- */

/*
 * Length of the part of a file's name that stays when its flags change: up to ":2,", or to what stands for it where a
 * file system has no colon (";2,", "!2,", Samba's U+F03A; a blank or "_" when nothing but flags follows).
 */
size_t mig__maildir_base(const char *name);
/* The same as Dovecot sees it, which knows the colon alone: for what is written for it. */
size_t mig__maildir_stem(const char *name);

/*
 * Flags from what follows ":2,", with `keywords` (NULL-terminated) for the letters, and `more` that are known from
 * elsewhere (joined; NULL: none). Joined; NULL: no memory.
 */
char *mig__maildir_flags(const char *name, char *const *keywords, const char *more);
/* Letters of keywords in a name that `keywords` has no name for: bit 0 is "a". */
uint32_t mig__maildir_unnamed(const char *name, char *const *keywords);

/*
 * ":2," and the letters of joined flags, appended. Keywords that have no letter yet get one in *keywords; *added tells
 * whether. 0; -1 with MIG_E_FLAG (no letter is left) or MIG_E_NOMEM.
 */
int mig__maildir_info(const char *flags, char ***keywords, bool *added, mig__buffer *out, mig_error *err);

/* dovecot-keywords: "0 name" a line. *out is NULL-terminated with holes as "". */
int mig__maildir_keywords_read(const mig__root *root, const char *folder, char ***out, mig_error *err);
int mig__maildir_keywords_write(const mig__root *root, const char *folder, char *const *keywords, mig_error *err);

/* The directory of a mailbox by its wire name; NULL: MIG_E_CANNOT (no name for a directory) or MIG_E_NOMEM. */
char *mig__maildir_directory(const mig_store *store, const char *wire, mig_error *err);

/* ---- uidlist.c ---- */

/* "dovecot-uidlist" of a folder, version 3 or 1: UIDVALIDITY, UIDNEXT and entries by the names' keys, of those that
 * are `known` (NULL: all). A file that is not there or makes no sense gives none. */
int mig__uidlist_read(const mig__root *root, const char *folder, const mig__uid_keys *known, mig__uid_list *out,
                      mig_error *err);

/* What tells whether the list is still the one that was read: 0 0 0 when there is none. */
void mig__uidlist_stamp(const mig__root *root, const char *folder, int64_t stamp[3]);

/*
 * Keep others off the list, as Dovecot does it: "dovecot-uidlist.lock". One that a run of ours left when it was killed
 * is taken over; another one is waited for, until the run is asked to stop. MIG_E_UNAVAILABLE, MIG_E_INTERRUPTED.
 */
int mig__uidlist_lock(const mig__root *root, const char *folder, const mig_stop *stop, mig_error *err);
void mig__uidlist_unlock(const mig__root *root, const char *folder);

/* Add "UID :NAME" lines, made by mig__uidlist_line, and sync. The list is made when it is not there. */
void mig__uidlist_line(mig__buffer *out, uint32_t uid, const char *name);
int mig__uidlist_append(const mig__root *root, const char *folder, uint32_t uidvalidity, const mig__buffer *lines,
                        mig_error *err);

/* ---- courier.c ---- */

/* Keywords of messages, by their names' keys. */
typedef struct mig__courier_keywords {
    struct mig__courier_entry *entries; /* sorted */
    size_t count;
} mig__courier_keywords;

/* "courierimapkeywords" of a folder; nothing when there is none. `known`: the messages that count. */
int mig__courier_read(const mig__root *root, const char *folder, const mig__uid_keys *known, mig__courier_keywords *out,
                      mig_error *err);
/* Joined; NULL: none. */
const char *mig__courier_flags(const mig__courier_keywords *keywords, const mig__uid_key *key);
void mig__courier_free(mig__courier_keywords *keywords);

/* ---- maildir_folders.c ---- */

int mig__maildir_open(mig_store *store, mig_error *err);
int mig__maildir_subscribe(mig_store *store, const char *wire, mig_error *err);

/* ---- maildir.c ---- */

/* "cur/NAME" or "new/NAME" of a message. */
const char *mig__maildir_name_of(const mig__store_folder *folder, const mig__store_message *message);

/* ---- maildir_append.c, maildir_change.c ---- */

int mig__maildir_append_begin(mig_store *store, mig__store_batch *batch, const char *flags, const int64_t *date,
                              mig_error *err);
int mig__maildir_append_data(mig_store *store, mig__store_batch *batch, const char *octets, size_t length,
                             mig_error *err);
int mig__maildir_append_end(mig_store *store, mig__store_batch *batch, mig_error *err);
int mig__maildir_append_commit(mig_store *store, mig__store_batch *batch, uint32_t *uids, mig_error *err);
void mig__maildir_append_abort(mig_store *store, mig__store_batch *batch);
int mig__maildir_create(mig_store *store, const char *wire, mig_error *err);
int mig__maildir_rename(mig_store *store, mig__store_folder *folder, const char *wire, mig_error *err);
int mig__maildir_flag(mig_store *store, mig__store_folder *folder, uint32_t uid, const char *flags, mig_error *err);
int mig__maildir_move(mig_store *store, mig__store_folder *folder, uint32_t from, mig__store_folder *to, uint32_t *uid,
                      mig_error *err);
int mig__maildir_expunge(mig_store *store, mig__store_folder *folder, uint32_t uid, mig_error *err);

/* Hold the folder's `writing` and the list's lock, with an index that is up to date. 0, or -1 and nothing is held. */
int mig__maildir_begin(mig_store *store, mig__store_folder *folder, mig_error *err);
/* Sync the directory of messages and let go. */
int mig__maildir_end(mig_store *store, mig__store_folder *folder, mig_error *err);
void mig__maildir_let_go(mig_store *store, mig__store_folder *folder); /* without the sync */

/* Make a directory into a Maildir: itself, cur, new and tmp, whatever of it is missing. */
int mig__maildir_make(const mig__root *root, const char *path, mig_error *err);
/* Remove what killed runs of ours left in the folder's tmp. */
void mig__maildir_sweep(const mig__root *root, const char *folder);

/* Letters for the flags, with the file of keywords written first when it needs a further one. */
int mig__maildir_letters(const mig__root *root, mig__store_folder *folder, const char *flags, mig__buffer *out,
                         mig_error *err);

#endif
