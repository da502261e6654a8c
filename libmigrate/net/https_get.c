/* net/https_get.c - one answer by HTTPS from an address that the caller chose, by libcurl */
#include "net/https_get.h"
#include "base/buffer.h"
#include "net/https.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct body {
    mig__buffer text;
    size_t most;
    bool cut;
} body;

static size_t receive(char *data, size_t size, size_t count, void *context)
{
    body *into = context;
    const size_t length = size * count, room = into->most - into->text.length;
    mig__buffer_add(&into->text, data, length < room ? length : room);
    into->cut = into->cut || length > room;
    return into->cut || into->text.failed ? 0 : length; /* 0 ends the transfer */
}

static void take_answer(CURL *curl, mig__https_got *out)
{
    long status = 0;
    const char *text = NULL;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    out->status = (int)status;
    if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &text) == CURLE_OK && text != NULL) {
        mig__inert(text, strcspn(text, "; \t"), out->type, sizeof out->type);
        for (char *c = out->type; *c != '\0'; c++) {
            *c = (char)tolower((unsigned char)*c);
        }
    }
    text = NULL;
    if (curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &text) == CURLE_OK && text != NULL) {
        mig__inert(text, strlen(text), out->location, sizeof out->location);
    }
}

static CURLcode perform(CURL *curl, const mig__https_get *wanted, const char *url, struct curl_slist *to, body *into,
                        char detail[CURL_ERROR_SIZE])
{
    CURLcode code = mig__https_prepare(curl, wanted->ca_file, detail);
    code |= curl_easy_setopt(curl, CURLOPT_URL, url);
    code |= curl_easy_setopt(curl, CURLOPT_CONNECT_TO, to);
    code |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)wanted->timeout_ms);
    code |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    code |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, into);
    return code == CURLE_OK ? curl_easy_perform(curl) : CURLE_FAILED_INIT;
}

void mig__https_fetch(const mig__https_get *wanted, mig__https_got *out)
{
    char detail[CURL_ERROR_SIZE] = "", url[1600], to[400];
    body into = {MIG__BUFFER_INIT, wanted->most, false};
    *out = (mig__https_got){.status = 0};
    snprintf(url, sizeof url, "https://%s%s", wanted->host, wanted->path);
    snprintf(to, sizeof to, strchr(wanted->address, ':') != NULL ? "::[%s]:%u" : "::%s:%u", wanted->address,
             wanted->port);
    CURL *curl = curl_easy_init();
    struct curl_slist *list = curl_slist_append(NULL, to);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: text/xml; charset=utf-8");
    CURLcode code = curl != NULL && list != NULL && headers != NULL ? CURLE_OK : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK && wanted->post != NULL) {
        code |= curl_easy_setopt(curl, CURLOPT_POSTFIELDS, wanted->post);
        code |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    }
    code = code == CURLE_OK ? perform(curl, wanted, url, list, &into, detail) : code;
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && into.cut)) {
        take_answer(curl, out);
        out->body = mig__buffer_steal(&into.text);
        out->length = out->body != NULL ? strlen(out->body) : 0;
        out->cut = into.cut;
    } else {
        const char *words = detail[0] != '\0' ? detail : curl_easy_strerror(code);
        out->certificate = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
        mig__inert(words, strlen(words), out->why, sizeof out->why);
        mig__buffer_free(&into.text);
    }
    curl_slist_free_all(list);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
}
