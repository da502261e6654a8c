/* reading/hold.c - what is put off again and again beside others that pass, and what breaks connections */
#include "reading/hold.h"

mig__hold mig__hold_of(unsigned put_off, uint64_t messages, bool others_pass, bool weary)
{
    bool soon = weary && others_pass;
    if (messages > 1) {
        return put_off < MIG__HOLD_TOGETHER && !soon ? MIG__HOLD_AGAIN : MIG__HOLD_SPLIT;
    }
    return (put_off < MIG__HOLD_ALONE && !soon) || !others_pass ? MIG__HOLD_AGAIN : MIG__HOLD_LIST;
}

bool mig__blame_add(mig__blame *blame, uint64_t place, unsigned breaks)
{
    bool same = blame->points == 0 || (blame->place == place && blame->breaks == breaks);
    blame->points += same ? MIG__BLAME_SAME : MIG__BLAME_OTHER;
    blame->place = place;
    blame->breaks = breaks + 1;
    return blame->points >= MIG__BLAME_MOST;
}
