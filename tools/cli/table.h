/*
 * cli/table.h - how far a run over many accounts is: a table in place on a terminal, plain lines elsewhere
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/progress.h"

#include <migrate/run.h>

typedef struct cli_table {
    cli_terminal *terminal;
    cli_progress one; /* shows a run over one account */
    bool shown, in_place;
    cli_rate rate;       /* over all accounts */
    double last_line;    /* seconds of the run at the last plain summary */
    unsigned char *told; /* of each account: the state that was told last, as a mig_run_state */
    size_t told_count;
} cli_table;

void cli_table_init(cli_table *table, cli_terminal *terminal, mig_progress_mode mode, bool quiet);

/* For mig_run_options.progress; `context` is a cli_table. */
void cli_table_update(const mig_run_progress *progress, void *context);

/* Take the table away and release what it holds. */
void cli_table_end(cli_table *table);

/* "12 done, 4 running, 30 waiting, 2 failed; 1,234/6,000 messages, 3.2 MiB/s, 4 min 10 s left". Returns out. */
char *cli_table_summary(const mig_run_progress *progress, const cli_rate *rate, char *out, size_t size);

/* "  ann@old.example   copy  INBOX  1,234/2,500  3.2 MiB", not wider than `columns`. Returns out. */
char *cli_table_row(const mig_run_account_progress *account, size_t columns, char *out, size_t size);

#endif
