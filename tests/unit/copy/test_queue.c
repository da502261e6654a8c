/* Between readers and writers: who gets what next, what a refusal or a cut puts back, and where the octets stay. */
#include "copy/fake_run.h"
#include <stdio.h>

static const mig__appetite two = {2, 100}, many = {100, 1000};

/* What a writer is given now: the UIDs of a batch as "A:1,2", "reconcile A", "nothing". */
static const char *take(fake_run *fake, const mig__appetite *appetite, bool wait, mig__batch **batch)
{
    static char text[128];
    mig__folder_job *job = NULL;
    *batch = NULL;
    switch (mig__queue_take(fake->run.queue, appetite, wait, batch, &job)) {
    case MIG__ERRAND_RECONCILE:
        snprintf(text, sizeof text, "reconcile %s", job->source->name);
        return text;
    case MIG__ERRAND_NONE:
        return "nothing";
    case MIG__ERRAND_FINISHED:
        return "finished";
    case MIG__ERRAND_BATCH:
        break;
    }
    size_t length = (size_t)snprintf(text, sizeof text, "%s:", (*batch)->job->source->name);
    for (size_t i = 0; i < (*batch)->count; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, i > 0 ? ",%u" : "%u",
                                   (unsigned)(*batch)->messages[i]->uid);
    }
    return text;
}

static void test_batches(void **state)
{
    (void)state;
    fake_run fake;
    mig__batch *batch, *next;
    fake_begin(&fake, 2);
    assert_string_equal(take(&fake, &two, false, &batch), "nothing");
    for (uint32_t uid = 1; uid <= 3; uid++) {
        fake_put(&fake, 0, uid, 40);
    }
    fake_put(&fake, 1, 9, 200);
    assert_int_equal(mig__queue_look(fake.run.queue).charged, 320);
    assert_string_equal(take(&fake, &two, false, &batch), "A:1,2");
    assert_int_equal(batch->octets, 80);
    assert_string_equal(take(&fake, &two, false, &next),
                        "B:9"); /* nobody writes there yet; one may be larger than the bound */
    mig__lanes_batch_done(&fake.run, next);
    assert_int_equal(mig__queue_look(fake.run.queue).charged, 120);
    mig__lanes_batch_done(&fake.run, batch);
    assert_string_equal(take(&fake, &two, true, &batch), "A:3"); /* all is read: a batch need not be full */
    mig__lanes_batch_done(&fake.run, batch);
    assert_int_equal(mig__queue_look(fake.run.queue).charged, 0);
    assert_int_equal(fake.run.messages_done, 4);
    assert_string_equal(take(&fake, &two, true, &batch), "finished");
    fake_end(&fake);
}

static void test_refused(void **state)
{
    (void)state;
    fake_run fake;
    mig__batch *batch;
    fake_begin(&fake, 1);
    for (uint32_t uid = 1; uid <= 4; uid++) {
        fake_put(&fake, 0, uid, 10);
    }
    assert_string_equal(take(&fake, &many, false, &batch), "A:1,2,3,4");
    mig__queue_batch_refused(fake.run.queue, batch, true);
    fake_put(&fake, 0, 5, 10);
    assert_string_equal(take(&fake, &many, false, &batch), "A:1,2"); /* before what is new, in the order of UIDs */
    mig__queue_batch_refused(fake.run.queue, batch, false);
    assert_string_equal(take(&fake, &many, false, &batch), "A:1,2");
    const bool done[] = {false, true};
    mig__lanes_messages_done(&fake.run, batch, done);
    assert_int_equal(batch->count, 1);
    assert_int_equal(batch->octets, 10);
    assert_int_equal(mig__queue_look(fake.run.queue).charged, 40);
    mig__queue_batch_refused(fake.run.queue, batch, true);
    assert_string_equal(take(&fake, &many, false, &batch), "A:1");
    const bool all[] = {true};
    mig__lanes_messages_done(&fake.run, batch, all);
    mig__queue_batch_refused(fake.run.queue, batch, false); /* nothing is left of it */
    assert_string_equal(take(&fake, &many, false, &batch), "A:3,4");
    mig__lanes_batch_done(&fake.run, batch);
    assert_string_equal(take(&fake, &many, true, &batch), "A:5");
    mig__lanes_batch_done(&fake.run, batch);
    assert_string_equal(take(&fake, &many, true, &batch), "finished"); /* nobody has a batch */
    fake_end(&fake);
}

static void test_unknown(void **state)
{
    (void)state;
    fake_run fake;
    mig__batch *batch, *other;
    fake_begin(&fake, 2);
    fake.jobs[1].shared = fake.jobs[0].shared = true; /* both go to one mailbox */
    free(fake.jobs[1].target);
    fake.jobs[1].target = mig__strdup("A");
    fake_queue(&fake);
    fake_put(&fake, 0, 1, 10);
    fake_put(&fake, 1, 2, 10);
    assert_string_equal(take(&fake, &many, false, &batch), "A:1");
    assert_string_equal(take(&fake, &many, false, &other), "B:2");
    mig__queue_batch_unknown(fake.run.queue, batch);
    fake_put(&fake, 1, 3, 10);
    assert_string_equal(take(&fake, &many, false, &batch), "nothing"); /* nothing more until somebody has looked */
    mig__lanes_batch_done(&fake.run, other);
    assert_string_equal(take(&fake, &many, true, &batch), "reconcile A"); /* when nobody writes there any more */
    assert_string_equal(take(&fake, &many, false, &batch), "nothing");
    assert_true(mig__queue_unsettled(fake.run.queue, 0));
    const mig__batch *first = mig__queue_unknown(fake.run.queue, 0);
    batch = mig__queue_take_unknown(fake.run.queue, 0);
    assert_ptr_equal(batch, first);
    mig__lanes_batch_done(&fake.run, batch);
    assert_null(mig__queue_take_unknown(fake.run.queue, 0));
    mig__queue_reconciled(fake.run.queue, 0);
    assert_false(mig__queue_unsettled(fake.run.queue, 0));
    assert_string_equal(take(&fake, &many, true, &batch), "B:3");
    mig__lanes_batch_done(&fake.run, batch);
    fake_end(&fake);
}

static void test_ordered(void **state)
{
    (void)state;
    fake_run fake;
    mig__batch *batch, *next;
    fake_begin(&fake, 1);
    fake.options.ordered = true;
    fake_queue(&fake);
    for (uint32_t uid = 1; uid <= 4; uid++) {
        fake_put(&fake, 0, uid, 10);
    }
    assert_string_equal(take(&fake, &two, false, &batch), "A:1,2");
    assert_string_equal(take(&fake, &two, false, &next), "nothing"); /* one writer at a time */
    mig__lanes_batch_done(&fake.run, batch);
    assert_string_equal(take(&fake, &two, false, &batch), "A:3,4");
    mig__lanes_batch_done(&fake.run, batch);
    fake_end(&fake);
}

static void test_broken_folder(void **state)
{
    (void)state;
    fake_run fake;
    mig__batch *batch;
    mig_error error, whole;
    fake_begin(&fake, 2);
    fake_put(&fake, 0, 1, 10);
    fake_put(&fake, 1, 2, 10);
    assert_int_equal(mig__uidset_add(&fake.jobs[0].reading.todo, 5, 9, NULL), 0);
    mig_error_set(&error, MIG_E_NOPERM, "not here");
    error.scope = MIG_SCOPE_FOLDER;
    mig__lanes_break(&fake.run, &fake.jobs[0], &error);
    mig__lanes_break(&fake.run, &fake.jobs[0], &error); /* named once */
    assert_int_equal(fake.run.account->problem_count, 1);
    assert_int_equal(mig__queue_look(fake.run.queue).charged, 10);
    fake_put(&fake, 0, 3, 10); /* reading ahead may go on for a moment */
    assert_int_equal(mig__queue_look(fake.run.queue).charged, 10);
    assert_int_equal(fake.jobs[0].reading.todo.count, 0);
    assert_string_equal(take(&fake, &many, false, &batch), "B:2");
    mig__lanes_batch_done(&fake.run, batch);
    mig_error_set(&whole, MIG_E_DISK_FULL, "full");
    whole.scope = MIG_SCOPE_RUN;
    mig__lanes_break(&fake.run, &fake.jobs[1], &whole); /* the run's fault, not the folder's */
    assert_false(fake.jobs[1].broken);
    assert_int_equal(fake.run.fatal.code, MIG_E_DISK_FULL);
    assert_string_equal(take(&fake, &many, true, &batch), "finished");
    fake_end(&fake);
}

static void *let_go(void *context)
{
    fake_run *fake = context;
    for (bool waiting = false; !waiting;) {
        waiting = mig__queue_look(fake->run.queue).readers_waiting > 0;
        mig__sleep_ms(1);
    }
    mig__queue_discharge(fake->run.queue, 900);
    return NULL;
}

static void test_room(void **state)
{
    (void)state;
    fake_run fake;
    pthread_t thread;
    fake_begin(&fake, 1);
    assert_int_equal(mig__queue_charge(fake.run.queue, 5000, NULL),
                     0); /* more than the budget, when nothing else is held */
    mig__queue_discharge(fake.run.queue, 5000);
    assert_int_equal(mig__queue_charge(fake.run.queue, 900, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, let_go, &fake), 0);
    assert_int_equal(mig__queue_charge(fake.run.queue, 200, NULL), 0); /* waits for room */
    pthread_join(thread, NULL);
    assert_int_equal(mig__queue_look(fake.run.queue).charged, 200);
    mig_error error = MIG_ERROR_INIT;
    assert_false(mig__queue_no_memory(fake.run.queue));
    mig__queue_stop(fake.run.queue);
    assert_int_equal(mig__queue_charge(fake.run.queue, 10, &error), -1);
    assert_int_equal(error.code, MIG_E_INTERRUPTED);
    mig__queue_discharge(fake.run.queue, 200);
    fake_end(&fake);
}

/* To a folder that took nothing before, the smallest message goes alone; when it is taken, the others may follow. */
static void test_wary(void **state)
{
    (void)state;
    fake_run fake;
    mig__batch *batch, *next;
    fake_begin(&fake, 1);
    fake.jobs[0].wary = true;
    fake_queue(&fake);
    fake_put(&fake, 0, 1, 30);
    fake_put(&fake, 0, 2, 10);
    fake_put(&fake, 0, 3, 20);
    assert_string_equal(take(&fake, &many, true, &batch), "A:2");
    assert_string_equal(take(&fake, &many, false, &next), "nothing");
    mig__queue_unwary(fake.run.queue, 0);
    mig__lanes_batch_done(&fake.run, batch);
    assert_string_equal(take(&fake, &many, true, &batch), "A:1,3");
    mig__lanes_batch_done(&fake.run, batch);
    fake_end(&fake);
}

/* Stopping the run ends all waiting in its queue, also of one that is made afterwards. */
static void test_stop(void **state)
{
    (void)state;
    fake_run fake;
    mig__batch *batch;
    mig_error error;
    fake_begin(&fake, 1);
    fake_put(&fake, 0, 1, 30);
    mig_error_set(&error, MIG_E_DISK_FULL, "full");
    mig__run_fail(&fake.run, &error);
    assert_string_equal(take(&fake, &many, true, &batch), "finished");
    assert_string_equal(take(&fake, &many, false, &batch), "nothing");
    fake_queue(&fake);
    assert_string_equal(take(&fake, &many, true, &batch), "finished");
    mig__queue_wake(fake.run.queue);
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches), cmocka_unit_test(test_refused),       cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_ordered), cmocka_unit_test(test_broken_folder), cmocka_unit_test(test_room),
        cmocka_unit_test(test_wary),    cmocka_unit_test(test_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
