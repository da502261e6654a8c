/*
 * copy/depth.h - how many batches a writer keeps under way, by the line and by what the server needs for one
 */
#ifndef MIG_COPY_DEPTH_H
#define MIG_COPY_DEPTH_H

#include <stddef.h>
#include <stdint.h>

enum {
    MIG__DEPTH_LEAST = 2, /* one that the server works on, and one that is there when that is done */
    MIG__DEPTH_MOST = 6   /* what is under way when a connection breaks has to be looked for */
};

typedef struct mig__depth {
    int64_t line_ms;  /* a question and its answer; -1: not known */
    int64_t batch_ms; /* between two answers, smoothed; 0: none yet */
} mig__depth;

/* An answer came, `ms` after the one before it or, when there was none, after its batch was sent. */
void mig__depth_note(mig__depth *depth, int64_t ms);

/*
 * Pure. The batches to keep under way, MIG__DEPTH_LEAST to MIG__DEPTH_MOST: on a long line as many more as the server
 * finishes while an answer and the next batch cross each other.
 */
size_t mig__depth_batches(const mig__depth *depth);

#endif
