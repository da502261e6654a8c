/* plan/plan_private.h - the parts of a plan on their way from the files into options */
#ifndef MIG_PLAN_PRIVATE_H
#define MIG_PLAN_PRIVATE_H

#include "base/buffer.h"
#include "plan/lines.h"
#include <migrate/options.h>
#include <migrate/plan.h>

/* One value, as it is written. */
typedef struct mig__said {
    const char *name; /* as in the tables; static */
    char *value;
    unsigned line;
} mig__said;

typedef struct mig__sayings {
    mig__said *items; /* in the order of the file */
    size_t count;
    bool bad; /* something was here that is not looked at */
} mig__sayings;

typedef struct mig__raw_account {
    char *users[2];
    mig__sayings sides[2]; /* keys "source-host", "target-password-file", ... without the side */
    mig__sayings options;
    unsigned line;
} mig__raw_account;

typedef struct mig__raw_plan {
    char *version, *accounts_file;
    unsigned version_line;
    bool version_bad;
    mig__sayings sides[2], options;
    mig__raw_account *accounts;
    size_t account_count;
} mig__raw_plan;

/* ---- names.c ---- */

/*
 * An option of an account or of the run that has a place in a plan, by its name; in the header of a list '_' is as good
 * as '-'. NULL: there is none.
 */
const mig_option *mig__plan_option(const char *name);
/* The same of a key of a side: the static name. Some keys are no options, but become the side's URL. */
const char *mig__plan_side_key(const char *name);
/* "source" or "target", and behind the dash the rest of `name`; -1: neither. */
int mig__plan_side_of(const char *name, const char **rest);
/* Is the value of this option, or of this key of a side, a path? */
bool mig__plan_is_path(const char *name, bool of_side);
/* Is this value of an option of a run or an account a path? Not "journal", which --log takes besides. */
bool mig__plan_says_path(const char *name, const char *value);
/* The name nearest to what was written, among those of a side or of options, and then of the others; NULL: none is
 * near. */
const char *mig__plan_nearest(const char *name, bool of_side);

/* ---- raw.c ---- */

/* Keep a value; `name` is static. 0, or -1: no memory. */
int mig__say(mig__sayings *sayings, const char *name, const char *value, unsigned line);
/* The first value of that name, or NULL. */
const mig__said *mig__said_of(const mig__sayings *sayings, const char *name);
void mig__raw_account_clear(mig__raw_account *account);
/* What the lines say that were not found bad. 0, or -1 with MIG_E_NOMEM. Release with mig__raw_plan_clear in any case.
 */
int mig__raw_plan_take(mig__raw_plan *raw, const mig__lines *lines, mig_error *err);
void mig__raw_plan_clear(mig__raw_plan *raw);

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
/* Add an account, of the plan or of the list; the raw values are borrowed. 0, or -1 with MIG_E_NOMEM. */
int mig__plan_account(mig_plan *plan, const mig__raw_plan *raw, const mig__raw_account *account, const char *file,
                      mig_error *err);
/* Tell of accounts that are there twice. */
int mig__plan_check_repeated(mig_plan *plan, mig_error *err);

/* ---- domains.c ---- */

/* 1: a domain has a key of that name, which takes one value; 2: one that takes several; 0: there is none. */
int mig__plan_domain_key(const char *name);
int mig__plan_domain_unknown(mig_plan *plan, unsigned line, const char *name);
/* Take the domains of a plan whose lines were found good. 0, or -1 with MIG_E_NOMEM. */
int mig__plan_domains(mig_plan *plan, const mig__lines *lines, mig_error *err);
void mig__plan_domains_free(mig_plan *plan);

/* ---- newfile.c ---- */

typedef struct mig__plan_place {
    int fd;                /* of a directory */
    const char *directory; /* its name, for messages */
} mig__plan_place;

/* Make the directory (mode 0700) and open it; none of `names` (ends with NULL) may be there. MIG_E_IO, MIG_E_REFUSED.
 */
int mig__plan_open_place(mig__plan_place *place, const char *const *names, mig_error *err);
/* A new file of mode 0600 with this content, on disk. MIG_E_IO, MIG_E_DISK_FULL, MIG_E_REFUSED (it is there). */
int mig__plan_write_new(const mig__plan_place *place, const char *name, const char *text, size_t length,
                        mig_error *err);
int mig__plan_can_not_write(const mig__plan_place *place, const char *name, int errnum, mig_error *err);
/* A cell of CSV in quotes, and what stands behind it. */
void mig__plan_add_cell(mig__buffer *out, const char *text, const char *behind);

/* ---- imapsync.c ---- */

/* A text as a scalar of YAML, in double quotes. */
void mig__plan_add_yaml(mig__buffer *out, const char *text);

/* ---- gather.c ---- */

typedef struct mig__intake {
    char **users;
    size_t user_count;
    char **aliases;     /* address and target, one after the other */
    size_t alias_count; /* pairs */
    size_t left_out;    /* users: system accounts, and those named twice */
} mig__intake;

/* Users out of a list of that kind; `text` is cut up. 0, or -1 with MIG_E_PLAN (names the line), MIG_E_NOMEM. */
int mig__intake_users(mig__intake *out, mig_plan_from from, char *text, size_t length, mig_error *err);
/* Aliases and forwards out of the same administrator's list of them. */
int mig__intake_aliases(mig__intake *out, mig_plan_from from, char *text, size_t length, mig_error *err);
void mig__intake_clear(mig__intake *gathered);

/* ---- accounts.c ---- */

/* Read the list of accounts at plan->accounts_path. Problems go to the plan. */
int mig__plan_accounts(mig_plan *plan, const mig__raw_plan *raw, mig_error *err);

#endif
