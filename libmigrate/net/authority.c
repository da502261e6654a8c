/* net/authority.c - [user@]host[:port] (RFC 3986 section 3.2), strictly */
#include "net/authority.h"
#include "base/buffer.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define HOST_MAX 253 /* RFC 1035 section 2.3.4, as text */

/* The parts of a URL, borrowed from its text. No error text repeats them: any of them may be a misplaced password. */
typedef struct url_parts {
    const char *user;
    size_t user_length;
    const char *host;
    size_t host_length;
    bool bracketed;
    const char *port; /* NULL: none given */
    size_t port_length;
} url_parts;

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static int split_user(const char *authority, const char *at, url_parts *parts, mig_error *err)
{
    parts->user = authority;
    parts->user_length = (size_t)(at - authority);
    if (memchr(authority, ':', parts->user_length) != NULL) {
        mig_error_set(err, MIG_E_USAGE, "there is a password in the URL");
        return mig_error_hint(err, "take it out (others can see arguments) and give it by a file, a command or at the "
                                   "prompt; write a colon that belongs to the user name as %%3A");
    }
    if (memchr(authority, '@', parts->user_length) != NULL) {
        mig_error_set(err, MIG_E_USAGE, "there are several @ in the URL");
        return mig_error_hint(err, "write the one in the user name as %%40: imaps://user%%40old.example@host");
    }
    if (memchr(authority, ';', parts->user_length) != NULL) {
        mig_error_set(err, MIG_E_USAGE, "there is a semicolon in the user name of the URL");
        return mig_error_hint(err,
                              "give the mechanism by its own option instead of ;AUTH=, or write the semicolon as %%3B");
    }
    return 0;
}

static int split_host(const char *start, const char *end, url_parts *parts, mig_error *err)
{
    const char *rest = start;

    if (start < end && *start == '[') {
        const char *close = memchr(start, ']', (size_t)(end - start));

        if (close == NULL) {
            return mig_error_set(err, MIG_E_USAGE, "the [ of an IPv6 address in the URL has no ]");
        }
        parts->bracketed = true;
        parts->host = start + 1;
        parts->host_length = (size_t)(close - start - 1);
        rest = close + 1;
    } else {
        const char *colon = memchr(start, ':', (size_t)(end - start));

        rest = colon != NULL ? colon : end;
        parts->host = start;
        parts->host_length = (size_t)(rest - start);
        if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL) {
            mig_error_set(err, MIG_E_USAGE, "the host in the URL has several colons");
            return mig_error_hint(err, "write an IPv6 address in brackets: imaps://user@[2001:db8::1]");
        }
    }
    if (rest < end && *rest != ':') {
        return mig_error_set(err, MIG_E_USAGE, "unexpected characters after the ] in the URL");
    }
    if (rest < end) {
        parts->port = rest + 1;
        parts->port_length = (size_t)(end - rest - 1);
    }
    return 0;
}

/* C0, DEL, and C1 in UTF-8 (C2 80 to C2 9F). */
static bool has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)text[i + 1] < 0xa0)) {
            return true;
        }
    }
    return false;
}

/* Percent-decoded (RFC 3986 section 2.1); NULL with `err` filled. */
static char *decode_user(const url_parts *parts, mig_error *err)
{
    char *user = malloc(parts->user_length + 1);
    size_t length = 0;

    if (user == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < parts->user_length; i++) {
        unsigned char c = (unsigned char)parts->user[i];

        if (c == '%') {
            bool whole = i + 2 < parts->user_length;
            int high = whole ? hex_value(parts->user[i + 1]) : -1;
            int low = whole ? hex_value(parts->user[i + 2]) : -1;

            if (high < 0 || low < 0) {
                mig_error_set(err, MIG_E_USAGE,
                              "a %% in the user name of the URL is not followed by two hexadecimal digits");
                mig_error_hint(err, "write a %% that belongs to the name as %%25");
                goto refuse;
            }
            c = (unsigned char)(high * 16 + low);
            i += 2;
        }
        user[length++] = (char)c;
    }
    user[length] = '\0';
    if (!mig__utf8_valid(user, length)) {
        mig_error_set(err, MIG_E_USAGE, "the user name in the URL is not UTF-8");
        goto refuse;
    }
    if (has_control(user, length)) {
        mig_error_set(err, MIG_E_USAGE, "the user name in the URL contains a control character");
        goto refuse;
    }
    return user;

refuse:
    free(user);
    return NULL;
}

/* Copies the address without its zone and asks inet_pton. */
static bool is_ipv6(const char *host, size_t length)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];
    const char *zone = memchr(host, '%', length);
    size_t bare = zone != NULL ? (size_t)(zone - host) : length;

    if (!bare || bare >= sizeof text) {
        return false;
    }
    memcpy(text, host, bare);
    text[bare] = '\0';
    if (zone != NULL) {
        size_t zone_length = length - bare - 1;

        if (!zone_length ||
            strspn(zone + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") < zone_length) {
            return false;
        }
    }
    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_host_name(const char *host, size_t length)
{
    if (!length || length > HOST_MAX || host[0] == '-' || host[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        char c = host[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!letter && c != '-' && c != '_' && c != '.') {
            return false;
        }
        if (c == '.' && i && host[i - 1] == '.') {
            return false;
        }
    }
    return true;
}

static char *copy_host(const url_parts *parts, mig_error *err)
{
    char *host = malloc(parts->host_length + 1);
    char *zone;

    if (host == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    memcpy(host, parts->host, parts->host_length);
    host[parts->host_length] = '\0';
    if (parts->bracketed) {
        zone = strstr(host, "%25"); /* RFC 6874: the % before a zone is itself encoded */
        if (zone != NULL) {
            memmove(zone + 1, zone + 3, strlen(zone + 3) + 1);
        }
        if (is_ipv6(host, strlen(host))) {
            return host;
        }
        mig_error_set(err, MIG_E_USAGE, "what stands in brackets in the URL is not an IPv6 address");
    } else {
        if (is_host_name(host, parts->host_length)) {
            return host;
        }
        mig_error_set(err, MIG_E_USAGE,
                      parts->host_length ? "the host in the URL is not a DNS name or IP address"
                                         : "there is no host in the URL");
        mig_error_hint(err, "write imaps://user@host; names with other letters than ASCII in their xn-- form");
    }
    free(host);
    return NULL;
}

static int parse_port(const url_parts *parts, uint16_t *port, mig_error *err)
{
    unsigned value = 0;

    if (parts->port == NULL) {
        return 0;
    }
    for (size_t i = 0; i < parts->port_length; i++) {
        char c = parts->port[i];

        if (c < '0' || c > '9' || value > 65535) {
            return mig_error_set(err, MIG_E_USAGE, "the port in the URL is not a number from 1 to 65535");
        }
        value = value * 10 + (unsigned)(c - '0');
    }
    if (!value || value > 65535) {
        return mig_error_set(err, MIG_E_USAGE, "the port in the URL is not a number from 1 to 65535");
    }
    *port = (uint16_t)value;
    return 0;
}

static int split(const char *text, url_parts *parts, mig_error *err)
{
    const char *end = text + strlen(text);
    const char *at = strrchr(text, '@');
    const char *host = at != NULL ? at + 1 : text;
    size_t length;

    if (at != NULL && split_user(text, at, parts, err) != 0) {
        return -1;
    }
    length = strcspn(host, "/?#");
    if (host[length] == '/' && !host[length + 1]) {
        end = host + length; /* RFC 5092: imap://server/ is the server itself */
    } else if (host[length]) {
        mig_error_set(err, MIG_E_USAGE, "the URL goes on after the host");
        return mig_error_hint(err, "end it with the host or port");
    }
    return split_host(host, end, parts, err);
}

int mig__authority_parse(const char *text, mig__authority *out, mig_error *err)
{
    url_parts parts = {NULL, 0, NULL, 0, false, NULL, 0};
    mig__authority parsed = MIG__AUTHORITY_INIT;

    if (split(text, &parts, err) != 0 || parse_port(&parts, &parsed.port, err) != 0) {
        return -1;
    }
    parsed.host = copy_host(&parts, err);
    if (parsed.host == NULL) {
        return -1;
    }
    if (parts.user != NULL) {
        parsed.user = decode_user(&parts, err);
        if (parsed.user == NULL) {
            mig__authority_clear(&parsed);
            return -1;
        }
    }
    *out = parsed;
    return 0;
}

void mig__authority_clear(mig__authority *authority)
{
    free(authority->user);
    free(authority->host);
    *authority = (mig__authority)MIG__AUTHORITY_INIT;
}
