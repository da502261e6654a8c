/*
 * domain/questions.c - all that was asked and answered
 *
 * A table by text keys: "dns SERVER TYPE NAME", "smtp ...", "web ...". Questions to the resolver go to libunbound,
 * which works on many at once; everything else blocks and is done by some threads, each taking the next one.
 */
#include "domain/questions.h"
#include "base/buffer.h"
#include "domain/exchange.h"
#include "domain/name.h"
#include "domain/probe.h"
#include "domain/resolver.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS     10000
#define IN_FLIGHT      32
#define MOST_ADDRESSES 4

typedef enum kind { ASK_RESOLVER, ASK_SERVER, ASK_SMTP, ASK_WEB } kind;

typedef struct question {
    char *key;             /* what makes it this one */
    struct question *next; /* of the same bucket */
    kind kind;
    bool known;
    char *server, *name; /* name: of DNS; of the host for SMTP and the web */
    mig__rr type;
    char *detail; /* SMTP: whose mail; web: the path */
    char *post;   /* web: what is sent; NULL: nothing */
    bool relay;
    char *addresses[MOST_ADDRESSES + 1]; /* web */
    mig__answer answer;
    mig__smtp_fact smtp;
    mig__web_fact web;
} question;

#define BUCKETS 1024

struct mig__questions {
    const mig_domain_options *options;
    mig__resolver *resolver;
    question *buckets[BUCKETS];
    question **open; /* those without an answer */
    size_t open_count, open_room;
    bool failed; /* out of memory */
    size_t asked, probes;
};

/* ---- the table ---- */

static unsigned bucket_of(const char *key)
{
    unsigned hash = 2166136261u; /* FNV-1a */
    for (; *key != '\0'; key++) {
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    }
    return hash % BUCKETS;
}

static void free_question(question *q)
{
    for (size_t i = 0; i < MOST_ADDRESSES; i++) {
        free(q->addresses[i]);
    }
    mig__answer_clear(&q->answer);
    mig__smtp_fact_clear(&q->smtp);
    mig__web_fact_clear(&q->web);
    free(q->key);
    free(q->server);
    free(q->name);
    free(q->detail);
    free(q->post);
    free(q);
}

static question *find(mig__questions *qs, const char *key)
{
    for (question *q = qs->buckets[bucket_of(key)]; q != NULL; q = q->next) {
        if (strcmp(q->key, key) == 0) {
            return q;
        }
    }
    return NULL;
}

static bool make_room(mig__questions *qs)
{
    if (qs->open_count == qs->open_room) {
        const size_t room = qs->open_room == 0 ? 64 : 2 * qs->open_room;
        question **more = realloc(qs->open, room * sizeof *more);
        if (more == NULL) {
            return false;
        }
        qs->open = more;
        qs->open_room = room;
    }
    return true;
}

/* Note a question that nobody asked yet. NULL: no memory, which ends the look. */
static question *note(mig__questions *qs, const char *key, kind what, const char *server, const char *name,
                      const char *detail)
{
    question *q = make_room(qs) ? calloc(1, sizeof *q) : NULL;
    if (q != NULL) {
        q->kind = what;
        q->key = mig__strdup(key);
        q->server = mig__strdup(server);
        q->name = mig__strdup(name);
        q->detail = mig__strdup(detail);
    }
    if (q == NULL || q->key == NULL || (server != NULL && q->server == NULL) || q->name == NULL ||
        (detail != NULL && q->detail == NULL)) {
        qs->failed = true;
        if (q != NULL) {
            free_question(q);
        }
        return NULL;
    }
    const unsigned bucket = bucket_of(key);
    q->next = qs->buckets[bucket];
    qs->buckets[bucket] = q;
    qs->open[qs->open_count++] = q;
    return q;
}

/* ---- what judges ask ---- */

static const mig__answer *ask_dns(void *context, const char *server, const char *name, mig__rr type)
{
    mig__questions *qs = context;
    char key[MIG__DN_SIZE + 160];
    snprintf(key, sizeof key, "dns %s %d %s", server != NULL ? server : "-", (int)type, name);
    question *q = find(qs, key);
    if (q == NULL) {
        q = note(qs, key, server != NULL ? ASK_SERVER : ASK_RESOLVER, server, name, NULL);
        if (q != NULL) {
            q->type = type;
        }
        return NULL;
    }
    return q->known ? &q->answer : NULL;
}

static const mig__smtp_fact *ask_smtp(void *context, const mig__smtp_question *wanted)
{
    mig__questions *qs = context;
    char key[2 * MIG__DN_SIZE + 160];
    snprintf(key, sizeof key, "smtp %s %s %s %d", wanted->address, wanted->host, wanted->rcpt, wanted->relay);
    question *q = find(qs, key);
    if (q == NULL) {
        q = note(qs, key, ASK_SMTP, wanted->address, wanted->host, wanted->rcpt);
        if (q != NULL) {
            q->relay = wanted->relay;
        }
        return NULL;
    }
    return q->known ? &q->smtp : NULL;
}

/* The addresses come from our own questions, so that what is fetched is what the resolver asked leads to. */
static void add_addresses(question *q, const mig__answer *answer, size_t *count)
{
    char text[INET6_ADDRSTRLEN];
    for (size_t i = 0; i < answer->count && *count < MOST_ADDRESSES; i++) {
        const mig__record *record = &answer->records[i];
        const int family = record->length == 16 ? AF_INET6 : AF_INET;
        if ((record->length == 4 || record->length == 16) &&
            inet_ntop(family, record->data, text, sizeof text) != NULL) {
            q->addresses[*count] = mig__strdup(text);
            *count += q->addresses[*count] != NULL;
        }
    }
}

static const mig__web_fact *ask_post(void *context, const char *host, const char *path, const char *xml)
{
    mig__questions *qs = context;
    char key[MIG__DN_SIZE + 1200];
    snprintf(key, sizeof key, "%s %s %.1000s", xml != NULL ? "post" : "web", host, path);
    question *q = find(qs, key);
    if (q != NULL) {
        return q->known ? &q->web : NULL;
    }
    const mig__answer *four = ask_dns(qs, NULL, host, MIG__RR_A), *six = ask_dns(qs, NULL, host, MIG__RR_AAAA);
    if (four != NULL && six != NULL && (q = note(qs, key, ASK_WEB, NULL, host, path)) != NULL) {
        size_t count = 0;
        add_addresses(q, four, &count);
        add_addresses(q, six, &count);
        q->post = mig__strdup(xml);
        qs->failed = qs->failed || (xml != NULL && q->post == NULL);
    }
    return NULL;
}

static const mig__web_fact *ask_web(void *context, const char *host, const char *path)
{
    return ask_post(context, host, path, NULL);
}

mig__facts mig__questions_facts(mig__questions *qs)
{
    return (mig__facts){.dns = ask_dns, .smtp = ask_smtp, .web = ask_web, .post = ask_post, .context = qs};
}

/* ---- finding out ---- */

typedef struct pool {
    mig__questions *qs;
    atomic_size_t next;
} pool;

static int timeout_of(const mig__questions *qs)
{
    return qs->options->timeout_ms > 0 ? qs->options->timeout_ms : TIMEOUT_MS;
}

static bool is_resolver(const mig__questions *qs, const char *server)
{
    for (const char *const *each = qs->options->resolvers; each != NULL && *each != NULL; each++) {
        if (strcmp(*each, server) == 0) {
            return true;
        }
    }
    return false;
}

static void find_out(mig__questions *qs, question *q)
{
    const mig_domain_options *o = qs->options;
    if (q->kind == ASK_SERVER) {
        mig__exchange(q->server, q->name, q->type, is_resolver(qs, q->server), timeout_of(qs), &q->answer);
    } else if (q->kind == ASK_SMTP) {
        const mig__smtp_question wanted = {.address = q->server, .host = q->name, .rcpt = q->detail, .relay = q->relay};
        mig__probe_smtp(&wanted, o->smtp_port != 0 ? o->smtp_port : 25, o->ca_file, timeout_of(qs), &q->smtp);
    } else {
        mig__probe_web(q->name, q->detail, q->post, (const char *const *)q->addresses,
                       o->https_port != 0 ? o->https_port : 443, o->ca_file, timeout_of(qs), &q->web);
    }
}

static void *work(void *context)
{
    pool *p = context;
    for (;;) {
        const size_t i = atomic_fetch_add(&p->next, 1);
        if (i >= p->qs->open_count || mig_stop_level(p->qs->options->stop) > 0) {
            return NULL;
        }
        if (p->qs->open[i]->kind != ASK_RESOLVER) {
            find_out(p->qs, p->qs->open[i]);
            p->qs->open[i]->known = true;
        }
    }
}

static size_t start(pool *p, pthread_t *threads, size_t most)
{
    size_t count = 0, blocking = 0;
    for (size_t i = 0; i < p->qs->open_count; i++) {
        blocking += p->qs->open[i]->kind != ASK_RESOLVER;
    }
    while (count < most && count < blocking && pthread_create(&threads[count], NULL, work, p) == 0) {
        count++;
    }
    return count;
}

static void ask_resolver(mig__questions *qs, int in_flight)
{
    mig__resolver_question *list = calloc(qs->open_count, sizeof *list);
    size_t count = 0;
    if (list == NULL) {
        qs->failed = true;
        return;
    }
    for (size_t i = 0; i < qs->open_count; i++) {
        question *q = qs->open[i];
        if (q->kind == ASK_RESOLVER) {
            q->answer.status = MIG__DNS_TIMEOUT;
            list[count++] = (mig__resolver_question){q->name, q->type, &q->answer};
        }
    }
    mig__resolver_ask(qs->resolver, list, count, in_flight, timeout_of(qs), qs->options->stop);
    free(list);
}

/* What the stop left without an answer has none, and says so. */
static void settle(mig__questions *qs)
{
    for (size_t i = 0; i < qs->open_count; i++) {
        question *q = qs->open[i];
        if (!q->known && q->kind != ASK_RESOLVER) {
            q->answer.status = MIG__DNS_TIMEOUT;
            q->smtp.reach = MIG__PEEK_UNREACHABLE;
            snprintf(q->smtp.why, sizeof q->smtp.why, "stopped before");
            snprintf(q->web.why, sizeof q->web.why, "stopped before");
        }
        q->known = true;
        qs->asked += q->kind == ASK_RESOLVER || q->kind == ASK_SERVER;
        qs->probes += q->kind == ASK_SMTP || q->kind == ASK_WEB;
    }
    qs->open_count = 0;
}

int mig__questions_answer(mig__questions *qs, mig_error *err)
{
    const int in_flight = qs->options->in_flight > 0 ? qs->options->in_flight : IN_FLIGHT;
    const int count = (int)qs->open_count;
    pthread_t *threads = calloc((size_t)in_flight, sizeof *threads);
    pool p = {.qs = qs};
    atomic_init(&p.next, 0);
    if (threads == NULL || qs->failed) {
        free(threads);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    const size_t started = start(&p, threads, (size_t)in_flight);
    ask_resolver(qs, in_flight);
    work(&p); /* what no thread could be had for, or is not begun yet */
    for (size_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
    settle(qs);
    return qs->failed ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : count;
}

/* ---- beginning and end ---- */

static mig__resolver *make_resolver(const mig_domain_options *options, const char *anchor, mig_error *err)
{
    const char *server = options->resolvers != NULL ? options->resolvers[0] : NULL;
    return mig__resolver_new(server, options->dns_port != 0 ? options->dns_port : 53, anchor, err);
}

/*
 * Behind a resolver that drops signatures every answer would look forged, and that would not be so. Whether the keys of
 * the root itself come through says which it is; without them nothing is validated, and the verdict on DNSSEC is
 * "unknown".
 */
static bool passes_signatures(const mig__questions *qs)
{
    mig__answer answer = {.status = MIG__DNS_TIMEOUT};
    const mig__resolver_question keys = {".", MIG__RR_DNSKEY, &answer};
    mig__resolver_ask(qs->resolver, &keys, 1, 1, timeout_of(qs), qs->options->stop);
    const bool passes = answer.status != MIG__DNS_BOGUS;
    mig__answer_clear(&answer);
    return passes;
}

mig__questions *mig__questions_new(const mig_domain_options *options, mig_error *err)
{
    mig__questions *qs = calloc(1, sizeof *qs);
    if (qs == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    qs->options = options;
    qs->resolver = make_resolver(options, options->trust_anchor, err);
    if (qs->resolver != NULL && options->trust_anchor == NULL && !passes_signatures(qs)) {
        mig__resolver_free(&qs->resolver);
        qs->resolver = make_resolver(options, "none", err);
    }
    if (qs->resolver == NULL) {
        mig__questions_free(&qs);
    }
    return qs;
}

void mig__questions_free(mig__questions **questions)
{
    mig__questions *qs = *questions;
    if (qs == NULL) {
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        while (qs->buckets[i] != NULL) {
            question *q = qs->buckets[i];
            qs->buckets[i] = q->next;
            free_question(q);
        }
    }
    mig__resolver_free(&qs->resolver);
    free(qs->open);
    free(qs);
    *questions = NULL;
}

const char *mig__questions_resolver(const mig__questions *qs)
{
    return mig__resolver_title(qs->resolver);
}

void mig__questions_count(const mig__questions *qs, size_t *asked, size_t *probes)
{
    *asked = qs->asked;
    *probes = qs->probes;
}
