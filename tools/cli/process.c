/* cli/process.c - what a tool arranges for its own process before anything else */
#include "cli/process.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Started with a standard descriptor closed, the next open() would be taken for standard output. */
static void hold_standard_descriptors(void)
{
    int fd = -1;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) {
        close(fd);
    }
}

void cli_process_prepare(void)
{
    hold_standard_descriptors();
    signal(SIGXFSZ, SIG_IGN); /* beyond the limit of file sizes a write fails, as on a full disk, and is told */
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    /*
     * glibc gives every thread an arena of its own and, after the first large block was freed, keeps blocks up to
     * 32 MiB in them (its threshold is dynamic). With messages passing through a dozen threads that alone would break
     * the bound on peak memory. Two arenas are enough here, and blocks of 128 KiB and more go back when freed.
     */
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}
