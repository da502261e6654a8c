/*
 * cli/log.h - where the library's events go: a file of JSON lines or the journal, and standard error
 *
 * When the file cannot be written any more (a full disk), the run is asked to stop, and cli_log_close tells why.
 */
#ifndef CLI_LOG_H
#define CLI_LOG_H

#include "cli/terminal.h"

#include <migrate/error.h>
#include <migrate/log.h>
#include <migrate/stop.h>
#include <stdatomic.h>

typedef struct cli_log {
    cli_terminal *terminal;
    mig_stop *stop;
    mig_log_level terminal_level;
    mig_log_level file_level;
    int fd;             /* -1: no file */
    bool journal;       /* systemd's, instead of a file */
    bool summary;       /* a summary follows on the terminal: what it lists is not said here as well */
    atomic_int failure; /* errno of the first write that failed */
} cli_log;

#define CLI_LOG_INIT                                                                                                   \
    {                                                                                                                  \
        NULL, NULL, MIG_LOG_WARNING, MIG_LOG_INFO, -1, false, false, 0                                                 \
    }

/* Append to `path`, made with mode 0600; "journal": systemd's; NULL: nowhere. Errors: MIG_E_IO, MIG_E_DISK_FULL,
 * MIG_E_USAGE. */
int cli_log_open(cli_log *log, const char *path, mig_error *err);

/* The log for the library; `log` must outlive its use. */
mig_log cli_log_for_library(cli_log *log);

/* Errors: MIG_E_IO, MIG_E_DISK_FULL when a line was lost. */
int cli_log_close(cli_log *log, mig_error *err);

#endif
