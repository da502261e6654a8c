/* base/distance.h - how far apart two words are: for "did you mean ...?" */
#ifndef MIG_BASE_DISTANCE_H
#define MIG_BASE_DISTANCE_H

/* How many single changes (one put in, left out, replaced, two swapped) lead from one to the other, `most` at most. */
int mig__distance(const char *a, const char *b, int most);

#endif
