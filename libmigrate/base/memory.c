/* base/memory.c - arrays that grow, and how much memory the process took */
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

uint64_t mig__peak_memory(void)
{
    char line[256];
    unsigned long long kibibytes = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && kibibytes == 0 && fgets(line, sizeof line, status) != NULL) {
        sscanf(line, "VmHWM: %llu kB", &kibibytes);
    }
    if (status != NULL) {
        fclose(status);
    }
    struct rusage usage;
    if (kibibytes == 0 && getrusage(RUSAGE_SELF, &usage) == 0) {
        kibibytes = (unsigned long long)usage.ru_maxrss;
    }
    return kibibytes * 1024;
}

void *mig__grow(void *array, size_t count, size_t size, mig_error *err)
{
    if (count > 0 && (count & (count - 1)) != 0) {
        return array;
    }
    size_t room = count == 0 ? 1 : 2 * count;
    void *grown = room > SIZE_MAX / size ? NULL : realloc(array, room * size);
    if (grown == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return grown;
}
