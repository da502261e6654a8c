/* Files that appear whole or not at all, and the log. */
#include "cli/log.h"
#include "cli/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char directory[] = "/tmp/mig-output-XXXXXX";
static char path[64];

static int make_directory(void **state)
{
    (void)state;
    if (!mkdtemp(directory)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/result.json", directory);
    return 0;
}

/* Fails when a test left more than the one file behind. */
static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static const char *content(void)
{
    static char text[4096];
    FILE *file = fopen(path, "r");
    if (!file) {
        return NULL;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void test_commit_and_give_up(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    cli_output output;
    assert_int_equal(cli_output_open(&output, path, &err), 0);
    assert_int_equal(cli_output_sink("one", 3, &output), 0);
    assert_null(content()); /* not before it is whole */
    assert_int_equal(cli_output_commit(&output, &err), 0);
    assert_string_equal(content(), "one");

    assert_int_equal(cli_output_open(&output, path, &err), 0);
    assert_int_equal(cli_output_sink("two", 3, &output), 0);
    cli_output_close(&output);
    assert_string_equal(content(), "one");
}

static void test_bad_places(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    cli_output output;
    assert_int_equal(cli_output_open(&output, "/nonexistent/result.json", &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
    assert_non_null(strstr(err.text, "/nonexistent/result.json"));
    assert_int_equal(cli_output_open(&output, directory, &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
}

static void test_full_disk(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    cli_output output;
    assert_int_equal(cli_output_open(&output, "/dev/full", &err), 0);
    cli_output_sink("one", 3, &output);
    assert_int_equal(cli_output_commit(&output, &err), -1);
    assert_int_equal(err.code, MIG_E_DISK_FULL);
}

static void write_event(cli_log *log, mig_log_level level, const char *text)
{
    const mig_log_event event = {.level = level, .account = "u1@old", .folder = "INBOX", .uid = 7, .text = text};
    const mig_log library = cli_log_for_library(log);
    if (level <= library.level) {
        library.write(&event, library.context);
    }
}

static void test_log(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    FILE *file = tmpfile();
    assert_non_null(file);
    cli_terminal terminal;
    cli_terminal_init(&terminal, file);
    cli_log log = CLI_LOG_INIT;
    log.terminal = &terminal;
    unlink(path);
    assert_int_equal(cli_log_open(&log, path, &err), 0);
    write_event(&log, MIG_LOG_WARNING, "careful \x1b[2J");
    write_event(&log, MIG_LOG_INFO, "as usual");
    write_event(&log, MIG_LOG_DEBUG, "too much");
    assert_int_equal(cli_log_close(&log, &err), 0);

    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_non_null(
        strstr(content(), "\"level\": \"warning\", \"account\": \"u1@old\", \"folder\": \"INBOX\", \"uid\": 7, "));
    assert_non_null(strstr(content(), "\"text\": \"as usual\"}\n"));
    assert_null(strstr(content(), "too much"));

    char text[256];
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    assert_string_equal(text, "warning: u1@old: INBOX: UID 7: careful ?[2J\n");
    cli_terminal_destroy(&terminal);
    fclose(file);
}

/* F1: the run is asked to stop when its log cannot be written. */
static void test_log_on_full_disk(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    cli_terminal terminal;
    cli_terminal_init(&terminal, stderr);
    mig_stop stop = MIG_STOP_INIT;
    cli_log log = CLI_LOG_INIT;
    log.terminal = &terminal;
    log.stop = &stop;
    assert_int_equal(cli_log_open(&log, "/dev/full", &err), 0);
    assert_int_equal(mig_stop_level(&stop), 0);
    write_event(&log, MIG_LOG_INFO, "one");
    write_event(&log, MIG_LOG_INFO, "two");
    assert_int_equal(mig_stop_level(&stop), 1); /* asked once, not once a line */
    assert_int_equal(cli_log_close(&log, &err), -1);
    assert_int_equal(err.code, MIG_E_DISK_FULL);
    assert_int_equal(cli_log_open(&log, "/nonexistent/log", &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
    cli_terminal_destroy(&terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_commit_and_give_up), cmocka_unit_test(test_bad_places),
                                       cmocka_unit_test(test_full_disk), cmocka_unit_test(test_log),
                                       cmocka_unit_test(test_log_on_full_disk)};
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
