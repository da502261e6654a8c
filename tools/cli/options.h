/*
 * cli/options.h - the command line of the tools: what the library's options say (migrate/options.h), and what only a
 * tool knows
 *
 * Names, arguments and meanings are in the manuals, docs/mailmigrate-*.1. A password is never an option: whatever looks
 * like one is refused, without repeating it.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <migrate/options.h>

typedef enum cli_action { CLI_RUN, CLI_HELP, CLI_VERSION, CLI_CHECK_REPORT } cli_action;

typedef struct cli_options {
    cli_action action;
    mig_settings *settings; /* finished, unless a plan stands for the accounts */
    char *help;             /* of CLI_HELP: which one, NULL for the short one */
    char *plan_path;        /* NULL: the account is in the settings */
    char *archive_verb;     /* of MIG_VERB_ARCHIVE: "export" or "check", */
    char *archive_path;     /* ...and the file */
    char *filters_verb;     /* of MIG_VERB_FILTERS: "check", "copy", "verify" or "export", */
    char *filters_path;     /* ...and of an export the directory */
} cli_options;

/* What `--help` and `--version` say of a tool. */
typedef struct cli_tool {
    const char *name;     /* "mailmigrate-copy" */
    const char *synopsis; /* what follows the name */
    mig_verb verb;
} cli_tool;

/*
 * Read the arguments. A plan (an argument that is no option) is only named in `plan_path` (cli/accounts.h reads it).
 * With
 * `--help` or `--version` the text is written to standard output and `action` says so; the rest is then not complete.
 * Errors: MIG_E_USAGE (one line that names the option), MIG_E_NOMEM. Release with cli_options_clear in any case.
 */
int cli_options_parse(cli_options *options, const cli_tool *tool, int argc, const char **argv, mig_error *err);

void cli_options_clear(cli_options *options);

/* True for `archive export`. */
bool cli_options_export(const cli_options *options);

/* The levels that -q, -v and --trace ask for: on standard error, and in the log file. */
mig_log_level cli_options_terminal_level(const mig_settings *settings);
mig_log_level cli_options_file_level(const mig_settings *settings);

#endif
