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
 * docs/mailmigrate-plan.1 describes it. Passwords are never in a plan, only where to find them.
 */
#ifndef MIGRATE_PLAN_H
#define MIGRATE_PLAN_H

#include <migrate/error.h>
#include <migrate/report.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An option as on the command line. */
typedef struct mig_plan_option {
    char *name;       /* the long name, without dashes */
    char *value;      /* "true" for a switch that is on, "false" for one that is off */
    const char *file; /* where it stands; borrowed from the plan */
    unsigned line;
} mig_plan_option;

typedef struct mig_plan_account {
    char *source, *target;    /* the users, as in the plan */
    mig_plan_option *options; /* "source" and "target" (URLs) first, then those of the sides, then the account's own;
                                 without "target" when the plan says nothing of it */
    size_t option_count;
    const char *file; /* where it stands; borrowed from the plan */
    unsigned line;
} mig_plan_account;

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

/* Names of options that have a place in a plan: under `options`, and under `source` and `target` (without "source-"),
 * by index; NULL beyond the last. */
const char *mig_plan_option_name(size_t index);
const char *mig_plan_side_option_name(size_t index);

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

#ifdef __cplusplus
}
#endif
#endif
