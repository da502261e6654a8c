/* base/distance.c - Damerau and Levenshtein's distance, given up beyond a bound */
#include "base/distance.h"
#include <stdbool.h>
#include <string.h>

int mig__distance(const char *a, const char *b, int most)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    if (*a == '\0' || *b == '\0') {
        size_t rest = strlen(a) + strlen(b);
        return rest < (size_t)most ? (int)rest : most;
    }
    if (most <= 1) {
        return most;
    }
    bool swapped = a[0] == b[1] && a[1] == b[0];
    int best = swapped ? mig__distance(a + 2, b + 2, most - 1) : mig__distance(a + 1, b + 1, most - 1);
    int other = mig__distance(a + 1, b, most - 1);
    best = other < best ? other : best;
    other = mig__distance(a, b + 1, most - 1);
    return 1 + (other < best ? other : best);
}
