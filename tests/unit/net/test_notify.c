/* The command at the end of a run: its input, its failures, one that wants no input; and URLs of webhooks */
#include <migrate/notify.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char path[64];

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/mig-notify-XXXXXX");
    const int fd = mkstemp(path);
    signal(SIGPIPE, SIG_IGN); /* as the tools have it */
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

static void test_input(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    char command[128], back[300001];
    const size_t length = 300000; /* more than a pipe holds */
    char *text = malloc(length);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < length; i++) {
        text[i] = (char)('a' + i % 26);
    }
    snprintf(command, sizeof command, "cat >%s", path);
    assert_int_equal(mig_notify_command(command, text, length, &err), 0);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(back, 1, sizeof back, file), length);
    fclose(file);
    assert_memory_equal(text, back, length);
    assert_int_equal(mig_notify_command("exec <&-; exit 0", text, length, &err), 0); /* it wants none */
    free(text);
}

static void test_environment(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    assert_int_equal(setenv("MAILMIGRATE_SOURCE_PASSWORD", "hunter2", 1), 0);
    assert_int_equal(mig_notify_command("test -z \"$MAILMIGRATE_SOURCE_PASSWORD\"", "", 0, &err), 0);
    unsetenv("MAILMIGRATE_SOURCE_PASSWORD");
}

static void test_failures(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    assert_int_equal(mig_notify_command("exit 7", "", 0, &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
    assert_non_null(strstr(err.text, "status 7"));
    assert_int_equal(mig_notify_command("kill -9 $$", "", 0, &err), -1);
    assert_non_null(strstr(err.text, "status 137"));
}

static void test_urls(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    assert_int_equal(mig_notify_webhook("http://127.0.0.1:1/", NULL, "{}", 2, &err), -1);
    assert_int_equal(err.code, MIG_E_USAGE);
    assert_int_equal(mig_notify_webhook("https://127.0.0.1:1/", NULL, "{}", 2, &err), -1); /* nobody listens there */
    assert_int_equal(err.code, MIG_E_CONNECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_urls),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
