/* net/tunnel.c - a command, a socket pair, and the command's last words */
#include "net/tunnel.h"
#include "base/clock.h"
#include "base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 500 /* to end by itself, and then after SIGTERM */

struct mig__tunnel {
    pid_t pid;
    bool reaped;
    int status; /* of waitpid, when reaped by us; -1: unknown */
    int errors; /* standard error of the command, non-blocking; -1: it was closed */
    mig__last_words words;
};

mig__tunnel *mig__tunnel_start(const char *command, int *fd, mig_error *err)
{
    mig__tunnel *tunnel = calloc(1, sizeof *tunnel);
    int pair[2] = {-1, -1}, errors[2] = {-1, -1};
    int status;

    if (tunnel == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory while starting the tunnel command");
        return NULL;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || mig__process_lift(&pair[1]) != 0 ||
        mig__process_pipe(errors) != 0 || fcntl(errors[0], F_SETFL, O_NONBLOCK) != 0) {
        mig_error_errno(err, MIG_E_IO, errno, "starting the tunnel command");
        goto fail;
    }
    status = mig__process_spawn(&tunnel->pid, command, pair[1], pair[1], errors[1]);
    if (status) {
        mig_error_errno(err, MIG_E_IO, status, "starting the tunnel command by /bin/sh");
        goto fail;
    }
    close(pair[1]);
    close(errors[1]);
    tunnel->errors = errors[0];
    tunnel->status = -1;
    *fd = pair[0];
    return tunnel;

fail:
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0) {
            close(pair[i]);
        }
        if (errors[i] >= 0) {
            close(errors[i]);
        }
    }
    free(tunnel);
    return NULL;
}

int mig__tunnel_fd(const mig__tunnel *tunnel)
{
    return tunnel->errors;
}

void mig__tunnel_listen(mig__tunnel *tunnel)
{
    char piece[512];

    while (tunnel->errors >= 0) {
        ssize_t n = read(tunnel->errors, piece, sizeof piece);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        }
        if (n <= 0) {
            close(tunnel->errors);
            tunnel->errors = -1;
            return;
        }
        mig__last_words_add(&tunnel->words, piece, (size_t)n);
    }
}

/* Waits up to `ms` for the command to end. */
static bool reap(mig__tunnel *tunnel, int64_t ms)
{
    tunnel->reaped = tunnel->reaped || mig__process_wait(tunnel->pid, mig__now_ms() + ms, &tunnel->status);
    return tunnel->reaped;
}

void mig__tunnel_explain(mig__tunnel *tunnel, mig_error *err)
{
    const char *words;
    size_t length;

    if (err == NULL || err->code != MIG_E_CLOSED) {
        return;
    }
    if (reap(tunnel, GRACE_MS) && tunnel->status >= 0) {
        if (WIFEXITED(tunnel->status)) {
            mig_error_set(err, MIG_E_CLOSED, "the tunnel command ended with status %d", WEXITSTATUS(tunnel->status));
        } else if (WIFSIGNALED(tunnel->status)) {
            mig_error_set(err, MIG_E_CLOSED, "the tunnel command was ended by signal %d", WTERMSIG(tunnel->status));
        }
    }
    mig__tunnel_listen(tunnel);
    words = mig__last_words_line(&tunnel->words, &length);
    if (length) {
        mig_error_server(err, words, length);
    }
    mig_error_hint(err, "try the command by hand: it must speak IMAP at once, without asking for anything");
}

void mig__tunnel_close(mig__tunnel **tunnel)
{
    if (*tunnel == NULL) {
        return;
    }
    if (!reap(*tunnel, GRACE_MS)) {
        kill(-(*tunnel)->pid, SIGTERM);
        if (!reap(*tunnel, GRACE_MS)) {
            kill(-(*tunnel)->pid, SIGKILL);
            (void)reap(*tunnel, 10 * GRACE_MS);
        }
    }
    if ((*tunnel)->errors >= 0) {
        close((*tunnel)->errors);
    }
    free(*tunnel);
    *tunnel = NULL;
}
