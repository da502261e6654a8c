/*
 * mail/merkle.h - one digest for a list: the Merkle tree hash of RFC 9162 section 2.1.1 (RFC 6962 section 2.1)
 *
 *     root of no entries        SHA-256("")
 *     root of one entry d       SHA-256(0x00 d)
 *     root of n > 1 entries     SHA-256(0x01 L R), L = root of the first k entries, R = root of the others,
 *                               k = the largest power of two below n
 *
 * In Python, for whoever wants to check a report without this program:
 *
 *     from hashlib import sha256
 *     def root(entries):
 *         n = len(entries)
 *         if n == 0: return sha256(b"").digest()
 *         if n == 1: return sha256(b"\0" + entries[0]).digest()
 *         k = 1 << (n - 1).bit_length() - 1
 *         return sha256(b"\1" + root(entries[:k]) + root(entries[k:])).digest()
 *
 * A folder's entries are the SHA-256 of its messages' octets (32 octets each) by ascending UID; an account's entries
 * are its folders by ascending name (octet order): the name on the target in UTF-8, a NUL, and the folder's root (32
 * octets); a folder that two source folders went to is there twice. The walk needs the same small memory whatever the
 * length of the list.
 */
#ifndef MIG_MAIL_MERKLE_H
#define MIG_MAIL_MERKLE_H

#include "mail/digest.h"

typedef struct mig__merkle {
    mig__sha256 *sha256;
    uint64_t count;                         /* entries so far */
    uint8_t complete[64][MIG__DIGEST_SIZE]; /* [i]: root of a full subtree of 2^i entries, when bit i of count is set */
} mig__merkle;

#define MIG__MERKLE_INIT                                                                                               \
    {                                                                                                                  \
        NULL, 0,                                                                                                       \
        {                                                                                                              \
            {                                                                                                          \
                0                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

/* Add an entry at the end of the list. */
int mig__merkle_add(mig__merkle *merkle, const void *entry, size_t length, mig_error *err);

/* The root of what was added so far; more may be added after it. */
int mig__merkle_root(mig__merkle *merkle, uint8_t out[MIG__DIGEST_SIZE], mig_error *err);

void mig__merkle_clear(mig__merkle *merkle); /* an empty list again, keeps the memory */
void mig__merkle_free(mig__merkle *merkle);

typedef struct mig__merkle_folder {
    const char *name; /* on the target, UTF-8. Borrowed */
    const char *root; /* hexadecimal; "" when not all of its messages were read. Borrowed */
} mig__merkle_folder;

/*
 * The root of an account in hexadecimal; "" when it has no folder or one of them has no root. Sorts `folders`. 0, or -1
 * with MIG_E_NOMEM.
 */
int mig__merkle_account(mig__merkle_folder *folders, size_t count, char out[MIG__HEX_SIZE], mig_error *err);

#endif
