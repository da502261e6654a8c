/*
 * copy/hold.h - "later" is believed, but not for ever where others pass
 *
 * A server may put off one message, or one folder, each time and take everything else. Then waiting does not help: a
 * command about several messages is narrowed down to the one, and that is listed. Where nothing passes at all, it is
 * the account that is put off, and waiting is right.
 */
#ifndef MIG_COPY_HOLD_H
#define MIG_COPY_HOLD_H

#include "copy/job.h"

typedef enum mig__hold {
    MIG__HOLD_AGAIN, /* the same once more, after a pause */
    MIG__HOLD_SPLIT, /* in halves */
    MIG__HOLD_LIST   /* it is this one */
} mig__hold;

enum {
    MIG__HOLD_TOGETHER = 2, /* times that several are put off before they are asked for in halves */
    MIG__HOLD_ALONE = 4,    /* times that one is, with those before it stood alone */
    MIG__HOLD_FOLDER = 3    /* messages of a folder in a row, after which it is the folder */
};

/*
 * Pure: put off for the `put_off`th time, so many messages; `others_pass`: others did since, or there are none left;
 * `weary`: the patience is over.
 */
mig__hold mig__hold_of(unsigned put_off, uint64_t messages, bool others_pass, bool weary);

typedef struct mig__held {
    mig__hold hold;
    bool others; /* pass: a pause need not grow because of this one */
} mig__held;

/* The same for messages that were first sent when `then` had passed on that side, and are put off with `why`. Locks. */
mig__held mig__hold_decide(mig__run *run, mig_side side, unsigned put_off, uint64_t messages, uint64_t then,
                           const mig_error *why);

/* A message passed on that side. [lock] */
void mig__hold_passed(mig__run *run, mig__folder_job *job, mig_side side);
/* How many did so far. Locks. */
uint64_t mig__hold_count(mig__run *run, mig_side side);
/* A message was listed since it is put off each time. True: so many in a row that it is the folder. Locks. */
bool mig__hold_listed(mig__run *run, mig__folder_job *job, mig_side side);

#endif
