/* inventory/recall.c - what earlier copies of the account recorded: how much is across, and how fast it went */
#include "inventory/job.h"
#include "state/state.h"
#include <string.h>
#include <unistd.h>

enum { RUNS_MEASURED = 5 };

typedef struct measure {
    mig__inventory *run;
    unsigned runs;
} measure;

static int measure_run(const mig__state_run *recorded, void *context)
{
    measure *m = context;
    if (strcmp(recorded->verb, "copy") == 0 && recorded->ended > recorded->begun && recorded->copied > 0) {
        m->run->speed_octets += recorded->octets;
        m->run->speed_messages += recorded->copied;
        m->run->speed_seconds += (double)(recorded->ended - recorded->begun);
        m->runs++;
    }
    return m->runs == RUNS_MEASURED;
}

static int count_folders(mig__inventory *run, mig__state *state, int64_t account, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    int failed = mig__state_folders(state, account, &folders, &count, err);
    run->copied_before = count > 0;
    for (size_t i = 0; failed == 0 && i < count; i++) {
        mig__state_counts counts;
        failed = mig__state_count(state, folders[i].id, &counts, err);
        if (failed == 0) {
            run->account->copied_messages += counts.copied + counts.adopted;
            run->account->copied_bytes += counts.octets;
        }
    }
    mig__state_folders_free(&folders, count);
    return failed;
}

int mig__inventory_recall(mig__inventory *run, mig_error *err)
{
    const char *path = run->options->state_path;
    mig_error unknown;
    measure m = {.run = run};
    if (path == NULL || run->options->target == NULL || access(path, F_OK) != 0) {
        return 0;
    }
    mig__state *state = mig__state_open(path, true, err);
    if (state == NULL) {
        return -1;
    }
    int failed = 0;
    int64_t account = mig__state_account(state, run->account->sides[MIG_SOURCE].label,
                                         run->account->sides[MIG_TARGET].label, &unknown);
    if (account > 0) {
        failed = count_folders(run, state, account, err);
        if (failed == 0 && mig__state_runs(state, account, measure_run, &m, err) < 0) {
            failed = -1;
        }
    }
    mig__state_close(&state, NULL);
    return failed;
}
