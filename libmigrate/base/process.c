#include "base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* The variables for the command. The strings are borrowed. */
static char **variables(void)
{
    size_t count = 0, kept = 0;
    char **copy;

    while (environ[count])
        count++;
    copy = malloc((count + 1) * sizeof *copy);
    if (!copy)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "MAILMIGRATE_", 12) != 0)
            copy[kept++] = environ[i];
    }
    copy[kept] = NULL;
    return copy;
}

static int prepare(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions, int in, int out, int errors)
{
    sigset_t none, all;
    int status;

    sigemptyset(&none);
    sigfillset(&all);
    status =
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!status)
        status = posix_spawnattr_setpgroup(attributes, 0);
    if (!status)
        status = posix_spawnattr_setsigmask(attributes, &none);
    if (!status)
        status = posix_spawnattr_setsigdefault(attributes, &all);
    if (!status)
        status = posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO);
    if (!status)
        status = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
    if (!status)
        status = posix_spawn_file_actions_adddup2(actions, errors, STDERR_FILENO);
    return status;
}

int mig__process_spawn(pid_t *pid, const char *command, int in, int out, int errors)
{
    char *const arguments[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)command, NULL};
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    char **environment = variables();
    int status;

    if (!environment)
        return ENOMEM;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    status = prepare(&attributes, &actions, in, out, errors);
    if (!status)
        status = posix_spawn(pid, "/bin/sh", &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(environment);
    return status;
}

int mig__process_lift(int *fd)
{
    int high;

    if (*fd > STDERR_FILENO)
        return 0;
    high = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (high < 0)
        return -1;
    close(*fd);
    *fd = high;
    return 0;
}
