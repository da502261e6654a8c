/* copy/begin.c - what is known when a run begins */
#include "copy/begin.h"
#include "base/clock.h"
#include "state/selection.h"
#include <unistd.h>

/* For --dry-run: what is recorded so far, if anything, and nothing is written. */
static int open_state_for_reading(mig__run *run, mig_error *err)
{
    if (access(run->options->state_path, F_OK) == 0) {
        mig_error unknown;
        run->state = mig__state_open(run->options->state_path, true, run->options->observer.stop, err);
        if (run->state == NULL) {
            return -1;
        }
        if (mig__state_account(run->state, run->sides[MIG_SOURCE].label, run->sides[MIG_TARGET].label, &unknown) > 0) {
            return 0;
        }
        mig__state_close(&run->state, NULL);
    }
    run->state = mig__state_open_memory(err);
    return run->state == NULL ? -1 : 0;
}

int mig__begin_record(mig__run *run, mig_error *err)
{
    const mig_copy_options *options = run->options;
    if (options->dry_run) {
        if (open_state_for_reading(run, err) != 0) {
            return -1;
        }
    } else if ((run->state = mig__state_open(options->state_path, false, run->options->observer.stop, err)) == NULL) {
        return -1;
    }
    if (!options->dry_run && options->lock_dir != NULL &&
        mig__lock_take_pair(&run->pair, options->lock_dir, run->sides[MIG_SOURCE].label, run->sides[MIG_TARGET].label,
                            err) != 0) {
        return -1;
    }
    run->state_account =
        mig__state_account(run->state, run->sides[MIG_SOURCE].label, run->sides[MIG_TARGET].label, err);
    if (run->state_account == 0) {
        return -1;
    }
    run->first_row = mig__state_last_message(run->state, err);
    if (run->first_row < 0) {
        return -1;
    }
    run->state_run =
        options->dry_run ? 0 : mig__state_run_begin(run->state, run->state_account, "copy", MIG_VERSION, err);
    if (run->state_run < 0 ||
        (run->state_run > 0 && mig__state_run_selection(run->state, run->state_run, &options->selection, err) != 0)) {
        return -1;
    }
    uint64_t sent = 0;
    if (mig__state_sent(run->state, run->state_account, mig__wall_seconds() / 86400, &sent, err) != 0) {
        return -1;
    }
    return mig__pace_init(&run->pace, options->max_rate, options->daily_limit, sent, options->until, err);
}
