/* live/server.h - the parts of the server: what it holds, answers, events, watch (within live/) */
#ifndef MIG_LIVE_SERVER_H
#define MIG_LIVE_SERVER_H

#include "live/access.h"
#include "live/view.h"
#include <migrate/live.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    MIG__LIVE_CONNECTIONS = 64,
    MIG__LIVE_IDLE_S = 60,     /* without an octet */
    MIG__LIVE_REQUEST_S = 10,  /* until a request is complete, however slowly it comes */
    MIG__LIVE_MEMORY = 16384,  /* of a connection: its request line and headers must fit */
    MIG__LIVE_BEAT_MS = 10000, /* of events when nothing changes */
    MIG__LIVE_TAG = 20         /* octets of an entity tag, with the NUL */
};

typedef struct mig__stream { /* one viewer's events */
    struct mig_live *live;
    struct MHD_Connection *connection;
    uint64_t seen; /* version of the board that was told last */
    bool asleep;   /* suspended until there is something to tell */
    bool ended;    /* the last event was told */
    bool beat;     /* to be told that the line is alive */
    struct mig__stream *next;
} mig__stream;

typedef struct mig__visit { /* a connection */
    int fd;
    int64_t since_ms; /* when it was made or its last request was complete; 0: a request is being answered */
} mig__visit;

struct mig_live {
    mig_board *board;
    struct MHD_Daemon *daemon;
    mig__live_place place;
    mig__access access;
    bool tls;
    char style_tag[MIG__LIVE_TAG], script_tag[MIG__LIVE_TAG];
    pthread_t watch;
    bool watching;
    atomic_bool closing;
    pthread_mutex_t lock;
    mig__stream *streams;                         /* [lock] */
    mig__visit visits[MIG__LIVE_CONNECTIONS + 1]; /* [lock] fd -1: free */
    bool finished;                                /* [lock] the board will not change any more */
    uint64_t version;                             /* [lock] of the board, as the watch saw it */
};

/* answer.c: an MHD_AccessHandlerCallback; the first is the mig_live. */
enum MHD_Result mig__live_answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *data, size_t *length, void **request);

/* events.c */
struct MHD_Response *mig__live_events(mig_live *live, struct MHD_Connection *connection);
/* Wake those who have something to be told. With `beat`, all. */
void mig__live_tell(mig_live *live, bool beat);
/* How many viewers there are who were not told the end. */
size_t mig__live_untold(mig_live *live);

#endif
