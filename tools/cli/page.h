/*
 * cli/page.h - the page in the browser, where this build has one: begun, told to the person who asked, ended
 *
 * Without libmicrohttpd (MIG_WITH_LIVE not defined) asking for it is an error of usage.
 */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include "cli/terminal.h"

#include <migrate/error.h>
#include <migrate/overview.h>

typedef struct cli_page_options {
    const char *address, *cert_file, *key_file; /* as in mig_live_options */
} cli_page_options;

struct mig_live;

/* 0, or -1 with MIG_E_USAGE. */
int cli_page_check(const cli_page_options *options, mig_error *err);

/* Serve the board, and say on the terminal where; NULL with `err`: those of mig_live_start. */
struct mig_live *cli_page_begin(const cli_page_options *options, mig_board *board, cli_terminal *terminal,
                                mig_error *err);

/* `finish`: the board shows the end, which viewers are to see before the page goes. *page becomes NULL. */
void cli_page_end(struct mig_live **page, bool finish);

#endif
