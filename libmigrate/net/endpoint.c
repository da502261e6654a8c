/* net/endpoint.c - endpoints from URLs (RFC 5092 section 3), and back into labels */
#include "net/authority.h"
#include <migrate/endpoint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static uint16_t default_port(mig_tls_mode tls)
{
    return tls == MIG_TLS_IMPLICIT ? 993 : 143;
}

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcasecmp(text + length - tail, ending) == 0;
}

/* A path is what people give for mail in files: the right word in front of it is told. */
static int not_a_url(const char *text, mig_error *err)
{
    static const struct {
        const char *ending, *scheme;
    } files[] = {{".mbox", "mbox"},   {".mbx", "mbox"},        {"/mbox", "mbox"},       {".eml", "eml"},
                 {".emlx", "eml"},    {"Maildir", "maildir"},  {"Maildir/", "maildir"}, {".tar", "archive"},
                 {".zip", "archive"}, {".tar.zst", "archive"}, {".tar.gz", "archive"}};
    mig_error_set(err, MIG_E_USAGE, "not an IMAP URL");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strstr(text, "://") == NULL && ends_in(text, files[i].ending)) {
            return mig_error_hint(err, "a file or directory on this machine is given as %s:%s", files[i].scheme, text);
        }
    }
    if (text[0] == '/' || text[0] == '.' || text[0] == '~') {
        return mig_error_hint(err, "mail on this machine is given as maildir:%s, mbox:%s, eml:%s or archive:%s", text,
                              text, text, text);
    }
    return mig_error_hint(err, "write imaps://user@host, or imap://user@host for STARTTLS on port 143");
}

int mig_endpoint_parse_url(mig_endpoint *endpoint, const char *url, mig_error *err)
{
    mig__authority authority = MIG__AUTHORITY_INIT;
    mig_tls_mode tls = MIG_TLS_IMPLICIT;
    const char *rest;

    if (strncasecmp(url, "imaps://", 8) == 0) {
        rest = url + 8;
    } else if (strncasecmp(url, "imap://", 7) == 0) {
        tls = MIG_TLS_STARTTLS;
        rest = url + 7;
    } else {
        return not_a_url(url, err);
    }
    if (mig__authority_parse(rest, &authority, err) != 0) {
        return -1;
    }
    if (authority.user == NULL || !*authority.user) {
        mig__authority_clear(&authority);
        mig_error_set(err, MIG_E_USAGE, "there is no user name in the URL");
        return mig_error_hint(err, "write it before the host: imaps://user@host; an @ within it as %%40");
    }
    free(endpoint->user);
    free(endpoint->host);
    endpoint->user = authority.user;
    endpoint->host = authority.host;
    endpoint->port = authority.port ? authority.port : default_port(tls);
    endpoint->tls = tls;
    return 0;
}

char *mig_endpoint_label(const mig_endpoint *endpoint, char *out, size_t size)
{
    const char *host = endpoint->host != NULL ? endpoint->host : "";
    bool bracket = strchr(host, ':') != NULL;
    char port[8] = "";

    if (endpoint->dial != NULL) {
        (void)snprintf(out, size, "%s:%s", host, endpoint->user != NULL ? endpoint->user : "");
        return out;
    }
    if (endpoint->port && endpoint->port != default_port(endpoint->tls)) {
        (void)snprintf(port, sizeof port, ":%u", (unsigned)endpoint->port);
    }
    (void)snprintf(out, size, "%s%s%s%s%s%s", endpoint->user != NULL ? endpoint->user : "",
                   endpoint->user != NULL ? "@" : "", bracket ? "[" : "", host, bracket ? "]" : "", port);
    return out;
}

void mig_endpoint_clear(mig_endpoint *endpoint)
{
    const mig_endpoint empty = MIG_ENDPOINT_INIT;

    free(endpoint->user);
    free(endpoint->host);
    free(endpoint->authzid);
    free(endpoint->ca_file);
    free(endpoint->pin);
    free(endpoint->client_cert);
    free(endpoint->client_key);
    free(endpoint->tunnel);
    free(endpoint->proxy);
    *endpoint = empty;
}
