/*
 * migrate/log.h - what the library tells while it works
 *
 * The library never prints. Whoever runs it may give a log: one callback that receives events. It can be called from
 * several threads at once and must not block for long. No event ever contains a secret.
 */
#ifndef MIGRATE_LOG_H
#define MIGRATE_LOG_H

#include <stddef.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_log_level {
    MIG_LOG_ERROR,
    MIG_LOG_WARNING,
    MIG_LOG_INFO,
    MIG_LOG_DEBUG,
    MIG_LOG_TRACE /* the IMAP dialogue, secrets masked, literals shown by their size */
} mig_log_level;

typedef struct mig_log_event {
    mig_log_level level;
    const char *account; /* "user@host", or NULL; borrowed for the call */
    const char *folder;  /* mailbox name in UTF-8, or NULL */
    unsigned uid;        /* message, 0 for none */
    const char *code;    /* mig_code_name of the error behind it, or NULL */
    const char *text;    /* one line, UTF-8, no control characters */
    bool listed;         /* a problem that the result lists as well: who shows that need not say it twice */
} mig_log_event;

typedef void mig_log_fn(const mig_log_event *event, void *context);

typedef struct mig_log {
    mig_log_fn *write; /* NULL: silence */
    void *context;
    mig_log_level level; /* events above this level are not made at all */
} mig_log;

#define MIG_LOG_INIT                                                                                                   \
    {                                                                                                                  \
        NULL, NULL, MIG_LOG_INFO                                                                                       \
    }

#ifdef __cplusplus
}
#endif
#endif
