/*
 * status/board.c - the newest overview, between the threads that know and those that show it
 *
 * Who works takes the board only when it is free (trylock) and no more than once a second; problems are counted under a
 * lock of their own, held for an addition. Who shows reads under the board's lock, so a reader must not do I/O there.
 */
#include "status/overview.h"
#include "base/clock.h"
#include <stdlib.h>
#include <string.h>

enum { LEAST_MS = 1000 };

struct mig_board {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    mig_overview overview; /* [lock] */
    int64_t taken_ms;      /* [lock] when a run's progress was taken last; 0: never */
    int64_t first_ms;      /* [lock] when states were taken first */
    pthread_mutex_t count_lock;
    uint64_t problems[MIG_CODE_COUNT]; /* [count_lock] */
};

mig_board *mig_board_new(mig_error *err)
{
    mig_board *board = calloc(1, sizeof *board);
    if (board == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&board->lock, NULL);
    pthread_mutex_init(&board->count_lock, NULL);
    mig__cond_init(&board->changed);
    board->overview.seconds_left = -1;
    return board;
}

void mig_board_free(mig_board **pointer)
{
    mig_board *board = *pointer;
    *pointer = NULL;
    if (board != NULL) {
        mig__overview_clear(&board->overview);
        pthread_cond_destroy(&board->changed);
        pthread_mutex_destroy(&board->count_lock);
        pthread_mutex_destroy(&board->lock);
        free(board);
    }
}

/* With the lock held. */
static void publish(mig_board *board)
{
    board->overview.version++;
    pthread_cond_broadcast(&board->changed);
}

static void copy_problems(mig_board *board)
{
    pthread_mutex_lock(&board->count_lock);
    memcpy(board->overview.problems, board->problems, sizeof board->problems);
    pthread_mutex_unlock(&board->count_lock);
}

void mig_board_take_run(mig_board *board, const mig_run_progress *progress)
{
    const int64_t now = mig__now_ms();
    if (pthread_mutex_trylock(&board->lock) != 0) {
        return;
    }
    if ((board->taken_ms == 0 || now - board->taken_ms >= LEAST_MS) &&
        mig__overview_of_run(&board->overview, progress, mig__wall_seconds()) == 0) {
        board->taken_ms = now;
        copy_problems(board);
        publish(board);
    }
    pthread_mutex_unlock(&board->lock);
}

void mig_board_take_result(mig_board *board, const mig_run_result *result)
{
    pthread_mutex_lock(&board->lock);
    mig__overview_of_result(&board->overview, result, mig__wall_seconds());
    copy_problems(board);
    publish(board);
    pthread_mutex_unlock(&board->lock);
}

static mig_code code_of(const char *name)
{
    for (int code = 0; code < (int)MIG_CODE_COUNT; code++) {
        if (strcmp(mig_code_name((mig_code)code), name) == 0) {
            return (mig_code)code;
        }
    }
    return MIG_E_INTERNAL;
}

void mig_board_take_event(mig_board *board, const mig_log_event *event)
{
    if (!event->listed || event->code == NULL) {
        return;
    }
    const mig_code code = code_of(event->code);
    pthread_mutex_lock(&board->count_lock);
    board->problems[code]++;
    pthread_mutex_unlock(&board->count_lock);
}

int mig_board_take_states(mig_board *board, const mig_standing_account *accounts, size_t count, size_t unreadable,
                          int64_t now, mig_error *err)
{
    mig_overview fresh = {.seconds_left = -1, .unreadable = unreadable};
    if (mig__overview_of_states(&fresh, accounts, count, now) != 0) {
        mig__overview_clear(&fresh);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    pthread_mutex_lock(&board->lock);
    const int64_t now_ms = mig__now_ms();
    board->first_ms = board->first_ms != 0 ? board->first_ms : now_ms;
    fresh.version = board->overview.version;
    fresh.curve = board->overview.curve;
    fresh.seconds = (double)(now_ms - board->first_ms) / 1000;
    mig_overview_curve_add(&fresh.curve, fresh.seconds, fresh.carried, fresh.bytes);
    mig__overview_clear(&board->overview);
    board->overview = fresh;
    publish(board);
    pthread_mutex_unlock(&board->lock);
    return 0;
}

int mig_board_read(mig_board *board, int (*look)(const mig_overview *overview, void *context), void *context)
{
    pthread_mutex_lock(&board->lock);
    const int result = look(&board->overview, context);
    pthread_mutex_unlock(&board->lock);
    return result;
}

uint64_t mig_board_wait(mig_board *board, uint64_t seen, int ms)
{
    pthread_mutex_lock(&board->lock);
    if (board->overview.version == seen) {
        mig__cond_wait_ms(&board->changed, &board->lock, ms);
    }
    const uint64_t version = board->overview.version;
    pthread_mutex_unlock(&board->lock);
    return version;
}

void mig_board_wake(mig_board *board)
{
    pthread_mutex_lock(&board->lock);
    pthread_cond_broadcast(&board->changed);
    pthread_mutex_unlock(&board->lock);
}
