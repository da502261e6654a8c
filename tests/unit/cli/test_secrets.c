/* Where passwords come from, which source wins, and that none stays in the environment. */
#include "cli/secrets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char directory[] = "/tmp/mig-secrets-XXXXXX";
static char path[64];
static cli_terminal terminal; /* what the tool says goes to a file here */

static int make_file(void **state)
{
    (void)state;
    if (!mkdtemp(directory)) {
        return -1;
    }
    FILE *said = tmpfile();
    if (!said) {
        return -1;
    }
    cli_terminal_init(&terminal, said);
    snprintf(path, sizeof path, "%s/password", directory);
    FILE *file = fopen(path, "w");
    if (!file) {
        return -1;
    }
    fputs("from the file\nsecond line\n", file);
    fclose(file);
    return chmod(path, 0600);
}

static int remove_file(void **state)
{
    (void)state;
    cli_terminal_destroy(&terminal);
    fclose(terminal.file);
    unlink(path);
    return rmdir(directory);
}

static void assert_gives(const mig_endpoint *endpoint, const char *expected)
{
    char password[256];
    mig_error err = MIG_ERROR_INIT;
    assert_non_null(endpoint->secret);
    assert_int_equal(endpoint->secret(password, sizeof password, false, endpoint->secret_context, &err), 0);
    assert_string_equal(password, expected);
}

static mig_settings *make(const char *source_file, const char *target_file, const char *target_command)
{
    mig_error err = MIG_ERROR_INIT;
    mig_settings *settings = mig_settings_new(MIG_VERB_COPY, &err);
    assert_non_null(settings);
    assert_int_equal(mig_option_set(settings, NULL, "source", "imaps://u@h", &err), 0);
    assert_int_equal(mig_option_set(settings, NULL, "target", "imaps://v@h", &err), 0);
    if (source_file != NULL) {
        assert_int_equal(mig_option_set(settings, NULL, "source-password-file", source_file, &err), 0);
    }
    if (target_file != NULL) {
        assert_int_equal(mig_option_set(settings, NULL, "target-password-file", target_file, &err), 0);
    }
    if (target_command != NULL) {
        assert_int_equal(mig_option_set(settings, NULL, "target-password-command", target_command, &err), 0);
    }
    assert_int_equal(mig_settings_finish(settings, MIG_SETTINGS_WHOLE, NULL, NULL, &err), 0);
    return settings;
}

static int prepare(mig_settings *settings, mig_error *err)
{
    cli_secrets secrets = CLI_SECRETS_INIT;
    mig_helper helper;
    int failed = cli_secrets_take(&secrets, &terminal, NULL, err);
    cli_secrets_helper(&secrets, &helper);
    failed = failed == 0 ? mig_settings_prepare(settings, &helper, err) : -1;
    cli_secrets_clear(&secrets);
    assert_null(secrets.given[MIG_SOURCE]);
    return failed;
}

static void test_environment(void **state)
{
    (void)state;
    cli_secrets secrets = CLI_SECRETS_INIT;
    mig_helper helper;
    mig_error err = MIG_ERROR_INIT;
    setenv("MAILMIGRATE_SOURCE_PASSWORD", "first", 1);
    setenv("MAILMIGRATE_TARGET_PASSWORD", "second", 1);
    const char *memory = getenv("MAILMIGRATE_SOURCE_PASSWORD");
    assert_int_equal(cli_secrets_take(&secrets, &terminal, NULL, &err), 0);
    assert_null(getenv("MAILMIGRATE_SOURCE_PASSWORD"));
    assert_null(getenv("MAILMIGRATE_TARGET_PASSWORD"));
    assert_true(memory[0] == '\0'); /* /proc/PID/environ shows nothing either */
    cli_secrets_helper(&secrets, &helper);
    mig_settings *accounts[2] = {make(NULL, NULL, NULL), make(NULL, NULL, NULL)};
    for (size_t i = 0; i < 2; i++) { /* they hold for every account */
        assert_int_equal(mig_settings_prepare(accounts[i], &helper, &err), 0);
        assert_gives(&accounts[i]->sides[MIG_SOURCE].endpoint, "first");
        assert_gives(&accounts[i]->sides[MIG_TARGET].endpoint, "second");
        mig_settings_free(&accounts[i]);
    }
    cli_secrets_clear(&secrets);
    assert_null(secrets.given[MIG_SOURCE]);
}

static void test_options_win(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    mig_settings *settings = make(path, NULL, "echo from the command");
    setenv("MAILMIGRATE_SOURCE_PASSWORD", "first", 1);
    setenv("MAILMIGRATE_TARGET_PASSWORD", "second", 1);
    assert_int_equal(prepare(settings, &err), 0);
    assert_null(getenv("MAILMIGRATE_SOURCE_PASSWORD"));
    assert_null(getenv("MAILMIGRATE_TARGET_PASSWORD"));
    assert_gives(&settings->sides[MIG_SOURCE].endpoint, "from the file");
    assert_gives(&settings->sides[MIG_TARGET].endpoint, "from the command");
    mig_settings_free(&settings);
}

static void test_file_that_others_can_read(void **state)
{
    (void)state;
    char said[512];
    mig_error err = MIG_ERROR_INIT;
    mig_settings *settings = make(path, path, NULL);
    assert_int_equal(ftell(terminal.file), 0); /* nothing was said of the file as it was */
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(prepare(settings, &err), 0);
    assert_int_equal(chmod(path, 0600), 0);
    mig_settings_free(&settings);
    rewind(terminal.file);
    said[fread(said, 1, sizeof said - 1, terminal.file)] = '\0';
    assert_non_null(strstr(said, "warning: other users can read the password file "));
    assert_non_null(strstr(said, path));
}

static void test_missing_file(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    mig_settings *settings = make("/nonexistent/password", path, NULL);
    assert_int_equal(prepare(settings, &err), -1);
    assert_int_equal(err.code, MIG_E_SECRET);
    assert_non_null(strstr(err.text, "the password of the source"));
    assert_non_null(strstr(err.text, "/nonexistent/password"));
    mig_settings_free(&settings);
}

/* In a child without a terminal: 0 when all is as it should be. */
static int without_terminal(void)
{
    mig_error err = MIG_ERROR_INIT;
    mig_settings *settings = make(path, NULL, NULL);
    if (prepare(settings, &err) != -1 || err.code != MIG_E_SECRET) {
        return 1;
    }
    mig_settings_free(&settings);
    return strstr(err.hint, "--target-password-file") && strstr(err.hint, "--target-password-command") &&
                   strstr(err.hint, "MAILMIGRATE_TARGET_PASSWORD")
               ? 0
               : 2;
}

static void test_nowhere(void **state)
{
    (void)state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setsid();
        _exit(without_terminal());
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_environment), cmocka_unit_test(test_options_win),
                                       cmocka_unit_test(test_file_that_others_can_read),
                                       cmocka_unit_test(test_missing_file), cmocka_unit_test(test_nowhere)};
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
