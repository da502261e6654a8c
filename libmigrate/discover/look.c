/* discover/look.c - a look at an IMAP server that was named (RFC 9051, RFC 8314) */
#include "discover/look.h"
#include "domain/name.h"
#include "net/peek.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MOST_LINES 64 /* of one answer */

typedef struct talk {
    const mig__imap_look *look;
    mig__peek *peek;
    mig__imap_fact *out;
    bool offers_tls, stands; /* of the last CAPABILITY; of STARTTLS: the tagged OK came */
} talk;

static MIG_PRINTF(3, 4) bool end(talk *t, mig_discover_state state, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(t->out->seen, sizeof t->out->seen, format, arguments);
    va_end(arguments);
    t->out->state = state;
    return false;
}

static bool connect_to(talk *t)
{
    char why[160] = "";
    mig__peek_reach reach;
    if (t->look->addresses[0] == NULL) {
        return end(t, MIG_DISCOVER_UNREACHED, "the name has no address");
    }
    for (const char *const *address = t->look->addresses; *address != NULL && t->peek == NULL; address++) {
        t->peek = mig__peek_open(*address, t->look->port, t->look->timeout_ms, &reach, why, sizeof why);
    }
    return t->peek != NULL || end(t, MIG_DISCOVER_UNREACHED, "no connection: %s", why);
}

static bool greeting(talk *t)
{
    char line[512];
    if (!mig__peek_line(t->peek, line, sizeof line)) {
        return end(t, MIG_DISCOVER_NO_IMAP, "no greeting came");
    }
    if (strncasecmp(line, "* OK", 4) != 0 && strncasecmp(line, "* PREAUTH", 9) != 0) {
        return end(t, MIG_DISCOVER_NO_IMAP, "it greets with: %.120s", line);
    }
    return true;
}

/* Ask, and read to the tagged answer. */
static bool ask(talk *t, const char *tag, const char *command)
{
    char line[1024];
    snprintf(line, sizeof line, "%s %s\r\n", tag, command);
    t->offers_tls = false;
    if (mig__peek_say(t->peek, line)) {
        for (int count = 0; count < MOST_LINES && mig__peek_line(t->peek, line, sizeof line); count++) {
            if (strncmp(line, tag, strlen(tag)) == 0 && line[strlen(tag)] == ' ') {
                t->stands = strncasecmp(line + strlen(tag) + 1, "OK", 2) == 0;
                return t->stands || end(t, MIG_DISCOVER_NO_IMAP, "it answers %s with: %.120s", command, line);
            }
            if (strncasecmp(line, "* CAPABILITY ", 13) == 0) {
                for (const char *word = strchr(line + 2, ' '); word != NULL; word = strchr(word + 1, ' ')) {
                    t->offers_tls = t->offers_tls ||
                                    (strncasecmp(word + 1, "STARTTLS", 8) == 0 && (word[9] == ' ' || word[9] == '\0'));
                }
            }
        }
    }
    return end(t, MIG_DISCOVER_NO_IMAP, "no answer came to %s", command);
}

/* "a, b, c" has a name that fits. */
static bool among(const char *names, const char *wanted)
{
    char name[MIG__DN_SIZE];
    for (const char *at = names; *at != '\0';) {
        const size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        if (mig__dn_matches(name, wanted)) {
            return true;
        }
        at += length;
        at += strspn(at, ", ");
    }
    return false;
}

static bool hold_against_certificate(talk *t)
{
    char why[160];
    mig__peek_tls peer;
    bool good = false;
    if (!mig__peek_start_tls(t->peek, t->look->host, t->look->ca_file, &peer, why, sizeof why)) {
        return end(t, MIG_DISCOVER_NO_TLS, "no TLS came about: %s", why);
    }
    if (!peer.trusted) {
        end(t, MIG_DISCOVER_CERTIFICATE, "its certificate is not trusted: %s", peer.distrust);
    } else if (!peer.name_fits) {
        end(t, MIG_DISCOVER_CERTIFICATE, "its certificate is not for this name, but for %.200s", peer.names);
    } else {
        snprintf(t->out->seen, sizeof t->out->seen, "%s, its certificate is trusted and for this name", peer.version);
        t->out->names_domain = among(peer.names, t->look->domain);
        good = true;
    }
    mig__peek_tls_clear(&peer);
    return good;
}

static bool implicit(talk *t)
{
    return hold_against_certificate(t) && greeting(t) && ask(t, "a1", "CAPABILITY");
}

static bool starttls(talk *t)
{
    if (!greeting(t) || !ask(t, "a1", "CAPABILITY")) {
        return false;
    }
    if (!t->offers_tls) {
        return end(t, MIG_DISCOVER_NO_TLS, "it does not offer STARTTLS");
    }
    return ask(t, "a2", "STARTTLS") && hold_against_certificate(t) && ask(t, "a3", "CAPABILITY");
}

void mig__look_imap(const mig__imap_look *look, mig__imap_fact *out)
{
    talk t = {.look = look, .out = out};
    *out = (mig__imap_fact){.state = MIG_DISCOVER_UNREACHED};
    if (connect_to(&t) && (look->tls == MIG_TLS_IMPLICIT ? implicit(&t) : starttls(&t))) {
        out->state = MIG_DISCOVER_GOOD;
        ask(&(talk){.look = look, .peek = t.peek, .out = &(mig__imap_fact){.state = MIG_DISCOVER_GOOD}}, "a4",
            "LOGOUT");
    }
    mig__peek_close(&t.peek);
}
