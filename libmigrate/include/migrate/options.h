/*
 * migrate/options.h - all that a person can say of an account and of a run, by name and value
 *
 * One table has each option: its name, what kind of value it takes, what it is said of, which verbs have it. The
 * command line and the plan (migrate/plan.h) both put their words into mig_settings by mig_option_set, each with where
 * it stands; so may any other caller. Of what is said in several places the last place counts: the plan, the account in
 * it, the command line. Then mig_settings_finish makes the structures of migrate/copy.h, migrate/verify.h and
 * migrate/run.h of it and says everything that is wrong, each with where it stands; mig_settings_prepare opens what
 * they need.
 *
 *     mig_settings *settings = mig_settings_new(MIG_VERB_COPY, &err);
 *     mig_option_set(settings, NULL, "source", "imaps://ann%40old.example@mail.old.example", &err);
 *     mig_option_set(settings, NULL, "source-password-file", "secret", &err);
 *     ...
 *     if (mig_settings_finish(settings, MIG_SETTINGS_WHOLE, NULL, NULL, &err) == 0 &&
 *         mig_settings_find(settings, &helper, &err) == 0 && mig_settings_place(settings, directory, &err) == 0 &&
 *         mig_settings_prepare(settings, &helper, &err) == 0) {
 *         result = mig_copy_run(&settings->copy, &err);
 *     }
 *     mig_settings_free(&settings);
 *
 * The manuals, docs/mailmigrate-*.1, describe the options.
 */
#ifndef MIGRATE_OPTIONS_H
#define MIGRATE_OPTIONS_H

#include <migrate/copy.h>
#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/filters.h>
#include <migrate/inventory.h>
#include <migrate/oauth2.h>
#include <migrate/run.h>
#include <migrate/secret.h>
#include <migrate/store.h>
#include <migrate/verify.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the table ---- */

/* What is to be done: not all verbs have all options. */
typedef enum mig_verb {
    MIG_VERB_COPY,
    MIG_VERB_VERIFY,
    MIG_VERB_RUN,
    MIG_VERB_INVENTORY,
    MIG_VERB_ARCHIVE,
    MIG_VERB_FILTERS,
    MIG_VERB_PROBE,
    MIG_VERB_DEDUP,
    MIG_VERB_COUNT
} mig_verb;

/* "copy", "verify", ...; "" for anything else. Static storage. */
const char *mig_verb_name(mig_verb verb);

typedef enum mig_option_kind {
    MIG_OPTION_VALUE, /* takes one value: the last one counts */
    MIG_OPTION_LIST,  /* takes one value, can be given again, and then has them all */
    MIG_OPTION_SWITCH /* is on or off */
} mig_option_kind;

/* What an option is said of. */
typedef enum mig_option_scope {
    MIG_OPTION_OF_SIDE,    /* the source or the target: "source-tls" */
    MIG_OPTION_OF_ACCOUNT, /* an account */
    MIG_OPTION_OF_RUN      /* all accounts together, and what is told of them */
} mig_option_scope;

/* What it is about, as `--help` sorts them. */
typedef enum mig_option_group {
    MIG_OPTIONS_SIDE,
    MIG_OPTIONS_SERVERS,
    MIG_OPTIONS_FOLDERS,
    MIG_OPTIONS_MESSAGES,
    MIG_OPTIONS_PACE,
    MIG_OPTIONS_COPY,
    MIG_OPTIONS_VERIFY,
    MIG_OPTIONS_STOCK,
    MIG_OPTIONS_STEPS,
    MIG_OPTIONS_MANY,
    MIG_OPTIONS_REPORTS,
    MIG_OPTIONS_ARCHIVE,
    MIG_OPTIONS_FILTERS,
    MIG_OPTIONS_PROBE,
    MIG_OPTIONS_OUTPUT,
    MIG_OPTIONS_COUNT
} mig_option_group;

typedef struct mig_option {
    const char
        *name; /* of a side's option what follows "source-" or "target-"; "" is the URL, whose name is the side's */
    mig_option_kind kind;
    mig_option_scope scope;
    mig_option_group group;
    unsigned verbs;              /* 1 << MIG_VERB_*, joined */
    bool in_plan;                /* a plan can have it */
    bool is_path;                /* the value is a path... */
    bool is_input;               /* ...of a file that must be there before the run */
    const char *without;         /* what it means without a value, as "all"; NULL: it needs one */
    char letter;                 /* its short form; '\0': none */
    const char *argument, *help; /* for people: "FILE", "the password is the first line of this file" */
} mig_option;

/* By index; NULL behind the last. Several have the same name where verbs mean different things by it. */
const mig_option *mig_option_at(size_t index);

/* By its whole name ("max-size", "source", "target-tls"); NULL: the verb has none of that name. */
const mig_option *mig_option_find(mig_verb verb, const char *name);

#define MIG_OPTION_NAME 40 /* octets of a whole name, with the NUL */

/* The name of an option of the verb that is nearest to what was written. Returns out; NULL: none is near. */
char *mig_option_suggest(mig_verb verb, const char *name, char *out, size_t size);

/* The nearest of `count` names, or NULL when none is near enough to be meant. */
const char *mig_option_nearest(const char *typed, const char *const *names, size_t count);

/* A decimal number from `least` to `most`, and nothing else. */
bool mig_option_number(const char *text, int least, int most, int *out);

/* The place of a text among `choices`, an array that ends with NULL; false: it is not among them. */
bool mig_option_choice(const char *text, const char *const *choices, int *out);

/* ---- settings ---- */

/* Where a value stands: a later one of these wins over an earlier one. */
typedef enum mig_level { MIG_LEVEL_PLAN, MIG_LEVEL_ACCOUNT, MIG_LEVEL_LINE } mig_level;

typedef struct mig_origin {
    mig_level level;
    const char *file; /* outlives the settings; NULL: the command line, or no file at all */
    unsigned line;
} mig_origin;

/* Whose rights mail in files is read with, when the process is root (mig_store_as_self). */
typedef enum mig_files_as { MIG_FILES_AS_OWNER, MIG_FILES_AS_SELF } mig_files_as;

typedef enum mig_progress_mode { MIG_PROGRESS_AUTO, MIG_PROGRESS_ALWAYS, MIG_PROGRESS_NEVER } mig_progress_mode;

/* What is said of one side. Strings are the settings'; NULL: not said. */
typedef struct mig_settings_side {
    const char *url;
    const char *tls, *authzid, *ca_file, *pin, *cert, *key, *proxy, *tunnel, *provider;
    const char *password_file, *password_command, *token_command;
    const char *sieve, *sieve_tunnel; /* ManageSieve: "HOST[:PORT]", "none", or "sieve:DIR" */
    bool sieve_alone;                 /* the URL is that of ManageSieve, or of a directory: nothing is known of IMAP */
    const char *grant;                /* how OAuth 2 is done: google, microsoft, refresh or device; NULL: not at all */
    mig_oauth2_options oauth2;        /* what the options say of it */
    mig_auth auth;
    mig_endpoint endpoint; /* complete after mig_settings_finish, with its secret after mig_settings_prepare */
    mig_store *store;      /* the URL is that of files; NULL: a login */
    bool only_named;       /* nobody logs in to this side: no password is needed */
    bool to_find; /* the URL is an address whose server is not known before mig_settings_find: no host is set */
} mig_settings_side;

/*
 * What was said, in the structures that the library works with. Only made by mig_settings_new, so that it can grow.
 * Strings and lists are the settings'.
 */
typedef struct mig_settings {
    mig_verb verb;
    mig_settings_side sides[2]; /* MIG_SOURCE, MIG_TARGET */
    mig_copy_options copy;      /* endpoints, selection, effort, pace, flags, deletions; not its observer */
    mig_verify_options verify;  /* the same, and its own */
    mig_inventory_depth stock_depth;
    mig_filters_options filters; /* but for the verb, names, log and stop */

    const char *ca_file;  /* of both servers */
    const char *resolver; /* whom to ask for the server of an address, and for filters; NULL: the system's */
    bool yes;             /* what was found is taken without asking, where something vouches for it */
    bool allow_cleartext;
    int tls_min;
    const char *proxy, *proxy_password_file;
    int compress; /* as in mig_endpoint */
    mig_files_as files_as;
    int timeout_ms, connect_timeout_ms;

    const char *const *mend_words, *const *retry_words; /* as they were said */
    mig_mend_wish mend;
    bool apply, undo; /* doubles are moved away; they are brought back */
    bool final;       /* copy until the source was quiet, verify, mend, verify */
    int final_passes; /* at most so often; 0: 5 */

    unsigned steps; /* MIG_STEP_*; 0: those of the verb */
    bool keep_going;
    int jobs, host_connections; /* 0: default */
    const char *on_finish, *webhook;
    const char *mail_to, *mail_from, *mail_server, *mail_user, *mail_password_file; /* NULL: not said */
    int mail_when; /* 0: always; 1: when something wants a person */

    mig_progress_mode progress;
    bool quiet, trace;
    int verbose; /* how often it was asked for */
    const char *log_path, *json_path, *html_path, *csv_path;
    const char *metrics_path; /* kept up to date during the run */
    const char *live, *live_cert, *live_key; /* where a page shows the run (migrate/live.h); NULL: nowhere */
    const char *sign_path; /* a private key */
    const char *check_path, *public_key_path;

    const char *archive_password_file;
    bool encrypt, incremental;
    int probe_connections; /* 0: as many as mig_measure tries by itself */
    bool probe_write;
    bool scan_content, seed_given;
} mig_settings;

/* NULL: MIG_E_NOMEM. Release with mig_settings_free. */
mig_settings *mig_settings_new(mig_verb verb, mig_error *err);
void mig_settings_free(mig_settings **settings);

/* The account whose settings these are, in a plan: what has no place of its own is said of this one. */
void mig_settings_belong_to(mig_settings *settings, const mig_origin *home);

/*
 * Take a value. `from` NULL: MIG_LEVEL_LINE, no file. `value` is copied; NULL turns a switch on, which else takes true
 * or false. What stands at a higher level already stays. Errors, each of which names the option: MIG_E_USAGE (the verb
 * has no such option; the value is none that it takes: then nothing was set), MIG_E_NOMEM.
 */
int mig_option_set(mig_settings *settings, const mig_origin *from, const char *name, const char *value, mig_error *err);

/* Whether a value was set, at any level. */
bool mig_option_given(const mig_settings *settings, const char *name);

/* Take over all that `over` was given, as far as the verb has it. 0, or -1 with MIG_E_NOMEM. */
int mig_settings_add(mig_settings *settings, const mig_settings *over, mig_error *err);

/* One thing that is wrong: `where` is where it stands, with file NULL on the command line. */
typedef void mig_fault_fn(const mig_origin *where, const mig_error *fault, void *context);

/* What a part of a run is finished for. */
typedef enum mig_settings_part {
    MIG_SETTINGS_WHOLE,   /* one account and the run around it */
    MIG_SETTINGS_ACCOUNT, /* one account of several */
    MIG_SETTINGS_RUN      /* what holds for all of them: no account */
} mig_settings_part;

/*
 * Hold everything against each other, and make endpoints and options complete. Each thing that is wrong is told to
 * `fault` (NULL: nobody), the first is left in `err`. 0; -1 with MIG_E_USAGE, MIG_E_NOMEM, MIG_E_IO (no random numbers
 * for a sample).
 */
int mig_settings_finish(mig_settings *settings, mig_settings_part part, mig_fault_fn *fault, void *context,
                        mig_error *err);

/*
 * Say where the state of the pair of accounts is kept: as --state says, in a file of its own below `directory`
 * (made for the user alone), or, when --state was said at the level of a plan, below that. `directory` is needed only
 * when --state was not said. The path is in copy.state_path and verify.state_path. 0, or -1 with MIG_E_IO,
 * MIG_E_DISK_FULL, MIG_E_NOMEM.
 */
int mig_settings_place(mig_settings *settings, const char *directory, mig_error *err);

/*
 * The name of a state file, from both accounts: letters, digits and "@._-" of their names, and a digest that tells
 * apart what those leave alike. The same accounts give the same name, whatever the options. Returns out.
 */
char *mig_settings_state_name(const mig_endpoint *source, const mig_endpoint *target, char *out, size_t size);

/* What only the caller can do; each may be NULL. */
typedef struct mig_helper {
    /* A password that no option tells, as from a person at a terminal. NULL with `err` filled: there is none. Where it
     * is not `needed`, NULL with `err` as it was says that the login is to do without. */
    mig_secret *(*ask)(mig_side side, const mig_endpoint *endpoint, bool needed, void *context, mig_error *err);
    void (*warn)(const char *line, void *context);            /* something to know: one line without its end */
    void (*show)(const mig_oauth2_code *code, void *context); /* to sign in with OAuth 2's device flow */
    void *context;
    const mig_stop *stop; /* ends waiting for a person or a token endpoint; NULL: nothing does */
    /* The URL of an address's server, malloc'd; NULL with `err` filled: there is none, or it is not to be taken. */
    char *(*find)(const mig_settings *settings, mig_side side, const char *address, void *context, mig_error *err);
} mig_helper;

/* True for "ann@example.org": what may stand for a URL as a source or target, whose server is then looked for. */
bool mig_settings_is_address(const char *text);

/*
 * Put a URL in the place of each side that is an address, by `helper`->find; to be called before mig_settings_place,
 * because the name of a state has the server in it. Does nothing where there is none. 0, or -1 with what `find` says,
 * MIG_E_USAGE (nobody can look), MIG_E_NOMEM.
 */
int mig_settings_find(mig_settings *settings, const mig_helper *helper, mig_error *err);

/*
 * Give both endpoints their secret, from where the options say, else from `helper`, and the stores their place. The
 * first access token is asked for here. A side that is only named gets none, nor does one that logs in with a
 * certificate or through a tunnel and names no password. Errors: MIG_E_SECRET, MIG_E_INTERRUPTED, MIG_E_NOMEM,
 * MIG_E_IO, and those of mig_oauth2_new and mig_oauth2_give.
 */
int mig_settings_prepare(mig_settings *settings, const mig_helper *helper, mig_error *err);

/* The account for mig_run; borrows from the settings. */
void mig_settings_account(const mig_settings *settings, mig_run_account *out);

/* The run for mig_run, without its accounts; borrows from the settings. `steps`: when the settings have none. */
void mig_settings_run(const mig_settings *settings, unsigned steps, mig_run_options *out);

#ifdef __cplusplus
}
#endif
#endif
