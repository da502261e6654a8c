/* net/login.c - a person signs in: the URL to open, the code for a token, the device flow; and where the token goes */
#include "base/clock.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/sized.h"
#include "net/login_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 10 * 60 * 1000, COMMAND_MS = 60000 };

static int check(const mig_login_options *o, const char *first_url, mig_error *err)
{
    const char *const urls[] = {first_url, o->token_url};
    if (o->client_id == NULL || o->client_id[0] == '\0') {
        return mig_error_set(err, MIG_E_USAGE, "the client ID is missing");
    }
    for (size_t i = 0; i < 2; i++) {
        if (urls[i] == NULL || !mig__oauth2_url_valid(urls[i])) {
            mig_error_set(err, MIG_E_USAGE, "an endpoint's URL is missing, or not https://HOST/...");
            return mig_error_hint(err, "secrets go there: other schemes are refused");
        }
    }
    return 0;
}

/* What the file will have, but for the tokens. */
static mig_login *begin(const mig_login_options *o, mig_error *err)
{
    mig_login *login = mig__locked_new(sizeof *login);
    if (login == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    mig__locked_hold(login, sizeof *login);
    mig__login_file *file = &login->file;
    const struct {
        const char *text;
        char *place;
        size_t size;
    } all[] = {{o->provider, file->info.provider, sizeof file->info.provider},
               {o->user, file->info.user, sizeof file->info.user},
               {o->client_id, file->info.client_id, sizeof file->info.client_id},
               {o->token_url, file->info.token_url, sizeof file->info.token_url},
               {o->scope, file->scope, sizeof file->scope},
               {o->secret_file, file->secret_file, sizeof file->secret_file}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const char *text = all[i].text != NULL ? all[i].text : "";
        if ((size_t)snprintf(all[i].place, all[i].size, "%s", text) >= all[i].size) {
            mig_error_set(err, MIG_E_USAGE, "\"%.40s...\" is too long", text);
            mig_login_free(&login);
            return NULL;
        }
    }
    return login;
}

/* A sign-in that ends with the access token is of no use for a run of hours. */
static int finish(mig_login *login, mig_error *err)
{
    mig__login_file *file = &login->file;
    if (file->token.refresh[0] == '\0') {
        mig_error_set(err, MIG_E_AUTH, "the provider gave no refresh token");
        return mig_error_hint(err,
                              "the scope may want \"offline_access\", or the application leave for offline access");
    }
    file->info.made = mig__wall_seconds();
    file->info.ends = file->token.lifetime > 0 ? file->info.made + file->token.lifetime : 0;
    return 0;
}

/* ---- with a browser ---- */

typedef struct asking {
    const mig_login_options *o;
    char state[44], verifier[44], redirect[64];
} asking;

static int open_page(const asking *a, mig_error *err)
{
    const mig_login_options *o = a->o;
    char challenge[44];
    mig__buffer url = MIG__BUFFER_INIT, query = MIG__BUFFER_INIT;
    if (mig__login_challenge(a->verifier, challenge, err) != 0) {
        return -1;
    }
    mig__oauth2_field(&query, "response_type", "code");
    mig__oauth2_field(&query, "client_id", o->client_id);
    mig__oauth2_field(&query, "redirect_uri", a->redirect);
    mig__oauth2_field(&query, "scope", o->scope != NULL ? o->scope : "");
    mig__oauth2_field(&query, "state", a->state);
    mig__oauth2_field(&query, "code_challenge", challenge);
    mig__oauth2_field(&query, "code_challenge_method", "S256");
    if (o->user != NULL) {
        mig__oauth2_field(&query, "login_hint", o->user);
    }
    if (o->extra != NULL) {
        mig__buffer_addf(&query, "&%s", o->extra);
    }
    mig__buffer_addf(&url, "%s%c%s", o->auth_url, strchr(o->auth_url, '?') != NULL ? '&' : '?',
                     query.data != NULL ? query.data : "");
    const int failed = mig__buffer_ok(&query, err) != 0 || mig__buffer_ok(&url, err) != 0 ? -1 : 0;
    if (failed == 0) {
        o->open(url.data, o->context);
    }
    mig__buffer_free(&url);
    mig__buffer_free(&query);
    return failed;
}

/* RFC 6749 section 4.1.3, RFC 7636 section 4.5. */
static int exchange(const asking *a, const char *code, mig__oauth2_token *out, mig_error *err)
{
    const mig_login_options *o = a->o;
    const mig__oauth2_http http = {.ca_file = (char *)(uintptr_t)o->ca_file, .stop = o->stop}; /* only read */
    mig__oauth2_answer answer = {.data = NULL};
    mig__buffer body = MIG__BUFFER_INIT;
    char secret[MIG__OAUTH2_SECRET_MAX] = "", word[MIG__OAUTH2_CODE_MAX], host[256];
    int result = -1;
    mig__buffer_reserve(&body, MIG__OAUTH2_BODY_MAX);
    if (o->secret_file != NULL &&
        mig__oauth2_read_line(o->secret_file, "the file with the client secret", secret, sizeof secret, err) != 0) {
        goto cleanup;
    }
    mig__oauth2_field(&body, "grant_type", "authorization_code");
    mig__oauth2_field(&body, "code", code);
    mig__oauth2_field(&body, "redirect_uri", a->redirect);
    mig__oauth2_field(&body, "client_id", o->client_id);
    mig__oauth2_field(&body, "code_verifier", a->verifier);
    if (secret[0] != '\0') {
        mig__oauth2_field(&body, "client_secret", secret);
    }
    if (mig__buffer_ok(&body, err) != 0 || mig__oauth2_post(&http, o->token_url, &body, &answer, err) != 0) {
        goto cleanup;
    }
    if (answer.status != 200) {
        mig__oauth2_refusal(answer.status, answer.data, answer.length,
                            mig__oauth2_host(o->token_url, host, sizeof host), word, err);
    } else {
        result = mig__oauth2_parse_token(answer.data, answer.length, out, err);
    }
cleanup:
    explicit_bzero(secret, sizeof secret);
    mig__oauth2_answer_clear(&answer);
    mig__buffer_wipe(&body);
    return result;
}

static int ask_browser(const mig_login_options *o, mig__oauth2_token *out, mig_error *err)
{
    asking a = {.o = o};
    mig__listener listener = {.fds = {-1, -1}};
    mig__login_answer answer;
    const int64_t until = mig__now_ms() + (o->wait_ms > 0 ? o->wait_ms : WAIT_MS);
    int failed = mig__login_random(a.state, err) != 0 || mig__login_random(a.verifier, err) != 0 ||
                         mig__listener_open(&listener, err) != 0
                     ? -1
                     : 0;
    snprintf(a.redirect, sizeof a.redirect, "http://%.20s:%u/", o->redirect != NULL ? o->redirect : "127.0.0.1",
             listener.port);
    failed = failed != 0 ? -1 : open_page(&a, err);
    failed = failed != 0 ? -1 : mig__listener_wait(&listener, o->paste, a.state, until, o->stop, &answer, err);
    if (failed == 0) {
        failed = mig__login_judge(&answer, o->issuer, o->issuer_required, err);
        failed = failed != 0 ? -1 : exchange(&a, answer.code, out, err);
        explicit_bzero(&answer, sizeof answer);
    }
    mig__listener_close(&listener);
    explicit_bzero(&a, sizeof a);
    return failed;
}

mig_login *mig_login_browser(const mig_login_options *given, mig_error *err)
{
    mig_login_options o;
    mig_error unheard = MIG_ERROR_INIT;
    err = err != NULL ? err : &unheard;
    if (mig__sized_take(&o, sizeof o, given, "mig_login_options", err) != 0 || check(&o, o.auth_url, err) != 0) {
        return NULL;
    }
    mig_login *login = begin(&o, err);
    if (login != NULL && (ask_browser(&o, &login->file.token, err) != 0 || finish(login, err) != 0)) {
        mig_login_free(&login);
    }
    return login;
}

/* ---- on another device ---- */

static int ask_device(const mig_login_options *o, mig__oauth2_token *out, mig_error *err)
{
    mig_oauth2_options options = MIG_OAUTH2_OPTIONS_INIT;
    options.grant = MIG_OAUTH2_DEVICE;
    options.client_id = o->client_id;
    options.secret_file = o->secret_file;
    options.scope = o->scope;
    options.token_url = o->token_url;
    options.device_url = o->device_url;
    options.ca_file = o->ca_file;
    options.stop = o->stop;
    options.show = o->show;
    options.show_context = o->context;
    mig_oauth2 *oauth2 = mig_oauth2_new(&options, err);
    char *access = oauth2 != NULL ? mig__locked_new(MIG_OAUTH2_TOKEN_MAX) : NULL;
    int failed = access != NULL ? mig_oauth2_give(access, MIG_OAUTH2_TOKEN_MAX, false, oauth2, err) : -1;
    if (oauth2 != NULL && access == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (failed == 0) {
        *out = oauth2->token;
    }
    mig__locked_free(access, MIG_OAUTH2_TOKEN_MAX);
    mig_oauth2_free(&oauth2);
    return failed;
}

mig_login *mig_login_device(const mig_login_options *given, mig_error *err)
{
    mig_login_options o;
    mig_error unheard = MIG_ERROR_INIT;
    err = err != NULL ? err : &unheard;
    if (mig__sized_take(&o, sizeof o, given, "mig_login_options", err) != 0 || check(&o, o.device_url, err) != 0) {
        return NULL;
    }
    mig_login *login = begin(&o, err);
    if (login != NULL && (ask_device(&o, &login->file.token, err) != 0 || finish(login, err) != 0)) {
        mig_login_free(&login);
    }
    return login;
}

/* ---- where the token goes ---- */

int mig_login_save(const mig_login *login, const char *path, mig_error *err)
{
    const int lock = mig__login_file_lock(path, NULL, err);
    if (lock < 0) {
        return -1;
    }
    const int failed = mig__login_file_write(path, &login->file, err);
    close(lock);
    return failed;
}

int mig_login_hand_over(const mig_login *login, const char *command, mig_error *err)
{
    const size_t length = strlen(login->file.token.refresh);
    char *line = mig__locked_new(length + 2);
    if (line == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    memcpy(line, login->file.token.refresh, length);
    line[length] = '\n';
    mig__process process = {.command = command, .input = line, .input_length = length + 1, .timeout_ms = COMMAND_MS};
    const int failed = mig__process_run(&process);
    mig__locked_free(line, length + 2);
    if (failed != 0) {
        return mig_error_errno(err, MIG_E_IO, failed, "cannot start \"%s\"", command);
    }
    if (process.timed_out || process.status == -1 || mig__process_exit(process.status) != 0) {
        return mig_error_set(err, MIG_E_SECRET, "\"%s\" did not take the token: it %s", command,
                             process.timed_out ? "did not end" : "failed");
    }
    return 0;
}

void mig_login_free(mig_login **login)
{
    if (*login != NULL) {
        mig__locked_free(*login, sizeof **login);
        *login = NULL;
    }
}
