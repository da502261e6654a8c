/* net/notify.c - the end of a run told to a command, and to a webhook (libcurl: HTTPS, no redirect) */
#include "base/process.h"
#include "net/https.h"
#include <curl/curl.h>
#include <migrate/notify.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { COMMAND_MS = 300000, WEBHOOK_MS = 30000, MOST_ANSWER = 65536 };

/* ---- a command ---- */

int mig_notify_command(const char *command, const char *text, size_t length, mig_error *err)
{
    mig__process process = {.command = command, .input = text, .input_length = length, .timeout_ms = COMMAND_MS};
    int problem = mig__process_run(&process);
    if (problem != 0) {
        return mig_error_errno(err, MIG_E_IO, problem, "cannot run the command for the end of the run");
    }
    if (process.timed_out) {
        return mig_error_set(err, MIG_E_IO, "the command for the end of the run did not end within five minutes");
    }
    int status = mig__process_exit(process.status);
    return status == 0
               ? 0
               : mig_error_set(err, MIG_E_IO, "the command for the end of the run failed with status %d", status);
}

/* ---- a webhook ---- */

typedef struct answer {
    char words[256]; /* its beginning */
    size_t length, all;
} answer;

static size_t take(char *data, size_t size, size_t count, void *context)
{
    answer *a = context;
    size_t length = size * count, room = sizeof a->words - a->length;
    memcpy(a->words + a->length, data, length < room ? length : room);
    a->length += length < room ? length : room;
    a->all += length;
    return a->all > MOST_ANSWER ? 0 : length;
}

static bool configure(CURL *curl, const char *url, const char *ca_file, answer *got, char *detail)
{
    CURLcode code = mig__https_prepare(curl, ca_file, detail);
    code |= curl_easy_setopt(curl, CURLOPT_URL, url);
    code |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)WEBHOOK_MS);
    code |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    code |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, got);
    return code == CURLE_OK;
}

static int judge(CURL *curl, CURLcode code, const answer *got, const char *detail, mig_error *err)
{
    long status = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
        return mig_error_set(err, MIG_E_CERTIFICATE, "the webhook: %s",
                             detail[0] != '\0' ? detail : curl_easy_strerror(code));
    }
    if (code != CURLE_OK) {
        return mig_error_set(err, MIG_E_CONNECT, "the webhook: %s",
                             detail[0] != '\0' ? detail : curl_easy_strerror(code));
    }
    if (status < 200 || status > 299) {
        mig_error_set(err, MIG_E_CONNECT, "the webhook answers with status %ld", status);
        return mig_error_server(err, got->words, got->length);
    }
    return 0;
}

int mig_notify_webhook(const char *url, const char *ca_file, const char *text, size_t length, mig_error *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    answer got = {.length = 0};
    int result = -1;
    if (strncasecmp(url, "https://", 8) != 0) {
        return mig_error_set(err, MIG_E_USAGE, "a webhook begins with https://");
    }
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (curl == NULL || headers == NULL || !configure(curl, url, ca_file, &got, detail) ||
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text) != CURLE_OK) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    } else {
        result = judge(curl, curl_easy_perform(curl), &got, detail, err);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return result;
}
