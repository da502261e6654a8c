/* run/mend.h - what the steps of a run and mending share */
#ifndef MIG_RUN_MEND_H
#define MIG_RUN_MEND_H

#include <migrate/run.h>

/* How to verify what was copied by these options; depth, sample and so on are chosen otherwise. */
mig_verify_options mig__verify_as_copied(const mig_verify_options *chosen, const mig_copy_options *copied);

#endif
