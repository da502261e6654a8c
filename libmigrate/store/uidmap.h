/*
 * store/uidmap.h - UIDs for messages that have none: a key of each message, and the UID it has once and for all
 *
 * RFC 3501 section 2.3.1.1 wants a UID never to change and never to come back. A list of one folder (mig__uid_list)
 * gives them; the map keeps the lists of a source's folders in a file beside the state, because a source is not written
 * to.
 */
#ifndef MIG_STORE_UIDMAP_H
#define MIG_STORE_UIDMAP_H

#include "base/buffer.h"
#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIG__UID_KEY_SIZE 16

typedef struct mig__uid_key {
    uint8_t octets[MIG__UID_KEY_SIZE];
} mig__uid_key;

/* The key of a text: part of its SHA-256. */
int mig__uid_key_of(const char *text, size_t length, mig__uid_key *out, mig_error *err);

/* Those of the messages of a folder. */
typedef struct mig__uid_keys {
    const mig__uid_key *keys;
    size_t count;
} mig__uid_keys;

/*
 * Lets pass what is known, each key as often as it is there: lists beside the mail may hold any number of names, and
 * memory goes by the messages.
 */
typedef struct mig__uid_filter {
    mig__uid_key *sorted; /* NULL: all pass */
    bool *taken;
    size_t count;
} mig__uid_filter;

int mig__uid_filter_make(mig__uid_filter *filter, const mig__uid_keys *known, mig_error *err);
bool mig__uid_filter_take(mig__uid_filter *filter, const mig__uid_key *key);
void mig__uid_filter_free(mig__uid_filter *filter);

typedef struct mig__uid_entry {
    mig__uid_key key;
    uint32_t uid;
} mig__uid_entry;

typedef struct mig__uid_list {
    uint32_t uidvalidity; /* 0: nothing was given out yet */
    uint32_t uidnext;     /* at least 1 once uidvalidity is set */
    mig__uid_entry *entries;
    size_t count, room;
    bool sorted;
} mig__uid_list;

int mig__uid_list_add(mig__uid_list *uids, const mig__uid_key *key, uint32_t uid, mig_error *err);
/* The UID of a key, 0 when it is not there. */
uint32_t mig__uid_list_get(mig__uid_list *uids, const mig__uid_key *key);
void mig__uid_list_free(mig__uid_list *uids);

/*
 * A UID for each of `count` messages, given by their keys; `given` holds a wish for each (0: none) and gets the UID.
 * What the list has keeps its UID, the same key several times in ascending order; a wish is met when no UID so high was
 * given out before; the rest get the next ones, in the order they stand. The list then holds these messages alone.
 * *changed tells whether it is another one now. MIG_E_NOMEM; MIG_E_BOUNDS (no UID is left).
 */
int mig__uid_list_assign(mig__uid_list *uids, const mig__uid_key *keys, uint32_t *given, size_t count, bool *changed,
                         mig_error *err);

typedef struct mig__uidmap mig__uidmap;

/* Read the file of that name, if there is one (NULL: in memory only). MIG_E_STATE (not ours, damaged), MIG_E_IO. */
mig__uidmap *mig__uidmap_open(const char *path, mig_error *err);
/* The list of a folder, made when it is not there; borrowed until the next call. NULL: no memory, or the file cannot
 * be read again. */
mig__uid_list *mig__uidmap_folder(mig__uidmap *map, const char *wire, mig_error *err);
/* What is in the file needs no memory: it is read again when it is asked for. */
void mig__uidmap_rest(mig__uidmap *map);
void mig__uidmap_touch(mig__uidmap *map); /* it changed: to be written */
/* Write it if it changed: to a file beside it, fsync, rename, fsync of the directory. MIG_E_IO, MIG_E_DISK_FULL. */
int mig__uidmap_save(mig__uidmap *map, mig_error *err);
void mig__uidmap_free(mig__uidmap **map);

#endif
