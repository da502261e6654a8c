/* status/proof.c - what a state file proves of an account, see migrate/certificate.h */
#include "base/buffer.h"
#include "state/selection.h"
#include "state/state.h"
#include <errno.h>
#include <migrate/certificate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct reading {
    mig_proof *proof;
    int64_t account;
    int64_t ids[MIG_PROOF_RUNS]; /* of the runs */
    mig_proof_run *current;
    size_t accounts;
    bool failed;
} reading;

static int take_account(int64_t id, const char *source, const char *target, void *context)
{
    reading *r = context;
    if (r->accounts++ == 0) {
        r->account = id;
        free(r->proof->source);
        free(r->proof->target);
        r->proof->source = mig__strdup(source);
        r->proof->target = mig__strdup(target);
        r->failed = r->proof->source == NULL || r->proof->target == NULL;
    }
    return r->failed;
}

static int take_run(const mig__state_run *run, void *context)
{
    reading *r = context;
    if (r->proof->run_count == MIG_PROOF_RUNS) {
        return 1;
    }
    r->ids[r->proof->run_count] = run->id;
    mig_proof_run *out = &r->proof->runs[r->proof->run_count++];
    *out = (mig_proof_run){
        .uid = run->uid, .begun = run->begun, .ended = run->ended, .copied = run->copied, .failed = run->failed};
    snprintf(out->verb, sizeof out->verb, "%s", run->verb);
    snprintf(out->status, sizeof out->status, "%s", run->status);
    snprintf(out->version, sizeof out->version, "%s", run->version);
    snprintf(out->host, sizeof out->host, "%s", run->host);
    return 0;
}

static int take_event(int64_t at, const char *kind, int64_t folder, const char *text, void *context)
{
    reading *r = context;
    (void)at;
    if (strcmp(kind, "merkle-root") == 0 && folder == 0) {
        snprintf(r->current->root, sizeof r->current->root, "%s", text);
    }
    if (strcmp(kind, "mended") == 0) {
        r->current->mended = strtoull(text, NULL, 10);
    }
    if (strcmp(kind, "selection") == 0) {
        snprintf(r->current->selection, sizeof r->current->selection, "%s", text);
    }
    return 0;
}

static int count(reading *r, mig__state *state, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t found = 0;
    int failed = mig__state_folders(state, r->account, &folders, &found, err);
    for (size_t i = 0; failed == 0 && i < found; i++) {
        mig__state_counts counts;
        failed = mig__state_count(state, folders[i].id, &counts, err);
        if (failed == 0) {
            r->proof->messages += counts.copied + counts.adopted + counts.vanished;
            r->proof->octets += counts.octets;
            r->proof->failed += counts.failed;
            r->proof->in_flight += counts.intent;
            r->proof->vanished += counts.vanished;
            r->proof->withheld += counts.withheld;
        }
    }
    r->proof->folders = found;
    mig__state_folders_free(&folders, found);
    mig__state_mended mended;
    if (failed == 0 && (failed = mig__state_count_mended(state, r->account, &mended, err)) == 0) {
        r->proof->mended_missing = mended.missing;
        r->proof->mended_altered = mended.altered;
        r->proof->mended_at = mended.last;
    }
    return failed;
}

static int read_all(reading *r, mig__state *state, mig_error *err)
{
    if (mig__state_accounts(state, take_account, r, err) < 0 || r->failed) {
        return r->failed ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : -1;
    }
    if (r->accounts != 1) {
        return mig_error_set(err, r->accounts == 0 ? MIG_E_MISSING : MIG_E_STATE,
                             r->accounts == 0 ? "nothing was done with the account yet"
                                              : "the state file has several accounts");
    }
    if (mig__state_runs(state, r->account, take_run, r, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < r->proof->run_count; i++) {
        r->current = &r->proof->runs[i];
        if (mig__state_events(state, r->ids[i], take_event, r, err) < 0) {
            return -1;
        }
    }
    return count(r, state, err);
}

/* The start of a long one is enough: what is cut is cut alike. */
static bool take_selection(mig_proof *proof, const mig_selection *selection)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__selection_text(selection, &text);
    const bool good = !text.failed;
    snprintf(proof->selection, sizeof proof->selection, "%s", text.data != NULL ? text.data : "");
    mig__buffer_free(&text);
    return good;
}

mig_proof *mig_proof_read(const char *path, const char *source, const char *target, const mig_selection *selection,
                          mig_error *err)
{
    mig_proof *proof = calloc(1, sizeof *proof);
    if (proof != NULL) {
        proof->source = mig__strdup(source);
        proof->target = mig__strdup(target);
        proof->path = mig__strdup(path);
    }
    if (proof == NULL || proof->source == NULL || proof->target == NULL || proof->path == NULL ||
        !take_selection(proof, selection)) {
        mig_proof_free(&proof);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    reading r = {.proof = proof};
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        mig_error_set(&proof->error, MIG_E_MISSING, "nothing was done with the account yet: there is no state file");
        return proof;
    }
    mig__state *state = mig__state_open(path, true, NULL, &proof->error);
    if (state != NULL && read_all(&r, state, &proof->error) == 0) {
        proof->error.code = MIG_OK;
    }
    mig__state_close(&state, NULL);
    return proof;
}

void mig_proof_free(mig_proof **proof)
{
    if (*proof != NULL) {
        free((*proof)->source);
        free((*proof)->target);
        free((*proof)->path);
        free(*proof);
        *proof = NULL;
    }
}
