/* verify/scanned.c - what a virus scanner said when the messages were copied: known to the record, and no fault */
#include "base/memory.h"
#include "verify/judge.h"
#include <stdlib.h>
#include <string.h>

typedef struct mig__scanned {
    uint8_t raw[MIG__DIGEST_SIZE];
    char name[MIG_SCAN_NAME];
    int64_t signatures;
} scanned;

typedef struct loading {
    mig__judge *judge;
    mig_error error;
} loading;

static int take(const mig__state_scanned *is, void *context)
{
    loading *l = context;
    mig__judge *j = l->judge;
    if (is->verdict != MIG_SCAN_INFECTED || is->decision != MIG_SCAN_COPIED) {
        return 0;
    }
    scanned *grown = mig__grow(j->scanned, j->scanned_count, sizeof *grown, &l->error);
    if (grown == NULL) {
        return -1;
    }
    j->scanned = grown;
    scanned *one = &j->scanned[j->scanned_count++];
    *one = (scanned){.signatures = is->signatures};
    memcpy(one->raw, is->raw, sizeof one->raw);
    memcpy(one->name, is->name, strnlen(is->name, sizeof one->name - 1));
    return 0;
}

int mig__scanned_load(mig__judge *j, mig_error *err)
{
    loading l = {j, MIG_ERROR_INIT};
    if (j->run->state == NULL || j->run->state_account <= 0 ||
        mig__state_scanned_each(j->run->state, j->run->state_account, take, &l, &l.error) == 0) {
        return 0;
    }
    *err = l.error;
    return -1;
}

void mig__scanned_free(mig__judge *j)
{
    free(j->scanned);
    j->scanned = NULL;
    j->scanned_count = 0;
}

static int by_digest(const void *key, const void *element)
{
    return memcmp(key, ((const scanned *)element)->raw, MIG__DIGEST_SIZE);
}

int mig__scanned_list(mig__judge *j, size_t folder, const mig__recorded *recorded, mig_error *err)
{
    const scanned *one = NULL;
    if (j->scanned_count > 0 && recorded->has_digest && recorded->expected == MIG__EXPECT_THERE) {
        one = bsearch(recorded->digest.raw, j->scanned, j->scanned_count, sizeof *one, by_digest);
    }
    if (one == NULL) {
        return 0;
    }
    char date[MIG_SCAN_DATE];
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "%s%s", one->name, mig_scan_date(one->signatures, date));
    j->account->folders[folder].counts[MIG_FOUND_INFECTED]++;
    return mig__list_infected(j, folder, recorded, mig__buffer_steal(&text), err);
}

/* ---- against the source ---- */

static int withhold_of(mig__verify_run *run, mig__verify_job *job, const mig__state_folder *record, mig_error *err)
{
    mig__uidset withheld = MIG__UIDSET_INIT;
    int failed = mig__state_withheld(run->state, record->id, &withheld, err);
    for (size_t i = 0; failed == 0 && i < job->recorded_count; i++) {
        if (mig__uidset_has(&withheld, job->recorded[i].source_uid)) {
            job->recorded[i].expected = MIG__EXPECT_WITHHELD;
            job->folder = record->id; /* which knows why */
        }
    }
    mig__uidset_free(&withheld);
    return failed;
}

int mig__scanned_withhold(mig__verify_run *run, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    if (run->options->against != MIG_AGAINST_SOURCE || run->state == NULL || run->state_account <= 0) {
        return 0;
    }
    int failed = mig__state_folders(run->state, run->state_account, &folders, &count, err);
    for (size_t i = 0; failed == 0 && i < run->job_count; i++) {
        mig__verify_job *job = &run->jobs[i];
        for (size_t k = 0; failed == 0 && job->source != NULL && k < count; k++) {
            if (strcmp(folders[k].source, job->source) == 0 &&
                folders[k].source_uidvalidity == job->source_now.uidvalidity) {
                failed = withhold_of(run, job, &folders[k], err);
            }
        }
    }
    mig__state_folders_free(&folders, count);
    return failed;
}
