/*
 * migrate/plan.h - the plan of a migration: a YAML file, and the list of its accounts
 *
 * A plan says once what the command line would say for each account. It is read into options by name and value, as they
 * stand on the command line ("connections", "8"), so that both mean the same and whoever reads them can let the command
 * line win. Everything that is wrong is found in one pass, each with its line and what was expected.
 *
 *     version: 1
 *     source: {host: mail.old.example, master: admin, password-file: secrets/master}
 *     target: {provider: fastmail, password-file: "secrets/%u"}
 *     options: {jobs: 8, exclude: [Trash], daily-limit: 500M}
 *     accounts-file: accounts.csv
 *     accounts:
 *       - {source: ann@old.example, target: ann@new.example, connections: 2}
 *
 * docs/mailmigrate-plan.5 describes it. Passwords are never in a plan, only where to find them.
 */
#ifndef MIGRATE_PLAN_H
#define MIGRATE_PLAN_H

#include <migrate/error.h>
#include <migrate/options.h>
#include <migrate/report.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An option as on the command line, with where it stands; the file's name is borrowed from the plan. */
typedef struct mig_plan_option {
    char *name;  /* the long name, without dashes */
    char *value; /* as it is written; a path as it can be opened */
    mig_origin from;
} mig_plan_option;

typedef struct mig_plan_account {
    char *source, *target;    /* the users, as in the plan */
    mig_plan_option *options; /* "source" and "target" (URLs) first, then those of the sides, then the account's own;
                                 without "target" when the plan says nothing of it */
    size_t option_count;
    mig_origin from; /* where it stands */
} mig_plan_account;

/* A domain whose name moves with the mail: its options are those of mailmigrate-domain(1), without dashes. */
typedef struct mig_plan_domain {
    char *name;
    mig_plan_option *options; /* in the order of the file; lists have one for each value */
    size_t option_count;
    mig_origin from;
} mig_plan_domain;

/* One thing that is wrong. */
typedef struct mig_plan_problem {
    char *file;
    unsigned line; /* 0: the file as a whole */
    char *text;    /* what is wrong, and what was expected */
} mig_plan_problem;

typedef struct mig_plan {
    char *path, *accounts_path; /* accounts_path: NULL when there is no list */
    mig_plan_option *options;   /* for all accounts */
    size_t option_count;
    mig_plan_account *accounts; /* in the order of the files: the plan's own, then the list's */
    size_t account_count;
    mig_plan_domain *domains; /* in the order of the file */
    size_t domain_count;
    mig_plan_problem *problems; /* in the order of the files */
    size_t problem_count;
} mig_plan;

/*
 * Read a plan and the list of accounts that it names. Paths in it are relative to the directory of the plan, and stand
 * in the options as they can be opened. Returns the plan, to be released with mig_plan_free, also when it has problems:
 * then only they are of use. NULL: MIG_E_PLAN (the file cannot be read), MIG_E_NOMEM.
 */
mig_plan *mig_plan_load(const char *path, mig_error *err);

/* Add a problem that was found later, as a value that an option does not take. 0, or -1 with MIG_E_NOMEM. */
int mig_plan_add_problem(mig_plan *plan, const char *file, unsigned line, const char *text, mig_error *err);

/*
 * Add a problem for each file with a password, certificate or key that cannot be read; they are not opened. 0, or -1
 * with MIG_E_NOMEM.
 */
int mig_plan_check_files(mig_plan *plan, mig_error *err);

/* MIG_E_PLAN with the first problem and how many there are; returns -1. */
int mig_plan_refuse(const mig_plan *plan, mig_error *err);

void mig_plan_free(mig_plan **plan);

/*
 * What the plan says for one account, by its index, or (MIG_PLAN_WHOLE) for the run around all accounts, as far as the
 * verb has such options; `over`, when it is not NULL, wins over it. What is wrong becomes a problem of the plan, and
 * the settings are of no use then. NULL: MIG_E_NOMEM, MIG_E_IO. The plan must outlive the settings.
 */
#define MIG_PLAN_WHOLE SIZE_MAX
mig_settings *mig_plan_settings(mig_plan *plan, size_t account, mig_verb verb, const mig_settings *over,
                                mig_error *err);

/* The accounts of a run, each with all that belongs to it. Borrowed members are the roster's. */
typedef struct mig_roster {
    mig_settings *whole;       /* the run around the accounts */
    mig_settings **settings;   /* of each account */
    mig_run_account *accounts; /* the same for mig_run, after mig_roster_prepare */
    size_t count;
    mig_plan *plan; /* where they come from; NULL: one account without a plan */
} mig_roster;

/*
 * All accounts of a plan, which is taken over (*plan becomes NULL); `over` as for mig_plan_settings. NULL: MIG_E_PLAN
 * (the first thing that is wrong, and how many there are), MIG_E_NOMEM, MIG_E_IO. Release with mig_roster_free.
 */
mig_roster *mig_roster_new(mig_plan **plan, mig_verb verb, const mig_settings *over, mig_error *err);

/* One account without a plan. The settings, which are finished, are taken over (*settings becomes NULL). */
mig_roster *mig_roster_single(mig_settings **settings, mig_error *err);

/*
 * State files and secrets of all accounts (mig_settings_place, mig_settings_prepare). Of a plan, an account whose
 * password cannot be had is unfit, and mig_run goes on with the others. 0, or -1 with the errors of these two.
 */
int mig_roster_prepare(mig_roster *roster, const char *directory, const mig_helper *helper, mig_error *err);

/* How to run a plan; what is zero is not said. */
typedef struct mig_plan_run_options {
    size_t size;                 /* of this structure; set by the INIT */
    unsigned steps;              /* MIG_STEP_*, unless the plan has its own; 0: as mig_run_options */
    const char *state_directory; /* where states are kept, unless the plan says it; NULL: it must */
    const char *lock_directory;  /* lock_dir of mig_copy_options */
    const mig_helper *helper;    /* NULL: nobody can be asked for a password */
    mig_observer observer;       /* log and stop */
} mig_plan_run_options;

#define MIG_PLAN_RUN_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        sizeof(mig_plan_run_options), 0, NULL, NULL, NULL, MIG_OBSERVER_INIT                                           \
    }

/*
 * Run a plan, from the file to the result: all of the above and mig_run. NULL: MIG_E_PLAN, MIG_E_NOMEM, MIG_E_IO and
 * the errors of mig_roster_prepare and mig_run. Release with mig_run_result_free.
 */
mig_run_result *mig_plan_run(const char *path, const mig_plan_run_options *options, mig_error *err);

void mig_roster_free(mig_roster **roster);

/* Hold every value against what the verbs take that a plan is for. 0, or -1 with MIG_E_NOMEM, MIG_E_IO. */
int mig_plan_check_values(mig_plan *plan, mig_error *err);

/* Write a plan with comments, to begin with. Errors: MIG_E_IO. */
int mig_plan_example(mig_sink_fn *sink, void *context, mig_error *err);

/*
 * Make a plan out of a list for imapsync: lines of host1;user1;password1;host2;user2;password2, '#' begins a comment.
 * The passwords go into files of mode 0600 below `directory`/secrets, the accounts into `directory`/accounts.csv, the
 * rest into `directory`/plan.yaml; the directory is made (mode 0700). None of these files may exist. `accounts` gets
 * how many there are, `skipped` how many lines had further fields (imapsync's own options), which are left out. Errors:
 * MIG_E_PLAN (names the line, never a password), MIG_E_IO, MIG_E_DISK_FULL, MIG_E_REFUSED (a file is there),
 * MIG_E_NOMEM.
 */
int mig_plan_import(const char *list, const char *directory, size_t *accounts, size_t *skipped, mig_error *err);

/* Lists of users as administrators have them. */
typedef enum mig_plan_from {
    MIG_FROM_IMAPSYNC,   /* for mig_plan_import alone */
    MIG_FROM_DOVEADM,    /* `doveadm user '*'`, or any list with a user a line */
    MIG_FROM_PASSWD,     /* /etc/passwd, or a passwd-file of Dovecot */
    MIG_FROM_VIRTUAL,    /* virtual_mailbox_maps of Postfix, as text; aliases: virtual_alias_maps */
    MIG_FROM_MAILCOW,    /* its API's get/mailbox/all, as JSON; aliases: get/alias/all */
    MIG_FROM_MAILINABOX, /* its API's mail/users, as JSON; aliases: mail/aliases */
    MIG_FROM_IREDMAIL    /* the table `mailbox` as CSV with its header; aliases: `forwardings` or `alias` */
} mig_plan_from;

/* The kind of that name ("doveadm", "mailcow", ...); false: there is none. */
bool mig_plan_from_name(const char *name, mig_plan_from *out);

typedef struct mig_plan_gather_options {
    size_t size; /* of this structure; set by the INIT */
    mig_plan_from from;
    const char *users;                     /* the list */
    const char *aliases;                   /* that of aliases and forwards; NULL: there is none */
    const char *directory;                 /* where the plan goes */
    const char *source_host, *target_host; /* NULL: the servers are looked for by the addresses (discover) */
} mig_plan_gather_options;

#define MIG_PLAN_GATHER_OPTIONS_INIT                                                                                   \
    {                                                                                                                  \
        sizeof(mig_plan_gather_options), MIG_FROM_DOVEADM, NULL, NULL, NULL, NULL, NULL                                \
    }

typedef struct mig_plan_gathered {
    size_t accounts, aliases, left_out; /* left_out: system accounts, and users named twice */
} mig_plan_gathered;

/*
 * Make a plan out of such a list: plan.yaml, accounts.csv, and aliases.csv where there are any, as mig_plan_import does
 * it. No password is taken from anywhere. Errors: those of mig_plan_import; MIG_E_USAGE (users that are no addresses
 * need both hosts).
 */
int mig_plan_gather(const mig_plan_gather_options *options, mig_plan_gathered *out, mig_error *err);

/*
 * The plan that does what a command line of imapsync does, with comments that name what has no counterpart and why.
 * Passwords in it are not repeated. MIG_E_USAGE (a quote that is not closed, no --host1 or --user1), MIG_E_IO.
 */
int mig_plan_from_imapsync(const char *line, mig_sink_fn *sink, void *context, mig_error *err);

/* The accounts of a plan as the CSV with which a provider creates users in bulk: "google", "microsoft". */
typedef struct mig_plan_export_options {
    size_t size;          /* of this structure; set by the INIT */
    const char *provider; /* its name */
    bool passwords;       /* make one for each user: the result is a secret */
} mig_plan_export_options;

#define MIG_PLAN_EXPORT_OPTIONS_INIT                                                                                   \
    {                                                                                                                  \
        sizeof(mig_plan_export_options), NULL, false                                                                   \
    }

/* Errors: MIG_E_USAGE (no such provider), MIG_E_PLAN (a target that is no address), MIG_E_IO, MIG_E_NOMEM. */
int mig_plan_export(const mig_plan *plan, const mig_plan_export_options *options, mig_sink_fn *sink, void *context,
                    mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
