/*
 * sieve/mx.c - whether mail still goes to the old server: rules that answer mail must not be active in two places
 */
#include "sieve/work.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the judgement, pure ---- */

/* Whether a word stands in a text of words, in any case. */
static bool has_word(const char *text, const char *word, size_t length)
{
    for (const char *at = text; at != NULL && *at != '\0';) {
        at += strspn(at, " \n");
        const size_t found = strcspn(at, " \n");
        if (found > 0 && found == length && strncasecmp(at, word, length) == 0) {
            return true;
        }
        at += found;
    }
    return false;
}

/* What a host's name has in common with its neighbors: all but the first label. NULL: that would say nothing. */
static const char *parent_of(const char *host)
{
    const char *dot = strchr(host, '.');
    const char *last = strrchr(host, '.');
    if (dot == NULL || dot == last || strspn(host, "0123456789.") == strlen(host) || strchr(host, ':') != NULL) {
        return NULL;
    }
    /* "co.uk" is everybody's. */
    const bool wide = strchr(dot + 1, '.') == last && strlen(last + 1) == 2;
    return wide ? NULL : dot + 1;
}

static bool below(const char *host, size_t length, const char *parent)
{
    const size_t size = parent != NULL ? strlen(parent) : 0;
    return parent != NULL && length >= size && strncasecmp(host + length - size, parent, size) == 0 &&
           (length == size || host[length - size - 1] == '.');
}

/* Is the mail host of this line ("HOST ADDRESS...") the server, or next to it? */
static bool is_at(const char *line, size_t length, const char *host, const char *addresses)
{
    const size_t name = strcspn(line, " \n");
    if ((strlen(host) == name && strncasecmp(line, host, name) == 0) || below(line, name, parent_of(host))) {
        return true;
    }
    for (const char *at = line + name; at < line + length;) {
        at += strspn(at, " ");
        const size_t word = strcspn(at, " \n");
        if (word > 0 && (has_word(addresses, at, word) || has_word(host, at, word))) {
            return true;
        }
        at += word > 0 ? word : 1;
    }
    return false;
}

mig_filters_mx mig__sieve_mx(const char *mail, const char *old_host, const char *old_addresses, const char *new_host,
                             const char *new_addresses)
{
    bool all_new = true, any = false;
    for (const char *line = mail; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        if (length > 0) {
            any = true;
            if (is_at(line, length, old_host, old_addresses)) {
                return MIG_FILTERS_MX_OLD;
            }
            all_new = all_new && is_at(line, length, new_host, new_addresses);
        }
        line += length + (line[length] == '\n');
    }
    return any && all_new ? MIG_FILTERS_MX_NEW : MIG_FILTERS_MX_UNKNOWN;
}

/* ---- asking ---- */

static const char *domain_of(const mig_endpoint *endpoint)
{
    const char *who = endpoint == NULL ? NULL : endpoint->authzid != NULL ? endpoint->authzid : endpoint->user;
    const char *at = who != NULL ? strrchr(who, '@') : NULL;
    return at != NULL && at[1] != '\0' ? at + 1 : NULL;
}

/* Where the mail of the address goes. `why` says so when nobody knows. */
static mig_filters_mx look(const mig__sieve_work *work, const char *domain, char *why, size_t size)
{
    const mig_filters_names *names = work->options.names;
    const mig_endpoint *from = work->options.source.endpoint, *to = work->options.target.endpoint;
    char *mail = NULL, *old = NULL, *new = NULL;
    mig_filters_mx mx = MIG_FILTERS_MX_UNKNOWN;
    if (names->mail_hosts(domain, &mail, why, size, names->context) == 0) {
        if (names->addresses(from->host, &old, names->context) == 0 &&
            names->addresses(to->host, &new, names->context) == 0) {
            mx = mig__sieve_mx(mail, from->host, old, to->host, new);
            snprintf(why, size, "the MX of %s lead to neither of the two servers", domain);
        } else {
            snprintf(why, size, "the addresses of the two servers could not be found out");
        }
    }
    free(mail);
    free(old);
    free(new);
    return mx;
}

static int say(mig__sieve_work *work, const char *text, const char *rest, mig_error *err)
{
    char line[700];
    snprintf(line, sizeof line, "%s%s", text, rest);
    return mig__sieve_set(&work->result->activation_why, line, err);
}

int mig__sieve_may_activate(mig__sieve_work *work, mig_error *err)
{
    const mig_endpoint *from = work->options.source.endpoint, *to = work->options.target.endpoint;
    const char *domain = domain_of(from) != NULL ? domain_of(from) : domain_of(to);
    char why[300] = "";
    work->may_activate = false;
    if (!work->options.activate) {
        return 0;
    }
    if (work->options.force) {
        work->may_activate = true;
        return 0;
    }
    if (from == NULL) {
        snprintf(why, sizeof why, "the old server is not named");
    } else if (domain == NULL) {
        snprintf(why, sizeof why, "the account's name has no domain");
    } else if (work->options.names == NULL || work->options.names->mail_hosts == NULL) {
        snprintf(why, sizeof why, "this build has no looks at domains");
    } else {
        work->result->mx = look(work, domain, why, sizeof why);
    }
    if (work->result->mx == MIG_FILTERS_MX_NEW) {
        work->may_activate = true;
        return 0;
    }
    work->attention = true;
    return work->result->mx == MIG_FILTERS_MX_OLD
               ? say(work, "mail still goes to the old server, by the MX of ", domain, err)
               : say(work, "whether mail still goes to the old server is not known (--force does without): ", why, err);
}
