/*
 * verify/judge.c - from what was recorded and what was found to counts, findings and roots
 */
#include "base/merkle.h"
#include "sides/sides.h"
#include "verify/look.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXPLAINED = 300, /* messages of a folder that get a second look; more of the same say nothing new */
    NAMED = 5000     /* messages of a folder whose headers are read to name them */
};

typedef struct judged { /* a folder with its comparison */
    mig__verify_job *job;
    mig__comparison comparison;
    size_t first_finding, finding_count; /* in the account's list */
} judged;

typedef struct judge {
    mig__verify_run *run;
    mig_verify_account *account;
    mig__look look;
    judged *folders;
    size_t capacity; /* of the account's findings */
} judge;

static int no_memory(mig_error *err)
{
    return mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* ---- findings ---- */

static mig_finding *add_finding(judge *j, mig_found kind, size_t folder, mig_error *err)
{
    mig_verify_account *account = j->account;
    if (account->finding_count == j->capacity) {
        size_t capacity = j->capacity == 0 ? 64 : j->capacity * 2;
        mig_finding *grown = realloc(account->findings, capacity * sizeof *grown);
        if (grown == NULL) {
            no_memory(err);
            return NULL;
        }
        account->findings = grown;
        j->capacity = capacity;
    }
    mig_finding *finding = &account->findings[account->finding_count++];
    *finding = (mig_finding){.kind = kind, .folder = folder};
    return finding;
}

static void describe(mig_finding *finding, const mig__recorded *recorded, const mig__found *found)
{
    if (recorded != NULL) {
        finding->source_uid = recorded->source_uid;
        finding->target_uid = recorded->target_uid;
        finding->has_date = recorded->has_date;
        finding->date = recorded->date;
        finding->octets = recorded->digest.octets;
    }
    if (found != NULL) {
        finding->target_uid = found->uid;
        if (recorded == NULL) {
            finding->has_date = found->has_date;
            finding->date = found->date;
            finding->octets = found->digest.octets;
        }
    }
}

static char *flags_detail(const mig__recorded *recorded, const mig__found *found)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "copied with (%s), now (%s)", recorded->flags != NULL ? recorded->flags : "",
                     found->flags != NULL ? found->flags : "");
    return mig__buffer_steal(&text);
}

static char *date_detail(const mig__recorded *recorded, const mig__found *found)
{
    char was[32] = "none", is[32] = "none";
    if (recorded->has_date) {
        mig__datetime_format(&(mig__datetime){recorded->date, 0, true}, was);
    }
    if (found->has_date) {
        mig__datetime_format(&(mig__datetime){found->date, 0, true}, is);
    }
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "copied with %s, now %s", was, is);
    return mig__buffer_steal(&text);
}

/* ---- second looks ---- */

static void explain_stored(judge *j, const mig__verify_job *job, const mig__recorded *recorded, mig_finding *finding)
{
    mig__look_octets octets;
    mig_error error;
    mig__explanation explanation = {0};
    if (!mig__look_at(&j->look, job, MIG_TARGET, finding->target_uid, &octets)) {
        return;
    }
    mig__octets found = mig__look_view(&octets);
    if (mig__explain_record(&recorded->digest, &found, &explanation, &error) == 0) {
        finding->rules = explanation.rules;
        finding->rules_certain = explanation.certain;
    }
    mig__look_octets_free(&octets);
}

static void explain_altered(judge *j, const mig__verify_job *job, const mig__recorded *recorded,
                            const mig__found *found, mig_finding *finding)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__look_octets source, target;
    mig_error error;
    uint64_t offset = 0;
    if (j->run->options->against == MIG_AGAINST_SOURCE &&
        mig__look_at(&j->look, job, MIG_SOURCE, recorded->source_uid, &source)) {
        if (mig__look_at(&j->look, job, MIG_TARGET, found->uid, &target)) {
            mig__octets from = mig__look_view(&source), to = mig__look_view(&target);
            if (mig__first_difference(&from, &to, &offset, &text, &error) < 0) {
                mig__buffer_clear(&text);
            }
            mig__look_octets_free(&target);
        }
        mig__look_octets_free(&source);
    }
    if (text.length == 0) {
        char was[MIG__HEX_SIZE], is[MIG__HEX_SIZE];
        mig__buffer_addf(&text, "copied with %llu octets, SHA-256 %.16s..., now %llu octets, SHA-256 %.16s...",
                         (unsigned long long)recorded->digest.octets, mig__hex(recorded->digest.raw, was),
                         (unsigned long long)found->digest.octets, mig__hex(found->digest.raw, is));
    }
    finding->detail = mig__buffer_steal(&text);
}

/* ---- naming ---- */

static void name_from_state(judge *j, const mig__verify_job *job, mig_finding *finding)
{
    mig__message message;
    mig_error error;
    if (j->run->state == NULL || job->folder == 0 || finding->source_uid == 0 ||
        mig__state_message_by_uid(j->run->state, job->folder, finding->source_uid, &message, &error) != 1) {
        return;
    }
    finding->message_id = message.message_id[0] != '\0' ? mig__strdup(message.message_id) : NULL;
    finding->subject = message.subject[0] != '\0' ? mig__strdup(message.subject) : NULL;
    if (finding->kind == MIG_FOUND_NOT_COPIED && message.text[0] != '\0') {
        finding->detail = mig__strdup(message.text);
    }
    mig__message_clear(&message);
}

typedef struct naming {
    judge *j;
    const judged *folder;
    mig_side side;
} naming;

static void take_name(uint32_t uid, const char *message_id, const char *subject, void *context)
{
    naming *n = context;
    mig_finding *findings = n->j->account->findings + n->folder->first_finding;
    for (size_t i = 0; i < n->folder->finding_count; i++) {
        uint32_t own = n->side == MIG_SOURCE ? findings[i].source_uid : findings[i].target_uid;
        if (own != uid || findings[i].message_id != NULL || findings[i].subject != NULL) {
            continue;
        }
        findings[i].message_id = message_id[0] != '\0' ? mig__strdup(message_id) : NULL;
        findings[i].subject = subject[0] != '\0' ? mig__strdup(subject) : NULL;
    }
}

/* What the record can not name is named by its header: on the target where it is there, else on the source. */
static int name_by_headers(judge *j, const judged *folder, mig_side side, mig_error *err)
{
    naming n = {j, folder, side};
    mig__uidset uids = MIG__UIDSET_INIT;
    const mig_finding *findings = j->account->findings + folder->first_finding;
    int failed = 0;
    size_t count = 0;
    for (size_t i = 0; failed == 0 && i < folder->finding_count && count < NAMED; i++) {
        bool on_target = findings[i].target_uid != 0 && findings[i].kind != MIG_FOUND_MISSING;
        uint32_t uid = side == MIG_SOURCE ? findings[i].source_uid : findings[i].target_uid;
        if (findings[i].message_id == NULL && findings[i].subject == NULL && uid != 0 &&
            on_target == (side == MIG_TARGET)) {
            failed = mig__uidset_add(&uids, uid, uid, err);
            count++;
        }
    }
    if (failed == 0) {
        mig__look_names(&j->look, folder->job, side, &uids, take_name, &n);
    }
    mig__uidset_free(&uids);
    return failed;
}

/* ---- one folder ---- */

static int list_outcome(judge *j, size_t index, const mig__outcome *outcome, size_t *explained, mig_error *err)
{
    const mig__verify_job *job = j->folders[index].job;
    const mig__recorded *recorded = outcome->recorded == MIG__NO_INDEX ? NULL : &job->recorded[outcome->recorded];
    const mig__found *found = outcome->found == MIG__NO_INDEX ? NULL : &job->found[outcome->found];
    bool listed = outcome->kind != MIG_FOUND_IDENTICAL && outcome->kind != MIG_FOUND_PRESENT;
    mig_finding *finding = listed ? add_finding(j, outcome->kind, index, err) : NULL;
    if (listed && finding == NULL) {
        return -1;
    }
    if (listed) {
        describe(finding, recorded, found);
        finding->after_copy = outcome->after_copy;
        name_from_state(j, job, finding);
        if (outcome->kind == MIG_FOUND_STORED_DIFFERENTLY && (*explained)++ < EXPLAINED) {
            explain_stored(j, job, recorded, finding);
        } else if (outcome->kind == MIG_FOUND_ALTERED && (*explained)++ < EXPLAINED) {
            explain_altered(j, job, recorded, found, finding);
        }
    }
    for (int i = 0; i < 2; i++) {
        bool flags = i == 0;
        if (!(flags ? outcome->flags_differ : outcome->dates_differ)) {
            continue;
        }
        if ((finding = add_finding(j, flags ? MIG_FOUND_FLAGS_DIFFER : MIG_FOUND_DATES_DIFFER, index, err)) == NULL) {
            return -1;
        }
        describe(finding, recorded, found);
        name_from_state(j, job, finding);
        finding->detail = flags ? flags_detail(recorded, found) : date_detail(recorded, found);
    }
    return 0;
}

static int compare_found(const void *a, const void *b)
{
    const mig__found *x = a, *y = b;
    return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static int root_of_folder(const mig__verify_job *job, mig_verify_folder *folder, mig_error *err)
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
        mig__hex(root, folder->root);
    }
    mig__merkle_free(&merkle);
    return failed;
}

static int judge_folder(judge *j, size_t index, mig_error *err)
{
    judged *own = &j->folders[index];
    mig__verify_job *job = own->job;
    mig_verify_folder *folder = &j->account->folders[index];
    folder->source = mig__strdup(job->source_name);
    folder->target = mig__strdup(job->target_name);
    folder->role = job->role;
    folder->error = job->error;
    if (folder->source == NULL || folder->target == NULL) {
        return no_memory(err);
    }
    own->first_finding = j->account->finding_count;
    if (job->found_count > 0) {
        qsort(job->found, job->found_count, sizeof *job->found, compare_found);
    }
    bool same =
        j->run->options->against == MIG_AGAINST_RECORD && job->record_uidvalidity == job->target_now.uidvalidity;
    mig__comparison_input input = {.recorded = job->recorded,
                                   .recorded_count = job->recorded_count,
                                   .found = job->found,
                                   .found_count = job->found_count,
                                   .same_uidvalidity = same,
                                   .target_uidnext = same ? job->record_uidnext : 0,
                                   .copied = j->account->copied};
    if (job->error.code != MIG_OK) {
        folder->messages = job->recorded_count;
        return 0; /* nothing is said about what could not be read to its end */
    }
    if (!mig__sides_selectable(job->there) && add_finding(j, MIG_FOUND_FOLDER_MISSING, index, err) == NULL) {
        return -1;
    }
    if (mig__compare(&input, &own->comparison, err) != 0) {
        return -1;
    }
    memcpy(folder->counts, own->comparison.counts, sizeof folder->counts);
    folder->counts[MIG_FOUND_FOLDER_MISSING] += !mig__sides_selectable(job->there);
    folder->messages = own->comparison.messages;
    folder->found = job->found_count;
    folder->read = job->read;
    folder->bytes = job->octets;
    size_t explained = 0;
    for (size_t i = 0; i < own->comparison.count; i++) {
        if (list_outcome(j, index, &own->comparison.outcomes[i], &explained, err) != 0) {
            return -1;
        }
    }
    own->finding_count = j->account->finding_count - own->first_finding;
    if (name_by_headers(j, own, MIG_TARGET, err) != 0 ||
        (j->run->options->against == MIG_AGAINST_SOURCE && name_by_headers(j, own, MIG_SOURCE, err) != 0)) {
        return -1;
    }
    return root_of_folder(job, folder, err);
}

/* ---- over all folders: what one misses, another may have too much ---- */

typedef struct strays {
    mig__stray *items;
    size_t *findings; /* index into the account's findings, of each */
    size_t count, capacity;
} strays;

static int add_stray(strays *s, uint32_t folder, size_t finding, const mig__message_digest *digest, mig_error *err)
{
    if (s->count == s->capacity) {
        size_t capacity = s->capacity == 0 ? 64 : s->capacity * 2;
        mig__stray *items = realloc(s->items, capacity * sizeof *items);
        s->items = items != NULL ? items : s->items;
        size_t *findings = realloc(s->findings, capacity * sizeof *findings);
        s->findings = findings != NULL ? findings : s->findings;
        if (items == NULL || findings == NULL) {
            return no_memory(err);
        }
        s->capacity = capacity;
    }
    s->findings[s->count] = finding;
    s->items[s->count++] = (mig__stray){.folder = folder, .index = (uint32_t)finding, .digest = *digest};
    return 0;
}

static const mig__message_digest *digest_of(const judged *folder, const mig_finding *finding)
{
    const mig__verify_job *job = folder->job;
    for (size_t i = 0; finding->kind == MIG_FOUND_MISSING && i < job->recorded_count; i++) {
        if (job->recorded[i].source_uid == finding->source_uid && job->recorded[i].has_digest) {
            return &job->recorded[i].digest;
        }
    }
    mig__found key = {.uid = finding->target_uid};
    const mig__found *found = finding->kind == MIG_FOUND_MISSING || job->found_count == 0
                                  ? NULL
                                  : bsearch(&key, job->found, job->found_count, sizeof key, compare_found);
    return found != NULL && found->has_digest ? &found->digest : NULL;
}

static int gather_strays(judge *j, strays *missing, strays *extra, mig_error *err)
{
    for (size_t i = 0; i < j->account->finding_count; i++) {
        const mig_finding *finding = &j->account->findings[i];
        bool lost = finding->kind == MIG_FOUND_MISSING;
        if (!lost && finding->kind != MIG_FOUND_EXTRA && finding->kind != MIG_FOUND_ARRIVED) {
            continue;
        }
        const mig__message_digest *digest = digest_of(&j->folders[finding->folder], finding);
        if (digest != NULL && add_stray(lost ? missing : extra, (uint32_t)finding->folder, i, digest, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static void drop_finding(mig_finding *finding)
{
    free(finding->message_id);
    free(finding->subject);
    free(finding->detail);
}

/* The missing one and the one too much are one message in the wrong place: one finding, not two. */
static void join_stray(judge *j, mig_finding *lost, mig_finding *surplus, bool *dropped)
{
    mig_verify_folder *from = &j->account->folders[lost->folder], *to = &j->account->folders[surplus->folder];
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "it is in '%s' (UID %u)", to->target, surplus->target_uid);
    from->counts[MIG_FOUND_MISSING]--;
    from->counts[MIG_FOUND_WRONG_PLACE]++;
    to->counts[surplus->kind]--;
    lost->kind = MIG_FOUND_WRONG_PLACE;
    free(lost->detail);
    lost->detail = mig__buffer_steal(&text);
    *dropped = true;
}

static int match_strays(judge *j, mig_error *err)
{
    strays missing = {0}, extra = {0};
    uint32_t *at = NULL;
    bool *dropped = calloc(j->account->finding_count + 1, sizeof *dropped);
    int failed = dropped == NULL ? no_memory(err) : gather_strays(j, &missing, &extra, err);
    if (failed == 0 && missing.count > 0 && extra.count > 0) {
        at = malloc(missing.count * sizeof *at);
        failed = at == NULL ? no_memory(err)
                            : mig__compare_strays(missing.items, missing.count, extra.items, extra.count, at, err);
    }
    for (size_t i = 0; failed == 0 && at != NULL && i < missing.count; i++) {
        if (at[i] != MIG__NO_INDEX) {
            size_t surplus = extra.findings[at[i]];
            join_stray(j, &j->account->findings[missing.findings[i]], &j->account->findings[surplus],
                       &dropped[surplus]);
        }
    }
    size_t kept = 0;
    for (size_t i = 0; dropped != NULL && i < j->account->finding_count; i++) {
        if (dropped[i]) {
            drop_finding(&j->account->findings[i]);
        } else {
            j->account->findings[kept++] = j->account->findings[i];
        }
    }
    j->account->finding_count = dropped != NULL ? kept : j->account->finding_count;
    free(missing.items);
    free(missing.findings);
    free(extra.items);
    free(extra.findings);
    free(at);
    free(dropped);
    return failed;
}

/* ---- the account's root ---- */

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
    judge j = {.run = run, .account = run->account, .look = {.run = run}};
    j.folders = calloc(run->job_count > 0 ? run->job_count : 1, sizeof *j.folders);
    run->account->folders = calloc(run->job_count > 0 ? run->job_count : 1, sizeof *run->account->folders);
    int failed = j.folders == NULL || run->account->folders == NULL ? no_memory(err) : 0;
    run->account->folder_count = failed == 0 ? run->job_count : 0;
    for (size_t i = 0; failed == 0 && i < run->job_count; i++) {
        j.folders[i].job = &run->jobs[i];
        failed = judge_folder(&j, i, err);
    }
    failed = failed != 0 ? failed : match_strays(&j, err);
    failed = failed != 0 ? failed : root_of_account(run->account, err);
    for (size_t i = 0; j.folders != NULL && i < run->job_count; i++) {
        mig__comparison_free(&j.folders[i].comparison);
    }
    free(j.folders);
    mig__look_close(&j.look);
    return failed;
}
