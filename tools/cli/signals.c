#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

static mig_stop *stop_asked; /* a signal handler has no other way to know it */

static void on_signal(int number)
{
    static const char first[] = "\nStopping as soon as nothing is left half done; once more stops now.\n";
    static const char second[] = "\nStopping now; the next run sorts out what was in flight.\n";
    const int saved = errno;
    (void)number;
    mig_stop_request(stop_asked);
    const bool now = mig_stop_level(stop_asked) > 1;
    const ssize_t written = write(STDERR_FILENO, now ? second : first, now ? sizeof second - 1 : sizeof first - 1);
    (void)written; /* nobody to tell */
    errno = saved;
}

void cli_signals_install(mig_stop *stop)
{
    static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    stop_asked = stop;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof stopping / sizeof stopping[0]; i++) {
        struct sigaction old;
        if (sigaction(stopping[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(stopping[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
}
