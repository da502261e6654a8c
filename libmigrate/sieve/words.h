/* sieve/words.h - a script's rules in words, and as filters of Gmail where these are exactly the same: pure */
#ifndef MIG_SIEVE_WORDS_H
#define MIG_SIEVE_WORDS_H

#include "sieve/script.h"
#include <migrate/filters.h>

/* All rules of a script, in order. 0, or -1 with MIG_E_NOMEM. Release with mig__sieve_rules_free in any case. */
int mig__sieve_rules(const mig__sieve_script *script, mig_filter_rule **out, size_t *count, mig_error *err);
void mig__sieve_rules_free(mig_filter_rule *rules, size_t count);

/* One test in words, and one command. */
void mig__sieve_test_words(const mig__sieve_script *script, const mig__sieve_node *test, mig__buffer *out);
void mig__sieve_command_words(const mig__sieve_script *script, const mig__sieve_node *command, mig__buffer *out);

/*
 * The properties of Gmail's filter for an `if` at the top of a script, name and value in turn, added to `pairs` each
 * with a NUL behind. True; false with why in `why`: it has no exact counterpart. False also when memory runs out.
 */
bool mig__sieve_gmail(const mig__sieve_script *script, const mig__sieve_node *rule, mig__buffer *pairs,
                      mig__buffer *why);

#endif
