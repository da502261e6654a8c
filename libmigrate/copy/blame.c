/* copy/blame.c - is it the line that breaks, or does a message break it? */
#include "copy/blame.h"

bool mig__blame_add(mig__blame *blame, uint64_t place, unsigned breaks)
{
    bool same = blame->points == 0 || (blame->place == place && blame->breaks == breaks);
    blame->points += same ? MIG__BLAME_SAME : MIG__BLAME_OTHER;
    blame->place = place;
    blame->breaks = breaks + 1;
    return blame->points >= MIG__BLAME_MOST;
}
