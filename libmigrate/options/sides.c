/* options/sides.c - what was said of the source and of the target, held against each other and put into their endpoints
 */
#include "base/buffer.h"
#include "options/private.h"
#include "options/values.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A side that is being completed. `name` is how people write it; "" before it unless it is typed. */
typedef struct siding {
    mig__finishing *f;
    mig_settings_side *side;
    int which;
    const char *name, *dash;
} siding;

/* `about` are the ends of the names, "-tls"; the first that was said is where it stands. */
static MIG_PRINTF(4, 5) int fault(siding *s, const char *hint, const char *const *about, const char *format, ...)
{
    char text[MIG_ERROR_TEXT], names[6][MIG_OPTION_NAME];
    const char *whole[7] = {NULL};
    mig_error error = MIG_ERROR_INIT;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    mig_error_set(&error, MIG_E_USAGE, "%s", text);
    if (hint != NULL) {
        mig_error_hint(&error, "%s", hint);
    }
    for (size_t i = 0; i < 6 && about[i] != NULL; i++) {
        snprintf(names[i], sizeof names[i], "%s%s", s->name, about[i]);
        whole[i] = names[i];
    }
    return mig__fault(s->f, &error, whole);
}

#define ABOUT(...) ((const char *const[]){__VA_ARGS__, NULL})

static int set_string(siding *s, char **out, const char *value)
{
    if (value == NULL) {
        return 0;
    }
    free(*out);
    *out = mig__strdup(value);
    return *out != NULL ? 0 : mig_error_set(s->f->err, MIG_E_NOMEM, "out of memory");
}

/* ---- files instead of a login ---- */

/* The first option of a login that was said, or NULL. An archive can have a password all the same. */
static const char *login_option(const mig_settings_side *side)
{
    bool archive = strncasecmp(side->url, "archive:", 8) == 0;
    const struct {
        const char *name;
        bool given;
    } all[] = {
        {"-tls", side->tls != NULL},
        {"-auth", side->auth != MIG_AUTH_AUTO},
        {"-authzid", side->authzid != NULL},
        {"-password-file", side->password_file != NULL && !archive},
        {"-password-command", side->password_command != NULL && !archive},
        {"-pin", side->pin != NULL},
        {"-ca-file", side->ca_file != NULL},
        {"-provider", side->provider != NULL},
        {"-token-command", side->token_command != NULL},
        {"-oauth", side->grant != NULL},
        {"-cert", side->cert != NULL},
        {"-key", side->key != NULL},
        {"-proxy", side->proxy != NULL},
        {"-tunnel", side->tunnel != NULL},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].given) {
            return all[i].name;
        }
    }
    return NULL;
}

static int take_store(siding *s)
{
    const char *option = login_option(s->side);
    mig_error error = MIG_ERROR_INIT;
    if (option != NULL) {
        char hint[96];
        snprintf(hint, sizeof hint, "leave it out, or give %s%s imaps://user@host", s->dash, s->name);
        return fault(s, hint, ABOUT(option), "%s%s%s: nobody logs in to files", s->dash, s->name, option);
    }
    mig_store_free(&s->side->store);
    s->side->store = mig_store_new(s->side->url, (mig_side)s->which, &s->side->endpoint, &error);
    if (s->side->store != NULL) {
        return 0;
    }
    mig_error_context(&error, "%s%s", s->dash, s->name);
    return mig__fault(s->f, &error, (const char *const[]){s->name, NULL});
}

/* ---- the login ---- */

/* An option of OAuth 2 that was said, or NULL. */
static const char *any_of_oauth2(const mig_oauth2_options *oauth2)
{
    const struct {
        const char *name, *value;
    } all[] = {
        {"-oauth-key", oauth2->key_file},
        {"-oauth-cert", oauth2->cert_file},
        {"-oauth-client-id", oauth2->client_id},
        {"-oauth-secret-file", oauth2->secret_file},
        {"-oauth-refresh-file", oauth2->refresh_file},
        {"-oauth-tenant", oauth2->tenant},
        {"-oauth-scope", oauth2->scope},
        {"-oauth-token-url", oauth2->token_url},
        {"-oauth-device-url", oauth2->device_url},
        {"-oauth-ca-file", oauth2->ca_file},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].value != NULL) {
            return all[i].name;
        }
    }
    return NULL;
}

static int check_proofs(siding *s)
{
    const mig_settings_side *side = s->side;
    const char *oauth2 = any_of_oauth2(&side->oauth2), *name = s->name, *dash = s->dash;
    bool passwords = side->password_file != NULL || side->password_command != NULL;
    bool token = side->grant != NULL || side->token_command != NULL;
    int failed = 0;
    if (side->password_file != NULL && side->password_command != NULL) {
        failed |= fault(s, NULL, ABOUT("-password-file", "-password-command"),
                        "%s%s-password-file and %s%s-password-command exclude each other", dash, name, dash, name);
    }
    if (oauth2 != NULL && side->grant == NULL) {
        failed |= fault(s, NULL, ABOUT(oauth2), "%s%s%s needs %s%s-oauth: google, microsoft, refresh or device", dash,
                        name, oauth2, dash, name);
    }
    if ((side->grant != NULL) + (side->token_command != NULL) + passwords > 1) {
        failed |= fault(s, NULL, ABOUT("-oauth", "-token-command", "-password-file", "-password-command"),
                        "%s%s-oauth, %s%s-token-command and an option for the password exclude each other", dash, name,
                        dash, name);
    }
    if (token && side->auth != MIG_AUTH_AUTO && side->auth != MIG_AUTH_XOAUTH2 && side->auth != MIG_AUTH_OAUTHBEARER) {
        failed |= fault(s, NULL, ABOUT("-auth"),
                        "an access token goes with %s%s-auth auto, xoauth2 or oauthbearer alone", dash, name);
    }
    return failed;
}

static int check_way(siding *s)
{
    const mig_settings_side *side = s->side;
    const char *name = s->name, *dash = s->dash;
    int failed = 0;
    if (side->key != NULL && side->cert == NULL) {
        failed |= fault(s, NULL, ABOUT("-key"), "%s%s-key needs %s%s-cert", dash, name, dash, name);
    }
    if (side->cert != NULL && side->endpoint.tls == MIG_TLS_NONE) {
        failed |= fault(s, NULL, ABOUT("-cert", "-tls"), "%s%s-cert needs TLS", dash, name);
    }
    if (side->auth == MIG_AUTH_EXTERNAL && side->cert == NULL && side->tunnel == NULL) {
        failed |= fault(s, NULL, ABOUT("-auth"), "%s%s-auth external needs %s%s-cert", dash, name, dash, name);
    }
    if (side->tunnel != NULL && side->proxy != NULL) {
        failed |=
            fault(s, NULL, ABOUT("-tunnel", "-proxy"), "a tunnel does not go through a proxy: leave one of them out");
    }
    return failed;
}

static int set_tls(siding *s)
{
    static const char *const names[] = {"implicit", "starttls", "none", NULL};
    mig_endpoint *endpoint = &s->side->endpoint;
    int mode = 0;
    if (s->side->tls == NULL || !mig__parse_choice(s->side->tls, names, &mode) || (mig_tls_mode)mode == endpoint->tls) {
        return 0;
    }
    if ((mig_tls_mode)mode != MIG_TLS_NONE || endpoint->tls != MIG_TLS_STARTTLS) {
        return fault(s, NULL, ABOUT("-tls"),
                     "%s%s-tls %s contradicts the URL: imaps:// is implicit TLS, imap:// is starttls or none", s->dash,
                     s->name, s->side->tls);
    }
    endpoint->tls = MIG_TLS_NONE;
    return 0;
}

static int take_grant(mig_settings_side *side)
{
    static const char *const names[] = {"google", "microsoft", "refresh", "device", NULL};
    int grant = 0;
    if (side->grant != NULL && mig__parse_choice(side->grant, names, &grant)) {
        side->oauth2.grant = (mig_oauth2_grant)grant;
    }
    return 0;
}

static int fill_endpoint(siding *s)
{
    mig_settings_side *side = s->side;
    const mig_settings *settings = &s->f->own->is;
    mig_endpoint *endpoint = &side->endpoint;
    bool token = side->grant != NULL || side->token_command != NULL;
    if (side->proxy == NULL && side->tunnel == NULL) {
        side->proxy = settings->proxy;
    }
    endpoint->auth = token && side->auth == MIG_AUTH_AUTO ? MIG_AUTH_TOKEN : side->auth;
    if (set_string(s, &endpoint->authzid, side->authzid) != 0 ||
        set_string(s, &endpoint->ca_file, side->ca_file != NULL ? side->ca_file : settings->ca_file) != 0 ||
        set_string(s, &endpoint->pin, side->pin) != 0 || set_string(s, &endpoint->client_cert, side->cert) != 0 ||
        set_string(s, &endpoint->client_key, side->key) != 0 || set_string(s, &endpoint->tunnel, side->tunnel) != 0 ||
        set_string(s, &endpoint->proxy, side->proxy) != 0) {
        return -1;
    }
    side->oauth2.user = endpoint->authzid != NULL ? endpoint->authzid : endpoint->user;
    side->oauth2.proxy = side->proxy;
    return take_grant(side);
}

/* What is the same for a server and for files. */
static void set_common(siding *s)
{
    const mig_settings *settings = &s->f->own->is;
    mig_endpoint *endpoint = &s->side->endpoint;
    endpoint->allow_cleartext = settings->allow_cleartext;
    endpoint->tls_min = settings->tls_min;
    endpoint->compress = settings->compress;
    endpoint->timeout_ms = settings->timeout_ms;
    endpoint->connect_timeout_ms = settings->connect_timeout_ms;
}

/* The server is looked for later, by mig_settings_find: what only a URL can say has no place beside it. */
static int take_address(siding *s)
{
    mig_settings_side *side = s->side;
    const char *option = side->tls != NULL ? "-tls" : side->tunnel != NULL ? "-tunnel" : NULL;
    int failed = check_proofs(s);
    failed |= check_way(s);
    side->to_find = true;
    if (option != NULL) {
        failed |= fault(s, "give the server's URL: imaps://USER@HOST", ABOUT(option),
                        "%s%s%s does not go with an address whose server is looked for", s->dash, s->name, option);
    }
    return set_string(s, &side->endpoint.user, side->url) != 0 || fill_endpoint(s) != 0 ? -1 : failed;
}

/* Scripts in files, or ManageSieve alone: sieve:DIR, sieve://USER@HOST[:4190]. */
static int take_sieve(siding *s)
{
    mig_settings_side *side = s->side;
    mig_error error = MIG_ERROR_INIT;
    char url[1100];
    side->sieve_alone = true;
    if (strncmp(side->url + 6, "//", 2) != 0) {
        side->sieve = side->url;
        side->only_named = true;
        return s->which == MIG_SOURCE ? 0
                                      : fault(s, "write files with `mailmigrate filters export`", ABOUT(""),
                                              "%s%s: scripts in files can be the source alone", s->dash, s->name);
    }
    snprintf(url, sizeof url, "imap:%s", side->url + 6); /* the same form (RFC 5804 section 3, without a path) */
    if (strlen(side->url) >= sizeof url - 8 || mig_endpoint_parse_url(&side->endpoint, url, &error) != 0) {
        mig_error_set(&error, MIG_E_USAGE, "not a URL of the form sieve://user%%40domain@host[:4190]");
        mig_error_context(&error, "%s%s", s->dash, s->name);
        return mig__fault(s->f, &error, (const char *const[]){s->name, NULL});
    }
    side->endpoint.port = side->endpoint.port == 143 ? 4190 : side->endpoint.port;
    int failed = set_tls(s);
    failed |= check_proofs(s);
    failed |= check_way(s);
    return fill_endpoint(s) != 0 ? -1 : failed;
}

int mig__finish_side(mig__finishing *f, int which)
{
    siding s = {.f = f,
                .side = &f->own->is.sides[which],
                .which = which,
                .name = which == MIG_SOURCE ? "source" : "target",
                .dash = f->dash};
    mig_error error = MIG_ERROR_INIT;
    if (s.side->url == NULL && f->part == MIG_SETTINGS_ACCOUNT) { /* the plan has said why; the rest is looked at */
        int failed = check_proofs(&s);
        return check_way(&s) != 0 ? -1 : failed;
    }
    if (s.side->url == NULL) {
        return fault(&s, "give the account as imaps://user%40domain@host, or name a plan", ABOUT(""),
                     "%s%s URL is missing", s.dash, s.name);
    }
    set_common(&s);
    if (f->own->is.verb == MIG_VERB_FILTERS && strncasecmp(s.side->url, "sieve:", 6) == 0) {
        return take_sieve(&s);
    }
    if (mig_store_is_url(s.side->url)) {
        return take_store(&s);
    }
    if (mig_settings_is_address(s.side->url)) {
        return take_address(&s);
    }
    if (mig_endpoint_parse_url(&s.side->endpoint, s.side->url, &error) != 0) {
        mig_error_context(&error, "%s%s", s.dash, s.name);
        return mig__fault(f, &error, (const char *const[]){s.name, NULL});
    }
    int failed = set_tls(&s);
    failed |= check_proofs(&s);
    failed |= check_way(&s);
    return fill_endpoint(&s) != 0 ? -1 : failed;
}
