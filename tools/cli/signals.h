/* cli/signals.h - SIGINT, SIGTERM and SIGHUP ask the run to stop */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <migrate/stop.h>

/*
 * The first signal ends the run after the batch in flight, the second one ends it now; each says so on standard error.
 * A signal that was ignored when the tool started (nohup, a job in the background) stays ignored. SIGPIPE is ignored:
 * a closed pipe is an error of the write. `stop` must live as long as the process.
 */
void cli_signals_install(mig_stop *stop);

#endif
