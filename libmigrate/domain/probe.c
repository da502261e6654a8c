/* domain/probe.c - talking to SMTP and HTTPS servers to see how they are */
#include "domain/probe.h"
#include "net/https_get.h"
#include <migrate/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_LINES 64                   /* of one answer */
#define STRANGER   "nobody@example.com" /* a name that is reserved for examples (RFC 2606): whoever takes it relays */

/* ---- SMTP ---- */

typedef struct talk {
    mig__peek *peek;
    char text[160];  /* of the last line of an answer, without its code */
    bool offers_tls; /* STARTTLS was among the lines */
} talk;

/* Read an answer of one or several lines. Its code, 0: none came, or no answer of SMTP. */
static int answer(talk *t)
{
    char line[512];
    t->offers_tls = false;
    for (int count = 0; count < MOST_LINES; count++) {
        if (!mig__peek_line(t->peek, line, sizeof line) || strspn(line, "0123456789") != 3) {
            return 0;
        }
        const char *rest = line[3] != '\0' ? line + 4 : "";
        t->offers_tls = t->offers_tls || strcasecmp(rest, "STARTTLS") == 0;
        if (count == 0 || line[3] != '-') {
            snprintf(t->text, sizeof t->text, "%.159s", rest);
        }
        if (line[3] != '-') {
            return (int)strtol(line, NULL, 10);
        }
    }
    return 0;
}

static int MIG_PRINTF(2, 3) say(talk *t, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return mig__peek_say(t->peek, line) ? answer(t) : 0;
}

static int greet(talk *t)
{
    char own[46];
    mig__peek_local(t->peek, own);
    return say(t, "EHLO [%s%s]\r\n", strchr(own, ':') != NULL ? "IPv6:" : "", own);
}

/* Would it take mail for this recipient? The code, 0: it did not come to that. */
static int try_recipient(talk *t, const char *local, const char *domain, char text[160])
{
    if (say(t, "MAIL FROM:<>\r\n") / 100 != 2) {
        snprintf(text, 160, "%s", t->text);
        return 0;
    }
    const int code = say(t, "RCPT TO:<%s%s%s>\r\n", local, domain[0] != '\0' ? "@" : "", domain);
    snprintf(text, 160, "%s", t->text);
    say(t, "RSET\r\n");
    return code;
}

static void begin_tls(talk *t, const mig__smtp_question *question, const char *ca_file, mig__smtp_fact *out)
{
    if (say(t, "STARTTLS\r\n") != 220) {
        snprintf(out->why, sizeof out->why, "it answers STARTTLS with: %.100s", t->text);
        return;
    }
    out->tls = mig__peek_start_tls(t->peek, question->host, ca_file, &out->peer, out->why, sizeof out->why);
}

void mig__probe_smtp(const mig__smtp_question *question, uint16_t port, const char *ca_file, int timeout_ms,
                     mig__smtp_fact *out)
{
    talk t = {.peek = NULL};
    *out = (mig__smtp_fact){.rcpt = 0};
    t.peek = mig__peek_open(question->address, port, timeout_ms, &out->reach, out->why, sizeof out->why);
    if (t.peek == NULL) {
        return;
    }
    const int code = answer(&t);
    snprintf(out->greeting, sizeof out->greeting, "%s", t.text);
    out->greeted = code == 220;
    if (!out->greeted) {
        snprintf(out->why, sizeof out->why, code == 0 ? "no greeting came" : "it greets with %d", code);
    } else if (greet(&t) / 100 == 2) {
        out->offers_tls = t.offers_tls;
        if (out->offers_tls) {
            begin_tls(&t, question, ca_file, out);
        }
        const bool goes_on = !out->offers_tls || (out->tls && greet(&t) / 100 == 2);
        if (goes_on && question->rcpt[0] != '\0') {
            out->rcpt = try_recipient(&t, "postmaster", question->rcpt, out->rcpt_text);
        }
        if (goes_on && question->relay) {
            out->relay = try_recipient(&t, STRANGER, "", out->relay_text);
        }
        if (goes_on) {
            say(&t, "QUIT\r\n");
        }
    }
    mig__peek_close(&t.peek);
}

void mig__smtp_fact_clear(mig__smtp_fact *fact)
{
    mig__peek_tls_clear(&fact->peer);
    *fact = (mig__smtp_fact){.rcpt = 0};
}

/* ---- HTTPS ---- */

void mig__probe_web(const char *host, const char *path, const char *post, const char *const *addresses, uint16_t port,
                    const char *ca_file, int timeout_ms, mig__web_fact *out)
{
    *out = (mig__web_fact){.status = 0};
    snprintf(out->why, sizeof out->why, "the name %s has no address", host);
    for (; *addresses != NULL && out->status == 0; addresses++) {
        const mig__https_get wanted = {.host = host,
                                       .path = path,
                                       .post = post,
                                       .address = *addresses,
                                       .port = port,
                                       .ca_file = ca_file,
                                       .timeout_ms = timeout_ms,
                                       .most = 65536};
        mig__https_got got;
        mig__https_fetch(&wanted, &got);
        out->status = got.status;
        out->certificate = got.certificate;
        out->cut = got.cut;
        out->body = got.body;
        out->length = got.length;
        memcpy(out->why, got.why, sizeof out->why);
        memcpy(out->type, got.type, sizeof out->type);
        memcpy(out->location, got.location, sizeof out->location);
    }
}

void mig__web_fact_clear(mig__web_fact *fact)
{
    free(fact->body);
    *fact = (mig__web_fact){.status = 0};
}
