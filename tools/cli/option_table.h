/* cli/option_table.h - the option table for popt, and what each entry is */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include "cli/options.h"

#include <popt.h>
#include <stddef.h>

/* What poptGetNextOpt returns. Options of a side are one of the SIDE values plus OPT_SOURCE or OPT_TARGET. */
enum {
    OPT_HELP = 1,
    OPT_VERSION,
    OPT_CA_FILE,
    OPT_ALLOW_CLEARTEXT,
    OPT_TLS_MIN,
    OPT_PROXY,
    OPT_PROXY_PASSWORD_FILE,
    OPT_COMPRESS,
    OPT_FILES_AS,
    OPT_TIMEOUT,
    OPT_CONNECT_TIMEOUT,
    OPT_PATIENCE,
    OPT_FOLDER,
    OPT_EXCLUDE,
    OPT_MAP,
    OPT_SINCE,
    OPT_BEFORE,
    OPT_MAX_SIZE,
    OPT_CONNECTIONS,
    OPT_MAX_RATE,
    OPT_DAILY_LIMIT,
    OPT_UNTIL,
    OPT_ORDERED,
    OPT_FLAGS,
    OPT_DELETIONS,
    OPT_LABELS,
    OPT_SHARED,
    OPT_FORCE,
    OPT_STATE,
    OPT_DRY_RUN,
    OPT_DEPTH,
    OPT_SAMPLE,
    OPT_SEED,
    OPT_AGAINST,
    OPT_SIGN,
    OPT_CHECK_REPORT,
    OPT_PUBLIC_KEY,
    OPT_STEPS,
    OPT_KEEP_GOING,
    OPT_JOBS,
    OPT_HOST_CONNECTIONS,
    OPT_ON_FINISH,
    OPT_WEBHOOK,
    OPT_STOCK_DEPTH,
    OPT_SCAN_CONTENT,
    OPT_PASSWORD_FILE, /* from here on cli/options_archive.h */
    OPT_ENCRYPT,
    OPT_INCREMENTAL,
    OPT_HTML,
    OPT_CSV,
    OPT_PROGRESS,
    OPT_QUIET,
    OPT_VERBOSE,
    OPT_LOG,
    OPT_JSON,
    OPT_TRACE,

    SIDE_URL = 0,
    SIDE_TLS,
    SIDE_AUTH,
    SIDE_AUTHZID,
    SIDE_PASSWORD_FILE,
    SIDE_PASSWORD_COMMAND,
    SIDE_PIN,
    SIDE_CA_FILE,
    SIDE_TOKEN_COMMAND, /* from here on cli/login.h */
    SIDE_OAUTH,
    SIDE_OAUTH_KEY,
    SIDE_OAUTH_CERT,
    SIDE_OAUTH_CLIENT_ID,
    SIDE_OAUTH_SECRET_FILE,
    SIDE_OAUTH_REFRESH_FILE,
    SIDE_OAUTH_TENANT,
    SIDE_OAUTH_SCOPE,
    SIDE_OAUTH_TOKEN_URL,
    SIDE_OAUTH_DEVICE_URL,
    SIDE_OAUTH_CA_FILE,
    SIDE_CERT,
    SIDE_KEY,
    SIDE_PROXY,
    SIDE_TUNNEL,
    SIDE_PROVIDER, /* cli/options_run.h */

    OPT_SOURCE = 0x100,
    OPT_TARGET = 0x200,
    OPT_SIDE_MASK = 0x300
};

/* The options of a tool in groups, for poptGetContext. */
const struct poptOption *cli_option_table(cli_verb verb);

/* Has the tool an option of that long name, and does it take a value? */
typedef enum cli_option_kind { CLI_OPTION_UNKNOWN, CLI_OPTION_SWITCH, CLI_OPTION_VALUE } cli_option_kind;
cli_option_kind cli_option_find(cli_verb verb, const char *name);

/* The long name of an entry, without its dashes. */
const char *cli_option_name(int value);

/* The tool's long option nearest to what was typed (without dashes), or NULL. */
const char *cli_option_suggest(cli_verb verb, const char *typed);

#endif
