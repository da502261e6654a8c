/*
 * verify/read.c - the sink of a verification's readers: what the mailboxes hold, read back
 *
 * Octets are digested as they pass and never kept. Where no content is read (quick, not in the sample), sizes, dates
 * and flags are.
 */
#include "base/clock.h"
#include "base/kept.h"
#include "base/memory.h"
#include "mail/flags.h"
#include "reading/pool.h"
#include "verify/job.h"
#include "verify/recorded.h"
#include <stdlib.h>
#include <string.h>

enum { SUMMARIES = 1000 /* of one FETCH, as RFC 9738 has it */ };

typedef struct side_reading { /* what the readers of a side share */
    mig__verify_run *run;
    mig_side side;
    mig__recorded_set *known; /* digests on record; NULL: none, or they are only being read */
    mig__pool pool;
    mig__reading **readings;
} side_reading;

typedef struct arrival { /* of one reader */
    side_reading *s;
    mig__digester *digester;
} arrival;

static mig__verify_job *job_of(const mig__reading *of)
{
    return of->owner;
}

/* ---- what was read ---- */

static int keep_found(mig__verify_run *run, mig__verify_job *job, const mig__found *found, mig_error *err)
{
    mig__found *grown = mig__grow(job->found, job->found_count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    job->found = grown;
    job->found[job->found_count++] = *found;
    run->messages_done++;
    run->current = job;
    return 0;
}

/* A message of the source, read now, takes the place of a record. */
static int keep_source(mig__verify_run *run, mig__verify_job *job, const mig__found *found, mig_error *err)
{
    mig__recorded *grown = mig__grow(job->recorded, job->recorded_count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    job->recorded = grown;
    uint64_t most = run->options->selection.max_size;
    bool left_out = most > 0 && found->digest.octets > most; /* the copy was told to: fine either way */
    job->recorded[job->recorded_count++] = (mig__recorded){.source_uid = found->uid,
                                                           .expected = left_out ? MIG__EXPECT_GONE : MIG__EXPECT_THERE,
                                                           .has_digest = found->has_digest,
                                                           .has_date = found->has_date,
                                                           .date = found->date,
                                                           .flags = found->flags,
                                                           .digest = found->digest};
    run->messages_done++;
    run->current = job;
    return 0;
}

/* `digest` NULL: a summary, of what was not to be read or could not be. */
static int keep(side_reading *s, mig__verify_job *job, const mig__fetch_item *item, const mig__message_digest *digest,
                mig_error *err)
{
    mig__verify_run *run = s->run;
    char *joined = mig__flags_join(item->flags);
    mig__found found = {.uid = item->uid,
                        .has_digest = digest != NULL,
                        .has_date = item->internaldate.valid,
                        .date = item->internaldate.utc};
    if (digest != NULL) {
        found.digest = *digest;
    } else {
        found.digest.octets = item->size;
    }
    int failed = joined == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    pthread_mutex_lock(&run->lock);
    found.unreadable = mig__uidset_has(&job->unreadable[s->side], item->uid);
    if (failed == 0 && (found.flags = mig__flag_pool_take(&run->flags, joined)) == NULL) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (failed == 0) {
        failed = s->side == MIG_TARGET ? keep_found(run, job, &found, err) : keep_source(run, job, &found, err);
    }
    if (failed == 0 && digest != NULL && s->side == MIG_TARGET) {
        job->read++;
        job->octets += digest->octets;
        run->octets_done += digest->octets;
    }
    pthread_mutex_unlock(&run->lock);
    free(joined);
    return failed;
}

static void give_up_folder(mig__verify_run *run, mig__verify_job *job, const mig_error *why)
{
    pthread_mutex_lock(&run->lock);
    if (job->error == NULL) {
        mig__error_keep(&job->error, why);
    }
    pthread_mutex_unlock(&run->lock);
}

/* ---- the sink ---- */

static void *open_reader(void *context, mig_error *err)
{
    side_reading *s = context;
    arrival *a = calloc(1, sizeof *a);
    if (a == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    a->s = s;
    if ((a->digester = mig__digester_new(err)) == NULL) {
        free(a);
        return NULL;
    }
    if (s->known != NULL) {
        mig__digester_ask(a->digester, mig__recorded_set_canonical, s->known);
    }
    return a;
}

static void close_reader(void *own)
{
    arrival *a = own;
    mig__digester_free(&a->digester);
    free(a);
}

static int begin(uint64_t size, void *own, mig_error *err)
{
    (void)size;
    return mig__digester_begin(((arrival *)own)->digester, err);
}

static int data(const char *octets, size_t length, void *own, mig_error *err)
{
    return mig__digester_add(((arrival *)own)->digester, octets, length, err);
}

static void drop(void *own)
{
    (void)own; /* the next one begins anew */
}

static int end(mig__reading *of, const mig__fetch_item *item, void *own, mig_error *err)
{
    arrival *a = own;
    mig__message_digest digest;
    if (mig_stop_level(a->s->run->options->observer.stop) > 0) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    }
    return mig__digester_end(a->digester, &digest, err) != 0 ? -1 : keep(a->s, job_of(of), item, &digest, err);
}

static int summary(mig__reading *of, const mig__fetch_item *item, void *own, mig_error *err)
{
    return keep(((arrival *)own)->s, job_of(of), item, NULL, err);
}

/*
 * Its size, date and flags will tell that it is there. Where not even those are to be had, as of a damaged message in
 * files, the others of the source are compared all the same; on the target it could be any, and is the folder's.
 */
static int lost(mig__reading *of, uint32_t uid, bool content, const mig_error *why, void *own, mig_error *err)
{
    side_reading *s = ((arrival *)own)->s;
    mig__verify_job *job = job_of(of);
    if (!content && s->side == MIG_SOURCE) {
        pthread_mutex_lock(&s->run->lock);
        if (job->untold == NULL) {
            mig__error_keep(&job->untold, why);
        }
        pthread_mutex_unlock(&s->run->lock);
        return 0;
    }
    if (!content) {
        give_up_folder(s->run, job, why);
        return 0;
    }
    pthread_mutex_lock(&s->run->lock);
    int failed = mig__uidset_add(&job->unreadable[s->side], uid, uid, err);
    pthread_mutex_unlock(&s->run->lock);
    return failed;
}

static void refused(mig__reading *of, const mig_error *why, void *context)
{
    give_up_folder(((side_reading *)context)->run, job_of(of), why);
}

static bool is_stopping(void *context)
{
    return mig__verify_stopping(((side_reading *)context)->run);
}

static void failed_for_good(const mig_error *error, void *context)
{
    side_reading *s = context;
    if (!mig__verify_stopping(s->run)) {
        mig__verify_fail(s->run, error);
    }
}

static void changed(void *context)
{
    mig__verify_run *run = ((side_reading *)context)->run;
    pthread_mutex_lock(&run->lock);
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

/* ---- what is read ---- */

static int choose_none(const mig__reading *of, const mig__uidset *from, mig__uidset *content, void *context,
                       mig_error *err)
{
    (void)of;
    (void)from;
    (void)content;
    (void)context;
    (void)err;
    return 0;
}

static int choose_sample(const mig__reading *of, const mig__uidset *from, mig__uidset *content, void *context,
                         mig_error *err)
{
    const side_reading *s = context;
    uint64_t seed = mig__sample_seed(s->run->result->seed, job_of(of)->target_name);
    for (size_t i = 0; i < from->count; i++) {
        for (uint64_t uid = from->ranges[i].first; uid <= from->ranges[i].last; uid++) {
            if (mig__sample_has(seed, (uint32_t)uid, s->run->pass.percent) &&
                mig__uidset_add(content, (uint32_t)uid, (uint32_t)uid, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* What is to be read of a side, and how many messages that is. */
static uint64_t gather(side_reading *s, size_t *count)
{
    uint64_t messages = 0;
    for (size_t i = 0; i < s->run->pass.count; i++) {
        mig__verify_job *job = &s->run->pass.jobs[i];
        mig__reading *reading = &job->reads[s->side];
        uint64_t size = mig__uidset_size(&reading->todo);
        bool source = s->side == MIG_SOURCE;
        reading->mailbox = source ? job->source : job->target;
        reading->name = source ? job->source_name : job->target_name;
        reading->owner = job;
        reading->uidvalidity = source ? job->source_now.uidvalidity : job->target_now.uidvalidity;
        messages += size;
        if (size > 0) {
            s->readings[(*count)++] = reading;
        }
    }
    return messages;
}

/* Takes over the session. */
static int begin_side(side_reading *s, mig__session *session, mig_error *err)
{
    mig__verify_run *run = s->run;
    double percent = run->pass.percent;
    bool all = percent >= 100 || (percent > 0 && s->side == MIG_SOURCE); /* any may be a sample's counterpart */
    const mig__pool_options options = {.gate = &run->sides[s->side].gate,
                                       .sink = {.open = open_reader,
                                                .close = close_reader,
                                                .begin = begin,
                                                .data = data,
                                                .end = end,
                                                .drop = drop,
                                                .summary = summary,
                                                .lost = lost,
                                                .refused = refused},
                                       .context = s,
                                       .side = s->side == MIG_SOURCE ? "source" : "target",
                                       .summaries_of_lost = true,
                                       .unit_messages = all ? 0 : SUMMARIES,
                                       .units = {.choose = all            ? NULL
                                                           : percent <= 0 ? choose_none
                                                                          : choose_sample,
                                                 .context = s},
                                       .spares = s->side == MIG_TARGET ? run->pass.spares : NULL,
                                       .stopping = is_stopping,
                                       .failed = failed_for_good,
                                       .changed = changed};
    size_t count = 0;
    int failed = (s->readings = calloc(run->pass.count + 1, sizeof(mig__reading *))) == NULL
                     ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                     : 0;
    uint64_t messages = failed == 0 ? gather(s, &count) : 0;
    if (failed != 0 || mig__pool_begin(&s->pool, &options, s->readings, count, err) != 0) {
        mig__gate_close(options.gate, &session);
        return -1;
    }
    pthread_mutex_lock(&run->lock);
    run->messages_total += messages;
    pthread_mutex_unlock(&run->lock);
    size_t wanted = mig__pool_connections(run->options->effort.connections, messages, count);
    for (size_t i = 0; failed == 0 && i < wanted; i++) {
        failed = mig__pool_add(&s->pool, i == 0 ? session : NULL, err);
    }
    return failed;
}

/* ---- progress ---- */

static void show_progress(mig__verify_run *run)
{
    if (run->options->observer.progress == NULL) {
        return;
    }
    pthread_mutex_lock(&run->lock);
    mig_progress progress = {.account = run->sides[MIG_TARGET].label,
                             .phase = "verifying",
                             .folder = run->current != NULL ? run->current->target_name : "",
                             .messages_total = run->messages_total,
                             .messages_done = run->messages_done,
                             .bytes_done = run->octets_done,
                             .seconds = mig__now_seconds() - run->started};
    pthread_mutex_unlock(&run->lock);
    run->options->observer.progress(&progress, run->options->observer.context);
}

static void wait_for_readers(mig__verify_run *run, side_reading sides[2])
{
    while (mig__pool_busy(&sides[MIG_SOURCE].pool) > 0 || mig__pool_busy(&sides[MIG_TARGET].pool) > 0) {
        pthread_mutex_lock(&run->lock);
        mig__cond_wait_ms(&run->changed, &run->lock, 100);
        pthread_mutex_unlock(&run->lock);
        show_progress(run);
    }
}

void mig__verify_read(mig__verify_run *run, const mig__verify_pass *pass, mig__session *source, mig__session *target)
{
    mig__session *sessions[2] = {[MIG_SOURCE] = source, [MIG_TARGET] = target};
    side_reading sides[2] = {{.run = run}, {.run = run}};
    bool on_record = run->options->against == MIG_AGAINST_RECORD;
    mig__recorded_set known = MIG__RECORDED_SET_INIT;
    mig_error error;
    run->pass = *pass;
    if (on_record && mig__recorded_set_fill(&known, run->jobs, run->job_count, &error) != 0) {
        mig__verify_fail(run, &error);
    }
    for (int side = 0; side < 2; side++) {
        sides[side].side = (mig_side)side;
        sides[side].known = known.digests.used > 0 ? &known : NULL;
        if (sessions[side] != NULL && begin_side(&sides[side], sessions[side], &error) != 0) {
            mig__verify_fail(run, &error);
        }
    }
    wait_for_readers(run, sides);
    for (int side = 0; side < 2; side++) {
        mig__pool_end(&sides[side].pool);
        free(sides[side].readings);
    }
    mig__recorded_set_free(&known);
}
