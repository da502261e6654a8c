/*
 * copy/queue.h - between readers and writers: messages by folder, a budget of octets, batches
 *
 * The queue knows no run: folders are lanes in it, each with its owner. It has a lock of its own, under which it calls
 * nothing but `drained`; whoever holds the run's lock may call it. What may wait says so; a wait ends with
 * mig__queue_stop.
 */
#ifndef MIG_COPY_QUEUE_H
#define MIG_COPY_QUEUE_H

#include "copy/message.h"
#include "state/state.h"

struct mig__folder_job;

/* Some messages of one folder that were sent, or are about to be, under one intent. */
typedef struct mig__batch {
    struct mig__batch *next;
    struct mig__folder_job *job; /* owner of the lane */
    size_t lane;
    int64_t id;       /* of the intent in the state; 0: none yet */
    uint32_t uidnext; /* the target's, when the intent was written */
    mig__transit **messages;
    size_t count;
    uint64_t octets;
    bool whole;       /* every octet went out before the connection failed: the server may still take it */
    bool multi;       /* in one command: the target takes all of them or none */
    size_t sent;      /* messages whose octets all went out */
    uint64_t place;   /* octets of the next one that did */
    mig_error *broke; /* why the connection ended; NULL: it did not, or another batch was before this one */
} mig__batch;

/* How much a writer wants in one batch; it grows and shrinks with what the server takes quickly. */
typedef struct mig__appetite {
    size_t messages;
    uint64_t octets;
} mig__appetite;

enum {
    MIG__BATCH_FIRST = 32,       /* messages of the run's first batch */
    MIG__BATCH_MOST = 100,       /* messages of the largest: what losing it costs stays small */
    MIG__BATCH_OCTETS = 4 << 20, /* octets of the largest; a single message may be more */
    MIG__BATCH_LINGER_MS = 10    /* how long a writer waits for a fuller batch */
};

typedef struct mig__queue mig__queue; /* opaque */

typedef struct mig__queue_options {
    uint64_t budget; /* octets in memory */
    bool ordered;    /* one writer at a time for a folder, and messages in the order of the source */
    /* Can no more messages of the lane come? Called with the queue's lock; must not call the queue. */
    bool (*drained)(const struct mig__folder_job *owner, void *context);
    void *context;
} mig__queue_options;

typedef struct mig__lane_options {
    struct mig__folder_job *owner;
    size_t group; /* the first lane with the same mailbox of the target, often itself */
    bool shared;  /* there are others with it */
    bool wary;    /* nothing was taken there before: one message at a time, the smallest first, until one is */
} mig__lane_options;

mig__queue *mig__queue_new(size_t lanes, const mig__queue_options *options, mig_error *err);
/* With all that is left in it. NULL in it is fine. */
void mig__queue_free(mig__queue **queue);
/* Messages will come through this lane. May be said again. */
void mig__queue_open(mig__queue *queue, size_t lane, const mig__lane_options *options);
/* The target took a message of it. */
void mig__queue_unwary(mig__queue *queue, size_t lane);
/* Nothing more through this lane: its queued messages are dropped, and what still comes. */
void mig__queue_close(mig__queue *queue, size_t lane);
/* Nothing more at all: all waits end. NULL is fine. */
void mig__queue_stop(mig__queue *queue);
/* Something that `drained` looks at has changed. */
void mig__queue_wake(mig__queue *queue);
/* How full it is, and who waits: for room, for a batch. */
typedef struct mig__queue_view {
    uint64_t charged;
    unsigned readers_waiting, writers_waiting;
} mig__queue_view;
mig__queue_view mig__queue_look(mig__queue *queue);
/* It stopped by itself, without memory for a batch. */
bool mig__queue_no_memory(mig__queue *queue);

/* ---- readers ---- */

/* Take room for a message of `octets`; waits for it. -1 when the queue was stopped. */
int mig__queue_charge(mig__queue *queue, uint64_t octets, mig_error *err);
void mig__queue_discharge(mig__queue *queue, uint64_t octets);
/* Hand over a message (owned by the queue from now on). False: the lane is closed, and the message was dropped. */
bool mig__queue_put(mig__queue *queue, size_t lane, mig__transit *message);

/* ---- writers ---- */

typedef enum mig__errand {
    MIG__ERRAND_NONE,
    MIG__ERRAND_BATCH,
    MIG__ERRAND_RECONCILE,
    MIG__ERRAND_FINISHED
} mig__errand;

/*
 * What to do next: a batch to send (*batch), a folder whose unknown batches must be reconciled (*job), nothing right
 * now (only with `wait` false), or finished. With `wait` it waits; a writer with answers outstanding does not.
 */
mig__errand mig__queue_take(mig__queue *queue, const mig__appetite *appetite, bool wait, mig__batch **batch,
                            struct mig__folder_job **job);
/* The target took the batch, or it is given up: its messages are done. Frees it. How many they were. */
size_t mig__queue_batch_done(mig__queue *queue, mig__batch *batch);
/*
 * Messages i of a batch with done[i] are settled: they leave the batch and the queue. The rest stays in the batch. How
 * many they were.
 */
size_t mig__queue_messages_done(mig__queue *queue, mig__batch *batch, const bool *done);
/* The target refused it for certain: send it again in two halves, or after a pause. */
void mig__queue_batch_refused(mig__queue *queue, mig__batch *batch, bool split);
/* The connection broke after the intent was written: the outcome is not known. */
void mig__queue_batch_unknown(mig__queue *queue, mig__batch *batch);

/* ---- reconciling: by the one writer that has the errand ---- */

/* The batches whose outcome is not known. */
const mig__batch *mig__queue_unknown(mig__queue *queue, size_t lane);
/* The first of them, as if a writer had it; NULL: none is left. */
mig__batch *mig__queue_take_unknown(mig__queue *queue, size_t lane);
/* Reconciliation of a folder ended. */
void mig__queue_reconciled(mig__queue *queue, size_t lane);
/* Is any outcome of the lane not known, or being looked for? */
bool mig__queue_unsettled(mig__queue *queue, size_t lane);

void mig__batch_free(mig__batch *batch); /* with its messages */

#endif
