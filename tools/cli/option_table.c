#include "cli/option_table.h"

#include "cli/suggest.h"

#include <stdint.h>
#include <string.h>

/* clang-format off */
#define TEXT(name, value, description, argument) \
    {name, '\0', POPT_ARG_STRING, NULL, value, description, argument}
#define SWITCH(name, letter, value, description) {name, letter, POPT_ARG_NONE, NULL, value, description, NULL}

#define SIDE_OPTIONS(side, base) \
    TEXT(side, (base) | SIDE_URL, "the account: imaps://user%40domain@host[:993], or imap:// with STARTTLS", "URL"), \
    TEXT(side "-tls", (base) | SIDE_TLS, "implicit or starttls as the URL says, or none (to loopback)", "MODE"), \
    TEXT(side "-auth", (base) | SIDE_AUTH, \
         "auto, plain, login, cram-md5, scram-sha-1, scram-sha-256, xoauth2, oauthbearer, external", "MECHANISM"), \
    TEXT(side "-authzid", (base) | SIDE_AUTHZID, "log in as the URL's user, act as this one", "USER"), \
    TEXT(side "-password-file", (base) | SIDE_PASSWORD_FILE, "the password is the first line of this file", "FILE"), \
    TEXT(side "-password-command", (base) | SIDE_PASSWORD_COMMAND, \
         "the password is the first line that this command prints", "COMMAND"), \
    TEXT(side "-pin", (base) | SIDE_PIN, "accept this public key alone: sha256//BASE64", "PIN"), \
    TEXT(side "-ca-file", (base) | SIDE_CA_FILE, "certificates to trust instead of the system's (PEM)", "FILE"), \
    TEXT(side "-cert", (base) | SIDE_CERT, "client certificate (PEM): log in with it, or show it besides", "FILE"), \
    TEXT(side "-key", (base) | SIDE_KEY, "its private key (PEM), when it is not in the same file", "FILE"), \
    TEXT(side "-token-command", (base) | SIDE_TOKEN_COMMAND, \
         "an access token is the first line that this command prints", "COMMAND"), \
    TEXT(side "-oauth", (base) | SIDE_OAUTH, "get access tokens: google, microsoft, refresh or device", "HOW"), \
    TEXT(side "-oauth-key", (base) | SIDE_OAUTH_KEY, "Google's JSON key, or the certificate's key (PEM)", "FILE"), \
    TEXT(side "-oauth-cert", (base) | SIDE_OAUTH_CERT, "certificate of the application (PEM)", "FILE"), \
    TEXT(side "-oauth-client-id", (base) | SIDE_OAUTH_CLIENT_ID, "client ID of the application", "ID"), \
    TEXT(side "-oauth-secret-file", (base) | SIDE_OAUTH_SECRET_FILE, "its secret is the first line", "FILE"), \
    TEXT(side "-oauth-refresh-file", (base) | SIDE_OAUTH_REFRESH_FILE, "the refresh token is the first line", "FILE"), \
    TEXT(side "-oauth-tenant", (base) | SIDE_OAUTH_TENANT, "Microsoft's directory: its ID or domain", "TENANT"), \
    TEXT(side "-oauth-scope", (base) | SIDE_OAUTH_SCOPE, "what to ask for, instead of access by IMAP", "SCOPE"), \
    TEXT(side "-oauth-token-url", (base) | SIDE_OAUTH_TOKEN_URL, "another token endpoint", "URL"), \
    TEXT(side "-oauth-device-url", (base) | SIDE_OAUTH_DEVICE_URL, "another endpoint for device codes", "URL"), \
    TEXT(side "-oauth-ca-file", (base) | SIDE_OAUTH_CA_FILE, "certificates to trust at these (PEM)", "FILE"), \
    TEXT(side "-proxy", (base) | SIDE_PROXY, "socks5://[USER@]HOST[:PORT] or http://[USER@]HOST[:PORT]", "URL"), \
    TEXT(side "-tunnel", (base) | SIDE_TUNNEL, "speak IMAP with this command: ssh HOST .../imap", "COMMAND"), \
    TEXT(side "-provider", (base) | SIDE_PROVIDER, "what is known of this provider holds here", "NAME"), \
    POPT_TABLEEND

static const struct poptOption source_options[] = {SIDE_OPTIONS("source", OPT_SOURCE)};
static const struct poptOption target_options[] = {SIDE_OPTIONS("target", OPT_TARGET)};

static const struct poptOption both_options[] = {
    TEXT("ca-file", OPT_CA_FILE, "certificates to trust instead of the system's, both sides (PEM)", "FILE"),
    SWITCH("allow-cleartext", '\0', OPT_ALLOW_CLEARTEXT, "permit tls mode none also beyond loopback"),
    TEXT("tls-min", OPT_TLS_MIN, "lowest TLS version: 1.2 (default) or 1.3", "VERSION"),
    TEXT("proxy", OPT_PROXY, "reach both servers through this proxy", "URL"),
    TEXT("proxy-password-file", OPT_PROXY_PASSWORD_FILE, "the proxy's password is the first line of this file", "FILE"),
    TEXT("compress", OPT_COMPRESS, "COMPRESS=DEFLATE: on, off or auto (default)", "MODE"),
    TEXT("files-as", OPT_FILES_AS, "as root, whose rights mail in files is read with: owner (default), self", "WHO"),
    TEXT("timeout", OPT_TIMEOUT, "give up on a server that is silent this long (default 300)", "SECONDS"),
    TEXT("connect-timeout", OPT_CONNECT_TIMEOUT, "give up on connecting or the greeting after this long (default 30)",
         "SECONDS"),
    TEXT("patience", OPT_PATIENCE, "keep trying to reach a server again for this long (default 120)", "SECONDS"),
    POPT_TABLEEND};

#define INCLUDE(table) {NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)(uintptr_t)(table), 0, NULL, NULL}
#define GROUP(table, title) {NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)(uintptr_t)(table), 0, title, NULL}

static const struct poptOption folder_options[] = {
    TEXT("folder", OPT_FOLDER, "only folders that match; can be given again", "GLOB"),
    TEXT("exclude", OPT_EXCLUDE, "not the folders that match; can be given again", "GLOB"),
    TEXT("map", OPT_MAP, "folder FROM of the source is TO on the target; can be given again", "FROM=TO"),
    TEXT("labels", OPT_LABELS, "of a source at Gmail: all (default), first, or keyword", "MODE"),
    SWITCH("shared", '\0', OPT_SHARED, "also folders that are shared or of other users"),
    POPT_TABLEEND};

static const struct poptOption message_options[] = {
    TEXT("since", OPT_SINCE, "messages received on this day or later", "YYYY-MM-DD"),
    TEXT("before", OPT_BEFORE, "messages received before this day", "YYYY-MM-DD"),
    TEXT("max-size", OPT_MAX_SIZE, "leave larger messages out, and list them", "SIZE"),
    POPT_TABLEEND};

/* Nothing is mapped: an archive has the source's own names. */
static const struct poptOption taken_options[] = {
    TEXT("folder", OPT_FOLDER, "only folders that match; can be given again", "GLOB"),
    TEXT("exclude", OPT_EXCLUDE, "not the folders that match; can be given again", "GLOB"),
    SWITCH("shared", '\0', OPT_SHARED, "also folders that are shared or of other users"),
    INCLUDE(message_options),
    POPT_TABLEEND};

static const struct poptOption selection_options[] = {INCLUDE(folder_options), INCLUDE(message_options), POPT_TABLEEND};

static const struct poptOption connection_options[] = {
    TEXT("connections", OPT_CONNECTIONS, "most connections to each side, 1 to 32 (default 4)", "N"),
    POPT_TABLEEND};

static const struct poptOption rate_options[] = {
    TEXT("max-rate", OPT_MAX_RATE, "octets a second towards the target, as 10M", "SIZE"),
    TEXT("daily-limit", OPT_DAILY_LIMIT, "octets a day towards the target, over all runs, as 500M", "SIZE"),
    TEXT("until", OPT_UNTIL, "stop cleanly at this time; the next run goes on", "HH:MM"),
    SWITCH("ordered", '\0', OPT_ORDERED, "keep each folder's messages in their order on the target"),
    POPT_TABLEEND};

static const struct poptOption pace_options[] = {INCLUDE(connection_options), INCLUDE(rate_options), POPT_TABLEEND};

static const struct poptOption copy_options[] = {
    TEXT("flags", OPT_FLAGS, "changed flags: merge (default), source or keep", "MODE"),
    TEXT("deletions", OPT_DELETIONS, "what vanished on the source: keep (default), flag or expunge", "MODE"),
    SWITCH("force", '\0', OPT_FORCE, "go on where a safety check would stop"),
    TEXT("state", OPT_STATE, "the file that remembers what was copied", "FILE"),
    SWITCH("dry-run", '\0', OPT_DRY_RUN, "say what would be done, change nothing"),
    POPT_TABLEEND};

static const struct poptOption verify_options[] = {
    TEXT("against", OPT_AGAINST, "compare with the copy's state (default), or source: read that again too", "WHAT"),
    TEXT("depth", OPT_DEPTH, "full (default): read every message; quick: numbers, sizes, flags, dates", "DEPTH"),
    TEXT("sample", OPT_SAMPLE, "read only this share of the messages, chosen at random", "PERCENT"),
    TEXT("seed", OPT_SEED, "choose the same messages as the run that told this number", "NUMBER"),
    TEXT("state", OPT_STATE, "the file that remembers what was copied", "FILE"),
    POPT_TABLEEND};

static const struct poptOption page_options[] = {
    TEXT("html", OPT_HTML, "write the report as one page for the browser and for paper", "FILE"),
    TEXT("csv", OPT_CSV, "write the findings as a table", "FILE"),
    TEXT("sign", OPT_SIGN, "sign each report file with this private key (PEM): FILE.sig", "KEY"),
    POPT_TABLEEND};

static const struct poptOption report_options[] = {
    INCLUDE(page_options),
    TEXT("check-report", OPT_CHECK_REPORT, "tell whether a report was changed since it was written", "FILE"),
    TEXT("public-key", OPT_PUBLIC_KEY, "the signer's public key (PEM), with --check-report", "FILE"),
    POPT_TABLEEND};

static const struct poptOption many_options[] = {
    TEXT("jobs", OPT_JOBS, "accounts at once, 1 to 256 (default 4)", "N"),
    TEXT("host-connections", OPT_HOST_CONNECTIONS, "most connections to one host, over all accounts (default 64)", "N"),
    TEXT("on-finish", OPT_ON_FINISH, "run this command at the end, with the summary as its input", "COMMAND"),
    TEXT("webhook", OPT_WEBHOOK, "send the summary there at the end (https, JSON)", "URL"),
    POPT_TABLEEND};

static const struct poptOption run_options[] = {
    TEXT("steps", OPT_STEPS, "of check, inventory, copy, verify, by commas (default check,copy,verify)", "STEPS"),
    SWITCH("keep-going", '\0', OPT_KEEP_GOING, "go on with the others when an account fails the check"),
    INCLUDE(many_options),
    POPT_TABLEEND};

static const struct poptOption reading_options[] = {
    TEXT("against", OPT_AGAINST, "compare with the copy's state (default), or source: read that again too", "WHAT"),
    TEXT("depth", OPT_DEPTH, "full (default): read every message; quick: numbers, sizes, flags, dates", "DEPTH"),
    TEXT("sample", OPT_SAMPLE, "read only this share of the messages, chosen at random", "PERCENT"),
    TEXT("seed", OPT_SEED, "choose the same messages as the run that told this number", "NUMBER"),
    POPT_TABLEEND};

static const struct poptOption stock_options[] = {
    TEXT("depth", OPT_STOCK_DEPTH, "quick: what the servers count; full (default): each message's size, date", "DEPTH"),
    SWITCH("scan-content", '\0', OPT_SCAN_CONTENT, "read every message, to tell what the target may alter"),
    TEXT("max-rate", OPT_MAX_RATE, "octets a second towards the target, for the forecast", "SIZE"),
    TEXT("daily-limit", OPT_DAILY_LIMIT, "octets a day towards the target, for the forecast", "SIZE"),
    SWITCH("force", '\0', OPT_FORCE, "go on where a safety check would stop"),
    TEXT("state", OPT_STATE, "the file that remembers what was copied", "FILE"),
    POPT_TABLEEND};

static const struct poptOption archive_options[] = {
    SWITCH("incremental", '\0', OPT_INCREMENTAL, "export: add a further file with what is new"),
    SWITCH("encrypt", '\0', OPT_ENCRYPT, "export: encrypt the .zip (AES-256)"),
    TEXT("password-file", OPT_PASSWORD_FILE, "the archive's password is the first line of this file", "FILE"),
    TEXT("sign", OPT_SIGN, "export: sign with this private key (PEM)", "KEY"),
    TEXT("public-key", OPT_PUBLIC_KEY, "check: the signer's public key (PEM)", "FILE"),
    SWITCH("force", '\0', OPT_FORCE, "export: replace an archive that is there"),
    POPT_TABLEEND};

static const struct poptOption output_options[] = {
    TEXT("progress", OPT_PROGRESS, "auto (default), always or never", "WHEN"),
    SWITCH("quiet", 'q', OPT_QUIET, "only what needs attention"),
    SWITCH("verbose", 'v', OPT_VERBOSE, "tell more; twice: still more"),
    TEXT("log", OPT_LOG, "append what happens to this file, one JSON object a line", "FILE"),
    TEXT("json", OPT_JSON, "write the result as JSON; \"-\": to standard output", "FILE"),
    SWITCH("trace", '\0', OPT_TRACE, "log the dialogue with the servers, secrets masked"),
    SWITCH("help", 'h', OPT_HELP, "this text"),
    SWITCH("version", 'V', OPT_VERSION, "the version"),
    POPT_TABLEEND};

#define SERVER_GROUPS                                                                                                  \
    GROUP(source_options, "Source:"), GROUP(target_options, "Target:"), GROUP(both_options, "Both servers:")

static const struct poptOption copy_table[] = {
    SERVER_GROUPS,
    GROUP(selection_options, "Folders and messages:"),
    GROUP(pace_options, "Pace:"),
    GROUP(copy_options, "Copying:"),
    GROUP(many_options, "Many accounts:"),
    GROUP(output_options, "Output:"),
    POPT_TABLEEND};

static const struct poptOption verify_table[] = {
    SERVER_GROUPS,
    GROUP(selection_options, "Folders and messages:"),
    GROUP(connection_options, "Pace:"),
    GROUP(verify_options, "Verifying:"),
    GROUP(many_options, "Many accounts:"),
    GROUP(report_options, "Reports:"),
    GROUP(output_options, "Output:"),
    POPT_TABLEEND};

static const struct poptOption run_table[] = {
    SERVER_GROUPS,
    GROUP(run_options, "The run:"),
    GROUP(selection_options, "Folders and messages:"),
    GROUP(pace_options, "Pace:"),
    GROUP(copy_options, "Copying:"),
    GROUP(reading_options, "Verifying:"),
    GROUP(page_options, "Reports:"),
    GROUP(output_options, "Output:"),
    POPT_TABLEEND};

static const struct poptOption inventory_table[] = {
    SERVER_GROUPS,
    GROUP(selection_options, "Folders and messages:"),
    GROUP(stock_options, "Taking stock:"),
    GROUP(many_options, "Many accounts:"),
    GROUP(page_options, "Reports:"),
    GROUP(output_options, "Output:"),
    POPT_TABLEEND};

static const struct poptOption archive_table[] = {
    GROUP(source_options, "Source, of an export:"),
    GROUP(both_options, "The server:"),
    GROUP(taken_options, "Folders and messages:"),
    GROUP(connection_options, "Pace:"),
    GROUP(archive_options, "The archive:"),
    GROUP(output_options, "Output:"),
    POPT_TABLEEND};
/* clang-format on */

static const struct poptOption *const tables[] = {copy_table, verify_table, run_table, inventory_table, archive_table};
#define TABLE_COUNT  (sizeof tables / sizeof tables[0])
#define MOST_OPTIONS 128

const struct poptOption *cli_option_table(cli_verb verb)
{
    return tables[verb];
}

static const struct poptOption *included(const struct poptOption *entry)
{
    return entry->argInfo == POPT_ARG_INCLUDE_TABLE ? entry->arg : NULL;
}

static bool at_end(const struct poptOption *entry)
{
    return !entry->longName && !included(entry);
}

static const char *name_in(const struct poptOption *table, int value)
{
    const char *name = NULL;
    for (const struct poptOption *entry = table; !name && !at_end(entry); entry++)
        name = included(entry) ? name_in(included(entry), value) : entry->val == value ? entry->longName : NULL;
    return name;
}

const char *cli_option_name(int value)
{
    const char *name = NULL;
    for (size_t i = 0; !name && i < TABLE_COUNT; i++)
        name = name_in(tables[i], value);
    return name ? name : "?";
}

static const struct poptOption *entry_in(const struct poptOption *table, const char *name)
{
    const struct poptOption *found = NULL;
    for (const struct poptOption *entry = table; !found && !at_end(entry); entry++)
        found = included(entry) ? entry_in(included(entry), name) : strcmp(entry->longName, name) == 0 ? entry : NULL;
    return found;
}

cli_option_kind cli_option_find(cli_verb verb, const char *name)
{
    const struct poptOption *entry = entry_in(tables[verb], name);
    return !entry ? CLI_OPTION_UNKNOWN : entry->argInfo == POPT_ARG_NONE ? CLI_OPTION_SWITCH : CLI_OPTION_VALUE;
}

static size_t gather(const struct poptOption *table, const char **names, size_t count)
{
    for (const struct poptOption *entry = table; !at_end(entry) && count < MOST_OPTIONS; entry++)
        if (included(entry))
            count = gather(included(entry), names, count);
        else
            names[count++] = entry->longName;
    return count;
}

const char *cli_option_suggest(cli_verb verb, const char *typed)
{
    const char *names[MOST_OPTIONS];
    return cli_suggest(typed, names, gather(tables[verb], names, 0));
}
