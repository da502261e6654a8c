/* base/process.h - commands of the user: run by /bin/sh, without our secrets and signal masks, and to an end */
#ifndef MIG_BASE_PROCESS_H
#define MIG_BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Start `command` by /bin/sh -c in a process group of its own, with these descriptors as its standard input, output and
 * error (each above 2: mig__process_lift), default signal handling, and our environment less MAILMIGRATE_* (passwords).
 * Returns 0 or an errno. The caller reaps.
 */
int mig__process_spawn(pid_t *pid, const char *command, int in, int out, int errors);

/* Move a descriptor above 2, so that setting up 0, 1 and 2 cannot overwrite it. 0, or -1 with errno set. */
int mig__process_lift(int *fd);

/* Two ends that no other command inherits, both above 2. 0, or -1 with errno set and none is open. */
int mig__process_pipe(int ends[2]);

/* Wait for it to end, until a time (base/clock.h). *status is waitpid's, -1: unknown. False: it runs still. */
bool mig__process_wait(pid_t pid, int64_t until, int *status);
/* The exit status as a shell gives it: 128 and the signal when one ended it; 0 when it is unknown. */
int mig__process_exit(int status);

/* The newest octets of what a command says on its standard error. */
typedef struct mig__last_words {
    char text[1024];
    size_t length;
} mig__last_words;

void mig__last_words_add(mig__last_words *words, const char *text, size_t length);
/* The last line that is not blank, not ended by a NUL. */
const char *mig__last_words_line(const mig__last_words *words, size_t *length);

/* A command that is run to its end. */
typedef struct mig__process {
    const char *command;
    const char *input; /* what it reads; NULL: nothing */
    size_t input_length;
    char *output; /* room for what it writes; NULL: that goes where ours goes, and its errors too */
    size_t output_size;
    int64_t timeout_ms; /* then it is killed, with all that it started */

    size_t output_length; /* what does not fit is dropped */
    mig__last_words words;
    bool timed_out;
    int status; /* of waitpid; -1: unknown */
} mig__process;

/* Run it. 0, or an errno: it could not be started. */
int mig__process_run(mig__process *process);

#endif
