/*
 * cli/progress.h - how far a run is: one line in place on a terminal, a plain line every 30 seconds elsewhere
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/terminal.h"

#include <migrate/options.h>

/* The pace over the last seconds: samples half a second apart, the oldest dropped. */
#define CLI_RATE_SAMPLES 20
typedef struct cli_rate {
    struct {
        double seconds;
        uint64_t messages, bytes;
    } samples[CLI_RATE_SAMPLES];
    size_t count, newest;
} cli_rate;

void cli_rate_add(cli_rate *rate, const mig_progress *progress);

/* Messages and octets a second over the samples held; false when there are not enough to tell. */
bool cli_rate_now(const cli_rate *rate, double *messages, double *bytes);

/* "INBOX  1,234/2,500 messages, 3.2 MiB, 1.1 MiB/s, 42 s left", not wider than `columns`. Returns out. */
char *cli_progress_line(const mig_progress *progress, const cli_rate *rate, size_t columns, char *out, size_t size);

/* "u1@old: copying INBOX: 1,234 of 2,500 messages (49%), ...", for logs. Returns out. */
char *cli_progress_plain(const mig_progress *progress, const cli_rate *rate, char *out, size_t size);

typedef struct cli_progress {
    cli_terminal *terminal;
    bool shown, in_place;
    cli_rate rate;
    double last_line; /* seconds of the run at which the last plain line was written; a short run has none */
    char last_phase[32];
} cli_progress;

void cli_progress_init(cli_progress *progress, cli_terminal *terminal, mig_progress_mode mode, bool quiet);

/* For mig_copy_options.progress; `context` is a cli_progress. */
void cli_progress_update(const mig_progress *progress, void *context);

#endif
