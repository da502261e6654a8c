/* base/process.h - commands of the user: run by /bin/sh, without our secrets and signal masks */
#ifndef MIG_BASE_PROCESS_H
#define MIG_BASE_PROCESS_H

#include <sys/types.h>

/*
 * Start `command` by /bin/sh -c in a process group of its own, with these descriptors as its standard input, output and
 * error (each above 2: mig__process_lift), default signal handling, and our environment less MAILMIGRATE_* (passwords).
 * Returns 0 or an errno. The caller reaps.
 */
int mig__process_spawn(pid_t *pid, const char *command, int in, int out, int errors);

/* Move a descriptor above 2, so that setting up 0, 1 and 2 cannot overwrite it. 0, or -1 with errno set. */
int mig__process_lift(int *fd);

#endif
