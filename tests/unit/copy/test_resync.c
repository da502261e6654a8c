/* When what QRESYNC tells is believed, and which UIDs a folder has then. */
#include "copy/fake_run.h"
#include "copy/rename.h"
#include "copy/resync.h"

typedef struct scene {
    fake_run fake;
    mig__uidset known;
    mig__resync resync;
} scene;

/* Ten were known, one vanished, two are new: eleven. */
static void begin(scene *s)
{
    fake_begin(&s->fake, 1);
    mig__folder_job *job = &s->fake.jobs[0];
    job->record.source_uidvalidity = job->snapshot.uidvalidity = 5;
    job->record.source_modseq = 70;
    job->snapshot.modseq = 80;
    job->snapshot.exists = 11;
    s->known = (mig__uidset)MIG__UIDSET_INIT;
    s->resync = (mig__resync){.job = job, .known = &s->known, .searched = true};
    assert_int_equal(mig__uidset_add(&s->known, 1, 10, NULL), 0);
    assert_int_equal(mig__uidset_add(&s->resync.gone, 4, 4, NULL), 0);
    assert_int_equal(mig__uidset_add(&s->resync.fresh, 11, 12, NULL), 0);
}

static void end(scene *s, int expected)
{
    mig__uidset found = MIG__UIDSET_INIT;
    assert_int_equal(mig__resync_found(&s->resync, &found, NULL), expected);
    if (expected == 1) {
        assert_int_equal(mig__uidset_size(&found), 11);
        assert_false(mig__uidset_has(&found, 4));
        assert_true(mig__uidset_has(&found, 12));
    }
    mig__uidset_free(&found);
    mig__uidset_free(&s->known);
    mig__resync_free(&s->resync);
    fake_end(&s->fake);
}

static void test_believed(void **state)
{
    (void)state;
    scene s;
    begin(&s);
    end(&s, 1);
}

static void test_not_believed(void **state)
{
    (void)state;
    scene s;
    begin(&s);
    s.fake.jobs[0].snapshot.exists = 12; /* it does not come to EXISTS */
    end(&s, 0);
    begin(&s);
    s.resync.searched = false;
    end(&s, 0);
    begin(&s);
    s.resync.early = true; /* told before the mailbox was open */
    end(&s, 0);
    begin(&s);
    s.resync.moving = true; /* something vanished meanwhile */
    end(&s, 0);
    begin(&s);
    s.fake.jobs[0].snapshot.uidvalidity = 6;
    end(&s, 0);
    begin(&s);
    s.fake.jobs[0].snapshot.modseq = 60; /* it cannot have gone back */
    end(&s, 0);
}

static void test_parked_names(void **state)
{
    (void)state;
    assert_true(mig__rename_parked("INBOX.mailmigrate-renaming-7"));
    assert_false(mig__rename_parked("mailmigrate"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_believed),
        cmocka_unit_test(test_not_believed),
        cmocka_unit_test(test_parked_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
