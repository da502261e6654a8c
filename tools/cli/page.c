/* cli/page.c - the page in the browser, where this build has one: begun, told to the person who asked, ended */
#include "cli/page.h"

#ifdef MIG_WITH_LIVE

#include <migrate/live.h>
#include <string.h>

static mig_live_options options_of(const cli_page_options *options, mig_board *board)
{
    mig_live_options out = MIG_LIVE_OPTIONS_INIT;
    out.board = board;
    out.address = options->address;
    out.cert_file = options->cert_file;
    out.key_file = options->key_file;
    return out;
}

int cli_page_check(const cli_page_options *options, mig_error *err)
{
    const mig_live_options live = options_of(options, NULL);
    return mig_live_check(&live, err);
}

/* The address holds the token: it is told here once, and stands in no log. */
mig_live *cli_page_begin(const cli_page_options *options, mig_board *board, cli_terminal *terminal, mig_error *err)
{
    char url[MIG_LIVE_URL], line[MIG_LIVE_URL + 32];
    const mig_live_options live = options_of(options, board);
    mig_live *page = mig_live_start(&live, err);
    if (page) {
        snprintf(line, sizeof line, "live page: %s", mig_live_url(page, url, sizeof url));
        cli_terminal_message(terminal, line);
        explicit_bzero(url, sizeof url);
        explicit_bzero(line, sizeof line);
    }
    return page;
}

void cli_page_end(mig_live **page, bool finish)
{
    if (*page && finish) {
        mig_live_finish(*page);
    }
    mig_live_stop(page);
}

#else

int cli_page_check(const cli_page_options *options, mig_error *err)
{
    (void)options;
    return mig_error_set(err, MIG_E_USAGE, "this build has no page for the browser");
}

struct mig_live *cli_page_begin(const cli_page_options *options, mig_board *board, cli_terminal *terminal,
                                mig_error *err)
{
    (void)board;
    (void)terminal;
    cli_page_check(options, err);
    return NULL;
}

void cli_page_end(struct mig_live **page, bool finish)
{
    (void)page;
    (void)finish;
}

#endif
