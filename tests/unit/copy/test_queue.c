/* Between readers and writers: who gets what next, what a refusal or a cut puts back, and where the octets stay. */
#include "copy/fake_run.h"
#include "copy/queue_private.h"
#include <stdio.h>

static const mig__appetite two = {2, 100}, many = {100, 1000};

/* What a writer is given now: the UIDs of a batch as "A:1,2", "reconcile A", "nothing". */
static const char *take(fake_run *fake, const mig__appetite *appetite, bool wait, mig__batch **batch)
{
    static char text[128];
    mig__folder_job *job = NULL;
    *batch = NULL;
    switch (mig__queue_take(&fake->run, appetite, wait, batch, &job)) {
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
    assert_int_equal(fake.run.charged, 320);
    assert_string_equal(take(&fake, &two, false, &batch), "A:1,2");
    assert_int_equal(batch->octets, 80);
    assert_string_equal(take(&fake, &two, false, &next),
                        "B:9"); /* nobody writes there yet; one may be larger than the bound */
    mig__queue_batch_done(&fake.run, next);
    assert_int_equal(fake.run.charged, 120);
    mig__queue_batch_done(&fake.run, batch);
    assert_string_equal(take(&fake, &two, true, &batch), "A:3"); /* all is read: a batch need not be full */
    mig__queue_batch_done(&fake.run, batch);
    assert_int_equal(fake.run.charged, 0);
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
    mig__queue_batch_refused(&fake.run, batch, true);
    fake_put(&fake, 0, 5, 10);
    assert_string_equal(take(&fake, &many, false, &batch), "A:1,2"); /* before what is new, in the order of UIDs */
    mig__queue_batch_refused(&fake.run, batch, false);
    assert_string_equal(take(&fake, &many, false, &batch), "A:1,2");
    const bool done[] = {false, true};
    mig__queue_messages_done(&fake.run, batch, done);
    assert_int_equal(batch->count, 1);
    assert_int_equal(batch->octets, 10);
    assert_int_equal(fake.run.charged, 40);
    mig__queue_batch_refused(&fake.run, batch, true);
    assert_string_equal(take(&fake, &many, false, &batch), "A:1");
    const bool all[] = {true};
    mig__queue_messages_done(&fake.run, batch, all);
    mig__queue_batch_refused(&fake.run, batch, false); /* nothing is left of it */
    assert_string_equal(take(&fake, &many, false, &batch), "A:3,4");
    mig__queue_batch_done(&fake.run, batch);
    assert_int_equal(fake.jobs[0].batches_out, 0);
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
    fake_put(&fake, 0, 1, 10);
    fake_put(&fake, 1, 2, 10);
    assert_string_equal(take(&fake, &many, false, &batch), "A:1");
    assert_string_equal(take(&fake, &many, false, &other), "B:2");
    mig__queue_batch_unknown(&fake.run, batch);
    fake_put(&fake, 1, 3, 10);
    assert_string_equal(take(&fake, &many, false, &batch), "nothing"); /* nothing more until somebody has looked */
    mig__queue_batch_done(&fake.run, other);
    assert_string_equal(take(&fake, &many, true, &batch), "reconcile A"); /* when nobody writes there any more */
    assert_string_equal(take(&fake, &many, false, &batch), "nothing");
    mig__batch_free(fake.jobs[0].unknown);
    fake.jobs[0].unknown = NULL;
    mig__queue_reconciled(&fake.run, &fake.jobs[0]);
    assert_string_equal(take(&fake, &many, true, &batch), "B:3");
    mig__queue_batch_done(&fake.run, batch);
    fake_end(&fake);
}

static void test_ordered(void **state)
{
    (void)state;
    fake_run fake;
    mig__batch *batch, *next;
    fake_begin(&fake, 1);
    fake.options.ordered = true;
    for (uint32_t uid = 1; uid <= 4; uid++) {
        fake_put(&fake, 0, uid, 10);
    }
    assert_string_equal(take(&fake, &two, false, &batch), "A:1,2");
    assert_string_equal(take(&fake, &two, false, &next), "nothing"); /* one writer at a time */
    mig__queue_batch_done(&fake.run, batch);
    assert_string_equal(take(&fake, &two, false, &batch), "A:3,4");
    mig__queue_batch_done(&fake.run, batch);
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
    mig__queue_break_folder(&fake.run, &fake.jobs[0], &error);
    mig__queue_break_folder(&fake.run, &fake.jobs[0], &error); /* named once */
    assert_int_equal(fake.run.account->problem_count, 1);
    assert_int_equal(fake.run.charged, 10);
    fake_put(&fake, 0, 3, 10); /* reading ahead may go on for a moment */
    assert_int_equal(fake.run.charged, 10);
    assert_int_equal(fake.jobs[0].reading.todo.count, 0);
    assert_string_equal(take(&fake, &many, false, &batch), "B:2");
    mig__queue_batch_done(&fake.run, batch);
    mig_error_set(&whole, MIG_E_DISK_FULL, "full");
    whole.scope = MIG_SCOPE_RUN;
    mig__queue_break_folder(&fake.run, &fake.jobs[1], &whole); /* the run's fault, not the folder's */
    assert_false(fake.jobs[1].broken);
    assert_int_equal(fake.run.fatal.code, MIG_E_DISK_FULL);
    assert_string_equal(take(&fake, &many, true, &batch), "finished");
    fake_end(&fake);
}

static void *let_go(void *context)
{
    fake_run *fake = context;
    for (bool waiting = false; !waiting;) {
        pthread_mutex_lock(&fake->run.lock);
        waiting = fake->run.readers_waiting > 0;
        pthread_mutex_unlock(&fake->run.lock);
        mig__sleep_ms(1);
    }
    mig__queue_discharge(&fake->run, 900);
    return NULL;
}

static void test_room(void **state)
{
    (void)state;
    fake_run fake;
    pthread_t thread;
    fake_begin(&fake, 1);
    assert_int_equal(mig__queue_charge(&fake.run, 5000, NULL), 0); /* more than the budget, when nothing else is held */
    mig__queue_discharge(&fake.run, 5000);
    assert_int_equal(mig__queue_charge(&fake.run, 900, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, let_go, &fake), 0);
    assert_int_equal(mig__queue_charge(&fake.run, 200, NULL), 0); /* waits for room */
    pthread_join(thread, NULL);
    assert_int_equal(fake.run.charged, 200);
    mig_error error = MIG_ERROR_INIT;
    mig__queue_fail_nomem(&fake.run);
    assert_int_equal(fake.run.fatal.code, MIG_E_NOMEM);
    assert_int_equal(mig__queue_charge(&fake.run, 10, &error), -1);
    assert_int_equal(error.code, MIG_E_INTERRUPTED);
    mig__queue_discharge(&fake.run, 200);
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches), cmocka_unit_test(test_refused),       cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_ordered), cmocka_unit_test(test_broken_folder), cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
