/* status/overview.h - overviews made of a run's progress and of state files: pure, but for memory (within status/) */
#ifndef MIG_STATUS_OVERVIEW_H
#define MIG_STATUS_OVERVIEW_H

#include <migrate/overview.h>

/*
 * What was known becomes what `progress` says: the accounts are those of before (or none were known yet), and keep
 * their names. Sums are made anew; version, problems and curve are left to the caller. 0, or -1: out of memory.
 */
int mig__overview_of_run(mig_overview *overview, const mig_run_progress *progress, int64_t now);

/* How the accounts of a run ended. */
void mig__overview_of_result(mig_overview *overview, const mig_run_result *result, int64_t now);

/* All of it from states, into an empty overview. 0, or -1: out of memory (release what is there all the same). */
int mig__overview_of_states(mig_overview *overview, const mig_standing_account *accounts, size_t count, int64_t now);

void mig__overview_clear(mig_overview *overview);

#endif
