/*
 * migrate/inventory.h - take stock of an account: what is there, does it fit on the target, how long will it take
 *
 * Nothing is changed on either side. On the source every mailbox is opened with EXAMINE; on the target INBOX and the
 * mailboxes that mail with keywords will go to are selected, to learn which of these they keep. What the state of a
 * copy knows of messages is not asked again. How far it goes is the depth: the check before a run (logins, lists,
 * quota), the numbers that the servers count themselves, or every message's size, date and flags.
 */
#ifndef MIGRATE_INVENTORY_H
#define MIGRATE_INVENTORY_H

#include <migrate/effort.h>
#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/folder.h>
#include <migrate/observer.h>
#include <migrate/provider.h>
#include <migrate/scan.h>
#include <migrate/selection.h>
#include <migrate/side.h>
#include <migrate/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_inventory_depth {
    MIG_INVENTORY_CHECK,  /* both logins, lists, quota; the sizes only where the target has a quota to hold them against
                           */
    MIG_INVENTORY_QUICK,  /* the servers' own numbers: what LIST and STATUS tell; they know no dates */
    MIG_INVENTORY_FULL,   /* size, date and flags of every message */
    MIG_INVENTORY_CONTENT /* reads every message as well, for what the target may alter */
} mig_inventory_depth;

/* How much may be stored; RFC 9208. */
typedef struct mig_quota {
    bool known;                             /* the server told something */
    uint64_t used, limit;                   /* octets; limit 0: none */
    uint64_t messages_used, messages_limit; /* messages_limit 0: none */
} mig_quota;

/* One server as it was found. */
typedef struct mig_inventory_side {
    char *label;           /* "user@host"; NULL: this side was not asked for */
    char *capabilities;    /* after the login, joined by blanks; NULL: not reached */
    uint64_t append_limit; /* octets of a message, as announced; 0: not announced */
    mig_quota quota;
    uint64_t folders, messages, bytes;
    bool bytes_known;
    bool any_keyword;             /* it keeps keywords of any name; target only */
    const mig_provider *provider; /* NULL: no profile */
    const char *provider_reason;  /* why that one: "named", "host name", "capabilities", "greeting"; static storage;
                                    NULL: none */
} mig_inventory_side;

typedef struct mig_inventory_keyword {
    char *name;
    uint64_t messages;
    bool lost; /* the target does not keep it */
} mig_inventory_keyword;

typedef struct mig_inventory_folder {
    char *name;   /* UTF-8 */
    char *target; /* UTF-8; "" when it is left out; NULL without a target */
    char *note;   /* what becomes of its name, or why it is left out; NULL: nothing to say */
    mig_role role;
    uint64_t messages, unseen;
    bool has_bytes;
    uint64_t bytes;
    bool examined;                   /* what follows is known: each message's size and date was asked for */
    int64_t oldest, newest;          /* INTERNALDATE, seconds since 1970-01-01 UTC; both 0 when there is none */
    uint64_t largest;                /* octets */
    uint64_t too_big, too_big_bytes; /* messages over the target's limit */
    uint64_t duplicates;             /* messages with the same size and the same second as another one of the folder */
    bool duplicates_known;           /* false: too many messages to tell */
    uint64_t with_nul, bare_newline, long_lines; /* messages; only with MIG_INVENTORY_CONTENT */
    uint64_t junk_messages, junk_bytes;          /* with the keyword $Junk; examined folders that are not junk alone */
    uint64_t scanned, infected, not_scanned;     /* messages; by a virus scanner, where one was to be asked */
    mig_inventory_keyword *keywords;             /* by name */
    size_t keyword_count;
    mig_error *error; /* it could not be looked at; NULL: it was */
} mig_inventory_folder;

typedef struct mig_inventory_year {
    int year; /* 0: messages without a date */
    uint64_t messages, bytes;
} mig_inventory_year;

/* What will not fit or will not be as it was. */
typedef struct mig_obstacle {
    char *folder;  /* UTF-8; "" for the account */
    mig_code code; /* MIG_E_TOO_BIG, MIG_E_OVERQUOTA, MIG_E_NAME, MIG_E_FLAG, MIG_E_DIFFERENT, ... */
    bool blocks;   /* something cannot be copied; false: it will be there, but changed in this way */
    char *text;
} mig_obstacle;

typedef enum mig_fits { MIG_FITS_UNKNOWN, MIG_FITS_YES, MIG_FITS_NO } mig_fits;

/* "unknown", "yes", "no". Static storage. */
const char *mig_fits_name(mig_fits fits);

typedef struct mig_forecast {
    bool known;
    double seconds;                     /* of work */
    uint64_t days;                      /* runs of one day each, under the daily limits; 1: no limit is in the way */
    uint64_t left_messages, left_bytes; /* still to copy */
    bool measured;                      /* at the speed of earlier runs; else assumed */
    double bytes_per_second, messages_per_second;
    uint64_t daily_limit; /* octets a day that counted; 0: none */
} mig_forecast;

typedef struct mig_inventory_account {
    mig_inventory_side sides[2]; /* MIG_SOURCE, MIG_TARGET */
    char *selected;              /* "since 2020-01-01, before 2021-01-01": the messages counted; NULL: all */
    mig_status status;
    mig_error error; /* what ended it early; code MIG_OK: none */
    mig_inventory_folder *folders;
    size_t folder_count;
    mig_inventory_year *years; /* ascending; none unless examined */
    size_t year_count;
    mig_obstacle *obstacles;
    size_t obstacle_count;
    bool shown; /* to a virus scanner */
    uint64_t scanned, infected, not_scanned;
    mig_scan_finding *scans; /* what it found, and what it did not look at */
    size_t scan_count;
    uint64_t messages, bytes; /* of the folders that are not left out */
    bool bytes_known;
    uint64_t role_bytes[MIG_ROLE_COUNT], role_messages[MIG_ROLE_COUNT];
    uint64_t copied_messages, copied_bytes; /* of these, by earlier runs, from the state */
    mig_fits fits;
    mig_forecast forecast;
    double seconds; /* that the stock-taking took */
} mig_inventory_account;

typedef struct mig_inventory_result {
    mig_inventory_depth depth;
    mig_status status;
    int exit_status; /* as in docs/mailmigrate.1 */
    mig_inventory_account *accounts;
    size_t account_count;
    int64_t started; /* seconds since 1970-01-01 UTC */
    double seconds;
    uint64_t round_trips, bytes_in, bytes_out;
} mig_inventory_result;

typedef struct mig_inventory_options {
    size_t size;                /* of this structure; set by the INIT */
    const mig_endpoint *source; /* required */
    const mig_endpoint *target; /* NULL: only the source is looked at */
    const char *state_path;     /* the copy's state, read only, where it exists; NULL: none */

    mig_selection selection;  /* what is counted. With dates each message that they select is looked at */
    const char *providers[2]; /* names of profiles (migrate/provider.h); NULL: by what the server shows */
    mig_effort effort;        /* one connection a side is all that is needed */
    mig_observer observer;

    uint64_t max_rate;    /* octets a second towards the target, for the forecast; 0: no bound */
    uint64_t daily_limit; /* octets a day towards the target, for the forecast; 0: the provider's, if any */

    mig_inventory_depth depth;
    bool force;     /* go on where a safety check would stop */
    bool untouched; /* open nothing of the target for writing: which keywords it keeps is not found out then */
    mig_scan scan;  /* each message is shown to a virus scanner; only with MIG_INVENTORY_CONTENT */
} mig_inventory_options;

#define MIG_INVENTORY_OPTIONS_INIT                                                                                     \
    {                                                                                                                  \
        sizeof(mig_inventory_options), NULL, NULL, NULL, MIG_SELECTION_INIT, {NULL, NULL}, MIG_EFFORT_INIT,            \
            MIG_OBSERVER_INIT, 0, 0, MIG_INVENTORY_FULL, false, false, MIG_SCAN_INIT                                   \
    }

/*
 * Take stock of one account. Returns the result, which the caller releases with mig_inventory_result_free, also when
 * the account failed: then its status and error say so. The safety checks of a copy are made as well: MIG_E_SAME,
 * MIG_E_SWAPPED, and MIG_E_OVERQUOTA when the target has not the room. Returns NULL with `err` filled only for
 * MIG_E_USAGE and MIG_E_NOMEM.
 */
mig_inventory_result *mig_inventory_run(const mig_inventory_options *options, mig_error *err);

/* What came in the last whole year (UTC), and the year before: by how much mail grows. */
typedef struct mig_growth {
    bool known; /* there is mail of both years */
    int year;   /* the last whole one */
    uint64_t messages, bytes;
    uint64_t before_messages, before_bytes; /* of the year before it */
} mig_growth;

/* `years` ascending, as in an account; `now` in seconds since 1970-01-01 UTC. */
mig_growth mig_growth_of(const mig_inventory_year *years, size_t count, int64_t now);

/*
 * All accounts as if they were one: messages, bytes, roles, years, what is copied, and the forecast, whose seconds are
 * those of one account after the other and whose days those of the account with most; accounts that were not reached
 * are left out. The rest is not filled. Released
 * with mig_inventory_total_clear. 0, or -1 with MIG_E_NOMEM.
 */
int mig_inventory_total(const mig_inventory_result *result, mig_inventory_account *out, mig_error *err);
void mig_inventory_total_clear(mig_inventory_account *total);

/*
 * Move the accounts of `from` to the end of `into`, add up the totals, and keep the worse status. `from` is released.
 * 0, or -1 with MIG_E_NOMEM (then both are as they were).
 */
int mig_inventory_result_join(mig_inventory_result *into, mig_inventory_result **from, mig_error *err);

void mig_inventory_result_free(mig_inventory_result **result);

#ifdef __cplusplus
}
#endif
#endif
