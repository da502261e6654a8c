/* store/uidmap.c - UIDs for messages that have none: a key of each message, and the UID it has once and for all */
#include "store/uidmap.h"
#include "base/clock.h"
#include "mail/digest.h"
#include "store/files.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char signature[] = "mailmigrate uids 1";

typedef struct folder {
    char *wire;
    mig__uid_list uids;
} folder;

struct mig__uidmap {
    char *path;
    folder *folders;
    size_t count;
    bool changed;
    bool resting; /* the lists are in the file alone */
};

int mig__uid_key_of(const char *text, size_t length, mig__uid_key *out, mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    if (mig__digest(text, length, digest, err) != 0) {
        return -1;
    }
    memcpy(out->octets, digest, sizeof out->octets);
    return 0;
}

static int compare_entries(const void *a, const void *b)
{
    const mig__uid_entry *x = a, *y = b;
    int order = memcmp(x->key.octets, y->key.octets, MIG__UID_KEY_SIZE);
    return order != 0 ? order : x->uid < y->uid ? -1 : x->uid > y->uid;
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, MIG__UID_KEY_SIZE);
}

int mig__uid_filter_make(mig__uid_filter *filter, const mig__uid_keys *known, mig_error *err)
{
    *filter = (mig__uid_filter){.count = known != NULL ? known->count : 0};
    if (known == NULL) {
        return 0;
    }
    filter->sorted = calloc(known->count + 1, sizeof *filter->sorted);
    filter->taken = calloc(known->count + 1, sizeof *filter->taken);
    if (filter->sorted == NULL || filter->taken == NULL) {
        mig__uid_filter_free(filter);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (known->count > 0) {
        memcpy(filter->sorted, known->keys, known->count * sizeof *filter->sorted);
        qsort(filter->sorted, known->count, sizeof *filter->sorted, compare_keys);
    }
    return 0;
}

bool mig__uid_filter_take(mig__uid_filter *filter, const mig__uid_key *key)
{
    if (filter->sorted == NULL) {
        return true;
    }
    size_t low = 0, high = filter->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        *(compare_keys(&filter->sorted[middle], key) < 0 ? &low : &high) =
            compare_keys(&filter->sorted[middle], key) < 0 ? middle + 1 : middle;
    }
    while (low < filter->count && compare_keys(&filter->sorted[low], key) == 0) {
        if (!filter->taken[low]) {
            return filter->taken[low] = true;
        }
        low++;
    }
    return false;
}

void mig__uid_filter_free(mig__uid_filter *filter)
{
    free(filter->sorted);
    free(filter->taken);
    *filter = (mig__uid_filter){.count = 0};
}

int mig__uid_list_add(mig__uid_list *uids, const mig__uid_key *key, uint32_t uid, mig_error *err)
{
    if (uids->count == uids->room) {
        size_t room = uids->room == 0 ? 64 : 2 * uids->room;
        mig__uid_entry *grown = realloc(uids->entries, room * sizeof *grown);
        if (grown == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        uids->entries = grown;
        uids->room = room;
    }
    uids->entries[uids->count++] = (mig__uid_entry){.key = *key, .uid = uid};
    uids->sorted = false;
    return 0;
}

void mig__uid_list_free(mig__uid_list *uids)
{
    free(uids->entries);
    *uids = (mig__uid_list){0};
}

static void sort(mig__uid_list *uids)
{
    if (!uids->sorted && uids->count > 0) {
        qsort(uids->entries, uids->count, sizeof *uids->entries, compare_entries);
    }
    uids->sorted = true;
}

/* The first entry of the key that was not taken yet. */
static size_t find(const mig__uid_list *uids, const mig__uid_key *key, const bool *taken)
{
    size_t low = 0, high = uids->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(uids->entries[middle].key.octets, key->octets, MIG__UID_KEY_SIZE) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low < uids->count && memcmp(uids->entries[low].key.octets, key->octets, MIG__UID_KEY_SIZE) == 0) {
        if (taken == NULL || !taken[low]) {
            return low;
        }
        low++;
    }
    return uids->count;
}

uint32_t mig__uid_list_get(mig__uid_list *uids, const mig__uid_key *key)
{
    sort(uids);
    size_t at = find(uids, key, NULL);
    return at < uids->count ? uids->entries[at].uid : 0;
}

typedef struct wish {
    uint32_t uid;
    size_t index;
} wish;

static int compare_wishes(const void *a, const void *b)
{
    const wish *x = a, *y = b;
    return x->uid != y->uid ? (x->uid < y->uid ? -1 : 1) : x->index < y->index ? -1 : x->index > y->index;
}

/* Those that wish for a UID come first, lowest first, so that as many wishes as possible are met. */
static int give(mig__uid_list *uids, const wish *wishes, size_t count, uint32_t *given, mig_error *err)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t uid = wishes[i].uid != UINT32_MAX && wishes[i].uid >= uids->uidnext ? wishes[i].uid : uids->uidnext;
        if (uid == UINT32_MAX) {
            return mig_error_set(err, MIG_E_BOUNDS, "there is no UID left for a further message");
        }
        given[wishes[i].index] = uid;
        uids->uidnext = uid + 1;
    }
    return 0;
}

int mig__uid_list_assign(mig__uid_list *uids, const mig__uid_key *keys, uint32_t *given, size_t count, bool *changed,
                         mig_error *err)
{
    int failed = -1;
    size_t wanting = 0;
    bool *taken = calloc(uids->count + 1, sizeof *taken);
    wish *wishes = calloc(count + 1, sizeof *wishes);
    mig__uid_entry *entries = calloc(count + 1, sizeof *entries);
    if (taken == NULL || wishes == NULL || entries == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        goto cleanup;
    }
    sort(uids);
    if (uids->uidvalidity == 0) {
        uids->uidvalidity = (uint32_t)mig__wall_seconds();
    }
    uids->uidnext = uids->uidnext > 0 ? uids->uidnext : 1;
    for (size_t i = 0; i < count; i++) {
        size_t at = find(uids, &keys[i], taken);
        if (at < uids->count) {
            taken[at] = true;
            given[i] = uids->entries[at].uid;
        } else {
            wishes[wanting++] = (wish){.uid = given[i] != 0 ? given[i] : UINT32_MAX, .index = i};
        }
    }
    qsort(wishes, wanting, sizeof *wishes, compare_wishes);
    if (give(uids, wishes, wanting, given, err) != 0) {
        goto cleanup;
    }
    *changed = wanting > 0 || uids->count != count;
    for (size_t i = 0; i < count; i++) {
        entries[i] = (mig__uid_entry){.key = keys[i], .uid = given[i]};
    }
    qsort(entries, count, sizeof *entries, compare_entries);
    free(uids->entries);
    uids->entries = entries;
    uids->count = count;
    uids->room = count + 1;
    uids->sorted = true;
    entries = NULL;
    failed = 0;
cleanup:
    free(taken);
    free(wishes);
    free(entries);
    return failed;
}

static mig__uid_list *list_of(mig__uidmap *map, const char *wire, mig_error *err)
{
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->folders[i].wire, wire) == 0) {
            return &map->folders[i].uids;
        }
    }
    folder *grown = realloc(map->folders, (map->count + 1) * sizeof *grown);
    char *name = mig__strdup(wire);
    if (grown != NULL) {
        map->folders = grown;
    }
    if (grown == NULL || name == NULL) {
        free(name);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    grown[map->count] = (folder){.wire = name};
    return &grown[map->count++].uids;
}

static bool from_hex(const char *text, mig__uid_key *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < MIG__UID_KEY_SIZE; i++) {
        const char *high = text[2 * i] != '\0' ? strchr(digits, text[2 * i]) : NULL;
        const char *low = high != NULL && text[2 * i + 1] != '\0' ? strchr(digits, text[2 * i + 1]) : NULL;
        if (low == NULL) {
            return false;
        }
        out->octets[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return text[2 * MIG__UID_KEY_SIZE] == '\0';
}

/* "folder UIDVALIDITY UIDNEXT NAME", then "UID KEY" for each message. */
static int take_line(mig__uidmap *map, mig__uid_list **current, const char *line, mig_error *err)
{
    char *end;
    if (strncmp(line, "folder ", 7) == 0) {
        unsigned long validity = strtoul(line + 7, &end, 10), next = strtoul(end, &end, 10);
        if (*end != ' ' || end[1] == '\0' || validity == 0 || validity > UINT32_MAX || next == 0 || next > UINT32_MAX) {
            return 1;
        }
        *current = list_of(map, end + 1, err);
        if (*current == NULL) {
            return -1;
        }
        (*current)->uidvalidity = (uint32_t)validity;
        (*current)->uidnext = (uint32_t)next;
        return 0;
    }
    mig__uid_key key;
    unsigned long uid = strtoul(line, &end, 10);
    if (*current == NULL || end == line || *end != ' ' || !from_hex(end + 1, &key) || uid == 0 ||
        uid >= (*current)->uidnext) {
        return 1;
    }
    return mig__uid_list_add(*current, &key, (uint32_t)uid, err);
}

static int damaged(const char *path, mig_error *err)
{
    mig_error_set(err, MIG_E_STATE, "%s is damaged", path);
    return mig_error_hint(err, "remove it together with the state file: what was copied is recognised by its content");
}

static int read_map(mig__uidmap *map, FILE *file, mig_error *err)
{
    char *line = NULL;
    size_t room = 0, number = 0;
    ssize_t length;
    mig__uid_list *current = NULL;
    int failed = 0;
    bool ended = false;
    while (failed == 0 && !ended && (length = getline(&line, &room, file)) > 0) {
        if (line[length - 1] != '\n') {
            failed = 1;
            break;
        }
        line[length - 1] = '\0';
        if (number++ == 0) {
            failed = strcmp(line, signature) == 0 ? 0 : 1;
        } else if (strcmp(line, "end") == 0) {
            ended = true;
        } else {
            failed = take_line(map, &current, line, err);
        }
    }
    free(line);
    if (failed == 0 && ferror(file)) {
        return mig_error_errno(err, MIG_E_IO, errno, "reading %s", map->path);
    }
    return failed < 0 ? -1 : failed > 0 || !ended ? damaged(map->path, err) : 0;
}

static void clear(mig__uidmap *map)
{
    for (size_t i = 0; i < map->count; i++) {
        free(map->folders[i].wire);
        mig__uid_list_free(&map->folders[i].uids);
    }
    free(map->folders);
    map->folders = NULL;
    map->count = 0;
}

static int read_file(mig__uidmap *map, mig_error *err)
{
    FILE *file = fopen(map->path, "re");
    if (file == NULL) {
        return errno == ENOENT ? 0 : mig_error_errno(err, MIG_E_IO, errno, "reading %s", map->path);
    }
    int failed = read_map(map, file, err);
    fclose(file);
    return failed;
}

mig__uid_list *mig__uidmap_folder(mig__uidmap *map, const char *wire, mig_error *err)
{
    if (map->resting) {
        if (read_file(map, err) != 0) {
            clear(map);
            return NULL;
        }
        map->resting = false;
    }
    return list_of(map, wire, err);
}

void mig__uidmap_rest(mig__uidmap *map)
{
    if (map->path != NULL && !map->changed && !map->resting && access(map->path, F_OK) == 0) {
        clear(map);
        map->resting = true;
    }
}

mig__uidmap *mig__uidmap_open(const char *path, mig_error *err)
{
    mig__uidmap *map = calloc(1, sizeof *map);
    if (map == NULL || (path != NULL && (map->path = strdup(path)) == NULL)) {
        free(map);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    if (path != NULL && read_file(map, err) != 0) {
        mig__uidmap_free(&map);
    }
    return map;
}

void mig__uidmap_touch(mig__uidmap *map)
{
    map->changed = true;
}

static int write_map(const mig__uidmap *map, FILE *file)
{
    fprintf(file, "%s\n", signature);
    for (size_t i = 0; i < map->count; i++) {
        const mig__uid_list *uids = &map->folders[i].uids;
        if (uids->uidvalidity == 0) {
            continue;
        }
        fprintf(file, "folder %" PRIu32 " %" PRIu32 " %s\n", uids->uidvalidity, uids->uidnext, map->folders[i].wire);
        for (size_t k = 0; k < uids->count; k++) {
            fprintf(file, "%" PRIu32 " ", uids->entries[k].uid);
            for (size_t o = 0; o < MIG__UID_KEY_SIZE; o++) {
                fprintf(file, "%02x", uids->entries[k].key.octets[o]);
            }
            fputc('\n', file);
        }
    }
    fprintf(file, "end\n");
    return ferror(file) ? -1 : 0;
}

int mig__uidmap_save(mig__uidmap *map, mig_error *err)
{
    if (!map->changed || map->path == NULL) {
        return 0;
    }
    mig__replacing replacing;
    if (mig__replace_begin(&replacing, NULL, map->path, err) != 0) {
        return -1;
    }
    if (write_map(map, replacing.file) != 0) {
        mig_error_errno(err, MIG_E_IO, errno, "writing %s", map->path);
        mig__replace_abort(&replacing);
        return -1;
    }
    if (mig__replace_end(&replacing, err) != 0) {
        return -1;
    }
    map->changed = false;
    return 0;
}

void mig__uidmap_free(mig__uidmap **map)
{
    if (*map == NULL) {
        return;
    }
    clear(*map);
    free((*map)->path);
    free(*map);
    *map = NULL;
}
