/* domain/resolver.c - a resolver that validates DNSSEC, by libunbound */
#include "domain/resolver.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "domain/exchange.h"
#include "domain/packet.h"
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>
#include <unistd.h>

/* The keys of the root as IANA publishes them (data.iana.org/root-anchors): of 2017, and of 2024, which signs from
 * 2026. */
static const char *const root_keys[] = {
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
};

struct mig__resolver {
    struct ub_ctx *context;
    bool validates;
    char title[96];
};

typedef struct flight flight;

/* One question under way. */
typedef struct slot {
    flight *of;
    const mig__resolver_question *question; /* NULL: the slot is free */
    int id;
    int64_t deadline;
} slot;

struct flight {
    mig__resolver *resolver;
    slot *slots;
    int size, under_way;
};

/* ---- setting up ---- */

static int set_servers(mig__resolver *r, const char *server, uint16_t port, mig_error *err)
{
    struct sockaddr_storage address;
    socklen_t length;
    char text[64];
    if (server == NULL) {
        snprintf(r->title, sizeof r->title, "the system's resolver");
        if (ub_ctx_resolvconf(r->context, NULL) != 0) {
            mig_error_set(err, MIG_E_IO, "the system's list of resolvers (/etc/resolv.conf) cannot be read");
            return mig_error_hint(err, "name one with --resolver ADDRESS");
        }
        ub_ctx_set_option(r->context, "do-not-query-localhost:", "no"); /* a resolver on this machine is a usual one */
        return 0;
    }
    if (strcmp(server, "root") == 0) {
        snprintf(r->title, sizeof r->title, "the name servers, from the root down");
        return 0;
    }
    if (mig__server_parse(server, port, &address, &length, err) != 0) {
        return -1;
    }
    snprintf(r->title, sizeof r->title, "%s", server);
    snprintf(text, sizeof text, "%s", server);
    if (strchr(server, '@') == NULL) {
        snprintf(text, sizeof text, "%.40s@%u", server, port);
    }
    ub_ctx_set_option(r->context, "do-not-query-localhost:", "no");
    ub_ctx_set_option(r->context, "qname-minimisation:", "no");
    ub_ctx_set_option(r->context, "unblock-lan-zones:", "yes"); /* it may well know names of private addresses */
    if (ub_ctx_set_fwd(r->context, text) != 0) {
        return mig_error_set(err, MIG_E_USAGE, "\"%s\" cannot be used as a resolver", server);
    }
    return 0;
}

static int set_anchor(mig__resolver *r, const char *anchor, mig_error *err)
{
    r->validates = anchor == NULL || strcmp(anchor, "none") != 0;
    if (!r->validates) {
        ub_ctx_set_option(r->context, "module-config:", "iterator");
        return 0;
    }
    if (anchor != NULL) {
        if (access(anchor, R_OK) != 0 || ub_ctx_add_ta_file(r->context, anchor) != 0) {
            return mig_error_set(err, MIG_E_IO, "the trust anchor %s cannot be read", anchor);
        }
        return 0;
    }
    for (size_t i = 0; i < sizeof root_keys / sizeof root_keys[0]; i++) {
        if (ub_ctx_add_ta(r->context, root_keys[i]) != 0) {
            return mig_error_set(err, MIG_E_INTERNAL, "the keys of the root were not taken");
        }
    }
    return 0;
}

mig__resolver *mig__resolver_new(const char *server, uint16_t port, const char *anchor, mig_error *err)
{
    mig__resolver *r = calloc(1, sizeof *r);
    if (r == NULL || (r->context = ub_ctx_create()) == NULL) {
        free(r);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    ub_ctx_debugout(r->context, NULL); /* a library does not print */
    ub_ctx_async(r->context, 1);       /* a thread, not a process */
    if (set_servers(r, server, port, err) != 0 || set_anchor(r, anchor, err) != 0) {
        mig__resolver_free(&r);
    } else if (server != NULL) {
        ub_ctx_zone_remove(r->context, "127.in-addr.arpa."); /* likewise; the last setting: it makes the others final */
    }
    return r;
}

void mig__resolver_free(mig__resolver **resolver)
{
    if (*resolver != NULL) {
        ub_ctx_delete((*resolver)->context);
        free(*resolver);
        *resolver = NULL;
    }
}

const char *mig__resolver_title(const mig__resolver *resolver)
{
    return resolver->title;
}

/* ---- answers ---- */

static void take_result(const mig__resolver *r, const mig__resolver_question *question, int failed,
                        const struct ub_result *result)
{
    mig__answer *out = question->out;
    mig__answer_clear(out);
    out->status = MIG__DNS_SERVFAIL;
    if (failed != 0 || result == NULL) {
        snprintf(out->why, sizeof out->why, "%s", ub_strerror(failed));
    } else if (result->bogus) {
        const char *why = result->why_bogus != NULL ? result->why_bogus : "";
        out->status = MIG__DNS_BOGUS;
        mig__inert(why, strlen(why), out->why, sizeof out->why);
    } else if (result->answer_packet == NULL || result->answer_len <= 0) {
        out->status = result->rcode == 3 ? MIG__DNS_NXDOMAIN : result->rcode == 0 ? MIG__DNS_NODATA : MIG__DNS_SERVFAIL;
    } else if (!mig__packet_read(result->answer_packet, (size_t)result->answer_len, question->name, question->type,
                                 out)) {
        mig__answer_clear(out);
        out->status = MIG__DNS_SERVFAIL;
        snprintf(out->why, sizeof out->why, "out of memory");
    }
    if (out->status != MIG__DNS_BOGUS) {
        out->security = !r->validates                      ? MIG__DNS_UNCHECKED
                        : result != NULL && result->secure ? MIG__DNS_SECURE
                                                           : MIG__DNS_INSECURE;
    }
    snprintf(out->server, sizeof out->server, "%s", r->title);
}

static void on_answer(void *context, int failed, struct ub_result *result)
{
    slot *s = context;
    if (s->question != NULL) {
        take_result(s->of->resolver, s->question, failed, result);
        s->question = NULL;
        s->of->under_way--;
    }
    ub_resolve_free(result);
}

static void give_up(slot *s)
{
    ub_cancel(s->of->resolver->context, s->id);
    mig__answer_clear(s->question->out);
    s->question->out->status = MIG__DNS_TIMEOUT;
    snprintf(s->question->out->server, sizeof s->question->out->server, "%s", s->of->resolver->title);
    s->question = NULL;
    s->of->under_way--;
}

static void begin(flight *f, slot *s, const mig__resolver_question *question, int timeout_ms)
{
    char escaped[1100];
    *s = (slot){.of = f, .question = question, .deadline = mig__now_ms() + timeout_ms};
    f->under_way++;
    const int failed =
        ub_resolve_async(f->resolver->context, mig__packet_escape(question->name, escaped, sizeof escaped),
                         (int)question->type, 1, s, on_answer, &s->id);
    if (failed != 0) {
        take_result(f->resolver, question, failed, NULL);
        s->question = NULL;
        f->under_way--;
    }
}

void mig__resolver_ask(mig__resolver *resolver, const mig__resolver_question *questions, size_t count, int in_flight,
                       int timeout_ms, const mig_stop *stop)
{
    flight f = {.resolver = resolver, .slots = calloc((size_t)in_flight, sizeof *f.slots), .size = in_flight};
    size_t next = 0;
    if (f.slots == NULL) {
        for (; next < count; next++) {
            take_result(resolver, &questions[next], UB_NOMEM, NULL);
        }
        return;
    }
    while (next < count || f.under_way > 0) {
        const bool stopped = mig_stop_level(stop) > 0;
        for (int i = 0; i < f.size; i++) {
            if (f.slots[i].question == NULL && next < count && !stopped) {
                begin(&f, &f.slots[i], &questions[next++], timeout_ms);
            } else if (f.slots[i].question != NULL && (stopped || mig__now_ms() >= f.slots[i].deadline)) {
                give_up(&f.slots[i]);
            }
        }
        if (stopped) {
            break;
        }
        struct pollfd poller = {.fd = ub_fd(resolver->context), .events = POLLIN};
        if (f.under_way > 0 && poll(&poller, 1, 100) > 0) {
            ub_process(resolver->context);
        }
    }
    free(f.slots);
}
