/* verify/sample.c - which messages a sample holds */
#include "verify/compare.h"

/* SplitMix64 (Steele, Lea, Flood 2014): every seed gives an evenly spread number. */
static uint64_t mix(uint64_t seed)
{
    uint64_t z = seed + 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

uint64_t mig__sample_seed(uint64_t seed, const char *folder)
{
    for (; *folder; folder++) {
        seed = mix(seed ^ (unsigned char)*folder);
    }
    return mix(seed);
}

bool mig__sample_has(uint64_t folder_seed, uint32_t uid, double percent)
{
    double share = (double)(mix(folder_seed ^ uid) >> 11) / (double)(UINT64_C(1) << 53); /* 0 <= share < 1 */
    return share * 100.0 < percent;
}
