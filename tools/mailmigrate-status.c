/* mailmigrate-status - look at a run from another terminal; the manual is docs/mailmigrate-status.1 */
#include "cli/complain.h"
#include "cli/metrics.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/process.h"
#include "cli/signals.h"
#include "cli/standing.h"
#include "cli/terminal.h"

#include <migrate/run_report.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static const char name[] = "mailmigrate-status";
static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

static int write_json(const cli_standing *standing, const char *path, mig_error *err)
{
    cli_output output = CLI_OUTPUT_INIT;
    if (cli_output_open(&output, path, err) != 0) {
        return -1;
    }
    int result = mig_report_standing_json(standing->accounts, standing->count, (int64_t)time(NULL), cli_output_sink,
                                          &output, err);
    if (result == 0) {
        result = cli_output_commit(&output, err);
    }
    cli_output_close(&output);
    return result;
}

static int write_metrics(const cli_standing *standing, const char *path, mig_error *err)
{
    mig_board *board = mig_board_new(err);
    int result = board ? mig_board_take_states(board, standing->accounts, standing->count, standing->unreadable,
                                               (int64_t)time(NULL), err)
                       : -1;
    if (result == 0) {
        result = cli_metrics_write(board, path, err);
    }
    mig_board_free(&board);
    return result;
}

/* Both files, or one of them. */
static int write_files(const cli_standing *standing, const cli_standing_options *options, mig_error *err)
{
    if (options->json_path && write_json(standing, options->json_path, err) != 0) {
        return -1;
    }
    return options->metrics_path ? write_metrics(standing, options->metrics_path, err) : 0;
}

/* Home, each line erased to its end, then what is left of the screen (ECMA-48: CUP, ED). */
static int show(const cli_standing_options *options, bool in_place, mig_error *err)
{
    cli_standing standing;
    cli_terminal terminal;
    int result = cli_standing_read(&standing, options, err);
    cli_terminal_init(&terminal, stdout);
    if (result == 0 && options->forget) {
        result = cli_standing_forget(&standing, stdout, err);
    } else if (result == 0 && (options->json_path || options->metrics_path)) {
        result = write_files(&standing, options, err);
    } else if (result == 0) {
        if (in_place) {
            fputs("\x1b[H\x1b[J", stdout);
        }
        const cli_standing_view view = {in_place ? cli_terminal_height(&terminal) - 1 : SIZE_MAX,
                                        in_place ? cli_terminal_width(&terminal) - 1 : 0, options->all};
        cli_standing_print(&standing, (int64_t)time(NULL), &view, stdout);
    }
    cli_terminal_destroy(&terminal);
    cli_standing_clear(&standing);
    if (result == 0 && (fflush(stdout) != 0 || ferror(stdout))) {
        return mig_error_set(err, MIG_E_IO, "standard output cannot be written");
    }
    return result;
}

static int watch(const cli_standing_options *options, mig_error *err)
{
    const bool in_place = !options->json_path && !options->metrics_path && cli_terminal_capable(stdout);
    cli_signals_quiet(true);
    cli_signals_install(&stop);
    cli_signals_quiet(true); /* who looks on ends nothing but the look */
    for (;;) {
        if (show(options, in_place, err) != 0) {
            return -1;
        }
        for (int tenths = 0; tenths < 10 * options->interval; tenths++) {
            const struct timespec tenth = {0, 100000000};
            if (mig_stop_level(&stop) > 0) {
                return 0;
            }
            nanosleep(&tenth, NULL);
        }
    }
}

static double cpu_seconds(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Read them again and again, with no more than a quarter of a processor. */
static int keep_reading(const cli_standing_options *options, mig_board *board, mig_error *err)
{
    while (mig_stop_level(&stop) == 0) {
        cli_standing standing;
        const double begun = cpu_seconds();
        int result = cli_standing_read(&standing, options, err);
        if (result == 0) {
            result = mig_board_take_states(board, standing.accounts, standing.count, standing.unreadable,
                                           (int64_t)time(NULL), err);
        }
        cli_standing_clear(&standing);
        if (result != 0) {
            return -1;
        }
        const double least = 3 * (cpu_seconds() - begun);
        const double pause = least > options->interval ? least : options->interval;
        for (int tenths = 0; tenths < (int)(10 * pause) && mig_stop_level(&stop) == 0; tenths++) {
            const struct timespec tenth = {0, 100000000};
            nanosleep(&tenth, NULL);
        }
    }
    return 0;
}

static int serve(const cli_standing_options *options, mig_error *err)
{
    const cli_page_options where = {options->serve_at, options->cert_path, options->key_path};
    cli_terminal terminal;
    int result = -1;
    if (cli_page_check(&where, err) != 0) {
        return -1;
    }
    cli_signals_quiet(true);
    cli_signals_install(&stop);
    cli_signals_quiet(true);
    cli_terminal_init(&terminal, stderr);
    mig_board *board = mig_board_new(err);
    struct mig_live *page = board ? cli_page_begin(&where, board, &terminal, err) : NULL;
    if (page) {
        result = keep_reading(options, board, err);
    }
    cli_page_end(&page, false);
    mig_board_free(&board);
    cli_terminal_destroy(&terminal);
    return result;
}

/* Once, again and again, or in a browser. */
static int do_look(const cli_standing_options *options, mig_error *err)
{
    if (options->serve) {
        return serve(options, err);
    }
    return options->watch ? watch(options, err) : show(options, false, err);
}

int main(int argc, char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_standing_options options;
    cli_process_prepare();
    int result = cli_standing_options_parse(&options, argc, (const char **)argv, &err);
    if (result == 0 && !options.answered) {
        result = do_look(&options, &err);
    }
    cli_standing_options_clear(&options);
    return result == 0 ? 0 : cli_complain(name, &err);
}
