/*
 * discover/discover.c - from an address to the IMAP server behind it: ask, look at what was named, choose
 */
#include "base/buffer.h"
#include "base/memory.h"
#include "base/sized.h"
#include "base/thread.h"
#include "discover/look.h"
#include "discover/ways.h"
#include "domain/exchange.h"
#include "domain/questions.h"
#include <arpa/inet.h>
#include <migrate/domain.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 10000, MOST_ROUNDS = 12, MOST_ADDRESSES = 4 };

static const char *const way_names[] = {"provider", "srv", "autoconfig", "autodiscover", "mx", "probe"};
static const char *const state_names[] = {"good", "unreached", "certificate", "no-tls", "no-imap"};

const char *mig_discover_way_name(mig_discover_way way)
{
    return (size_t)way < sizeof way_names / sizeof way_names[0] ? way_names[way] : "";
}

const char *mig_discover_state_name(mig_discover_state state)
{
    return (size_t)state < sizeof state_names / sizeof state_names[0] ? state_names[state] : "";
}

/* A look under way, in a thread of its own. */
typedef struct look {
    mig__imap_look wanted;
    char text[MOST_ADDRESSES][INET6_ADDRSTRLEN];
    const char *addresses[MOST_ADDRESSES + 1];
    mig__imap_fact fact;
    size_t same_as; /* the same server was named before: this one's fact is that one's */
    pthread_t thread;
    bool started;
} look;

typedef struct seeking {
    const mig_discover_options *options;
    mig_domain_options asking; /* of the questions */
    const char *resolvers[2];
    mig__questions *questions;
    mig__facts facts;
    mig__seeker seeker;
    mig__findings findings;
    look looks[MIG__FINDINGS_MOST];
    mig_discover_result *result;
    mig_error *err;
} seeking;

static int timeout_of(const seeking *s)
{
    return s->options->timeout_ms > 0 ? s->options->timeout_ms : TIMEOUT_MS;
}

/* ---- asking ---- */

/* Ask until nothing is missing: the longest chain is a record, its host's addresses, the file there, its host. */
static int ask_all(seeking *s, void (*ways)(mig__seeker *seeker, mig__findings *out), size_t steps, size_t count)
{
    for (int round = 0; round < MOST_ROUNDS; round++) {
        s->seeker.pending = false;
        s->findings.step_count = steps;
        s->findings.count = count;
        ways(&s->seeker, &s->findings);
        for (size_t i = count; i < s->findings.count; i++) {
            const char *host = s->findings.each[i].host;
            const bool four = s->facts.dns(s->facts.context, NULL, host, MIG__RR_A) != NULL;
            const bool six = s->facts.dns(s->facts.context, NULL, host, MIG__RR_AAAA) != NULL;
            s->seeker.pending = s->seeker.pending || !four || !six;
        }
        if (!s->seeker.pending) {
            break;
        }
        if (mig__questions_answer(s->questions, s->err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- looking ---- */

static void add_addresses(look *l, const mig__answer *answer, size_t *count)
{
    for (size_t i = 0; answer != NULL && i < answer->count && *count < MOST_ADDRESSES; i++) {
        const mig__record *record = &answer->records[i];
        const int family = record->length == 16 ? AF_INET6 : AF_INET;
        if ((record->length == 4 || record->length == 16) &&
            inet_ntop(family, record->data, l->text[*count], sizeof l->text[0]) != NULL) {
            l->addresses[*count] = l->text[*count];
            ++*count;
        }
    }
}

static void *work(void *context)
{
    look *l = context;
    mig__look_imap(&l->wanted, &l->fact);
    return NULL;
}

static size_t first_like(const mig__findings *findings, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        const mig__finding *a = &findings->each[i], *b = &findings->each[at];
        if (a->port == b->port && a->tls == b->tls && strcmp(a->host, b->host) == 0) {
            return i;
        }
    }
    return at;
}

static void look_at(seeking *s, size_t from)
{
    for (size_t i = from; i < s->findings.count; i++) {
        const mig__finding *finding = &s->findings.each[i];
        look *l = &s->looks[i];
        size_t count = 0;
        l->same_as = first_like(&s->findings, i);
        l->fact = (mig__imap_fact){.state = MIG_DISCOVER_UNREACHED, .seen = "stopped before"};
        if (l->same_as != i || mig_stop_level(s->options->stop) > 0) {
            continue;
        }
        add_addresses(l, s->facts.dns(s->facts.context, NULL, finding->host, MIG__RR_A), &count);
        add_addresses(l, s->facts.dns(s->facts.context, NULL, finding->host, MIG__RR_AAAA), &count);
        l->wanted = (mig__imap_look){.host = finding->host,
                                     .addresses = l->addresses,
                                     .port = finding->port,
                                     .tls = finding->tls,
                                     .domain = s->seeker.domain,
                                     .ca_file = s->options->ca_file,
                                     .timeout_ms = timeout_of(s)};
        l->started = mig__thread_start(&l->thread, work, l, NULL) == 0;
        if (!l->started) {
            work(l);
        }
    }
    for (size_t i = from; i < s->findings.count; i++) {
        if (s->looks[i].started) {
            pthread_join(s->looks[i].thread, NULL);
            s->looks[i].started = false;
        }
    }
}

static const mig__imap_fact *fact_of(const seeking *s, size_t i)
{
    return &s->looks[s->looks[i].same_as].fact;
}

/* Who vouches for the host: who named it, or its own certificate (RFC 6186 section 6). */
static void vouch(seeking *s)
{
    for (size_t i = 0; i < s->findings.count; i++) {
        mig__finding *finding = &s->findings.each[i];
        if (finding->voucher[0] == '\0' && fact_of(s, i)->names_domain) {
            snprintf(finding->voucher, sizeof finding->voucher, "its certificate is for %s as well", s->seeker.domain);
        }
    }
}

static bool settled(const seeking *s)
{
    for (size_t i = 0; i < s->findings.count; i++) {
        if (fact_of(s, i)->state == MIG_DISCOVER_GOOD && s->findings.each[i].voucher[0] != '\0') {
            return true;
        }
    }
    return false;
}

/* ---- the result ---- */

/* The lower the better: good before bad, vouched for before not; then the order of the ways. */
static int rank(const seeking *s, size_t i)
{
    return fact_of(s, i)->state != MIG_DISCOVER_GOOD ? 2 : s->findings.each[i].voucher[0] == '\0';
}

static bool fill_candidate(const seeking *s, size_t i, mig_discover_candidate *out)
{
    const mig__finding *finding = &s->findings.each[i];
    char user[256];
    out->user_by_address = mig__way_login(&s->seeker, finding->login, user, sizeof user);
    out->way = finding->way;
    out->port = finding->port;
    out->tls = finding->tls;
    out->token = finding->token;
    out->state = fact_of(s, i)->state;
    out->from = mig__strdup(finding->from);
    out->host = mig__strdup(finding->host);
    out->user = mig__strdup(user);
    out->voucher = mig__strdup(finding->voucher);
    out->seen = mig__strdup(fact_of(s, i)->seen);
    return out->from != NULL && out->host != NULL && out->user != NULL && out->voucher != NULL && out->seen != NULL;
}

static int no_memory(seeking *s)
{
    return mig_error_set(s->err, MIG_E_NOMEM, "out of memory");
}

static int fill_result(seeking *s)
{
    mig_discover_result *r = s->result;
    const mig__findings *found = &s->findings;
    r->address = mig__strdup(s->seeker.address);
    r->domain = mig__strdup(s->seeker.domain);
    r->candidates = calloc(found->count + 1, sizeof *r->candidates);
    r->steps = calloc(found->step_count + 1, sizeof *r->steps);
    if (r->address == NULL || r->domain == NULL || r->candidates == NULL || r->steps == NULL) {
        return no_memory(s);
    }
    for (int wanted = 0; wanted <= 2; wanted++) {
        for (size_t i = 0; i < found->count; i++) {
            if (rank(s, i) == wanted && !fill_candidate(s, i, &r->candidates[r->candidate_count++])) {
                return no_memory(s);
            }
        }
    }
    for (size_t i = 0; i < found->step_count; i++) {
        mig_discover_step *step = &r->steps[r->step_count++];
        step->asked = mig__strdup(found->steps[i].asked);
        step->came = mig__strdup(found->steps[i].came);
        step->answered = found->steps[i].answered;
        r->unanswered = r->unanswered || !step->answered;
        if (step->asked == NULL || step->came == NULL) {
            return no_memory(s);
        }
    }
    r->found = r->candidate_count > 0 && r->candidates[0].state == MIG_DISCOVER_GOOD;
    r->vouched = r->found && r->candidates[0].voucher[0] != '\0';
    r->interrupted = mig_stop_level(s->options->stop) > 0;
    r->exit_status = r->interrupted ? mig_code_exit_status(MIG_E_INTERRUPTED)
                     : r->vouched   ? 0
                                    : (r->unanswered && !r->found ? 4 : 1);
    return 0;
}

void mig_discover_result_free(mig_discover_result **result)
{
    mig_discover_result *r = *result;
    *result = NULL;
    if (r == NULL) {
        return;
    }
    for (size_t i = 0; r->candidates != NULL && i < r->candidate_count; i++) {
        mig_discover_candidate *c = &r->candidates[i];
        free(c->from);
        free(c->host);
        free(c->user);
        free(c->voucher);
        free(c->seen);
    }
    for (size_t i = 0; r->steps != NULL && i < r->step_count; i++) {
        free(r->steps[i].asked);
        free(r->steps[i].came);
    }
    free(r->candidates);
    free(r->steps);
    free(r->address);
    free(r->domain);
    free(r);
}

/* ---- from the beginning ---- */

static int begin(seeking *s)
{
    const mig_discover_options *o = s->options;
    struct sockaddr_storage address;
    socklen_t length;
    if (o->address == NULL || !mig__seeker_set(&s->seeker, o->address)) {
        mig_error_set(s->err, MIG_E_USAGE, "\"%s\" is no address whose server can be looked for",
                      o->address != NULL ? o->address : "");
        return mig_error_hint(s->err, "give it as ann@example.org; a domain with other letters in its ASCII form");
    }
    if (o->resolver != NULL && strcmp(o->resolver, "root") != 0 &&
        mig__server_parse(o->resolver, 53, &address, &length, s->err) != 0) {
        return -1;
    }
    s->resolvers[0] = o->resolver;
    s->asking = (mig_domain_options)MIG_DOMAIN_OPTIONS_INIT;
    s->asking.resolvers = o->resolver != NULL ? s->resolvers : NULL;
    s->asking.trust_anchor = o->trust_anchor;
    s->asking.ca_file = o->ca_file;
    s->asking.https_port = o->https_port;
    s->asking.timeout_ms = o->timeout_ms;
    s->asking.stop = o->stop;
    s->seeker.facts = &s->facts;
    s->seeker.imaps_port = o->imaps_port != 0 ? o->imaps_port : 993;
    s->seeker.imap_port = o->imap_port != 0 ? o->imap_port : 143;
    s->questions = mig__questions_new(&s->asking, s->err);
    if (s->questions == NULL) {
        return -1;
    }
    s->facts = mig__questions_facts(s->questions);
    s->result = calloc(1, sizeof *s->result);
    return s->result != NULL ? 0 : no_memory(s);
}

static int seek(seeking *s)
{
    if (begin(s) != 0 || ask_all(s, mig__ways_named, 0, 0) != 0) {
        return -1;
    }
    look_at(s, 0);
    vouch(s);
    if (!settled(s) && mig_stop_level(s->options->stop) == 0) {
        const size_t count = s->findings.count;
        if (ask_all(s, mig__ways_probe, s->findings.step_count, count) != 0) {
            return -1;
        }
        look_at(s, count);
        vouch(s);
    }
    return fill_result(s);
}

mig_discover_result *mig_discover(const mig_discover_options *given, mig_error *err)
{
    mig_discover_options own;
    mig_error unheard = MIG_ERROR_INIT;
    mig_discover_result *result = NULL;
    err = err != NULL ? err : &unheard;
    if (mig__sized_take(&own, sizeof own, given, "mig_discover_options", err) != 0) {
        return NULL;
    }
    seeking *s = calloc(1, sizeof *s);
    if (s == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    s->options = &own;
    s->err = err;
    if (seek(s) == 0) {
        result = s->result;
    } else {
        mig_discover_result_free(&s->result);
    }
    mig__questions_free(&s->questions);
    free(s);
    return result;
}

char *mig_discover_url(const mig_discover_candidate *candidate, const char *address)
{
    mig__buffer url = MIG__BUFFER_INIT;
    const char *at = strrchr(address, '@'), *user = candidate->user;
    char own[256];
    if (candidate->user_by_address && at != NULL) {
        const bool local = strchr(candidate->user, '@') == NULL;
        snprintf(own, sizeof own, "%.*s", local ? (int)(at - address) : (int)sizeof own - 1, address);
        user = own;
    }
    mig__buffer_addf(&url, "%s://", candidate->tls == MIG_TLS_IMPLICIT ? "imaps" : "imap");
    mig__buffer_add_percent(&url, user);
    mig__buffer_addf(&url, "@%s:%u", candidate->host, candidate->port);
    return url.failed ? NULL : mig__buffer_steal(&url);
}
