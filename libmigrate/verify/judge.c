/*
 * verify/judge.c - from what was recorded and what was found to counts, findings and roots
 */
#include "verify/judge.h"
#include "base/kept.h"
#include "account/sides.h"
#include "mail/merkle.h"
#include <stdlib.h>
#include <string.h>

/* The folders whose messages are in one folder of the target: most often one. */
typedef struct group {
    size_t *members; /* indices of jobs, the leader first */
    size_t count;
    size_t *ends;            /* of each member, in `recorded` */
    mig__recorded *recorded; /* of all members, or the leader's own */
    size_t recorded_count;
} group;

static int no_memory(mig_error *err)
{
    return mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* ---- groups ---- */

static void group_free(group *g, const mig__verify_run *run)
{
    if (g->count > 0 && g->recorded != run->jobs[g->members[0]].recorded) {
        free(g->recorded);
    }
    free(g->members);
    free(g->ends);
    *g = (group){0};
}

static int by_source_uid(const void *a, const void *b)
{
    const mig__recorded *x = a, *y = b;
    return (x->source_uid > y->source_uid) - (x->source_uid < y->source_uid);
}

static int gather_members(group *g, mig__verify_run *run, size_t leader, mig_error *err)
{
    g->members = calloc(run->job_count, sizeof *g->members);
    g->ends = calloc(run->job_count, sizeof *g->ends);
    if (g->members == NULL || g->ends == NULL) {
        return no_memory(err);
    }
    for (size_t i = leader; i < run->job_count; i++) {
        mig__verify_job *job = &run->jobs[i];
        if (job->leader != leader) {
            continue;
        }
        if (job->recorded_count > 0) { /* several threads read the source */
            qsort(job->recorded, job->recorded_count, sizeof *job->recorded, by_source_uid);
        }
        g->recorded_count += job->recorded_count;
        g->ends[g->count] = g->recorded_count;
        g->members[g->count++] = i;
    }
    return 0;
}

static int group_make(group *g, mig__verify_run *run, size_t leader, mig_error *err)
{
    *g = (group){0};
    if (gather_members(g, run, leader, err) != 0) {
        return -1;
    }
    if (g->count == 1) {
        g->recorded = run->jobs[leader].recorded;
        return 0;
    }
    g->recorded = malloc((g->recorded_count + 1) * sizeof *g->recorded);
    if (g->recorded == NULL) {
        return no_memory(err);
    }
    size_t at = 0;
    for (size_t i = 0; i < g->count; i++) {
        const mig__verify_job *job = &run->jobs[g->members[i]];
        if (job->recorded_count > 0) {
            memcpy(g->recorded + at, job->recorded, job->recorded_count * sizeof *job->recorded);
        }
        at += job->recorded_count;
    }
    return 0;
}

/* Nothing is said of a folder of which a part could not be read: the first error is everybody's. */
static const mig_error *group_error(const group *g, const mig__verify_run *run)
{
    const mig_error *error = NULL;
    for (size_t i = 0; i < g->count && error == NULL; i++) {
        error = run->jobs[g->members[i]].error;
    }
    return error;
}

/* ---- one folder of the target ---- */

static int compare_found(const void *a, const void *b)
{
    const mig__found *x = a, *y = b;
    return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static int root_of_folder(const mig__verify_job *job, char out[MIG__HEX_SIZE], mig_error *err)
{
    mig__merkle merkle = MIG__MERKLE_INIT;
    uint8_t root[MIG__DIGEST_SIZE];
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < job->found_count; i++) {
        if (!job->found[i].has_digest) {
            mig__merkle_free(&merkle);
            return 0; /* no root for what was not read */
        }
        failed = mig__merkle_add(&merkle, job->found[i].digest.raw, MIG__DIGEST_SIZE, err);
    }
    if (failed == 0 && (failed = mig__merkle_root(&merkle, root, err)) == 0) {
        mig__hex(root, out);
    }
    mig__merkle_free(&merkle);
    return failed;
}

static mig__comparison_input input_of(const mig__judge *j, const group *g)
{
    const mig__verify_job *jobs = j->run->jobs, *leader = &jobs[g->members[0]];
    mig__comparison_input input = {.recorded = g->recorded,
                                   .recorded_count = g->recorded_count,
                                   .found = leader->found,
                                   .found_count = leader->found_count,
                                   .same_uidvalidity = j->run->options->against == MIG_AGAINST_RECORD,
                                   .copied = j->account->copied};
    for (size_t i = 0; i < g->count; i++) {
        const mig__verify_job *job = &jobs[g->members[i]];
        input.same_uidvalidity = input.same_uidvalidity && job->record_uidvalidity == leader->target_now.uidvalidity;
        if (job->record_uidnext > input.target_uidnext) {
            input.target_uidnext = job->record_uidnext;
        }
    }
    return input;
}

/* Whose an outcome is: the folder it was copied from; what nobody copied is the leader's. */
static size_t member_of(const group *g, const mig__outcome *outcome)
{
    size_t member = 0;
    while (outcome->recorded != MIG__NO_INDEX && outcome->recorded >= g->ends[member]) {
        member++;
    }
    return member;
}

/* What the copy knew of the source and did not get to the target is named, as far as it can be. */
static int add_not_copied(mig__judge *j, size_t index, mig_error *err)
{
    const mig__verify_job *job = &j->run->jobs[index];
    mig_verify_folder *folder = &j->account->folders[index];
    folder->messages += job->not_copied;
    folder->counts[MIG_FOUND_NOT_COPIED] += job->not_copied;
    if (job->not_copied > 0) {
        return mig__list_not_copied(j, index, job->not_copied, job->trouble, err);
    }
    if (job->trouble != NULL) {
        mig_error why;
        mig_error_set(&why, MIG_E_NOT_SENT, "the copy could not look at this folder: %s", job->trouble);
        mig_error_hint(&why, "copy again, or compare both servers with --against source");
        mig__error_keep(&folder->error, &why);
    }
    return 0;
}

static int judge_member(mig__judge *j, const group *g, size_t member, const mig__comparison *comparison, mig_error *err)
{
    size_t index = g->members[member], first = j->account->finding_count;
    size_t begin = member == 0 ? 0 : g->ends[member - 1];
    const mig__verify_job *job = &j->run->jobs[index];
    mig_verify_folder *folder = &j->account->folders[index];
    j->explained = 0;
    if (!mig__sides_selectable(job->there)) {
        folder->counts[MIG_FOUND_FOLDER_MISSING] = 1;
        if (mig__list_missing_folder(j, index, err) != 0) {
            return -1;
        }
    }
    if (add_not_copied(j, index, err) != 0) {
        return -1;
    }
    if (job->untold != NULL && folder->error == NULL) { /* not to the end, but for the rest */
        mig__error_keep(&folder->error, job->untold);
    }
    for (size_t i = 0; i < comparison->count; i++) {
        const mig__outcome *outcome = &comparison->outcomes[i];
        if (member_of(g, outcome) != member) {
            continue;
        }
        bool known = outcome->recorded != MIG__NO_INDEX;
        folder->messages += known;
        folder->counts[outcome->kind]++;
        folder->counts[MIG_FOUND_FLAGS_DIFFER] += outcome->flags_differ;
        folder->counts[MIG_FOUND_FLAGS_ADDED] += outcome->flags_added;
        folder->counts[MIG_FOUND_DATES_DIFFER] += outcome->dates_differ;
        const mig__recorded *recorded = known ? &job->recorded[outcome->recorded - begin] : NULL;
        if (mig__list_outcome(j, index, outcome, recorded, err) != 0 ||
            (known && mig__scanned_list(j, index, recorded, err) != 0)) {
            return -1;
        }
    }
    return mig__name_findings(j, index, first, err);
}

static int judge_group(mig__judge *j, const group *g, mig_error *err)
{
    mig__verify_job *leader = &j->run->jobs[g->members[0]];
    mig_verify_folder *folders = j->account->folders;
    const mig_error *error = group_error(g, j->run);
    mig__comparison comparison;
    for (size_t i = 0; error != NULL && i < g->count; i++) {
        mig__error_keep(&folders[g->members[i]].error, error);
        folders[g->members[i]].messages =
            j->run->jobs[g->members[i]].recorded_count + j->run->jobs[g->members[i]].not_copied;
    }
    if (error != NULL) {
        return 0;
    }
    if (leader->found_count > 0) {
        qsort(leader->found, leader->found_count, sizeof *leader->found, compare_found);
    }
    mig__comparison_input input = input_of(j, g);
    if (mig__compare(&input, &comparison, err) != 0) {
        return -1;
    }
    mig_verify_folder *first = &folders[g->members[0]];
    first->found = leader->found_count;
    first->read = leader->read;
    first->bytes = leader->octets;
    int failed = root_of_folder(leader, first->root, err);
    for (size_t i = 0; failed == 0 && i < g->count; i++) {
        memcpy(folders[g->members[i]].root, first->root, sizeof first->root);
        failed = judge_member(j, g, i, &comparison, err);
    }
    mig__comparison_free(&comparison);
    return failed;
}

/* ---- the account ---- */

static int name_folders(const mig__verify_run *run, mig_verify_account *account, mig_error *err)
{
    account->folders = calloc(run->job_count + 1, sizeof *account->folders);
    if (account->folders == NULL) {
        return no_memory(err);
    }
    account->folder_count = run->job_count;
    for (size_t i = 0; i < run->job_count; i++) {
        mig_verify_folder *folder = &account->folders[i];
        folder->source = mig__strdup(run->jobs[i].source_name);
        folder->target = mig__strdup(run->jobs[i].target_name);
        folder->role = run->jobs[i].role;
        if (folder->source == NULL || folder->target == NULL) {
            return no_memory(err);
        }
    }
    return 0;
}

static int root_of_account(mig_verify_account *account, mig_error *err)
{
    mig__merkle_folder *folders = calloc(account->folder_count + 1, sizeof *folders);
    if (folders == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < account->folder_count; i++) {
        folders[i] = (mig__merkle_folder){account->folders[i].target, account->folders[i].root};
    }
    int failed = mig__merkle_account(folders, account->folder_count, account->root, err);
    free(folders);
    return failed;
}

int mig__verify_judge(mig__verify_run *run, mig_error *err)
{
    mig__judge j = {.run = run, .account = run->account, .look = {.run = run}};
    int failed = name_folders(run, run->account, err);
    failed = failed != 0 ? failed : mig__scanned_withhold(run, err);
    failed = failed != 0 ? failed : mig__scanned_load(&j, err);
    for (size_t i = 0; failed == 0 && i < run->job_count; i++) {
        group g;
        if (run->jobs[i].leader != i) {
            continue;
        }
        failed = group_make(&g, run, i, err);
        failed = failed != 0 ? failed : judge_group(&j, &g, err);
        group_free(&g, run);
    }
    failed = failed != 0 ? failed : mig__find_strays(&j, err);
    failed = failed != 0 ? failed : root_of_account(run->account, err);
    free(j.digests);
    mig__scanned_free(&j);
    mig__look_close(&j.look);
    return failed;
}
