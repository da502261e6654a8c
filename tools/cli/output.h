/*
 * cli/output.h - where results go: standard output, or a file that appears whole or not at all
 *
 * A regular file is written beside its final name and renamed at the end, so that a run that is killed leaves the
 * previous file. It is opened before the work begins: a path that cannot be written is told at once, not hours later.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <migrate/error.h>
#include <stddef.h>
#include <stdio.h>

typedef struct cli_output {
    FILE *file;      /* NULL: not open */
    char *path;      /* as given; NULL: standard output */
    char *temporary; /* NULL: written in place (a device or pipe) */
    int failure;     /* errno of the first write that failed; 0: none */
} cli_output;

#define CLI_OUTPUT_INIT                                                                                                \
    {                                                                                                                  \
        NULL, NULL, NULL, 0                                                                                            \
    }

/* Open `path`; "-" is standard output. Errors: MIG_E_IO, MIG_E_NOMEM. */
int cli_output_open(cli_output *output, const char *path, mig_error *err);

/* A mig_sink_fn; `output` is a cli_output. */
int cli_output_sink(const char *text, size_t length, void *output);

/* A writer that gave up because of the sink: `err` names the file and the reason instead. -1. */
int cli_output_explain(cli_output *output, mig_error *err);

/* Put everything on disk under its final name. Errors: MIG_E_IO, MIG_E_DISK_FULL; the old file is left then. */
int cli_output_commit(cli_output *output, mig_error *err);

/* Give up what is not committed. */
void cli_output_close(cli_output *output);

#endif
