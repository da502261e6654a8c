/* net/proxy.c - asking a proxy for a connection; octets are taken one by one where the end is not known */
#include "net/proxy.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "net/authority.h"
#include "net/connect.h"
#include "net/wait.h"
#include "net/wire.h"
#include <arpa/inet.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SECRET_MAX 255 /* RFC 1929 section 2 */
#define HEADER_MAX 16384

typedef struct dialogue {
    const mig_endpoint *endpoint;
    const char *user; /* of the proxy; NULL: none */
    mig__wire wire;
    const mig_stop *stop;
    int64_t deadline;
} dialogue;

static int wait_for(dialogue *with, mig__io want, mig_error *err)
{
    struct pollfd entry = {.fd = with->wire.fd, .events = want == MIG__IO_WANT_WRITE ? POLLOUT : POLLIN};
    int ready = mig__wait(&entry, 1, with->deadline, with->stop, err);

    if (ready == 0) {
        return mig_error_set(err, MIG_E_TIMEOUT, "no answer in time");
    }
    return ready < 0 ? -1 : 0;
}

static int say(dialogue *with, const void *data, size_t length, mig_error *err)
{
    const char *rest = data;

    while (length) {
        const struct iovec piece = {.iov_base = (void *)(uintptr_t)rest, .iov_len = length};
        size_t sent = 0;
        mig__io io = mig__wire_send(&with->wire, &piece, 1, &sent);

        if (io == MIG__IO_FAILED) {
            return mig__wire_error(&with->wire, err);
        }
        if (io != MIG__IO_DONE && wait_for(with, io, err) != 0) {
            return -1;
        }
        rest += sent;
        length -= sent;
    }
    return 0;
}

static int hear(dialogue *with, void *out, size_t length, mig_error *err)
{
    char *rest = out;

    while (length) {
        size_t got = 0;
        mig__io io = mig__wire_receive(&with->wire, rest, length, &got);

        if (io == MIG__IO_FAILED) {
            return mig__wire_error(&with->wire, err);
        }
        if (io != MIG__IO_DONE && wait_for(with, io, err) != 0) {
            return -1;
        }
        rest += got;
        length -= got;
    }
    return 0;
}

static int get_secret(const mig_endpoint *endpoint, char out[SECRET_MAX + 1], mig_error *err)
{
    out[0] = '\0';
    if (endpoint->proxy_secret == NULL) {
        return 0;
    }
    return endpoint->proxy_secret(out, SECRET_MAX + 1, false, endpoint->proxy_secret_context, err);
}

/* RFC 1929. */
static int socks_login(dialogue *with, mig_error *err)
{
    char secret[SECRET_MAX + 1];
    unsigned char reply[2];
    mig__buffer request = MIG__BUFFER_INIT;
    int result = -1;

    if (get_secret(with->endpoint, secret, err) != 0) {
        goto cleanup;
    }
    if (strlen(with->user) > 255) {
        mig_error_set(err, MIG_E_USAGE, "the user name is longer than 255 octets");
        goto cleanup;
    }
    mig__buffer_add_char(&request, 1);
    mig__buffer_add_char(&request, (char)strlen(with->user));
    mig__buffer_add_text(&request, with->user);
    mig__buffer_add_char(&request, (char)strlen(secret));
    mig__buffer_add_text(&request, secret);
    if (mig__buffer_ok(&request, err) != 0 || say(with, request.data, request.length, err) != 0 ||
        hear(with, reply, 2, err) != 0) {
        goto cleanup;
    }
    if (reply[1] != 0) {
        mig_error_set(err, MIG_E_AUTH, "the login was refused");
        mig_error_hint(err, "check the user name in the proxy's URL and the file with its password");
        goto cleanup;
    }
    result = 0;

cleanup:
    explicit_bzero(secret, sizeof secret);
    mig__buffer_wipe(&request);
    return result;
}

/* RFC 1928 section 5: an address where the host is one, else its name. */
static void socks_address(const mig_endpoint *endpoint, mig__buffer *out)
{
    unsigned char address[16];

    if (inet_pton(AF_INET, endpoint->host, address) == 1) {
        mig__buffer_add_char(out, 1);
        mig__buffer_add(out, address, 4);
    } else if (inet_pton(AF_INET6, endpoint->host, address) == 1) {
        mig__buffer_add_char(out, 4);
        mig__buffer_add(out, address, 16);
    } else {
        mig__buffer_add_char(out, 3);
        mig__buffer_add_char(out, (char)strlen(endpoint->host));
        mig__buffer_add_text(out, endpoint->host);
    }
    mig__buffer_add_char(out, (char)(endpoint->port >> 8));
    mig__buffer_add_char(out, (char)(endpoint->port & 0xff));
}

/* RFC 1928 section 6. */
static const char *socks_reason(unsigned reply)
{
    static const char *const reasons[] = {"general failure",       "not allowed by its rules",  "network unreachable",
                                          "host unreachable",      "connection refused",        "time to live expired",
                                          "command not supported", "address type not supported"};

    return reply >= 1 && reply <= sizeof reasons / sizeof *reasons ? reasons[reply - 1] : "unknown reason";
}

/* The address that the proxy uses itself, which nobody needs, but which has to be read away. */
static int socks_skip_address(dialogue *with, unsigned type, mig_error *err)
{
    unsigned char octets[256 + 2];
    unsigned char length = type == 1 ? 4 : type == 4 ? 16 : 0;

    if (type == 3 && hear(with, &length, 1, err) != 0) {
        return -1;
    }
    if (type != 1 && type != 3 && type != 4) {
        return mig_error_set(err, MIG_E_PROTOCOL, "invalid SOCKS5 reply");
    }
    return hear(with, octets, (size_t)length + 2, err);
}

static int socks(dialogue *with, mig_error *err)
{
    const unsigned char greeting[4] = {5, with->user != NULL ? 2 : 1, 0, 2};
    unsigned char reply[4];
    mig__buffer request = MIG__BUFFER_INIT;
    int result;

    if (say(with, greeting, with->user != NULL ? 4 : 3, err) != 0 || hear(with, reply, 2, err) != 0) {
        return -1;
    }
    if (reply[0] != 5) {
        return mig_error_set(err, MIG_E_PROTOCOL, "it does not speak SOCKS version 5");
    }
    if (reply[1] == 0xff || (reply[1] == 2 && with->user == NULL)) {
        mig_error_set(err, MIG_E_AUTH, "it wants a login%s", with->user != NULL ? " of another kind" : "");
        return mig_error_hint(err, "give the user in its URL, socks5://user@host, and the password by a file");
    }
    if (reply[1] != 0 && reply[1] != 2) {
        return mig_error_set(err, MIG_E_PROTOCOL, "invalid SOCKS5 reply");
    }
    if (reply[1] == 2 && socks_login(with, err) != 0) {
        return -1;
    }
    mig__buffer_add(&request, "\5\1\0", 3);
    socks_address(with->endpoint, &request);
    result = mig__buffer_ok(&request, err) != 0 || say(with, request.data, request.length, err) != 0 ||
             hear(with, reply, 4, err) != 0;
    mig__buffer_free(&request);
    if (result) {
        return -1;
    }
    if (reply[0] != 5) {
        return mig_error_set(err, MIG_E_PROTOCOL, "invalid SOCKS5 reply");
    }
    if (reply[1] != 0) {
        return mig_error_set(err, MIG_E_CONNECT, "it cannot connect to %s port %u: %s", with->endpoint->host,
                             (unsigned)with->endpoint->port, socks_reason(reply[1]));
    }
    return socks_skip_address(with, reply[3], err);
}

/* RFC 7617: base64 of "user:password". */
static int add_credentials(dialogue *with, mig__buffer *request, mig_error *err)
{
    mig__buffer plain = MIG__BUFFER_INIT, coded = MIG__BUFFER_INIT;
    char secret[SECRET_MAX + 1];
    int result = -1;

    if (get_secret(with->endpoint, secret, err) != 0) {
        goto cleanup;
    }
    mig__buffer_add_text(&plain, with->user);
    mig__buffer_add_char(&plain, ':');
    mig__buffer_add_text(&plain, secret);
    if (mig__buffer_ok(&plain, err) != 0) {
        goto cleanup;
    }
    if (!mig__buffer_reserve(&coded, plain.length / 3 * 4 + 8)) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        goto cleanup;
    }
    coded.length =
        (size_t)EVP_EncodeBlock((unsigned char *)coded.data, (const unsigned char *)plain.data, (int)plain.length);
    mig__buffer_add_text(request, "Proxy-Authorization: Basic ");
    mig__buffer_add(request, coded.data, coded.length);
    mig__buffer_add_text(request, "\r\n");
    result = 0;

cleanup:
    explicit_bzero(secret, sizeof secret);
    mig__buffer_wipe(&plain);
    mig__buffer_wipe(&coded);
    return result;
}

static int http_request(dialogue *with, mig_error *err)
{
    const mig_endpoint *endpoint = with->endpoint;
    bool bracket = strchr(endpoint->host, ':') != NULL;
    mig__buffer request = MIG__BUFFER_INIT;
    char target[300];
    int result = -1;

    (void)snprintf(target, sizeof target, "%s%s%s:%u", bracket ? "[" : "", endpoint->host, bracket ? "]" : "",
                   (unsigned)endpoint->port);
    mig__buffer_addf(&request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", target, target);
    if (with->user != NULL && add_credentials(with, &request, err) != 0) {
        goto cleanup;
    }
    mig__buffer_add_text(&request, "\r\n");
    if (mig__buffer_ok(&request, err) == 0) {
        result = say(with, request.data, request.length, err);
    }

cleanup:
    mig__buffer_wipe(&request);
    return result;
}

/* Up to the empty line and not one octet further: what comes next belongs to TLS. The status line stays in `line`. */
static int http_response(dialogue *with, char *line, size_t size, mig_error *err)
{
    size_t length = 0, newlines = 0;
    bool first = true;
    char octet;

    for (size_t total = 0; newlines < 2; total++) {
        if (total == HEADER_MAX) {
            return mig_error_set(err, MIG_E_BOUNDS, "its answer does not end");
        }
        if (hear(with, &octet, 1, err) != 0) {
            return -1;
        }
        if (octet == '\n') {
            newlines++;
            first = false;
        } else if (octet != '\r') {
            newlines = 0;
            if (first && length + 1 < size) {
                line[length++] = octet;
            }
        }
    }
    line[length] = '\0';
    return 0;
}

static int http(dialogue *with, mig_error *err)
{
    char line[256];
    bool sound;

    if (http_request(with, err) != 0 || http_response(with, line, sizeof line, err) != 0) {
        return -1;
    }
    sound = strncmp(line, "HTTP/1.", 7) == 0 && strlen(line) >= 12 && line[8] == ' ';
    if (sound && line[9] == '2') {
        return 0;
    }
    if (!sound) {
        mig_error_set(err, MIG_E_PROTOCOL, "it does not answer as an HTTP proxy");
    } else if (strncmp(line + 9, "407", 3) == 0) {
        mig_error_set(err, MIG_E_AUTH, "it refuses the login");
    } else {
        mig_error_set(err, MIG_E_CONNECT, "it does not connect to %s port %u", with->endpoint->host,
                      (unsigned)with->endpoint->port);
    }
    mig_error_server(err, line, strlen(line));
    if (err != NULL && err->code == MIG_E_AUTH) {
        mig_error_hint(err, "give the user in its URL, http://user@host, and the password by a file");
    }
    return -1;
}

/* What is written into a request has to be a host name or address, wherever it came from. */
static int check_host(const mig_endpoint *endpoint, mig_error *err)
{
    const char *host = endpoint->host != NULL ? endpoint->host : "";
    size_t length = strlen(host);

    if (length && length < 256 &&
        strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") == length) {
        return 0;
    }
    return mig_error_set(err, MIG_E_USAGE, "there is no host name that a proxy could be given");
}

int mig__proxy_connect(const mig_endpoint *endpoint, const mig_stop *stop, int64_t deadline, mig_error *err)
{
    bool is_socks = strncasecmp(endpoint->proxy, "socks5://", 9) == 0;
    bool is_http = strncasecmp(endpoint->proxy, "http://", 7) == 0;
    mig__authority proxy = MIG__AUTHORITY_INIT;
    dialogue with = {.endpoint = endpoint, .stop = stop, .deadline = deadline};
    uint16_t port;
    int result;

    if (!is_socks && !is_http) {
        mig_error_set(err, MIG_E_USAGE, "not the URL of a proxy");
    }
    if ((!is_socks && !is_http) || mig__authority_parse(strstr(endpoint->proxy, "//") + 2, &proxy, err) != 0) {
        mig_error_context(err, "proxy");
        return mig_error_hint(err,
                              "write socks5://[user@]host[:1080] or http://[user@]host[:3128]; the password by a file");
    }
    if (check_host(endpoint, err) != 0) {
        mig__authority_clear(&proxy);
        return -1;
    }
    with.user = proxy.user;
    port = proxy.port ? proxy.port : is_socks ? 1080 : 3128;
    with.wire.fd = mig__connect(proxy.host, port, false, stop, deadline, err);
    if (with.wire.fd < 0) {
        mig_error_context(err, "proxy");
    } else {
        result = is_socks ? socks(&with, err) : http(&with, err);
        if (result) {
            mig_error_context(err, "proxy %s", proxy.host);
            close(with.wire.fd);
            with.wire.fd = -1;
        }
    }
    mig__authority_clear(&proxy);
    return with.wire.fd;
}
