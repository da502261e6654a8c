/* Several writers at once: they share commits, nothing gets lost between them, and a failure stops them all. */
#include "state/fixture.h"
#include "state/faulty_vfs.h"
#include "base/clock.h"
#include <sched.h>
#include <stdatomic.h>

enum { WRITERS = 4 };

typedef struct work {
    mig__state *state;
    int64_t folder;
    uint32_t first_uid;
    int batches;
    uint32_t size;
    mig_error err;
    int done; /* batches */
    pthread_t thread;
} work;

static atomic_int asked; /* intents that writers have asked to be made durable */

static void *write_batches(void *argument)
{
    work *w = argument;
    uint32_t *uids = calloc(w->size, sizeof *uids);
    for (; w->done < w->batches; w->done++) {
        uint32_t first = w->first_uid + (uint32_t)w->done * w->size;
        atomic_fetch_add(&asked, 1);
        int64_t batch = begin_batch(w->state, w->folder, first, w->size, &w->err);
        for (uint32_t i = 0; i < w->size; i++) {
            uids[i] = first + i + 7;
        }
        if (batch < 0 || mig__state_outcome(w->state, batch, uids, w->size, &w->err) != 0) {
            break;
        }
    }
    free(uids);
    return NULL;
}

static void write_all(mig__state *state, int64_t folder, uint32_t first, int batches, uint32_t size, work out[WRITERS])
{
    atomic_store(&asked, 0);
    for (int i = 0; i < WRITERS; i++) {
        out[i] = (work){.state = state,
                        .folder = folder,
                        .first_uid = first + (uint32_t)(i * batches) * size,
                        .batches = batches,
                        .size = size};
        assert_int_equal(pthread_create(&out[i].thread, NULL, write_batches, &out[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(out[i].thread, NULL);
    }
}

static int expect_next(const mig__message *message, void *context)
{
    uint32_t *next = context;
    assert_int_equal(message->source_uid, *next);
    assert_int_equal(message->target_uid, *next + 7);
    assert_int_equal(message->state, MIG__MESSAGE_COPIED);
    ++*next;
    return 0;
}

/* A disk so slow that every writer has asked before the first commit is done: however the threads are scheduled. */
static void wait_until_all_have_asked(void)
{
    while (atomic_load(&asked) < WRITERS) {
        sched_yield();
    }
}

/* One intent of each writer: the first to come commits alone, and what came meanwhile shares the next commit. */
static void commits_are_shared(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    work works[WRITERS];
    enum { ROUNDS = 20, SIZE = 5 };

    faulty_install();
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t folder = folder_of(state, "INBOX");
    assert_ok(mig__state_flush(state, &err), err);
    faulty_arm(FAULTY_NONE, 1, false, SQLITE_OK);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        faulty.at_sync = wait_until_all_have_asked;
        write_all(state, folder, 1 + round * WRITERS * SIZE, 1, SIZE, works);
        faulty.at_sync = NULL;
        assert_ok(mig__state_flush(state, &err), err);
    }
    long shared = faulty.syncs;
    faulty_arm(FAULTY_NONE, 1, false, SQLITE_OK);
    for (uint32_t i = 0; i < ROUNDS; i++) { /* what an intent and a flush cost alone */
        work alone = {.state = state, .folder = folder, .first_uid = 100000 + i * SIZE, .batches = 1, .size = SIZE};
        write_batches(&alone);
        assert_ok(mig__state_flush(state, &err), err);
    }
    print_message("%d intents, %d at a time: %ld fsyncs; alone %ld\n", ROUNDS * WRITERS, WRITERS, shared,
                  faulty.syncs * WRITERS);
    assert_true(shared * 4 < faulty.syncs * WRITERS * 3);
    close_state(&state);
    faulty_remove();

    state = open_state(((fixture *)*context)->path);
    mig__state_counts counts;
    assert_ok(mig__state_count(state, folder, &counts, &err), err);
    assert_int_equal(counts.copied, (ROUNDS * WRITERS + ROUNDS) * SIZE);
    close_state(&state);
}

/*
 * 100,000 messages without the disk's own time. Release build, 2 cores: 200,000 to 250,000 messages a second, each
 * with intent and outcome (two writes of its row).
 */
static void many_messages_take_little_time(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    work works[WRITERS];
    enum { BATCHES = 250, SIZE = 100 };

    faulty_install();
    faulty_arm(FAULTY_NONE, 1, false, SQLITE_OK);
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t folder = folder_of(state, "INBOX");
    sqlite3_memory_highwater(1);
    double begun = mig__now_seconds();
    write_all(state, folder, 1, BATCHES, SIZE, works);
    double seconds = mig__now_seconds() - begun;
    long long most = sqlite3_memory_highwater(0);
    print_message("%d messages in %.2f s: %.0f/s, SQLite's memory %lld KiB\n", WRITERS * BATCHES * SIZE, seconds,
                  WRITERS * BATCHES * SIZE / seconds, most / 1024);
    assert_true(most < 4 << 20);
    uint32_t next = 1;
    assert_ok(mig__state_messages(state, folder, expect_next, &next, &err), err);
    assert_int_equal(next, WRITERS * BATCHES * SIZE + 1);

    int64_t account = mig__state_account(state, "a@old:993", "b@new:993", &err);
    for (uint32_t uid = 1; uid < next; uid += 997) { /* found among them by content */
        mig__message wanted = message_of(uid);
        mig__message found;
        int64_t in = 0;
        assert_int_equal(mig__state_find_digest(state, account, wanted.digest.raw, &in, &found, &err), 1);
        assert_int_equal(found.source_uid, uid);
    }
    assert_ok(mig__state_folder_reset_target(state, folder, &err), err);
    long writes = faulty.writes;
    for (int64_t id = 1; id <= WRITERS * BATCHES * SIZE; id += 2) { /* a long transaction commits by itself */
        assert_ok(mig__state_message_repair(state, id, 0, 1, &err), err);
    }
    assert_true(faulty.writes > writes);
    mig__uidset uids = MIG__UIDSET_INIT;
    assert_ok(mig__state_target_uids(state, folder, &uids, &err), err);
    assert_int_equal(mig__uidset_size(&uids), 1);
    mig__uidset_free(&uids);
    assert_true(sqlite3_memory_highwater(0) < 4 << 20);
    close_state(&state);
    faulty_remove();
}

static void a_failure_reaches_every_writer(void **context)
{
    work works[WRITERS];
    mig_error err = MIG_ERROR_INIT;
    mig__state_counts counts;
    int promised = 0;

    faulty_install();
    faulty_arm(FAULTY_NONE, 1, false, SQLITE_OK);
    mig__state *state = open_state(((fixture *)*context)->path);
    int64_t folder = folder_of(state, "INBOX");
    assert_ok(mig__state_flush(state, &err), err);
    faulty_arm(FAULTY_WRITE, 150, true, SQLITE_FULL);
    write_all(state, folder, 1, 1000, 10, works);
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(works[i].err.code, MIG_E_DISK_FULL);
        promised += works[i].done;
    }
    assert_int_equal(mig__state_close(&state, &err), -1);
    assert_int_equal(err.code, MIG_E_DISK_FULL);
    faulty_remove();

    state = open_state(((fixture *)*context)->path);
    assert_ok(mig__state_count(state, folder_of(state, "INBOX"), &counts, &err), err);
    assert_true(promised > 0);
    assert_true(counts.intent + counts.copied >= (uint64_t)promised * 10);
    assert_int_equal((counts.intent + counts.copied) % 10, 0);
    close_state(&state);
}

static atomic_bool stop_reading;

static void *read_all_the_time(void *argument)
{
    const work *w = argument;
    mig__state_counts counts;
    uint64_t before = 0;
    while (!atomic_load(&stop_reading)) {
        uint64_t now = 0;
        if (mig__state_count(w->state, w->folder, &counts, NULL) == 0) {
            now = counts.intent + counts.copied;
        }
        if (now < before || now % 10 != 0) {
            return argument; /* went back, or saw half a batch */
        }
        before = now;
    }
    return NULL;
}

static void readers_see_whole_batches(void **context)
{
    work works[WRITERS];
    work reader = {0};
    void *complaint = NULL;
    pthread_t thread;

    reader.state = open_state(((fixture *)*context)->path);
    reader.folder = folder_of(reader.state, "INBOX");
    atomic_store(&stop_reading, false);
    assert_int_equal(pthread_create(&thread, NULL, read_all_the_time, &reader), 0);
    write_all(reader.state, reader.folder, 1, 20, 10, works);
    atomic_store(&stop_reading, true);
    pthread_join(thread, &complaint);
    assert_null(complaint);
    close_state(&reader.state);
}

int main(void)
{
#define STATE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        STATE_TEST(commits_are_shared),
        STATE_TEST(many_messages_take_little_time),
        STATE_TEST(a_failure_reaches_every_writer),
        STATE_TEST(readers_see_whole_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
