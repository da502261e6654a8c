/*
 * cli/options.h - the options that the tools share
 *
 * Names, arguments and meanings are in the manuals, docs/mailmigrate-*.1. A password is never an option: whatever looks
 * like one is refused, without repeating it.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/login.h"
#include "cli/progress.h"

#include <migrate/copy.h>
#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/inventory.h>
#include <migrate/store.h>
#include <migrate/verify.h>
#include <stdbool.h>
#include <stddef.h>

/* Strings that belong to the options; the array always ends with a NULL. */
typedef struct cli_list {
    char **items; /* NULL while empty */
    size_t count;
} cli_list;

typedef struct cli_side {
    const char *url;
    mig_endpoint endpoint; /* from the URL and the side's options; complete after cli_options_parse */
    mig_store *store;      /* the URL is that of files; NULL: a login */
    const char *tls;
    const char *authzid;
    const char *ca_file;
    const char *pin;
    const char *password_file;
    const char *password_command;
    cli_login login;
    const char *provider; /* NULL: by host name */
    bool only_named;      /* nobody logs in to this side: no password is needed */
} cli_side;

/* Which tool: not all have all options. */
typedef enum cli_verb { CLI_COPY, CLI_VERIFY, CLI_ONE_SHOT, CLI_INVENTORY, CLI_ARCHIVE, CLI_VERB_COUNT } cli_verb;

typedef enum cli_action { CLI_RUN, CLI_HELP, CLI_VERSION, CLI_CHECK_REPORT } cli_action;

typedef struct cli_options {
    cli_action action;
    cli_verb verb;
    cli_side sides[2];         /* MIG_SOURCE, MIG_TARGET */
    mig_copy_options copy;     /* endpoints, folders, messages, pace, flags, deletions; not log, stop and progress */
    mig_verify_options verify; /* the same, for CLI_VERIFY */

    const char *ca_file;
    bool allow_cleartext;
    int tls_min;
    const char *proxy;
    const char *proxy_password_file;
    int compress;
    bool files_as_self; /* mail in files: with the rights of the process, and not of its owner */
    int timeout_ms;
    int connect_timeout_ms;

    cli_progress_mode progress;
    bool quiet;
    int verbose;
    bool trace;
    const char *log_path;
    const char *json_path;
    const char *html_path;
    const char *csv_path;
    const char *sign_path;       /* a private key */
    const char *check_path;      /* CLI_CHECK_REPORT: a report */
    const char *public_key_path; /* NULL: none */
    bool seed_given;

    unsigned steps; /* MIG_STEP_*; 0: the tool's own */
    bool keep_going;
    int jobs, host_connections; /* 0: default */
    const char *on_finish;
    const char *webhook;
    mig_inventory_depth stock_depth;
    const char *plan_path; /* a plan stands for the accounts; NULL: they are in the options */

    const char *archive_verb, *archive_path; /* of CLI_ARCHIVE: "export" or "check", and the file */
    const char *archive_password_file;
    bool encrypt, incremental;

    cli_list folders, excludes, maps;
    cli_list kept; /* every argument given: what the pointers above point to */
} cli_options;

/* What the arguments are: the command line, or made from a plan (then what names the plan is passed over). */
typedef enum cli_part { CLI_PART_LINE, CLI_PART_ACCOUNT, CLI_PART_RUN /* without an account */ } cli_part;

/* What `--help` and `--version` say of a tool. */
typedef struct cli_tool {
    const char *name;     /* "mailmigrate-copy" */
    const char *synopsis; /* what follows the name */
    cli_verb verb;
    cli_part part;
} cli_tool;

/*
 * Read the arguments. A plan (an argument that is no option) is only named in `plan_path`; the endpoints are not
 * complete then (cli/accounts.h reads it). With `--help` or `--version` the text is written to standard output and
 * `action` says so; the rest is then not complete. Errors: MIG_E_USAGE (one line that names the option), MIG_E_NOMEM.
 * Release with cli_options_clear in any case.
 */
int cli_options_parse(cli_options *options, const cli_tool *tool, int argc, const char **argv, mig_error *err);

void cli_options_clear(cli_options *options);

/* The levels that -q, -v and --trace ask for: on standard error, and in the log file. */
mig_log_level cli_options_terminal_level(const cli_options *options);
mig_log_level cli_options_file_level(const cli_options *options);

#endif
