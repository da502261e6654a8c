/* fake_run.h - a run of a copy without sessions and without a state: folders, a lock, a result */
#ifndef TEST_FAKE_RUN_H
#define TEST_FAKE_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "copy/job.h"
#include "copy/lanes.h"
#include <stdlib.h>
#include <string.h>

enum { FAKE_JOBS = 4 };

typedef struct fake_run {
    mig__run run;
    mig_copy_options options;
    mig__mailbox sources[FAKE_JOBS];
    mig__folder_job jobs[FAKE_JOBS];
} fake_run;

/* Begin anew with the queue, after options or jobs were changed. */
static inline void fake_queue(fake_run *fake)
{
    mig__lanes_end(&fake->run);
    assert_int_equal(mig__lanes_begin(&fake->run, NULL), 0);
    mig__lanes_open(&fake->run);
}

/* `count` folders named A, B, ... that go to mailboxes of the same names. */
static inline void fake_begin(fake_run *fake, size_t count)
{
    static const char *const names[FAKE_JOBS] = {"A", "B", "C", "D"};
    memset(fake, 0, sizeof *fake);
    mig__run *run = &fake->run;
    run->options = &fake->options;
    run->jobs = fake->jobs;
    run->job_count = count;
    run->budget = 1000;
    pthread_mutex_init(&run->lock, NULL);
    mig__cond_init(&run->changed);
    run->result = mig__result_new("source", "target", count, NULL);
    assert_non_null(run->result);
    run->account = &run->result->accounts[0];
    for (size_t i = 0; i < count; i++) {
        mig__folder_job *job = &fake->jobs[i];
        fake->sources[i] = (mig__mailbox){.wire = (char *)names[i], .name = (char *)names[i], .name_valid = true};
        job->source = &fake->sources[i];
        job->target = mig__strdup(names[i]);
        job->record.target = mig__strdup(names[i]);
        job->copy = true;
        job->lead = job;
        job->result = &run->account->folders[i];
        job->result->source = mig__strdup(names[i]);
        job->result->target = mig__strdup(names[i]);
    }
    fake_queue(fake);
}

static inline void fake_end(fake_run *fake)
{
    mig__lanes_end(&fake->run);
    for (size_t i = 0; i < fake->run.job_count; i++) {
        free(fake->jobs[i].target);
        free(fake->jobs[i].error);
        mig__uidset_free(&fake->jobs[i].reading.todo);
        free(fake->jobs[i].record.target);
    }
    mig_copy_result_free(&fake->run.result);
    pthread_cond_destroy(&fake->run.changed);
    pthread_mutex_destroy(&fake->run.lock);
}

/* A message of that UID and size, whose room was taken, in the queue of a folder. */
static inline void fake_put(fake_run *fake, size_t folder, uint32_t uid, uint64_t size)
{
    mig__transit *message = mig__transit_new(size, "/nowhere", NULL);
    assert_non_null(message);
    message->uid = uid;
    message->charged = size;
    assert_int_equal(mig__queue_charge(fake->run.queue, size, NULL), 0);
    mig__lanes_put(&fake->run, &fake->jobs[folder], message);
}

#endif
