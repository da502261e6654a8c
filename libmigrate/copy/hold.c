/* copy/hold.c - what the target puts off each time, beside others that pass */
#include "copy/hold.h"

mig__hold mig__hold_decide(mig__run *run, unsigned put_off, uint64_t messages, uint64_t then, const mig_error *why)
{
    bool weary = mig__gate_weary(&run->sides[MIG_TARGET].gate, why);
    pthread_mutex_lock(&run->lock);
    bool others = run->passed > then || run->messages_done + messages >= run->messages_total;
    pthread_mutex_unlock(&run->lock);
    mig__hold hold = mig__hold_of(put_off, messages, others, weary);
    if (hold == MIG__HOLD_SPLIT) {
        mig__run_progress(run); /* it is narrowed down: that is getting on */
    }
    return hold;
}

void mig__hold_passed(mig__run *run, mig__folder_job *job)
{
    run->passed++;
    job->held_up = 0;
}

uint64_t mig__hold_count(mig__run *run)
{
    pthread_mutex_lock(&run->lock);
    uint64_t passed = run->passed;
    pthread_mutex_unlock(&run->lock);
    return passed;
}

bool mig__hold_listed(mig__run *run, mig__folder_job *job)
{
    pthread_mutex_lock(&run->lock);
    bool folder = ++job->held_up >= MIG__HOLD_FOLDER;
    pthread_mutex_unlock(&run->lock);
    return folder;
}

bool mig__hold_closed(mig__run *run, const mig_error *why)
{
    pthread_mutex_lock(&run->lock);
    run->closed = *why;
    bool all = ++run->closed_folders >= MIG__HOLD_CLOSED && run->passed == 0;
    pthread_mutex_unlock(&run->lock);
    return all;
}

void mig__hold_end(mig__run *run)
{
    pthread_mutex_lock(&run->lock);
    bool none = run->closed_folders > 0 && run->passed == 0;
    mig_error error = run->closed;
    pthread_mutex_unlock(&run->lock);
    if (none) {
        mig_error_context(&error, "the target ends the connection at each message, and has taken none");
        mig_error_hint(&error, "the reason is in the server's log; run again when it takes mail");
        mig__run_fail(run, &error);
    }
}
