/* The pages: small with 10,000 accounts, inert whatever a name holds, nothing said that is not known */
#include "live/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define EVIL "<script>alert(1)</script>\"' onx=\x1b[31m\xe2\x80\xae&"

static mig_overview_account *many(size_t count)
{
    static char target[] = "someone.with.a.long.name@new.example.org";
    mig_overview_account *accounts = calloc(count, sizeof *accounts);
    assert_non_null(accounts);
    for (size_t i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof name, "someone.with.a.long.name.%05zu@old.example.org", i);
        accounts[i] = (mig_overview_account){.source = strdup(name),
                                             .target = target,
                                             .state = MIG_OVERVIEW_RUNNING,
                                             .step = "copy",
                                             .phase = "copying",
                                             .to_do = 123456,
                                             .done = i,
                                             .bytes = 1000000000,
                                             .paced = true,
                                             .bytes_per_second = 1234567,
                                             .seconds_left = 4711};
        memset(accounts[i].folder, 'f', sizeof accounts[i].folder - 1);
        memset(accounts[i].reason, 'r', sizeof accounts[i].reason - 1);
        assert_non_null(accounts[i].source);
    }
    return accounts;
}

static void test_size(void **state)
{
    (void)state;
    mig__buffer out = MIG__BUFFER_INIT;
    const mig__view view = MIG__VIEW_INIT;
    mig_overview overview = {.version = 1, .of_run = true, .accounts = many(10000), .count = 10000, .seconds_left = -1};
    overview.states[MIG_OVERVIEW_RUNNING] = 10000;
    for (int i = 0; i < 1000; i++) {
        mig_overview_curve_add(&overview.curve, i, (uint64_t)i, (uint64_t)i * (uint64_t)(i % 7) * 1000000);
    }
    assert_int_equal(mig__live_page(&overview, &view, &out), 0);
    assert_true(out.length < 200 * 1024);
    assert_non_null(strstr(out.data, "10,000 accounts"));
    assert_non_null(strstr(out.data, "Page 1 of 200"));
    assert_non_null(strstr(out.data, "<polyline"));
    for (size_t i = 0; i < overview.count; i++) {
        free(overview.accounts[i].source);
    }
    free(overview.accounts);
    mig__buffer_free(&out);
}

/* Nothing of a name acts: neither as markup nor on a display. */
static void assert_inert(const mig__buffer *page)
{
    assert_null(strstr(page->data, "<script>alert"));
    assert_null(strstr(page->data, "\"' onx"));
    assert_null(strchr(page->data, '\x1b'));
    assert_null(strstr(page->data, "\xe2\x80\xae"));
    assert_non_null(strstr(page->data, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onx="));
}

static void test_inert(void **state)
{
    (void)state;
    static char evil[] = EVIL;
    mig__buffer out = MIG__BUFFER_INIT;
    mig__view view = MIG__VIEW_INIT;
    mig_overview_account account = {.source = evil, .target = evil, .state = MIG_OVERVIEW_RUNNING, .seconds_left = -1};
    snprintf(account.folder, sizeof account.folder, "%s", EVIL);
    snprintf(account.reason, sizeof account.reason, "%s", EVIL);
    snprintf(account.step, sizeof account.step, "%.15s", EVIL);
    mig_overview overview = {.version = 1, .accounts = &account, .count = 1, .seconds_left = -1};
    overview.states[MIG_OVERVIEW_RUNNING] = 1;
    assert_int_equal(mig__live_page(&overview, &view, &out), 0);
    assert_inert(&out);
    mig__buffer_clear(&out);

    mig__view_take(&view, "q", EVIL);
    assert_int_equal(mig__live_page(&overview, &view, &out), 0);
    assert_inert(&out);
    mig__buffer_clear(&out);

    mig_overview_folder folder = {.source = evil, .target = evil, .trouble = evil};
    mig_overview_problem problem = {.folder = evil, .uid = 7, .code = MIG_E_TOO_BIG, .text = evil, .subject = evil};
    mig_overview_detail detail = {.folders = &folder,
                                  .folder_count = 1,
                                  .problems = &problem,
                                  .problem_count = 1,
                                  .problems_in_all = 900,
                                  .run_count = 1};
    snprintf(detail.runs[0].verb, sizeof detail.runs[0].verb, "%.15s", EVIL);
    snprintf(detail.runs[0].host, sizeof detail.runs[0].host, "%s", EVIL);
    assert_int_equal(mig__live_account_page(&overview, &account, &detail, NULL, &out), 0);
    assert_inert(&out);
    assert_non_null(strstr(out.data, "The first 1 of 900"));
    mig__buffer_clear(&out);

    mig_error error = MIG_ERROR_INIT;
    mig_error_set(&error, MIG_E_STATE, "%s", EVIL);
    assert_int_equal(mig__live_account_page(&overview, &account, NULL, &error, &out), 0);
    assert_inert(&out);
    mig__buffer_free(&out);
}

static void test_what_is_not_known(void **state)
{
    (void)state;
    mig__buffer out = MIG__BUFFER_INIT;
    const mig__view view = MIG__VIEW_INIT;
    mig_overview overview = {.seconds_left = -1};
    assert_int_equal(mig__live_page(&overview, &view, &out), 0);
    assert_non_null(strstr(out.data, "Nothing is known yet."));
    mig__buffer_clear(&out);
    overview.version = 1;
    overview.of_run = true;
    overview.uncounted = 3;
    overview.states[MIG_OVERVIEW_RUNNING] = 1;
    assert_int_equal(mig__live_page(&overview, &view, &out), 0);
    assert_non_null(strstr(out.data, "<dt>Speed</dt><dd>not known yet"));
    assert_non_null(strstr(out.data, "not known: 3 accounts are not counted yet"));
    assert_non_null(strstr(out.data, "not counted yet"));
    assert_non_null(strstr(out.data, "no account yet"));
    assert_null(strstr(out.data, "<polyline"));
    assert_non_null(strstr(out.data, "live.js"));
    mig__buffer_clear(&out);
    overview.ended = true; /* nothing more will come: nothing is asked for */
    assert_int_equal(mig__live_page(&overview, &view, &out), 0);
    assert_null(strstr(out.data, "live.js"));
    assert_non_null(strstr(out.data, "The run has ended."));
    mig__buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_size), cmocka_unit_test(test_inert),
                                       cmocka_unit_test(test_what_is_not_known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
