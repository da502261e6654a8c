#include "cli/options.h"

#include "cli/option_table.h"
#include "cli/options_archive.h"
#include "cli/options_run.h"
#include "cli/options_verify.h"
#include "cli/stores.h"
#include "cli/values.h"

#include <stdlib.h>
#include <string.h>

#define PASSWORD_HINT                                                                                                  \
    "use --source-password-file FILE, --source-password-command COMMAND or the variable "                              \
    "MAILMIGRATE_SOURCE_PASSWORD (the same with target), or give none and be asked"

static const char *const tls_names[] = {"implicit", "starttls", "none", NULL};
static const char *const auth_names[] = {"auto",          "plain",   "login",       "cram-md5", "scram-sha-1",
                                         "scram-sha-256", "xoauth2", "oauthbearer", "external", NULL};
static const char *const flags_names[] = {"merge", "source", "keep", NULL};
static const char *const deletions_names[] = {"keep", "flag", "expunge", NULL};
static const char *const labels_names[] = {"all", "first", "keyword", NULL};
static const char *const progress_names[] = {"auto", "always", "never", NULL};
static const char *const tls_min_names[] = {"1.2", "1.3", NULL};
static const char *const compress_names[] = {"auto", "off", "on", NULL};
static const char *const files_as_names[] = {"owner", "self", NULL};

/* Take over `text`, also when it fails. */
static int list_add(cli_list *list, char *text, mig_error *err)
{
    char **grown = text ? realloc(list->items, (list->count + 2) * sizeof *grown) : NULL;
    if (!grown) {
        free(text);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    list->items = grown;
    list->items[list->count++] = text;
    list->items[list->count] = NULL;
    return 0;
}

static void list_clear(cli_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (cli_list){NULL, 0};
}

int cli_bad_value(int option, const char *value, const char *wanted, mig_error *err)
{
    return mig_error_set(err, MIG_E_USAGE, "--%s: \"%s\" is not %s", cli_option_name(option), value, wanted);
}

int cli_take_choice(int option, const char *value, const char *const *choices, int *out, mig_error *err)
{
    if (cli_parse_choice(value, choices, out))
        return 0;
    char wanted[256] = "one of";
    for (size_t i = 0; choices[i]; i++) {
        const size_t used = strlen(wanted);
        snprintf(wanted + used, sizeof wanted - used, "%s %s", i > 0 ? "," : "", choices[i]);
    }
    return cli_bad_value(option, value, wanted, err);
}

static int take_size(int option, const char *value, uint64_t *out, mig_error *err)
{
    return cli_parse_size(value, out)
               ? 0
               : cli_bad_value(option, value, "a size: octets, or with K, M, G or T behind the number, as 10M", err);
}

static int take_seconds(int option, const char *value, int *out_ms, mig_error *err)
{
    int seconds = 0;
    if (!cli_parse_number(value, 1, 86400, &seconds))
        return cli_bad_value(option, value, "a number of seconds from 1 to 86400", err);
    *out_ms = seconds * 1000;
    return 0;
}

static int take_date(int option, const char *value, const char **out, mig_error *err)
{
    if (!cli_parse_date(value))
        return cli_bad_value(option, value, "a day: give YYYY-MM-DD", err);
    *out = value;
    return 0;
}

static int apply_side(cli_side *side, int option, const char *value, mig_error *err)
{
    int choice = 0;
    switch (option & ~OPT_SIDE_MASK) {
    case SIDE_URL:
        side->url = value;
        return 0;
    case SIDE_TLS:
        side->tls = value;
        return cli_take_choice(option, value, tls_names, &choice, err);
    case SIDE_AUTH:
        if (cli_take_choice(option, value, auth_names, &choice, err) != 0)
            return -1;
        side->endpoint.auth = (mig_auth)choice;
        return 0;
    case SIDE_AUTHZID:
        side->authzid = value;
        return 0;
    case SIDE_PASSWORD_FILE:
        side->password_file = value;
        return 0;
    case SIDE_PASSWORD_COMMAND:
        side->password_command = value;
        return 0;
    case SIDE_PIN:
        side->pin = value;
        return strncmp(value, "sha256//", 8) == 0
                   ? 0
                   : cli_bad_value(option, value, "a pin: give sha256// and the Base64 of the key's digest", err);
    case SIDE_CA_FILE:
        side->ca_file = value;
        return 0;
    case SIDE_PROVIDER:
        side->provider = value;
        return cli_run_check_provider(option, value, err);
    default:
        return cli_login_apply(&side->login, option, value, err);
    }
}

static int apply_server(cli_options *options, int option, const char *value, mig_error *err)
{
    int choice = 0;
    switch (option) {
    case OPT_CA_FILE:
        options->ca_file = value;
        return 0;
    case OPT_ALLOW_CLEARTEXT:
        options->allow_cleartext = true;
        return 0;
    case OPT_TLS_MIN:
        if (cli_take_choice(option, value, tls_min_names, &choice, err) != 0)
            return -1;
        options->tls_min = 12 + choice;
        return 0;
    case OPT_PROXY:
        options->proxy = value;
        return 0;
    case OPT_PROXY_PASSWORD_FILE:
        options->proxy_password_file = value;
        return 0;
    case OPT_COMPRESS:
        if (cli_take_choice(option, value, compress_names, &choice, err) != 0)
            return -1;
        options->compress = choice - 1;
        return 0;
    case OPT_FILES_AS:
        if (cli_take_choice(option, value, files_as_names, &choice, err) != 0)
            return -1;
        options->files_as_self = choice == 1;
        return 0;
    case OPT_TIMEOUT:
        return take_seconds(option, value, &options->timeout_ms, err);
    case OPT_CONNECT_TIMEOUT:
        return take_seconds(option, value, &options->connect_timeout_ms, err);
    default:
        return take_seconds(option, value, &options->copy.effort.patience_ms, err);
    }
}

static int apply_map(cli_options *options, const char *value, mig_error *err)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value || equals[1] == '\0')
        return cli_bad_value(OPT_MAP, value, "a rule: give FROM=TO", err);
    return list_add(&options->maps, strdup(value), err);
}

static int apply_copy(cli_options *options, int option, const char *value, mig_error *err)
{
    mig_copy_options *copy = &options->copy;
    int choice = 0;
    switch (option) {
    case OPT_FOLDER:
        return list_add(&options->folders, strdup(value), err);
    case OPT_EXCLUDE:
        return list_add(&options->excludes, strdup(value), err);
    case OPT_MAP:
        return apply_map(options, value, err);
    case OPT_SINCE:
        return take_date(option, value, &copy->selection.since, err);
    case OPT_BEFORE:
        return take_date(option, value, &copy->selection.before, err);
    case OPT_MAX_SIZE:
        return take_size(option, value, &copy->selection.max_size, err);
    case OPT_CONNECTIONS:
        return cli_parse_number(value, 1, 32, &copy->effort.connections)
                   ? 0
                   : cli_bad_value(option, value, "a number from 1 to 32", err);
    case OPT_MAX_RATE:
        return take_size(option, value, &copy->max_rate, err);
    case OPT_DAILY_LIMIT:
        return take_size(option, value, &copy->daily_limit, err);
    case OPT_UNTIL:
        copy->until = value;
        return cli_parse_time(value) ? 0 : cli_bad_value(option, value, "a time of day: give HH:MM, as 06:00", err);
    case OPT_ORDERED:
        copy->ordered = true;
        return 0;
    case OPT_FLAGS:
        if (cli_take_choice(option, value, flags_names, &choice, err) != 0)
            return -1;
        copy->flags = (mig_flags_mode)choice;
        return 0;
    case OPT_LABELS:
        if (cli_take_choice(option, value, labels_names, &choice, err) != 0)
            return -1;
        copy->selection.labels = (mig_labels)choice;
        return 0;
    case OPT_DELETIONS:
        if (cli_take_choice(option, value, deletions_names, &choice, err) != 0)
            return -1;
        copy->deletions = (mig_deletions)choice;
        return 0;
    case OPT_SHARED:
        copy->selection.shared = true;
        return 0;
    case OPT_FORCE:
        copy->force = true;
        return 0;
    case OPT_STATE:
        copy->state_path = value;
        return 0;
    default:
        copy->dry_run = true;
        return 0;
    }
}

static int apply_output(cli_options *options, int option, const char *value, mig_error *err)
{
    int choice = 0;
    switch (option) {
    case OPT_HELP:
        options->action = CLI_HELP;
        return 0;
    case OPT_VERSION:
        options->action = CLI_VERSION;
        return 0;
    case OPT_PROGRESS:
        if (cli_take_choice(option, value, progress_names, &choice, err) != 0)
            return -1;
        options->progress = (cli_progress_mode)choice;
        return 0;
    case OPT_QUIET:
        options->quiet = true;
        return 0;
    case OPT_VERBOSE:
        options->verbose++;
        return 0;
    case OPT_LOG:
        options->log_path = value;
        return 0;
    case OPT_JSON:
        options->json_path = value;
        return 0;
    case OPT_HTML:
        options->html_path = value;
        return 0;
    case OPT_CSV:
        options->csv_path = value;
        return 0;
    default:
        options->trace = true;
        return 0;
    }
}

/* `value` is "" for options that take none. */
static int apply(cli_options *options, int option, const char *value, mig_error *err)
{
    if (option & OPT_SIDE_MASK)
        return apply_side(&options->sides[option & OPT_SOURCE ? MIG_SOURCE : MIG_TARGET], option, value, err);
    if (option >= OPT_CA_FILE && option <= OPT_PATIENCE)
        return apply_server(options, option, value, err);
    if (option >= OPT_FOLDER && option <= OPT_DRY_RUN)
        return apply_copy(options, option, value, err);
    if (option >= OPT_DEPTH && option <= OPT_PUBLIC_KEY)
        return cli_verify_apply(options, option, value, err);
    if (option >= OPT_STEPS && option <= OPT_SCAN_CONTENT)
        return cli_run_apply(options, option, value, err);
    if (option >= OPT_PASSWORD_FILE && option <= OPT_INCREMENTAL)
        return cli_archive_apply(options, option, value, err);
    return apply_output(options, option, value, err);
}

/* Would a person type a secret behind this option? Those that take one's place end in -file or -command. */
static bool looks_like_password(const char *name)
{
    static const char *const words[] = {"pass", "secret", "token", "pwd"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(name, words[i]))
            return true;
    return false;
}

/* What popt could not make sense of. Only the option's name is repeated, never what follows it. */
static int bad_option(cli_verb verb, poptContext context, int code, mig_error *err)
{
    char name[64];
    const char *typed = poptBadOption(context, POPT_BADOPTION_NOALIAS);
    typed = typed ? typed : "";
    snprintf(name, sizeof name, "%.*s", (int)strcspn(typed, "="), typed);
    const char *bare = name + strspn(name, "-");
    if (code == POPT_ERROR_NOARG)
        return mig_error_set(err, MIG_E_USAGE, "%s needs a value", name);
    if (code != POPT_ERROR_BADOPT)
        return mig_error_set(err, MIG_E_USAGE, "%s: %s", name, poptStrerror(code));
    if (looks_like_password(bare)) {
        mig_error_set(err, MIG_E_USAGE, "%s is refused: every user of this machine can read a password in an argument",
                      name);
        return mig_error_hint(err, PASSWORD_HINT);
    }
    mig_error_set(err, MIG_E_USAGE, "there is no option %s", name);
    const char *near = cli_option_suggest(verb, bare);
    return near ? mig_error_hint(err, "did you mean --%s?", near) : mig_error_hint(err, "--help lists the options");
}

static int take_argument(cli_options *options, cli_verb verb, const char *argument, mig_error *err)
{
    if (verb == CLI_ARCHIVE) {
        char *own = strdup(argument);
        return list_add(&options->kept, own, err) != 0 ? -1 : cli_archive_take_argument(options, own, err);
    }
    if (!strstr(argument, "://") && !options->plan_path) {
        char *path = strdup(argument);
        options->plan_path = path;
        return list_add(&options->kept, path, err);
    }
    if (strstr(argument, "://")) { /* may hold a password: not repeated */
        mig_error_set(err, MIG_E_USAGE, "a URL stands alone on the command line");
        return mig_error_hint(err, "give --source URL and --target URL");
    }
    mig_error_set(err, MIG_E_USAGE, "\"%s\" is not an option, and there is a plan already", argument);
    return mig_error_hint(err, "give one plan, or the accounts as --source URL and --target URL");
}

static int apply_all(cli_options *options, const cli_tool *tool, poptContext context, mig_error *err)
{
    int option;
    while ((option = poptGetNextOpt(context)) > 0) {
        char *value = poptGetOptArg(context);
        if (value && list_add(&options->kept, value, err) != 0)
            return -1;
        if (value && value[0] == '\0')
            return mig_error_set(err, MIG_E_USAGE, "--%s needs a value that is not empty", cli_option_name(option));
        if (apply(options, option, value ? value : "", err) != 0)
            return -1;
    }
    if (option < -1)
        return bad_option(tool->verb, context, option, err);
    if (options->action != CLI_RUN)
        return 0;
    const char *argument;
    while (tool->part == CLI_PART_LINE && (argument = poptGetArg(context)))
        if (take_argument(options, tool->verb, argument, err) != 0)
            return -1;
    return 0;
}

static int set_string(char **out, const char *value, mig_error *err)
{
    if (!value)
        return 0;
    *out = strdup(value);
    return *out ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int set_tls(cli_side *side, const char *name, mig_error *err)
{
    int mode = 0;
    if (!side->tls || !cli_parse_choice(side->tls, tls_names, &mode) || (mig_tls_mode)mode == side->endpoint.tls)
        return 0;
    if ((mig_tls_mode)mode != MIG_TLS_NONE || side->endpoint.tls != MIG_TLS_STARTTLS)
        return mig_error_set(err, MIG_E_USAGE,
                             "--%s-tls %s contradicts the URL: imaps:// is implicit TLS, imap:// is "
                             "starttls or none",
                             name, side->tls);
    side->endpoint.tls = MIG_TLS_NONE;
    return 0;
}

/* What is the same for a server and for files. */
static void set_common(const cli_options *options, mig_endpoint *endpoint)
{
    endpoint->allow_cleartext = options->allow_cleartext;
    endpoint->tls_min = options->tls_min;
    endpoint->compress = options->compress;
    endpoint->timeout_ms = options->timeout_ms;
    endpoint->connect_timeout_ms = options->connect_timeout_ms;
}

static int finish_side(const cli_options *options, cli_side *side, const char *name, mig_error *err)
{
    mig_endpoint *endpoint = &side->endpoint;
    if (!side->url) {
        mig_error_set(err, MIG_E_USAGE, "--%s URL is missing", name);
        return mig_error_hint(err, "give the account as imaps://user%%40domain@host, or name a plan");
    }
    set_common(options, endpoint);
    const int other = cli_store_take(side, strcmp(name, "source") == 0 ? MIG_SOURCE : MIG_TARGET, err);
    if (other <= 0)
        return other;
    if (mig_endpoint_parse_url(endpoint, side->url, err) != 0)
        return mig_error_context(err, "--%s", name);
    if (side->password_file && side->password_command)
        return mig_error_set(err, MIG_E_USAGE, "--%s-password-file and --%s-password-command exclude each other", name,
                             name);
    if (set_tls(side, name, err) != 0 || set_string(&endpoint->authzid, side->authzid, err) != 0 ||
        set_string(&endpoint->ca_file, side->ca_file ? side->ca_file : options->ca_file, err) != 0)
        return -1;
    if (!side->login.proxy && !side->login.tunnel)
        side->login.proxy = options->proxy;
    const bool passwords = side->password_file || side->password_command;
    return set_string(&endpoint->pin, side->pin, err) != 0
               ? -1
               : cli_login_finish(&side->login, endpoint, name, passwords, err);
}

static int finish(cli_options *options, const cli_tool *tool, mig_error *err)
{
    const cli_verb verb = tool->verb;
    mig_copy_options *copy = &options->copy;
    if (options->check_path) /* no server has a part in it */
        return cli_verify_finish(options, err);
    if (options->plan_path)
        return cli_run_check_plan(options, err);
    if (verb == CLI_ARCHIVE && cli_archive_check(options, err) != 0)
        return -1;
    if (verb == CLI_ARCHIVE && !cli_archive_exports(options))
        return 0;
    if (tool->part != CLI_PART_ACCOUNT && verb != CLI_ARCHIVE && cli_check_outputs(options, err) != 0)
        return -1;
    if (tool->part == CLI_PART_RUN)
        return 0;
    const bool target_wanted = (verb != CLI_INVENTORY && verb != CLI_ARCHIVE) || options->sides[MIG_TARGET].url;
    if (finish_side(options, &options->sides[MIG_SOURCE], "source", err) != 0 ||
        (target_wanted && finish_side(options, &options->sides[MIG_TARGET], "target", err) != 0))
        return -1;
    if (options->quiet && options->verbose > 0)
        return mig_error_set(err, MIG_E_USAGE, "--quiet and --verbose exclude each other");
    if (copy->selection.since && copy->selection.before && strcmp(copy->selection.since, copy->selection.before) >= 0)
        return mig_error_set(err, MIG_E_USAGE, "--since %s and --before %s leave no day", copy->selection.since,
                             copy->selection.before);
    copy->source = &options->sides[MIG_SOURCE].endpoint;
    copy->target = target_wanted ? &options->sides[MIG_TARGET].endpoint : NULL;
    copy->selection.folders = (const char *const *)options->folders.items;
    copy->selection.excludes = (const char *const *)options->excludes.items;
    copy->selection.maps = (const char *const *)options->maps.items;
    copy->providers[MIG_SOURCE] = options->sides[MIG_SOURCE].provider;
    copy->providers[MIG_TARGET] = options->sides[MIG_TARGET].provider;
    options->sides[MIG_TARGET].only_named = !target_wanted;
    if (verb == CLI_COPY)
        mig_provider_bound(copy, mig_provider_of(options->sides[MIG_SOURCE].provider, copy->source),
                           mig_provider_of(options->sides[MIG_TARGET].provider, copy->target));
    if ((verb == CLI_VERIFY || verb == CLI_ONE_SHOT) && cli_verify_finish(options, err) != 0)
        return -1;
    options->sides[MIG_SOURCE].only_named = options->sides[MIG_SOURCE].only_named && verb == CLI_VERIFY;
    return 0;
}

static int answer(const cli_options *options, const cli_tool *tool, poptContext context, mig_error *err)
{
    if (options->action == CLI_HELP) {
        poptPrintHelp(context, stdout, 0);
        printf("\nThe manual, %s(1), says more.\n", tool->name);
    } else {
        printf("%s %s\n", tool->name, MIG_VERSION);
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        return mig_error_set(err, MIG_E_IO, "standard output cannot be written");
    return 0;
}

int cli_options_parse(cli_options *options, const cli_tool *tool, int argc, const char **argv, mig_error *err)
{
    *options = (cli_options){.verb = tool->verb,
                             .compress = -1,
                             .copy = MIG_COPY_OPTIONS_INIT,
                             .verify = MIG_VERIFY_OPTIONS_INIT,
                             .stock_depth = MIG_INVENTORY_FULL};
    options->sides[MIG_SOURCE].endpoint = (mig_endpoint)MIG_ENDPOINT_INIT;
    options->sides[MIG_TARGET].endpoint = (mig_endpoint)MIG_ENDPOINT_INIT;
    poptContext context = poptGetContext(tool->name, argc, argv, cli_option_table(tool->verb), 0);
    if (!context)
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    poptSetOtherOptionHelp(context, tool->synopsis);
    int result = apply_all(options, tool, context, err);
    if (result == 0)
        result = options->action == CLI_RUN ? finish(options, tool, err) : answer(options, tool, context, err);
    poptFreeContext(context);
    return result;
}

void cli_options_clear(cli_options *options)
{
    for (int i = 0; i < 2; i++) {
        mig_store_free(&options->sides[i].store);
        mig_endpoint_clear(&options->sides[i].endpoint);
    }
    list_clear(&options->folders);
    list_clear(&options->excludes);
    list_clear(&options->maps);
    list_clear(&options->kept);
}

mig_log_level cli_options_terminal_level(const cli_options *options)
{
    if (options->trace && !options->log_path)
        return MIG_LOG_TRACE;
    if (options->verbose > 0)
        return options->verbose > 1 ? MIG_LOG_DEBUG : MIG_LOG_INFO;
    return options->quiet ? MIG_LOG_ERROR : MIG_LOG_WARNING;
}

mig_log_level cli_options_file_level(const cli_options *options)
{
    if (options->trace)
        return MIG_LOG_TRACE;
    return options->verbose > 1 ? MIG_LOG_DEBUG : MIG_LOG_INFO;
}
