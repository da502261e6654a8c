#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <migrate/secret.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/mm-test-XXXXXX";
static char path[64];

static void write_file(const char *text, size_t length, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_gives(mig_secret *secret, bool fresh, const char *value)
{
    char out[MIG_SECRET_MAX];
    mig_error error = MIG_ERROR_INIT;
    assert_int_equal(mig_secret_give(out, sizeof out, fresh, secret, &error), 0);
    assert_string_equal(out, value);
}

static void test_value(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    mig_secret *secret = mig_secret_from_value("pass word", &error);
    assert_gives(secret, false, "pass word");
    assert_gives(secret, true, "pass word");
    char small[5];
    assert_int_equal(mig_secret_give(small, sizeof small, false, secret, &error), -1);
    assert_int_equal(error.code, MIG_E_SECRET);
    assert_null(strstr(error.text, "pass word"));
    mig_secret_free(&secret);
    assert_null(secret);
    mig_secret_free(&secret);
    assert_null(mig_secret_from_value("", &error));
}

/* Access tokens of some providers have many thousand octets; a shorter secret leaves nothing of it behind. */
static void test_long_tokens(void **state)
{
    static char token[MIG_SECRET_MAX + 1];
    mig_error error = MIG_ERROR_INIT;
    (void)state;
    memset(token, 'x', MIG_SECRET_MAX - 1);
    mig_secret *secret = mig_secret_from_value(token, &error);
    assert_gives(secret, false, token);
    mig_secret_free(&secret);
    write_file(token, MIG_SECRET_MAX - 1, 0600);
    secret = mig_secret_from_file(path, &error);
    assert_gives(secret, false, token);
    mig_secret_free(&secret);
    char command[128];
    snprintf(command, sizeof command, "cat %s", path);
    secret = mig_secret_from_command(command, &error);
    assert_gives(secret, false, token);
    write_file("short\n", 6, 0600);
    assert_gives(secret, true, "short");
    mig_secret_free(&secret);
    token[MIG_SECRET_MAX - 1] = 'x';
    assert_null(mig_secret_from_value(token, &error));
    assert_int_equal(error.code, MIG_E_SECRET);
}

static void test_file(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    write_file("secret\r\nsecond line\n", 21, 0600);
    mig_secret *secret = mig_secret_from_file(path, &error);
    assert_gives(secret, false, "secret");
    assert_false(mig_secret_exposed(secret));
    mig_secret_free(&secret);
    write_file("no line end", 11, 0644);
    secret = mig_secret_from_file(path, &error);
    assert_gives(secret, false, "no line end");
    assert_true(mig_secret_exposed(secret));
    mig_secret_free(&secret);
}

static void test_bad_files(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    assert_null(mig_secret_from_file("/nonexistent/file", &error));
    assert_int_equal(error.code, MIG_E_SECRET);
    assert_non_null(strstr(error.text, "/nonexistent/file"));
    write_file("\nsecond", 7, 0600);
    assert_null(mig_secret_from_file(path, &error));
    write_file("a\0b\n", 4, 0600);
    assert_null(mig_secret_from_file(path, &error));
    char *large = malloc(MIG_SECRET_MAX);
    memset(large, 'x', MIG_SECRET_MAX);
    write_file(large, MIG_SECRET_MAX, 0600);
    assert_null(mig_secret_from_file(path, &error));
    write_file(large, MIG_SECRET_MAX - 1, 0600);
    mig_secret *secret = mig_secret_from_file(path, &error);
    assert_non_null(secret);
    mig_secret_free(&secret);
    free(large);
}

static void test_command(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    char command[256];
    write_file("", 0, 0600);
    snprintf(command, sizeof command, "echo x >> '%s'; wc -l < '%s'; echo ignored", path, path);
    mig_secret *secret = mig_secret_from_command(command, &error);
    assert_gives(secret, false, "1"); /* run when it is needed */
    assert_gives(secret, false, "1"); /* and kept */
    assert_gives(secret, true, "2");  /* until a fresh one is asked for */
    mig_secret_free(&secret);
}

static void expect_failure(const char *command, const char *words)
{
    mig_error error = MIG_ERROR_INIT;
    char out[100], line[2000];
    mig_secret *secret = mig_secret_from_command(command, &error);
    assert_int_equal(mig_secret_give(out, sizeof out, false, secret, &error), -1);
    assert_int_equal(error.code, MIG_E_SECRET);
    assert_non_null(strstr(mig_error_line(&error, line, sizeof line), words));
    mig_secret_free(&secret);
}

static void test_bad_commands(void **state)
{
    (void)state;
    expect_failure("echo secret; echo 'the store is locked' >&2; exit 3", "the store is locked");
    expect_failure("echo secret; exit 3", "status 3");
    expect_failure("true", "empty");
    expect_failure("kill -9 $$", "status 137");
    expect_failure("/nonexistent/command", "status 127");
}

static void test_command_gets_no_secrets(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    assert_int_equal(setenv("MAILMIGRATE_SOURCE_PASSWORD", "canary", 1), 0);
    mig_secret *secret = mig_secret_from_command("echo \"<$MAILMIGRATE_SOURCE_PASSWORD>\"", &error);
    assert_gives(secret, false, "<>");
    mig_secret_free(&secret);
    assert_int_equal(unsetenv("MAILMIGRATE_SOURCE_PASSWORD"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value),
        cmocka_unit_test(test_long_tokens),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_bad_commands),
        cmocka_unit_test(test_command_gets_no_secrets),
    };
    if (mkdtemp(directory) == NULL) {
        return 1;
    }
    snprintf(path, sizeof path, "%s/secret", directory);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(directory);
    return failed;
}
