/*
 * archive/index.c - the manifests of a chain as one mailbox: which folders it has, and where each message is described
 */
#include "archive/index.h"
#include "archive/spool.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t place_of(const mig__index *index, const char *wire)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(index->folders[middle].wire, wire) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

mig__index_folder *mig__index_find(const mig__index *index, const char *wire)
{
    size_t at = place_of(index, wire);
    return at < index->count && strcmp(index->folders[at].wire, wire) == 0 ? &index->folders[at] : NULL;
}

static void free_folder(mig__index_folder *folder)
{
    free(folder->name);
    free(folder->octets);
    free(folder->wire);
    free(folder->path);
    free(folder->entries);
}

mig__index_folder *mig__index_insert(mig__index *index, const char *wire)
{
    size_t at = place_of(index, wire);
    mig__index_folder *grown = mig__grow(index->folders, index->count, sizeof *grown, NULL);
    if (grown == NULL) {
        return NULL;
    }
    index->folders = grown;
    char *copy = mig__strdup(wire);
    if (copy == NULL) {
        return NULL;
    }
    memmove(index->folders + at + 1, index->folders + at, (index->count - at) * sizeof *index->folders);
    index->folders[at] = (mig__index_folder){.wire = copy};
    index->count++;
    return &index->folders[at];
}

void mig__index_forget(mig__index *index, mig__index_folder *folder)
{
    size_t at = (size_t)(folder - index->folders);
    free_folder(folder);
    memmove(folder, folder + 1, (index->count - at - 1) * sizeof *folder);
    index->count--;
}

const mig__index_entry *mig__index_entry_of(const mig__index_folder *folder, uint32_t uid)
{
    size_t low = 0, high = folder->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (folder->entries[middle].uid < uid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < folder->count && folder->entries[low].uid == uid ? &folder->entries[low] : NULL;
}

int mig__index_add_entry(mig__index_folder *folder, const mig__index_entry *entry, mig_error *err)
{
    mig__index_entry *grown = mig__grow(folder->entries, folder->count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    folder->entries = grown;
    folder->entries[folder->count++] = *entry;
    return 0;
}

int mig__index_line(const mig__index *index, size_t part, uint64_t offset, mig__buffer *text, mig__line *out,
                    mig_error *err)
{
    const mig__index_part *from = &index->parts[part];
    *out = (mig__line){.flags = NULL};
    mig__buffer_clear(text);
    for (const char *end = NULL; end == NULL;) {
        uint64_t at = offset + text->length;
        uint64_t left = at < from->size ? from->size - at : 0;
        size_t length = left < 1024 ? (size_t)left : 1024;
        if (length == 0 || !mig__buffer_reserve(text, length)) {
            return length == 0 ? mig_error_set(err, MIG_E_IO, "the manifest was cut short")
                               : mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        if (mig__spool_read(from->fd, at, text->data + text->length, length, err) != 0) {
            return -1;
        }
        end = memchr(text->data + text->length, '\n', length);
        text->length = end != NULL ? (size_t)(end - text->data) : text->length + length;
    }
    return mig__line_read(text->data, text->length, out, err);
}

void mig__index_free(mig__index *index)
{
    for (size_t i = 0; i < index->count; i++) {
        free_folder(&index->folders[i]);
    }
    for (size_t i = 0; i < index->part_count; i++) {
        close(index->parts[i].fd);
    }
    free(index->folders);
    free(index->parts);
    free(index->source);
    free(index->prefix);
    free(index->selection);
    *index = (mig__index)MIG__INDEX_INIT;
}
