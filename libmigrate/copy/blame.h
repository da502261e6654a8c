/*
 * copy/blame.h - is it the line that breaks, or does a message break it?
 *
 * What speaks against the message is that it happens again at the same place of it, and to no other connection
 * meanwhile. A break somewhere else in it is what a bad line does, and counts little; but it counts, so that no message
 * holds up its account for ever.
 */
#ifndef MIG_COPY_BLAME_H
#define MIG_COPY_BLAME_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MIG__BLAME_SAME = 3,
    MIG__BLAME_OTHER = 1,
    MIG__BLAME_MOST = 12 /* four times at the same place, ten times at other ones */
};

typedef struct mig__blame { /* of one message; zeroed: none */
    unsigned points;
    uint64_t place;  /* how much of it had passed when a connection broke on it last */
    unsigned breaks; /* connections of that side that had broken by then, with that one */
} mig__blame;

/* A connection broke at that place of the message, `breaks` did before in this run. True: the message is to blame. */
bool mig__blame_add(mig__blame *blame, uint64_t place, unsigned breaks);

#endif
