/* base/nearest.c - the name nearest to what was typed */
#include "base/nearest.h"
#include "base/distance.h"
#include <string.h>

enum { FARTHEST = 4 }; /* as many changes make another word of a long one too */

const char *mig__nearest(const char *typed, const char *const *names, size_t count)
{
    size_t bound = strlen(typed) / 3 + 2;
    int least = bound < FARTHEST ? (int)bound : FARTHEST;
    const char *best = NULL;
    for (size_t i = 0; i < count; i++) {
        int away = mig__distance(typed, names[i], least);
        if (away < least) {
            least = away;
            best = names[i];
        }
    }
    return best;
}
