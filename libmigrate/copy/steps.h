/* copy/steps.h - the steps of a run before the first message is read (copy/run.c), and what each needs before it */
#ifndef MIG_COPY_STEPS_H
#define MIG_COPY_STEPS_H

#include "copy/job.h"

typedef struct mig__step {
    const char *name;
    const char *needs;   /* names of steps that come before it, with blanks between them */
    const char *because; /* why */
    int (*work)(mig__run *run, mig__session **source, mig__session **target, mig_error *err);
} mig__step;

/* In their order; static storage. */
const mig__step *mig__run_steps(size_t *count);

#endif
