/*
 * Every write and every fsync of the state fails once, and the power fails at each of them. What the state called
 * durable must be there afterwards; what it did not may be there, but whole.
 */
#include "state/fixture.h"
#include "state/faulty_vfs.h"

enum { BATCHES = 6, SIZE = 3, MOST_FAULTS = 2000 };

typedef struct claims {
    int tried, durable;  /* intents: the first so many */
    int queued, settled; /* outcomes: queued; durable for certain */
    bool complete;       /* the whole scenario passed, close included */
} claims;

static void assert_code(const mig_error *err, int result)
{
    mig_code want = result == SQLITE_FULL ? MIG_E_DISK_FULL : result == SQLITE_NOMEM ? MIG_E_NOMEM : MIG_E_IO;
    if (err->code != want) {
        fail_msg("code %s: %s", mig_code_name(err->code), err->text);
    }
    assert_true(want == MIG_E_NOMEM || err->hint[0] != '\0');
}

/* ---- memory that runs out: SQLite's allocations, which are nearly all of the module's ---- */

static sqlite3_mem_methods memory;
static long allocations_left = -1; /* -1: never fails */
static bool allocation_failed;

static bool refuse_allocation(void)
{
    if (allocations_left < 0 || allocations_left-- > 0) {
        return false;
    }
    allocation_failed = true; /* and allocations_left is -1: once */
    return true;
}

static void *failing_malloc(int size)
{
    return refuse_allocation() ? NULL : memory.xMalloc(size);
}

static void *failing_realloc(void *data, int size)
{
    return refuse_allocation() ? NULL : memory.xRealloc(data, size);
}

static void install_failing_memory(void)
{
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory);
    sqlite3_mem_methods failing = memory;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
}

/* After the first failure nothing is promised any more, and the error is the same. */
static void assert_broken(mig__state *state, int64_t folder, const mig_error *first)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state_counts counts;
    mig__message message = message_of(1000);

    assert_int_equal(begin_batch(state, folder, 1000, 1, &err), -1);
    assert_string_equal(err.text, first->text);
    assert_int_equal(mig__state_flush(state, &err), -1);
    assert_int_equal(err.code, first->code);
    assert_int_equal(mig__state_count(state, folder, &counts, &err), -1);
    assert_int_equal(mig__state_message_adopt(state, folder, &message, &err), -1);
    assert_int_equal(mig__state_account(state, "x", "y", NULL), 0);
}

/* Batches one after the other, each with its outcome, and a flush in the middle. */
static void play(const char *path, claims *c, int result)
{
    mig_error err = MIG_ERROR_INIT;
    memset(c, 0, sizeof *c);
    mig__state *state = mig__state_open(path, false, NULL, &err);
    if (!state) {
        assert_code(&err, result);
        return;
    }
    int64_t account = mig__state_account(state, "a@old:993", "b@new:993", &err);
    mig__state_folder inbox = {.source = (char *)(uintptr_t) "INBOX", .target = (char *)(uintptr_t) "INBOX"};
    int rc = account ? mig__state_folder_put(state, account, &inbox, &err) : -1;
    while (rc == 0 && c->tried < BATCHES) {
        uint32_t first = (uint32_t)(c->tried++ * SIZE) + 1;
        int64_t batch = begin_batch(state, inbox.id, first, SIZE, &err);
        if (batch < 0) {
            rc = -1;
            break;
        }
        c->durable = c->tried;
        c->settled = c->queued;
        rc = mig__state_outcome(state, batch, (const uint32_t[]){first + 100, first + 101, first + 102}, SIZE, &err);
        c->queued += rc == 0;
        if (rc == 0 && c->tried == BATCHES / 2) {
            rc = mig__state_flush(state, &err);
            c->settled = rc == 0 ? c->queued : c->settled;
        }
    }
    if (rc != 0) {
        assert_code(&err, result);
        assert_broken(state, inbox.id ? inbox.id : 1, &err);
    }
    if (mig__state_close(&state, &err) == 0) {
        assert_int_equal(rc, 0);
        c->settled = c->queued;
        c->complete = true;
    }
    assert_null(state);
}

static int mark(const mig__message *message, void *context)
{
    int *counts = context; /* [batch][INTENT, COPIED] */
    int batch = (int)(message->source_uid - 1) / SIZE;
    assert_in_range(message->source_uid, 1, BATCHES * SIZE);
    assert_in_range(message->state, MIG__MESSAGE_INTENT, MIG__MESSAGE_COPIED);
    assert_same_content(message, message->source_uid);
    assert_int_equal(message->target_uid, message->state == MIG__MESSAGE_COPIED ? message->source_uid + 100 : 0);
    counts[2 * batch + (int)message->state]++;
    return 0;
}

static void verify(const char *path, const claims *c)
{
    mig_error err = MIG_ERROR_INIT;
    int counts[2 * BATCHES] = {0};
    mig__state *state = open_state(path); /* whatever happened, the next run can open it */
    int64_t account = mig__state_account(state, "a@old:993", "b@new:993", &err);
    int64_t folder = folder_of(state, "INBOX");
    mig__open_batch *batches = NULL;
    size_t count = 0;
    int open = 0;

    assert_ok(mig__state_messages(state, folder, mark, counts, &err), err);
    for (int i = 0; i < BATCHES; i++) {
        int intents = counts[2 * i];
        int copied = counts[2 * i + 1];
        assert_true((intents == 0 || intents == SIZE) && (copied == 0 || copied == SIZE));
        if (i < c->durable) {
            assert_int_equal(intents + copied, SIZE);
        }
        if (i >= c->tried) {
            assert_int_equal(intents + copied, 0);
        }
        if (i < c->settled) {
            assert_int_equal(copied, SIZE);
        }
        open += intents == SIZE;
    }
    assert_ok(mig__state_open_batches(state, account, &batches, &count, &err), err);
    assert_int_equal(count, open);
    for (size_t i = 0; i < count; i++) {
        assert_ok(mig__state_reconcile(state, batches[i].id, (const uint32_t[]){0, 0, 0}, SIZE, &err), err);
    }
    mig__state_open_batches_free(&batches, count);
    close_state(&state);
}

/* The n-th operation of that kind fails, for every n until the scenario gets through without. */
static long sweep(void **context, faulty_kind kind, bool forever, int result, bool power_cut)
{
    fixture *f = *context;
    claims c;
    long n = 0;
    bool struck;

    faulty_install();
    do {
        assert_true(++n < MOST_FAULTS);
        fixture_empty(f->directory);
        faulty.images = power_cut;
        faulty_arm(kind, n, forever, result);
        play(f->path, &c, result);
        struck = faulty.struck;
        if (power_cut && struck) {
            faulty_restore(f->path);
        }
        faulty.images = false;
        faulty_arm(FAULTY_NONE, 1, false, SQLITE_OK); /* a healthy disk, without waiting for it */
        verify(f->path, &c);
    } while (struck);
    faulty_remove();
    assert_true(c.complete);
    assert_true(n > BATCHES); /* there was something to fail */
    return n - 1;
}

static void each_write_finds_the_disk_full(void **context)
{
    print_message("%ld writes failed once, ", sweep(context, FAULTY_WRITE, false, SQLITE_FULL, false));
    print_message("%ld for good\n", sweep(context, FAULTY_WRITE, true, SQLITE_FULL, false));
}

static void each_write_fails(void **context)
{
    print_message("%ld writes failed\n", sweep(context, FAULTY_WRITE, false, SQLITE_IOERR_WRITE, false));
}

static void each_fsync_fails(void **context)
{
    print_message("%ld fsyncs failed once, ", sweep(context, FAULTY_SYNC, false, SQLITE_IOERR_FSYNC, false));
    print_message("%ld for good\n", sweep(context, FAULTY_SYNC, true, SQLITE_IOERR_FSYNC, false));
}

static void the_power_fails_at_each_operation(void **context)
{
    print_message("%ld power cuts\n", sweep(context, FAULTY_ANY, true, SQLITE_IOERR_WRITE, true));
}

static void memory_runs_out(void **context)
{
    fixture *f = *context;
    claims c;
    long tried = 0;

    faulty_install();
    faulty.images = false;
    faulty_arm(FAULTY_NONE, 1, false, SQLITE_OK); /* fsync costs nothing */
    for (long n = 0; n == 0 || allocation_failed; n += n < 100 ? 1 : 17) {
        assert_true(tried++ < MOST_FAULTS);
        fixture_empty(f->directory);
        allocation_failed = false;
        allocations_left = n;
        play(f->path, &c, SQLITE_NOMEM);
        allocations_left = -1;
        verify(f->path, &c);
    }
    assert_true(c.complete);
    print_message("%ld allocations failed\n", tried - 1);
    assert_true(tried > 200);
    faulty_remove();
}

/* The harness can see a lie: without the fsync of the log, a cut takes away what was promised. */
static void a_cut_is_seen_by_this_test(void **context)
{
    fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    mig__state_counts counts;

    faulty_install();
    faulty.images = true;
    faulty_arm(FAULTY_NONE, 1, true, SQLITE_IOERR_WRITE);
    mig__state *state = open_state(f->path);
    int64_t folder = folder_of(state, "INBOX");
    assert_true(begin_batch(state, folder, 1, 3, &err) > 0);
    faulty.images = false; /* from here on fsync does nothing */
    assert_true(begin_batch(state, folder, 4, 3, &err) > 0);
    faulty.kind = FAULTY_ANY;
    faulty.left = 0;
    assert_int_equal(mig__state_flush(state, &err), 0); /* nothing to write */
    assert_true(begin_batch(state, folder, 7, 3, &err) < 0);
    assert_int_equal(mig__state_close(&state, &err), -1);
    faulty_remove();
    faulty_restore(f->path);

    state = open_state(f->path);
    assert_ok(mig__state_count(state, folder_of(state, "INBOX"), &counts, &err), err);
    assert_int_equal(counts.intent, 3);
    close_state(&state);
}

int main(void)
{
    install_failing_memory();
#define STATE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        STATE_TEST(each_write_finds_the_disk_full),
        STATE_TEST(each_write_fails),
        STATE_TEST(each_fsync_fails),
        STATE_TEST(the_power_fails_at_each_operation),
        STATE_TEST(a_cut_is_seen_by_this_test),
        STATE_TEST(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
