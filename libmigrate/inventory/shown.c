/* inventory/shown.c - see shown.h */
#include "inventory/shown.h"
#include "base/spool.h"
#include "mail/header.h"
#include "scanner/finding.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TOGETHER = 32,             /* messages of one look... */
    TOGETHER_OCTETS = 4 << 20, /* ...and octets of them in memory; a larger message goes to a file */
    HEADER_MOST = 16 << 10     /* of a message with something in it, to name it */
};

typedef struct message {
    uint32_t uid;
    uint64_t size, filled;
    char *octets; /* NULL: in the file */
    int fd;       /* -1: in memory */
} message;

struct mig__shown {
    mig__inventory *run;
    mig__scanner *scanner;
    message gathered[TOGETHER];
    size_t count;
    uint64_t octets; /* in memory */
    message now;     /* arriving */
    bool arriving;
    size_t listed; /* findings of the folders before this one */
    const mig_inventory_folder *folder;
};

static bool is_stopping(void *context)
{
    return mig__inventory_stopping(context, NULL);
}

mig__shown *mig__shown_new(mig__inventory *run, mig_error *err)
{
    const mig_inventory_options *options = run->options;
    const mig__scanner_options how = {.scan = &options->scan,
                                      .patience_ms = options->effort.patience_ms,
                                      .stop = options->observer.stop,
                                      .stopping = is_stopping,
                                      .context = run};
    mig__shown *shown = calloc(1, sizeof *shown);
    if (shown == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    shown->run = run;
    if ((shown->scanner = mig__scanner_new(&how, err)) == NULL) {
        free(shown);
        return NULL;
    }
    return shown;
}

/* ---- octets ---- */

static void drop(message *m)
{
    free(m->octets);
    if (m->fd >= 0) {
        close(m->fd);
    }
    *m = (message){.fd = -1};
}

static void drop_arriving(mig__shown *shown)
{
    if (shown->arriving) {
        drop(&shown->now);
        shown->arriving = false;
    }
}

static void drop_gathered(mig__shown *shown)
{
    for (size_t i = 0; i < shown->count; i++) {
        drop(&shown->gathered[i]);
    }
    shown->count = 0;
    shown->octets = 0;
}

int mig__shown_begin(mig__shown *shown, uint64_t size, mig_error *err)
{
    drop_arriving(shown);
    shown->now = (message){.size = size, .fd = -1};
    if (size <= TOGETHER_OCTETS) {
        shown->now.octets = malloc(size > 0 ? (size_t)size : 1);
        if (shown->now.octets == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory for a message of %llu octets",
                                 (unsigned long long)size);
        }
    } else if ((shown->now.fd = mig__spool_file(NULL)) < 0) {
        mig_error_errno(err, MIG_E_IO, errno, "cannot make a temporary file for a large message");
        return mig_error_hint(err, "name a directory with room for it in TMPDIR");
    }
    shown->arriving = true;
    return 0;
}

int mig__shown_add(mig__shown *shown, const char *octets, size_t length, mig_error *err)
{
    message *now = &shown->now;
    if (!shown->arriving) {
        return 0;
    }
    if (length > now->size - now->filled) {
        return mig_error_set(err, MIG_E_PROTOCOL, "the server sends more octets than it announced");
    }
    if (now->octets != NULL) {
        memcpy(now->octets + now->filled, octets, length);
    } else if (mig__spool_put(now->fd, octets, length) != 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "cannot write a large message to a temporary file");
    }
    now->filled += length;
    return 0;
}

/* ---- looking ---- */

static void name(const message *m, mig__summary *summary)
{
    char head[HEADER_MOST];
    size_t length = m->size < sizeof head ? (size_t)m->size : sizeof head;
    *summary = (mig__summary){.message_id = ""};
    if (m->octets == NULL && mig__spool_get(m->fd, 0, head, length) <= 0) {
        return;
    }
    mig__summarize(m->octets != NULL ? m->octets : head, length, summary, NULL);
}

static int take_result(mig__shown *shown, mig_inventory_folder *folder, const message *m,
                       const mig__scanner_result *result, mig_error *err)
{
    mig_inventory_account *account = shown->run->account;
    mig__summary summary;
    folder->scanned += result->verdict != MIG_SCAN_NOT_SCANNED;
    folder->infected += result->verdict == MIG_SCAN_INFECTED;
    folder->not_scanned += result->verdict == MIG_SCAN_NOT_SCANNED;
    if (result->verdict == MIG_SCAN_CLEAN) {
        return 0;
    }
    name(m, &summary);
    const mig_scan_finding one = {.folder = folder->name,
                                  .uid = m->uid,
                                  .verdict = result->verdict,
                                  .name = (char *)result->name,
                                  .signatures = result->database,
                                  .message_id = summary.message_id,
                                  .subject = summary.subject};
    return mig__scanner_list(&account->scans, &account->scan_count, &one, err);
}

static int look(mig__shown *shown, mig_inventory_folder *folder, mig_error *err)
{
    mig__scanner_item items[TOGETHER];
    for (size_t i = 0; i < shown->count; i++) {
        const message *m = &shown->gathered[i];
        items[i] = (mig__scanner_item){.octets = m->octets, .fd = m->fd, .size = m->size};
    }
    int failed = shown->count == 0 ? 0 : mig__scanner_look(shown->scanner, items, shown->count, err);
    for (size_t i = 0; failed == 0 && i < shown->count; i++) {
        failed = take_result(shown, folder, &shown->gathered[i], &items[i].result, err);
    }
    drop_gathered(shown);
    return failed;
}

int mig__shown_end(mig__shown *shown, mig_inventory_folder *folder, uint32_t uid, mig_error *err)
{
    if (!shown->arriving) {
        return 0;
    }
    if (shown->now.filled != shown->now.size) {
        return mig_error_set(err, MIG_E_PROTOCOL, "message %u came with fewer octets than were announced", uid);
    }
    shown->now.uid = uid;
    shown->octets += shown->now.octets != NULL ? shown->now.size : 0;
    shown->gathered[shown->count++] = shown->now;
    shown->arriving = false;
    return shown->count < TOGETHER && shown->octets < TOGETHER_OCTETS ? 0 : look(shown, folder, err);
}

int mig__shown_finish(mig__shown *shown, mig_inventory_folder *folder, mig_error *err)
{
    return look(shown, folder, err);
}

void mig__shown_forget(mig__shown *shown, mig_inventory_folder *folder)
{
    mig_inventory_account *account = shown->run->account;
    drop_arriving(shown);
    drop_gathered(shown);
    if (shown->folder != folder) { /* the first time */
        shown->folder = folder;
        shown->listed = account->scan_count;
    }
    folder->scanned = folder->infected = folder->not_scanned = 0;
    mig__scanner_unlist(account->scans, shown->listed, account->scan_count);
    account->scan_count = shown->listed;
}

void mig__shown_free(mig__shown **shown)
{
    mig__shown *s = *shown;
    if (s != NULL) {
        drop_arriving(s);
        drop_gathered(s);
        mig__scanner_free(&s->scanner);
        free(s);
        *shown = NULL;
    }
}
