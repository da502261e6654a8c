#include "copy/spare.h"

static void *open_spare(void *argument)
{
    mig__spare *spare = argument;
    mig_error error;
    spare->session = mig__gate_open(&spare->run->sides[MIG_TARGET].gate, MIG__PATIENCE_NONE, &error);
    return NULL;
}

/* What STATUS shows beyond the last complete pass: an estimate, the scan tells exactly. */
static uint64_t promised(const mig__run *run)
{
    uint64_t messages = 0;
    for (size_t i = 0; i < run->job_count; i++) {
        const mig__folder_job *job = &run->jobs[i];
        if (job->copy && job->record.id == 0) {
            messages += job->source->messages;
        } else if (job->copy && job->source->messages > job->record.source_messages && job->record.source_uidnext > 0) {
            messages += job->source->messages - job->record.source_messages;
        }
    }
    return messages;
}

void mig__spares_begin(mig__spares *spares, mig__run *run)
{
    uint64_t worth = promised(run) / MIG__MESSAGES_A_WRITER;
    size_t most = run->max_writers - 1 < MIG__SPARES_MOST ? run->max_writers - 1 : MIG__SPARES_MOST;
    for (size_t i = 0; i < most && i + 1 < worth; i++) {
        spares->items[i] = (mig__spare){.run = run};
        if (pthread_create(&spares->items[i].thread, NULL, open_spare, &spares->items[i]) != 0) {
            return; /* fewer, then */
        }
        spares->count++;
    }
}

bool mig__spares_take(mig__spares *spares, mig__session **session)
{
    if (spares->taken == spares->count) {
        return false;
    }
    mig__spare *spare = &spares->items[spares->taken++];
    pthread_join(spare->thread, NULL);
    *session = spare->session;
    return true;
}

void mig__spares_end(mig__spares *spares, mig__run *run)
{
    mig__session *session;
    while (mig__spares_take(spares, &session)) {
        mig__gate_close(&run->sides[MIG_TARGET].gate, &session);
    }
}
