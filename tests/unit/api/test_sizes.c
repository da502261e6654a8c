/* What a mailbox costs in a result: an account may have 100,000 of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <migrate/archive.h>
#include <migrate/copy.h>
#include <migrate/inventory.h>
#include <migrate/verify.h>

enum { MAILBOXES = 100000, MEMORY = 64 << 20, NAMES = 128 /* octets of its two names, with what malloc adds */ };

static void test_results(void **state)
{
    static const size_t sizes[] = {sizeof(mig_inventory_folder), sizeof(mig_verify_folder), sizeof(mig_archive_folder),
                                   sizeof(mig_folder_result)};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_in_range((sizes[i] + NAMES) * MAILBOXES, 1, MEMORY);
        assert_in_range(sizes[i], 1, sizeof(mig_error) - 1); /* none holds an error with its texts */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_results)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
