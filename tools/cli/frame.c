/*
 * cli/frame.c - what every tool that speaks to servers does around its work: process, terminal, log, stopping,
 * progress, and the exit status
 */
#include "cli/frame.h"

#include "cli/complain.h"
#include "cli/process.h"
#include "cli/signals.h"

void cli_frame_begin(cli_frame *frame, const char *name, mig_stop *stop)
{
    *frame = (cli_frame){.name = name, .stop = stop, .log = CLI_LOG_INIT};
    cli_process_prepare();
    cli_terminal_init(&frame->terminal, stderr);
    frame->log.terminal = &frame->terminal;
    frame->log.stop = stop;
}

int cli_frame_log(cli_frame *frame, const mig_settings *options, mig_error *err)
{
    frame->log.terminal_level = cli_options_terminal_level(options);
    frame->log.file_level = cli_options_file_level(options);
    cli_signals_install(frame->stop);
    return cli_log_open(&frame->log, options->log_path, err);
}

void cli_frame_watch(cli_frame *frame, const mig_settings *options)
{
    cli_progress_init(&frame->progress, &frame->terminal, options->progress, options->quiet);
}

void cli_frame_complain_of(const cli_frame *frame, const mig_error *error)
{
    if (error->code != MIG_OK && error->code != MIG_E_INTERRUPTED) {
        cli_complain(frame->name, error);
    }
}

int cli_frame_end(cli_frame *frame, int status, mig_error *err)
{
    if (status < 0) {
        status = cli_complain(frame->name, err);
    }
    if (cli_log_close(&frame->log, err) != 0) {
        status = cli_complain(frame->name, err);
    }
    cli_terminal_destroy(&frame->terminal);
    return status;
}
