/*
 * kill -9, at random moments and at each crash point: what the state called durable before is there afterwards, a batch
 * has all its messages or none, an outcome is applied whole or not at all. The victim is this program itself, started
 * again as `test_kill PATH FIRST-BATCH`; it reports through a pipe.
 */
#include "state/fixture.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { SIZE = 4, RANDOM_KILLS = 60, MOST_BATCHES = 20000, REPORT = 3 /* the pipe's descriptor in the victim */ };

static const char *self;

typedef struct report { /* written in one piece: never torn */
    char what;          /* 'I': intent durable; 'O': all outcomes up to this batch durable */
    uint32_t batch;     /* its number in the test, from 0 on */
} report;

/* ---- the victim ---- */

static void tell(char what, uint32_t batch)
{
    report r = {what, batch};
    if (write(REPORT, &r, sizeof r) != (ssize_t)sizeof r) {
        _exit(4);
    }
}

static int victim(const char *path, uint32_t next)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = mig__state_open(path, false, NULL, &err);
    if (!state) {
        fprintf(stderr, "%s\n", err.text);
        return 3;
    }
    int64_t folder = folder_of(state, "INBOX");
    for (; next < MOST_BATCHES; next++) {
        uint32_t first = next * SIZE + 1;
        int64_t batch = begin_batch(state, folder, first, SIZE, &err);
        if (batch < 0) {
            return 3;
        }
        tell('I', next);
        if (next > 0 && next % 5 == 4) {
            continue; /* a batch whose outcome is never known */
        }
        const uint32_t uids[SIZE] = {first + 100, first + 101, first + 102, first + 103};
        if (mig__state_outcome(state, batch, uids, SIZE, &err) != 0) {
            return 3;
        }
        if (next % 3 == 0) {
            if (mig__state_flush(state, &err) != 0) {
                return 3;
            }
            tell('O', next);
        }
    }
    return 0;
}

/* ---- the test ---- */

typedef struct ledger {
    bool durable[MOST_BATCHES], settled[MOST_BATCHES];
    uint32_t next; /* no batch from here on was reported */
    uint8_t intents[MOST_BATCHES], copied[MOST_BATCHES];
} ledger;

static pid_t start(const char *path, uint32_t next, const char *crash_at, int *out)
{
    int ends[2];
    char number[16];
    assert_int_equal(pipe(ends), 0);
    snprintf(number, sizeof number, "%u", next);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        if (ends[1] != REPORT) {
            dup2(ends[1], REPORT);
            close(ends[1]);
        }
        if (crash_at) {
            setenv("MIG_CRASH_AT", crash_at, 1);
        }
        execl(self, self, path, number, (char *)NULL);
        _exit(5);
    }
    assert_true(pid > 0);
    close(ends[1]);
    *out = ends[0];
    return pid;
}

/* Take up to `most` reports, or all until the victim has ended. */
static void hear(int in, ledger *l, size_t most)
{
    report r;
    for (size_t heard = 0; heard < most && read(in, &r, sizeof r) == (ssize_t)sizeof r; heard++) {
        if (r.what == 'I') {
            l->durable[r.batch] = true;
            l->next = r.batch + 1;
            continue;
        }
        for (uint32_t i = 0; i <= r.batch; i++) {
            l->settled[i] = l->settled[i] || (l->durable[i] && !(i > 0 && i % 5 == 4));
        }
    }
}

static void listen_to(int in, ledger *l)
{
    hear(in, l, SIZE_MAX);
    close(in);
}

static int enter(const mig__message *message, void *context)
{
    ledger *l = context;
    uint32_t batch = (message->source_uid - 1) / SIZE;
    assert_true(batch < MOST_BATCHES);
    assert_same_content(message, message->source_uid);
    if (message->state == MIG__MESSAGE_COPIED) {
        assert_int_equal(message->target_uid, message->source_uid + 100);
        l->copied[batch]++;
    } else {
        assert_int_equal(message->state, MIG__MESSAGE_INTENT);
        l->intents[batch]++;
    }
    return 0;
}

/* As the next run does: what is open is looked for on the target (here: was there), and settled. */
static void reconcile_all(mig__state *state, ledger *l)
{
    mig_error err = MIG_ERROR_INIT;
    int64_t account = mig__state_account(state, "a@old:993", "b@new:993", &err);
    mig__open_batch *batches = NULL;
    size_t count = 0;
    assert_ok(mig__state_open_batches(state, account, &batches, &count, &err), err);
    for (size_t i = 0; i < count; i++) {
        uint32_t uids[SIZE];
        assert_int_equal(batches[i].count, SIZE);
        uint32_t number = (batches[i].messages[0].source_uid - 1) / SIZE;
        assert_int_equal(l->intents[number], SIZE);
        for (size_t j = 0; j < SIZE; j++) {
            uids[j] = batches[i].messages[j].source_uid + 100;
        }
        assert_ok(mig__state_reconcile(state, batches[i].id, uids, SIZE, &err), err);
        l->settled[number] = l->durable[number] = true;
        l->intents[number] = 0;
        l->next = number >= l->next ? number + 1 : l->next;
    }
    mig__state_open_batches_free(&batches, count);
    for (uint32_t i = 0; i < MOST_BATCHES; i++) {
        assert_int_equal(l->intents[i], 0); /* each belonged to an open batch */
    }
}

static void verify(const char *path, ledger *l)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = open_state(path);
    memset(l->intents, 0, sizeof l->intents);
    memset(l->copied, 0, sizeof l->copied);
    assert_ok(mig__state_messages(state, folder_of(state, "INBOX"), enter, l, &err), err);
    for (uint32_t i = 0; i < MOST_BATCHES; i++) {
        assert_true(l->copied[i] + l->intents[i] == 0 || l->copied[i] == SIZE || l->intents[i] == SIZE);
        assert_true(!l->durable[i] || l->copied[i] + l->intents[i] == SIZE);
        assert_true(!l->settled[i] || l->copied[i] == SIZE);
        if (l->copied[i] == SIZE) {
            l->settled[i] = l->durable[i] = true;
            l->next = i >= l->next ? i + 1 : l->next;
        }
    }
    reconcile_all(state, l);
    close_state(&state);
}

static void killed_at_random(void **context)
{
    fixture *f = *context;
    ledger *l = calloc(1, sizeof *l);
    const char *given = getenv("MIG_TEST_SEED");
    unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : 1;
    uint32_t before = 0;

    assert_non_null(l);
    print_message("seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < RANDOM_KILLS; i++) {
        int in = -1;
        int status = 0;
        pid_t pid = start(f->path, l->next, NULL, &in);
        /* By what it reports, and a moment by the clock after that: on a machine under load the clock alone would kill
         * it before it has begun. Each fourth time by the clock alone, maybe while it opens the state. */
        hear(in, l, i % 4 == 3 ? 0 : 1 + (size_t)rand() % 12);
        long us = rand() % 20000;
        nanosleep(&(struct timespec){0, us * 1000}, NULL);
        kill(pid, SIGKILL);
        listen_to(in, l);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        verify(f->path, l);
        assert_true(l->next >= before);
        before = l->next;
    }
    print_message("%d kills, %u batches\n", RANDOM_KILLS, l->next);
    assert_true(l->next > RANDOM_KILLS / 4); /* they did come to work */
    free(l);
}

static void killed_at_each_point(void **context)
{
#ifdef MIG_TEST_HOOKS
    static const char *const points[] = {"intent-before",  "intent-durable",  "commit",
                                         "outcome-queued", "outcome-durable", "flush"};
    fixture *f = *context;
    ledger *l = calloc(1, sizeof *l);
    assert_non_null(l);
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        for (int nth = 1; nth <= 4; nth++) {
            char crash_at[64];
            int in = -1;
            int status = 0;
            snprintf(crash_at, sizeof crash_at, "%s:%d", points[i], nth);
            pid_t pid = start(f->path, l->next, crash_at, &in);
            listen_to(in, l);
            assert_int_equal(waitpid(pid, &status, 0), pid);
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
            verify(f->path, l);
        }
    }
    free(l);
#else
    (void)context;
    skip();
#endif
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        return victim(argv[1], (uint32_t)strtoul(argv[2], NULL, 10));
    }
    self = argv[0];
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killed_at_random, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(killed_at_each_point, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
