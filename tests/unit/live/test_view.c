/* Which accounts a viewer sees: filter, search, order, pages; addresses and ids that lead back */
#include "live/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MANY = 10000 };

static mig_overview_account accounts[MANY];
static char names[MANY][32], target[] = "t@new.example";

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "User%05zu@old.example", MANY - i);
        accounts[i] = (mig_overview_account){
            .source = names[i], .target = target, .state = MIG_OVERVIEW_WAITING, .bytes = i % 100, .failed = i == 77};
    }
    accounts[5].state = MIG_OVERVIEW_RUNNING;
    accounts[9].state = MIG_OVERVIEW_FAILED;
    snprintf(accounts[9].reason, sizeof accounts[9].reason, "Login refused");
    return 0;
}

static const mig_overview overview = {.version = 1, .accounts = accounts, .count = MANY};

static mig__view view_of(const char *words, const char *state, const char *order, const char *page)
{
    mig__view view = MIG__VIEW_INIT;
    mig__view_take(&view, "q", words);
    mig__view_take(&view, "state", state);
    mig__view_take(&view, "order", order);
    mig__view_take(&view, "page", page);
    return view;
}

static void check(const mig__view *view, size_t count, size_t first, size_t last, const char *name)
{
    mig__chosen chosen;
    assert_int_equal(mig__view_choose(view, &overview, &chosen), 0);
    assert_int_equal(chosen.count, count);
    assert_int_equal(chosen.first, first);
    assert_int_equal(chosen.last, last);
    if (name != NULL) {
        assert_string_equal(chosen.accounts[first]->source, name);
    }
    mig__chosen_clear(&chosen);
}

static void test_choose(void **state)
{
    (void)state;
    mig__view view = view_of(NULL, NULL, NULL, NULL);
    check(&view, MANY, 0, 50, names[5]); /* those at work first */
    view = view_of("", "", "name", "2");
    check(&view, MANY, 50, 100, "User00051@old.example");
    view = view_of("", "", "failed", "");
    check(&view, MANY, 0, 50, names[77]);
    view = view_of("", "", "size", "200");
    check(&view, MANY, 9950, MANY, NULL);
    view = view_of("", "", "", "999999999999999999999"); /* beyond the last: the last */
    check(&view, MANY, 9950, MANY, NULL);
    view = view_of("uSER0001", "", "name", "");
    check(&view, 10, 0, 10, "User00010@old.example");
    view = view_of("refused", "", "", "");
    check(&view, 1, 0, 1, names[9]);
    view = view_of("", "failed", "", "");
    check(&view, 1, 0, 1, names[9]);
    view = view_of("nobody", "", "", "7");
    check(&view, 0, 0, 0, NULL);
}

static void test_what_is_no_value(void **state)
{
    (void)state;
    char endless[400];
    memset(endless, 'x', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    mig__view view = view_of(endless, "no such", "0", "-1");
    assert_string_equal(view.words, "");
    assert_int_equal(view.state, -1);
    assert_int_equal(view.order, MIG__ORDER_STATE);
    assert_int_equal(view.page, 1);
    mig__view_take(&view, "other", "x");
    mig__view_take(&view, "page", "0");
    mig__view_take(&view, "page", "1x");
    assert_int_equal(view.page, 1);
}

static void test_address(void **state)
{
    (void)state;
    mig__buffer out = MIG__BUFFER_INIT;
    mig__view view = view_of("a&b \"<\xc3\xa4", "failed", "size", "");
    mig__view_address(&view, 3, &out);
    assert_string_equal(out.data, "/?q=a%26b%20%22%3C%C3%A4&state=failed&order=size&page=3");
    mig__buffer_clear(&out);
    view = view_of("", "", "", "");
    mig__view_address(&view, 1, &out);
    assert_string_equal(out.data, "/");
    mig__buffer_free(&out);
}

static void test_ids(void **state)
{
    (void)state;
    char id[MIG__VIEW_ID], other[MIG__VIEW_ID];
    static char ab[] = "ab", c[] = "c", a[] = "a", bc[] = "bc";
    assert_ptr_equal(mig__account_by_id(&overview, mig__account_id(&accounts[4711], id)), &accounts[4711]);
    assert_null(mig__account_by_id(&overview, ""));
    assert_null(mig__account_by_id(&overview, "../../etc/passwd"));
    const mig_overview_account one = {.source = ab, .target = c}, two = {.source = a, .target = bc};
    assert_string_not_equal(mig__account_id(&one, id), mig__account_id(&two, other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_choose), cmocka_unit_test(test_what_is_no_value),
                                       cmocka_unit_test(test_address), cmocka_unit_test(test_ids)};
    return cmocka_run_group_tests(tests, set_up, NULL);
}
