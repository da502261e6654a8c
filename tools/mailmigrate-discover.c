/* mailmigrate-discover - from an address to its IMAP server; the manual is docs/mailmigrate-discover.1 */
#include "cli/complain.h"
#include "cli/process.h"
#include "cli/reports.h"
#include "cli/signals.h"
#include "cli/small_options.h"

#include <migrate/discover_report.h>
#include <stdlib.h>

static mig_stop stop = MIG_STOP_INIT; /* a signal can come as long as the process lives */

typedef struct wishes {
    char *resolver, *trust_anchor, *ca_file, *json;
    int https_port, imaps_port, imap_port, timeout;
    bool all, quiet;
} wishes;

static int write_json(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_discover_json(result, sink, context, err);
}

static int write_text(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_discover_text(result, false, sink, context, err);
}

static int write_all(const void *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    return mig_report_discover_text(result, true, sink, context, err);
}

static int report(const wishes *w, const mig_discover_result *result, mig_error *err)
{
    static cli_report_fn *const writers[CLI_REPORT_COUNT] = {[CLI_REPORT_JSON] = write_json};
    cli_reports reports = CLI_REPORTS_INIT;
    const cli_report_paths paths = {.json = w->json};
    int done = cli_reports_open(&reports, &paths, err);
    if (done == 0) {
        done = cli_reports_write(&reports, writers, result, err);
    }
    if (done == 0 && !cli_reports_on_output(&reports) && !w->quiet) {
        done = cli_reports_print(w->all ? write_all : write_text, result, err);
    }
    cli_reports_close(&reports);
    return done;
}

static int look(const wishes *w, const cli_names *arguments, mig_error *err)
{
    mig_discover_options options = MIG_DISCOVER_OPTIONS_INIT;
    if (arguments->count != 1) {
        mig_error_set(err, MIG_E_USAGE, arguments->count == 0 ? "which address?" : "one address is enough");
        return mig_error_hint(err, "mailmigrate discover ann@example.org");
    }
    options.address = arguments->items[0];
    options.resolver = w->resolver;
    options.trust_anchor = w->trust_anchor;
    options.ca_file = w->ca_file;
    options.https_port = (uint16_t)w->https_port;
    options.imaps_port = (uint16_t)w->imaps_port;
    options.imap_port = (uint16_t)w->imap_port;
    options.timeout_ms = 1000 * w->timeout;
    options.stop = &stop;
    mig_discover_result *result = mig_discover(&options, err);
    const int status = result && report(w, result, err) == 0 ? result->exit_status : -1;
    mig_discover_result_free(&result);
    return status;
}

int main(int argc, char **argv)
{
    static wishes w;
    static const cli_small small = {
        .tool = "mailmigrate-discover",
        .synopsis = "ADDRESS [OPTION...]",
        .options = {
            {.name = "resolver",
             .text = &w.resolver,
             .help = "whom to ask; \"root\": from the root down",
             .argument = "IP[@PORT]"},
            {.name = "trust-anchor",
             .text = &w.trust_anchor,
             .help = "keys that DNSSEC begins at; \"none\": no validation",
             .argument = "FILE"},
            {.name = "ca-file",
             .text = &w.ca_file,
             .help = "authorities to trust, in place of the system's",
             .argument = "FILE"},
            {.name = "https-port",
             .number = &w.https_port,
             .least = 1,
             .most = 65535,
             .help = "of web servers (default 443)",
             .argument = "PORT"},
            {.name = "imaps-port",
             .number = &w.imaps_port,
             .least = 1,
             .most = 65535,
             .help = "with TLS, where no one names one (default 993)",
             .argument = "PORT"},
            {.name = "imap-port",
             .number = &w.imap_port,
             .least = 1,
             .most = 65535,
             .help = "with STARTTLS, where no one names one (default 143)",
             .argument = "PORT"},
            {.name = "timeout",
             .number = &w.timeout,
             .least = 1,
             .most = 600,
             .help = "for each question and each look (default 10)",
             .argument = "SECONDS"},
            {.name = "json",
             .text = &w.json,
             .help = "write the result as JSON; \"-\": to standard output",
             .argument = "FILE"},
            {.name = "all", .letter = 'a', .flag = &w.all, .help = "show every question and its answer"},
            {.name = "quiet", .letter = 'q', .flag = &w.quiet, .help = "the exit status says it"},
        }};
    mig_error err = MIG_ERROR_INIT;
    cli_names arguments = {.items = NULL};
    bool answered = false;
    cli_process_prepare();
    int status = cli_small_parse(&small, argc, (const char **)argv, &arguments, &answered, &err);
    if (status == 0 && !answered) {
        cli_signals_quiet(true);
        cli_signals_install(&stop);
        status = look(&w, &arguments, &err);
    }
    cli_names_clear(&arguments);
    char *texts[] = {w.resolver, w.trust_anchor, w.ca_file, w.json};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        free(texts[i]);
    }
    return status >= 0 ? status : cli_complain(small.tool, &err);
}
