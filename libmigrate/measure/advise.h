/* measure/advise.h - which settings follow from what was measured: a pure function */
#ifndef MIG_MEASURE_ADVISE_H
#define MIG_MEASURE_ADVISE_H

#include <migrate/measure.h>

/* Fill result->settings. 0, or -1 with MIG_E_NOMEM. */
int mig__measure_advise(mig_measure_result *result, mig_error *err);

/* The number behind "SAVELIMIT=" in capabilities joined by blanks; 0: there is none. */
uint64_t mig__measure_number(const char *capabilities, const char *name);

#endif
