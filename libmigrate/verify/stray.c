/*
 * verify/stray.c - what one folder misses, another one may have too much
 *
 * First among the messages that were read anyway. What is still missing then is looked for in the folders that only the
 * target has (a folder that was renamed, a user who sorts mail): their messages are read only where the size fits.
 */
#include "base/memory.h"
#include "verify/judge.h"
#include <stdlib.h>

typedef struct strays {
    mig__stray *items;
    size_t count;
} strays;

static int no_memory(mig_error *err)
{
    return mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int add_stray(strays *s, size_t folder, size_t index, const mig__message_digest *digest, mig_error *err)
{
    mig__stray *items = mig__grow(s->items, s->count, sizeof *items, err);
    if (items == NULL) {
        return -1;
    }
    s->items = items;
    s->items[s->count++] = (mig__stray){.folder = (uint32_t)folder, .index = (uint32_t)index, .digest = *digest};
    return 0;
}

static int gather_missing(const mig__judge *j, strays *missing, mig_error *err)
{
    missing->count = 0;
    for (size_t i = 0; i < j->account->finding_count; i++) {
        const mig_finding *finding = &j->account->findings[i];
        if (finding->kind == MIG_FOUND_MISSING && j->digests[i] != NULL &&
            add_stray(missing, finding->folder, i, j->digests[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int gather_extra(const mig__judge *j, strays *extra, mig_error *err)
{
    for (size_t i = 0; i < j->account->finding_count; i++) {
        const mig_finding *finding = &j->account->findings[i];
        bool surplus = finding->kind == MIG_FOUND_EXTRA || finding->kind == MIG_FOUND_ARRIVED;
        if (surplus && j->digests[i] != NULL && add_stray(extra, finding->folder, i, j->digests[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* For each of the missing ones the index in `extra`, or MIG__NO_INDEX. The caller frees it. */
static uint32_t *match(const strays *missing, const strays *extra, mig_error *err)
{
    uint32_t *at = malloc((missing->count + 1) * sizeof *at);
    if (at == NULL) {
        no_memory(err);
        return NULL;
    }
    if (mig__compare_strays(missing->items, missing->count, extra->items, extra->count, at, err) != 0) {
        free(at);
        return NULL;
    }
    return at;
}

static void put_elsewhere(mig__judge *j, mig_finding *lost, const char *place, mig_role role, uint32_t uid)
{
    mig_verify_folder *from = &j->account->folders[lost->folder];
    mig__buffer text = MIG__BUFFER_INIT;
    bool trash = role == MIG_ROLE_TRASH;
    mig__buffer_addf(&text, trash ? "it is in the trash, '%s' (UID %u)" : "it is in '%s' (UID %u)", place, uid);
    lost->known = trash ? MIG_KNOWN_TRASH : MIG_KNOWN_ELSEWHERE;
    from->counts[MIG_FOUND_MISSING]--;
    from->counts[MIG_FOUND_WRONG_PLACE]++;
    lost->kind = MIG_FOUND_WRONG_PLACE;
    free(lost->detail);
    lost->detail = mig__buffer_steal(&text);
}

/* ---- among the findings: the missing one and the one too much are one finding, not two ---- */

static void drop_findings(mig__judge *j, const bool *dropped)
{
    size_t kept = 0;
    for (size_t i = 0; i < j->account->finding_count; i++) {
        mig_finding *finding = &j->account->findings[i];
        if (dropped[i]) {
            free(finding->message_id);
            free(finding->subject);
            free(finding->detail);
            continue;
        }
        j->digests[kept] = j->digests[i];
        j->account->findings[kept++] = *finding;
    }
    j->account->finding_count = kept;
}

static int join_findings(mig__judge *j, const strays *missing, const strays *extra, mig_error *err)
{
    uint32_t *at = match(missing, extra, err);
    bool *dropped = calloc(j->account->finding_count + 1, sizeof *dropped);
    int failed = at == NULL ? -1 : dropped == NULL ? no_memory(err) : 0;
    for (size_t i = 0; failed == 0 && i < missing->count; i++) {
        if (at[i] == MIG__NO_INDEX) {
            continue;
        }
        size_t index = extra->items[at[i]].index;
        mig_finding *surplus = &j->account->findings[index];
        mig_verify_folder *to = &j->account->folders[surplus->folder];
        to->counts[surplus->kind]--;
        put_elsewhere(j, &j->account->findings[missing->items[i].index], to->target, to->role, surplus->target_uid);
        dropped[index] = true;
    }
    if (failed == 0) {
        drop_findings(j, dropped);
    }
    free(at);
    free(dropped);
    return failed;
}

/* ---- in folders that only the target has ---- */

static int by_size(const void *a, const void *b)
{
    const mig__stray *x = a, *y = b;
    return (x->digest.octets > y->digest.octets) - (x->digest.octets < y->digest.octets);
}

/* What has the size of a missing one is worth reading. */
static int choose_by_size(mig__verify_job *job, const strays *missing, mig_error *err)
{
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < job->found_count; i++) {
        mig__stray key = {.digest.octets = job->found[i].digest.octets};
        if (bsearch(&key, missing->items, missing->count, sizeof key, by_size) != NULL) {
            failed = mig__uidset_add(&job->reads[MIG_TARGET].todo, job->found[i].uid, job->found[i].uid, err);
        }
    }
    job->found_count = 0;
    return failed;
}

/* First sizes, then content. The mail of these folders is not judged: a folder that cannot be read is passed over. */
static int read_others(mig__judge *j, const strays *missing, mig_error *err)
{
    mig__verify_run *run = j->run;
    if (mig__verify_plan_others(run, err) != 0) {
        return -1;
    }
    for (int content = 0; content < 2 && run->other_count > 0; content++) {
        mig__verify_pass pass = {run->others, run->other_count, content != 0 ? 100 : 0, NULL};
        mig__session *session = mig__gate_open(&run->sides[MIG_TARGET].gate, MIG__PATIENCE_AGAIN, err);
        if (session == NULL ||
            (content == 0 && mig__verify_scan(run, &session, run->others, run->other_count, MIG_TARGET, err) != 0)) {
            mig__gate_close(&run->sides[MIG_TARGET].gate, &session);
            return -1;
        }
        mig__verify_read(run, &pass, NULL, session);
        for (size_t i = 0; content == 0 && i < run->other_count; i++) {
            if (choose_by_size(&run->others[i], missing, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

static int join_others(mig__judge *j, const strays *missing, mig_error *err)
{
    strays offered = {0};
    const mig__verify_run *run = j->run;
    int failed = 0;
    for (size_t i = 0; i < run->other_count; i++) {
        const mig__verify_job *job = &run->others[i];
        for (size_t k = 0; failed == 0 && k < job->found_count; k++) {
            failed = job->found[k].has_digest ? add_stray(&offered, i, k, &job->found[k].digest, err) : 0;
        }
    }
    uint32_t *at = failed != 0 ? NULL : match(missing, &offered, err);
    failed = at == NULL ? -1 : 0;
    for (size_t i = 0; failed == 0 && i < missing->count; i++) {
        if (at[i] != MIG__NO_INDEX) {
            const mig__stray *place = &offered.items[at[i]];
            const mig__verify_job *job = &run->others[place->folder];
            put_elsewhere(j, &j->account->findings[missing->items[i].index], job->target_name, job->role,
                          job->found[place->index].uid);
        }
    }
    free(at);
    free(offered.items);
    return failed;
}

int mig__find_strays(mig__judge *j, mig_error *err)
{
    strays missing = {0}, extra = {0};
    bool all_read = j->run->options->depth == MIG_DEPTH_FULL && j->run->options->sample <= 0;
    int failed = gather_missing(j, &missing, err);
    if (failed == 0 && missing.count > 0) {
        failed = gather_extra(j, &extra, err);
        failed = failed != 0 ? failed : join_findings(j, &missing, &extra, err);
        failed = failed != 0 ? failed : gather_missing(j, &missing, err);
    }
    if (failed == 0 && missing.count > 0 && all_read && !mig__verify_stopping(j->run)) {
        qsort(missing.items, missing.count, sizeof *missing.items, by_size);
        failed = read_others(j, &missing, err);
        failed = failed != 0 ? failed : join_others(j, &missing, err);
    }
    free(missing.items);
    free(extra.items);
    return failed;
}
