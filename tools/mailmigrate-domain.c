/* mailmigrate-domain - look at the DNS of domains whose mail moves; the manual is docs/mailmigrate-domain.1 */
#include "cli/complain.h"
#include "cli/domain_options.h"
#include "cli/process.h"
#include "cli/reports.h"
#include "cli/signals.h"
#include "cli/terminal.h"

#include <migrate/domain_report.h>
#include <stdlib.h>
#include <time.h>

static const char name[] = "mailmigrate-domain";
static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

static int write_json(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_domain_json(result, sink, context, err);
}

static int write_html(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_domain_html(result, sink, context, err);
}

static int write_csv(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_domain_csv(result, sink, context, err);
}

static int write_text(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_domain_text(result, false, sink, context, err);
}

static int write_all(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_domain_text(result, true, sink, context, err);
}

static void show_progress(size_t asked, size_t waiting, void *terminal)
{
    char line[96];
    snprintf(line, sizeof line, "%zu questions and probes, %zu more of them now", asked, waiting);
    if (cli_terminal_capable(stderr)) {
        cli_terminal_line(terminal, line);
    }
}

static int report(const cli_domain_options *options, const mig_domain_result *result, mig_error *err)
{
    static cli_report_fn *const writers[CLI_REPORT_COUNT] = {
        [CLI_REPORT_JSON] = write_json, [CLI_REPORT_HTML] = write_html, [CLI_REPORT_CSV] = write_csv};
    cli_reports reports = CLI_REPORTS_INIT;
    const cli_report_paths paths = {options->json_path, options->html_path, options->csv_path, options->sign_path};
    int done = cli_reports_open(&reports, &paths, err);
    if (done == 0) {
        done = cli_reports_write(&reports, writers, result, err);
    }
    if (done == 0 && !cli_reports_on_output(&reports) && !(options->quiet && result->exit_status == 0)) {
        done = cli_reports_print(options->all ? write_all : write_text, result, err);
    }
    cli_reports_close(&reports);
    return done;
}

/* Sleep as long as the next look waits. False: asked to stop, or the time that was given is over. */
static bool wait_for_next(const cli_domain_options *options, time_t until)
{
    for (int tenths = 0; tenths < 10 * options->interval; tenths++) {
        const struct timespec tenth = {0, 100000000};
        if (mig_stop_level(&stop) > 0 || (until != 0 && time(NULL) >= until)) {
            return false;
        }
        nanosleep(&tenth, NULL);
    }
    return mig_stop_level(&stop) == 0;
}

/* One look, or one after another: the exit status of the last, -1 with `err`. */
static int look(const cli_domain_options *options, cli_terminal *terminal, mig_error *err)
{
    const time_t until = options->within > 0 ? time(NULL) + 60 * (time_t)options->within : 0;
    mig_domain_result *earlier = NULL;
    int status = -1;
    for (bool again = true; again;) {
        mig_domain_result *result = mig_domain_look(&options->look, err);
        cli_terminal_line(terminal, "");
        status = result ? result->exit_status : -1;
        if (result && earlier && mig_domain_compare(result, earlier, err) != 0) {
            status = -1;
        }
        if (status >= 0 && cli_domain_record(options, result, err) != 0) {
            status = -1;
        }
        if (status >= 0 && (!earlier || !result->changes || result->changes[0] != '\0') &&
            report(options, result, err) != 0) {
            status = -1;
        }
        mig_domain_result_free(&earlier);
        earlier = result;
        again = status > 0 && options->watch && mig_stop_level(&stop) == 0 && wait_for_next(options, until);
    }
    mig_domain_result_free(&earlier);
    return status;
}

int main(int argc, char **argv)
{
    mig_error err = MIG_ERROR_INIT;
    cli_domain_options options;
    cli_terminal terminal;
    int status = 0;
    cli_process_prepare();
    cli_terminal_init(&terminal, stderr);
    if (cli_domain_options_parse(&options, argc, (const char **)argv, &err) != 0) {
        status = -1;
    } else if (!options.answered) {
        cli_signals_install(&stop);
        options.look.stop = &stop;
        options.look.progress = show_progress;
        options.look.progress_context = &terminal;
        status = look(&options, &terminal, &err);
    }
    cli_domain_options_clear(&options);
    cli_terminal_destroy(&terminal);
    return status >= 0 ? status : cli_complain(name, &err);
}
