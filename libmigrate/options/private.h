/*
 * options/private.h - what was said, as it was said: the texts behind a mig_settings, each with where it stands
 */
#ifndef MIG_OPTIONS_PRIVATE_H
#define MIG_OPTIONS_PRIVATE_H

#include "options/table.h"

/* The values of one option, for one side if it is a side's; all of one level. */
typedef struct mig__slot {
    const mig__option *row;
    int side;     /* 0 unless it is a side's */
    char **texts; /* at least one; ends with a NULL */
    size_t count;
    mig_origin from; /* of the first */
} mig__slot;

typedef struct mig__settings {
    mig_settings is;  /* the first member: a mig_settings * is one of these */
    mig__slot *slots; /* of what was said, in the order in which it came first */
    size_t slot_count;
    mig_settings_part part; /* that it was finished for */
    mig_origin home; /* of the account in a plan; file NULL: there is none */
    mig_secret *secrets[2];
    mig_oauth2 *oauth2[2];
    mig_secret *proxy;
    char *state_path; /* made by mig_settings_place; NULL: as it was said */
} mig__settings;

static inline mig__settings *mig__own(mig_settings *settings)
{
    return (mig__settings *)settings;
}

/* What was said of an option by its whole name; NULL: nothing. */
const mig__slot *mig__slot_of(const mig__settings *own, const char *name);

/* ---- apply.c ---- */

/* Write what was said to its places, forgetting what was there. Of what proves who logs in, the highest level counts.
 */
void mig__settings_apply(mig__settings *own);

/* ---- faults, for finish.c and sides.c ---- */

typedef struct mig__finishing {
    mig__settings *own;
    mig_settings_part part;
    mig_fault_fn *tell;
    void *context;
    mig_error *err;
    bool faulty;
    const char *dash; /* before a name: "--", or nothing in a plan */
} mig__finishing;

/* Tell of a fault; `names` are those options that it is about, the first that was said is where it stands; ends with
 * NULL. Returns -1. */
int mig__fault(mig__finishing *f, const mig_error *fault, const char *const *names);

/* ---- sides.c ---- */

/* Complete an endpoint by what was said of its side, or make its store. 0, or -1: it is faulty, or no memory. */
int mig__finish_side(mig__finishing *f, int side);

#endif
