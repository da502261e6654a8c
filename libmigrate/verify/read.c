/*
 * verify/read.c - threads that read the mailboxes back, each with a session of its own
 *
 * Octets are digested as they pass and never kept. Where no content is read (quick, not in the sample), sizes, dates
 * and flags are.
 */
#include "base/clock.h"
#include "base/kept.h"
#include "base/retry.h"
#include "base/memory.h"
#include "base/thread.h"
#include "imap/digests.h"
#include "mail/flags.h"
#include "verify/job.h"
#include "verify/recorded.h"
#include <stdlib.h>
#include <string.h>

enum {
    FOLDERS_A_THREAD = 10,   /* each costs round trips, however small it is */
    UNIT_MESSAGES = 1000,    /* read under one EXAMINE before others get a chance; as RFC 9738 has it */
    MESSAGES_A_THREAD = 1000, /* fewer are not worth another connection */
    PUT_OFF_MOST = 2,         /* pauses before the message is looked for that the server has trouble with */
    PUT_OFF_ALL = 4,          /* the same where it is the whole account that it puts off */
    REFUSED_MOST = 3          /* in a row, by themselves: then it is the folder and not a message */
};

typedef struct reader {
    mig__verify_run *run;
    mig_side side;
    mig__session *session;
    mig__digester *digester;
    mig__verify_job *job;          /* of the unit in hand */
    mig__uidset unit;              /* still to come */
    mig__uidset asked;             /* of these the content as well */
    const mig__verify_job *opened; /* whose mailbox is open */
    bool broke;                    /* the last connection did */
    bool later;                    /* content was put off more often than it is worth waiting for all of the unit */
    unsigned put_off;              /* how often that of this unit was */
    unsigned refused;              /* messages in a row whose content was put off alone */
} reader;

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

static int keep(reader *r, const mig__fetch_item *item, const mig__message_digest *digest, mig_error *err)
{
    char *joined = mig__flags_join(item->flags);
    mig__found found = {.uid = item->uid,
                        .has_digest = digest != NULL,
                        .unreadable = digest == NULL && mig__uidset_has(&r->asked, item->uid),
                        .has_date = item->internaldate.valid,
                        .date = item->internaldate.utc};
    if (digest != NULL) {
        found.digest = *digest;
    } else {
        found.digest.octets = item->size;
    }
    int failed = joined == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    pthread_mutex_lock(&r->run->lock);
    if (failed == 0 && (found.flags = mig__flag_pool_take(&r->run->flags, joined)) == NULL) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (failed == 0) {
        failed =
            r->side == MIG_TARGET ? keep_found(r->run, r->job, &found, err) : keep_source(r->run, r->job, &found, err);
    }
    if (failed == 0 && digest != NULL && r->side == MIG_TARGET) {
        r->job->read++;
        r->job->octets += digest->octets;
        r->run->octets_done += digest->octets;
    }
    pthread_mutex_unlock(&r->run->lock);
    free(joined);
    failed = failed != 0 ? failed : mig__uidset_remove(&r->unit, item->uid, err);
    return failed != 0 ? failed : mig__uidset_remove(&r->asked, item->uid, err);
}

static int on_digest(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    reader *r = context;
    if (mig_stop_level(r->run->options->observer.stop) > 0) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    }
    return mig__uidset_has(&r->unit, item->uid) ? keep(r, item, digest, err) : 0;
}

static int on_summary(const mig__response *response, void *context, mig_error *err)
{
    reader *r = context;
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH || !item->has_size || !mig__uidset_has(&r->unit, item->uid)) {
        return 0;
    }
    return keep(r, item, NULL, err);
}

/* ---- units ---- */

static mig__uidset *set_of(mig__verify_job *job, mig_side side)
{
    return side == MIG_TARGET ? &job->target_uids : &job->source_uids;
}

/* The next UIDs: of the folder in hand, else of the one that has the fewest readers. */
static int take_unit(reader *r, mig_error *err)
{
    mig__verify_run *run = r->run;
    pthread_mutex_lock(&run->lock);
    mig__verify_job *best = r->job != NULL && set_of(r->job, r->side)->count > 0 ? r->job : NULL;
    for (size_t i = 0; best == NULL && i < run->pass.count; i++) {
        mig__verify_job *job = &run->pass.jobs[i];
        if (set_of(job, r->side)->count > 0 && (best == NULL || job->units_out < best->units_out)) {
            best = job;
        }
    }
    int failed = 0;
    if (best != NULL && run->fatal.code == MIG_OK) {
        failed = mig__uidset_take(set_of(best, r->side), UNIT_MESSAGES, &r->unit, err) < 0 ? -1 : 0;
        best->units_out++;
        r->job = best;
    } else {
        r->job = NULL;
    }
    pthread_mutex_unlock(&run->lock);
    return failed;
}

/* Of the unit those whose content is to be read. A sample is of the target: of the source any may be its counterpart.
 */
static int choose(reader *r, mig_error *err)
{
    double percent = r->run->pass.percent;
    mig__uidset_clear(&r->asked);
    if (percent <= 0) {
        return 0;
    }
    if (percent >= 100 || r->side == MIG_SOURCE) {
        return mig__uidset_copy(&r->asked, &r->unit, err);
    }
    uint64_t seed = mig__sample_seed(r->run->result->seed, r->job->target_name);
    for (size_t i = 0; i < r->unit.count; i++) {
        for (uint64_t uid = r->unit.ranges[i].first; uid <= r->unit.ranges[i].last; uid++) {
            if (mig__sample_has(seed, (uint32_t)uid, percent) &&
                mig__uidset_add(&r->asked, (uint32_t)uid, (uint32_t)uid, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* Fetch what is needed besides content. 0; 1 the server refuses (`err`), -1 the session failed. */
static int fetch_summaries(reader *r, const mig__uidset *uids, unsigned items, mig__command_handler *handler,
                           mig_error *err)
{
    return mig__command_outcome(r->session, mig__fetch(r->session, uids, items, 0, handler, r, err), err);
}

/* 0; 1 the server refuses (`err`), -1 the session failed. */
static int read_unit(reader *r, mig_error *err)
{
    unsigned items = MIG__FETCH_FLAGS | MIG__FETCH_DATE | MIG__FETCH_SIZE;
    int outcome = choose(r, err);
    if (outcome == 0 && r->asked.count > 0) {
        outcome = mig__fetch_digests_with(r->session, &r->asked, MIG__FETCH_BODY, r->digester, on_digest, r, err);
    }
    if (outcome > 0 && mig__retry_wanted(err)) {
        r->later = ++r->put_off > (err->scope >= MIG_SCOPE_ACCOUNT ? PUT_OFF_ALL : PUT_OFF_MOST);
        err->retry = r->later ? MIG_RETRY_NEVER : err->retry; /* no more pauses for all of it: read_part */
    } else if (outcome > 0) {
        outcome = 0; /* content is refused for good: that of each of them cannot be read */
    }
    if (outcome == 0 && r->unit.count > 0) {
        outcome = fetch_summaries(r, &r->unit, items, on_summary, err);
    }
    if (outcome == 0) {
        mig__uidset_clear(&r->unit); /* what is left has vanished meanwhile */
    }
    return outcome;
}

/* ---- threads ---- */

static void unit_done(reader *r)
{
    pthread_mutex_lock(&r->run->lock);
    r->job->units_out--;
    pthread_mutex_unlock(&r->run->lock);
}

static void give_up_folder(reader *r, const mig_error *why)
{
    pthread_mutex_lock(&r->run->lock);
    if (r->job->error == NULL) {
        mig_error error = *why;
        mig_error_context(&error, "reading '%s' on the %s",
                          r->side == MIG_SOURCE ? r->job->source_name : r->job->target_name,
                          r->side == MIG_SOURCE ? "source" : "target");
        mig__error_keep(&r->job->error, &error);
    }
    mig__uidset_clear(set_of(r->job, r->side));
    pthread_mutex_unlock(&r->run->lock);
    mig__uidset_clear(&r->unit);
}

static int open_unit(reader *r, mig_error *err)
{
    mig__selected selected = {0};
    if (r->job == r->opened) {
        return 0;
    }
    const mig__selected *expected = r->side == MIG_SOURCE ? &r->job->source_now : &r->job->target_now;
    int outcome = mig__verify_open(r->session, r->side == MIG_SOURCE ? r->job->source : r->job->target, &selected, err);
    if (outcome == 0 && selected.uidvalidity != expected->uidvalidity) {
        mig_error_set(err, MIG_E_UIDVALIDITY, "the mailbox was replaced while it was being read");
        outcome = 1;
    }
    mig__selected_free(&selected);
    r->opened = outcome == 0 ? r->job : NULL;
    return outcome;
}

/* What is still to come of the unit. */
static int ask_unit(mig__session *session, void *context, mig_error *err)
{
    reader *r = context;
    r->session = session;
    r->later = false;
    int outcome = open_unit(r, err);
    outcome = outcome != 0 ? outcome : read_unit(r, err);
    r->opened = outcome < 0 ? NULL : r->opened;
    r->broke = outcome < 0;
    return outcome;
}

/* What is known of it besides its content, which cannot be read: keep() marks it so. */
static int ask_summary(mig__session *session, void *context, mig_error *err)
{
    reader *r = context;
    r->session = session;
    int outcome = open_unit(r, err);
    unsigned items = MIG__FETCH_FLAGS | MIG__FETCH_DATE | MIG__FETCH_SIZE;
    outcome = outcome != 0 ? outcome : fetch_summaries(r, &r->unit, items, on_summary, err);
    r->opened = outcome < 0 ? NULL : r->opened;
    if (outcome == 0) {
        mig__uidset_clear(&r->unit);
    }
    return outcome;
}

static int have_out(reader *r, mig__dialogue *dialogue, mig_error *err)
{
    return mig__gate_ask(&r->run->sides[r->side].gate, &r->session, dialogue, r, err);
}

/*
 * Connections broke on the unit. Servers answer in order, so the first message that has not come is the suspect: it is
 * read alone, and if that breaks them, too, its content cannot be read, and the others can. As read_unit.
 */
static int read_suspect(reader *r, mig_error *err)
{
    mig__uidset rest = MIG__UIDSET_INIT;
    int outcome = mig__uidset_copy(&rest, &r->unit, err);
    if (outcome == 0 && mig__uidset_take(&rest, 1, &r->unit, err) < 0) {
        outcome = -1;
    }
    outcome = outcome != 0 ? outcome : have_out(r, ask_unit, err);
    if (outcome > 0 && r->broke) {
        outcome = have_out(r, ask_summary, err);
    }
    if (outcome == 0) {
        outcome = mig__uidset_copy(&r->unit, &rest, err);
    }
    mig__uidset_free(&rest);
    return outcome;
}

static int read_halves(reader *r, mig_error *err);

/* A part of a unit that the server put off: without a pause, since the rest may be had. As read_unit. */
static int read_part(reader *r, const mig__uidset *part, mig_error *err)
{
    int outcome = mig__uidset_copy(&r->unit, part, err);
    r->put_off = PUT_OFF_ALL;
    outcome = outcome != 0 || r->unit.count == 0 ? outcome : have_out(r, ask_unit, err);
    if (outcome <= 0 || !r->later) {
        r->refused = outcome == 0 ? 0 : r->refused;
        return outcome;
    }
    if (mig__uidset_size(&r->unit) > 1) {
        return read_halves(r, err);
    }
    return ++r->refused >= REFUSED_MOST ? outcome : have_out(r, ask_summary, err);
}

/* What is still to come of the unit, in two halves: the one message that a server has trouble with is soon found. */
static int read_halves(reader *r, mig_error *err)
{
    mig__uidset rest = MIG__UIDSET_INIT, half = MIG__UIDSET_INIT;
    uint64_t size = mig__uidset_size(&r->unit);
    int outcome = mig__uidset_copy(&rest, &r->unit, err);
    if (outcome == 0 && mig__uidset_take(&rest, size > 1 ? size / 2 : 1, &half, err) < 0) {
        outcome = -1;
    }
    outcome = outcome != 0 ? outcome : read_part(r, &half, err);
    outcome = outcome != 0 ? outcome : read_part(r, &rest, err);
    mig__uidset_free(&rest);
    mig__uidset_free(&half);
    return outcome;
}

/* Read one unit, over several connections if they break, and in parts where the server puts it off. */
static int work_off(reader *r, mig_error *err)
{
    r->put_off = 0;
    int outcome = have_out(r, ask_unit, err);
    if (outcome > 0 && r->later) {
        outcome = read_halves(r, err);
    }
    while (outcome > 0 && r->broke && r->unit.count > 0) {
        outcome = read_suspect(r, err);
        if (outcome == 0 && r->unit.count > 0) {
            outcome = have_out(r, ask_unit, err);
        } else if (outcome > 0) {
            break;
        }
    }
    if (outcome > 0) {
        give_up_folder(r, err);
    }
    return outcome < 0 ? -1 : 0;
}

static void *reader_main(void *argument)
{
    reader *r = argument;
    mig_error error = MIG_ERROR_INIT;
    if (r->session == NULL && r->side == MIG_TARGET && r->run->pass.spares != NULL) {
        mig__spares_take(r->run->pass.spares, &r->session);
    }
    while (!mig__verify_stopping(r->run) && take_unit(r, &error) == 0 && r->job != NULL) {
        int failed = work_off(r, &error);
        unit_done(r);
        if (failed != 0) {
            mig__verify_fail(r->run, &error);
            break;
        }
    }
    mig__gate_close(&r->run->sides[r->side].gate, &r->session);
    mig__digester_free(&r->digester);
    mig__uidset_free(&r->unit);
    mig__uidset_free(&r->asked);
    pthread_mutex_lock(&r->run->lock);
    r->run->threads--;
    pthread_cond_broadcast(&r->run->changed);
    pthread_mutex_unlock(&r->run->lock);
    free(r);
    return NULL;
}

/* `known`: NULL when the record is only being read. */
static int add_thread(mig__verify_run *run, mig_side side, mig__session *session, mig__recorded_set *known,
                      pthread_t *thread)
{
    reader *r = calloc(1, sizeof *r);
    mig_error error;
    mig__digester *digester = r != NULL ? mig__digester_new(&error) : NULL;
    if (r == NULL) {
        mig_error_set(&error, MIG_E_NOMEM, "out of memory");
    }
    if (digester != NULL) {
        *r = (reader){.run = run, .side = side, .session = session, .digester = digester};
        if (known != NULL) {
            mig__digester_ask(digester, mig__recorded_set_canonical, known);
        }
        pthread_mutex_lock(&run->lock);
        run->threads++;
        pthread_mutex_unlock(&run->lock);
        if (mig__thread_start(thread, reader_main, r, &error) == 0) {
            return 0;
        }
        pthread_mutex_lock(&run->lock);
        run->threads--;
        pthread_mutex_unlock(&run->lock);
    }
    mig__digester_free(&digester);
    free(r);
    mig__gate_close(&run->sides[side].gate, &session);
    mig__verify_fail(run, &error);
    return -1;
}

size_t mig__verify_connections(const mig__verify_run *run, uint64_t messages, uint64_t folders)
{
    uint64_t worth = messages / MESSAGES_A_THREAD + folders / FOLDERS_A_THREAD + 1;
    uint64_t most =
        run->options->effort.connections > 0 ? (uint64_t)run->options->effort.connections : MIG_DEFAULT_CONNECTIONS;
    most = most < MIG_MOST_CONNECTIONS ? most : MIG_MOST_CONNECTIONS;
    return (size_t)(worth < most ? worth : most);
}

static uint64_t to_read(mig__verify_run *run, mig_side side, size_t *threads)
{
    uint64_t messages = 0, folders = 0;
    for (size_t i = 0; i < run->pass.count; i++) {
        uint64_t size = mig__uidset_size(set_of(&run->pass.jobs[i], side));
        messages += size;
        folders += size > 0;
    }
    *threads = mig__verify_connections(run, messages, folders);
    return messages;
}

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

static void wait_for_threads(mig__verify_run *run)
{
    pthread_mutex_lock(&run->lock);
    while (run->threads > 0) {
        mig__cond_wait_ms(&run->changed, &run->lock, 100);
        pthread_mutex_unlock(&run->lock);
        show_progress(run);
        pthread_mutex_lock(&run->lock);
    }
    pthread_mutex_unlock(&run->lock);
}

void mig__verify_read(mig__verify_run *run, const mig__verify_pass *pass, mig__session *source, mig__session *target)
{
    pthread_t threads[2 * MIG_MOST_CONNECTIONS];
    size_t count = 0;
    bool on_record = run->options->against == MIG_AGAINST_RECORD;
    mig__recorded_set known = MIG__RECORDED_SET_INIT;
    mig_error error;
    run->pass = *pass;
    if (on_record && mig__recorded_set_fill(&known, run->jobs, run->job_count, &error) != 0) {
        mig__verify_fail(run, &error);
    }
    size_t wanted[2]; /* threads of each side */
    run->messages_total += to_read(run, MIG_SOURCE, &wanted[0]) + to_read(run, MIG_TARGET, &wanted[1]);
    for (int i = 0; i < 2; i++) {
        mig_side side = i == 0 ? MIG_SOURCE : MIG_TARGET;
        mig__session *session = i == 0 ? source : target;
        for (size_t k = 0; session != NULL && k < wanted[i]; k++) {
            count += add_thread(run, side, k == 0 ? session : NULL, known.digests.used > 0 ? &known : NULL,
                                &threads[count]) == 0;
        }
    }
    wait_for_threads(run);
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    mig__recorded_set_free(&known);
}
