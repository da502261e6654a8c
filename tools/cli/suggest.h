/* cli/suggest.h - "did you mean": the name nearest to what was typed */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

/* The nearest of `count` names, or NULL when none is near enough to be meant. */
const char *cli_suggest(const char *typed, const char *const *names, size_t count);

#endif
