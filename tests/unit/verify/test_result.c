/* Results of several accounts in one */
#include "base/buffer.h"
#include <migrate/verify.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static mig_verify_result *result_of(const char *account, mig_status status, int exit_status, int64_t started)
{
    mig_verify_result *result = calloc(1, sizeof *result);
    assert_non_null(result);
    result->accounts = calloc(1, sizeof *result->accounts);
    assert_non_null(result->accounts);
    result->account_count = 1;
    result->status = status;
    result->exit_status = exit_status;
    result->started = started;
    result->finished = started + 10;
    result->version = mig__strdup("1");
    result->totals =
        (mig_verify_totals){.messages = 5, .found = 6, .read = 4, .bytes = 100, .seconds = 10, .peak_rss = 7};
    result->totals.counts[MIG_FOUND_MISSING] = 1;
    mig_verify_account *one = result->accounts;
    one->source = mig__strdup(account);
    one->target = mig__strdup("target");
    one->folders = calloc(1, sizeof *one->folders);
    one->findings = calloc(1, sizeof *one->findings);
    assert_true(one->folders && one->findings);
    one->folder_count = one->finding_count = 1;
    one->folders[0].source = mig__strdup("INBOX");
    one->folders[0].target = mig__strdup("INBOX");
    one->findings[0].subject = mig__strdup("subject");
    one->findings[0].detail = mig__strdup("detail");
    return result;
}

static void joined_results_add_up(void **state)
{
    (void)state;
    mig_verify_result *all = result_of("a", MIG_COMPLETE, 0, 100), *other = result_of("b", MIG_COMPLETE, 1, 90);
    assert_int_equal(mig_verify_result_join(all, &other, NULL), 0);
    assert_null(other);
    assert_int_equal(all->account_count, 2);
    assert_string_equal(all->accounts[0].source, "a");
    assert_string_equal(all->accounts[1].source, "b");
    assert_string_equal(all->accounts[1].findings[0].subject, "subject");
    assert_int_equal(all->status, MIG_COMPLETE);
    assert_int_equal(all->exit_status, 1);
    assert_int_equal(all->totals.messages, 10);
    assert_int_equal(all->totals.counts[MIG_FOUND_MISSING], 2);
    assert_int_equal(all->totals.peak_rss, 7);
    assert_int_equal(all->started, 90);
    assert_int_equal(all->finished, 110);
    assert_true(all->totals.seconds > 19.9 && all->totals.seconds < 20.1);
    mig_verify_result_free(&all);
    assert_null(all);
    mig_verify_result_free(&all);
}

static void the_worse_status_is_kept(void **state)
{
    (void)state;
    static const struct {
        mig_status a, b, joined;
    } cases[] = {{MIG_COMPLETE, MIG_FAILED, MIG_PARTIAL},          {MIG_FAILED, MIG_FAILED, MIG_FAILED},
                 {MIG_PARTIAL, MIG_COMPLETE, MIG_PARTIAL},         {MIG_INTERRUPTED, MIG_FAILED, MIG_INTERRUPTED},
                 {MIG_COMPLETE, MIG_INTERRUPTED, MIG_INTERRUPTED}, {MIG_COMPLETE, MIG_COMPLETE, MIG_COMPLETE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mig_verify_result *all = result_of("a", cases[i].a, 4, 1), *other = result_of("b", cases[i].b, 3, 1);
        assert_int_equal(mig_verify_result_join(all, &other, NULL), 0);
        assert_int_equal(all->status, cases[i].joined);
        assert_int_equal(all->exit_status, 3);
        mig_verify_result_free(&all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined_results_add_up),
        cmocka_unit_test(the_worse_status_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
