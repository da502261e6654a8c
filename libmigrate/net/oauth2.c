/*
 * net/oauth2.c - access tokens: which request each grant makes, when a token is renewed, who waits for whom
 *
 * One lock is held while a token is asked for, so that several connections that need one at the same moment make one
 * request.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "net/login_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JWT_BEARER       "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define CLIENT_ASSERTION "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define DEVICE_CODE      "urn:ietf:params:oauth:grant-type:device_code"

#define SKEW_MS        120000 /* a token is renewed this long before it ends, or with a quarter of its life left */
#define UNKNOWN_LIFE_S 600    /* of a token whose endpoint does not tell */
#define JUST_NOW_MS    2000   /* a token so young is not replaced, though refused: another thread got it */

/* ---- asking ---- */

static mig__buffer form(const char *grant)
{
    mig__buffer body = MIG__BUFFER_INIT;

    mig__buffer_reserve(&body, MIG__OAUTH2_BODY_MAX);
    mig__oauth2_field(&body, "grant_type", grant);
    return body;
}

/* RFC 6749 section 2.3.1 or RFC 7523 section 2.2: who the application is, and the proof where it has one. */
static int add_client(const mig_oauth2 *oauth2, mig__buffer *body, mig_error *err)
{
    mig__buffer assertion = MIG__BUFFER_INIT;

    mig__oauth2_field(body, "client_id", oauth2->client_id);
    if (oauth2->secret[0] != '\0') {
        mig__oauth2_field(body, "client_secret", oauth2->secret);
    }
    if (oauth2->key.key == NULL) {
        return 0;
    }
    if (mig__oauth2_client_assertion(&oauth2->key, oauth2->client_id, oauth2->token_url, mig__wall_seconds(),
                                     &assertion, err) != 0) {
        mig__buffer_wipe(&assertion);
        return -1;
    }
    mig__oauth2_field(body, "client_assertion_type", CLIENT_ASSERTION);
    mig__oauth2_field(body, "client_assertion", assertion.data);
    mig__buffer_wipe(&assertion);
    return 0;
}

/* `ends` is wall clock. */
static void set_times(mig_oauth2 *oauth2, int64_t lifetime_s)
{
    int64_t life = (lifetime_s > 0 ? lifetime_s : UNKNOWN_LIFE_S) * 1000;

    oauth2->got_ms = mig__now_ms();
    oauth2->ends_ms = oauth2->got_ms + life;
    oauth2->renew_ms = oauth2->ends_ms - (life / 4 < SKEW_MS ? life / 4 : SKEW_MS);
}

/* A refresh token that cannot be had again is kept: that of a person who signed in, or one that replaces the given. */
static int keep(const mig_oauth2 *oauth2, mig_error *err)
{
    bool worth = oauth2->token.refresh[0] != '\0' && strcmp(oauth2->token.refresh, oauth2->given) != 0;

    if (oauth2->login_file != NULL) {
        return mig__login_file_update(oauth2->login_file, &oauth2->token,
                                      mig__wall_seconds() + (oauth2->ends_ms - oauth2->got_ms) / 1000, err);
    }
    if (oauth2->cache_file == NULL || !worth) {
        return 0;
    }
    return mig__oauth2_cache_write(oauth2->cache_file, oauth2->identity, &oauth2->token,
                                   mig__wall_seconds() + (oauth2->ends_ms - oauth2->got_ms) / 1000, err);
}

/* Send a form, which is wiped, and take the token. `code` gets the endpoint's error code, "" when there is none. */
static int ask(mig_oauth2 *oauth2, mig__buffer *body, char code[MIG__OAUTH2_CODE_MAX], mig_error *err)
{
    mig__oauth2_answer answer = {.data = NULL};
    char *refresh = NULL;
    int result = -1;

    code[0] = '\0';
    if (mig__buffer_ok(body, err) != 0 || mig__oauth2_post(&oauth2->http, oauth2->token_url, body, &answer, err) != 0) {
        goto cleanup;
    }
    if (answer.status != 200) {
        mig__oauth2_refusal(answer.status, answer.data, answer.length, oauth2->host, code, err);
        if (err != NULL) {
            err->retry_after_ms = answer.retry_after_ms;
        }
        goto cleanup;
    }
    refresh = strdup(oauth2->token.refresh);
    if (refresh == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        goto cleanup;
    }
    if (mig__oauth2_parse_token(answer.data, answer.length, &oauth2->token, err) != 0) {
        goto cleanup;
    }
    if (oauth2->token.refresh[0] == '\0') { /* RFC 6749 section 6: the old one stays */
        memcpy(oauth2->token.refresh, refresh, strlen(refresh) + 1);
    }
    set_times(oauth2, oauth2->token.lifetime);
    result = keep(oauth2, err);

cleanup:
    if (refresh != NULL) {
        explicit_bzero(refresh, strlen(refresh));
    }
    free(refresh);
    mig__oauth2_answer_clear(&answer);
    mig__buffer_wipe(body);
    return result;
}

static int ask_google(mig_oauth2 *oauth2, mig_error *err)
{
    mig__buffer body = form(JWT_BEARER), assertion = MIG__BUFFER_INIT;
    char code[MIG__OAUTH2_CODE_MAX];
    int result = mig__oauth2_google_assertion(&oauth2->key, oauth2->user, oauth2->scope, oauth2->token_url,
                                              mig__wall_seconds(), &assertion, err);

    if (!result) {
        mig__oauth2_field(&body, "assertion", assertion.data);
        result = ask(oauth2, &body, code, err);
    }
    mig__buffer_wipe(&assertion);
    mig__buffer_wipe(&body);
    return result;
}

static int ask_microsoft(mig_oauth2 *oauth2, mig_error *err)
{
    mig__buffer body = form("client_credentials");
    char code[MIG__OAUTH2_CODE_MAX];
    int result = add_client(oauth2, &body, err);

    mig__oauth2_field(&body, "scope", oauth2->scope);
    if (!result) {
        result = ask(oauth2, &body, code, err);
    }
    mig__buffer_wipe(&body);
    return result;
}

static int ask_refresh(mig_oauth2 *oauth2, char code[MIG__OAUTH2_CODE_MAX], mig_error *err)
{
    mig__buffer body = form("refresh_token");
    int result = add_client(oauth2, &body, err);

    code[0] = '\0';
    mig__oauth2_field(&body, "refresh_token", oauth2->token.refresh);
    if (oauth2->scope != NULL) {
        mig__oauth2_field(&body, "scope", oauth2->scope);
    }
    if (!result) {
        result = ask(oauth2, &body, code, err);
    }
    mig__buffer_wipe(&body);
    return result;
}

/* A refresh token of the cache that does not work any more gives way to the one that the user gave. */
static int refresh(mig_oauth2 *oauth2, mig_error *err)
{
    char code[MIG__OAUTH2_CODE_MAX];
    int result = ask_refresh(oauth2, code, err);

    if (result && strcmp(code, "invalid_grant") == 0 && strcmp(oauth2->token.refresh, oauth2->given) != 0) {
        memcpy(oauth2->token.refresh, oauth2->given, sizeof oauth2->given);
        result = ask_refresh(oauth2, code, err);
    }
    return result;
}

/*
 * Of a file that other processes use as well one refreshes at a time: whoever comes second finds the token of the
 * first, which is not the one that was refused here, and the refresh token that may have been replaced.
 */
static int refresh_shared(mig_oauth2 *oauth2, mig_error *err)
{
    char code[MIG__OAUTH2_CODE_MAX];
    int64_t ends = 0;
    int lock = mig__login_file_lock(oauth2->login_file, oauth2->http.stop, err), result = -1;
    mig__oauth2_token *found = lock >= 0 ? mig__locked_new(sizeof *found) : NULL;

    if (found == NULL && lock >= 0) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (found != NULL && mig__login_file_tokens(oauth2->login_file, found, &ends, err) == 0) {
        int64_t left = ends - mig__wall_seconds();
        bool other = !oauth2->ask_anew && found->access[0] != '\0' && strcmp(found->access, oauth2->token.access) != 0;

        oauth2->token = *found;
        if (other && left > SKEW_MS / 1000) {
            set_times(oauth2, left);
            result = 0;
        } else {
            result = ask_refresh(oauth2, code, err);
        }
    }
    mig__locked_free(found, sizeof *found);
    if (lock >= 0) {
        close(lock);
    }
    return result;
}

/* ---- the device flow (RFC 8628) ---- */

static int start_device(mig_oauth2 *oauth2, mig__oauth2_device *device, mig_error *err)
{
    mig__buffer body = MIG__BUFFER_INIT;
    mig__oauth2_answer answer = {.data = NULL};
    char code[MIG__OAUTH2_CODE_MAX], host[256];
    int result = -1;

    mig__buffer_reserve(&body, MIG__OAUTH2_BODY_MAX);
    mig__oauth2_field(&body, "client_id", oauth2->client_id);
    mig__oauth2_field(&body, "scope", oauth2->scope);
    if (mig__buffer_ok(&body, err) != 0 ||
        mig__oauth2_post(&oauth2->http, oauth2->device_url, &body, &answer, err) != 0) {
        goto cleanup;
    }
    if (answer.status != 200) {
        mig__oauth2_refusal(answer.status, answer.data, answer.length,
                            mig__oauth2_host(oauth2->device_url, host, sizeof host), code, err);
    } else {
        result = mig__oauth2_parse_device(answer.data, answer.length, device, err);
    }

cleanup:
    mig__oauth2_answer_clear(&answer);
    mig__buffer_wipe(&body);
    return result;
}

/* False when asked to stop. */
static bool pause_s(const mig_oauth2 *oauth2, int64_t seconds)
{
    for (int64_t until = mig__now_ms() + seconds * 1000; mig__now_ms() < until; mig__sleep_ms(100)) {
        if (mig_stop_level(oauth2->http.stop) > 0) {
            return false;
        }
    }
    return true;
}

static int ask_device(mig_oauth2 *oauth2, const char *device_code, char code[MIG__OAUTH2_CODE_MAX], mig_error *err)
{
    mig__buffer body = form(DEVICE_CODE);
    int result = add_client(oauth2, &body, err);

    code[0] = '\0';
    mig__oauth2_field(&body, "device_code", device_code);
    if (!result) {
        result = ask(oauth2, &body, code, err);
    }
    mig__buffer_wipe(&body);
    return result;
}

/* RFC 8628 section 3.5. */
static int poll_device(mig_oauth2 *oauth2, mig__oauth2_device *device, mig_error *err)
{
    int64_t until = mig__now_ms() + device->lifetime * 1000;
    char code[MIG__OAUTH2_CODE_MAX];

    for (;;) {
        mig_error error = MIG_ERROR_INIT;

        if (!pause_s(oauth2, device->interval)) {
            return mig_error_set(err, MIG_E_INTERRUPTED, "stopped while waiting for the sign-in");
        }
        if (ask_device(oauth2, device->device_code, code, &error) == 0) {
            return 0;
        }
        if (strcmp(code, "slow_down") == 0 || error.code == MIG_E_TIMEOUT) {
            device->interval += 5;
        } else if (strcmp(code, "authorization_pending") != 0) {
            if (err != NULL) {
                *err = error;
            }
            return -1;
        }
        if (mig__now_ms() >= until) {
            mig_error_set(err, MIG_E_AUTH, "nobody signed in with the code in time");
            return mig_error_hint(err, "run the command again");
        }
    }
}

static int sign_in(mig_oauth2 *oauth2, mig_error *err)
{
    mig__oauth2_device device;
    mig_oauth2_code code;
    int result;

    if (oauth2->show == NULL) {
        mig_error_set(err, MIG_E_SECRET, "interactive sign-in needed, but no callback is set");
        return mig_error_hint(err, "run the command at a terminal once");
    }
    if (start_device(oauth2, &device, err) != 0) {
        return -1;
    }
    code = (mig_oauth2_code){device.url, device.user_code, (int)device.lifetime};
    oauth2->show(&code, oauth2->show_context);
    result = poll_device(oauth2, &device, err);
    explicit_bzero(&device, sizeof device);
    return result;
}

static int refresh_or_sign_in(mig_oauth2 *oauth2, mig_error *err)
{
    char code[MIG__OAUTH2_CODE_MAX];

    if (oauth2->token.refresh[0] != '\0') {
        if (ask_refresh(oauth2, code, err) == 0) {
            return 0;
        }
        if (strcmp(code, "invalid_grant") != 0) {
            return -1;
        }
        explicit_bzero(oauth2->token.refresh, sizeof oauth2->token.refresh);
    }
    return sign_in(oauth2, err);
}

/* ---- giving ---- */

static int renew(mig_oauth2 *oauth2, mig_error *err)
{
    switch (oauth2->grant) {
    case MIG_OAUTH2_GOOGLE:
        return ask_google(oauth2, err);
    case MIG_OAUTH2_MICROSOFT:
        return ask_microsoft(oauth2, err);
    case MIG_OAUTH2_REFRESH:
        return oauth2->login_file != NULL ? refresh_shared(oauth2, err) : refresh(oauth2, err);
    default:
        return refresh_or_sign_in(oauth2, err);
    }
}

/* What an earlier run has kept. Its moment is the wall clock's: a clock that jumps costs a request or a refusal. */
static void read_cache(mig_oauth2 *oauth2)
{
    int64_t ends = 0;

    if (oauth2->cache_tried || oauth2->cache_file == NULL) {
        return;
    }
    oauth2->cache_tried = true;
    if (mig__oauth2_cache_read(oauth2->cache_file, oauth2->identity, &oauth2->token, &ends) == 0) {
        int64_t left = ends - mig__wall_seconds();

        if (left > 0 && oauth2->token.access[0] != '\0') {
            set_times(oauth2, left);
        } else {
            oauth2->token.access[0] = '\0';
        }
        oauth2->got_ms = mig__now_ms() - JUST_NOW_MS;
    }
}

/* The token at hand does: it is young enough, and not the one that was refused. */
static bool at_hand(const mig_oauth2 *oauth2, bool fresh)
{
    int64_t now = mig__now_ms();

    if (oauth2->token.access[0] == '\0' || now >= oauth2->renew_ms) {
        return false;
    }
    return !fresh || now < oauth2->got_ms + JUST_NOW_MS;
}

int mig_oauth2_give(char *out, size_t size, bool fresh, void *context, mig_error *err)
{
    mig_oauth2 *oauth2 = context;
    mig_error error = MIG_ERROR_INIT;
    int result = 0;

    pthread_mutex_lock(&oauth2->lock);
    read_cache(oauth2);
    if (!at_hand(oauth2, fresh) && renew(oauth2, &error) != 0) {
        /* In the time before its end a token still does when no other is to be had just now. */
        bool still = oauth2->token.access[0] != '\0' && mig__now_ms() < oauth2->ends_ms;

        if (fresh || !still || error.retry == MIG_RETRY_NEVER) {
            if (oauth2->user != NULL) {
                mig_error_context(&error, "%s", oauth2->user);
            }
            if (err != NULL) {
                *err = error;
            }
            result = -1;
        }
    }
    if (!result && strlen(oauth2->token.access) >= size) {
        result = mig_error_set(err, MIG_E_SECRET, "the access token is longer than %zu octets", size - 1);
    }
    if (!result) {
        memcpy(out, oauth2->token.access, strlen(oauth2->token.access) + 1);
    }
    pthread_mutex_unlock(&oauth2->lock);
    return result;
}
