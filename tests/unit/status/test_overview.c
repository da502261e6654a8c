/* One model of what a run and the states say: states of accounts, sums, speeds out of what was seen, the curve, a board
 */
#include "status/overview.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

typedef struct sample {
    mig_run_account_result results[4];
    mig_run_account_progress accounts[4];
    mig_run_progress progress;
} sample;

static void make(sample *s)
{
    static const mig_run_state states[] = {MIG_RUN_RUNNING, MIG_RUN_DONE, MIG_RUN_FAILED, MIG_RUN_WAITING};
    static char names[4][8] = {"a@x", "b@x", "c@x", "d@x"}, target[] = "t@y";
    memset(s, 0, sizeof *s);
    for (int i = 0; i < 4; i++) {
        s->results[i].source = names[i];
        s->results[i].target = target;
        s->results[i].state = states[i];
        s->accounts[i] = (mig_run_account_progress){.account = names[i],
                                                    .state = states[i],
                                                    .step = MIG_STEP_COPY,
                                                    .phase = "copying",
                                                    .folder = "INBOX",
                                                    .reason = i == 2 ? "no" : "",
                                                    .so_far = &s->results[i]};
    }
    s->accounts[0].messages_total = 100;
    s->accounts[0].messages_done = 40;
    s->accounts[0].failed = 3;
    s->accounts[0].bytes_done = 4000;
    s->accounts[0].seconds = 5;
    s->results[0].strain = (mig_strain){10, 1, 2, 3, 0.5};
    s->results[1].strain = (mig_strain){0, 1, 0, 7, 0.25};
    s->results[1].copied = 50;
    s->results[1].already = 10;
    s->results[1].copied_bytes = 999;
    s->results[1].verified = 60;
    s->results[2].exit_status = 3;
    s->progress = (mig_run_progress){.accounts = s->accounts,
                                     .count = 4,
                                     .step = MIG_STEP_VERIFY,
                                     .messages_total = 160,
                                     .messages_done = 100,
                                     .bytes_done = 4999,
                                     .seconds = 5};
}

static void test_run(void **state)
{
    (void)state;
    sample s;
    make(&s);
    mig_overview overview = {.seconds_left = -1};
    assert_int_equal(mig__overview_of_run(&overview, &s.progress, 1000), 0);
    assert_int_equal(overview.count, 4);
    assert_true(overview.of_run && overview.strained && !overview.ended);
    assert_int_equal(overview.accounts[0].state, MIG_OVERVIEW_RUNNING);
    assert_int_equal(overview.accounts[1].state, MIG_OVERVIEW_COMPLETE);
    assert_int_equal(overview.accounts[2].state, MIG_OVERVIEW_FAILED);
    assert_int_equal(overview.accounts[3].state, MIG_OVERVIEW_WAITING);
    assert_string_equal(overview.accounts[2].reason, "no");
    assert_string_equal(overview.accounts[2].phase, ""); /* nothing goes on there */
    assert_string_equal(overview.accounts[1].verified, "complete");
    assert_string_equal(overview.accounts[0].verified, "");
    assert_int_equal(overview.accounts[0].carried, 37); /* what failed is not on the target */
    assert_int_equal(overview.carried, 97);
    assert_int_equal(overview.bytes, 4999);
    assert_int_equal(overview.failed, 3);
    assert_int_equal(overview.states[MIG_OVERVIEW_RUNNING], 1);
    assert_int_equal(overview.verified, 1);
    assert_int_equal(overview.strain.commits, 10);
    assert_int_equal(overview.strain.reconnects, 2);
    assert_float_equal(overview.strain.commit_seconds, 0.75, 1e-9);
    assert_false(overview.accounts[0].paced); /* seen once: no speed is known */
    assert_true(overview.seconds_left < 0);

    s.accounts[0].messages_done = 60;
    s.accounts[0].bytes_done = 6000;
    s.accounts[0].seconds = 7;
    s.progress.seconds = 7;
    s.progress.messages_done = 120;
    assert_int_equal(mig__overview_of_run(&overview, &s.progress, 1002), 0);
    assert_true(overview.accounts[0].paced);
    assert_float_equal(overview.accounts[0].messages_per_second, 10, 1e-9);
    assert_float_equal(overview.accounts[0].bytes_per_second, 1000, 1e-9);
    assert_float_equal(overview.accounts[0].seconds_left, 4, 1e-9);
    assert_true(overview.paced);
    assert_float_equal(overview.messages_per_second, 10, 1e-9);
    assert_float_equal(overview.seconds_left, 4, 1e-9);

    s.progress.uncounted = 1; /* an account of unknown size waits: nobody knows how long */
    s.progress.seconds = 9;
    assert_int_equal(mig__overview_of_run(&overview, &s.progress, 1004), 0);
    assert_true(overview.seconds_left < 0);

    s.accounts[0].step = MIG_STEP_VERIFY; /* another step: what the copy's speed was is no speed of it */
    assert_int_equal(mig__overview_of_run(&overview, &s.progress, 1006), 0);
    assert_false(overview.accounts[0].paced);
    mig__overview_clear(&overview);
}

static void test_result(void **state)
{
    (void)state;
    sample s;
    make(&s);
    mig_overview overview = {.seconds_left = -1};
    assert_int_equal(mig__overview_of_run(&overview, &s.progress, 1000), 0);
    mig_run_result result = {.accounts = s.results, .account_count = 4, .seconds = 9};
    s.results[0].state = MIG_RUN_DONE;
    s.results[0].strain.queue_bytes = 0;
    s.results[0].exit_status = 1;
    s.results[0].messages = 100;
    s.results[0].copied = 97;
    s.results[0].failed = 3;
    s.results[0].differences = 2;
    mig_error_set(&s.results[2].error, MIG_E_AUTH, "login refused");
    s.results[3].state = MIG_RUN_SKIPPED;
    mig__overview_of_result(&overview, &result, 1009);
    assert_true(overview.ended);
    assert_int_equal(overview.accounts[0].state, MIG_OVERVIEW_PARTIAL);
    assert_int_equal(overview.accounts[0].ended, 1009);
    assert_string_equal(overview.accounts[0].verified, "different");
    assert_int_equal(overview.differences, 2);
    assert_int_equal(overview.accounts[3].state, MIG_OVERVIEW_SKIPPED);
    assert_non_null(strstr(overview.accounts[2].reason, "login refused"));
    assert_int_equal(overview.strain.queue_bytes, 0);
    assert_int_equal(overview.strain.commits, 10);
    assert_int_equal(overview.to_do, 100);
    assert_int_equal(overview.done, 97);
    assert_false(overview.paced);
    mig__overview_clear(&overview);
}

static mig_standing_account standing(mig_standing how, const char *status)
{
    static char source[] = "a@x", target[] = "b@y", path[] = "/s.db";
    mig_standing_account account = {.source = source, .target = target, .path = path, .standing = how};
    snprintf(account.status, sizeof account.status, "%s", status);
    snprintf(account.verb, sizeof account.verb, "copy");
    return account;
}

static void test_states(void **state)
{
    (void)state;
    mig_standing_account accounts[] = {standing(MIG_STANDING_RUNNING, ""),
                                       standing(MIG_STANDING_ENDED, "complete"),
                                       standing(MIG_STANDING_ENDED, "partial"),
                                       standing(MIG_STANDING_ENDED, "failed"),
                                       standing(MIG_STANDING_ENDED, "interrupted"),
                                       standing(MIG_STANDING_KILLED, ""),
                                       standing(MIG_STANDING_NEW, ""),
                                       standing(MIG_STANDING_ENDED, "novel")};
    accounts[0].to_copy = 100;
    accounts[0].done = 50;
    accounts[0].copying = 1000;
    accounts[0].copied = 70;
    accounts[2].failed = 2;
    accounts[2].failed_by_code[MIG_E_TOO_BIG] = 2;
    mig_overview overview = {.seconds_left = -1};
    assert_int_equal(mig__overview_of_states(&overview, accounts, 8, 1010), 0);
    static const size_t expected[MIG_OVERVIEW_STATES] = {1, 1, 1, 1, 2, 0, 1, 1}; /* an unknown word is not complete */
    assert_memory_equal(overview.states, expected, sizeof expected);
    assert_false(overview.of_run || overview.strained);
    assert_int_equal(overview.to_do, 100);
    assert_int_equal(overview.carried, 70);
    assert_int_equal(overview.problems[MIG_E_TOO_BIG], 2);
    assert_true(overview.paced);
    assert_float_equal(overview.seconds_left, 10, 1e-9);
    mig__overview_clear(&overview);
}

static void test_curve(void **state)
{
    (void)state;
    mig_overview_curve curve = {0};
    for (int second = 0; second <= 10000; second++) {
        mig_overview_curve_add(&curve, second, (uint64_t)second * 7, (uint64_t)second * 700);
        assert_true(curve.count <= MIG_OVERVIEW_CURVE);
    }
    assert_true(curve.count > MIG_OVERVIEW_CURVE / 2 - 1);
    for (size_t i = 0; i < curve.count; i++) { /* however long it took, the speed is the same everywhere */
        assert_float_equal(curve.points[i].messages, 7, 1e-6);
        assert_float_equal(curve.points[i].bytes, 700, 1e-6);
        assert_true(i == 0 || curve.points[i].at > curve.points[i - 1].at);
    }
    const size_t before = curve.count;
    mig_overview_curve_add(&curve, 20000, 0, 0); /* a sum that shrank is no speed below nothing */
    assert_int_equal(curve.count, before + 1);
    assert_float_equal(curve.points[before].messages, 0, 0);
}

static int keep_version(const mig_overview *overview, void *context)
{
    *(uint64_t *)context = overview->version;
    return (int)overview->problems[MIG_E_TOO_BIG];
}

static void test_board(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    uint64_t version = 99;
    sample s;
    make(&s);
    mig_board *board = mig_board_new(&err);
    assert_non_null(board);
    assert_int_equal(mig_board_read(board, keep_version, &version), 0);
    assert_int_equal(version, 0);
    const mig_log_event listed = {.level = MIG_LOG_WARNING, .code = "too-big", .text = "x", .listed = true};
    const mig_log_event other = {.level = MIG_LOG_WARNING, .code = "too-big", .text = "x"};
    mig_board_take_event(board, &listed);
    mig_board_take_event(board, &other);
    mig_board_take_run(board, &s.progress);
    assert_int_equal(mig_board_read(board, keep_version, &version), 1);
    assert_int_equal(version, 1);
    assert_int_equal(mig_board_wait(board, 0, 60000), 1);
    assert_int_equal(mig_board_wait(board, 1, 1), 1);
    const mig_run_result result = {.accounts = s.results, .account_count = 4};
    mig_board_take_result(board, &result);
    assert_int_equal(mig_board_wait(board, 1, 60000), 2);
    const mig_standing_account one = standing(MIG_STANDING_NEW, "");
    assert_int_equal(mig_board_take_states(board, &one, 1, 0, 5, &err), 0);
    assert_int_equal(mig_board_wait(board, 2, 60000), 3);
    mig_board_free(&board);
    assert_null(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_run), cmocka_unit_test(test_result),
                                       cmocka_unit_test(test_states), cmocka_unit_test(test_curve),
                                       cmocka_unit_test(test_board)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
