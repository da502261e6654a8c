/* plan/plan_private.h - the parts of a plan on their way from the files into options */
#ifndef MIG_PLAN_PRIVATE_H
#define MIG_PLAN_PRIVATE_H

#include "base/buffer.h"
#include "plan/lines.h"
#include <migrate/plan.h>

enum {
    MIG__PLAN_OPTIONS = 48, /* names in the tables of names.c; checked there */
    MIG__PLAN_SIDE_OPTIONS = 30,
    MIG__PLAN_LISTS = 3 /* the first of the options take several values */
};

/* Further keys of a side, which become its URL. They follow the options in the table of names. */
enum {
    MIG__SIDE_HOST,
    MIG__SIDE_PORT,
    MIG__SIDE_TLS,
    MIG__SIDE_PROVIDER,
    MIG__SIDE_MASTER,
    MIG__SIDE_MASTER_SEPARATOR,
    MIG__SIDE_ADMIN,
    MIG__SIDE_FILES /* instead of all of them */
};

/* Straight from YAML, by libcyaml. Strings are malloc'd; NULL: not there. */
typedef struct mig__raw_side {
    char *values[MIG__PLAN_SIDE_OPTIONS];
    /* Of what holds for all accounts, set after loading: the line of each value, and whether the side was cut out. */
    unsigned lines[MIG__PLAN_SIDE_OPTIONS];
    bool bad;
} mig__raw_side;

typedef struct mig__raw_options {
    char **lists[MIG__PLAN_LISTS];
    unsigned list_counts[MIG__PLAN_LISTS];
    char *values[MIG__PLAN_OPTIONS]; /* unused for the lists */
} mig__raw_options;

typedef struct mig__raw_account {
    char *users[2];
    mig__raw_side sides[2]; /* keys "source-host", "target-password-file", ... */
    mig__raw_options options;
} mig__raw_account;

typedef struct mig__raw_plan {
    char *version, *accounts_file;
    mig__raw_side sides[2];
    mig__raw_options options;
    mig__raw_account *accounts;
    unsigned account_count;
} mig__raw_plan;

/* ---- names.c ---- */

/* The index of a name, or -1. In a CSV header '_' is as good as '-'. */
int mig__plan_option_index(const char *name);
int mig__plan_side_option_index(const char *name);
/* "source" or "target", and behind the dash the rest of `name`; -1: neither. */
int mig__plan_side_of(const char *name, const char **rest);
bool mig__plan_is_path(const char *name);
/* The name nearest to what was written, among those of a side first or last; NULL: none is near. */
const char *mig__plan_nearest(const char *name, bool of_side);

/* ---- yaml.c ---- */

/* Load the text into `raw`. Structure was checked before, with `lines`. 0, or -1 with MIG_E_PLAN or MIG_E_NOMEM. */
int mig__raw_plan_load(mig__raw_plan **raw, const char *text, size_t length, mig_error *err);
void mig__raw_plan_free(mig__raw_plan **raw);

/* ---- plan.c ---- */

int mig__plan_problem(mig_plan *plan, const char *file, unsigned line, const char *format, ...) MIG_PRINTF(4, 5);
/* "there is no WHAT NAME", and what is near to it. */
int mig__plan_unknown(mig_plan *plan, const char *file, unsigned line, const char *what, const char *name,
                      bool of_side);
/* The whole of a file, at most 16 MiB. 0, or -1 with MIG_E_PLAN, MIG_E_NOMEM. */
int mig__plan_read(const char *path, mig__buffer *out, mig_error *err);
/* ---- resolve.c ---- */

/* A path as it can be opened: relative ones are below the plan's directory. malloc'd; NULL: no memory. */
char *mig__plan_path(const mig_plan *plan, const char *path);
/* Add an account, from the plan or (`lines` NULL) the list; the raw values are borrowed. 0, or -1 with MIG_E_NOMEM. */
int mig__plan_account(mig_plan *plan, const mig__raw_plan *raw, const mig__raw_account *account, const char *file,
                      unsigned line, mig__lines *lines, size_t index, mig_error *err);
/* Tell of accounts that are there twice. */
int mig__plan_check_repeated(mig_plan *plan, mig_error *err);

/* ---- accounts.c ---- */

/* Read the list of accounts at plan->accounts_path. Problems go to the plan. */
int mig__plan_accounts(mig_plan *plan, const mig__raw_plan *raw, mig_error *err);

#endif
