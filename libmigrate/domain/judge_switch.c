/* domain/judge_switch.c - the switch itself: who has the new MX, and what goes where meanwhile */
#include "domain/judge.h"
#include <stdio.h>
#include <string.h>

/* How the MX of an answer stand to the new host: all of them are its, some, none. */
typedef enum standing { NOTHING_KNOWN, ALL_NEW, SOME_NEW, NONE_NEW } standing;

static standing stand(const mig__case *c, const mig__answer *answer)
{
    size_t fresh = 0;
    if (answer == NULL || !mig__answer_known(answer)) {
        return NOTHING_KNOWN;
    }
    for (size_t i = 0; i < answer->count; i++) {
        fresh += answer->records[i].name != NULL && mig__case_is_new(c, answer->records[i].name);
    }
    return answer->count > 0 && fresh == answer->count ? ALL_NEW : fresh > 0 ? SOME_NEW : NONE_NEW;
}

static const char *words(standing how)
{
    static const char *const all[] = {"not known", "new", "both", "old"};
    return all[how];
}

typedef struct tally {
    size_t of[4], asked;
} tally;

static void count(mig__case *c, const char *server, tally *into)
{
    into->of[stand(c, mig__case_at(c, server, c->domain, MIG__RR_MX))]++;
    into->asked++;
}

static void show(mig__case *c, const char *label, const char *server)
{
    const mig__answer *answer = mig__case_at(c, server, c->domain, MIG__RR_MX);
    if (answer == NULL) {
        return;
    }
    char text[600] = "";
    for (size_t i = 0; i < answer->count && i < 6; i++) {
        char one[300];
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s (%u s)", i > 0 ? ", " : "",
                 mig__record_text(&answer->records[i], one, sizeof one), (unsigned)answer->records[i].ttl);
    }
    mig__verdict_saw(c->out, "%s: %s: %s", label, words(stand(c, answer)),
                     answer->count > 0 ? text : mig__dns_status_words(answer->status));
}

static bool has_expectation(const mig__case *c)
{
    return c->subject->new_mx != NULL || c->provider != NULL;
}

static void verdict_of(mig__case *c, const char *check, const char *who, const tally *found)
{
    mig_verdict verdict = MIG_VERDICT_PASS;
    if (found->of[NONE_NEW] > 0 || found->of[SOME_NEW] > 0) {
        verdict = found->of[ALL_NEW] + found->of[SOME_NEW] > 0 || c->options->phase == MIG_DOMAIN_NOW
                      ? MIG_VERDICT_WARN
                      : MIG_VERDICT_FAIL;
        verdict = c->options->phase == MIG_DOMAIN_AFTER ? MIG_VERDICT_FAIL : verdict;
    } else if (found->of[NOTHING_KNOWN] > 0 || found->asked == 0) {
        verdict = MIG_VERDICT_UNKNOWN;
    }
    mig__verdict(c->out, check, c->domain, verdict,
                 "%zu of %zu %s have the new MX alone, %zu have some of both, %zu the old, %zu did not say",
                 found->of[ALL_NEW], found->asked, who, found->of[SOME_NEW], found->of[NONE_NEW],
                 found->of[NOTHING_KNOWN]);
}

static void judge_spread(mig__case *c)
{
    tally authorities = {.asked = 0}, resolvers = {.asked = 0};
    mig__authorities servers;
    if (!has_expectation(c)) {
        mig__verdict(c->out, "switch.authorities", c->domain, MIG_VERDICT_UNKNOWN,
                     "what the new MX is to be is not known");
        mig__verdict_rule(c->out, "RFC 5321, 5.1");
        mig__verdict_advise(c->out, "say it with --provider or --new-mx, or in the plan");
        return;
    }
    mig__case_authorities(c, c->domain, &servers);
    for (size_t i = 0; i < servers.count; i++) {
        count(c, servers.each[i].server, &authorities);
    }
    verdict_of(c, "switch.authorities", "name servers", &authorities);
    for (size_t i = 0; i < servers.count; i++) {
        show(c, servers.each[i].name, servers.each[i].server);
    }
    mig__verdict_rule(c->out, "RFC 1034, 4.3.5; RFC 5321, 5.1");
    if (authorities.of[NONE_NEW] + authorities.of[SOME_NEW] > 0) {
        mig__verdict_advise(c->out, "publish the new MX at all of them, and nothing else beside it");
        for (const char *const *line = c->provider != NULL && c->subject->new_mx == NULL ? c->provider->mx_lines : NULL;
             line != NULL && *line != NULL; line++) {
            mig__verdict_publish(c->out, "%s. 300 IN MX %s.", c->domain, *line);
        }
        for (const char *const *host = c->subject->new_mx; host != NULL && *host != NULL; host++) {
            mig__verdict_publish(c->out, "%s. 300 IN MX 10 %s.", c->domain, *host);
        }
    }
    count(c, NULL, &resolvers);
    for (const char *const *each = c->options->resolvers; each != NULL && *each != NULL; each++) {
        if (each != c->options->resolvers) {
            count(c, *each, &resolvers);
        }
    }
    verdict_of(c, "switch.resolvers", "resolvers", &resolvers);
    show(c, "resolver", NULL);
    for (const char *const *each = c->options->resolvers; each != NULL && *each != NULL; each++) {
        if (each != c->options->resolvers) {
            show(c, *each, *each);
        }
    }
    mig__verdict_rule(c->out, "RFC 1034, 4.3.4");
    if (resolvers.of[NONE_NEW] + resolvers.of[SOME_NEW] > 0) {
        mig__verdict_advise(
            c->out,
            "until the TTL in brackets has run out they send mail to the old server: leave it on and copy again "
            "afterwards");
    }
}

void mig__judge_settled(mig__case *c)
{
    judge_spread(c);
}

/* ---- both hosts ---- */

static void judge_accepts(mig__case *c, const char *host, bool is_new)
{
    mig__addresses addresses = {.count = 0};
    if (!mig__case_addresses(c, host, &addresses) && addresses.count == 0) {
        return;
    }
    for (size_t i = 0; i < addresses.count; i++) {
        const mig__smtp_question question = {.address = addresses.each[i].text, .host = host, .rcpt = c->domain};
        const mig__smtp_fact *fact = mig__case_smtp(c, &question);
        const char *check = is_new ? "switch.new" : "switch.old", *who = is_new ? "new" : "old";
        if (fact == NULL) {
            continue;
        }
        if (fact->rcpt == 0) {
            mig__verdict(c->out, check, addresses.each[i].text, MIG_VERDICT_UNKNOWN,
                         "whether the %s host %s takes mail could not be asked: %s", who, host,
                         fact->why[0] != '\0' ? fact->why : "it does not talk that far");
        } else if (fact->rcpt / 100 == 2) {
            mig__verdict(c->out, check, addresses.each[i].text, MIG_VERDICT_PASS,
                         "the %s host %s takes mail for the domain", who, host);
        } else {
            const bool later = fact->rcpt / 100 == 4;
            mig__verdict(c->out, check, addresses.each[i].text,
                         later    ? MIG_VERDICT_UNKNOWN
                         : is_new ? MIG_VERDICT_FAIL
                                  : MIG_VERDICT_WARN,
                         later ? "the %s host %s says \"later\" to mail for the domain"
                               : "the %s host %s refuses mail for the domain",
                         who, host);
            if (!later) {
                mig__verdict_advise(
                    c->out, is_new ? "add the domain and its mailboxes at the new host before the MX points there"
                                   : "until every resolver has the new MX, let it take mail, or senders get it back");
            }
        }
        mig__verdict_saw(c->out, "%s", fact->greeting);
        if (fact->rcpt != 0) {
            mig__verdict_saw(c->out, "RCPT TO:<postmaster@%s>: %d %s", c->domain, fact->rcpt, fact->rcpt_text);
        }
        mig__verdict_server(c->out, host);
        mig__verdict_rule(c->out, "RFC 5321, 4.5.1");
    }
}

/* What can be seen of a loop from outside: the new MX is the old machine, by address or by greeting. */
static void judge_loop(mig__case *c, const mig__hosts *old, const mig__hosts *next)
{
    mig__addresses before = {.count = 0}, after = {.count = 0};
    bool known = old->count > 0 && next->count > 0;
    for (size_t i = 0; i < old->count; i++) {
        known = mig__case_addresses(c, old->each[i], &before) && known;
    }
    for (size_t i = 0; i < next->count; i++) {
        known = mig__case_addresses(c, next->each[i], &after) && known;
    }
    for (size_t i = 0; i < after.count; i++) {
        const mig__smtp_question question = {.address = after.each[i].text, .host = "", .rcpt = c->domain};
        const bool same = mig__addresses_have(&before, &after.each[i]);
        const mig__smtp_fact *fact = same ? NULL : mig__case_smtp(c, &question);
        const char *named = NULL;
        for (size_t k = 0; fact != NULL && k < old->count; k++) {
            char first[MIG__DN_SIZE];
            snprintf(first, sizeof first, "%.*s", (int)strcspn(fact->greeting, " "), fact->greeting);
            named = mig__dn_equal(first, old->each[k]) ? old->each[k] : named;
        }
        if (same || named != NULL) {
            mig__verdict(c->out, "switch.loop", after.each[i].text, MIG_VERDICT_FAIL,
                         same ? "the new MX leads to the address of the old server%s"
                              : "the new MX greets as the old server, %s: mail goes back there",
                         same ? "" : named);
            mig__verdict_rule(c->out, "RFC 5321, 6.3");
            mig__verdict_advise(
                c->out,
                "correct the address of the new MX, or the forwarding at the new host, before mail goes in circles");
            return;
        }
    }
    if (known) {
        mig__verdict(c->out, "switch.loop", c->domain, MIG_VERDICT_PASS,
                     "the new MX are other machines than the old server, by address and by greeting; what they forward "
                     "cannot be seen "
                     "from outside");
        mig__verdict_rule(c->out, "RFC 5321, 6.3");
    }
}

void mig__judge_switch(mig__case *c)
{
    mig__hosts old, next;
    judge_spread(c);
    mig__case_old_hosts(c, &old);
    mig__case_new_mx(c, &next);
    for (size_t i = 0; i < next.count; i++) {
        judge_accepts(c, next.each[i], true);
    }
    for (size_t i = 0; i < old.count; i++) {
        judge_accepts(c, old.each[i], false);
    }
    judge_loop(c, &old, &next);
}
