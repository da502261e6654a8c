/* report/certificate_text.c - the certificate for the terminal */
#include "report/certificate_common.h"
#include <inttypes.h>
#include <migrate/format.h>
#include <string.h>

void mig__certificate_add_verdict(mig__buffer *out, const mig_certificate *certificate)
{
    if (certificate->missing_count == 0) {
        mig__buffer_add_text(out, "The old server may be switched off.");
    } else {
        mig__buffer_addf(out, "The old server must stay on: %zu %s missing.", certificate->missing_count,
                         certificate->missing_count == 1 ? "thing is" : "things are");
    }
}

const mig_proof_run *mig__certificate_run(const mig_proof *proof, const char *verb)
{
    for (size_t i = 0; i < proof->run_count; i++) {
        if (strcmp(proof->runs[i].verb, verb) == 0) {
            return &proof->runs[i];
        }
    }
    return NULL;
}

void mig__certificate_add_run(mig__buffer *out, const mig_proof_run *run)
{
    char moment[MIG__ISO_SIZE];
    mig__buffer_addf(out, "%s of %s, %s", run->verb, mig__iso_time(run->begun, true, moment),
                     run->ended == 0 ? "not ended" : run->status);
    mig__buffer_addf(out, ", by user %" PRId64 " on ", run->uid);
    mig__add_inert(out, run->host);
    mig__buffer_add_text(out, " with mailmigrate ");
    mig__add_inert(out, run->version);
    if (strcmp(run->verb, "copy") == 0) {
        mig__buffer_addf(out, ": %" PRIu64 " new, ", run->copied > run->mended ? run->copied - run->mended : 0);
        if (run->mended > 0) {
            mig__buffer_addf(out, "%" PRIu64 " sent again, ", run->mended);
        }
        mig__buffer_addf(out, "%" PRIu64 " failed", run->failed);
    } else if (run->ended != 0) {
        mig__buffer_addf(out, ": %" PRIu64 " findings", run->failed);
    }
}

void mig__certificate_add_mended(mig__buffer *out, const mig_proof *proof)
{
    char moment[MIG__ISO_SIZE];
    const uint64_t all = proof->mended_missing + proof->mended_altered;
    if (all == 0) {
        return;
    }
    mig__buffer_addf(out,
                     "mended: %" PRIu64 " of them sent again (%" PRIu64 " missing, %" PRIu64
                     " altered before), the last at %s, ",
                     all, proof->mended_missing, proof->mended_altered, mig__iso_time(proof->mended_at, true, moment));
    mig__buffer_add_text(out, mig_proof_read_back(proof) ? "and everything was read back since"
                                                         : "and not verified as a whole since");
}

void mig__certificate_add_withheld(mig__buffer *out, const mig_proof *proof)
{
    if (proof->withheld > 0) {
        mig__buffer_addf(out, "withheld: %" PRIu64 " %s not there by decision, since a virus scanner found something",
                         proof->withheld, proof->withheld == 1 ? "message is" : "messages are");
    }
}

static void add_proof(mig__paper *paper, const mig_proof *proof)
{
    char messages[MIG_FORMAT_SIZE], octets[MIG_FORMAT_SIZE];
    mig__buffer *out = &paper->line;
    mig__buffer_add_text(out, "\n");
    mig__add_inert(out, proof->source);
    mig__buffer_add_text(out, " -> ");
    mig__add_inert(out, proof->target);
    if (proof->error.code != MIG_OK) {
        mig__buffer_add_text(out, "\n  ");
        mig__add_inert(out, proof->error.text);
    } else {
        mig__buffer_addf(out, "\n  on the target: %s messages in %" PRIu64 " folders, %s",
                         mig_format_count(proof->messages, messages, sizeof messages), proof->folders,
                         mig_format_octets(proof->octets, octets, sizeof octets));
        if (proof->mended_at != 0) {
            mig__buffer_add_text(out, "\n  ");
        }
        mig__certificate_add_mended(out, proof);
        mig__buffer_add_text(out, proof->withheld > 0 ? "\n  " : "");
        mig__certificate_add_withheld(out, proof);
    }
    static const char *const verbs[] = {"copy", "verify"};
    for (size_t i = 0; i < 2; i++) {
        const mig_proof_run *run = mig__certificate_run(proof, verbs[i]);
        if (run != NULL) {
            mig__buffer_add_text(out, "\n  ");
            mig__certificate_add_run(out, run);
        }
        if (run != NULL && run->root[0] != '\0') {
            mig__buffer_add_text(out, "\n  Merkle root ");
            mig__add_inert(out, run->root);
        }
    }
    mig__buffer_add_text(out, "\n");
    mig__paper_send(paper);
}

static void add_domain(mig__paper *paper, const mig_domain_record *record)
{
    char at[MIG__ISO_SIZE], since[MIG__ISO_SIZE];
    mig__buffer *out = &paper->line;
    mig__buffer_add_text(out, "\n");
    mig__add_inert(out, record->name);
    if (!record->there) {
        mig__buffer_add_text(out, ": not looked at after the switch\n");
    } else {
        mig__buffer_addf(out, ": %s, seen %s%s%s by way of ", record->settled ? "settled" : "not settled",
                         mig__iso_time(record->at, true, at), record->settled_since != 0 ? ", so since " : "",
                         mig__iso_time(record->settled_since, true, since));
        mig__add_inert(out, record->resolver);
        mig__buffer_add_text(out, "\n");
    }
    mig__paper_send(paper);
}

int mig_report_certificate_text(const mig_certificate *certificate, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__paper paper = MIG__PAPER_INIT(sink, context);
    mig__certificate_add_verdict(&paper.line, certificate);
    mig__buffer_add_text(&paper.line, "\n");
    for (size_t i = 0; i < certificate->missing_count; i++) {
        mig__buffer_add_text(&paper.line, "  ");
        mig__add_inert(&paper.line, certificate->missing[i].subject);
        mig__buffer_add_text(&paper.line, ": ");
        mig__add_inert(&paper.line, certificate->missing[i].text);
        mig__buffer_add_text(&paper.line, "\n");
        mig__paper_send(&paper);
    }
    for (size_t i = 0; i < certificate->domain_count; i++) {
        add_domain(&paper, &certificate->domains[i]);
    }
    for (size_t i = 0; i < certificate->proof_count && !paper.refused; i++) {
        add_proof(&paper, certificate->proofs[i]);
    }
    return mig__paper_finish(&paper, "certificate", err);
}
