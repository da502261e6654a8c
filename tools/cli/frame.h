/*
 * cli/frame.h - what every tool that speaks to servers does around its work: process, terminal, log, stopping,
 * progress, and the exit status
 */
#ifndef CLI_FRAME_H
#define CLI_FRAME_H

#include "cli/log.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <migrate/stop.h>

typedef struct cli_frame {
    const char *name; /* of the tool: begins its lines on standard error */
    mig_stop *stop;
    cli_terminal terminal;
    cli_log log;
    cli_progress progress; /* after cli_frame_watch */
} cli_frame;

/* The first thing that a tool does. `stop` must live as long as the process: a signal can come at any time. */
void cli_frame_begin(cli_frame *frame, const char *name, mig_stop *stop);

/*
 * The options are there: log as they say. From here on signals ask the work to stop, also while a person is waited for.
 * Errors: MIG_E_IO.
 */
int cli_frame_log(cli_frame *frame, const mig_settings *options, mig_error *err);

/* Before the library is called for one account: makes `progress` ready. */
void cli_frame_watch(cli_frame *frame, const mig_settings *options);

/* One line on standard error for what ended an account early, unless that was a person who wanted it to. */
void cli_frame_complain_of(const cli_frame *frame, const mig_error *error);

/*
 * The last thing. `status` below 0 stands for `err`, which is told. Returns the exit status, which is another one when
 * the log could not be written.
 */
int cli_frame_end(cli_frame *frame, int status, mig_error *err);

#endif
