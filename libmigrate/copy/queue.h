/*
 * copy/queue.h - between readers and writers: messages by folder, a budget of octets, batches
 *
 * All functions lock the run themselves and may wait; a wait ends when the run stops.
 */
#ifndef MIG_COPY_QUEUE_H
#define MIG_COPY_QUEUE_H

#include "copy/job.h"

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

/* ---- readers ---- */

/* Take room for a message of `octets`; waits for it. -1 when the run stops. */
int mig__queue_charge(mig__run *run, uint64_t octets, mig_error *err);
void mig__queue_discharge(mig__run *run, uint64_t octets);
/* Hand over a message (owned by the queue from now on). */
void mig__queue_put(mig__run *run, mig__folder_job *job, mig__transit *message);

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
mig__errand mig__queue_take(mig__run *run, const mig__appetite *appetite, bool wait, mig__batch **batch,
                            mig__folder_job **job);
/* The target took the batch, or it is given up: its messages are done. Frees it. */
void mig__queue_batch_done(mig__run *run, mig__batch *batch);
/* Messages i of a batch with done[i] are settled: they leave the batch and the run. The rest stays in the batch. */
void mig__queue_messages_done(mig__run *run, mig__batch *batch, const bool *done);
/* The target refused it for certain: send it again in two halves, or after a pause. */
void mig__queue_batch_refused(mig__run *run, mig__batch *batch, bool split);
/* The connection broke after the intent was written: the outcome is not known. */
void mig__queue_batch_unknown(mig__run *run, mig__batch *batch);
/* Reconciliation of a folder ended. */
void mig__queue_reconciled(mig__run *run, mig__folder_job *job);
/*
 * Nothing more is written to this folder: its queued messages are dropped and its UIDs not fetched. An error that is
 * the whole run's ends that instead: the folder is not at fault.
 */
void mig__queue_break_folder(mig__run *run, mig__folder_job *job, const mig_error *error);

/* Free everything that is left when the run ends. Single-threaded. */
void mig__queue_clear(mig__run *run);

mig__batch *mig__batch_new(mig__folder_job *job, size_t count, mig_error *err);
void mig__batch_free(mig__batch *batch); /* with its messages */

#endif
