/* base/memory.h - how much memory the process took */
#ifndef MIG_BASE_MEMORY_H
#define MIG_BASE_MEMORY_H

#include <stdint.h>

/*
 * The most memory in octets that this program had resident. Taken from /proc/self/status (VmHWM) where there is one:
 * getrusage also counts what the parent had before it became this program. 0: unknown.
 */
uint64_t mig__peak_memory(void);

#endif
