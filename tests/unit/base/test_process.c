/* Commands that are run to their end: what they read and write, how they end, and how long they may take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/process.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG_MS = 60000 };

static void what_it_reads_and_writes(void **state)
{
    enum { MUCH = 300000 }; /* more than a pipe holds, either way */
    char *input = malloc(MUCH), *output = malloc(2 * MUCH);
    (void)state;
    for (size_t i = 0; i < MUCH; i++) {
        input[i] = (char)('a' + i % 26);
    }
    mig__process p = {.command = "cat; echo two words >&2; printf 'last line\n \n' >&2; exit 7",
                      .input = input,
                      .input_length = MUCH,
                      .output = output,
                      .output_size = 2 * MUCH,
                      .timeout_ms = LONG_MS};
    assert_int_equal(mig__process_run(&p), 0);
    assert_false(p.timed_out);
    assert_int_equal(mig__process_exit(p.status), 7);
    assert_int_equal(p.output_length, MUCH);
    assert_memory_equal(output, input, MUCH);
    size_t length;
    const char *line = mig__last_words_line(&p.words, &length);
    assert_int_equal(length, strlen("last line"));
    assert_memory_equal(line, "last line", length);
    p.output_size = 10; /* the rest is dropped, and the command does not wait for it to be read */
    assert_int_equal(mig__process_run(&p), 0);
    assert_int_equal(p.output_length, 10);
    assert_int_equal(mig__process_exit(p.status), 7);
    free(input);
    free(output);
}

static void it_does_not_read(void **state)
{
    char *input = calloc(1, 300000), output[64];
    (void)state;
    mig__process p = {.command = "exec <&-; echo done",
                      .input = input,
                      .input_length = 300000,
                      .output = output,
                      .output_size = sizeof output,
                      .timeout_ms = LONG_MS};
    assert_int_equal(mig__process_run(&p), 0); /* SIGPIPE does not end us */
    assert_int_equal(p.status, 0);
    assert_int_equal(p.output_length, 5);
    free(input);
    p = (mig__process){
        .command = "read x && exit 3; kill -9 $$", .output = output, .output_size = 64, .timeout_ms = LONG_MS};
    assert_int_equal(mig__process_run(&p), 0); /* nothing to be read */
    assert_int_equal(mig__process_exit(p.status), 128 + SIGKILL);
}

static void it_takes_too_long(void **state)
{
    static const char *const commands[] = {"sleep 1000", "sleep 1000 & echo x", "exec >&- 2>&-; sleep 1000"};
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char output[64];
        int64_t before = mig__now_ms();
        mig__process p = {.command = commands[i], .output = output, .output_size = sizeof output, .timeout_ms = 200};
        assert_int_equal(mig__process_run(&p), 0);
        assert_true(p.timed_out);
        assert_true(mig__now_ms() - before < LONG_MS);
    }
}

static void last_words(void **state)
{
    mig__last_words words = {.length = 0};
    char many[3000];
    size_t length;
    (void)state;
    mig__last_words_line(&words, &length);
    assert_int_equal(length, 0);
    memset(many, 'x', sizeof many);
    mig__last_words_add(&words, "first\n", 6);
    mig__last_words_add(&words, many, sizeof many);
    mig__last_words_add(&words, "\nthe end\r\n\n", 11);
    const char *line = mig__last_words_line(&words, &length);
    assert_int_equal(length, 7);
    assert_memory_equal(line, "the end", 7);
    assert_int_equal(words.length, sizeof words.text);
}

static void waiting(void **state)
{
    int ends[2], status;
    pid_t pid = -1;
    (void)state;
    assert_int_equal(mig__process_pipe(ends), 0);
    assert_true(ends[0] > STDERR_FILENO && ends[1] > STDERR_FILENO);
    assert_int_equal(mig__process_spawn(&pid, "read x; exit 5", ends[0], ends[0], ends[0]), 0);
    assert_false(mig__process_wait(pid, mig__now_ms(), &status));
    assert_int_equal(status, -1);
    close(ends[0]);
    close(ends[1]);
    assert_true(mig__process_wait(pid, mig__now_ms() + LONG_MS, &status));
    assert_int_equal(mig__process_exit(status), 5);
    assert_true(mig__process_wait(pid, mig__now_ms() + LONG_MS, &status)); /* it was reaped: nothing is known */
    assert_int_equal(status, -1);
    assert_int_equal(mig__process_exit(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_it_reads_and_writes), cmocka_unit_test(it_does_not_read),
                                       cmocka_unit_test(it_takes_too_long), cmocka_unit_test(last_words),
                                       cmocka_unit_test(waiting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
