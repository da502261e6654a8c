/* status/overview.c - overviews made of a run's progress, of its result, and of state files */
#include "status/overview.h"
#include "base/buffer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PACE_SECONDS = 10 }; /* the least time that the speed of an account is measured over */

const char *mig_overview_state_name(mig_overview_state state)
{
    static const char *const names[] = {"running", "failed",  "killed",  "interrupted",
                                        "partial", "skipped", "waiting", "complete"};
    return (unsigned)state < MIG_OVERVIEW_STATES ? names[state] : "unknown";
}

/* ---- the curve ---- */

/* Two points become one, of twice the length. */
static void halve(mig_overview_curve *curve)
{
    for (size_t i = 0; i < curve->count / 2; i++) {
        curve->points[i].at = curve->points[2 * i + 1].at;
        curve->points[i].messages = (curve->points[2 * i].messages + curve->points[2 * i + 1].messages) / 2;
        curve->points[i].bytes = (curve->points[2 * i].bytes + curve->points[2 * i + 1].bytes) / 2;
    }
    curve->count /= 2;
    curve->interval *= 2;
}

void mig_overview_curve_add(mig_overview_curve *curve, double at, uint64_t messages, uint64_t bytes)
{
    const double length = at - curve->last_at;
    if (curve->interval <= 0) {
        curve->interval = 1;
    }
    if (curve->begun && length < curve->interval) {
        return;
    }
    if (curve->begun) {
        if (curve->count == MIG_OVERVIEW_CURVE) {
            halve(curve);
        }
        const uint64_t more = messages > curve->last_messages ? messages - curve->last_messages : 0;
        const uint64_t more_bytes = bytes > curve->last_bytes ? bytes - curve->last_bytes : 0;
        curve->points[curve->count].at = at;
        curve->points[curve->count].messages = (double)more / length;
        curve->points[curve->count++].bytes = (double)more_bytes / length;
    }
    curve->begun = true;
    curve->last_at = at;
    curve->last_messages = messages;
    curve->last_bytes = bytes;
}

/* ---- sums ---- */

static void begin_sums(mig_overview *overview, int64_t now)
{
    memset(overview->states, 0, sizeof overview->states);
    overview->at = now;
    overview->verified = overview->different = overview->uncounted = 0;
    overview->to_do = overview->done = 0;
    overview->carried = overview->bytes = overview->failed = overview->differences = 0;
    overview->strain = (mig_strain){.queue_bytes = 0};
}

static void add_account(mig_overview *overview, const mig_overview_account *account)
{
    overview->states[account->state]++;
    overview->verified += strcmp(account->verified, "complete") == 0;
    overview->different += strcmp(account->verified, "different") == 0;
    overview->carried += account->carried;
    overview->bytes += account->bytes;
    overview->failed += account->failed;
    overview->differences += account->differences;
}

static void add_strain(mig_strain *sum, const mig_strain *one)
{
    sum->queue_bytes += one->queue_bytes;
    sum->reconnects += one->reconnects;
    sum->throttles += one->throttles;
    sum->commits += one->commits;
    sum->commit_seconds += one->commit_seconds;
}

/* ---- of a run ---- */

static mig_overview_state state_of_run(mig_run_state state, int exit_status)
{
    switch (state) {
    case MIG_RUN_WAITING:
        return MIG_OVERVIEW_WAITING;
    case MIG_RUN_RUNNING:
        return MIG_OVERVIEW_RUNNING;
    case MIG_RUN_DONE:
        return exit_status == 0 ? MIG_OVERVIEW_COMPLETE : MIG_OVERVIEW_PARTIAL;
    case MIG_RUN_FAILED:
        return exit_status == 130 ? MIG_OVERVIEW_INTERRUPTED : MIG_OVERVIEW_FAILED;
    default:
        return MIG_OVERVIEW_SKIPPED;
    }
}

static void take_verification(mig_overview_account *account, const mig_run_account_result *so_far)
{
    account->differences = so_far->differences;
    if (so_far->differences > 0) {
        snprintf(account->verified, sizeof account->verified, "different");
    } else if (so_far->verified > 0 && so_far->state == MIG_RUN_DONE) {
        snprintf(account->verified, sizeof account->verified, so_far->unproven > 0 ? "unproven" : "complete");
    }
}

/* The speed over the last PACE_SECONDS to twice that; the first one over less, but over a second. */
static void measure(mig_overview_account *account, const mig_run_account_progress *now, bool same_step)
{
    mig_overview_mark *mark = &account->mark;
    const double length = now->seconds - mark->seconds;
    if (account->state != MIG_OVERVIEW_RUNNING || !same_step || now->messages_done < mark->done) {
        *mark = (mig_overview_mark){now->seconds, now->messages_done, now->bytes_done, false};
        account->paced = false;
    } else if (length >= PACE_SECONDS || (!mark->measured && length >= 1)) {
        account->paced = true;
        account->messages_per_second = (double)(now->messages_done - mark->done) / length;
        account->bytes_per_second =
            now->bytes_done > mark->bytes ? (double)(now->bytes_done - mark->bytes) / length : 0;
        if (length >= PACE_SECONDS) {
            *mark = (mig_overview_mark){now->seconds, now->messages_done, now->bytes_done, true};
        }
    }
    account->seconds_left = -1;
    if (account->paced && account->messages_per_second > 0 && account->to_do >= account->done) {
        account->seconds_left = (double)(account->to_do - account->done) / account->messages_per_second;
    }
}

static void take_progress(mig_overview_account *account, const mig_run_account_progress *now, int64_t at)
{
    const mig_run_account_result *so_far = now->so_far;
    const bool running = now->state == MIG_RUN_RUNNING;
    const bool copying = running && (now->step & (MIG_STEP_COPY | MIG_STEP_MEND)) != 0;
    const uint64_t failed_now = copying ? now->failed : 0;
    const bool same_step = running && strcmp(account->step, mig_step_name(now->step)) == 0;
    account->state = state_of_run(now->state, so_far->exit_status);
    snprintf(account->step, sizeof account->step, "%s", mig_step_name(now->step));
    snprintf(account->phase, sizeof account->phase, "%s", running ? now->phase : "");
    snprintf(account->folder, sizeof account->folder, "%s", running ? now->folder : "");
    snprintf(account->reason, sizeof account->reason, "%s", now->reason);
    account->to_do = running ? now->messages_total : 0;
    account->done = running ? now->messages_done : 0;
    account->carried = so_far->copied + so_far->already;
    account->carried += copying && now->messages_done > failed_now ? now->messages_done - failed_now : 0;
    account->bytes = so_far->copied_bytes + (copying ? now->bytes_done : 0);
    account->failed = so_far->failed > failed_now ? so_far->failed : failed_now;
    if (running && account->begun == 0) {
        account->begun = at;
    } else if (!running && now->state != MIG_RUN_WAITING && account->begun > 0 && account->ended == 0) {
        account->ended = at;
    }
    take_verification(account, so_far);
    measure(account, now, same_step);
}

static int name_accounts(mig_overview *overview, const mig_run_progress *progress)
{
    overview->accounts = calloc(progress->count > 0 ? progress->count : 1, sizeof *overview->accounts);
    if (overview->accounts == NULL) {
        return -1;
    }
    for (; overview->count < progress->count; overview->count++) {
        const mig_run_account_progress *from = &progress->accounts[overview->count];
        mig_overview_account *account = &overview->accounts[overview->count];
        account->source = mig__strdup(from->so_far->source);
        account->target = mig__strdup(from->so_far->target);
        account->path = mig__strdup(from->state_path);
        if (account->source == NULL || account->target == NULL || (from->state_path != NULL && account->path == NULL)) {
            overview->count++;
            return -1;
        }
    }
    return 0;
}

/* Over the last points of the curve, which are equally long. */
static void measure_all(mig_overview *overview)
{
    const mig_overview_curve *curve = &overview->curve;
    size_t points = 0;
    double messages = 0, bytes = 0;
    while (points < curve->count && (double)points * curve->interval < PACE_SECONDS) {
        messages += curve->points[curve->count - 1 - points].messages;
        bytes += curve->points[curve->count - 1 - points].bytes;
        points++;
    }
    overview->paced = points > 0 && overview->states[MIG_OVERVIEW_RUNNING] > 0;
    overview->messages_per_second = overview->paced ? messages / (double)points : 0;
    overview->bytes_per_second = overview->paced ? bytes / (double)points : 0;
    overview->seconds_left = -1;
    if (overview->paced && overview->messages_per_second > 0 && overview->uncounted == 0 &&
        overview->to_do >= overview->done) {
        overview->seconds_left = (double)(overview->to_do - overview->done) / overview->messages_per_second;
    }
}

int mig__overview_of_run(mig_overview *overview, const mig_run_progress *progress, int64_t now)
{
    if (overview->accounts == NULL && name_accounts(overview, progress) != 0) {
        mig__overview_clear(overview);
        return -1;
    }
    begin_sums(overview, now);
    overview->of_run = overview->strained = true;
    overview->seconds = progress->seconds;
    for (size_t i = 0; i < overview->count; i++) {
        take_progress(&overview->accounts[i], &progress->accounts[i], now);
        add_account(overview, &overview->accounts[i]);
        add_strain(&overview->strain, &progress->accounts[i].so_far->strain);
    }
    overview->to_do = progress->messages_total;
    overview->done = progress->messages_done;
    overview->uncounted = progress->uncounted;
    mig_overview_curve_add(&overview->curve, progress->seconds, progress->messages_done, progress->bytes_done);
    measure_all(overview);
    return 0;
}

void mig__overview_of_result(mig_overview *overview, const mig_run_result *result, int64_t now)
{
    begin_sums(overview, now);
    overview->ended = true;
    overview->seconds = result->seconds;
    for (size_t i = 0; i < overview->count && i < result->account_count; i++) {
        const mig_run_account_result *from = &result->accounts[i];
        mig_overview_account *account = &overview->accounts[i];
        const mig_run_account_progress last = {.state = from->state,
                                               .step = from->step,
                                               .phase = "",
                                               .folder = "",
                                               .reason = account->reason,
                                               .so_far = from};
        char reason[sizeof account->reason];
        if (from->error.code != MIG_OK) {
            mig_error_line(&from->error, reason, sizeof reason);
        } else {
            snprintf(reason, sizeof reason, "%s", account->reason);
        }
        take_progress(account, &last, now);
        snprintf(account->reason, sizeof account->reason, "%s", reason);
        add_account(overview, account);
        add_strain(&overview->strain, &from->strain);
        const uint64_t done = from->copied + from->already;
        overview->to_do += from->messages;
        overview->done += done < from->messages ? done : from->messages;
    }
    measure_all(overview);
}

/* ---- of states ---- */

static mig_overview_state state_of_standing(const mig_standing_account *account)
{
    static const struct {
        const char *status;
        mig_overview_state state;
    } ends[] = {{"complete", MIG_OVERVIEW_COMPLETE},
                {"partial", MIG_OVERVIEW_PARTIAL},
                {"interrupted", MIG_OVERVIEW_INTERRUPTED},
                {"failed", MIG_OVERVIEW_FAILED}};
    if (account->standing != MIG_STANDING_ENDED) {
        return account->standing == MIG_STANDING_RUNNING  ? MIG_OVERVIEW_RUNNING
               : account->standing == MIG_STANDING_KILLED ? MIG_OVERVIEW_KILLED
                                                          : MIG_OVERVIEW_WAITING;
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (strcmp(account->status, ends[i].status) == 0) {
            return ends[i].state;
        }
    }
    return MIG_OVERVIEW_PARTIAL; /* a word of another version: not known to be complete */
}

static int take_standing(mig_overview_account *out, const mig_standing_account *from, int64_t now)
{
    const bool running = from->standing == MIG_STANDING_RUNNING;
    const mig_standing_pace pace = mig_standing_pace_of(from, now);
    *out = (mig_overview_account){.source = mig__strdup(from->source),
                                  .target = mig__strdup(from->target),
                                  .path = mig__strdup(from->path),
                                  .state = state_of_standing(from),
                                  .to_do = running ? from->to_copy : 0,
                                  .done = running ? from->done : 0,
                                  .carried = from->copied,
                                  .bytes = from->bytes,
                                  .failed = from->failed,
                                  .paced = running && pace.known,
                                  .seconds_left = running && pace.ends ? pace.seconds_left : -1,
                                  .begun = from->begun,
                                  .ended = from->ended};
    snprintf(out->step, sizeof out->step, "%s", from->verb);
    snprintf(out->verified, sizeof out->verified, "%s", from->verified);
    out->messages_per_second = out->paced ? pace.messages_per_second : 0;
    out->bytes_per_second = out->paced ? pace.bytes_per_second : 0;
    return out->source != NULL && out->target != NULL && out->path != NULL ? 0 : -1;
}

int mig__overview_of_states(mig_overview *overview, const mig_standing_account *accounts, size_t count, int64_t now)
{
    const mig_standing_pace pace = mig_standing_pace_of_all(accounts, count, now);
    begin_sums(overview, now);
    overview->accounts = calloc(count > 0 ? count : 1, sizeof *overview->accounts);
    if (overview->accounts == NULL) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        mig_overview_account *account = &overview->accounts[overview->count++];
        if (take_standing(account, &accounts[i], now) != 0) {
            return -1;
        }
        add_account(overview, account);
        overview->to_do += account->to_do;
        overview->done += account->done;
        for (int code = 0; code < (int)MIG_CODE_COUNT; code++) {
            overview->problems[code] += accounts[i].failed_by_code[code];
        }
    }
    overview->paced = pace.known;
    overview->messages_per_second = pace.messages_per_second;
    overview->bytes_per_second = pace.bytes_per_second;
    overview->seconds_left = pace.ends ? pace.seconds_left : -1;
    return 0;
}

void mig__overview_clear(mig_overview *overview)
{
    for (size_t i = 0; i < overview->count; i++) {
        free(overview->accounts[i].source);
        free(overview->accounts[i].target);
        free(overview->accounts[i].path);
    }
    free(overview->accounts);
    overview->accounts = NULL;
    overview->count = 0;
}
