/* The user's own directory for states. */
#include "cli/state_directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_directory(void **state)
{
    char out[64];
    mig_error err = MIG_ERROR_INIT;
    (void)state;
    setenv("XDG_STATE_HOME", "/xdg", 1);
    assert_int_equal(cli_state_directory(out, sizeof out, &err), 0);
    assert_string_equal(out, "/xdg/mailmigrate");
    setenv("XDG_STATE_HOME", "relative", 1); /* ignored, as the specification asks */
    setenv("HOME", "/people/u", 1);
    assert_int_equal(cli_state_directory(out, sizeof out, &err), 0);
    assert_string_equal(out, "/people/u/.local/state/mailmigrate");
    assert_int_equal(cli_state_directory(out, 8, &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_directory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
