/* cli/thread.c - threads of the tools: signals stay with the first one */
#include "cli/thread.h"

#include <signal.h>
#include <time.h>

int cli_thread_start(pthread_t *thread, void *(*run)(void *context), void *context, mig_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int problem = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return problem == 0 ? 0 : mig_error_errno(err, MIG_E_LIMIT, problem, "a thread cannot be started");
}

void cli_thread_sleep_ms(int ms)
{
    const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}
