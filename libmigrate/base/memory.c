/* base/memory.c - arrays that grow, memory for secrets, and how much memory the process took */
#define _GNU_SOURCE /* MADV_DONTDUMP */
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

void *mig__locked_new(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        return NULL;
    }
    (void)madvise(pages, size, MADV_DONTDUMP);
    return pages;
}

/* Of many secrets only what is in use is locked: a page that was never touched holds nothing. */
void mig__locked_hold(void *secret, size_t length)
{
    (void)mlock(secret, length);
}

void mig__locked_free(void *secret, size_t size)
{
    if (secret != NULL) {
        explicit_bzero(secret, size);
        munmap(secret, size);
    }
}
