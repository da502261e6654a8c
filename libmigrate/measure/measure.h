/* measure/measure.h - the parts of a measurement (within measure/) */
#ifndef MIG_MEASURE_MEASURE_H
#define MIG_MEASURE_MEASURE_H

#include "account/account.h"
#include "base/buffer.h"
#include <migrate/measure.h>

typedef struct mig__measure {
    const mig_measure_options *options;
    mig__account account;
    mig__session *session; /* the first one */
    mig_measure_result *result;
} mig__measure;

/* ---- ask.c ---- */

/* ID, NAMESPACE, quota, and five round trips. 0, or -1: the session failed. */
int mig__measure_ask(mig__measure *m, mig_error *err);

/* ---- rates.c ---- */

/* How fast mail that is there comes, up to 2 MB, with nothing changed. 0; -1: the session failed. */
int mig__measure_fetch(mig__measure *m, mig_error *err);

/* The same with a folder that is made, filled, read, and removed in any case. 0; -1: the session failed. */
int mig__measure_write(mig__measure *m, mig_error *err);

#endif
