/* cli/login.c - what mailmigrate-login does: sign in with a browser or on another device, or look at what there is */
#include "cli/login.h"

#include "cli/state_directory.h"

#include <migrate/format.h>
#include <migrate/provider_login.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int cli_login_parse(cli_login *l, int argc, const char **argv, mig_error *err)
{
    *l = (cli_login){.answered = false};
    const cli_small small = {
        .tool = "mailmigrate-login",
        .synopsis = "PROVIDER USER [OPTION...]",
        .options = {
            {.name = "client-id",
             .text = &l->client_id,
             .help = "of your application at the provider",
             .argument = "ID"},
            {.name = "secret-file",
             .text = &l->secret_file,
             .help = "its secret is the first line",
             .argument = "FILE"},
            {.name = "file", .text = &l->file, .help = "where the tokens are kept", .argument = "FILE"},
            {.name = "save-command",
             .text = &l->save_command,
             .help = "give the refresh token to this instead of a file",
             .argument = "COMMAND"},
            {.name = "check", .flag = &l->check, .help = "say what is valid until when, and sign in to nothing"},
            {.name = "device", .flag = &l->device, .help = "sign in on another device, with a code"},
            {.name = "no-browser",
             .flag = &l->no_browser,
             .help = "only show the URL, as over ssh; paste back where it leads"},
            {.name = "browser",
             .text = &l->browser,
             .help = "open the URL with this (default: xdg-open)",
             .argument = "PROGRAM"},
            {.name = "wait",
             .number = &l->wait,
             .least = 1,
             .most = 3600,
             .help = "for the person (default 600)",
             .argument = "SECONDS"},
            {.name = "tenant",
             .text = &l->tenant,
             .help = "Microsoft's directory: its ID or domain (default: common)",
             .argument = "TENANT"},
            {.name = "scope",
             .text = &l->scope,
             .help = "what to ask for, instead of access by IMAP",
             .argument = "SCOPE"},
            {.name = "auth-url", .text = &l->auth_url, .help = "another authorization endpoint", .argument = "URL"},
            {.name = "token-url", .text = &l->token_url, .help = "another token endpoint", .argument = "URL"},
            {.name = "device-url",
             .text = &l->device_url,
             .help = "another endpoint for device codes",
             .argument = "URL"},
            {.name = "issuer",
             .text = &l->issuer,
             .help = "who the answer has to be from (RFC 9207)",
             .argument = "URL"},
            {.name = "ca-file",
             .text = &l->ca_file,
             .help = "authorities to trust, in place of the system's",
             .argument = "FILE"},
        }};
    if (cli_small_parse(&small, argc, argv, &l->arguments, &l->answered, err) != 0) {
        return -1;
    }
    if (!l->answered && l->arguments.count != 2 && !(l->check && l->file && l->arguments.count == 0)) {
        mig_error_set(err, MIG_E_USAGE, "a provider and a user are wanted");
        return mig_error_hint(err, "mailmigrate login google ann@example.org --client-id ID");
    }
    if (l->save_command && (l->file || l->check)) {
        return mig_error_set(err, MIG_E_USAGE, "--save-command excludes --file and --check");
    }
    return 0;
}

void cli_login_clear(cli_login *l)
{
    char *texts[] = {l->client_id, l->secret_file, l->file,       l->save_command, l->tenant,  l->scope,    l->ca_file,
                     l->auth_url,  l->token_url,   l->device_url, l->issuer,       l->browser, l->file_made};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        free(texts[i]);
    }
    cli_names_clear(&l->arguments);
}

/* ---- the file ---- */

/* "google-ann_example.org.token" below the directory of states. */
static int find_file(cli_login *l, mig_error *err)
{
    char directory[4096], name[400], path[4600];
    if (l->file) {
        return 0;
    }
    if (cli_state_directory(directory, sizeof directory, err) != 0) {
        return -1;
    }
    snprintf(name, sizeof name, "%.60s-%.300s.token", l->arguments.items[0], l->arguments.items[1]);
    for (char *c = name; *c != '\0'; c++) {
        const bool plain =
            (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("@._-", *c);
        *c = plain ? *c : '_';
    }
    snprintf(path, sizeof path, "%s/logins", directory);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return mig_error_errno(err, MIG_E_IO, errno, "cannot make %s", path);
    }
    snprintf(path, sizeof path, "%s/logins/%s", directory, name);
    l->file_made = strdup(path);
    return l->file_made ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static const char *file_of(const cli_login *l)
{
    return l->file ? l->file : l->file_made;
}

static const char *moment(int64_t seconds, char out[32])
{
    const time_t at = (time_t)seconds;
    struct tm parts;
    if (!gmtime_r(&at, &parts) || strftime(out, 32, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
        snprintf(out, 32, "(no time)");
    }
    return out;
}

/* ---- signing in ---- */

static void open_page(const char *url, void *context)
{
    const cli_login *l = context;
    printf("To sign in, open this page in a browser on this machine:\n\n%s\n\n", url);
    if (l->no_browser) {
        printf("On another machine the browser ends at a page of 127.0.0.1 or localhost that it cannot open:\n"
               "copy its address and paste it here.\n");
    }
    fflush(stdout);
    if (!l->no_browser) {
        static char fallback[] = "xdg-open";
        char *const arguments[] = {l->browser ? l->browser : fallback, (char *)(uintptr_t)url, NULL};
        posix_spawn_file_actions_t actions;
        pid_t pid;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1, 0);
        if (posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ) != 0) {
            printf("(%s could not be started: open it yourself.)\n", arguments[0]);
            fflush(stdout);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
}

static void show_code(const mig_oauth2_code *code, void *context)
{
    (void)context;
    printf("To sign in, open %s in a browser and enter the code %s (good for %d minutes).\n", code->url, code->code,
           code->seconds / 60);
    fflush(stdout);
}

/* An endpoint of the table with the tenant in it. */
static const char *endpoint(const char *given, const char *known, const char *tenant, char *out, size_t size)
{
    const char *mark = known ? strstr(known, "%s") : NULL;
    if (given || !mark) {
        return given ? given : known;
    }
    snprintf(out, size, "%.*s%s%s", (int)(mark - known), known, tenant, mark + 2);
    return out;
}

static int check_tenant(const char *tenant, mig_error *err)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";
    return tenant[0] != '\0' && tenant[0] != '.' && tenant[strspn(tenant, plain)] == '\0' && strlen(tenant) < 200
               ? 0
               : mig_error_set(err, MIG_E_USAGE, "--tenant is neither an ID nor a domain");
}

typedef struct endpoints {
    char auth[600], token[600], device[600];
} endpoints;

/* Options over the table; of a provider that is not in it the options have to say all. */
static int fill(const cli_login *l, mig_login_options *o, endpoints *room, mig_error *err)
{
    static const mig_provider_login nothing = {.redirect = "127.0.0.1"};
    const mig_provider_login *known = mig_provider_login_find(l->arguments.items[0]);
    const char *tenant = l->tenant ? l->tenant : "common";
    if (check_tenant(tenant, err) != 0) {
        return -1;
    }
    if (!known && (!l->token_url || (!l->auth_url && !l->device_url) || !l->scope)) {
        mig_error_set(err, MIG_E_USAGE, "nothing is known of a provider \"%s\"", l->arguments.items[0]);
        return mig_error_hint(err, "known are google, microsoft, yahoo, aol, fastmail; any other is described with "
                                   "--auth-url, --token-url and --scope");
    }
    known = known ? known : &nothing;
    o->provider = l->arguments.items[0];
    o->user = l->arguments.items[1];
    o->auth_url = endpoint(l->auth_url, known->auth_url, tenant, room->auth, sizeof room->auth);
    o->token_url = endpoint(l->token_url, known->token_url, tenant, room->token, sizeof room->token);
    o->device_url = endpoint(l->device_url, known->device_url, tenant, room->device, sizeof room->device);
    o->scope = l->scope ? l->scope : known->scope;
    o->issuer = l->issuer ? l->issuer : l->auth_url ? NULL : known->issuer;
    o->issuer_required = l->issuer != NULL;
    o->extra = l->auth_url ? NULL : known->extra;
    o->redirect = known->redirect;
    o->client_id = l->client_id;
    o->secret_file = l->secret_file;
    o->ca_file = l->ca_file;
    if (!l->client_id) {
        mig_error_set(err, MIG_E_USAGE, "--client-id is missing: the ID of an application of your own at the provider");
        return mig_error_hint(err, "providers/ in the documentation says how to get one");
    }
    if (l->device && !o->device_url) {
        mig_error_set(err, MIG_E_USAGE, "%s has no device flow for mail", l->arguments.items[0]);
        return mig_error_hint(err, "%s", known->note ? known->note : "leave --device out");
    }
    return 0;
}

static int keep(cli_login *l, const mig_login *login, mig_error *err)
{
    if (l->save_command) {
        if (mig_login_hand_over(login, l->save_command, err) != 0) {
            return -1;
        }
        printf("Signed in. The command has the refresh token.\n");
        return 0;
    }
    if (mig_login_save(login, file_of(l), err) != 0) {
        return -1;
    }
    printf("Signed in. The tokens are in %s, for you alone.\n"
           "Use it with: --source-oauth refresh --source-oauth-refresh-file %s (or --target-...)\n",
           file_of(l), file_of(l));
    return 0;
}

int cli_login_run(cli_login *l, const mig_stop *stop, mig_error *err)
{
    mig_login_options o = MIG_LOGIN_OPTIONS_INIT;
    endpoints room;
    char absolute[4096];
    if (fill(l, &o, &room, err) != 0 || (!l->save_command && find_file(l, err) != 0)) {
        return -1;
    }
    if (o.secret_file && realpath(o.secret_file, absolute)) { /* the file is used from other directories */
        o.secret_file = absolute;
    }
    o.wait_ms = 1000 * l->wait;
    o.paste = l->no_browser ? STDIN_FILENO : -1;
    o.stop = stop;
    o.open = open_page;
    o.show = show_code;
    o.context = l;
    mig_login *login = l->device ? mig_login_device(&o, err) : mig_login_browser(&o, err);
    const int failed = login ? keep(l, login, err) : -1;
    mig_login_free(&login);
    if (failed == 0 && (fflush(stdout) != 0 || ferror(stdout))) {
        return mig_error_set(err, MIG_E_IO, "standard output cannot be written");
    }
    return failed;
}

/* ---- looking at it ---- */

int cli_login_check(cli_login *l, const mig_stop *stop, mig_error *err)
{
    mig_login_info info;
    char text[320], when[32];
    if (find_file(l, err) != 0 || mig_login_read(file_of(l), &info, err) != 0) {
        return -1;
    }
    printf("%s\n", file_of(l));
    printf("  account        %s", mig_format_text(info.user, text, sizeof text));
    printf(" at %s\n", mig_format_text(info.provider, text, sizeof text));
    printf("  client ID      %s\n", mig_format_text(info.client_id, text, sizeof text));
    printf("  signed in      %s\n", moment(info.made, when));
    printf("  access token   %s%s\n",
           info.ends == 0            ? "none"
           : info.ends <= time(NULL) ? "ended "
                                     : "valid until ",
           info.ends == 0 ? "" : moment(info.ends, when));
    fflush(stdout);
    mig_oauth2_options options = MIG_OAUTH2_OPTIONS_INIT;
    options.grant = MIG_OAUTH2_REFRESH;
    options.refresh_file = file_of(l);
    options.ask_anew = true;
    options.ca_file = l->ca_file;
    options.stop = stop;
    mig_oauth2 *oauth2 = mig_oauth2_new(&options, err);
    char *token = oauth2 ? malloc(MIG_OAUTH2_TOKEN_MAX) : NULL;
    int failed = token ? mig_oauth2_give(token, MIG_OAUTH2_TOKEN_MAX, false, oauth2, err) : -1;
    if (oauth2 && !token) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (token) {
        explicit_bzero(token, MIG_OAUTH2_TOKEN_MAX);
    }
    free(token);
    mig_oauth2_free(&oauth2);
    if (failed == 0 && mig_login_read(file_of(l), &info, err) != 0) {
        failed = -1;
    }
    if (failed == 0) {
        printf("  refresh token  the provider gives tokens for it; the one now at hand is valid until %s\n",
               moment(info.ends, when));
    } else {
        printf("  refresh token  the provider gave no token for it\n");
    }
    return failed;
}
