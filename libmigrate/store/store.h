/*
 * store/store.h - what a store of files gives, and what it shares: folders, indexes of messages, octets
 *
 * A backend (mig__store_ops) finds folders and messages in files; store.c keeps what it found; the responder makes IMAP
 * of it. What is found is only ever told by UID, so that several connections can read while one of them appends.
 *
 * Locks: `lock` of the store guards its folders and their indexes, for moments; `writing` of a folder is held over a
 * change of its files, and is taken before `lock`. Files are read without a lock: the item that names one is a copy.
 */
#ifndef MIG_STORE_STORE_H
#define MIG_STORE_STORE_H

#include "base/buffer.h"
#include "mail/uidset.h"
#include "store/identity.h"
#include "store/root.h"
#include "store/stretch.h"
#include "store/uidmap.h"
#include <migrate/folder.h>
#include <migrate/log.h>
#include <migrate/stop.h>
#include <migrate/store.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* There are as many of these as messages, so they are small: mig__store_message_put and mig__store_message_set_date
 * fill them. */
typedef struct mig__store_message {
    uint64_t place; /* offset in the file, then a bit for "nothing is quoted in it", and in the low 15 bits the octets
                       of the From_ line before it; for a file of its own: of its name in `names` of the folder */
    uint32_t uid;
    uint32_t length; /* octets in the file; UINT32_MAX: more. A file of its own tells by itself */
    uint32_t date;   /* seconds since 1970; MIG__STORE_NO_DATE: the file's own time */
    uint16_t flags;  /* number of a text in the store's pool */
    uint16_t file;   /* mbox: which file; where each is a file of its own: mig__lack */
} mig__store_message;

/* Why a message that was seen cannot be read: it is listed all the same, so that whoever asks for it is told. */
typedef enum mig__lack {
    MIG__LACK_NONE,
    MIG__LACK_LINK,
    MIG__LACK_DIRECTORY,
    MIG__LACK_SPECIAL,
    MIG__LACK_DAMAGED, /* in an archive, or not there */
    MIG__LACK_LOST,    /* when the archive was made */
    MIG__LACK_FOREIGN, /* no message at all, by its name */
    MIG__LACK_PARTIAL
} mig__lack;

const char *mig__lack_text(mig__lack lack);

#define MIG__STORE_NO_DATE UINT32_MAX

static inline uint64_t mig__store_message_from(const mig__store_message *message)
{
    return message->place >> 16;
}

static inline uint32_t mig__store_message_skip(const mig__store_message *message)
{
    return (uint32_t)(message->place & 0x7fff);
}

static inline bool mig__store_message_verbatim(const mig__store_message *message)
{
    return (message->place & 0x8000) != 0;
}

static inline void mig__store_message_put(mig__store_message *message, uint64_t from, uint32_t skip)
{
    message->place = from << 16 | (skip & 0x7fff);
}

static inline void mig__store_message_set_verbatim(mig__store_message *message)
{
    message->place |= 0x8000;
}

/* Before 1970 there is no INTERNALDATE that all take; behind 2106 there is none here. */
static inline void mig__store_message_set_date(mig__store_message *message, int64_t date)
{
    message->date = date < 0 ? 0 : date >= MIG__STORE_NO_DATE ? MIG__STORE_NO_DATE - 1 : (uint32_t)date;
}

typedef struct mig__store_folder {
    char *wire; /* name as IMAP has it: mUTF-7, levels joined by the store's delimiter */
    char *path; /* the backend's: its directory or file */
    mig_role role;
    bool subscribed;
    bool selectable;
    char *problem; /* why it cannot be opened; NULL: it can */

    bool loaded;
    unsigned users; /* that hold it (mig__store_hold) */
    unsigned quiet; /* batches that were added since it was held last */
    uint64_t used;  /* when it was held last, to forget the oldest first */
    uint32_t uidvalidity, uidnext;
    mig__store_message *messages; /* by ascending UID */
    size_t count, room;
    mig__buffer names; /* of files, each with a NUL behind */
    char **keywords;   /* that messages can have here, NULL-terminated; NULL: none */
    pthread_mutex_t writing;
    mig__uid_list uids; /* of a target: what its list of UIDs says */
    int64_t stamp[3];   /* of a target's list, as it was read or written last */
    int64_t times[2];   /* of its directories, as they were before they were read; -1: too fresh to go by */
    bool locked;        /* `writing` and the list's lock are held, by whoever reads this under `writing` */
} mig__store_folder;

/* One that many messages lie in. */
typedef struct mig__store_file {
    char *path;
    bool packed; /* its octets are in the spool, and messages lie where they are there */
} mig__store_file;

/* A message, copied for use without the lock. */
typedef struct mig__store_item {
    mig__store_message message;
    const char *flags; /* borrowed from the store's pool */
    char *path;        /* of its file */
    int spool;         /* where the octets are instead; -1: there */
} mig__store_item;

/* A message on its way into a folder. */
typedef struct mig__store_arrival {
    char *flags; /* joined (mail/flags.h) */
    bool dated;
    int64_t date;
    char *name; /* the backend's: unique name of the file */
    uint64_t size;
} mig__store_arrival;

/* APPEND: messages that become visible together. */
typedef struct mig__store_batch {
    mig__store_folder *folder;
    mig__store_arrival *items;
    size_t count;
    int fd; /* of the message that is being written; -1: none */
    uint64_t written;
} mig__store_batch;

typedef struct mig__store_ops {
    const char *scheme;
    bool whole_files;  /* each message is a file of its own */
    bool looks_inside; /* which may be compressed, or hold what is no message */
    /* Find the folders (mig__store_add_folder). Once, before anything else; mbox and archive load them as well. */
    int (*open)(mig_store *store, mig_error *err);
    /*
     * Read the folder's messages into it, with keys in the same order; a message's uid is a wish, 0 for none. `lock` is
     * held. NULL: loaded by open.
     */
    int (*load)(mig_store *store, mig__store_folder *folder, mig__uid_key **keys, mig_error *err);
    /* Messages with a UID of at least `from` have just got it: make that durable. NULL: the map does. */
    int (*numbered)(mig_store *store, mig__store_folder *folder, uint32_t from, mig_error *err);
    /* Nothing came or went since the folder was loaded. NULL: it is loaded once. */
    bool (*current)(mig_store *store, const mig__store_folder *folder);
    /* Where the message of `name` (mig__store_message_from) lies: "" when it is gone. */
    void (*path)(const mig_store *store, const mig__store_folder *folder, const mig__store_message *message,
                 mig__buffer *out);
    /* Where in a file of its own the message is, when that is not all of it. NULL: it is all. */
    int (*place)(const mig__store_item *item, mig__stretch *octets, mig_error *err);
    /* A better date than the file's own, if the message tells one. NULL: none does. */
    void (*date)(const mig__stretch *octets, int64_t *date);
    /* How many octets a message has when it is given, as its file's name tells it. NULL, false: it does not. */
    bool (*size)(const mig__store_item *item, const mig__stretch *octets, uint64_t *size);
    /* The file was renamed behind our back: its name now. 0; 1: it is gone. NULL: that cannot be. */
    int (*find)(mig_store *store, mig__store_folder *folder, const mig__store_item *item, mig__buffer *out);

    /* Writing; all NULL in a store that is read only. Errors become the answer to the command. create, rename and
     * subscribe are called with `lock` held; flag and expunge between begin and end, which makes them last. */
    int (*create)(mig_store *store, const char *wire, mig_error *err);
    int (*rename)(mig_store *store, mig__store_folder *folder, const char *wire, mig_error *err);
    int (*subscribe)(mig_store *store, const char *wire, mig_error *err);
    /* `date` NULL: none was given. */
    int (*append_begin)(mig_store *store, mig__store_batch *batch, const char *flags, const int64_t *date,
                        mig_error *err);
    int (*append_data)(mig_store *store, mig__store_batch *batch, const char *octets, size_t length, mig_error *err);
    int (*append_end)(mig_store *store, mig__store_batch *batch, mig_error *err);
    /* All of it is on disk when this returns; uids has room for batch->count. */
    int (*append_commit)(mig_store *store, mig__store_batch *batch, uint32_t *uids, mig_error *err);
    void (*append_abort)(mig_store *store, mig__store_batch *batch);
    int (*begin)(mig_store *store, mig__store_folder *folder, mig_error *err);
    int (*end)(mig_store *store, mig__store_folder *folder, mig_error *err);
    int (*flag)(mig_store *store, mig__store_folder *folder, uint32_t uid, const char *flags, mig_error *err);
    /* *uid: the new one; 0 when the message is gone. */
    int (*move)(mig_store *store, mig__store_folder *folder, uint32_t from, mig__store_folder *to, uint32_t *uid,
                mig_error *err);
    int (*expunge)(mig_store *store, mig__store_folder *folder, uint32_t uid, mig_error *err);
    void (*close)(mig_store *store);
} mig__store_ops;

extern const mig__store_ops mig__store_maildir;
extern const mig__store_ops mig__store_mbox;
extern const mig__store_ops mig__store_eml;
extern const mig__store_ops mig__store_archive;

typedef struct mig__store_connection mig__store_connection;

struct mig_store {
    const mig__store_ops *ops;
    mig_side side;
    char *path; /* absolute */
    char *url;  /* scheme and path, for messages */
    char delimiter;
    char *prefix; /* of the personal namespace, as on the wire; NULL: none */
    bool nested;  /* maildir: LAYOUT=fs */
    bool crlf;    /* lines that end in LF alone are given with CRLF: a source */
    bool quoted;  /* "From " at the start of a line has a ">" in front: mbox */

    mig__root root;         /* what `path` leads to; not opened for archive */
    mig__identity identity; /* in which the files are read and written */
    bool as_self;           /* in the process's own */

    mig_secret_fn *secret; /* of an encrypted archive; NULL: none */
    void *secret_context;
    char *state_path; /* NULL: none */
    bool keep;
    const mig_stop *stop; /* of the last connection */
    mig_log log;          /* the same */

    pthread_mutex_t lock;
    bool opened;
    mig_error failure;           /* of opening: final */
    mig__store_folder **folders; /* in the order they were found */
    size_t count, room;
    size_t problems;        /* of them */
    mig__store_file *files; /* mbox */
    size_t file_count;
    int spool; /* what came out of compressed ones, one behind the other, in a file without a name; -1: none */
    uint64_t spooled;
    int map_lock;         /* -1: none */
    mig__uidmap *map;     /* NULL: a target */
    char **flags;         /* the pool, in the order they came */
    uint16_t *flag_order; /* their numbers, sorted by text */
    size_t flag_count, flag_room;
    uint64_t clock;  /* counts uses */
    uint64_t unique; /* counts names made */
    void *extra;     /* the backend's */

    mig__store_connection *connections;
};

/* ---- the store's own (store.c, index.c) ---- */

/* Add a folder; takes `path` and `problem` over in any case. NULL: no memory, or the name is there already (EEXIST). */
mig__store_folder *mig__store_add_folder(mig_store *store, const char *wire, char *path, mig_error *err);
/*
 * What cannot be read is a folder all the same, so that the report names it and the reason: `wire` is made fit to
 * show. A name that is taken gets a number. 0, or -1 without memory.
 */
int mig__store_add_problem(mig_store *store, const char *wire, const char *path, const char *problem, mig_error *err);
mig__store_folder *mig__store_find(mig_store *store, const char *wire); /* INBOX in any spelling; NULL: none */
void mig__store_folder_clear(mig__store_folder *folder);                /* forget the index */

/* The number of a joined text of flags. Of more texts than there are numbers the last ones lose their keywords. 0, or
 * -1 without memory. */
int mig__store_flags(mig_store *store, const char *joined, uint16_t *out, mig_error *err);

/* A further message at the end. NULL: no memory. The caller fills it. */
mig__store_message *mig__store_add_message(mig__store_folder *folder, mig_error *err);
/* Its name into folder->names; the offset. */
uint64_t mig__store_add_name(mig__store_folder *folder, const char *name);
/* Give UIDs to the messages just loaded, and sort by them. */
int mig__store_number(mig_store *store, mig__store_folder *folder, mig__uid_key *keys, mig_error *err);
/* Position of the first message whose UID is at least `uid`. */
size_t mig__store_seek(const mig__store_folder *folder, uint32_t uid);

/* Load the folder if it is not, and keep it until it is let go. The store's lock must not be held. */
int mig__store_hold(mig_store *store, mig__store_folder *folder, mig_error *err);
void mig__store_let_go(mig_store *store, mig__store_folder *folder);
/* Nobody has looked into it while batch after batch was added: its index goes if it is large. With `lock` held. */
void mig__store_leave(mig__store_folder *folder);
/* The same from disk, because it may have changed. */
int mig__store_refresh(mig_store *store, mig__store_folder *folder, mig_error *err);
int mig__store_reload(mig_store *store, mig__store_folder *folder, mig_error *err); /* with `writing` held */
/* Make the UIDs that were given out durable, before anyone is told. */
int mig__store_keep_uids(mig_store *store, mig_error *err);

/* The first message with a UID of at least `uid`, copied. 0; 1: there is none; -1. Clear it with mig__store_item_clear.
 */
int mig__store_take(mig_store *store, mig__store_folder *folder, uint32_t uid, mig__store_item *out, mig_error *err);
void mig__store_item_clear(mig__store_item *item);

/*
 * Open the message's file. 0; 1: it is gone; -1 (MIG_E_IO and what is wrong with it). Close out->fd. `date` gets the
 * message's.
 */
int mig__store_item_open(mig_store *store, mig__store_folder *folder, mig__store_item *item, mig__stretch *out,
                         int64_t *date, mig_error *err);

/* A file without a name, beside the state if that is possible, in store->spool. */
int mig__store_spool(mig_store *store, mig_error *err);

/* Once the root is open: whose files these are. From here on they are read with that one's rights. */
int mig__store_identify(mig_store *store, mig_error *err);

/* With `lock` held. */
void mig__store_log(const mig_store *store, mig_log_level level, const char *format, ...) MIG_PRINTF(3, 4);
bool mig__store_stopped(const mig_store *store, mig_error *err);

/* responder.c: serve IMAP on `fd`, in a thread of its own. */
int mig__responder_start(mig_store *store, int fd, mig_error *err);
/* Wait for the threads that are over (all: every one). */
void mig__responder_reap(mig_store *store, bool all);

#endif
