/*
 * cli/lookout.h - those who look on while a run over many accounts works: the table, the page in the browser, the file
 * of metrics
 *
 * What the run tells reaches the terminal and the board; what shows the board has threads of its own.
 */
#ifndef CLI_LOOKOUT_H
#define CLI_LOOKOUT_H

#include "cli/metrics.h"
#include "cli/table.h"

typedef struct cli_lookout {
    cli_table *table;
    mig_board *board; /* NULL: nobody looks but who sits at the terminal */
    mig_log log;      /* where events go besides */
    cli_metrics metrics;
    struct mig_live *page; /* NULL: none is served */
} cli_lookout;

/* Can the page that the settings ask for be meant? Before anything begins. 0, or -1 with MIG_E_USAGE. */
int cli_lookout_check(const mig_settings *settings, mig_error *err);

/*
 * Begin what the settings ask for, and give `options` the callbacks; its observer's log is there already. `name` begins
 * lines on standard error. `lookout` and `table` stay in their place until the end. Errors: those of cli_metrics_begin,
 * MIG_E_NOMEM. End it in any case.
 */
int cli_lookout_begin(cli_lookout *lookout, cli_table *table, const mig_settings *settings, const char *name,
                      mig_run_options *options, mig_error *err);

/* The run is over, with this result (NULL: none). 0, or -1 with `err`: something that was kept is not up to date. */
int cli_lookout_end(cli_lookout *lookout, const mig_run_result *result, mig_error *err);

#endif
