/* mail/merkle.c - the roots of the full subtrees at the list's end stand for all of it, as the bits of a counter */
#include "mail/merkle.h"
#include "base/buffer.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int hash(mig__merkle *merkle, uint8_t prefix, const void *left, size_t left_length, const void *right,
                size_t right_length, uint8_t out[MIG__DIGEST_SIZE], mig_error *err)
{
    mig__sha256 *sha256 = merkle->sha256;
    return mig__sha256_begin(sha256, err) < 0 || mig__sha256_add(sha256, &prefix, 1, err) < 0 ||
                   mig__sha256_add(sha256, left, left_length, err) < 0 ||
                   mig__sha256_add(sha256, right, right_length, err) < 0 || mig__sha256_end(sha256, out, err) < 0
               ? -1
               : 0;
}

static int node(mig__merkle *merkle, const uint8_t *left, const uint8_t *right, uint8_t *out, mig_error *err)
{
    return hash(merkle, 1, left, MIG__DIGEST_SIZE, right, MIG__DIGEST_SIZE, out, err);
}

int mig__merkle_add(mig__merkle *merkle, const void *entry, size_t length, mig_error *err)
{
    uint8_t root[MIG__DIGEST_SIZE];
    if (!merkle->sha256 && !(merkle->sha256 = mig__sha256_new(err))) {
        return -1;
    }
    if (hash(merkle, 0, entry, length, "", 0, root, err) < 0) {
        return -1;
    }
    int level = 0;
    for (; merkle->count >> level & 1; level++) {
        if (node(merkle, merkle->complete[level], root, root, err) < 0) {
            return -1;
        }
    }
    memcpy(merkle->complete[level], root, sizeof root);
    merkle->count++;
    return 0;
}

int mig__merkle_root(mig__merkle *merkle, uint8_t out[MIG__DIGEST_SIZE], mig_error *err)
{
    bool first = true;
    if (merkle->count == 0) {
        return mig__digest("", 0, out, err);
    }
    for (int level = 0; level < 64; level++) { /* the smallest subtree is the rightmost */
        if (!(merkle->count >> level & 1)) {
            continue;
        }
        if (first) {
            memcpy(out, merkle->complete[level], MIG__DIGEST_SIZE);
        } else if (node(merkle, merkle->complete[level], out, out, err) < 0) {
            return -1;
        }
        first = false;
    }
    return 0;
}

void mig__merkle_clear(mig__merkle *merkle)
{
    merkle->count = 0;
}

void mig__merkle_free(mig__merkle *merkle)
{
    mig__sha256_free(&merkle->sha256);
    merkle->count = 0;
}

/* ---- accounts ---- */

static int by_name(const void *a, const void *b)
{
    const mig__merkle_folder *x = a, *y = b;
    int name = strcmp(x->name, y->name);
    return name != 0 ? name : strcmp(x->root, y->root);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;
    return found == NULL ? -1 : (int)(found - digits);
}

static bool is_root(const char *root)
{
    return strlen(root) == 2 * MIG__DIGEST_SIZE && strspn(root, "0123456789abcdef") == 2 * MIG__DIGEST_SIZE;
}

static int add_folder(mig__merkle *merkle, const mig__merkle_folder *folder, mig_error *err)
{
    mig__buffer entry = MIG__BUFFER_INIT;
    mig__buffer_add(&entry, folder->name, strlen(folder->name) + 1);
    for (size_t i = 0; i < MIG__DIGEST_SIZE; i++) {
        mig__buffer_add_char(&entry, (char)(hex_digit(folder->root[2 * i]) << 4 | hex_digit(folder->root[2 * i + 1])));
    }
    int failed = mig__buffer_ok(&entry, err);
    failed = failed != 0 ? failed : mig__merkle_add(merkle, entry.data, entry.length, err);
    mig__buffer_free(&entry);
    return failed;
}

int mig__merkle_account(mig__merkle_folder *folders, size_t count, char out[MIG__HEX_SIZE], mig_error *err)
{
    mig__merkle merkle = MIG__MERKLE_INIT;
    uint8_t root[MIG__DIGEST_SIZE];
    int failed = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (!is_root(folders[i].root)) {
            return 0;
        }
    }
    if (count == 0) {
        return 0;
    }
    qsort(folders, count, sizeof *folders, by_name);
    for (size_t i = 0; failed == 0 && i < count; i++) {
        failed = add_folder(&merkle, &folders[i], err);
    }
    if (failed == 0 && (failed = mig__merkle_root(&merkle, root, err)) == 0) {
        mig__hex(root, out);
    }
    mig__merkle_free(&merkle);
    return failed;
}
