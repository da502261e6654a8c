/* archive/walk.c - one walk through a file of a chain: which members it holds, and the digest of each */
#include "archive/walk.h"
#include "archive/manifest.h"
#include "archive/spool.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct walking {
    mig__walk *walk;
    mig__in *in;
    mig__sha256 *sha256;
    mig__member_kind last; /* MANIFEST, SUMS, SEAL: nothing but the next of them may follow */
} walking;

void mig__sums_text(const uint8_t manifest[MIG__DIGEST_SIZE], const char *root, char out[MIG__SUMS_MOST])
{
    char hex[MIG__HEX_SIZE];
    snprintf(out, MIG__SUMS_MOST, MIG__MANIFEST_SCHEMA "\nmanifest.jsonl sha256 %s\nmerkle %s\n",
             mig__hex(manifest, hex), root);
}

static int report(mig__walk *walk, mig_archive_found kind, const char *path, const char *detail, mig_error *err)
{
    return walk->report(kind, path, "", 0, detail, walk->context, err);
}

/* An error that is a finding: reported, and 1. Others stay errors: -1. */
static int judge(mig__walk *walk, mig_archive_found kind, const char *path, mig_error *err)
{
    if (err->code != MIG_E_DIFFERENT && err->code != MIG_E_REFUSED) {
        return -1;
    }
    mig_error why = *err;
    kind = why.code == MIG_E_REFUSED ? MIG_ARCHIVE_REFUSED : kind;
    return report(walk, kind, path, why.text, err) != 0 ? -1 : 1;
}

/* Where octets of a member go besides the digest. */
static int keep(walking *w, mig__member_kind kind, const void *octets, size_t length, mig_error *err)
{
    mig__walk *walk = w->walk;
    if (kind == MIG__MEMBER_MANIFEST) {
        walk->manifest_size += length;
        return mig__spool_write(walk->manifest, octets, length, err);
    }
    if (kind == MIG__MEMBER_SUMS || kind == MIG__MEMBER_SEAL) {
        size_t most = kind == MIG__MEMBER_SUMS ? sizeof walk->sums - 1 : sizeof walk->seal;
        size_t *filled = kind == MIG__MEMBER_SUMS ? &walk->sums_length : &walk->seal_length;
        if (length > most - *filled) {
            return mig_error_set(err, MIG_E_REFUSED, "it is too long");
        }
        memcpy((kind == MIG__MEMBER_SUMS ? (char *)(void *)walk->sums : (char *)walk->seal) + *filled, octets, length);
        *filled += length;
    }
    return 0;
}

/* Digest a member's content. 0; 1 it was reported that it cannot be read; -1. */
static int digest_member(walking *w, const mig__in_member *member, uint64_t *size, uint8_t digest[MIG__DIGEST_SIZE],
                         mig_error *err)
{
    const void *octets = NULL;
    size_t length = 0;
    int more = mig__sha256_begin(w->sha256, err) != 0 ? -1 : 1;
    for (*size = 0; more > 0;) {
        more = mig__in_read(w->in, &octets, &length, err);
        if (more > 0 &&
            (mig__sha256_add(w->sha256, octets, length, err) != 0 || keep(w, member->kind, octets, length, err) != 0)) {
            more = -1;
        }
        *size += more > 0 ? length : 0;
        if (w->walk->tick != NULL) {
            w->walk->tick(more > 0 ? length : 0, w->walk->context);
        }
    }
    return more < 0 ? judge(w->walk, MIG_ARCHIVE_DAMAGED, member->path, err) : mig__sha256_end(w->sha256, digest, err);
}

/* Nothing may follow the manifest but its sums and the signature, each once. */
static bool in_order(const walking *w, mig__member_kind kind)
{
    switch (kind) {
    case MIG__MEMBER_SUMS:
        return w->last == MIG__MEMBER_MANIFEST;
    case MIG__MEMBER_SEAL:
        return w->last == MIG__MEMBER_SUMS;
    default:
        return w->last == MIG__MEMBER_REFUSED; /* none of the three yet */
    }
}

/* 0; 1 nothing more can be read; -1. */
static int take(walking *w, const mig__in_member *member, mig_error *err)
{
    mig__walk *walk = w->walk;
    uint8_t digest[MIG__DIGEST_SIZE];
    uint64_t size;
    walk->encrypted = walk->encrypted || member->encrypted;
    if (member->kind == MIG__MEMBER_REFUSED) {
        return report(walk, MIG_ARCHIVE_REFUSED, member->path, member->why, err);
    }
    if (!in_order(w, member->kind)) {
        return report(walk, MIG_ARCHIVE_REFUSED, member->path, "it stands behind the manifest, or before its place",
                      err);
    }
    if (member->kind == MIG__MEMBER_DIRECTORY) {
        return 0;
    }
    if (member->kind == MIG__MEMBER_STRANGE) {
        return report(walk, MIG_ARCHIVE_EXTRA, member->path, "no export makes a member of that name", err);
    }
    bool last =
        member->kind == MIG__MEMBER_MANIFEST || member->kind == MIG__MEMBER_SUMS || member->kind == MIG__MEMBER_SEAL;
    w->last = last ? member->kind : w->last;
    if (member->kind == MIG__MEMBER_MANIFEST && (walk->manifest = mig__spool_open(walk->spool_dir, err)) < 0) {
        return -1;
    }
    int failed = digest_member(w, member, &size, digest, err);
    if (failed < 0) {
        return -1;
    }
    if (failed > 0) {
        memset(digest, 0, sizeof digest); /* there, and damaged: not missing as well */
    }
    if (member->kind == MIG__MEMBER_MANIFEST) {
        memcpy(walk->manifest_digest, digest, sizeof digest);
    }
    int added = last ? 1 : mig__members_add(&walk->members, member->path, size, digest, err);
    return added == 0  ? report(walk, MIG_ARCHIVE_REFUSED, member->path, "a second member of that name", err)
           : added < 0 ? -1
                       : 0;
}

int mig__walk_file(mig__walk *walk, mig_error *err)
{
    walking w = {.walk = walk, .last = MIG__MEMBER_REFUSED};
    mig__in_member member;
    walk->manifest = -1;
    int more = -1;
    if ((w.sha256 = mig__sha256_new(err)) == NULL) {
        return -1;
    }
    if ((w.in = mig__in_open(&walk->in, err)) != NULL) {
        while ((more = mig__in_next(w.in, &member, err)) > 0) {
            if (take(&w, &member, err) != 0) {
                mig__in_close(&w.in);
                mig__sha256_free(&w.sha256);
                return -1;
            }
        }
    }
    mig__in_close(&w.in);
    mig__sha256_free(&w.sha256);
    if (more < 0) {
        return judge(walk, MIG_ARCHIVE_CUT, "", err) < 0 ? -1 : 0;
    }
    return walk->manifest >= 0 ? 0 : report(walk, MIG_ARCHIVE_CUT, "", "it has no manifest: it is not whole", err);
}

int mig__walk_unclaimed(mig__walk *walk, mig_error *err)
{
    mig__in_member member;
    int more = 0;
    if (walk->members.claimed == walk->members.count) {
        return 0;
    }
    mig__in *in = mig__in_open(&walk->in, err);
    while (in != NULL && (more = mig__in_next(in, &member, err)) > 0) {
        bool unclaimed = false;
        bool listed = member.kind == MIG__MEMBER_MESSAGE || member.kind == MIG__MEMBER_FILE;
        if (listed && mig__members_unclaimed(&walk->members, member.path, &unclaimed, err) != 0) {
            more = -1;
            break;
        }
        if (unclaimed && report(walk, MIG_ARCHIVE_EXTRA, member.path, "the manifest does not have it", err) != 0) {
            more = -1;
            break;
        }
    }
    bool told = in != NULL && more < 0 && err->code == MIG_E_DIFFERENT; /* by the first walk */
    bool failed = in == NULL || (more < 0 && !told);
    mig__in_close(&in);
    return failed ? -1 : 0;
}

void mig__walk_free(mig__walk *walk)
{
    mig__members_free(&walk->members);
    if (walk->manifest >= 0) {
        close(walk->manifest);
    }
    walk->manifest = -1;
}
