/*
 * run/tempo.h - how many accounts are worked on at once, from how fast it goes; pure
 *
 * More accounts at once help while somebody waits for a line or a disk, and harm where a processor or a server is full.
 * Nobody knows beforehand which it is: so it is tried. The number goes up as long as that brings more, back when it
 * brought nothing, and down at once when a server says that it is too much.
 */
#ifndef MIG_RUN_TEMPO_H
#define MIG_RUN_TEMPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MIG__MESSAGE_OCTETS = 8192 }; /* a message costs about as much as so much more of it */

typedef struct mig__tempo {
    size_t now;  /* accounts at once */
    size_t most; /* never more than these */
    bool fixed;  /* the user said how many */

    /* Since `now` was chosen: */
    double since;  /* seconds of any clock */
    uint64_t work; /* what was done, in octets' worth */
    size_t ended;  /* accounts */

    size_t before;      /* what `now` was before it was raised; 0: it was not */
    double rate_before; /* of work, at `before` */
    size_t quiet;       /* accounts that are to end before it is raised again */
    size_t deaf;        /* accounts that were under way when a server complained: theirs is the same complaint */
} mig__tempo;

/* `jobs`: what the user said; 0: find out. */
void mig__tempo_begin(mig__tempo *tempo, int jobs, size_t most, double seconds);

/*
 * An account ended, on which so much was done: `octets` in `messages` (both 0: a login and a look). `complaints`: how
 * often its servers said that they are busy.
 */
void mig__tempo_add(mig__tempo *tempo, uint64_t octets, uint64_t messages, unsigned complaints, double seconds);

#endif
