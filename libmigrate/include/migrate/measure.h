/*
 * migrate/measure.h - what an IMAP server can do and where its limits are, by logging in and trying
 *
 * Nothing is changed unless `write` is set: then a folder is made, filled with 2 MB of test mail, read back, and
 * removed. Connections are opened one after the other, as many as were asked for or the provider is known to take, and
 * closed again. Every number follows from what was seen; what was not tried says so.
 */
#ifndef MIGRATE_MEASURE_H
#define MIGRATE_MEASURE_H

#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/folder.h>
#include <migrate/inventory.h>
#include <migrate/log.h>
#include <migrate/provider.h>
#include <migrate/stop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MIG_MEASURE_CONNECTIONS = 16 }; /* most that are ever opened */

typedef struct mig_measure_options {
    size_t size;                  /* of this structure; set by the INIT */
    const mig_endpoint *endpoint; /* borrowed */
    const char *provider;         /* the profile that the user named; NULL: recognise it */
    int connections;              /* try so many at once, 1 to 16; 0: 16, or what the provider is known to take */
    bool write;
    mig_log log;
    const mig_stop *stop; /* NULL: cannot be asked to stop */
} mig_measure_options;

#define MIG_MEASURE_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        sizeof(mig_measure_options), NULL, NULL, 0, false, MIG_LOG_INIT, NULL                                          \
    }

/* A rate that was measured, or why there is none. */
typedef struct mig_measure_rate {
    uint64_t octets, messages; /* 0: nothing was measured */
    double seconds;
    char *where;     /* the folder; NULL: none */
    mig_error error; /* MIG_OK with octets 0: it was not tried, see `why` */
    char *why;       /* why it was not tried; NULL: it was */
} mig_measure_rate;

typedef struct mig_measure_role {
    mig_role role;
    char *folder;
} mig_measure_role;

/* A setting for the plan that follows from what was seen. */
typedef struct mig_measure_setting {
    char *name, *value, *why;
    bool as_target; /* only where this account is the target */
} mig_measure_setting;

typedef struct mig_measure_result {
    char *label;        /* "user@host" */
    char *capabilities; /* after the login, joined by blanks */
    char *id;           /* what it says of itself (RFC 2971), as sent; NULL: not asked or nothing */
    char *namespaces;   /* RFC 2342, as sent; NULL: not told */
    char *prefix;       /* of personal folders */
    char delimiter;     /* '\0': folders have no levels */
    uint64_t folders;
    mig_measure_role *roles; /* announced by SPECIAL-USE */
    size_t role_count;
    mig_quota quota;
    uint64_t append_limit;  /* octets of a message; 0: not announced */
    uint64_t message_limit; /* messages a command (RFC 9738); 0: not announced */
    uint64_t save_limit;    /* messages an APPEND or COPY (RFC 9738); 0: not announced */
    const mig_provider *provider;
    const char *provider_reason; /* as in mig_inventory_side */
    int64_t login_ms;            /* connecting and logging in, once */
    double round_trip_ms[2];     /* the shortest and the middle one of five; below 0: not measured */
    int connections;             /* open at once, in the end */
    int connections_tried;       /* how many were to be tried */
    mig_error connections_error; /* what ended it; MIG_OK: as many as were to be tried */
    mig_measure_rate fetch, append;
    bool left_behind; /* the folder for the test could not be removed: see append.where */
    mig_measure_setting *settings;
    size_t setting_count;
    bool interrupted;
    int exit_status; /* 0: all that was to be measured was; 1: something could not be measured or removed; 130 */
} mig_measure_result;

/*
 * Log in and measure. The result is the caller's, to be released with mig_measure_result_free. NULL: MIG_E_USAGE,
 * MIG_E_NOMEM, and what keeps it from logging in or listing.
 */
mig_measure_result *mig_measure(const mig_measure_options *options, mig_error *err);
void mig_measure_result_free(mig_measure_result **result);

#ifdef __cplusplus
}
#endif
#endif
