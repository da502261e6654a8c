/*
 * account/gate.h - the way in to one account: sessions opened with patience, what they cost added up when they close
 *
 * One gate for each side of a run, shared by its threads. A failure that can pass is waited out with backoff, or for as
 * long as the server asked (base/retry.h); one that cannot is returned at once.
 */
#ifndef MIG_ACCOUNT_GATE_H
#define MIG_ACCOUNT_GATE_H

#include "account/kept.h"
#include <pthread.h>

/* Which failures to connect are waited out. */
typedef enum mig__patience {
    MIG__PATIENCE_NONE,  /* none */
    MIG__PATIENCE_FIRST, /* at the start of a run: only that the server says "later" */
    MIG__PATIENCE_AGAIN  /* later on: any that can pass */
} mig__patience;

typedef struct mig__gate_options {
    mig__session_options session;        /* without `tls`: the gate has one for all, or `kept` has */
    mig_kept *kept;                      /* borrowed: where sessions come from and go to; NULL: there is none */
    int64_t patience_ms;                 /* how long failures may go on; 0: MIG_DEFAULT_PATIENCE_MS */
    unsigned attempts;                   /* at most so many; 0: any number */
    bool (*stopping)(void *context);     /* ends the waiting between attempts; NULL: only the stop does */
    uint64_t (*progress)(void *context); /* patience begins anew when it changes; NULL: never */
    void (*waiting)(const mig_error *error, void *context); /* told before each pause; NULL: nobody */
    void *context;
} mig__gate_options;

typedef struct mig__gate { /* members are gate.c's */
    mig__gate_options options;
    pthread_mutex_t lock;
    mig__tls_context *tls; /* NULL: not needed yet */
    mig__stream_stats stats;
    uint64_t dropped; /* responses that made no sense */
    char last_dropped[128];
    uint64_t progress; /* as seen last */
    int64_t since_ms;  /* nothing has got on since; 0: not known yet */
} mig__gate;

void mig__gate_init(mig__gate *gate, const mig__gate_options *options); /* endpoint and the like are borrowed */
void mig__gate_clear(mig__gate *gate);                                  /* after its last session was closed */

/* A session, or NULL with the last attempt's error (MIG_E_INTERRUPTED when a stop came first). */
mig__session *mig__gate_open(mig__gate *gate, mig__patience patience, mig_error *err);
/* Wait before attempt number `attempt` (1: after the first failure). False: asked to stop meanwhile. */
bool mig__gate_pause(const mig__gate *gate, const mig_error *error, unsigned attempt);
/* The same, told to whom it concerns (`waiting`). */
bool mig__gate_wait(const mig__gate *gate, const mig_error *error, unsigned attempt);
/* Something got on: the patience begins anew. */
void mig__gate_got_on(mig__gate *gate);
/* Has nothing got on for as long as the patience lasts? What the server itself asked to wait (`error`) is not counted.
 */
bool mig__gate_weary(mig__gate *gate, const mig_error *error);

/*
 * A dialogue with the server about one thing, mostly one mailbox: from the beginning each time it is called. 0; 1 the
 * server refuses (`err`), -1 the session or something of ours failed.
 */
typedef int mig__dialogue(mig__session *session, void *context, mig_error *err);

/*
 * Have it out: what the server puts off is asked for again after a pause, what breaks the connection over another one
 * (*session, which may be NULL). 0; 1 this thing is not to be had, the rest may be: the server refuses it, puts it off
 * beyond the patience, or ends each connection on it; -1 nothing is to be had: no connection, no patience left for
 * broken ones, a stop, something of ours (MIG_SCOPE_RUN). `err` says why. *session is there after 0 and 1.
 */
int mig__gate_ask(mig__gate *gate, mig__session **session, mig__dialogue *dialogue, void *context, mig_error *err);
/* The same after so many connections broke on it already, the last one with *err. */
int mig__gate_ask_again(mig__gate *gate, mig__session **session, unsigned breaks, mig__dialogue *dialogue,
                        void *context, mig_error *err);
/* Close, or leave it to those that are kept; *session becomes NULL. NULL is allowed. */
void mig__gate_close(mig__gate *gate, mig__session **session);
/* Add what the closed sessions cost. */
void mig__gate_stats(mig__gate *gate, mig__stream_stats *sum);

#endif
