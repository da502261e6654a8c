/* sieve/server.c - where the ManageSieve server of an account is: as named, by SRV (RFC 5804 section 1.8), beside IMAP
 */
#include "net/authority.h"
#include "sieve/work.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SIEVE_PORT 4190

static bool is_below(const char *host, const char *parent)
{
    const size_t length = strlen(host), size = strlen(parent);
    return length >= size && strcasecmp(host + length - size, parent) == 0 &&
           (length == size || host[length - size - 1] == '.');
}

bool mig__sieve_trusted_host(const char *host, const char *imap_host, const char *domain)
{
    const char *dot = strchr(imap_host, '.');
    return strcasecmp(host, imap_host) == 0 || is_below(host, domain) ||
           (dot != NULL && strchr(dot + 1, '.') != NULL && is_below(host, dot + 1));
}

/* "HOST[:PORT]", also as sieve://HOST[:PORT]. */
static int named(mig__sieve_work *work, mig_side side, const char *server, mig_error *err)
{
    mig_endpoint *endpoint = &work->endpoints[side];
    mig__authority authority = MIG__AUTHORITY_INIT;
    const char *bare = strncasecmp(server, "sieve://", 8) == 0 ? server + 8 : server;
    if (mig__authority_parse(bare, &authority, err) != 0) {
        return mig_error_context(err, "the ManageSieve server of the %s", side == MIG_SOURCE ? "source" : "target");
    }
    free(work->hosts[side]);
    work->hosts[side] = authority.host;
    free(authority.user);
    endpoint->host = authority.host;
    endpoint->port = authority.port != 0 ? authority.port : SIEVE_PORT;
    return 0;
}

static bool is_address(const char *host)
{
    return strchr(host, ':') != NULL || strspn(host, "0123456789.") == strlen(host) || strcmp(host, "localhost") == 0;
}

/* What DNS names is used only where a lie of DNS could not lead the password away. */
static int by_srv(mig__sieve_work *work, mig_side side, mig_error *err)
{
    const mig_filters_names *names = work->options.names;
    mig_endpoint *endpoint = &work->endpoints[side];
    const char *at = endpoint->user != NULL ? strrchr(endpoint->user, '@') : NULL;
    char *host = NULL;
    uint16_t port = 0;
    if (names == NULL || names->server == NULL || at == NULL || is_address(endpoint->host)) {
        return 0;
    }
    if (names->server(at + 1, &host, &port, names->context) != 0) {
        return 0;
    }
    if (host[0] == '\0' || strcmp(host, ".") == 0) { /* RFC 2782: decidedly not there */
        free(host);
        mig_error_set(err, MIG_E_CANNOT, "the DNS of %s says that there is no ManageSieve", at + 1);
        return mig_error_hint(err, "if there is, name it: --%s-sieve HOST", side == MIG_SOURCE ? "source" : "target");
    }
    if (!mig__sieve_trusted_host(host, endpoint->host, at + 1)) {
        mig_error_set(err, MIG_E_REFUSED,
                      "the DNS of %s names %s for ManageSieve, which is neither of that domain nor "
                      "beside %s: the password was not sent there",
                      at + 1, host, endpoint->host);
        free(host);
        return mig_error_hint(err, "if it is right, name it: --%s-sieve HOST",
                              side == MIG_SOURCE ? "source" : "target");
    }
    free(work->hosts[side]);
    work->hosts[side] = host;
    endpoint->host = host;
    endpoint->port = port;
    return 0;
}

int mig__sieve_server(mig__sieve_work *work, mig_side side, mig_error *err)
{
    const mig_filters_side *given = side == MIG_SOURCE ? &work->options.source : &work->options.target;
    mig_endpoint *endpoint = &work->endpoints[side];
    const char *word = side == MIG_SOURCE ? "source" : "target";
    *endpoint = *given->endpoint;
    if (given->server != NULL && strcmp(given->server, "none") == 0) {
        mig_error_set(err, MIG_E_CANNOT, "the %s has no ManageSieve", word);
        return mig_error_hint(err, "`mailmigrate filters export` writes the rules in words, to be set up by hand");
    }
    if (endpoint->dial != NULL) {
        mig_error_set(err, MIG_E_USAGE, "the %s is mail in files, which has no ManageSieve", word);
        return mig_error_hint(err, "name the server, or scripts in files: --%s-sieve sieve:DIR", word);
    }
    endpoint->tunnel = (char *)(uintptr_t)given->tunnel;
    endpoint->compress = 0;
    if (!given->no_imap) {
        endpoint->port = SIEVE_PORT;
        endpoint->tls = endpoint->tls == MIG_TLS_NONE ? MIG_TLS_NONE : MIG_TLS_STARTTLS;
    }
    if (given->server != NULL) {
        return named(work, side, given->server, err);
    }
    return given->tunnel != NULL || given->no_imap ? 0 : by_srv(work, side, err);
}
