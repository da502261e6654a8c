/* copy/result.h - filling a mig_copy_result while the run goes on; not thread-safe, the caller holds the run's lock */
#ifndef MIG_COPY_RESULT_H
#define MIG_COPY_RESULT_H

#include <migrate/copy.h>

mig_copy_result *mig__result_new(const char *source_label, const char *target_label, size_t folders, mig_error *err);

/* List a problem. `failed` as in mig_problem. Out of memory loses the text, never the count. */
void mig__result_problem(mig_account_result *account, const char *folder, uint32_t uid, bool failed,
                         const mig_error *error);

/* Forget folders and problems: the map is made anew. */
void mig__result_clear_account(mig_account_result *account);

/* Add the folders up, and derive status and exit status from them, the problems and the account's error. */
void mig__result_finish(mig_copy_result *result);

#endif
