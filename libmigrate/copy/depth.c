/* copy/depth.c - how many batches a writer keeps under way, by the line and by what the server needs for one */
#include "copy/depth.h"

enum { FIRST_MS = 20 }; /* what a server needs for the small batches that a run begins with */

void mig__depth_note(mig__depth *depth, int64_t ms)
{
    int64_t took = ms > 0 ? ms : 1;
    depth->batch_ms = depth->batch_ms == 0 ? took : (3 * depth->batch_ms + took + 2) / 4;
}

size_t mig__depth_batches(const mig__depth *depth)
{
    int64_t line = depth->line_ms > 0 ? depth->line_ms : 0;
    int64_t more = line / (depth->batch_ms > 0 ? depth->batch_ms : FIRST_MS);
    return more < MIG__DEPTH_MOST - MIG__DEPTH_LEAST ? MIG__DEPTH_LEAST + (size_t)more : MIG__DEPTH_MOST;
}
