/*
 * archive/load.c - a manifest, line by line, into the index, held against what was found in the file that it came from
 */
#include "archive/index.h"
#include "archive/spool.h"
#include "base/memory.h"
#include "mail/merkle.h"
#include <stdlib.h>
#include <string.h>

enum { PIECE = 64 << 10, MOST_PARTS = 65535, MOST_FOLDERS = 100000 };

/* A manifest being read. */
typedef struct loading {
    mig__index *index;
    mig__walk *walk;
    size_t part;
    uint64_t lines, folders, messages, octets;
    char *folder;       /* wire name of the folder whose lines follow; NULL: none yet */
    char *name;         /* the same as it stands in the lines */
    uint64_t announced; /* its messages */
    uint64_t seen;
    uint32_t last_uid;
    char folder_root[MIG__HEX_SIZE];
    mig__merkle merkle;
    mig__merkle_folder *roots; /* names and roots are malloc'd */
    size_t root_count;
    bool ended;
} loading;

static int no_memory(mig_error *err)
{
    return mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int report(const loading *l, mig_archive_found kind, const char *path, uint32_t uid, const char *detail,
                  mig_error *err)
{
    return l->walk->report(kind, path, uid != 0 && l->name != NULL ? l->name : "", uid, detail, l->walk->context, err);
}

static int malformed(const loading *l, const char *detail, mig_error *err)
{
    char text[MIG_ERROR_TEXT + 32];
    snprintf(text, sizeof text, "line %llu: %s", (unsigned long long)l->lines, detail);
    return report(l, MIG_ARCHIVE_MANIFEST, MIG__ARCHIVE_MANIFEST, 0, text, err);
}

/* ---- folders ---- */

static bool replace(char **text, const char *with)
{
    free(*text);
    *text = mig__strdup(with);
    return with == NULL || *text != NULL;
}

/* "Maildir", or a directory right below it. */
static bool is_folder_path(const char *path)
{
    static const char below[] = MIG__ARCHIVE_ROOT "/.";
    const char *why;
    return strcmp(path, MIG__ARCHIVE_ROOT) == 0 ||
           (mig__safe_kind(path, &why) == MIG__MEMBER_DIRECTORY && strncmp(path, below, sizeof below - 1) == 0 &&
            strchr(path + sizeof below - 1, '/') == NULL);
}

static int compare_entries(const void *left, const void *right)
{
    const mig__index_entry *a = left, *b = right;
    return a->uid != b->uid ? (a->uid < b->uid ? -1 : 1) : (a->part > b->part) - (a->part < b->part);
}

/* The messages of this file have been added behind those of the files before. */
static int close_folder(loading *l, mig_error *err)
{
    uint8_t root[MIG__DIGEST_SIZE];
    char hex[MIG__HEX_SIZE];
    mig__index_folder *folder = l->folder != NULL ? mig__index_find(l->index, l->folder) : NULL;
    if (folder == NULL) {
        return 0;
    }
    if (folder->count > 1) {
        qsort(folder->entries, folder->count, sizeof *folder->entries, compare_entries);
    }
    size_t kept = 0;
    for (size_t i = 0; i < folder->count; i++) { /* of a UID that is there twice the later one counts */
        if (kept > 0 && folder->entries[kept - 1].uid == folder->entries[i].uid) {
            kept--;
        }
        folder->entries[kept++] = folder->entries[i];
    }
    folder->count = kept;
    if (l->seen != l->announced && malformed(l, "the folder before has not as many messages as it says", err) != 0) {
        return -1;
    }
    if (mig__merkle_root(&l->merkle, root, err) != 0) {
        return -1;
    }
    if (strcmp(mig__hex(root, hex), l->folder_root) != 0 &&
        report(l, MIG_ARCHIVE_ROOT, folder->path != NULL ? folder->path : "", 0,
               "the Merkle root of the folder does not fit its messages", err) != 0) {
        return -1;
    }
    mig__merkle_clear(&l->merkle);
    return 0;
}

static int add_root(loading *l, const char *name, const char *root, mig_error *err)
{
    mig__merkle_folder *grown = mig__grow(l->roots, l->root_count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    l->roots = grown;
    char *own_name = mig__strdup(name), *own_root = mig__strdup(root);
    if (own_name == NULL || own_root == NULL) {
        free(own_name);
        free(own_root);
        return no_memory(err);
    }
    l->roots[l->root_count++] = (mig__merkle_folder){own_name, own_root};
    return 0;
}

static int open_folder(loading *l, const mig__line *line, mig_error *err)
{
    if (close_folder(l, err) != 0) {
        return -1;
    }
    replace(&l->folder, NULL);
    char *wire = mig__line_wire(line);
    bool sound = wire != NULL && (!line->selectable || is_folder_path(line->path)) &&
                 (!line->selectable || (line->root != NULL && strlen(line->root) == MIG__HEX_SIZE - 1));
    if (!sound) {
        free(wire);
        return malformed(l, "a folder without a sound name, path or root", err);
    }
    mig__index_folder *folder = mig__index_find(l->index, wire);
    if (folder == NULL ? l->index->count == MOST_FOLDERS : folder->listed > l->part) {
        free(wire);
        return malformed(l, "a folder a second time, or too many of them", err);
    }
    folder = folder != NULL ? folder : mig__index_insert(l->index, wire);
    free(l->folder);
    l->folder = wire;
    if (folder == NULL || !replace(&l->name, line->name) || !replace(&folder->name, line->name) ||
        !replace(&folder->octets, line->octets) || !replace(&folder->path, line->selectable ? line->path : NULL)) {
        return no_memory(err);
    }
    if (folder->uidvalidity != line->uidvalidity) {
        folder->count = 0; /* another mailbox of that name */
    }
    folder->listed = l->part + 1;
    folder->delimiter = line->delimiter;
    folder->role = line->role;
    folder->subscribed = line->subscribed;
    folder->selectable = line->selectable;
    folder->incomplete = line->incomplete;
    folder->uidvalidity = line->uidvalidity;
    folder->uidnext = line->uidnext;
    folder->exists = line->exists;
    folder->modseq = line->modseq;
    l->folders++;
    l->announced = line->messages;
    l->seen = 0;
    l->last_uid = 0;
    snprintf(l->folder_root, sizeof l->folder_root, "%s", line->root != NULL ? line->root : "");
    if (!line->selectable) {
        uint8_t none[MIG__DIGEST_SIZE];
        return mig__merkle_root(&l->merkle, none, err) != 0 ? -1 : (mig__hex(none, l->folder_root), 0);
    }
    return add_root(l, line->name, line->root, err);
}

/* ---- messages ---- */

/* The folder that a line belongs to: the one whose line came last. */
static mig__index_folder *folder_of(const loading *l, const mig__line *line)
{
    return l->folder != NULL && l->name != NULL && line->name != NULL && strcmp(line->name, l->name) == 0
               ? mig__index_find(l->index, l->folder)
               : NULL;
}

static bool lies_in(const char *path, const char *folder)
{
    const char *why;
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && strncmp(path + length, "/cur/", 5) == 0 &&
           mig__safe_kind(path, &why) == MIG__MEMBER_MESSAGE;
}

/* 1: it is there as it should be; 0: not, which was reported; -1. */
static int claim(loading *l, const mig__line *line, mig_error *err)
{
    static const char *const words[] = {"", "its content is not what the manifest says", "the archive does not have it",
                                        "the manifest has it twice"};
    mig__claim fits;
    if (mig__members_claim(&l->walk->members, line->path, line->size, line->sha256, &fits, err) != 0) {
        return -1;
    }
    if (fits == MIG__CLAIM_FITS) {
        return 1;
    }
    mig_archive_found kind = fits == MIG__CLAIM_ABSENT  ? MIG_ARCHIVE_MISSING
                             : fits == MIG__CLAIM_TWICE ? MIG_ARCHIVE_MANIFEST
                                                        : MIG_ARCHIVE_DAMAGED;
    return report(l, kind, line->path, line->uid, words[fits], err) != 0 ? -1 : 0;
}

static int take_message(loading *l, const mig__line *line, uint64_t offset, mig_error *err)
{
    mig__index_folder *folder = folder_of(l, line);
    if (folder == NULL || folder->path == NULL || line->uid <= l->last_uid || !lies_in(line->path, folder->path)) {
        return malformed(l, "a message that is not in its place", err);
    }
    l->last_uid = line->uid;
    l->seen++;
    l->messages++;
    l->octets += line->size;
    int whole = claim(l, line, err);
    if (whole < 0 || mig__merkle_add(&l->merkle, line->sha256, MIG__DIGEST_SIZE, err) != 0) {
        return -1;
    }
    mig__index_part *part = &l->index->parts[l->part];
    part->messages += whole > 0;
    part->octets += whole > 0 ? line->size : 0;
    mig__index_entry entry = {.uid = line->uid, .part = (uint16_t)l->part, .offset = offset, .damaged = whole == 0};
    return mig__index_add_entry(folder, &entry, err);
}

/* The mailbox had it, and the archive has no more than that. A later file of the chain may have the message itself. */
static int take_lost(loading *l, const mig__line *line, uint64_t offset, mig_error *err)
{
    mig__index_folder *folder = folder_of(l, line);
    const mig__index_entry entry = {
        .uid = line->uid, .part = (uint16_t)l->part, .offset = offset, .damaged = true, .lost = true};
    if (report(l, MIG_ARCHIVE_LOST, "", line->uid, line->text, err) != 0) {
        return -1;
    }
    return folder == NULL || line->uid == 0 ? 0 : mig__index_add_entry(folder, &entry, err);
}

/*
 * Changes to messages of earlier files: their entries are sorted, in front of those of this file, because the lines of
 * changes come before those of new messages.
 */
static int take_flags(loading *l, const mig__line *line, uint64_t offset, mig_error *err)
{
    const mig__index_folder *folder = folder_of(l, line);
    mig__index_entry *entry =
        folder != NULL && l->seen == 0 ? (mig__index_entry *)mig__index_entry_of(folder, line->uid) : NULL;
    if (entry == NULL) {
        return malformed(l, "flags of a message that no file before has", err);
    }
    entry->flags_part = (uint16_t)l->part;
    entry->flags_offset = offset;
    return 0;
}

static int take_gone(loading *l, const mig__line *line, mig_error *err)
{
    mig__index_folder *folder = folder_of(l, line);
    mig__uidset gone = MIG__UIDSET_INIT;
    if (folder == NULL || l->seen > 0 || mig__uidset_parse(&gone, line->uids, strlen(line->uids), NULL) != 0) {
        return malformed(l, "messages that are gone, and no folder that had them", err);
    }
    size_t kept = 0;
    for (size_t i = 0; i < folder->count; i++) {
        if (!mig__uidset_has(&gone, folder->entries[i].uid)) {
            folder->entries[kept++] = folder->entries[i];
        }
    }
    folder->count = kept;
    mig__uidset_free(&gone);
    return 0;
}

/* ---- the whole ---- */

static int take_first(loading *l, const mig__line *line, mig_error *err)
{
    char before[MIG__HEX_SIZE];
    if (line->kind != MIG__LINE_ARCHIVE) {
        return malformed(l, "it does not begin with what it is", err);
    }
    mig__hex(l->index->last, before);
    if (line->part != l->part || (l->part > 0 && (line->base == NULL || strcmp(line->base, before) != 0))) {
        char detail[128];
        snprintf(detail, sizeof detail, "it is number %u of a chain, and does not follow what is before it",
                 line->part);
        if (report(l, MIG_ARCHIVE_CHAIN, "", 0, detail, err) != 0) {
            return -1;
        }
    }
    mig__index *index = l->index;
    index->delimiter = line->delimiter;
    return replace(&index->source, line->source) && replace(&index->prefix, line->prefix) &&
                   replace(&index->selection, line->selection)
               ? 0
               : no_memory(err);
}

static int take_end(loading *l, const mig__line *line, mig_error *err)
{
    char root[MIG__HEX_SIZE], sums[MIG__SUMS_MOST];
    l->ended = true;
    if (close_folder(l, err) != 0 || mig__merkle_account(l->roots, l->root_count, root, err) != 0) {
        return -1;
    }
    replace(&l->folder, NULL);
    if ((line->folders != l->folders || line->messages != l->messages || line->octets_sum != l->octets) &&
        malformed(l, "its sums are not those of its lines", err) != 0) {
        return -1;
    }
    if (strcmp(line->root != NULL ? line->root : "", root) != 0 &&
        report(l, MIG_ARCHIVE_ROOT, MIG__ARCHIVE_MANIFEST, 0, "its Merkle root does not fit its lines", err) != 0) {
        return -1;
    }
    mig__walk *walk = l->walk;
    memcpy(l->index->parts[l->part].root, root, sizeof root);
    mig__sums_text(walk->manifest_digest, root, sums);
    walk->sums[walk->sums_length] = '\0';
    return strcmp(walk->sums, sums) == 0
               ? 0
               : report(l, MIG_ARCHIVE_ROOT, MIG__ARCHIVE_SUMS, 0,
                        walk->sums_length == 0 ? "it is missing" : "it does not fit the manifest", err);
}

static int take_line(loading *l, const mig__line *line, uint64_t offset, mig_error *err)
{
    if (l->lines == 1) {
        return take_first(l, line, err);
    }
    if (l->ended) {
        return malformed(l, "it is behind the end", err);
    }
    mig__index_folder *folder;
    int whole;
    switch (line->kind) {
    case MIG__LINE_FOLDER:
        return open_folder(l, line, err);
    case MIG__LINE_MESSAGE:
        return take_message(l, line, offset, err);
    case MIG__LINE_FLAGS:
        return take_flags(l, line, offset, err);
    case MIG__LINE_GONE:
        return take_gone(l, line, err);
    case MIG__LINE_LOST:
        return take_lost(l, line, offset, err);
    case MIG__LINE_VANISHED: {
        char *wire = mig__line_wire(line);
        if (wire != NULL && (folder = mig__index_find(l->index, wire)) != NULL &&
            (l->folder == NULL || strcmp(l->folder, wire) != 0)) {
            mig__index_forget(l->index, folder);
        }
        free(wire);
        return 0;
    }
    case MIG__LINE_FILE:
        whole = claim(l, line, err);
        return whole < 0 ? -1 : 0;
    case MIG__LINE_END:
        return take_end(l, line, err);
    default:
        return malformed(l, "a second beginning", err);
    }
}

/* Lines that make no sense are reported, those after them are still looked at. */
static int read_line(loading *l, const char *text, size_t length, uint64_t offset, mig_error *err)
{
    mig__line line;
    l->lines++;
    int failed = mig__line_read(text, length, &line, err);
    if (failed == 0) {
        failed = take_line(l, &line, offset, err);
    } else if (err->code == MIG_E_DIFFERENT) {
        mig_error why = *err;
        failed = malformed(l, why.text, err);
    }
    mig__line_free(&line);
    return failed;
}

static int read_lines(loading *l, mig_error *err)
{
    mig__buffer text = MIG__BUFFER_INIT;
    uint64_t at = 0, begin = 0;
    int failed = 0;
    while (failed == 0 && at < l->walk->manifest_size) {
        char piece[PIECE];
        uint64_t left = l->walk->manifest_size - at;
        size_t length = left < sizeof piece ? (size_t)left : sizeof piece;
        failed = mig__spool_read(l->walk->manifest, at, piece, length, err);
        for (size_t from = 0; failed == 0 && from < length;) {
            const char *end = memchr(piece + from, '\n', length - from);
            size_t some = end != NULL ? (size_t)(end - piece) - from : length - from;
            mig__buffer_add(&text, piece + from, some);
            failed = mig__buffer_ok(&text, err);
            if (failed == 0 && text.length > MIG__MANIFEST_LINE) {
                failed = malformed(l, "it is too long", err);
                at = l->walk->manifest_size; /* what follows makes no sense any more */
                break;
            }
            from += some;
            if (failed == 0 && end != NULL) {
                failed = read_line(l, text.data != NULL ? text.data : "", text.length, begin, err);
                begin = at + ++from;
                mig__buffer_clear(&text);
            }
        }
        at += length;
    }
    mig__buffer_free(&text);
    if (failed == 0 && !l->ended) {
        failed = malformed(l, "it ends before its end", err);
    }
    return failed;
}

int mig__index_add(mig__index *index, mig__walk *walk, mig_error *err)
{
    loading l = {.index = index, .walk = walk, .part = index->part_count, .merkle = MIG__MERKLE_INIT};
    if (walk->manifest < 0) {
        return 0;
    }
    if (index->part_count == MOST_PARTS) {
        return no_memory(err);
    }
    mig__index_part *grown = mig__grow(index->parts, index->part_count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    index->parts = grown;
    index->parts[index->part_count++] = (mig__index_part){.fd = walk->manifest, .size = walk->manifest_size};
    int failed = read_lines(&l, err);
    walk->manifest = -1;
    memcpy(index->last, walk->manifest_digest, sizeof index->last);
    free(l.folder);
    free(l.name);
    mig__merkle_free(&l.merkle);
    for (size_t i = 0; i < l.root_count; i++) {
        free((char *)l.roots[i].name);
        free((char *)l.roots[i].root);
    }
    free(l.roots);
    return failed;
}
