/* domain/verdict.h - a list of verdicts that grows */
#ifndef MIG_DOMAIN_VERDICT_H
#define MIG_DOMAIN_VERDICT_H

#include "domain/answer.h"
#include <migrate/domain.h>

typedef struct mig__verdicts {
    mig_domain_check *checks;
    size_t count;
    bool failed; /* out of memory */
} mig__verdicts;

/*
 * Add one; the text is made inert. The functions below add to the last one, so that a judge reads as a sentence. After
 * a lack of memory all of them do nothing.
 */
void mig__verdict(mig__verdicts *list, const char *check, const char *subject, mig_verdict verdict, const char *format,
                  ...) MIG_PRINTF(5, 6);
void mig__verdict_rule(mig__verdicts *list, const char *rule);
void mig__verdict_advise(mig__verdicts *list, const char *format, ...) MIG_PRINTF(2, 3);
void mig__verdict_publish(mig__verdicts *list, const char *format, ...) MIG_PRINTF(2, 3); /* one line more */
void mig__verdict_server(mig__verdicts *list, const char *server);
void mig__verdict_saw(mig__verdicts *list, const char *format, ...) MIG_PRINTF(2, 3); /* one line more */

/* All records of the answer, with the name in front, and who gave it. */
void mig__verdict_answer(mig__verdicts *list, const char *name, const mig__answer *answer);

void mig__verdicts_clear(mig__verdicts *list);

#endif
