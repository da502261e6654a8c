/* Stock-taking over many accounts: sums, years merged, growth of the last whole year */
#include "inventory/total.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_growth(void **state)
{
    const mig_inventory_year years[] = {{0, 5, 50}, {2022, 10, 1000}, {2023, 20, 1500}, {2024, 3, 30}};
    const int64_t in_2024 = 1718000000, in_2025 = 1750000000;
    (void)state;
    mig_growth growth = mig_growth_of(years, 4, in_2024);
    assert_true(growth.known);
    assert_int_equal(growth.year, 2023);
    assert_int_equal(growth.messages, 20);
    assert_int_equal(growth.bytes, 1500);
    assert_int_equal(growth.before_messages, 10);
    assert_int_equal(growth.before_bytes, 1000);
    assert_int_equal(mig_growth_of(years, 4, in_2025).year, 2024);
    assert_false(mig_growth_of(years, 2, in_2024).known);    /* nothing of the last year */
    assert_false(mig_growth_of(years, 4, 1672531199).known); /* 2022 is the first one still in 2022 */
    assert_false(mig_growth_of(NULL, 0, in_2024).known);
}

static void test_total(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    mig_inventory_year one[] = {{2001, 1, 10}, {2003, 2, 20}}, two[] = {{0, 1, 1}, {2001, 4, 40}, {2002, 8, 80}};
    mig_inventory_account accounts[] = {
        {.messages = 3,
         .bytes = 30,
         .bytes_known = true,
         .years = one,
         .year_count = 2,
         .role_bytes = {[MIG_ROLE_JUNK] = 7},
         .forecast = {.known = true, .measured = true, .seconds = 5, .days = 2, .left_messages = 3, .left_bytes = 30}},
        {.error = {.code = MIG_E_AUTH}},
        {.messages = 13,
         .bytes = 121,
         .bytes_known = true,
         .years = two,
         .year_count = 3,
         .role_bytes = {[MIG_ROLE_JUNK] = 3},
         .forecast = {.known = true, .seconds = 6, .days = 1, .left_messages = 13, .left_bytes = 121}}};
    const mig_inventory_result result = {.accounts = accounts, .account_count = 3};
    mig_inventory_account all;
    (void)state;
    assert_int_equal(mig_inventory_total(&result, &all, &err), 0);
    assert_int_equal(all.messages, 16);
    assert_int_equal(all.bytes, 151);
    assert_true(all.bytes_known && all.forecast.known && !all.forecast.measured);
    assert_int_equal(all.role_bytes[MIG_ROLE_JUNK], 10);
    assert_int_equal(all.forecast.days, 2);
    assert_int_equal(all.forecast.left_bytes, 151);
    assert_int_equal(all.year_count, 4);
    assert_int_equal(all.years[0].year, 0);
    assert_int_equal(all.years[1].year, 2001);
    assert_int_equal(all.years[1].messages, 5);
    assert_int_equal(all.years[1].bytes, 50);
    assert_int_equal(all.years[3].year, 2003);
    mig_inventory_total_clear(&all);
    assert_null(all.years);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_growth), cmocka_unit_test(test_total)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
