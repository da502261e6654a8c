/*
 * migrate/filters.h - mail filters go along: Sieve scripts by ManageSieve (RFC 5804, RFC 5228)
 *
 * A script is carried unchanged to the octet, unless folder names are to be rewritten. Before anything is put it is
 * held against what the target can and has; what does not fit is named by line. Nothing becomes active unless asked
 * for, and a script of the target is never lost unless it may be replaced.
 */
#ifndef MIGRATE_FILTERS_H
#define MIGRATE_FILTERS_H

#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/log.h>
#include <migrate/report.h>
#include <migrate/selection.h>
#include <migrate/status.h>
#include <migrate/stop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_filters_verb {
    MIG_FILTERS_CHECK,  /* judge, and have the target check: nothing is changed anywhere */
    MIG_FILTERS_COPY,   /* put what fits */
    MIG_FILTERS_VERIFY, /* read both sides and compare */
    MIG_FILTERS_EXPORT  /* into files: the source alone */
} mig_filters_verb;

/* "check", "copy", "verify", "export". Static storage. */
const char *mig_filters_verb_name(mig_filters_verb verb);

/* What there is to say of a script. */
typedef enum mig_filter_concern {
    MIG_FILTER_SYNTAX,   /* it cannot be read */
    MIG_FILTER_REQUIRE,  /* the target lacks an extension */
    MIG_FILTER_FOLDER,   /* the target has no folder of that name */
    MIG_FILTER_MAPPED,   /* the folder has another name on the target, and the script was rewritten */
    MIG_FILTER_COMPUTED, /* the folder's name is only known when mail comes */
    MIG_FILTER_LOOP,     /* mail is redirected to the account itself */
    MIG_FILTER_VACATION, /* it answers mail */
    MIG_FILTER_INCLUDE,  /* it includes what is not there, or itself */
    MIG_FILTER_OUTSIDE,  /* it uses what lies beside it on the old server: programs, lists, global scripts */
    MIG_FILTER_WARNING,  /* the target's server warns of it */
    MIG_FILTER_CONCERN_COUNT
} mig_filter_concern;

/* "syntax", "require", ...: stable. Static storage. */
const char *mig_filter_concern_name(mig_filter_concern concern);

typedef enum mig_filter_weight {
    MIG_FILTER_NOTE,      /* good to know */
    MIG_FILTER_ATTENTION, /* the rules may do something else there: a person should look */
    MIG_FILTER_BLOCKS     /* the target cannot run it: it is not put */
} mig_filter_weight;

/* "note", "attention", "blocks". Static storage. */
const char *mig_filter_weight_name(mig_filter_weight weight);

typedef struct mig_filter_note {
    mig_filter_concern concern;
    mig_filter_weight weight;
    unsigned line; /* of the script, from 1; 0: of no line */
    char *text;    /* UTF-8 without control characters */
} mig_filter_note;

/* How it went with a script. */
typedef enum mig_filter_outcome {
    MIG_FILTER_NOT_DONE,  /* it was not come to, see the account's error */
    MIG_FILTER_READ,      /* exported, or there is nothing to hold it against */
    MIG_FILTER_FITS,      /* it could be put: nothing was changed */
    MIG_FILTER_PUT,       /* it was put */
    MIG_FILTER_THERE,     /* the same octets were there already */
    MIG_FILTER_BLOCKED,   /* the target cannot run it, or refuses it: see notes and error */
    MIG_FILTER_FAILED,    /* reading or putting it failed: error says why */
    MIG_FILTER_IDENTICAL, /* verified: the same octets */
    MIG_FILTER_AS_PUT,    /* verified: what was put, with folder names rewritten */
    MIG_FILTER_DIFFERENT, /* verified: other octets */
    MIG_FILTER_MISSING,   /* verified: not on the target */
    MIG_FILTER_OUTCOME_COUNT
} mig_filter_outcome;

/* "not-done", "read", "fits", "put", "there", "blocked", "failed", "identical", ...: stable. Static storage. */
const char *mig_filter_outcome_name(mig_filter_outcome outcome);

/* One rule of a script in words: what it asks for, and what it does then. UTF-8 without control characters. */
typedef struct mig_filter_rule {
    unsigned line;
    char *when;      /* the subject contains "offer" */
    char *then;      /* file into "Shop"; go no further */
    char **gmail;    /* properties of Gmail's feed of filters, name and value in turn, ends with NULL; NULL: it has no
                        exact counterpart there */
    char *gmail_why; /* why not; NULL when it has */
} mig_filter_rule;

typedef struct mig_filter { /* one script of the source */
    char *name;
    char *target_name;   /* on the target: its own name, or another where that was taken; NULL: none */
    char digest[65];     /* SHA-256 of the source's octets, hexadecimal; "" when they could not be read */
    char put_digest[65]; /* of the target's octets, as put or as read; "" when they are not known */
    uint64_t octets;
    bool active;    /* on the source */
    bool replaced;  /* another content of that name was on the target, and had to go */
    bool rewritten; /* folder names */
    mig_filter_outcome outcome;
    mig_error error; /* code MIG_OK: none */
    mig_filter_note *notes;
    size_t note_count;
    mig_filter_rule *rules; /* in order; none when the script could not be understood, see `worded` */
    size_t rule_count;
    bool worded; /* the script was understood: what is not in `rules` is not in it */
} mig_filter;

/* What became of making the source's active script active on the target. */
typedef enum mig_filters_activation {
    MIG_FILTERS_NOT_ASKED,
    MIG_FILTERS_NONE_ACTIVE, /* no script is active on the source */
    MIG_FILTERS_ACTIVATED,
    MIG_FILTERS_ACTIVE_ALREADY,
    MIG_FILTERS_HELD_BACK,      /* it was not put, or mail still goes to the old server, or nobody knows */
    MIG_FILTERS_WOULD_ACTIVATE, /* nothing was changed */
    MIG_FILTERS_REFUSED         /* by the server */
} mig_filters_activation;

/* "not-asked", ... Static storage. */
const char *mig_filters_activation_name(mig_filters_activation activation);

/* Where the mail of a domain goes, as far as somebody can tell. */
typedef enum mig_filters_mx { MIG_FILTERS_MX_UNKNOWN, MIG_FILTERS_MX_OLD, MIG_FILTERS_MX_NEW } mig_filters_mx;

/* What is looked up by name, by whoever has a resolver (migrate/domain.h). */
typedef struct mig_filters_names {
    /* The server of `_sieve._tcp` of a domain: malloc'd host and port. 0: there is one; 1: there is none; -1: not
     * known. */
    int (*server)(const char *domain, char **host, uint16_t *port, void *context);
    /* Hosts and addresses that mail for a domain goes to: malloc'd, lines parted by \n. 0; -1: not known, `why` says
     * so. */
    int (*mail_hosts)(const char *domain, char **lines, char *why, size_t size, void *context);
    /* Addresses of a host, the same. */
    int (*addresses)(const char *host, char **lines, void *context);
    void *context;
} mig_filters_names;

/* One side. Strings and endpoints are borrowed. */
typedef struct mig_filters_side {
    const mig_endpoint *endpoint; /* who logs in, and the IMAP server; NULL: there is no such side */
    const char *server;           /* "HOST[:PORT]" of ManageSieve; NULL: by SRV, else the host of `endpoint`, 4190;
                                     "none": there is no ManageSieve */
    const char *tunnel;           /* a command that speaks ManageSieve; NULL: connect */
    const char *directory;        /* scripts as files NAME.sieve, instead of a server; NULL: none */
    bool no_imap;                 /* `endpoint` is that of ManageSieve itself: nothing is asked by IMAP */
} mig_filters_side;

typedef struct mig_filters_options {
    size_t size; /* of this structure; set by the INIT */
    mig_filters_verb verb;
    mig_filters_side source, target;
    mig_selection selection;  /* of folders, for their names on the target */
    const char *providers[2]; /* as in mig_copy_options */
    const char *state_path;   /* where what was put is recorded; NULL: nowhere */
    bool map_folders;         /* rewrite folder names */
    bool replace;             /* a script of that name with other content goes */
    bool activate;
    bool force;                     /* also while mail still goes to the old server, or nobody knows */
    bool dry_run;                   /* MIG_FILTERS_COPY: as MIG_FILTERS_CHECK */
    int64_t patience_ms;            /* with IMAP; 0: as mig_effort */
    const mig_filters_names *names; /* NULL: nothing can be looked up */
    mig_log log;
    const mig_stop *stop; /* NULL: cannot be asked to stop */
} mig_filters_options;

#define MIG_FILTERS_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        sizeof(mig_filters_options), MIG_FILTERS_CHECK, {NULL, NULL, NULL, NULL, false},                               \
            {NULL, NULL, NULL, NULL, false}, MIG_SELECTION_INIT, {NULL, NULL}, NULL, false, false, false, false,       \
            false, 0, NULL, MIG_LOG_INIT, NULL                                                                         \
    }

typedef struct mig_filters_result {
    mig_filters_verb verb;
    bool dry_run;
    char *source, *target; /* "user@host" or "sieve:DIR"; target NULL: there is none */
    mig_filter *filters;   /* in the order in which they are put: what is included first */
    size_t filter_count;
    char **others; /* scripts that only the target has */
    size_t other_count;
    char *source_active, *target_active; /* names; NULL: none, or not known */
    bool target_known;                   /* the target has ManageSieve, and was asked */
    bool folders_known;                  /* folder names were held against both sides */
    char *folders_why;                   /* why not; NULL else */
    mig_filters_activation activation;
    char *activation_why; /* a sentence; NULL: nothing to say */
    mig_filters_mx mx;
    char *implementation; /* what the target's server calls itself; NULL: not told */
    mig_error error;      /* code MIG_OK: none; what ended the work on the account */
    mig_status status;
    int exit_status; /* 0: all is carried or the same; 1: something is not, or a person should look; else as in
                        docs/mailmigrate.1 */
    int64_t started, finished; /* seconds since 1970-01-01 UTC */
} mig_filters_result;

/*
 * Do it. The result is the caller's, also when the account failed (its error says why). NULL with `err`: MIG_E_USAGE or
 * MIG_E_NOMEM.
 */
mig_filters_result *mig_filters_run(const mig_filters_options *options, mig_error *err);
void mig_filters_result_free(mig_filters_result **result);

/* The octets of a script as read from the source; NULL: they could not be read. Borrowed. */
const char *mig_filters_text(const mig_filters_result *result, size_t filter, size_t *length);

/* The summary for people: the verdict first, each script with what there is to say of it, what is active. */
int mig_report_filters_text(const mig_filters_result *result, mig_sink_fn *sink, void *context, mig_error *err);
/* Schema mailmigrate.filters/1, see docs/schemas/filters-1.json. One JSON object and a line end. */
int mig_report_filters_json(const mig_filters_result *result, mig_sink_fn *sink, void *context, mig_error *err);

/* The rules in words, to be set up by hand: as one page, and as a table (RFC 4180), a line each. */
int mig_report_filters_html(const mig_filters_result *result, mig_sink_fn *sink, void *context, mig_error *err);
int mig_report_filters_csv(const mig_filters_result *result, mig_sink_fn *sink, void *context, mig_error *err);
/* The rules of the active script (of all scripts where none is known to be active) that have an exact counterpart at
 * Gmail, as the file that its settings import. */
int mig_report_filters_gmail(const mig_filters_result *result, mig_sink_fn *sink, void *context, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
