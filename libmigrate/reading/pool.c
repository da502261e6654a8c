/* reading/pool.c - the threads of a pool: begun, counted, waited for */
#include "reading/pool.h"
#include "base/thread.h"
#include "reading/reader.h"
#include <stdlib.h>

enum {
    MAILBOXES_A_READER = 10, /* each costs round trips, however small it is */
    MESSAGES_A_READER = 1000 /* fewer are not worth another connection */
};

size_t mig__pool_connections(int most, uint64_t messages, uint64_t mailboxes)
{
    uint64_t worth = messages / MESSAGES_A_READER + mailboxes / MAILBOXES_A_READER + 1;
    uint64_t allowed = most > 0 ? (uint64_t)most : MIG_DEFAULT_CONNECTIONS;
    allowed = allowed < MIG_MOST_CONNECTIONS ? allowed : MIG_MOST_CONNECTIONS;
    return (size_t)(worth < allowed ? worth : allowed);
}

int mig__pool_begin(mig__pool *pool, const mig__pool_options *options, mig__reading *const *readings, size_t count,
                    mig_error *err)
{
    *pool = (mig__pool){.options = *options};
    pool->units = mig__units_new(readings, count, &options->units, err);
    if (pool->units == NULL) {
        return -1;
    }
    pthread_mutex_init(&pool->lock, NULL);
    return 0;
}

int mig__pool_add(mig__pool *pool, mig__session *session, mig_error *err)
{
    mig__reader *reader = pool->count < MIG_MOST_CONNECTIONS ? mig__reader_new(pool, session) : NULL;
    int failed = reader == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    if (failed == 0) {
        pthread_mutex_lock(&pool->lock);
        pool->busy++;
        pthread_mutex_unlock(&pool->lock);
        failed = mig__thread_start(&pool->threads[pool->count], mig__reader_main, reader, err);
    }
    if (failed == 0) {
        pool->count++;
        return 0;
    }
    if (reader != NULL) {
        mig__pool_left(pool);
        free(reader);
    }
    mig__gate_close(pool->options.gate, &session);
    return -1;
}

unsigned mig__pool_busy(mig__pool *pool)
{
    if (pool->units == NULL) {
        return 0; /* it did not begin */
    }
    pthread_mutex_lock(&pool->lock);
    unsigned busy = pool->busy;
    pthread_mutex_unlock(&pool->lock);
    return busy;
}

unsigned mig__pool_left(mig__pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    unsigned busy = --pool->busy;
    pthread_mutex_unlock(&pool->lock);
    return busy;
}

void mig__pool_end(mig__pool *pool)
{
    if (pool->units == NULL) {
        return; /* it did not begin */
    }
    for (size_t i = 0; i < pool->count; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    pthread_mutex_destroy(&pool->lock);
    mig__units_free(&pool->units);
}
