/* inventory/recall.c - what earlier copies of the account recorded: how much is across, and how fast it went */
#include "inventory/job.h"
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

int mig__inventory_recall_copied(mig__inventory *run, mig_error *err)
{
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < run->account->folder_count; i++) {
        const mig_inventory_folder *folder = &run->account->folders[i];
        const mig__state_folder *known =
            mig__inventory_known(run, run->sides[MIG_SOURCE].mailboxes.items[run->order[i]].wire);
        mig__state_counts counts;
        if (known == NULL || (folder->target != NULL && folder->target[0] == '\0')) {
            continue;
        }
        failed = mig__state_count(run->state, known->id, &counts, err);
        if (failed == 0) {
            run->copied[i] = (mig__inventory_copied){counts.copied + counts.adopted, counts.octets, counts.withheld,
                                                     counts.withheld_octets};
        }
    }
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
    run->state = mig__state_open(path, true, run->options->observer.stop, err);
    if (run->state == NULL) {
        return -1;
    }
    int64_t account = mig__state_account(run->state, run->account->sides[MIG_SOURCE].label,
                                         run->account->sides[MIG_TARGET].label, &unknown);
    if (account <= 0) {
        return 0;
    }
    if (mig__state_folders(run->state, account, &run->known, &run->known_count, err) != 0) {
        return -1;
    }
    run->copied_before = run->known_count > 0;
    return mig__state_runs(run->state, account, measure_run, &m, err) < 0 ? -1 : 0;
}
