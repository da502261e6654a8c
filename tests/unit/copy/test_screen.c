/* unit/copy/test_screen.c - what becomes of a message after the virus scanner's word */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "copy/screen.h"

static mig__screened decide(mig_infected infected, bool optional, mig_scan_verdict verdict)
{
    mig_scan scan = MIG_SCAN_INIT;
    scan.scanner = "clamd:/run/clamd.ctl";
    scan.infected = infected;
    scan.optional = optional;
    return mig__screen_decide(&scan, verdict);
}

static void what_is_clean_passes(void **state)
{
    (void)state;
    for (int infected = MIG_INFECTED_REPORT; infected <= MIG_INFECTED_SKIP; infected++) {
        assert_int_equal(decide((mig_infected)infected, false, MIG_SCAN_CLEAN), MIG__SCREEN_PASS);
    }
}

static void what_is_found_goes_as_was_said(void **state)
{
    (void)state;
    for (int optional = 0; optional < 2; optional++) {
        assert_int_equal(decide(MIG_INFECTED_REPORT, optional, MIG_SCAN_INFECTED), MIG__SCREEN_PASS);
        assert_int_equal(decide(MIG_INFECTED_QUARANTINE, optional, MIG_SCAN_INFECTED), MIG__SCREEN_QUARANTINE);
        assert_int_equal(decide(MIG_INFECTED_SKIP, optional, MIG_SCAN_INFECTED), MIG__SCREEN_SKIP);
    }
}

/* Where nothing that is found may pass, nothing passes that nobody looked at. */
static void what_was_not_scanned_passes_only_where_all_does(void **state)
{
    (void)state;
    assert_int_equal(decide(MIG_INFECTED_REPORT, false, MIG_SCAN_NOT_SCANNED), MIG__SCREEN_PASS);
    assert_int_equal(decide(MIG_INFECTED_QUARANTINE, false, MIG_SCAN_NOT_SCANNED), MIG__SCREEN_FAIL);
    assert_int_equal(decide(MIG_INFECTED_SKIP, false, MIG_SCAN_NOT_SCANNED), MIG__SCREEN_FAIL);
    assert_int_equal(decide(MIG_INFECTED_SKIP, true, MIG_SCAN_NOT_SCANNED), MIG__SCREEN_PASS);
}

static void only_a_run_that_scans_and_copies_releases(void **state)
{
    mig_scan scan = MIG_SCAN_INIT;
    (void)state;
    assert_false(mig__screen_releases(&scan));
    scan.scanner = "clamd:/run/clamd.ctl";
    assert_true(mig__screen_releases(&scan));
    scan.infected = MIG_INFECTED_QUARANTINE;
    assert_false(mig__screen_releases(&scan));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_clean_passes),
        cmocka_unit_test(what_is_found_goes_as_was_said),
        cmocka_unit_test(what_was_not_scanned_passes_only_where_all_does),
        cmocka_unit_test(only_a_run_that_scans_and_copies_releases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
