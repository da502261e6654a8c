/* net/resolve.c - getaddrinfo with a deadline */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/thread.h"
#include "net/connect.h"
#include "net/wait.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One lookup, shared by the thread that does it and the one that waits; whoever leaves last releases it. */
typedef struct lookup {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
    bool abandoned;
    int status; /* of getaddrinfo */
    int errnum;
    struct addrinfo *addresses;
    char *host;
    char port[8];
} lookup;

static int look_up(const char *host, const char *port, int flags, struct addrinfo **out)
{
    struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};

    return getaddrinfo(host, port, &wanted, out);
}

static void lookup_free(lookup *job)
{
    if (job->addresses != NULL) {
        freeaddrinfo(job->addresses);
    }
    pthread_cond_destroy(&job->changed);
    pthread_mutex_destroy(&job->lock);
    free(job->host);
    free(job);
}

static lookup *lookup_new(const char *host, const char *port)
{
    lookup *job = calloc(1, sizeof *job);

    if (job == NULL) {
        return NULL;
    }
    job->host = mig__strdup(host);
    if (job->host == NULL) {
        free(job);
        return NULL;
    }
    (void)snprintf(job->port, sizeof job->port, "%s", port);
    pthread_mutex_init(&job->lock, NULL);
    mig__cond_init(&job->changed);
    return job;
}

static void *lookup_run(void *argument)
{
    lookup *job = argument;
    struct addrinfo *addresses = NULL;
    int status = look_up(job->host, job->port, 0, &addresses);
    int errnum = errno;
    bool abandoned;

    pthread_mutex_lock(&job->lock);
    job->done = true;
    job->status = status;
    job->errnum = errnum;
    job->addresses = status ? NULL : addresses;
    abandoned = job->abandoned;
    pthread_cond_signal(&job->changed);
    pthread_mutex_unlock(&job->lock);
    if (abandoned) {
        lookup_free(job);
    }
    return NULL;
}

/* Holds the lock. Returns 0 when the lookup is done, -1 with `err` filled. */
static int wait_for(lookup *job, const mig_stop *stop, int64_t deadline, mig_error *err)
{
    while (!job->done) {
        int64_t left = deadline - mig__now_ms();

        if (mig_stop_level(stop) >= 2) {
            return mig_error_set(err, MIG_E_INTERRUPTED, "stopped while looking up %s", job->host);
        }
        if (left <= 0) {
            mig_error_set(err, MIG_E_TIMEOUT, "looking up %s took too long", job->host);
            return mig_error_hint(err, "check the name servers of this machine");
        }
        if (left > MIG__WAIT_SLICE_MS) {
            left = MIG__WAIT_SLICE_MS;
        }
        mig__cond_wait_ms(&job->changed, &job->lock, left);
    }
    return 0;
}

static int lookup_error(const char *host, int status, int errnum, mig_error *err)
{
    if (mig__out_of_descriptors(err)) {
        return mig_error_context(err, "looking up %s", host);
    }
    if (status == EAI_MEMORY) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory while looking up %s", host);
    }
    if (status == EAI_SYSTEM) {
        return mig_error_errno(err, MIG_E_DNS, errnum, "looking up %s", host);
    }
    mig_error_set(err, MIG_E_DNS, "looking up %s: %s", host, gai_strerror(status));
    if (err != NULL) {
        err->retry = status == EAI_AGAIN ? MIG_RETRY_LATER : MIG_RETRY_NEVER;
    }
    if (status == EAI_AGAIN) {
        return mig_error_hint(err, "check that this machine has a network and a name server, and try again");
    }
    return mig_error_hint(err, "check the spelling of the host name");
}

int mig__resolve(const char *host, uint16_t port, const mig_stop *stop, int64_t deadline, struct addrinfo **out,
                 mig_error *err)
{
    char port_text[8];
    lookup *job;
    int result;

    *out = NULL;
    (void)snprintf(port_text, sizeof port_text, "%u", (unsigned)port);
    if (look_up(host, port_text, AI_NUMERICHOST, out) == 0) {
        return 0;
    }
    job = lookup_new(host, port_text);
    if (job == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory while looking up %s", host);
    }
    pthread_t thread;
    if (mig__thread_start(&thread, lookup_run, job, err) != 0) {
        lookup_free(job);
        return mig_error_context(err, "looking up %s", host);
    }
    pthread_detach(thread);
    pthread_mutex_lock(&job->lock);
    result = wait_for(job, stop, deadline, err);
    job->abandoned = result != 0;
    pthread_mutex_unlock(&job->lock);
    if (result) {
        return -1;
    }
    *out = job->addresses;
    job->addresses = NULL;
    if (job->status) {
        result = lookup_error(host, job->status, job->errnum, err);
    }
    lookup_free(job);
    return result;
}
