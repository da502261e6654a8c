/* cli/thread.h - threads of the tools: signals stay with the first one */
#ifndef CLI_THREAD_H
#define CLI_THREAD_H

#include <migrate/error.h>
#include <pthread.h>

/* 0, or -1 with MIG_E_LIMIT. */
int cli_thread_start(pthread_t *thread, void *(*run)(void *context), void *context, mig_error *err);

void cli_thread_sleep_ms(int ms);

#endif
