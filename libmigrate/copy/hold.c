/* copy/hold.c - what is put off again and again, beside others that pass */
#include "copy/hold.h"

mig__hold mig__hold_of(unsigned put_off, uint64_t messages, bool others_pass, bool weary)
{
    bool soon = weary && others_pass;
    if (messages > 1) {
        return put_off < MIG__HOLD_TOGETHER && !soon ? MIG__HOLD_AGAIN : MIG__HOLD_SPLIT;
    }
    return (put_off < MIG__HOLD_ALONE && !soon) || !others_pass ? MIG__HOLD_AGAIN : MIG__HOLD_LIST;
}

mig__held mig__hold_decide(mig__run *run, mig_side side, unsigned put_off, uint64_t messages, uint64_t then,
                           const mig_error *why)
{
    bool weary = mig__gate_weary(&run->sides[side].gate, why);
    pthread_mutex_lock(&run->lock);
    bool others = run->passed[side] > then || run->messages_done + messages >= run->messages_total;
    pthread_mutex_unlock(&run->lock);
    mig__held held = {mig__hold_of(put_off, messages, others, weary), others};
    if (held.hold == MIG__HOLD_SPLIT) {
        mig__run_progress(run); /* it is narrowed down: that is getting on */
    }
    return held;
}

void mig__hold_passed(mig__run *run, mig__folder_job *job, mig_side side)
{
    run->passed[side]++;
    job->held_up[side] = 0;
}

uint64_t mig__hold_count(mig__run *run, mig_side side)
{
    pthread_mutex_lock(&run->lock);
    uint64_t passed = run->passed[side];
    pthread_mutex_unlock(&run->lock);
    return passed;
}

bool mig__hold_listed(mig__run *run, mig__folder_job *job, mig_side side)
{
    pthread_mutex_lock(&run->lock);
    bool folder = ++job->held_up[side] >= MIG__HOLD_FOLDER;
    pthread_mutex_unlock(&run->lock);
    return folder;
}
