/* domain/questions.h - all that was asked and answered: the facts that judges see, and finding out those that are
 * missing */
#ifndef MIG_DOMAIN_QUESTIONS_H
#define MIG_DOMAIN_QUESTIONS_H

#include "domain/facts.h"
#include <migrate/domain.h>

typedef struct mig__questions mig__questions;

/* `options` must outlive it. NULL: MIG_E_USAGE, MIG_E_IO, MIG_E_NOMEM. */
mig__questions *mig__questions_new(const mig_domain_options *options, mig_error *err);
void mig__questions_free(mig__questions **questions);

/* What judges ask. What is not known is noted. */
mig__facts mig__questions_facts(mig__questions *questions);

/* Find out all that was noted, at once. How many there were; -1 with MIG_E_NOMEM. When asked to stop, it all times out.
 */
int mig__questions_answer(mig__questions *questions, mig_error *err);

/* Who answers those to the resolver; how much was asked and probed so far. */
const char *mig__questions_resolver(const mig__questions *questions);
void mig__questions_count(const mig__questions *questions, size_t *asked, size_t *probes);

#endif
