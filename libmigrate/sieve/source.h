/* sieve/source.h - the scripts of the source, see source.c */
#ifndef MIG_SIEVE_SOURCE_H
#define MIG_SIEVE_SOURCE_H

#include "sieve/work.h"

/* Read all that the source lists into the result. A script that cannot be read has its error; -1 ends the account. */
int mig__sieve_source_read(mig__sieve_work *work, mig_error *err);

/* Judge each, and sort them so that what is included comes first. */
int mig__sieve_source_judge(mig__sieve_work *work, mig_error *err);

#endif
