/* The table of a run over many accounts: rows, the sum, names that are too long or act on a terminal */
#include "cli/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const mig_run_account_progress copying = {.account = "ann@old.example",
                                                 .state = MIG_RUN_RUNNING,
                                                 .step = MIG_STEP_COPY,
                                                 .phase = "copying",
                                                 .folder = "INBOX",
                                                 .messages_total = 2500,
                                                 .messages_done = 1234,
                                                 .bytes_done = 3355443,
                                                 .reason = ""};

static void test_row(void **state)
{
    char out[256];
    (void)state;
    assert_string_equal(cli_table_row(&copying, 100, out, sizeof out),
                        "  ann@old.example                   copy       1,234/2,500  3.2 MiB  INBOX");
    mig_run_account_progress other = copying;
    other.step = MIG_STEP_CHECK;
    other.phase = "connecting";
    other.messages_total = other.bytes_done = 0;
    other.folder = "";
    assert_string_equal(cli_table_row(&other, 100, out, sizeof out),
                        "  ann@old.example                   check      connecting  ");
}

static void test_width(void **state)
{
    char out[512];
    mig_run_account_progress long_one = copying;
    (void)state;
    long_one.account = "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e-a-very-long-name-of-a-user@host.example";
    long_one.folder = "a folder\x1b[31m with\na name that goes on and on and on and on";
    for (size_t columns = 1; columns < 120; columns++) {
        cli_table_row(&long_one, columns, out, sizeof out);
        assert_true(cli_text_width(out) <= columns);
        assert_null(strchr(out, '\x1b'));
        assert_null(strchr(out, '\n'));
    }
}

static void test_summary(void **state)
{
    char out[256];
    cli_rate rate = {.count = 0};
    mig_run_progress progress = {
        .count = 48, .waiting = 30, .running = 4, .done = 12, .failed = 2, .step = MIG_STEP_CHECK};
    (void)state;
    assert_string_equal(cli_table_summary(&progress, &rate, out, sizeof out),
                        "12 done, 4 running, 30 waiting, 2 failed; checking all accounts");
    progress.step = MIG_STEP_VERIFY;
    progress.messages_total = 6000;
    progress.messages_done = 1000;
    for (int i = 0; i <= 10; i++) {
        const mig_progress now = {
            .messages_done = 100u * (unsigned)i, .bytes_done = 1048576u * (unsigned)i, .seconds = i};
        cli_rate_add(&rate, &now);
    }
    assert_string_equal(cli_table_summary(&progress, &rate, out, sizeof out),
                        "12 done, 4 running, 30 waiting, 2 failed; 1,000/6,000 messages (16%), 1.0 MiB/s, 50 s left");
}

/* What the table writes to `file` for these accounts, given once or twice. */
static void written(mig_progress_mode mode, int times, char *out, size_t size)
{
    mig_run_account_progress accounts[] = {copying, copying, copying};
    mig_run_progress progress = {.accounts = accounts, .count = 3, .running = 1, .done = 1, .failed = 1};
    cli_terminal terminal;
    cli_table table;
    FILE *file = tmpfile();
    assert_non_null(file);
    accounts[1].state = MIG_RUN_DONE;
    accounts[2].state = MIG_RUN_FAILED;
    accounts[2].account = "bob@old.example";
    accounts[2].reason = "the server refuses the login";
    cli_terminal_init(&terminal, file);
    cli_table_init(&table, &terminal, mode, false);
    for (int i = 0; i < times; i++) {
        progress.seconds = i;
        cli_table_update(&progress, &table);
    }
    cli_table_end(&table);
    cli_terminal_destroy(&terminal);
    rewind(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    fclose(file);
}

/* Each end is told once; in place the rows above are taken away before they are written anew. */
static void test_plain_and_in_place(void **state)
{
    char out[8192];
    (void)state;
    written(MIG_PROGRESS_AUTO, 3, out, sizeof out);
    const char *failed = strstr(out, "bob@old.example: failed");
    assert_non_null(failed);
    assert_non_null(strstr(failed, "the server refuses the login"));
    assert_null(strstr(failed + 1, "bob@old.example: failed"));
    assert_null(strchr(out, '\x1b'));
    written(MIG_PROGRESS_ALWAYS, 2, out, sizeof out);
    assert_non_null(strstr(out, "\r\x1b[1A\x1b[J"));
    assert_non_null(strstr(out, "1 done, 1 running, 0 waiting, 1 failed"));
    written(MIG_PROGRESS_NEVER, 2, out, sizeof out);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_plain_and_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
