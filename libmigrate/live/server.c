/*
 * live/server.c - the page in the browser: socket, daemon, watch; see migrate/live.h
 *
 * libmicrohttpd has one thread for all connections. The watch is another: it waits for the board to change and wakes
 * those who wait for events, and it ends connections whose request does not come to its end. What is fatal to the
 * library (its panic) ends its thread, and not the process: the work goes on without the page.
 */
#include "live/server.h"
#include "live/embedded.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "base/sized.h"
#include "base/thread.h"
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FINISH_MS = 2000, TICK_MS = 1000 };

/* ---- options ---- */

static int take_options(const mig_live_options *given, mig_live_options *out, mig__live_place *place, mig_error *err)
{
    if (mig__sized_take(out, sizeof *out, given, "mig_live_options", err) != 0 ||
        mig__live_place_parse(out->address, place, err) != 0) {
        return -1;
    }
    if ((out->cert_file == NULL) != (out->key_file == NULL)) {
        return mig_error_set(err, MIG_E_USAGE, "the page needs both a certificate and its key, or neither");
    }
    if (!place->loopback && out->cert_file == NULL) {
        mig_error_set(err, MIG_E_USAGE, "the page is not served at %s without TLS", place->host);
        return mig_error_hint(err, "give --live-cert and --live-key, or an address of this machine (127.0.0.1)");
    }
    return 0;
}

int mig_live_check(const mig_live_options *options, mig_error *err)
{
    mig_live_options own;
    mig__live_place place;
    return take_options(options, &own, &place, err);
}

/* ---- connections ---- */

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    mig_live *live = context;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const bool begins = code == MHD_CONNECTION_NOTIFY_STARTED;
    (void)socket_context;
    pthread_mutex_lock(&live->lock);
    for (size_t i = 0; info != NULL && i < sizeof live->visits / sizeof live->visits[0]; i++) {
        if (live->visits[i].fd == (begins ? -1 : info->connect_fd)) {
            live->visits[i] = (mig__visit){begins ? info->connect_fd : -1, mig__now_ms()};
            break;
        }
    }
    pthread_mutex_unlock(&live->lock);
}

/* The answer is sent: the time for the next request begins. */
static void on_completed(void *context, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    mig_live *live = context;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    (void)request;
    (void)code;
    pthread_mutex_lock(&live->lock);
    for (size_t i = 0; info != NULL && i < sizeof live->visits / sizeof live->visits[0]; i++) {
        if (live->visits[i].fd == info->connect_fd) {
            live->visits[i].since_ms = mig__now_ms();
        }
    }
    pthread_mutex_unlock(&live->lock);
}

/* The socket is only shut, not closed: libmicrohttpd sees that and closes it. */
static void end_slow_ones(mig_live *live)
{
    const int64_t now = mig__now_ms();
    pthread_mutex_lock(&live->lock);
    for (size_t i = 0; i < sizeof live->visits / sizeof live->visits[0]; i++) {
        const mig__visit *visit = &live->visits[i];
        if (visit->fd >= 0 && visit->since_ms > 0 && now - visit->since_ms > MIG__LIVE_REQUEST_S * 1000) {
            shutdown(visit->fd, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&live->lock);
}

static void *watch(void *context)
{
    mig_live *live = context;
    int64_t beaten = mig__now_ms();
    uint64_t seen = 0;
    while (!atomic_load(&live->closing)) {
        const uint64_t version = mig_board_wait(live->board, seen, TICK_MS);
        const bool beat = mig__now_ms() - beaten >= MIG__LIVE_BEAT_MS;
        if (version != seen || beat) {
            pthread_mutex_lock(&live->lock);
            live->version = version;
            pthread_mutex_unlock(&live->lock);
            mig__live_tell(live, beat);
            beaten = beat ? mig__now_ms() : beaten;
            seen = version;
        }
        end_slow_ones(live);
    }
    return NULL;
}

/* ---- beginning ---- */

/* Decodes in place, as the library would; but a NUL would end the text there, and what followed it would be unseen. */
static size_t unescape(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    for (char *at = strstr(text, "%00"); at != NULL; at = strstr(at, "%00")) {
        at[1] = '3'; /* "?" */
        at[2] = 'F';
    }
    return MHD_http_unescape(text);
}

static int listen_at(mig__live_place *place, mig_error *err)
{
    const int on = 1;
    const bool v6 = place->address.ss_family == AF_INET6;
    const int fd = socket(place->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "the page cannot be served");
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (v6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    if (bind(fd, (const struct sockaddr *)&place->address, place->length) != 0 ||
        listen(fd, MIG__LIVE_CONNECTIONS) != 0 ||
        getsockname(fd, (struct sockaddr *)&place->address, &place->length) != 0) {
        mig_error_errno(err, MIG_E_IO, errno, "the page cannot be served at %s port %u", place->host, place->port);
        mig_error_hint(err, "give another ADDRESS:PORT; port 0 takes one that is free");
        close(fd);
        return -1;
    }
    place->port = ntohs(v6 ? ((const struct sockaddr_in6 *)&place->address)->sin6_port
                           : ((const struct sockaddr_in *)&place->address)->sin_port);
    return fd;
}

/* Its thread stays where it is; nothing of ours is locked while the library works. */
static void on_panic(void *context, const char *file, unsigned line, const char *reason)
{
    (void)context;
    (void)file;
    (void)line;
    (void)reason;
    for (;;) {
        pause();
    }
}

static struct MHD_Daemon *start_daemon(mig_live *live, int fd, const char *cert, const char *key)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem *more = tls;
    if (cert == NULL) {
        more = &tls[3];
    } else {
        flags |= MHD_USE_TLS;
    }
    MHD_set_panic_func(on_panic, NULL);
    return MHD_start_daemon(flags, 0, NULL, NULL, mig__live_answer, live, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)MIG__LIVE_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)MIG__LIVE_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MIG__LIVE_MEMORY,
                            MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, on_connection, live,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, live, MHD_OPTION_UNESCAPE_CALLBACK, unescape,
                            NULL, MHD_OPTION_ARRAY, more, MHD_OPTION_END);
}

/* The library's threads get no signals: those are for whoever works. */
static int serve(mig_live *live, const char *cert, const char *key, mig_error *err)
{
    sigset_t all, before;
    const int fd = listen_at(&live->place, err);
    if (fd < 0) {
        return -1;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    live->daemon = start_daemon(live, fd, cert, key);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (live->daemon == NULL) {
        close(fd);
        return mig_error_set(err, cert != NULL ? MIG_E_CERTIFICATE : MIG_E_IO,
                             cert != NULL ? "the page cannot be served: the certificate and the key do not go together"
                                          : "the page cannot be served: libmicrohttpd does not start");
    }
    live->watching = mig__thread_start(&live->watch, watch, live, err) == 0;
    return live->watching ? 0 : -1;
}

/* A tag that changes with the text. */
static int tag(const char *text, char out[MIG__LIVE_TAG], mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    char hex[MIG__HEX_SIZE];
    if (mig__digest(text, strlen(text), digest, err) != 0) {
        return -1;
    }
    snprintf(out, MIG__LIVE_TAG, "\"%.16s\"", mig__hex(digest, hex));
    return 0;
}

static int read_files(const mig_live_options *options, mig__buffer *cert, mig__buffer *key, mig_error *err)
{
    if (options->cert_file == NULL) {
        return 0;
    }
    return mig__access_read_pem(options->cert_file, cert, err) != 0 ? -1
                                                                    : mig__access_read_pem(options->key_file, key, err);
}

mig_live *mig_live_start(const mig_live_options *given, mig_error *err)
{
    mig_live_options options;
    mig__buffer cert = MIG__BUFFER_INIT, key = MIG__BUFFER_INIT;
    mig_live *live = calloc(1, sizeof *live);
    if (live == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&live->lock, NULL);
    live->access.loopback = true;
    for (size_t i = 0; i < sizeof live->visits / sizeof live->visits[0]; i++) {
        live->visits[i].fd = -1;
    }
    int failed = take_options(given, &options, &live->place, err);
    if (failed == 0) {
        live->board = options.board;
        live->tls = options.cert_file != NULL;
    }
    if (failed != 0 || read_files(&options, &cert, &key, err) != 0 ||
        mig__access_init(&live->access, live->place.loopback ? NULL : cert.data, err) != 0 ||
        tag(mig__live_css, live->style_tag, err) != 0 || tag(mig__live_js, live->script_tag, err) != 0 ||
        serve(live, cert.data, key.data, err) != 0) {
        mig_live_stop(&live);
    }
    mig__buffer_free(&cert);
    mig__buffer_wipe(&key);
    return live;
}

char *mig_live_url(const mig_live *live, char *out, size_t size)
{
    const bool v6 = live->place.address.ss_family == AF_INET6;
    const bool secret = live->access.token[0] != '\0';
    snprintf(out, size, "%s://%s%s%s:%u/%s%s", live->tls ? "https" : "http", v6 ? "[" : "", live->place.host,
             v6 ? "]" : "", (unsigned)live->place.port, secret ? "?token=" : "", live->access.token);
    return out;
}

/* ---- the end ---- */

void mig_live_finish(mig_live *live)
{
    pthread_mutex_lock(&live->lock);
    live->finished = true;
    pthread_mutex_unlock(&live->lock);
    const size_t viewers = mig__live_untold(live);
    mig__live_tell(live, false);
    const int64_t until = mig__now_ms() + FINISH_MS;
    while (viewers > 0 && mig__now_ms() < until) { /* a viewer that is told asks for the page once more */
        mig__sleep_ms(50);
    }
}

void mig_live_stop(mig_live **pointer)
{
    mig_live *live = *pointer;
    *pointer = NULL;
    if (live == NULL) {
        return;
    }
    atomic_store(&live->closing, true);
    if (live->watching) {
        mig_board_wake(live->board);
        pthread_join(live->watch, NULL);
    }
    mig__live_tell(live, true);
    if (live->daemon != NULL) {
        MHD_stop_daemon(live->daemon);
    }
    mig__access_clear(&live->access);
    pthread_mutex_destroy(&live->lock);
    free(live);
}
