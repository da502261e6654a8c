/* net/oauth2_http.c - one POST to a token endpoint, by libcurl: HTTPS, no redirect, bounded; the only home of libcurl
 */
#include "net/authority.h"
#include "net/https.h"
#include "net/oauth2_private.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_MS     60000
#define CONNECT_MS     30000
#define PROXY_SECRET   256
#define RETRY_AFTER_MS 600000

static pthread_once_t prepared = PTHREAD_ONCE_INIT;

static void prepare(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

bool mig__oauth2_url_valid(const char *url)
{
    const char *host = url + 8;
    size_t length;

    if (strncasecmp(url, "https://", 8) != 0) {
        return false;
    }
    length = strcspn(host, "/?#");
    if (length == 0 || memchr(host, '@', length) != NULL) {
        return false;
    }
    for (const char *c = url; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f) {
            return false;
        }
    }
    return true;
}

char *mig__oauth2_host(const char *url, char *out, size_t size)
{
    const char *host = url + strlen("https://");

    (void)snprintf(out, size, "%.*s", (int)strcspn(host, "/?#"), host);
    return out;
}

void mig__oauth2_field(mig__buffer *body, const char *name, const char *value)
{
    if (body->length) {
        mig__buffer_add_char(body, '&');
    }
    mig__buffer_add_text(body, name);
    mig__buffer_add_char(body, '=');
    mig__buffer_add_percent(body, value);
}

static size_t take(char *data, size_t size, size_t count, void *context)
{
    mig__oauth2_answer *answer = context;
    size_t length = size * count;

    if (length > MIG__OAUTH2_ANSWER_MAX - answer->length) {
        return 0; /* ends the transfer */
    }
    memcpy(answer->data + answer->length, data, length);
    answer->length += length;
    return length;
}

static int watch(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    const mig__oauth2_http *http = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return mig_stop_level(http->stop) >= 2;
}

static int curl_error(CURLcode code, const char *host, const char *detail, mig_error *err)
{
    const char *words = *detail ? detail : curl_easy_strerror(code);
    mig_code ours = MIG_E_CONNECT;

    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        ours = MIG_E_DNS;
        break;
    case CURLE_OPERATION_TIMEDOUT:
        ours = MIG_E_TIMEOUT;
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        mig_error_set(err, MIG_E_CERTIFICATE, "access token from %s: %s", host, words);
        return mig_error_hint(err, "nothing was sent; check the URL, or give the CA that this host's certificate is "
                                   "from");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
        ours = MIG_E_TLS;
        break;
    case CURLE_SSL_CACERT_BADFILE:
        mig_error_set(err, MIG_E_IO, "access token from %s: %s", host, words);
        return mig_error_hint(err, "check the file of trusted certificates");
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        ours = MIG_E_CLOSED;
        break;
    case CURLE_WRITE_ERROR:
        return mig_error_set(err, MIG_E_BOUNDS, "access token from %s: the answer is longer than 64 KiB", host);
    case CURLE_ABORTED_BY_CALLBACK:
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped while asking %s for an access token", host);
    case CURLE_OUT_OF_MEMORY:
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_HTTP2:
        ours = MIG_E_PROTOCOL;
        break;
    default:
        break;
    }
    return mig_error_set(err, ours, "access token from %s: %s", host, words);
}

/* The proxy of migrate/endpoint.h in libcurl's words; it looks host names up, as net/proxy.c has it. */
static int use_proxy(CURL *curl, const mig__oauth2_http *http, mig_error *err)
{
    static const char socks[] = "socks5://", plain[] = "http://";
    bool by_socks = strncasecmp(http->proxy, socks, sizeof socks - 1) == 0;
    mig__authority authority = MIG__AUTHORITY_INIT;
    char secret[PROXY_SECRET] = "", url[512];
    int result = -1;

    if (!by_socks && strncasecmp(http->proxy, plain, sizeof plain - 1) != 0) {
        mig_error_set(err, MIG_E_USAGE, "the proxy is neither socks5:// nor http://");
        goto cleanup;
    }
    if (mig__authority_parse(http->proxy + (by_socks ? sizeof socks - 1 : sizeof plain - 1), &authority, err) != 0 ||
        (authority.user != NULL && http->proxy_secret != NULL &&
         http->proxy_secret(secret, sizeof secret, false, http->proxy_secret_context, err) != 0)) {
        goto cleanup;
    }
    (void)snprintf(url, sizeof url, "%s%s%s%s:%u", by_socks ? "socks5h://" : plain,
                   strchr(authority.host, ':') != NULL ? "[" : "", authority.host,
                   strchr(authority.host, ':') != NULL ? "]" : "",
                   authority.port ? authority.port
                   : by_socks     ? 1080u
                                  : 3128u);
    if (curl_easy_setopt(curl, CURLOPT_PROXY, url) ||
        (authority.user != NULL && (curl_easy_setopt(curl, CURLOPT_PROXYUSERNAME, authority.user) ||
                                    curl_easy_setopt(curl, CURLOPT_PROXYPASSWORD, secret)))) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        goto cleanup;
    }
    result = 0;

cleanup:
    explicit_bzero(secret, sizeof secret);
    mig__authority_clear(&authority);
    return result;
}

/* Everything but the URL and the form. */
static int configure(CURL *curl, const mig__oauth2_http *http, mig__oauth2_answer *answer, char *detail, mig_error *err)
{
    CURLcode code = mig__https_prepare(curl, http->ca_file, detail);

    code |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(http->timeout_ms > 0 ? http->timeout_ms : TIMEOUT_MS));
    code |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    code |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    code |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    code |= curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    code |= curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    code |= curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
    if (code != CURLE_OK) {
        return mig_error_set(err, MIG_E_INTERNAL, "libcurl does not take an option");
    }
    return http->proxy != NULL ? use_proxy(curl, http, err) : 0;
}

static void read_status(CURL *curl, mig__oauth2_answer *answer)
{
    long status = 0;
    curl_off_t wait = 0;

    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
    answer->status = (int)status;
    if (wait > 0) {
        answer->retry_after_ms = wait > RETRY_AFTER_MS / 1000 ? RETRY_AFTER_MS : (int64_t)wait * 1000;
    }
}

int mig__oauth2_post(const mig__oauth2_http *http, const char *url, const mig__buffer *body, mig__oauth2_answer *answer,
                     mig_error *err)
{
    char detail[CURL_ERROR_SIZE] = "", host[256];
    struct curl_slist *headers = NULL;
    CURL *curl = NULL;
    CURLcode code;
    int result = -1;

    (void)pthread_once(&prepared, prepare);
    *answer = (mig__oauth2_answer){.data = calloc(1, MIG__OAUTH2_ANSWER_MAX)};
    curl = curl_easy_init();
    headers = curl_slist_append(NULL, "Accept: application/json");
    if (answer->data == NULL || curl == NULL || headers == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        goto cleanup;
    }
    if (configure(curl, http, answer, detail, err) != 0) {
        goto cleanup;
    }
    if (curl_easy_setopt(curl, CURLOPT_URL, url) || curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) ||
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->length) ||
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->data)) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        goto cleanup;
    }
    code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        curl_error(code, mig__oauth2_host(url, host, sizeof host), detail, err);
        goto cleanup;
    }
    read_status(curl, answer);
    result = 0;

cleanup:
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return result;
}

void mig__oauth2_answer_clear(mig__oauth2_answer *answer)
{
    if (answer->data != NULL) {
        explicit_bzero(answer->data, MIG__OAUTH2_ANSWER_MAX);
    }
    free(answer->data);
    *answer = (mig__oauth2_answer){.data = NULL};
}
