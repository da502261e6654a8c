/* account/pair.c - two accounts that belong together: opened at once, checked against one another, mapped */
#include "account/pair.h"
#include "account/check.h"
#include "account/sides.h"
#include "base/thread.h"

typedef struct opening {
    mig__account *account;
    const mig__pair_opening *how;
    mig_side side;
    mig__session *session;
    mig_error error;
    int failed;
} opening;

static void *open_side(void *argument)
{
    opening *o = argument;
    o->failed = mig__account_open(o->account, o->how->patience, o->how->status, &o->session, &o->error);
    if (o->failed == 0 && o->how->opened != NULL) {
        o->failed = o->how->opened(o->side, &o->session, o->how->context, &o->error);
    }
    return NULL;
}

/* What went wrong on both sides is told of both; that somebody asked to stop goes before what it led to. */
static int join_errors(const opening *from, const opening *to, mig_error *err)
{
    const opening *first = from->failed != 0 ? from : to;
    if (from->failed == 0 && to->failed == 0) {
        return 0;
    }
    if (err == NULL) {
        return -1;
    }
    if (to->failed != 0 && to->error.code == MIG_E_INTERRUPTED) {
        first = to;
    }
    *err = first->error;
    if (from->failed == 0 || to->failed == 0 || err->code == MIG_E_INTERRUPTED) {
        return -1;
    }
    return mig_error_context(err, "both sides failed; the target: %s; the source", to->error.text);
}

int mig__pair_open(mig__account pair[2], const mig__pair_opening *how, mig__session *sessions[2], mig_error *err)
{
    opening from = {.account = &pair[MIG_SOURCE], .how = how, .side = MIG_SOURCE, .error = MIG_ERROR_INIT};
    opening to = {.account = &pair[MIG_TARGET], .how = how, .side = MIG_TARGET, .error = MIG_ERROR_INIT};
    bool with_target = pair[MIG_TARGET].endpoint != NULL;
    pthread_t thread;
    if (with_target && mig__thread_start(&thread, open_side, &to, err) != 0) {
        return -1;
    }
    int failed = how->meanwhile != NULL ? how->meanwhile(how->context, err) : 0;
    if (failed != 0 && how->failed != NULL) {
        how->failed(how->context, err);
    }
    if (failed == 0 && pair[MIG_SOURCE].endpoint != NULL && !how->without_source) {
        open_side(&from);
    }
    if (with_target) {
        pthread_join(thread, NULL);
    }
    sessions[MIG_SOURCE] = from.session;
    sessions[MIG_TARGET] = to.session;
    return failed != 0 ? failed : join_errors(&from, &to, err);
}

int mig__pair_check(const mig__account pair[2], mig__session *const sessions[2], bool known, bool begun, mig_error *err)
{
    const mig__side_found from = {&pair[MIG_SOURCE].mailboxes, sessions[MIG_SOURCE]};
    const mig__side_found to = {&pair[MIG_TARGET].mailboxes, sessions[MIG_TARGET]};
    if (pair[MIG_TARGET].endpoint == NULL) {
        return 0;
    }
    if (!known && mig__sides_check_lists(&from, &to, err) != 0) {
        return -1;
    }
    return !begun && mig__sides_look_swapped(from.list, to.list) ? mig__sides_refuse_swapped(to.list, err) : 0;
}

mig__map_rules mig__pair_rules(const mig_selection *selection)
{
    return (mig__map_rules){selection->folders, selection->excludes, selection->maps, selection->labels,
                            selection->shared};
}

int mig__pair_map(const mig__account pair[2], const mig_selection *selection, mig__map *out, mig_error *err)
{
    const mig__map_rules rules = mig__pair_rules(selection);
    return mig__sides_map(out, &pair[MIG_SOURCE].mailboxes, &pair[MIG_TARGET].mailboxes, &pair[MIG_SOURCE].profile,
                          &pair[MIG_TARGET].profile, &rules, err);
}

void mig__pair_stats(mig__account pair[2], mig__stream_stats *sum)
{
    mig__gate_stats(&pair[MIG_SOURCE].gate, sum);
    mig__gate_stats(&pair[MIG_TARGET].gate, sum);
}
