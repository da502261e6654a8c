/* domain/judge_spf.c - the domain's SPF record: its form, its look-ups, and whether it permits the old and the new host
 */
#include "base/buffer.h"
#include "domain/judge.h"
#include "domain/spf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *needed_include(const mig__case *c)
{
    if (c->subject->spf_includes != NULL) {
        return c->subject->spf_includes[0];
    }
    return c->provider != NULL ? c->provider->spf[0] : NULL;
}

static const char *ending(const mig__case *c)
{
    return c->provider != NULL && c->provider->spf_all != NULL ? c->provider->spf_all : "~all";
}

/* A record for a domain that has none, or has several. */
static void propose(mig__case *c)
{
    const char *include = needed_include(c);
    if (include != NULL) {
        mig__verdict_publish(c->out, "%s. 300 IN TXT \"v=spf1 %sinclude:%s %s\"", c->domain,
                             c->options->phase == MIG_DOMAIN_AFTER ? "" : "mx ", include, ending(c));
    }
}

/* The record with another include in front of what ends it. */
static void propose_with(mig__case *c, const char *record, const char *include)
{
    size_t keep = strlen(record);
    for (const char *word = record; *word != '\0';) {
        word += strspn(word, " ");
        const size_t length = strcspn(word, " ");
        const char *bare = word + (length > 0 && strchr("+-~?", word[0]) != NULL);
        if (strncasecmp(bare, "all", 3) == 0 && bare + 3 == word + length) {
            keep = (size_t)(word - record);
            break;
        }
        if (strncasecmp(word, "redirect=", 9) == 0 && (size_t)(word - record) < keep) {
            keep = (size_t)(word - record);
        }
        word += length;
    }
    while (keep > 0 && record[keep - 1] == ' ') {
        keep--;
    }
    mig__verdict_publish(c->out, "%s. 300 IN TXT \"%.*s include:%s%s\"", c->domain, (int)keep, record, include,
                         record + keep);
}

static void show_tree(mig__case *c, const mig__spf_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        const mig__spf_node *node = &tree->nodes[i];
        mig__verdict_saw(c->out, "%*s%s: %s%s%s%s (%u look-ups, %u find nothing)", (int)(2 * node->depth), "",
                         node->domain, node->record != NULL ? node->record : "no record",
                         node->problem[0] != '\0' ? " [" : "", node->problem, node->problem[0] != '\0' ? "]" : "",
                         node->terms, node->voids);
    }
}

static void judge_limits(mig__case *c, const mig__spf_tree *tree)
{
    const bool over = tree->terms > MIG__SPF_MOST_TERMS, voids = tree->voids > MIG__SPF_MOST_VOIDS;
    const mig_verdict verdict = over || voids     ? MIG_VERDICT_FAIL
                                : tree->uncertain ? MIG_VERDICT_UNKNOWN
                                : tree->voids > 0 ? MIG_VERDICT_WARN
                                                  : MIG_VERDICT_PASS;
    mig__verdict(c->out, "spf.limits", c->domain, verdict, "%s%u look-ups of 10 allowed, %u that find nothing of 2%s",
                 tree->uncertain ? "at least " : "", tree->terms, tree->voids,
                 over || voids ? ": receivers end with an error, as if there were no record" : "");
    show_tree(c, tree);
    mig__verdict_rule(c->out, "RFC 7208, 4.6.4");
    if (over) {
        mig__verdict_advise(c->out,
                            "take away what no longer sends for the domain, the old server's entries first after the "
                            "switch; ip4: and ip6: cost no look-up");
    } else if (tree->voids > 0) {
        mig__verdict_advise(c->out, "take away the names that lead nowhere");
    } else if (tree->uncertain) {
        mig__verdict_advise(
            c->out, "a branch could not be followed (a failed look-up, or a macro): look again, or count it by hand");
    }
}

static void judge_policy(mig__case *c, const mig__spf_tree *tree, const mig__answer *answer)
{
    const char all = tree->last_all;
    const mig_verdict verdict = all == '+'                 ? MIG_VERDICT_FAIL
                                : all == '-' || all == '~' ? MIG_VERDICT_PASS
                                                           : MIG_VERDICT_WARN;
    mig__verdict(c->out, "spf.policy", c->domain, verdict, "%s",
                 all == '+'   ? "the record permits anybody to send (+all)"
                 : all == '-' ? "whoever is not named is refused (-all)"
                 : all == '~' ? "whoever is not named is suspicious (~all)"
                 : all == '?' ? "nothing is said of others (?all)"
                              : "there is neither an \"all\" nor a redirect: nothing is said of others");
    mig__verdict_answer(c->out, c->domain, answer);
    mig__verdict_rule(c->out, "RFC 7208, 5.1; 4.7");
    if (verdict != MIG_VERDICT_PASS) {
        mig__verdict_advise(c->out, "end the record with ~all, and with -all when all that sends is known");
    }
    if (tree->has_ptr) {
        mig__verdict(c->out, "spf.ptr", c->domain, MIG_VERDICT_WARN,
                     "the record uses ptr, which is slow and should not be published");
        mig__verdict_rule(c->out, "RFC 7208, 5.5");
        mig__verdict_advise(c->out, "name the addresses or hosts instead");
    }
}

/* ---- who is permitted ---- */

static void judge_sender(mig__case *c, const mig__address *address, bool is_new)
{
    char from[MIG__DN_SIZE + 16];
    mig__spf_outcome outcome;
    mig__spf_query query = {.address_length = address->length, .mail_from = from, .helo = c->domain, .now = c->now};
    const mig__asker asker = mig__case_asker(c);
    memcpy(query.address, address->octets, sizeof query.address);
    snprintf(from, sizeof from, "postmaster@%s", c->domain);
    mig__spf_check(&query, &asker, &outcome);
    free(outcome.explanation);
    const bool after = c->options->phase == MIG_DOMAIN_AFTER;
    const char *check = is_new ? "spf.new" : "spf.old";
    const char *who = is_new ? "the new host" : "the old server";
    if (outcome.result == MIG__SPF_PENDING) {
        return;
    }
    if (outcome.result == MIG__SPF_TEMPERROR) {
        mig__verdict(c->out, check, address->text, MIG_VERDICT_UNKNOWN, "whether %s may send cannot be said: %s", who,
                     outcome.why);
    } else if (outcome.result == MIG__SPF_PASS) {
        mig__verdict(c->out, check, address->text, !is_new && after ? MIG_VERDICT_WARN : MIG_VERDICT_PASS,
                     "%s may send: %s%s", who, outcome.why, !is_new && after ? ", although the mail has moved" : "");
        if (!is_new && after) {
            mig__verdict_advise(c->out, "take what permits it out of the record when the old server sends no more");
        }
    } else {
        const bool harmless = !is_new && after;
        mig__verdict(c->out, check, address->text,
                     harmless ? MIG_VERDICT_PASS
                     : is_new ? MIG_VERDICT_FAIL
                              : MIG_VERDICT_WARN,
                     "%s may not send: the result is %s (%s)", who, mig__spf_result_name(outcome.result), outcome.why);
        if (!harmless) {
            mig__verdict_advise(c->out, is_new ? "add it to the record before the switch"
                                               : "as long as it sends mail, keep it in the record");
            mig__verdict_publish(c->out, "%s:%s", address->length == 4 ? "ip4" : "ip6", address->text);
        }
    }
    mig__verdict_rule(c->out, "RFC 7208, 4");
}

static bool tree_has(const mig__spf_tree *tree, const char *include)
{
    for (size_t i = 0; i < tree->count; i++) {
        if (mig__dn_equal(tree->nodes[i].domain, include) && tree->nodes[i].via != NULL) {
            return true;
        }
    }
    return false;
}

static void judge_new_include(mig__case *c, const mig__spf_tree *tree)
{
    const char *const *wanted = c->subject->spf_includes != NULL ? c->subject->spf_includes
                                : c->provider != NULL            ? c->provider->spf
                                                                 : NULL;
    if (wanted == NULL || wanted[0] == NULL) {
        return;
    }
    bool found = false;
    for (const char *const *each = wanted; *each != NULL; each++) {
        found = found || tree_has(tree, *each);
    }
    const char *record = tree->count > 0 && tree->nodes[0].record != NULL ? tree->nodes[0].record : "";
    mig__verdict(c->out, "spf.new", c->domain, found ? MIG_VERDICT_PASS : MIG_VERDICT_FAIL,
                 found ? "the new host is included" : "the new host is not included: mail that it sends fails SPF");
    mig__verdict_saw(c->out, "%s. TXT \"%s\"", c->domain, record);
    mig__verdict_rule(c->out, "RFC 7208, 5.2");
    if (!found) {
        mig__verdict_advise(c->out, "add include:%s to the one record that there is, before the switch", wanted[0]);
        if (record[0] != '\0') {
            propose_with(c, record, wanted[0]);
        } else {
            propose(c);
        }
    }
}

static void judge_senders(mig__case *c, const mig__spf_tree *tree)
{
    mig__addresses addresses;
    judge_new_include(c, tree);
    if (c->subject->new_addresses != NULL || (c->provider == NULL && c->subject->new_mx != NULL)) {
        mig__case_new_addresses(c, &addresses);
        for (size_t i = 0; i < addresses.count; i++) {
            judge_sender(c, &addresses.each[i], true);
        }
    }
    mig__case_old_addresses(c, &addresses);
    for (size_t i = 0; i < addresses.count; i++) {
        judge_sender(c, &addresses.each[i], false);
    }
}

void mig__judge_spf(mig__case *c)
{
    const mig__answer *answer = mig__case_dns(c, c->domain, MIG__RR_TXT);
    const mig__record *record = NULL;
    if (answer == NULL) {
        return;
    }
    if (!mig__answer_known(answer)) {
        mig__case_unanswered(c, "spf.record", c->domain, answer);
        return;
    }
    const int found = mig__spf_select(answer, &record);
    if (found != 1) {
        mig__verdict(c->out, "spf.record", c->domain, MIG_VERDICT_FAIL,
                     found == 0 ? "there is no SPF record"
                                : "there is more than one SPF record: receivers end with an error");
        mig__verdict_answer(c->out, c->domain, answer);
        mig__verdict_rule(c->out, found == 0 ? "RFC 7208, 3" : "RFC 7208, 3.2; 4.5");
        mig__verdict_advise(c->out, found == 0 ? "publish one that names all that send for the domain"
                                               : "make one record of them: all mechanisms, and one \"all\" at the end");
        propose(c);
        return;
    }
    mig__spf_record parsed;
    const bool valid = mig__spf_parse(record->data, record->length, &parsed);
    mig__verdict(c->out, "spf.record", c->domain, valid ? MIG_VERDICT_PASS : MIG_VERDICT_FAIL, "%s%s",
                 valid ? "there is one SPF record, and its syntax is right"
                       : "the syntax of the SPF record is broken: ",
                 parsed.problem);
    mig__spf_record_clear(&parsed);
    mig__verdict_answer(c->out, c->domain, answer);
    mig__verdict_rule(c->out, "RFC 7208, 4.6; 12");
    if (!valid) {
        mig__verdict_advise(c->out, "correct it: an error anywhere makes the whole record void");
        return;
    }
    const mig__asker asker = mig__case_asker(c);
    mig__spf_tree tree;
    mig__spf_walk(c->domain, &asker, &tree);
    c->out->failed = c->out->failed || tree.failed;
    if (record->length > 450) {
        mig__verdict(c->out, "spf.size", c->domain, MIG_VERDICT_WARN,
                     "the record has %zu octets: over 450, answers may not fit into one packet", record->length);
        mig__verdict_rule(c->out, "RFC 7208, 3.4");
        mig__verdict_advise(c->out, "make it shorter, for instance by an include of one's own");
    }
    if (tree.what[0] != '\0') {
        mig__verdict(c->out, "spf.includes", c->domain, MIG_VERDICT_FAIL,
                     "something that the record leads to is wrong: %s", tree.what);
        show_tree(c, &tree);
        mig__verdict_rule(c->out, "RFC 7208, 5.2; 4.6.4");
        mig__verdict_advise(c->out, "correct or take away what leads there");
    }
    judge_limits(c, &tree);
    judge_policy(c, &tree, answer);
    judge_senders(c, &tree);
    mig__spf_tree_clear(&tree);
}
