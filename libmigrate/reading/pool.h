/*
 * reading/pool.h - threads that read messages of many mailboxes, each over a session of its own
 *
 * UID sets go in (reading/units.h); what is read comes out through a sink. All that happens between is here, and the
 * same for whoever reads: a few FETCHes in flight so that a long line never runs dry, EXAMINE, servers that answer
 * about so many messages at a time, connections that break and are opened anew, what the server puts off, and the one
 * message that spoils a command or breaks connections, which is found and named while the others come.
 */
#ifndef MIG_READING_POOL_H
#define MIG_READING_POOL_H

#include "account/gate.h"
#include "account/spare.h"
#include "imap/fetch.h"
#include "reading/units.h"
#include <migrate/effort.h>

/*
 * What a reader does with what it reads. `own` is what `open` made for that reader, so that these need a lock only for
 * what readers share. All but `close` and `drop` may end the run: -1 with `err`.
 */
typedef struct mig__reader_sink {
    void *(*open)(void *context, mig_error *err); /* by the reader's thread; NULL: `err` */
    void (*close)(void *own);
    int (*begin)(uint64_t size, void *own, mig_error *err); /* of a body; may wait for room */
    int (*data)(const char *octets, size_t length, void *own, mig_error *err);
    /* The message is there, all of it. `item` as in imap/response.h. */
    int (*end)(mig__reading *of, const mig__fetch_item *item, void *own, mig_error *err);
    void (*drop)(void *own); /* what is arriving is not wanted after all */
    /* Size, date and flags of a message whose content was not asked for. NULL: content is always asked for. */
    int (*summary)(mig__reading *of, const mig__fetch_item *item, void *own, mig_error *err);
    /* It is there and cannot be read; `content` false: not even its summary. `why` names it and says what to do. */
    int (*lost)(mig__reading *of, uint32_t uid, bool content, const mig_error *why, void *own, mig_error *err);
    void (*vanished)(mig__reading *of, uint32_t uid, void *own); /* it was deleted meanwhile; NULL: nobody asks */
    /* The mailbox cannot be read, or no further. Nothing more of it will be asked for. */
    void (*refused)(mig__reading *of, const mig_error *why, void *context);
} mig__reader_sink;

typedef struct mig__pool_options {
    mig__gate *gate;
    mig__reader_sink sink;
    void *context;            /* of `open`, `refused`, and the functions below */
    const char *side;         /* "source": what errors call the server */
    unsigned items;           /* besides content, date and flags: MIG__FETCH_EMAILID where it is announced, or 0 */
    bool summaries_of_lost;   /* of what cannot be read */
    uint64_t unit_messages;   /* of each FETCH; 0: by how fast the answers come */
    mig__units_options units; /* its context is its own */
    mig__spares *spares;      /* connections that may be open already; NULL: none */
    bool (*stopping)(void *context);
    void (*failed)(const mig_error *error, void *context); /* the run is over; may be called more than once */
    void (*changed)(void *context);                        /* a unit, or a reader, is done; NULL: nobody waits */
    /* A connection broke; NULL: nobody is told. */
    void (*broke)(const mig__reading *of, const mig_error *error, void *context);
} mig__pool_options;

typedef struct mig__pool { /* members are reader.c's and pool.c's */
    mig__pool_options options;
    mig__units *units;
    pthread_mutex_t lock;
    pthread_t threads[MIG_MOST_CONNECTIONS];
    size_t count;  /* of threads */
    unsigned busy; /* [lock] readers at work */
} mig__pool;

/* How many connections are worth while for so much, 1 or more; `most` as in migrate/effort.h. Pure. */
size_t mig__pool_connections(int most, uint64_t messages, uint64_t mailboxes);

/* `readings` is borrowed until the end. 0, or -1 without memory. */
int mig__pool_begin(mig__pool *pool, const mig__pool_options *options, mig__reading *const *readings, size_t count,
                    mig_error *err);
/* One more reader, up to MIG_MOST_CONNECTIONS. Takes over the session; NULL: it connects itself. 0, -1 (session
 * closed). */
int mig__pool_add(mig__pool *pool, mig__session *session, mig_error *err);
/* How many readers are at work; 0 for a zeroed pool. */
unsigned mig__pool_busy(mig__pool *pool);
/* Wait for the readers and free everything. A zeroed pool is allowed. */
void mig__pool_end(mig__pool *pool);

#endif
