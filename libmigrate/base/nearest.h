/* base/nearest.h - "did you mean": the name nearest to what was typed */
#ifndef MIG_BASE_NEAREST_H
#define MIG_BASE_NEAREST_H

#include <stddef.h>

/* The nearest of `count` names, or NULL when none is near enough to be meant. */
const char *mig__nearest(const char *typed, const char *const *names, size_t count);

#endif
