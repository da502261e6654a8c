/* cli/signals.c - SIGINT, SIGTERM and SIGHUP ask the run to stop; the third one ends the process */
#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* A signal handler has no other way to know these. */
static mig_stop *stop_asked;
static volatile sig_atomic_t quietly, times;

static void say(const char *text)
{
    const ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written; /* nobody to tell */
}

static void on_signal(int number)
{
    const int saved = errno;
    if (times >= 2) { /* whatever the process is busy with: the default action, once the handler returns */
        signal(number, SIG_DFL);
        raise(number);
    } else {
        times++;
        mig_stop_request(stop_asked);
        if (!quietly) {
            say(times > 1 ? "\nStopping now; the next run sorts out what was in flight. Once more ends it at once.\n"
                          : "\nStopping: what is under way has a second to end; once more stops now.\n");
        }
    }
    errno = saved;
}

void cli_signals_install(mig_stop *stop)
{
    static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    stop_asked = stop;
    times = 0;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof stopping / sizeof stopping[0]; i++) {
        struct sigaction old;
        if (sigaction(stopping[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
            sigaction(stopping[i], &action, NULL);
        }
    }
    signal(SIGPIPE, SIG_IGN);
}

void cli_signals_quiet(bool quiet)
{
    quietly = quiet;
}
