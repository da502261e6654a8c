/* live/route.c - what a request may be: its path, its Host, its token; where the page may be served */
#include "live/route.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

mig__route mig__route_of(const char *path)
{
    static const struct {
        const char *path;
        mig__route route;
    } routes[] = {{"/", MIG__ROUTE_PAGE},           {"/account", MIG__ROUTE_ACCOUNT}, {"/events", MIG__ROUTE_EVENTS},
                  {"/metrics", MIG__ROUTE_METRICS}, {"/live.css", MIG__ROUTE_STYLE},  {"/live.js", MIG__ROUTE_SCRIPT}};
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(path, routes[i].path) == 0) {
            return routes[i].route;
        }
    }
    return MIG__ROUTE_NONE;
}

/* ---- where it is served ---- */

static int refuse(const char *text, mig_error *err)
{
    mig_error_set(err, MIG_E_USAGE, "the page cannot be served at \"%s\"", text);
    return mig_error_hint(err, "give ADDRESS:PORT, such as 127.0.0.1:8417 or [::1]:8417");
}

static bool take_port(const char *text, uint16_t *out)
{
    unsigned port = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && port <= UINT16_MAX; at++) {
        port = port * 10 + (unsigned)(*at - '0');
    }
    *out = (uint16_t)port;
    return at != text && *at == '\0' && port <= UINT16_MAX;
}

/* The address and what follows its colon (NULL: nothing); the text is cut there. */
static bool split(char *text, char **address, char **port)
{
    *address = text;
    *port = NULL;
    if (text[0] == '[') {
        char *end = strchr(text, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':')) {
            return false;
        }
        *address = text + 1;
        *port = end[1] == ':' ? end + 2 : NULL;
        *end = '\0';
        return true;
    }
    char *colon = strchr(text, ':');
    if (colon != NULL) {
        *colon = '\0';
        *port = colon + 1;
    }
    return true;
}

int mig__live_place_parse(const char *text, mig__live_place *out, mig_error *err)
{
    char copy[sizeof out->host], *address = copy, *port = NULL;
    *out = (mig__live_place){.port = MIG__LIVE_PORT};
    text = text != NULL ? text : "";
    if (strlen(text) >= sizeof copy) {
        return refuse("...", err);
    }
    snprintf(copy, sizeof copy, "%s", text);
    if (!split(copy, &address, &port) || (port != NULL && !take_port(port, &out->port))) {
        return refuse(text, err);
    }
    snprintf(out->host, sizeof out->host, "%s", address[0] != '\0' ? address : "127.0.0.1");
    const char *numeric = strcmp(out->host, "localhost") == 0 ? "127.0.0.1" : out->host;
    out->loopback = mig__host_is_loopback(out->host);
    struct sockaddr_in *v4 = (struct sockaddr_in *)&out->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->address;
    if (inet_pton(AF_INET, numeric, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(out->port);
        out->length = sizeof *v4;
        return 0;
    }
    if (inet_pton(AF_INET6, numeric, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(out->port);
        out->length = sizeof *v6;
        return 0;
    }
    return refuse(text, err);
}

/* ---- what a request says ---- */

static bool is_host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':';
}

bool mig__host_name(const char *header, char *out, size_t size)
{
    char copy[256], *name = copy, *port = NULL;
    uint16_t number = 0;
    if (header == NULL || strlen(header) >= sizeof copy) {
        return false;
    }
    for (size_t i = 0; i <= strlen(header); i++) {
        copy[i] = header[i] >= 'A' && header[i] <= 'Z' ? (char)(header[i] + 32) : header[i];
    }
    if (!split(copy, &name, &port) || name[0] == '\0' || (port != NULL && !take_port(port, &number)) ||
        strlen(name) >= size) {
        return false;
    }
    for (const char *at = name; *at != '\0'; at++) {
        if (!is_host_character(*at)) {
            return false;
        }
    }
    snprintf(out, size, "%s", name);
    return true;
}

bool mig__host_is_loopback(const char *name)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (strcmp(name, "localhost") == 0) {
        return true;
    }
    if (inet_pton(AF_INET, name, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    return inet_pton(AF_INET6, name, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool mig__token_equal(const char *given, const char *token)
{
    const size_t length = strlen(token);
    if (given == NULL || strlen(given) != length) {
        return false;
    }
    volatile unsigned char different = 0;
    for (size_t i = 0; i < length; i++) {
        different = (unsigned char)(different | (unsigned char)(given[i] ^ token[i]));
    }
    return different == 0;
}
