/* cli/signals.h - SIGINT, SIGTERM and SIGHUP ask the run to stop */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <migrate/stop.h>
#include <stdbool.h>

/*
 * The first signal begins nothing more and leaves a moment to what is under way, the second one ends the run now; each
 * says so on standard error. The third one takes its default action: it ends the process whatever it is busy with.
 * A signal that was ignored when the tool started (nohup, a job in the background) stays ignored. SIGPIPE is ignored:
 * a closed pipe is an error of the write. `stop` must live as long as the process.
 */
void cli_signals_install(mig_stop *stop);

/* Not a word about it: where nothing was begun that could be left half done (a viewer, a question). */
void cli_signals_quiet(bool quiet);

#endif
