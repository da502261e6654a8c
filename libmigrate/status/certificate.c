/* status/certificate.c - may the old server be switched off? A pure function over what is on record */
#include "base/buffer.h"
#include "base/memory.h"
#include <migrate/certificate.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

typedef struct judging {
    mig_certificate *out;
    bool failed;
} judging;

static void MIG_PRINTF(3, 4) missing(judging *j, const char *subject, const char *format, ...)
{
    mig_certificate *out = j->out;
    mig_certificate_missing *grown = mig__grow(out->missing, out->missing_count, sizeof *grown, NULL);
    mig__buffer text = MIG__BUFFER_INIT;
    va_list arguments;
    va_start(arguments, format);
    mig__buffer_addv(&text, format, arguments);
    va_end(arguments);
    out->missing = grown != NULL ? grown : out->missing;
    if (grown == NULL) {
        j->failed = true;
        mig__buffer_free(&text);
        return;
    }
    grown += out->missing_count++;
    *grown = (mig_certificate_missing){mig__strdup(subject), mig__buffer_steal(&text)};
    j->failed = j->failed || grown->subject == NULL || grown->text == NULL;
}

/* ---- accounts ---- */

static const mig_proof_run *newest(const mig_proof *proof, const char *verb)
{
    for (size_t i = 0; i < proof->run_count; i++) {
        if (strcmp(proof->runs[i].verb, verb) == 0) {
            return &proof->runs[i];
        }
    }
    return NULL;
}

bool mig_proof_read_back(const mig_proof *proof)
{
    const mig_proof_run *verified = newest(proof, "verify");
    if (verified == NULL || verified->begun < proof->mended_at || verified->ended == 0 || verified->failed > 0 ||
        strcmp(verified->status, "complete") != 0 || verified->root[0] == '\0' ||
        strcmp(verified->selection, proof->selection) != 0) {
        return false;
    }
    /* Seconds do not tell what came first within one: the order of the runs does. */
    for (const mig_proof_run *run = proof->runs; run < verified; run++) {
        if (strcmp(run->verb, "copy") == 0 && (run->mended > 0 || run->ended == 0)) {
            return false;
        }
    }
    return true;
}

/* False: there is no copy to build on. */
static bool judge_copy(judging *j, const mig_proof *proof, const mig_proof_run *copy, int64_t settled)
{
    const char *who = proof->source;
    if (copy == NULL) {
        missing(j, who, "the account was never copied: run `mailmigrate run`");
        return false;
    }
    if (copy->ended == 0) {
        missing(j, who, "the last copy did not come to its end: it still runs, or was killed; copy again");
        return false;
    }
    if (strcmp(copy->status, "complete") != 0 || copy->failed > 0) {
        missing(j, who, "the last copy was not complete (%s, %llu failed): see its report, and copy again",
                copy->status, (unsigned long long)copy->failed);
    }
    if (proof->failed > 0) {
        missing(j, who, "%llu messages could not be copied: see the report of the copy for each of them",
                (unsigned long long)proof->failed);
    }
    if (proof->in_flight > 0) {
        missing(j, who, "of %llu messages it is not known whether they arrived: copy again",
                (unsigned long long)proof->in_flight);
    }
    if (strcmp(copy->selection, proof->selection) != 0) {
        missing(j, who,
                "the last copy looked at another part of the account than the plan means (%s): copy by the plan, "
                "without further options",
                copy->selection[0] != '\0' ? copy->selection : "everything");
    }
    if (copy->copied > copy->mended) {
        missing(j, who, "the last copy still found %llu new messages: copy again, until a pass finds nothing",
                (unsigned long long)(copy->copied - copy->mended));
    }
    if (settled != 0 && copy->begun <= settled) {
        missing(j, who,
                "the last copy began before the domains were found settled: mail may have come to the old server "
                "after it; copy once more");
    }
    return true;
}

static void judge_verification(judging *j, const mig_proof *proof, const mig_proof_run *copy)
{
    const char *who = proof->source;
    const mig_proof_run *verified = newest(proof, "verify");
    if (verified == NULL) {
        missing(j, who, "the account was never verified: run `mailmigrate verify`");
    } else if (verified->begun < proof->mended_at || (verified > copy && copy->mended > 0)) {
        missing(j, who,
                "messages were sent again (copy --mend) after the last verification: verify again, so that they are "
                "read back");
    } else if (verified->begun < copy->ended || verified > copy) {
        missing(j, who, "the last verification was before the last copy: verify again");
    } else if (verified->ended == 0) {
        missing(j, who, "the last verification did not come to its end: verify again");
    } else if (strcmp(verified->status, "complete") != 0 || verified->failed > 0) {
        missing(j, who,
                "the last verification was not clean (%s, %llu findings): see its report, fix them, verify again",
                verified->status, (unsigned long long)verified->failed);
    } else if (strcmp(verified->selection, proof->selection) != 0) {
        missing(j, who,
                "the last verification looked at another part of the account than the plan means (%s): verify by the "
                "plan, without further options",
                verified->selection[0] != '\0' ? verified->selection : "everything");
    } else if (verified->root[0] == '\0') {
        missing(
            j, who,
            "the last verification did not read every message: verify again with --depth full and without --sample");
    }
}

static void judge_account(judging *j, const mig_proof *proof, int64_t settled)
{
    if (proof->error.code != MIG_OK) {
        missing(j, proof->source, "%s", proof->error.text);
        return;
    }
    const mig_proof_run *copy = newest(proof, "copy");
    if (judge_copy(j, proof, copy, settled)) {
        judge_verification(j, proof, copy);
    }
}

/* ---- domains ---- */

/* Since when all of them are settled; 0: they are not. */
static int64_t judge_domains(judging *j)
{
    int64_t settled = 0;
    bool all = j->out->domain_count > 0;
    if (j->out->domain_count == 0) {
        missing(j, "domains", "no domain is named in the plan: whether mail still goes to the old server is not known");
    }
    for (size_t i = 0; i < j->out->domain_count; i++) {
        const mig_domain_record *record = &j->out->domains[i];
        if (!record->there) {
            missing(j, record->name,
                    "the domain was not looked at after the switch: run `mailmigrate domain PLAN --phase after`");
        } else if (!record->settled || record->settled_since == 0) {
            missing(j, record->name, "the last look at the domain found it not settled: %s", record->open);
        }
        all = all && record->there && record->settled && record->settled_since != 0;
        settled = record->settled_since > settled ? record->settled_since : settled;
    }
    return all ? settled : 0;
}

mig_certificate *mig_certificate_judge(mig_proof **proofs, size_t proof_count, const mig_domain_record *domains,
                                       size_t domain_count, int64_t now, mig_error *err)
{
    mig_certificate *out = calloc(1, sizeof *out);
    if (out == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    *out = (mig_certificate){
        .proofs = proofs, .proof_count = proof_count, .domains = domains, .domain_count = domain_count, .made = now};
    judging j = {.out = out};
    const int64_t settled = judge_domains(&j);
    if (proof_count == 0) {
        missing(&j, "accounts", "the plan has no account");
    }
    for (size_t i = 0; i < proof_count; i++) {
        judge_account(&j, proofs[i], settled);
    }
    if (j.failed) {
        mig_certificate_free(&out);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return out;
}

void mig_certificate_free(mig_certificate **certificate)
{
    mig_certificate *c = *certificate;
    if (c != NULL) {
        for (size_t i = 0; i < c->missing_count; i++) {
            free(c->missing[i].subject);
            free(c->missing[i].text);
        }
        free(c->missing);
        free(c);
        *certificate = NULL;
    }
}
