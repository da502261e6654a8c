/*
 * net/oauth2_new.c - from options to an object that can ask for tokens, and its end
 *
 * Secrets lie within the object, whose pages are locked, kept out of core dumps, and overwritten at the end.
 */
#include "base/memory.h"
#include "base/sized.h"
#include "net/login_private.h"
#include <stdlib.h>
#include <string.h>

#define GOOGLE_SCOPE    "https://mail.google.com/"
#define MICROSOFT_SCOPE "https://outlook.office365.com/.default"
#define PERSON_SCOPE    "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
#define MICROSOFT_URL   "https://login.microsoftonline.com/%s/oauth2/v2.0/%s"

static int missing(const char *grant, const char *what, mig_error *err)
{
    return mig_error_set(err, MIG_E_USAGE, "OAuth 2, %s: %s is missing", grant, what);
}

static int check(const mig_oauth2_options *options, mig_error *err)
{
    static const char *const names[] = {"google", "microsoft", "refresh", "device"};
    const char *name = names[options->grant];
    const char *const urls[] = {options->token_url, options->device_url};

    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        if (urls[i] != NULL && !mig__oauth2_url_valid(urls[i])) {
            mig_error_set(err, MIG_E_USAGE, "OAuth 2, %s: an endpoint's URL is not https://HOST/...", name);
            return mig_error_hint(err, "secrets go there: other schemes, and passwords in the URL, are refused");
        }
    }
    if (options->grant == MIG_OAUTH2_GOOGLE) {
        if (options->key_file == NULL) {
            return missing(name, "the key file of the service account", err);
        }
        return options->user != NULL ? 0 : missing(name, "the user to act for", err);
    }
    if (options->client_id == NULL) {
        return missing(name, "the client ID", err);
    }
    if (options->secret_file != NULL && options->cert_file != NULL) {
        return mig_error_set(err, MIG_E_USAGE, "OAuth 2, %s: secret and certificate exclude each other", name);
    }
    if (options->grant == MIG_OAUTH2_MICROSOFT && options->secret_file == NULL && options->cert_file == NULL) {
        return missing(name, "the client's secret or certificate", err);
    }
    if (options->grant == MIG_OAUTH2_REFRESH && options->refresh_file == NULL) {
        return missing(name, "the file with the refresh token", err);
    }
    if (options->grant == MIG_OAUTH2_DEVICE && (options->token_url != NULL) != (options->device_url != NULL)) {
        return mig_error_set(err, MIG_E_USAGE, "OAuth 2, %s: token URL and device URL belong together", name);
    }
    if (options->grant != MIG_OAUTH2_DEVICE && options->tenant == NULL && options->token_url == NULL) {
        missing(name, "the tenant (Microsoft) or the URL of the token endpoint", err);
        return mig_error_hint(err, "Google's is https://oauth2.googleapis.com/token");
    }
    return 0;
}

static int copy_text(char **out, const char *text, mig_error *err)
{
    *out = mig__strdup(text);
    return text == NULL || *out != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* Microsoft's endpoint `name` for a tenant, whose characters cannot lead elsewhere. */
static int microsoft_url(char **out, const char *tenant, const char *name, mig_error *err)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";
    mig__buffer url = MIG__BUFFER_INIT;

    if (tenant[0] == '\0' || tenant[0] == '.' || tenant[strspn(tenant, plain)] != '\0') {
        mig_error_set(err, MIG_E_USAGE, "OAuth 2: the tenant is neither an ID nor a domain");
        return mig_error_hint(err, "Entra shows it on its first page as Tenant ID");
    }
    mig__buffer_addf(&url, MICROSOFT_URL, tenant, name);
    *out = mig__buffer_steal(&url);
    return *out != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int set_urls(mig_oauth2 *oauth2, const mig_oauth2_options *options, mig_error *err)
{
    const char *tenant = options->tenant != NULL ? options->tenant : "organizations";
    const char *url = options->token_url != NULL ? options->token_url : oauth2->key.token_url;

    if (url != NULL && !mig__oauth2_url_valid(url)) {
        return mig_error_set(err, MIG_E_SECRET, "the \"token_uri\" of the key file %s is not https", options->key_file);
    }
    if (options->grant == MIG_OAUTH2_GOOGLE && url == NULL) {
        url = "https://oauth2.googleapis.com/token";
    }
    if (url != NULL ? copy_text(&oauth2->token_url, url, err)
                    : microsoft_url(&oauth2->token_url, tenant, "token", err)) {
        return -1;
    }
    (void)mig__oauth2_host(oauth2->token_url, oauth2->host, sizeof oauth2->host);
    if (options->grant != MIG_OAUTH2_DEVICE) {
        return 0;
    }
    return options->device_url != NULL ? copy_text(&oauth2->device_url, options->device_url, err)
                                       : microsoft_url(&oauth2->device_url, tenant, "devicecode", err);
}

static const char *default_scope(mig_oauth2_grant grant)
{
    switch (grant) {
    case MIG_OAUTH2_GOOGLE:
        return GOOGLE_SCOPE;
    case MIG_OAUTH2_MICROSOFT:
        return MICROSOFT_SCOPE;
    case MIG_OAUTH2_DEVICE:
        return PERSON_SCOPE;
    default:
        return NULL; /* what the refresh token was made for */
    }
}

static int read_google(mig_oauth2 *oauth2, const char *path, mig_error *err)
{
    mig__buffer file = MIG__BUFFER_INIT;
    int result = mig__oauth2_read(path, "the key file", &file, err);

    if (!result) {
        result = mig__oauth2_parse_google(file.data, file.length, path, &oauth2->key, err);
    }
    mig__buffer_wipe(&file);
    return result;
}

static int read_certificate(mig_oauth2 *oauth2, const char *cert_path, const char *key_path, mig_error *err)
{
    mig__buffer cert = MIG__BUFFER_INIT, key = MIG__BUFFER_INIT, thumbprint = MIG__BUFFER_INIT;
    int result = -1;

    if (mig__oauth2_read(cert_path, "the certificate", &cert, err) != 0 ||
        mig__oauth2_read(key_path != NULL ? key_path : cert_path, "the key of the certificate", &key, err) != 0) {
        goto cleanup;
    }
    oauth2->key.key = mig__jwt_key(key.data, key.length, key_path != NULL ? key_path : cert_path, err);
    if (oauth2->key.key == NULL ||
        mig__jwt_thumbprint(cert.data, cert.length, oauth2->key.key, cert_path, &thumbprint, err) != 0) {
        goto cleanup;
    }
    oauth2->key.id = mig__buffer_steal(&thumbprint);
    result = oauth2->key.id != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");

cleanup:
    mig__buffer_free(&thumbprint);
    mig__buffer_wipe(&key);
    mig__buffer_wipe(&cert);
    return result;
}

static int read_files(mig_oauth2 *oauth2, const mig_oauth2_options *options, mig_error *err)
{
    if (options->grant == MIG_OAUTH2_GOOGLE) {
        return read_google(oauth2, options->key_file, err);
    }
    if (options->cert_file != NULL && read_certificate(oauth2, options->cert_file, options->key_file, err) != 0) {
        return -1;
    }
    if (options->secret_file != NULL && mig__oauth2_read_line(options->secret_file, "the file with the client secret",
                                                              oauth2->secret, sizeof oauth2->secret, err) != 0) {
        return -1;
    }
    if (options->grant != MIG_OAUTH2_REFRESH) {
        return 0;
    }
    if (oauth2->login_file != NULL) { /* read when a token is wanted: it may be another one then */
        return 0;
    }
    if (mig__oauth2_read_line(options->refresh_file, "the file with the refresh token", oauth2->given,
                              sizeof oauth2->given, err) != 0) {
        return -1;
    }
    memcpy(oauth2->token.refresh, oauth2->given, sizeof oauth2->given);
    return 0;
}

/* Tokens of another account, application or refresh token are of no use: the cache names whose they are. */
static int identify(mig_oauth2 *oauth2, mig_error *err)
{
    const char *const parts[] = {oauth2->token_url, oauth2->client_id, oauth2->user, oauth2->scope, oauth2->given};
    uint8_t digest[MIG__DIGEST_SIZE];
    mig__buffer all = MIG__BUFFER_INIT;
    int result = -1;

    mig__buffer_reserve(&all, MIG__OAUTH2_BODY_MAX);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        mig__buffer_add_text(&all, parts[i] != NULL ? parts[i] : "");
        mig__buffer_add_char(&all, '\0');
    }
    if (mig__buffer_ok(&all, err) == 0 && mig__digest(all.data, all.length, digest, err) == 0) {
        (void)mig__hex(digest, oauth2->identity);
        result = 0;
    }
    mig__buffer_wipe(&all);
    return result;
}

static mig_oauth2 *allocate(void)
{
    mig_oauth2 *oauth2 = mig__locked_new(sizeof *oauth2);

    if (oauth2 == NULL) {
        return NULL;
    }
    if (pthread_mutex_init(&oauth2->lock, NULL) != 0) {
        mig__locked_free(oauth2, sizeof *oauth2);
        return NULL;
    }
    mig__locked_hold(oauth2, sizeof *oauth2);
    return oauth2;
}

/*
 * A refresh token in a file of `mailmigrate login` brings all that belongs to it; what the options say goes before.
 * *login is there as long as the options point into it; NULL: it is no such file.
 */
static int take_login(mig_oauth2_options *options, mig__login_file **login, mig_error *err)
{
    if (options->grant != MIG_OAUTH2_REFRESH || options->refresh_file == NULL) {
        return 0;
    }
    mig__login_file *file = mig__locked_new(sizeof *file);
    if (file == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int result = mig__login_file_read(options->refresh_file, file, err);
    if (result != 0) {
        mig__locked_free(file, sizeof *file);
        return result < 0 ? -1 : 0;
    }
    *login = file;
    options->client_id = options->client_id != NULL ? options->client_id : file->info.client_id;
    if (options->token_url == NULL && options->tenant == NULL) {
        options->token_url = file->info.token_url;
    }
    if (options->secret_file == NULL && options->cert_file == NULL && file->secret_file[0] != '\0') {
        options->secret_file = file->secret_file;
    }
    return 0;
}

mig_oauth2 *mig_oauth2_new(const mig_oauth2_options *given, mig_error *err)
{
    mig_oauth2_options own;
    const mig_oauth2_options *options = &own;
    mig_oauth2 *oauth2;

    if (mig__sized_take(&own, sizeof own, given, "mig_oauth2_options", err) != 0) {
        return NULL;
    }
    const char *scope = options->scope != NULL ? options->scope : default_scope(options->grant);
    oauth2 = allocate();
    if (oauth2 == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    mig__login_file *login = NULL;
    if (take_login(&own, &login, err) != 0 || check(options, err) != 0 ||
        (login != NULL && copy_text(&oauth2->login_file, options->refresh_file, err) != 0)) {
        goto failed;
    }
    oauth2->grant = options->grant;
    oauth2->ask_anew = options->ask_anew;
    oauth2->show = options->show;
    oauth2->show_context = options->show_context;
    oauth2->http.proxy_secret = options->proxy_secret;
    oauth2->http.proxy_secret_context = options->proxy_secret_context;
    oauth2->http.timeout_ms = options->timeout_ms;
    oauth2->http.stop = options->stop;
    if (copy_text(&oauth2->user, options->user, err) != 0 ||
        copy_text(&oauth2->client_id, options->client_id, err) != 0 || copy_text(&oauth2->scope, scope, err) != 0 ||
        copy_text(&oauth2->cache_file, options->cache_file, err) != 0 ||
        copy_text(&oauth2->http.ca_file, options->ca_file, err) != 0 ||
        copy_text(&oauth2->http.proxy, options->proxy, err) != 0 || read_files(oauth2, options, err) != 0 ||
        set_urls(oauth2, options, err) != 0 || identify(oauth2, err) != 0) {
        goto failed;
    }
    mig__locked_free(login, sizeof *login);
    return oauth2;

failed:
    mig__locked_free(login, sizeof *login);
    mig_oauth2_free(&oauth2);
    return NULL;
}

void mig_oauth2_free(mig_oauth2 **oauth2)
{
    mig_oauth2 *closing = *oauth2;

    if (closing == NULL) {
        return;
    }
    pthread_mutex_destroy(&closing->lock);
    mig__oauth2_key_clear(&closing->key);
    free(closing->user);
    free(closing->client_id);
    free(closing->scope);
    free(closing->token_url);
    free(closing->device_url);
    free(closing->cache_file);
    free(closing->login_file);
    free(closing->http.ca_file);
    free(closing->http.proxy);
    mig__locked_free(closing, sizeof *closing);
    *oauth2 = NULL;
}
