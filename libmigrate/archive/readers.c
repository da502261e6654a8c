/*
 * archive/readers.c - the sink of an export's readers: messages as they arrive go into a parcel, and whole ones into
 * the queue of the one writer
 */
#include "archive/export.h"
#include "mail/flags.h"
#include <stdlib.h>

static const uint64_t memory_default = 8 << 20;
static const uint64_t spooled_most = (uint64_t)512 << 20; /* octets in files that wait for the writer */

typedef struct arrival { /* of one reader */
    mig__export *run;
    mig__sha256 *sha256;
    mig__parcel *parcel;
    bool too_large; /* beyond max_size: read and dropped */
} arrival;

static mig__export_folder *folder_of(const mig__reading *of)
{
    return of->owner;
}

/* ---- room for messages on their way ---- */

static bool is_large(uint64_t size)
{
    return size > MIG__SPOOL_MEMORY;
}

static bool has_room(const mig__export *run, uint64_t size)
{
    uint64_t most = run->options->effort.memory > 0 ? run->options->effort.memory : memory_default;
    if (is_large(size)) {
        return run->spooled == 0 || run->spooled + size <= spooled_most;
    }
    return run->held == 0 || run->held + size <= most;
}

/* The writer makes room; it is never waited for by whom it waits for, since it waits for nobody. */
static int take_room(mig__export *run, uint64_t size, mig_error *err)
{
    int failed = 0;
    pthread_mutex_lock(&run->lock);
    while (!has_room(run, size) && run->fatal.code == MIG_OK) {
        pthread_cond_wait(&run->changed, &run->lock);
    }
    if (run->fatal.code != MIG_OK) {
        failed = mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    } else {
        *(is_large(size) ? &run->spooled : &run->held) += size;
    }
    pthread_mutex_unlock(&run->lock);
    return failed;
}

static void give_room(mig__export *run, uint64_t size)
{
    pthread_mutex_lock(&run->lock);
    *(is_large(size) ? &run->spooled : &run->held) -= size;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

/* ---- octets as they arrive ---- */

static void drop(void *own)
{
    arrival *a = own;
    if (a->parcel != NULL) {
        give_room(a->run, a->parcel->size);
        mig__parcel_free(a->parcel);
        a->parcel = NULL;
    }
    a->too_large = false;
}

static int begin(uint64_t size, void *own, mig_error *err)
{
    arrival *a = own;
    uint64_t most = a->run->options->selection.max_size;
    a->too_large = most > 0 && size > most;
    if (a->too_large) {
        return 0;
    }
    if (take_room(a->run, size, err) != 0) {
        return -1;
    }
    if ((a->parcel = mig__parcel_new(size, a->run->directory, err)) == NULL) {
        give_room(a->run, size);
        return -1;
    }
    return mig__sha256_begin(a->sha256, err);
}

static int data(const char *octets, size_t length, void *own, mig_error *err)
{
    arrival *a = own;
    if (mig_stop_level(&a->run->halt) > 0) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    }
    if (a->parcel == NULL) {
        return 0; /* too large: read past it */
    }
    return mig__sha256_add(a->sha256, octets, length, err) != 0 ? -1 : mig__parcel_add(a->parcel, octets, length, err);
}

/* ---- messages ---- */

static void enqueue(mig__export *run, const mig__export_folder *folder, mig__parcel *parcel)
{
    parcel->folder = (size_t)(folder - run->folders);
    parcel->next = NULL;
    pthread_mutex_lock(&run->lock);
    *(run->last != NULL ? &run->last->next : &run->first) = parcel;
    run->last = parcel;
    run->current = folder;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

static void skip_message(mig__export *run, mig__export_folder *folder, uint32_t uid)
{
    mig_error error;
    mig_error_set(&error, MIG_E_TOO_BIG, "message %u of '%s' is larger than --max-size and was left out", uid,
                  folder->mailbox->name);
    pthread_mutex_lock(&run->lock);
    folder->result->skipped++;
    run->messages_done++;
    pthread_mutex_unlock(&run->lock);
    mig__export_problem(run, folder, uid, false, &error);
}

static int end(mig__reading *of, const mig__fetch_item *item, void *own, mig_error *err)
{
    arrival *a = own;
    mig__parcel *parcel = a->parcel;
    if (a->too_large) {
        a->too_large = false;
        skip_message(a->run, folder_of(of), item->uid);
        return 0;
    }
    parcel->uid = item->uid;
    parcel->date = item->internaldate;
    if (mig__sha256_end(a->sha256, parcel->sha256, err) != 0 || mig__parcel_name(parcel, err) != 0) {
        return -1;
    }
    if ((parcel->flags = mig__flags_join(item->flags)) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    a->parcel = NULL;
    enqueue(a->run, folder_of(of), parcel);
    return 0;
}

/* The server has it and does not give it: the archive says so as well. */
static int lost(mig__reading *of, uint32_t uid, bool content, const mig_error *why, void *own, mig_error *err)
{
    mig__export *run = ((arrival *)own)->run;
    mig__export_folder *folder = folder_of(of);
    (void)content;
    mig__export_problem(run, folder, uid, true, why);
    mig__line line = {.kind = MIG__LINE_LOST, .name = folder->mailbox->name, .uid = uid, .text = why->text};
    pthread_mutex_lock(&run->lock); /* the writer holds it as well when it adds lines */
    folder->result->failed++;
    run->messages_done++;
    int failed = mig__ledger_add(&run->ledger, &folder->lines, &line, NULL, 0, err);
    pthread_mutex_unlock(&run->lock);
    return failed;
}

static void vanished(mig__reading *of, uint32_t uid, void *own)
{
    mig__export *run = ((arrival *)own)->run;
    (void)of;
    (void)uid;
    pthread_mutex_lock(&run->lock);
    run->messages_done++;
    pthread_mutex_unlock(&run->lock);
}

/* ---- the readers ---- */

static void *open_reader(void *context, mig_error *err)
{
    arrival *a = calloc(1, sizeof *a);
    if (a == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    a->run = context;
    if ((a->sha256 = mig__sha256_new(err)) == NULL) {
        free(a);
        return NULL;
    }
    return a;
}

static void close_reader(void *own)
{
    arrival *a = own;
    mig__sha256_free(&a->sha256);
    free(a);
}

static void refused(mig__reading *of, const mig_error *why, void *context)
{
    mig__export_close(context, folder_of(of), why);
}

static bool is_stopping(void *context)
{
    return mig__export_stopping(context);
}

static void failed_for_good(const mig_error *error, void *context)
{
    mig__export *run = context;
    if (!mig__export_stopping(run)) {
        mig__export_fail(run, error);
    }
}

static void changed(void *context)
{
    mig__export *run = context;
    pthread_mutex_lock(&run->lock);
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

/* What is to be read, and how many messages that is. */
static size_t gather(mig__export *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->folder_count; i++) {
        mig__export_folder *folder = &run->folders[i];
        uint64_t size = mig__uidset_size(&folder->reading.todo);
        folder->reading.mailbox = folder->mailbox->wire;
        folder->reading.name = folder->mailbox->name;
        folder->reading.owner = folder;
        folder->reading.uidvalidity = folder->now.uidvalidity;
        run->messages_total += size;
        if (size > 0) {
            run->readings[count++] = &folder->reading;
        }
    }
    return count;
}

int mig__export_read(mig__export *run, mig__session **session, mig_error *err)
{
    const mig__pool_options options = {.gate = &run->account.gate,
                                       .sink = {.open = open_reader,
                                                .close = close_reader,
                                                .begin = begin,
                                                .data = data,
                                                .end = end,
                                                .drop = drop,
                                                .lost = lost,
                                                .vanished = vanished,
                                                .refused = refused},
                                       .context = run,
                                       .side = "server",
                                       .stopping = is_stopping,
                                       .failed = failed_for_good,
                                       .changed = changed};
    if ((run->readings = calloc(run->folder_count + 1, sizeof(mig__reading *))) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    size_t count = gather(run);
    if (mig__pool_begin(&run->pool, &options, run->readings, count, err) != 0) {
        return -1;
    }
    size_t wanted = mig__pool_connections(run->options->effort.connections, run->messages_total, count);
    for (size_t i = 0; i < wanted && run->messages_total > 0; i++) {
        mig__session *given = *session;
        *session = NULL;
        if (mig__pool_add(&run->pool, given, err) != 0) {
            return i > 0 ? 0 : -1;
        }
    }
    return 0;
}
