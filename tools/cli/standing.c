/* cli/standing.c - mailmigrate-status: which state files, and how their accounts are shown */
#include "cli/standing.h"
#include "cli/bad_option.h"

#include "cli/accounts.h"
#include "cli/state_directory.h"
#include "cli/terminal.h"
#include "cli/text.h"

#include <dirent.h>
#include <errno.h>
#include <migrate/format.h>
#include <popt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_SIZE 1024
static const char name[] = "mailmigrate-status";

/* ---- arguments ---- */

enum {
    OPT_STATE = 1,
    OPT_WATCH,
    OPT_INTERVAL,
    OPT_ALL,
    OPT_FORGET,
    OPT_JSON,
    OPT_METRICS,
    OPT_SERVE,
    OPT_CERT,
    OPT_KEY,
    OPT_HELP,
    OPT_VERSION
};

enum { DAY = 86400 }; /* seconds after which a run that failed before it copied anything is history */

/* clang-format off */
#define TEXT(long_name, value, description, argument) \
    {long_name, '\0', POPT_ARG_STRING, NULL, value, description, argument}
#define MAYBE(long_name, value, description, argument) \
    {long_name, '\0', POPT_ARG_STRING | POPT_ARGFLAG_OPTIONAL, NULL, value, description, argument}
#define SWITCH(long_name, letter, value, description) {long_name, letter, POPT_ARG_NONE, NULL, value, description, NULL}
static const struct poptOption table[] = {
    TEXT("state", OPT_STATE, "a state file, or a directory of them", "FILE"),
    SWITCH("watch", 'w', OPT_WATCH, "show it again and again, until interrupted"),
    TEXT("interval", OPT_INTERVAL, "seconds between two looks with --watch (default 2)", "SECONDS"),
    SWITCH("all", 'a', OPT_ALL, "also runs that failed more than a day ago"),
    SWITCH("forget", '\0', OPT_FORGET, "remove the states of runs that failed before they copied anything"),
    TEXT("json", OPT_JSON, "write it as JSON; \"-\": to standard output", "FILE"),
    TEXT("metrics", OPT_METRICS, "write it as metrics for Prometheus", "FILE"),
    MAYBE("serve", OPT_SERVE, "serve a page that shows it (default 127.0.0.1:8417)", "ADDRESS:PORT"),
    TEXT("live-cert", OPT_CERT, "the page's certificate (PEM), needed beyond loopback", "FILE"),
    TEXT("live-key", OPT_KEY, "the key of that certificate (PEM)", "FILE"),
    SWITCH("help", 'h', OPT_HELP, "this text"),
    SWITCH("version", 'V', OPT_VERSION, "the version"),
    POPT_TABLEEND};
/* clang-format on */

/* Where the text of an option goes; NULL: it has none. */
static char **text_of(cli_standing_options *options, int option)
{
    switch (option) {
    case OPT_STATE:
        return &options->path;
    case OPT_JSON:
        return &options->json_path;
    case OPT_METRICS:
        return &options->metrics_path;
    case OPT_SERVE:
        return &options->serve_at;
    case OPT_CERT:
        return &options->cert_path;
    case OPT_KEY:
        return &options->key_path;
    default:
        return NULL;
    }
}

static int take_option(cli_standing_options *options, poptContext context, int option, mig_error *err)
{
    char *value = poptGetOptArg(context);
    int result = 0;
    char **place = text_of(options, option);
    options->serve = options->serve || option == OPT_SERVE;
    if (place) {
        free(*place);
        *place = value;
        return 0;
    }
    if (option == OPT_WATCH) {
        options->watch = true;
    } else if (option == OPT_ALL || option == OPT_FORGET) {
        *(option == OPT_ALL ? &options->all : &options->forget) = true;
    } else if (option == OPT_INTERVAL && !mig_option_number(value, 1, 3600, &options->interval)) {
        result = mig_error_set(err, MIG_E_USAGE, "--interval takes a number of seconds from 1 to 3600");
    } else if (option == OPT_HELP || option == OPT_VERSION) {
        options->answered = true;
        if (option == OPT_HELP) {
            poptPrintHelp(context, stdout, 0);
        }
        if (option == OPT_HELP) {
            printf("\nThe manual, %s(1), says more.\n", name);
        } else {
            printf("%s %s\n", name, MIG_VERSION);
        }
        if (fflush(stdout) != 0 || ferror(stdout)) {
            result = mig_error_set(err, MIG_E_IO, "standard output cannot be written");
        }
    }
    free(value);
    return result;
}

int cli_standing_options_parse(cli_standing_options *options, int argc, const char **argv, mig_error *err)
{
    int option = 0, result = 0;
    *options = (cli_standing_options){.interval = 2};
    poptContext context = poptGetContext(name, argc, argv, table, 0);
    if (!context) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    poptSetOtherOptionHelp(context, "[PLAN] [OPTION...]");
    while (result == 0 && !options->answered && (option = poptGetNextOpt(context)) > 0) {
        result = take_option(options, context, option, err);
    }
    if (result == 0 && option < -1) {
        result = cli_bad_option(context, table, option, err);
    }
    const char *argument = result == 0 && !options->answered ? poptGetArg(context) : NULL;
    if (argument && (options->path || poptPeekArg(context))) {
        result = mig_error_set(err, MIG_E_USAGE, "one plan, or one --state, is enough");
    } else if (argument && !(options->path = strdup(argument))) {
        result = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    options->is_plan = argument != NULL;
    poptFreeContext(context);
    return result;
}

void cli_standing_options_clear(cli_standing_options *options)
{
    free(options->path);
    free(options->json_path);
    free(options->metrics_path);
    free(options->serve_at);
    free(options->cert_path);
    free(options->key_path);
    *options = (cli_standing_options){.path = NULL};
}

/* ---- reading ---- */

static int add_file(cli_standing *standing, const char *path, mig_error *err)
{
    mig_standing_account *accounts = NULL;
    mig_error problem = MIG_ERROR_INIT;
    size_t count = 0;
    if (mig_standing_read(path, &accounts, &count, &problem) != 0) {
        if (standing->unreadable++ == 0) {
            standing->first_error = problem;
        }
        return 0;
    }
    mig_standing_account *grown = realloc(standing->accounts, (standing->count + count + 1) * sizeof *grown);
    if (!grown) {
        mig_standing_free(&accounts, count);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    standing->accounts = grown;
    if (count > 0) {
        memcpy(grown + standing->count, accounts, count * sizeof *grown);
    }
    standing->count += count;
    free(accounts); /* what they hold has moved */
    return 0;
}

static bool is_state_name(const char *file)
{
    const size_t length = strlen(file);
    return length > 3 && strcmp(file + length - 3, ".db") == 0;
}

static int read_directory(cli_standing *standing, const char *directory, mig_error *err)
{
    DIR *listing = opendir(directory);
    const struct dirent *entry;
    int result = 0;
    if (!listing && errno == ENOENT) {
        return 0; /* nothing was ever run */
    }
    if (!listing) {
        return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be read", directory);
    }
    while (result == 0 && (entry = readdir(listing))) {
        char path[4096];
        if (is_state_name(entry->d_name) &&
            snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) < (int)sizeof path) {
            result = add_file(standing, path, err);
        }
    }
    closedir(listing);
    return result;
}

/* An account of a plan that nothing was done for: it waits. */
static int add_waiting(cli_standing *standing, const mig_settings *settings, mig_error *err)
{
    char source[320] = "", target[320] = "";
    mig_standing_account *grown = realloc(standing->accounts, (standing->count + 1) * sizeof *grown);
    if (!grown) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    standing->accounts = grown;
    mig_endpoint_label(&settings->sides[MIG_SOURCE].endpoint, source, sizeof source);
    mig_endpoint_label(&settings->sides[MIG_TARGET].endpoint, target, sizeof target);
    mig_standing_account *account = &grown[standing->count++];
    *account = (mig_standing_account){
        .source = strdup(source), .target = strdup(target), .path = strdup(settings->copy.state_path)};
    return account->source && account->target && account->path ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int read_plan(cli_standing *standing, const char *path, mig_error *err)
{
    static const cli_tool tool = {name, "", MIG_VERB_COPY};
    const char *argv[] = {name, path, NULL};
    cli_accounts accounts;
    int result = cli_accounts_parse(&accounts, &tool, 2, argv, err);
    for (size_t i = 0; result == 0 && i < accounts.roster->count; i++) {
        mig_settings *settings = accounts.roster->settings[i];
        struct stat there;
        result = cli_accounts_place(settings, err);
        if (result == 0) {
            result = stat(settings->copy.state_path, &there) == 0 ? add_file(standing, settings->copy.state_path, err)
                                                                  : add_waiting(standing, settings, err);
        }
    }
    cli_accounts_clear(&accounts);
    return result;
}

static int by_place(const void *a, const void *b)
{
    static const int order[] = {2, 0, 3, 1}; /* running, killed, new, ended */
    const mig_standing_account *x = a, *y = b;
    if (x->standing != y->standing) {
        return order[x->standing] - order[y->standing];
    }
    return strcmp(x->source, y->source);
}

int cli_standing_read(cli_standing *standing, const cli_standing_options *options, mig_error *err)
{
    char usual[4096];
    const char *path = options->path;
    struct stat about;
    int result;
    *standing = (cli_standing){.accounts = NULL};
    if (!path && cli_state_directory(usual, sizeof usual, err) != 0) {
        return -1;
    }
    if (!path) {
        result = read_directory(standing, usual, err);
    } else if (stat(path, &about) != 0) {
        result = mig_error_errno(err, MIG_E_IO, errno, "%s cannot be read", path);
    } else if (S_ISDIR(about.st_mode)) {
        result = read_directory(standing, path, err);
    } else {
        result = options->is_plan ? read_plan(standing, path, err) : add_file(standing, path, err);
    }
    if (result == 0 && path && !options->is_plan && standing->count == 0 && standing->unreadable == 1) {
        *err = standing->first_error; /* the one that was asked for */
        result = -1;
    }
    if (standing->count > 1) {
        qsort(standing->accounts, standing->count, sizeof *standing->accounts, by_place);
    }
    return result;
}

void cli_standing_clear(cli_standing *standing)
{
    mig_standing_free(&standing->accounts, standing->count);
    *standing = (cli_standing){.accounts = NULL};
}

/* ---- showing ---- */

static void add_ago(char *out, size_t size, int64_t since, int64_t now)
{
    char duration[MIG_FORMAT_SIZE];
    cli_text_add(out, size, "%s",
                 mig_format_duration(now > since ? (double)(now - since) : 0, duration, sizeof duration));
}

static void add_standing(const mig_standing_account *account, int64_t now, char *out, size_t size)
{
    char text[64];
    mig_format_text(account->verb, text, sizeof text);
    switch (account->standing) {
    case MIG_STANDING_RUNNING:
        cli_text_add(out, size, "%s runs since ", text);
        add_ago(out, size, account->begun, now);
        break;
    case MIG_STANDING_KILLED:
        cli_text_add(out, size, "%s was killed; run it again, it goes on", text);
        break;
    case MIG_STANDING_ENDED:
        cli_text_add(out, size, "%s ", text);
        cli_text_add(out, size, "%s, ", mig_format_text(account->status, text, sizeof text));
        add_ago(out, size, account->ended, now);
        cli_text_add(out, size, " ago");
        break;
    default:
        cli_text_add(out, size, "nothing done yet");
    }
}

/* "1,234 of 6,000 messages, 1.1 MiB/s, 12 min left" */
static void add_pace(uint64_t done, uint64_t to_copy, const mig_standing_pace *pace, char *out, size_t size)
{
    char number[MIG_FORMAT_SIZE];
    cli_text_add(out, size, "%s", mig_format_count(done, number, sizeof number));
    cli_text_add(out, size, " of %s messages", mig_format_count(to_copy, number, sizeof number));
    if (pace->known) {
        cli_text_add(out, size, ", %s/s", mig_format_octets((uint64_t)pace->bytes_per_second, number, sizeof number));
    }
    if (pace->ends) {
        cli_text_add(out, size, ", %s left", mig_format_duration(pace->seconds_left, number, sizeof number));
    }
}

char *cli_standing_line(const mig_standing_account *account, int64_t now, char *out, size_t size)
{
    char text[LINE_SIZE / 2], number[MIG_FORMAT_SIZE];
    const bool copying = account->standing == MIG_STANDING_RUNNING && account->to_copy > 0;
    const mig_standing_pace pace = mig_standing_pace_of(account, now);
    out[0] = '\0';
    cli_text_add(out, size, "%s -> ", mig_format_text(account->source, text, sizeof text));
    cli_text_add(out, size, "%s%s", mig_format_text(account->target, text, sizeof text), copying ? "\n    " : ": ");
    if (copying) {
        cli_text_add(out, size, "%u%%  ", (unsigned)(100 * account->done / account->to_copy));
    }
    add_standing(account, now, out, size);
    if (account->standing == MIG_STANDING_NEW) {
        return out;
    }
    if (copying) {
        cli_text_add(out, size, ": ");
        add_pace(account->done, account->to_copy, &pace, out, size);
    }
    cli_text_add(out, size, "%s %s message%s on the target", copying ? ";" : ":",
                 mig_format_count(account->copied, number, sizeof number), account->copied == 1 ? "" : "s");
    cli_text_add(out, size, ", %s", mig_format_octets(account->bytes, number, sizeof number));
    if (account->failed > 0) {
        cli_text_add(out, size, ", %s failed", mig_format_count(account->failed, number, sizeof number));
    }
    if (account->verified[0] != '\0' && strcmp(account->verb, "verify") != 0) {
        cli_text_add(out, size, "; verified: %s", mig_format_text(account->verified, text, sizeof text));
    }
    return out;
}

/* One line, or two; how many. */
static size_t print_lines(char *text, size_t columns, FILE *out)
{
    char fitted[LINE_SIZE * 2], *rest = NULL;
    size_t count = 0;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), count++) {
        fprintf(out, "%s\n", columns > 0 ? cli_text_fit(line, columns, fitted, sizeof fitted) : line);
    }
    return count;
}

/* It failed before anything was copied: a wrong name, a wrong password. */
static bool is_stillborn(const mig_standing_account *account)
{
    return account->standing == MIG_STANDING_ENDED && strcmp(account->status, "failed") == 0 && account->copied == 0 &&
           account->in_flight == 0;
}

bool cli_standing_is_history(const mig_standing_account *account, int64_t now)
{
    return is_stillborn(account) && now - account->ended > DAY;
}

int cli_standing_forget(const cli_standing *standing, FILE *out, mig_error *err)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".lock", ".uids"};
    char path[4096];
    for (size_t i = 0; i < standing->count; i++) {
        const char *file = standing->accounts[i].path;
        bool all = true, first = true;
        for (size_t k = 0; k < standing->count; k++) {
            const bool same = strcmp(standing->accounts[k].path, file) == 0;
            all = all && (!same || is_stillborn(&standing->accounts[k]));
            first = first && (!same || k >= i);
        }
        if (!all || !first) {
            continue;
        }
        for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++) {
            if (snprintf(path, sizeof path, "%s%s", file, endings[k]) < (int)sizeof path && unlink(path) != 0 &&
                errno != ENOENT) {
                return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be removed", path);
            }
        }
        fprintf(out, "forgotten: %s -> %s (%s)\n", standing->accounts[i].source, standing->accounts[i].target, file);
    }
    return 0;
}

size_t cli_standing_print(const cli_standing *standing, int64_t now, const cli_standing_view *view, FILE *out)
{
    char line[LINE_SIZE * 2];
    size_t counts[4] = {0}, written = 1, hidden = 0;
    uint64_t done = 0, to_copy = 0;
    for (size_t i = 0; i < standing->count; i++) {
        const mig_standing_account *account = &standing->accounts[i];
        counts[account->standing]++;
        done += account->standing == MIG_STANDING_RUNNING ? account->done : 0;
        to_copy += account->standing == MIG_STANDING_RUNNING ? account->to_copy : 0;
    }
    snprintf(line, sizeof line, "%zu account%s: %zu running, %zu ended, %zu killed", standing->count,
             standing->count == 1 ? "" : "s", counts[MIG_STANDING_RUNNING], counts[MIG_STANDING_ENDED],
             counts[MIG_STANDING_KILLED]);
    if (counts[MIG_STANDING_NEW] > 0) {
        cli_text_add(line, sizeof line, ", %zu waiting", counts[MIG_STANDING_NEW]);
    }
    if (to_copy > 0) {
        const mig_standing_pace pace = mig_standing_pace_of_all(standing->accounts, standing->count, now);
        cli_text_add(line, sizeof line, "; ");
        add_pace(done, to_copy, &pace, line, sizeof line);
    }
    if (standing->unreadable > 0) {
        cli_text_add(line, sizeof line, "; %zu state file%s could not be read: %s", standing->unreadable,
                     standing->unreadable == 1 ? "" : "s", standing->first_error.text);
    }
    print_lines(line, view->columns, out);
    size_t shown = 0;
    for (; shown < standing->count && written + 2 < view->lines; shown++) {
        const mig_standing_account *account = &standing->accounts[shown];
        if (!view->all && cli_standing_is_history(account, now)) {
            hidden++;
        } else {
            written += print_lines(cli_standing_line(account, now, line, sizeof line), view->columns, out);
        }
    }
    if (shown < standing->count) {
        fprintf(out, "... and %zu more\n", standing->count - shown);
    } else if (hidden > 0) {
        fprintf(out, "%zu that failed more than a day ago: --all shows, --forget removes them\n", hidden);
    }
    return written + (shown < standing->count || hidden > 0);
}
