/* net/oauth2_answer.c - what a token endpoint says: a token, a code for a device, or a refusal */
#include "net/oauth2_private.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LONGEST (INT64_C(366) * 24 * 3600) /* seconds that are taken for a lifetime */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

/* A number, or one written as a string as some servers do. 0: none that makes sense. */
static int64_t seconds_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    double number = 0;

    if (json_is_number(value)) {
        number = json_number_value(value);
    } else if (json_is_string(value)) {
        json_t *inside = json_loads(json_string_value(value), JSON_DECODE_ANY, NULL);
        number = json_number_value(inside);
        json_decref(inside);
    }
    if (!(number >= 1)) {
        return 0;
    }
    return number > (double)LONGEST ? LONGEST : (int64_t)number;
}

/* RFC 6749 appendix A.12 and A.17: printable ASCII; a control character would forge the line that carries it. */
static bool token_valid(const char *token, size_t most)
{
    size_t length = strlen(token);

    if (length == 0 || length >= most) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (token[i] < 0x20 || token[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

/* Overwrite the strings before jansson gives them back to the heap. */
static void forget(json_t *object)
{
    static const char *const names[] = {"access_token", "refresh_token", "id_token", "device_code"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = json_string_value(json_object_get(object, names[i]));
        if (text != NULL) {
            explicit_bzero((char *)(uintptr_t)text, strlen(text));
        }
    }
    json_decref(object);
}

static int not_as_expected(const char *why, mig_error *err)
{
    mig_error_set(err, MIG_E_SECRET, "invalid reply of the token endpoint: %s", why);
    return mig_error_hint(err, "check that the URL is the one of an OAuth 2 token endpoint");
}

int mig__oauth2_parse_token(const char *data, size_t length, mig__oauth2_token *out, mig_error *err)
{
    json_t *answer = json_loadb(data, length, JSON_REJECT_DUPLICATES, NULL);
    const char *access = text_of(answer, "access_token");
    const char *refresh = text_of(answer, "refresh_token");
    const char *type = text_of(answer, "token_type");
    int result = -1;

    if (!json_is_object(answer)) {
        not_as_expected("it is not JSON", err);
    } else if (!token_valid(access, sizeof out->access)) {
        not_as_expected(
            *access ? "the access token is too long or holds control characters" : "it holds no access token", err);
    } else if (*type && strcasecmp(type, "Bearer") != 0) {
        not_as_expected("the token is not of type Bearer", err);
    } else if (*refresh && !token_valid(refresh, sizeof out->refresh)) {
        not_as_expected("the refresh token is too long or holds control characters", err);
    } else {
        memset(out, 0, sizeof *out);
        memcpy(out->access, access, strlen(access) + 1);
        memcpy(out->refresh, refresh, strlen(refresh) + 1);
        out->lifetime = seconds_of(answer, "expires_in");
        result = 0;
    }
    forget(answer);
    return result;
}

int mig__oauth2_parse_device(const char *data, size_t length, mig__oauth2_device *out, mig_error *err)
{
    json_t *answer = json_loadb(data, length, JSON_REJECT_DUPLICATES, NULL);
    const char *device = text_of(answer, "device_code");
    const char *user = text_of(answer, "user_code");
    const char *url = text_of(answer, "verification_uri");
    int result = -1;

    if (!*url) {
        url = text_of(answer, "verification_url"); /* Google's name for it */
    }
    if (!json_is_object(answer)) {
        not_as_expected("it is not JSON", err);
    } else if (!token_valid(device, sizeof out->device_code) || !*user || strlen(user) >= sizeof out->user_code ||
               !mig__oauth2_url_valid(url) || strlen(url) >= sizeof out->url) {
        not_as_expected("no code for a device, or no https address to type it in at", err);
    } else {
        memset(out, 0, sizeof *out);
        memcpy(out->device_code, device, strlen(device) + 1);
        mig__inert(user, strlen(user), out->user_code, sizeof out->user_code);
        mig__inert(url, strlen(url), out->url, sizeof out->url);
        out->lifetime = seconds_of(answer, "expires_in");
        out->interval = seconds_of(answer, "interval");
        if (!out->lifetime) {
            out->lifetime = 900;
        }
        if (!out->interval) {
            out->interval = 5; /* RFC 8628 section 3.2 */
        }
        result = 0;
    }
    forget(answer);
    return result;
}

int mig__oauth2_refusal(int status, const char *data, size_t length, const char *host, char code[MIG__OAUTH2_CODE_MAX],
                        mig_error *err)
{
    json_t *answer = json_loadb(data, length, 0, NULL);
    const char *error = text_of(answer, "error");
    const char *description = text_of(answer, "error_description");
    bool busy = status == 429 || status >= 500 || strcmp(error, "temporarily_unavailable") == 0;
    mig_error told = MIG_ERROR_INIT;
    char words[MIG_ERROR_SERVER];
    const char *hint;

    (void)snprintf(code, MIG__OAUTH2_CODE_MAX, "%s", error);
    (void)snprintf(words, sizeof words, "%s%s%s", error, *error && *description ? ": " : "", description);
    hint = mig__oauth2_hint(code, words);
    if (busy) {
        mig_error_set(&told, MIG_E_UNAVAILABLE, "%s has no access token at the moment (HTTP status %d)", host, status);
    } else if (*error) {
        mig_error_set(&told, MIG_E_AUTH, "%s refuses an access token", host);
        mig_error_hint(&told, "%s", hint != NULL ? hint : "check the settings of the application there");
    } else if (status >= 300 && status < 400) {
        mig_error_set(&told, MIG_E_SECRET, "%s answers with a redirect, which is not followed", host);
        mig_error_hint(&told, "check the URL of the token endpoint");
    } else {
        mig_error_set(&told, MIG_E_SECRET, "%s answers with HTTP status %d and without a reason", host, status);
        mig_error_hint(&told, "check the URL of the token endpoint");
    }
    mig_error_server(&told, words, strlen(words));
    json_decref(answer);
    if (err != NULL) {
        *err = told;
    }
    return -1;
}
