/*
 * archive/readers.c - threads that read messages, each with a session of its own
 *
 * A reader takes some UIDs of a folder, keeps a few FETCH commands for them in flight, and puts each message into the
 * queue when all of it is there. When the connection breaks it opens another and asks for what is left; a message that
 * breaks connections by itself is given up, and the rest goes on.
 */
#include "archive/fetch.h"
#include "base/retry.h"
#include "base/thread.h"
#include <stdlib.h>

enum {
    UNIT_MESSAGES = 1000,    /* read under one EXAMINE before others get a chance */
    MESSAGES_A_THREAD = 500, /* fewer are not worth another connection */
    FOLDERS_A_THREAD = 10,
    BREAKS_BEFORE_ALONE = 2, /* connections in a row without a message: then one message at a time */
    BREAKS_BEFORE_GIVING_UP = 4
};

/* The next UIDs: of the folder in hand, else of the one that has the fewest readers. */
static int take_unit(mig__reader *r, mig_error *err)
{
    mig__export *run = r->run;
    int failed = 0;
    pthread_mutex_lock(&run->lock);
    mig__export_folder *best = r->folder != NULL && r->folder->uids.count > 0 ? r->folder : NULL;
    for (size_t i = 0; best == NULL && i < run->folder_count; i++) {
        best = run->folders[i].uids.count > 0 && run->folders[i].units_out == 0 ? &run->folders[i] : NULL;
    }
    for (size_t i = 0; best == NULL && i < run->folder_count; i++) {
        best = run->folders[i].uids.count > 0 ? &run->folders[i] : NULL;
    }
    r->folder = run->fatal.code == MIG_OK ? best : NULL;
    if (r->folder != NULL) {
        failed = mig__uidset_take(&best->uids, UNIT_MESSAGES, &r->unit, err) < 0 ? -1 : 0;
        best->units_out++;
        run->current = best;
    }
    pthread_mutex_unlock(&run->lock);
    return failed;
}

/* 0; 1 the folder cannot be read any further (`err`); -1 the session failed. */
static int open_folder(mig__reader *r, mig_error *err)
{
    mig__selected selected = {0};
    if (r->folder == r->opened) {
        return 0;
    }
    r->opened = NULL;
    mig__command *command = mig__select(r->session, r->folder->mailbox->wire, true, &selected, err);
    int outcome = command == NULL || mig__reader_wait(r, command, err) != 0 ? -1 : 0;
    if (outcome == 0 && r->refusal.code != MIG_OK) {
        *err = r->refusal;
        outcome = 1;
    } else if (outcome == 0 && selected.uidvalidity != r->folder->now.uidvalidity) {
        mig_error_set(err, MIG_E_UIDVALIDITY, "the mailbox was replaced while it was being read");
        outcome = 1;
    }
    mig__selected_free(&selected);
    r->opened = outcome == 0 ? r->folder : NULL;
    return outcome;
}

static int try_unit(mig__reader *r, bool alone, mig_error *err)
{
    int outcome = open_folder(r, err);
    if (outcome > 0) {
        mig__export_give_up(r->run, r->folder, err);
        mig__uidset_clear(&r->unit);
        return 0;
    }
    return outcome != 0 ? outcome : mig__reader_read(r, alone, err);
}

/* The server takes no more connections: the others do what this one took. */
static int give_unit_back(mig__reader *r, mig_error *err)
{
    int failed = 0;
    pthread_mutex_lock(&r->run->lock);
    for (size_t i = 0; failed == 0 && i < r->unit.count; i++) {
        failed = mig__uidset_add(&r->folder->uids, r->unit.ranges[i].first, r->unit.ranges[i].last, err);
    }
    pthread_mutex_unlock(&r->run->lock);
    mig__uidset_clear(&r->unit);
    return failed != 0 ? failed : 1;
}

static int connect_again(mig__reader *r, mig_error *err)
{
    r->session = mig__gate_open(&r->run->account.gate, r->extra ? MIG__PATIENCE_NONE : MIG__PATIENCE_AGAIN, err);
    if (r->session == NULL) {
        return r->extra && err->scope != MIG_SCOPE_RUN ? give_unit_back(r, err) : -1;
    }
    r->extra = false;
    return 0;
}

/* Read one unit, over several connections if they break. 1: this reader is not needed; -1: the run is over. */
static int work_off(mig__reader *r, mig_error *err)
{
    for (unsigned breaks = 0; r->unit.count > 0;) {
        uint64_t before = r->arrived;
        int outcome = r->session != NULL ? 0 : connect_again(r, err);
        if (outcome != 0) {
            return outcome;
        }
        if (try_unit(r, breaks >= BREAKS_BEFORE_ALONE, err) == 0) {
            continue;
        }
        mig__gate_close(&r->run->account.gate, &r->session);
        r->opened = NULL;
        mig__reader_drop(r);
        if (mig__retry_pointless(err) || mig__export_stopping(r->run)) {
            return -1;
        }
        breaks = r->arrived > before ? 1 : breaks + 1;
        if (breaks >= BREAKS_BEFORE_GIVING_UP) { /* alone and in order: it is the first one */
            mig_error why = *err;
            if (mig__reader_lose(r, r->unit.ranges[0].first, &why, err) != 0) {
                return -1;
            }
            breaks = BREAKS_BEFORE_ALONE;
        }
    }
    return 0;
}

static void *reader_main(void *argument)
{
    mig__reader *r = argument;
    mig_error error = MIG_ERROR_INIT;
    r->sha256 = mig__sha256_new(&error);
    int failed = r->sha256 == NULL ? -1 : 0;
    while (failed == 0 && !mig__export_stopping(r->run)) {
        failed = take_unit(r, &error);
        if (failed != 0 || r->folder == NULL) {
            break;
        }
        failed = work_off(r, &error);
        pthread_mutex_lock(&r->run->lock);
        r->folder->units_out--;
        pthread_mutex_unlock(&r->run->lock);
    }
    if (failed < 0 && !mig__export_stopping(r->run)) {
        mig__export_fail(r->run, &error);
    }
    mig__reader_drop(r);
    mig__gate_close(&r->run->account.gate, &r->session);
    mig__uidset_free(&r->unit);
    mig__uidset_free(&r->present);
    mig__sha256_free(&r->sha256);
    pthread_mutex_lock(&r->run->lock);
    r->run->threads--;
    pthread_cond_broadcast(&r->run->changed);
    pthread_mutex_unlock(&r->run->lock);
    free(r);
    return NULL;
}

static int add_thread(mig__export *run, mig__session **session, pthread_t *thread, mig_error *err)
{
    mig__reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    *r = (mig__reader){.run = run, .session = *session, .extra = *session == NULL, .refusal = MIG_ERROR_INIT};
    pthread_mutex_lock(&run->lock);
    run->threads++;
    pthread_mutex_unlock(&run->lock);
    if (mig__thread_start(thread, reader_main, r, err) != 0) {
        pthread_mutex_lock(&run->lock);
        run->threads--;
        pthread_mutex_unlock(&run->lock);
        free(r);
        return -1;
    }
    *session = NULL;
    return 0;
}

int mig__export_read(mig__export *run, mig__session **session, pthread_t *threads, size_t *count, mig_error *err)
{
    uint64_t messages = 0, folders = 0;
    for (size_t i = 0; i < run->folder_count; i++) {
        uint64_t size = mig__uidset_size(&run->folders[i].uids);
        messages += size;
        folders += size > 0;
    }
    run->messages_total = messages;
    uint64_t wanted = messages / MESSAGES_A_THREAD + folders / FOLDERS_A_THREAD + 1;
    uint64_t most =
        run->options->effort.connections > 0 ? (uint64_t)run->options->effort.connections : MIG_DEFAULT_CONNECTIONS;
    most = most < MIG_MOST_CONNECTIONS ? most : MIG_MOST_CONNECTIONS;
    for (*count = 0; *count < wanted && *count < most && messages > 0; ++*count) {
        if (add_thread(run, session, &threads[*count], err) != 0) {
            return *count > 0 ? 0 : -1;
        }
    }
    return 0;
}
