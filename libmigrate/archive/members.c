/* archive/members.c - names and contents of members by their digests */
#include "archive/members.h"
#include <string.h>

enum { CONTENT = 16 };

typedef struct member {
    uint8_t content[CONTENT];
} member;

static int key_of(const char *path, uint64_t *key, mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    int failed = mig__digest(path, strlen(path), digest, err);
    memcpy(key, digest, sizeof *key);
    return failed;
}

/* With the bit clear that says "claimed". */
static int content_of(uint64_t key, uint64_t size, const uint8_t digest[MIG__DIGEST_SIZE], member *out, mig_error *err)
{
    uint8_t all[16 + MIG__DIGEST_SIZE], sum[MIG__DIGEST_SIZE];
    memcpy(all, &key, 8);
    memcpy(all + 8, &size, 8);
    memcpy(all + 16, digest, MIG__DIGEST_SIZE);
    int failed = mig__digest(all, sizeof all, sum, err);
    memcpy(out->content, sum, CONTENT);
    out->content[0] &= 0xfe;
    return failed;
}

static member *find(const mig__members *members, uint64_t key)
{
    size_t at = 0;
    return mig__table_next(&members->table, key, &at);
}

static bool is_claimed(const member *found)
{
    return (found->content[0] & 1) != 0;
}

int mig__members_add(mig__members *members, const char *path, uint64_t size, const uint8_t digest[MIG__DIGEST_SIZE],
                     mig_error *err)
{
    uint64_t key;
    member content;
    if (key_of(path, &key, err) != 0 || content_of(key, size, digest, &content, err) != 0) {
        return -1;
    }
    if (find(members, key) != NULL) {
        return 0;
    }
    members->table.payload = sizeof(member); /* whoever holds it may have begun with zeros */
    member *made = mig__table_add(&members->table, key, err);
    if (made == NULL) {
        return -1;
    }
    *made = content;
    members->count++;
    return 1;
}

int mig__members_claim(mig__members *members, const char *path, uint64_t size, const uint8_t digest[MIG__DIGEST_SIZE],
                       mig__claim *out, mig_error *err)
{
    uint64_t key;
    member content;
    *out = MIG__CLAIM_ABSENT;
    if (key_of(path, &key, err) != 0 || content_of(key, size, digest, &content, err) != 0) {
        return -1;
    }
    member *found = find(members, key);
    if (found == NULL) {
        return 0;
    }
    if (is_claimed(found)) {
        *out = MIG__CLAIM_TWICE;
        return 0;
    }
    *out = memcmp(content.content, found->content, CONTENT) == 0 ? MIG__CLAIM_FITS : MIG__CLAIM_CHANGED;
    found->content[0] |= 1;
    members->claimed++;
    return 0;
}

int mig__members_unclaimed(const mig__members *members, const char *path, bool *out, mig_error *err)
{
    uint64_t key;
    if (key_of(path, &key, err) != 0) {
        return -1;
    }
    const member *found = find(members, key);
    *out = found != NULL && !is_claimed(found);
    return 0;
}

void mig__members_free(mig__members *members)
{
    mig__table_free(&members->table);
    members->count = members->claimed = 0;
}
