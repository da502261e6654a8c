/* archive/ledger.c - what an export has written so far, until the manifest is made of it */
#include "archive/ledger.h"
#include "archive/spool.h"
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LATE = 256 << 10 /* octets written at a time */ };

int mig__ledger_open(mig__ledger *ledger, const char *directory, mig_error *err)
{
    *ledger = (mig__ledger){.fd = mig__spool_open(directory, err)};
    return ledger->fd < 0 ? -1 : 0;
}

void mig__ledger_close(mig__ledger *ledger)
{
    if (ledger->fd >= 0) {
        close(ledger->fd);
    }
    mig__buffer_free(&ledger->late);
    ledger->fd = -1;
}

static int flush(mig__ledger *ledger, mig_error *err)
{
    int failed = mig__buffer_ok(&ledger->late, err);
    if (failed == 0 && ledger->late.length > 0) {
        failed = mig__spool_write(ledger->fd, ledger->late.data, ledger->late.length, err);
    }
    mig__buffer_clear(&ledger->late);
    return failed;
}

static int add_entry(mig__ledger_folder *folder, const mig__ledger_entry *entry, mig_error *err)
{
    mig__ledger_entry *grown = mig__grow(folder->entries, folder->count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    folder->entries = grown;
    folder->entries[folder->count++] = *entry;
    return 0;
}

int mig__ledger_add(mig__ledger *ledger, mig__ledger_folder *folder, const mig__line *line, const char *name,
                    size_t name_length, mig_error *err)
{
    mig__ledger_entry entry = {
        .offset = ledger->length, .uid = line->uid, .name = (uint16_t)name_length, .message = name != NULL};
    size_t before = ledger->late.length;
    mig__buffer_add(&ledger->late, line->sha256, MIG__DIGEST_SIZE);
    mig__buffer_add(&ledger->late, name, name_length);
    size_t begin = ledger->late.length;
    if (mig__line_write(line, &ledger->late, err) != 0) {
        return -1;
    }
    entry.length = (uint32_t)(ledger->late.length - begin);
    ledger->length += ledger->late.length - before;
    if (add_entry(folder, &entry, err) != 0) {
        return -1;
    }
    return ledger->late.length >= LATE ? flush(ledger, err) : 0;
}

static int compare(const void *left, const void *right)
{
    const mig__ledger_entry *a = left, *b = right;
    if (a->message != b->message) {
        return a->message ? 1 : -1;
    }
    return a->uid != b->uid ? (a->uid < b->uid ? -1 : 1) : (a->offset > b->offset) - (a->offset < b->offset);
}

int mig__ledger_walk(mig__ledger *ledger, mig__ledger_folder *folder, mig__ledger_fn *each, void *context,
                     mig_error *err)
{
    mig__buffer text = MIG__BUFFER_INIT;
    int failed = flush(ledger, err);
    if (folder->count > 1) {
        qsort(folder->entries, folder->count, sizeof *folder->entries, compare);
    }
    for (size_t i = 0; failed == 0 && i < folder->count; i++) {
        const mig__ledger_entry *entry = &folder->entries[i];
        char name[256];
        size_t length = (size_t)MIG__DIGEST_SIZE + entry->name + entry->length;
        mig__buffer_clear(&text);
        if (!mig__buffer_reserve(&text, length)) {
            failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
            break;
        }
        failed = mig__spool_read(ledger->fd, entry->offset, text.data, length, err);
        if (failed == 0) {
            text.data[length] = '\0';
            snprintf(name, sizeof name, "%.*s", (int)entry->name, text.data + MIG__DIGEST_SIZE);
            failed =
                each(entry, (const uint8_t *)text.data, name, text.data + MIG__DIGEST_SIZE + entry->name, context, err);
        }
    }
    mig__buffer_free(&text);
    return failed;
}
