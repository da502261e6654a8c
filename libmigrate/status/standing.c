/* status/standing.c - see migrate/standing.h */
#include "base/buffer.h"
#include "base/memory.h"
#include "state/state.h"
#include <errno.h>
#include <migrate/standing.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *mig_standing_name(mig_standing standing)
{
    static const char *const names[] = {"new", "running", "ended", "killed"};
    return (unsigned)standing < sizeof names / sizeof names[0] ? names[standing] : "unknown";
}

typedef struct reading {
    const char *path;
    mig_standing_account *accounts;
    int64_t *ids;
    size_t count;
    bool failed;
    mig_standing_account *current;
    int64_t last_run, size_of; /* runs of the current account: the last one, and that whose size is asked for */
    int64_t before;            /* the newest message row when it began to copy; -1: not known */
} reading;

static int take_account(int64_t id, const char *source, const char *target, void *context)
{
    reading *r = context;
    mig_standing_account *accounts = mig__grow(r->accounts, r->count, sizeof *accounts, NULL);
    if (accounts == NULL) {
        r->failed = true;
        return 1;
    }
    r->accounts = accounts;
    int64_t *ids = mig__grow(r->ids, r->count, sizeof *ids, NULL);
    if (ids == NULL) {
        r->failed = true;
        return 1;
    }
    r->ids = ids;
    mig_standing_account *account = &r->accounts[r->count];
    *account = (mig_standing_account){
        .source = mig__strdup(source), .target = mig__strdup(target), .path = mig__strdup(r->path)};
    r->ids[r->count++] = id;
    r->failed = account->source == NULL || account->target == NULL || account->path == NULL;
    return r->failed;
}

/* The lock is not touched: a run that begins at this very moment would find it taken. */
static bool is_alive(const mig__state_run *run)
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0 || strcmp(host, run->host) != 0) {
        return true; /* elsewhere: nobody here can tell */
    }
    return kill((pid_t)run->pid, 0) == 0 || errno == EPERM;
}

/* The newest comes first. */
static int take_run(const mig__state_run *run, void *context)
{
    reading *r = context;
    mig_standing_account *account = r->current;
    if (r->last_run == 0) {
        r->last_run = run->id;
        account->standing = run->ended > 0  ? MIG_STANDING_ENDED
                            : is_alive(run) ? MIG_STANDING_RUNNING
                                            : MIG_STANDING_KILLED;
        snprintf(account->verb, sizeof account->verb, "%s", run->verb);
        snprintf(account->status, sizeof account->status, "%s", run->status);
        snprintf(account->host, sizeof account->host, "%s", run->host);
        account->pid = run->pid;
        account->begun = run->begun;
        account->ended = run->ended;
        r->size_of = strcmp(run->verb, "copy") == 0 ? run->id : 0;
    }
    if (strcmp(run->verb, "verify") == 0 && run->ended > 0 && account->verified[0] == '\0') {
        snprintf(account->verified, sizeof account->verified, "%s", run->failed > 0 ? "different" : run->status);
    }
    return strcmp(run->verb, "copy") == 0; /* what was before the last copy is history */
}

static int take_event(int64_t at, const char *kind, int64_t folder, const char *text, void *context)
{
    reading *r = context;
    (void)folder;
    if (strcmp(kind, "to-copy") == 0) {
        char *end = NULL;
        r->current->to_copy = strtoull(text, &end, 10);
        r->current->copying = at;
        r->before = *end == ' ' ? strtoll(end, NULL, 10) : -1;
    }
    return 0;
}

static int take_failed(const mig__message *message, void *context)
{
    reading *r = context;
    r->current->failed_by_code[message->code]++;
    return 0;
}

static int count_messages(reading *r, mig__state *state, int64_t id, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    int failed = mig__state_folders(state, id, &folders, &count, err);
    for (size_t i = 0; failed == 0 && i < count; i++) {
        mig__state_counts counts;
        failed = mig__state_count(state, folders[i].id, &counts, err);
        if (failed == 0 && counts.failed > 0) {
            failed = mig__state_failed(state, folders[i].id, take_failed, r, err);
        }
        if (failed == 0) {
            r->current->copied += counts.copied + counts.adopted;
            r->current->bytes += counts.octets;
            r->current->failed += counts.failed;
            r->current->in_flight += counts.intent;
        }
    }
    mig__state_folders_free(&folders, count);
    return failed;
}

static int count_done(reading *r, mig__state *state, int64_t id, mig_error *err)
{
    mig__state_counts counts;
    if (r->before < 0) {
        return 0;
    }
    if (mig__state_count_since(state, id, r->before, &counts, err) != 0) {
        return -1;
    }
    uint64_t done = counts.copied + counts.adopted + counts.failed + counts.withheld;
    r->current->done = done < r->current->to_copy ? done : r->current->to_copy;
    r->current->done_bytes = counts.octets;
    return 0;
}

static int read_account(reading *r, mig__state *state, size_t index, mig_error *err)
{
    r->current = &r->accounts[index];
    r->last_run = r->size_of = 0;
    r->before = -1;
    if (mig__state_runs(state, r->ids[index], take_run, r, err) < 0 ||
        count_messages(r, state, r->ids[index], err) != 0) {
        return -1;
    }
    if (r->size_of > 0 && mig__state_events(state, r->size_of, take_event, r, err) < 0) {
        return -1;
    }
    return count_done(r, state, r->ids[index], err);
}

/* ---- pace ---- */

static uint64_t left_of(const mig_standing_account *account)
{
    return account->standing == MIG_STANDING_RUNNING ? account->to_copy - account->done : 0;
}

mig_standing_pace mig_standing_pace_of(const mig_standing_account *account, int64_t now)
{
    mig_standing_pace pace = {.known = false};
    int64_t end = account->ended > 0 ? account->ended : now;
    if (account->copying == 0 || end <= account->copying) {
        return pace;
    }
    double seconds = (double)(end - account->copying);
    pace.known = true;
    pace.messages_per_second = (double)account->done / seconds;
    pace.bytes_per_second = (double)account->done_bytes / seconds;
    pace.ends = account->standing == MIG_STANDING_RUNNING && account->done > 0;
    pace.seconds_left = pace.ends ? (double)left_of(account) / pace.messages_per_second : 0;
    return pace;
}

mig_standing_pace mig_standing_pace_of_all(const mig_standing_account *accounts, size_t count, int64_t now)
{
    mig_standing_pace all = {.known = false};
    uint64_t left = 0;
    for (size_t i = 0; i < count; i++) {
        mig_standing_pace pace = mig_standing_pace_of(&accounts[i], now);
        if (accounts[i].standing == MIG_STANDING_RUNNING && pace.known) {
            all.known = true;
            all.messages_per_second += pace.messages_per_second;
            all.bytes_per_second += pace.bytes_per_second;
            left += left_of(&accounts[i]);
        }
    }
    all.ends = all.messages_per_second > 0;
    all.seconds_left = all.ends ? (double)left / all.messages_per_second : 0;
    return all;
}

/* ---- reading ---- */

int mig_standing_read(const char *path, mig_standing_account **accounts, size_t *count, mig_error *err)
{
    reading r = {.path = path};
    *accounts = NULL;
    *count = 0;
    mig__state *state = mig__state_open(path, true, NULL, err);
    if (state == NULL) {
        return -1;
    }
    int failed = mig__state_accounts(state, take_account, &r, err) < 0 ? -1 : 0;
    if (r.failed) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; failed == 0 && i < r.count; i++) {
        failed = read_account(&r, state, i, err);
    }
    mig__state_close(&state, NULL);
    free(r.ids);
    if (failed != 0) {
        mig_standing_free(&r.accounts, r.count);
        return -1;
    }
    *accounts = r.accounts;
    *count = r.count;
    return 0;
}

void mig_standing_free(mig_standing_account **accounts, size_t count)
{
    for (size_t i = 0; *accounts != NULL && i < count; i++) {
        free((*accounts)[i].source);
        free((*accounts)[i].target);
        free((*accounts)[i].path);
    }
    free(*accounts);
    *accounts = NULL;
}
