/* Names of roles */
#include <migrate/folder.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void roles_have_names(void **state)
{
    (void)state;
    assert_string_equal(mig_role_name(MIG_ROLE_NONE), "");
    assert_string_equal(mig_role_name(MIG_ROLE_COUNT), "");
    for (int role = MIG_ROLE_INBOX; role < MIG_ROLE_COUNT; role++) {
        assert_true(strlen(mig_role_name((mig_role)role)) > 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
