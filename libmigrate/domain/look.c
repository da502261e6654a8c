/*
 * domain/look.c - looking at all domains: judge, find out what is missing, judge again, until nothing is
 */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/nearest.h"
#include "base/sized.h"
#include "domain/exchange.h"
#include "domain/judge.h"
#include "domain/questions.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ROUNDS                                                                                                    \
    48 /* the longest chain of questions: an SPF record with ten includes one behind another, and some */

typedef struct domain {
    mig__case c;
    mig__verdicts verdicts;
    char name[MIG__DN_SIZE];
    bool done;
} domain;

typedef struct look {
    const mig_domain_options *options;
    mig__questions *questions;
    mig__facts facts;
    domain *domains;
    size_t count;
    mig_domain_result *result;
} look;

/* ---- options ---- */

static int check_servers(const char *const *servers, uint16_t port, mig_error *err)
{
    struct sockaddr_storage address;
    socklen_t length;
    for (; servers != NULL && *servers != NULL; servers++) {
        if (strcmp(*servers, "root") != 0 && mig__server_parse(*servers, port, &address, &length, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int check_addresses(const char *const *addresses, mig_error *err)
{
    mig__address address;
    for (; addresses != NULL && *addresses != NULL; addresses++) {
        if (!mig__address_parse(*addresses, &address)) {
            return mig_error_set(err, MIG_E_USAGE, "\"%s\" is not an IP address", *addresses);
        }
    }
    return 0;
}

static int refuse_provider(const char *typed, mig_error *err)
{
    enum { MOST = 64 };
    size_t count;
    char names[MIG_ERROR_HINT] = "";
    const char *all[MOST];
    const mig_provider_mail *table = mig_provider_mails(&count);
    count = count < MOST ? count : MOST;
    for (size_t i = 0; i < count; i++) {
        const size_t used = strlen(names);
        all[i] = table[i].name;
        snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "", table[i].name);
    }
    const char *near = mig__nearest(typed, all, count);
    mig_error_set(err, MIG_E_USAGE, "nothing is known of a provider \"%s\"", typed);
    return near != NULL
               ? mig_error_hint(err, "did you mean %s?", near)
               : mig_error_hint(err, "known are %s; any other is described with --new-mx, --selector and --spf-include",
                                names);
}

static int check_subject(const mig_domain_subject *subject, mig_error *err)
{
    if (!mig__dn_is_host(subject->name)) {
        mig_error_set(err, MIG_E_USAGE, "\"%s\" is not the name of a domain", subject->name);
        return mig_error_hint(err, "write names with other letters in their ASCII form (xn--...)");
    }
    for (const char *const *alias = subject->aliases; alias != NULL && *alias != NULL; alias++) {
        if (!mig__dn_is_host(*alias)) {
            return mig_error_set(err, MIG_E_USAGE, "\"%s\" is not the name of a domain", *alias);
        }
    }
    if (subject->provider != NULL && mig_provider_mail_find(subject->provider) == NULL) {
        return refuse_provider(subject->provider, err);
    }
    return check_addresses(subject->new_addresses, err) != 0 || check_addresses(subject->old_addresses, err) != 0 ? -1
                                                                                                                  : 0;
}

static int check_options(const mig_domain_options *options, mig_error *err)
{
    const uint16_t port = options->dns_port != 0 ? options->dns_port : 53;
    if (options->domain_count == 0) {
        return mig_error_set(err, MIG_E_USAGE, "no domain is named");
    }
    if (check_servers(options->resolvers, port, err) != 0 || check_servers(options->authorities, port, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < options->domain_count; i++) {
        if (check_subject(&options->domains[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- the domains ---- */

static int begin_domain(look *l, const mig_domain_subject *subject, const char *name, const char *alias_of,
                        mig_error *err)
{
    domain *d = &l->domains[l->count];
    mig_domain_report *report = &l->result->domains[l->count++];
    mig__dn_clean(name, d->name);
    report->name = mig__strdup(d->name);
    report->alias_of = mig__strdup(alias_of);
    const mig_provider_mail *provider = subject->provider != NULL ? mig_provider_mail_find(subject->provider) : NULL;
    report->new_provider = mig__strdup(provider != NULL ? provider->title : "");
    d->c = (mig__case){.facts = &l->facts,
                       .options = l->options,
                       .subject = subject,
                       .provider = provider,
                       .domain = d->name,
                       .out = &d->verdicts,
                       .report = report,
                       .now = l->options->now != 0 ? l->options->now : mig__wall_seconds()};
    if (report->name == NULL || report->alias_of == NULL || report->new_provider == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return 0;
}

static int begin(look *l, mig_error *err)
{
    size_t all = 0;
    for (size_t i = 0; i < l->options->domain_count; i++) {
        const char *const *alias = l->options->domains[i].aliases;
        for (all++; alias != NULL && *alias != NULL; alias++) {
            all++;
        }
    }
    l->result = calloc(1, sizeof *l->result);
    l->domains = calloc(all, sizeof *l->domains);
    if (l->result == NULL || l->domains == NULL ||
        (l->result->domains = calloc(all, sizeof *l->result->domains)) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    l->result->domain_count = all;
    l->result->phase = l->options->phase;
    l->result->started = mig__wall_seconds();
    for (size_t i = 0; i < l->options->domain_count; i++) {
        const mig_domain_subject *subject = &l->options->domains[i];
        if (begin_domain(l, subject, subject->name, "", err) != 0) {
            return -1;
        }
        for (const char *const *alias = subject->aliases; alias != NULL && *alias != NULL; alias++) {
            if (begin_domain(l, subject, *alias, subject->name, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* ---- rounds ---- */

/* True when all is judged. */
static bool judge(look *l, bool last_time)
{
    bool done = true;
    for (size_t i = 0; i < l->count; i++) {
        domain *d = &l->domains[i];
        if (d->done) {
            continue;
        }
        mig__verdicts_clear(&d->verdicts);
        d->c.pending = false;
        mig__judge_all(&d->c);
        d->done = !d->c.pending || last_time;
        done = done && d->done;
        if (last_time && d->c.pending) {
            mig__verdict(&d->verdicts, "look.whole", d->name, MIG_VERDICT_UNKNOWN,
                         "answers lead to ever more questions: not all was looked at");
            mig__verdict_advise(&d->verdicts, "look at what the verdicts above say of chains and circles");
        }
    }
    return done;
}

static int look_around(look *l, mig_error *err)
{
    for (int round = 1; !judge(l, round > MOST_ROUNDS); round++) {
        const int waiting = mig__questions_answer(l->questions, err);
        if (waiting < 0) {
            return -1;
        }
        if (l->options->progress != NULL) {
            size_t asked, probes;
            mig__questions_count(l->questions, &asked, &probes);
            l->options->progress(asked + probes, (size_t)waiting, l->options->progress_context);
        }
    }
    return 0;
}

/* ---- the result ---- */

static void sum_up(look *l)
{
    mig_domain_result *result = l->result;
    for (size_t i = 0; i < l->count; i++) {
        mig_domain_report *report = &result->domains[i];
        report->checks = l->domains[i].verdicts.checks;
        report->check_count = l->domains[i].verdicts.count;
        l->domains[i].verdicts = (mig__verdicts){.count = 0};
        for (size_t k = 0; k < report->check_count; k++) {
            const mig_verdict verdict = report->checks[k].verdict;
            report->counts[verdict]++;
            result->counts[verdict]++;
            report->verdict = verdict > report->verdict ? verdict : report->verdict;
        }
        result->verdict = report->verdict > result->verdict ? report->verdict : result->verdict;
    }
    result->interrupted = mig_stop_level(l->options->stop) > 0;
    result->exit_status = result->interrupted                      ? mig_code_exit_status(MIG_E_INTERRUPTED)
                          : result->verdict == MIG_VERDICT_PASS    ? 0
                          : result->verdict == MIG_VERDICT_UNKNOWN ? 4
                                                                   : 1;
    result->finished = mig__wall_seconds();
    mig__questions_count(l->questions, &result->questions, &result->probes);
}

static bool all_there(look *l)
{
    for (size_t i = 0; i < l->count; i++) {
        mig_domain_report *report = &l->result->domains[i];
        if (report->old_provider == NULL) {
            report->old_provider = mig__strdup("");
        }
        if (l->domains[i].verdicts.failed || report->old_provider == NULL) {
            return false;
        }
    }
    l->result->resolver = mig__strdup(mig__questions_resolver(l->questions));
    return l->result->resolver != NULL;
}

mig_domain_result *mig_domain_look(const mig_domain_options *given, mig_error *err)
{
    mig_domain_options own;
    const mig_domain_options *options = &own;
    if (mig__sized_take(&own, sizeof own, given, "mig_domain_options", err) != 0) {
        return NULL;
    }
    look l = {.options = options};
    int failed = check_options(options, err);
    if (failed == 0 && (l.questions = mig__questions_new(options, err)) == NULL) {
        failed = -1;
    }
    if (failed == 0) {
        l.facts = mig__questions_facts(l.questions);
        failed = begin(&l, err) != 0 || look_around(&l, err) != 0 ? -1 : 0;
    }
    if (failed == 0 && !all_there(&l)) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (failed == 0) {
        sum_up(&l);
    }
    for (size_t i = 0; i < l.count; i++) {
        mig__verdicts_clear(&l.domains[i].verdicts);
    }
    free(l.domains);
    mig__questions_free(&l.questions);
    if (failed != 0) {
        mig_domain_result_free(&l.result);
    }
    return l.result;
}
