/*
 * migrate/live.h - a page in the browser that shows a board (migrate/overview.h) as it changes
 *
 * Served by this process, by threads of its own, for reading only. What it shows comes from the board and from state
 * files opened for reading; when it fails, the work that fills the board goes on. On loopback it is served over HTTP to
 * whoever uses this machine; elsewhere only over TLS, and to those who have the token. Without libmicrohttpd
 * (-DMIG_WITH_LIVE=OFF) these functions are not there.
 */
#ifndef MIGRATE_LIVE_H
#define MIGRATE_LIVE_H

#include <migrate/error.h>
#include <migrate/overview.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mig_live mig_live;

typedef struct mig_live_options {
    size_t size;         /* of this structure; set by the INIT */
    mig_board *board;    /* required; must outlive the page */
    const char *address; /* "ADDRESS:PORT"; NULL or a part left out: 127.0.0.1:8417. Port 0: any that is free */
    const char *cert_file, *key_file; /* PEM, with chain; both or none. Without them loopback alone is allowed */
} mig_live_options;

#define MIG_LIVE_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(mig_live_options), NULL, NULL, NULL, NULL                                                               \
    }

/* Are these options that can be meant, without serving anything? 0, or -1 with MIG_E_USAGE. */
int mig_live_check(const mig_live_options *options, mig_error *err);

/*
 * Begin to serve. NULL with MIG_E_USAGE (the options), MIG_E_IO (the files, the address is taken), MIG_E_CERTIFICATE,
 * MIG_E_NOMEM, MIG_E_LIMIT.
 */
mig_live *mig_live_start(const mig_live_options *options, mig_error *err);

/*
 * Where it is, as a browser takes it: "http://127.0.0.1:8417/", and elsewhere with the token, which is a secret:
 * "https://192.0.2.7:8417/?token=...". Show it to the person who asked, once, and put it into no log. Returns out.
 */
char *mig_live_url(const mig_live *live, char *out, size_t size);
#define MIG_LIVE_URL 400 /* octets of it, at most */

/*
 * The board will not change any more: whoever looks is told so and gets the last state, for which it waits up to two
 * seconds.
 */
void mig_live_finish(mig_live *live);

/* End it; *live becomes NULL. NULL is allowed. */
void mig_live_stop(mig_live **live);

#ifdef __cplusplus
}
#endif
#endif
