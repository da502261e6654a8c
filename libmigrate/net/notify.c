/* net/notify.c - the end of a run told to a command, and to a webhook (libcurl: HTTPS, no redirect) */
#include "base/clock.h"
#include "base/process.h"
#include "net/https.h"
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <migrate/notify.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMAND_MS = 300000, SLICE_MS = 50, WEBHOOK_MS = 30000, MOST_ANSWER = 65536 };

/* ---- a command ---- */

/* Feed its input until it has all of it, does not want more, or the time is over. */
static void feed(int fd, const char *text, size_t length, int64_t until)
{
    struct pollfd entry = {fd, POLLOUT, 0};
    while (length > 0 && mig__now_ms() < until) {
        if (poll(&entry, 1, SLICE_MS) <= 0) {
            continue;
        }
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno != EINTR && errno != EAGAIN) {
            return;
        }
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
}

/* False: it did not end in time, and was killed. */
static bool reap(pid_t pid, int *status, int64_t until)
{
    for (;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR)) {
            return true;
        }
        if (mig__now_ms() >= until) {
            kill(-pid, SIGKILL);
            while (waitpid(pid, status, 0) < 0 && errno == EINTR) {
            }
            return false;
        }
        mig__sleep_ms(SLICE_MS);
    }
}

/* The command's input; nothing of ours goes over to it. 0, or an errno. */
static int make_pipe(int ends[2])
{
    if (pipe(ends) != 0) {
        return errno;
    }
    for (int i = 0; i < 2; i++) {
        if (mig__process_lift(&ends[i]) != 0 || fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0) {
            return errno;
        }
    }
    return fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0 ? errno : 0;
}

static int spawn(const char *command, pid_t *pid, int *input, mig_error *err)
{
    int ends[2] = {-1, -1}, out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    int errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    int status = out < 0 || errors < 0 ? errno : make_pipe(ends);
    if (status == 0) {
        status = mig__process_spawn(pid, command, ends[0], out, errors);
    }
    int held[] = {out, errors, ends[0]};
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++) {
        if (held[i] >= 0) {
            close(held[i]);
        }
    }
    if (status != 0 && ends[1] >= 0) {
        close(ends[1]);
    }
    *input = ends[1];
    return status == 0 ? 0 : mig_error_errno(err, MIG_E_IO, status, "cannot run the command for the end of the run");
}

int mig_notify_command(const char *command, const char *text, size_t length, mig_error *err)
{
    pid_t pid = -1;
    int input = -1, status = 0;
    int64_t until = mig__now_ms() + COMMAND_MS;
    if (spawn(command, &pid, &input, err) != 0) {
        return -1;
    }
    feed(input, text, length, until);
    close(input);
    if (!reap(pid, &status, until)) {
        return mig_error_set(err, MIG_E_IO, "the command for the end of the run did not end within five minutes");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return mig_error_set(err, MIG_E_IO, "the command for the end of the run failed with status %d",
                             WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    return 0;
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
