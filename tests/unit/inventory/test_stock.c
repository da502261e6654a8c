/* What is counted over messages: sizes, dates, years, duplicates, keywords; and what is seen in content */
#include "inventory/content.h"
#include "inventory/forecast.h"
#include "inventory/stock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define DAY INT64_C(86400)

static void clear(mig_inventory_folder *folder, mig_inventory_account *account, mig__stock *stock)
{
    for (size_t i = 0; i < folder->keyword_count; i++) {
        free(folder->keywords[i].name);
    }
    free(folder->keywords);
    free(account->years);
    mig__stock_free(stock);
}

static void add(mig__stock *stock, uint64_t size, int64_t date, const char *const *flags)
{
    const mig__stock_item item = {.size = size, .has_date = date != 0, .date = date, .flags = flags};
    mig__stock_add(stock, &item);
}

static void test_counts(void **state)
{
    mig_inventory_folder folder = {.messages = 99};
    mig_inventory_account account = {.year_count = 0};
    mig__stock stock = {.limit = 0};
    (void)state;
    mig__stock_begin(&stock, &folder, 1000);
    add(&stock, 10, 10 * DAY, NULL);
    add(&stock, 1000, 400 * DAY, NULL);
    add(&stock, 1001, 401 * DAY, NULL);
    add(&stock, 5, 0, NULL);
    assert_int_equal(mig__stock_end(&stock, &account, NULL), 0);
    assert_true(folder.examined && folder.has_bytes && folder.duplicates_known);
    assert_int_equal(folder.messages, 4);
    assert_int_equal(folder.bytes, 2016);
    assert_int_equal(folder.largest, 1001);
    assert_int_equal(folder.too_big, 1);
    assert_int_equal(folder.too_big_bytes, 1001);
    assert_int_equal(folder.oldest, 10 * DAY);
    assert_int_equal(folder.newest, 401 * DAY);
    assert_int_equal(folder.duplicates, 0);
    assert_int_equal(account.year_count, 3);
    assert_int_equal(account.years[0].year, 0);
    assert_int_equal(account.years[1].year, 1970);
    assert_int_equal(account.years[2].year, 1971);
    assert_int_equal(account.years[2].messages, 2);
    assert_int_equal(account.years[2].bytes, 2001);
    clear(&folder, &account, &stock);
}

/* A folder whose connection broke is counted anew, and its years once. */
static void test_begun_again(void **state)
{
    static const char *const flags[] = {"\\Seen", "work", NULL};
    mig_inventory_folder folder = {.messages = 0};
    mig_inventory_account account = {.year_count = 0};
    mig__stock stock = {.limit = 0};
    (void)state;
    mig__stock_begin(&stock, &folder, 0);
    add(&stock, 7, DAY, flags);
    add(&stock, 7, DAY, flags);
    mig__stock_begin(&stock, &folder, 0);
    add(&stock, 7, DAY, flags);
    assert_int_equal(mig__stock_end(&stock, &account, NULL), 0);
    assert_int_equal(folder.messages, 1);
    assert_int_equal(folder.duplicates, 0);
    assert_int_equal(account.years[0].messages, 1);
    assert_int_equal(folder.keyword_count, 1);
    assert_int_equal(folder.keywords[0].messages, 1);
    clear(&folder, &account, &stock);
}

static void test_duplicates(void **state)
{
    mig_inventory_folder folder = {.messages = 0};
    mig_inventory_account account = {.year_count = 0};
    mig__stock stock = {.limit = 0};
    (void)state;
    mig__stock_begin(&stock, &folder, 0);
    for (int i = 0; i < 3; i++) {
        add(&stock, 100, 5 * DAY, NULL); /* the same three times: two too many */
    }
    add(&stock, 101, 5 * DAY, NULL);
    add(&stock, 100, 5 * DAY + 1, NULL);
    add(&stock, 100, 0, NULL); /* without a date nothing can be told */
    add(&stock, 100, 0, NULL);
    assert_int_equal(mig__stock_end(&stock, &account, NULL), 0);
    assert_int_equal(folder.duplicates, 2);
    clear(&folder, &account, &stock);
}

static void test_too_many_for_duplicates(void **state)
{
    mig_inventory_folder folder = {.messages = 0};
    mig_inventory_account account = {.year_count = 0};
    mig__stock stock = {.limit = 0};
    (void)state;
    mig__stock_begin(&stock, &folder, 0);
    for (uint64_t i = 0; i <= MIG__STOCK_MOST_KEYS; i++) {
        add(&stock, i, DAY, NULL);
    }
    assert_true(stock.key_capacity <= MIG__STOCK_MOST_KEYS);
    assert_int_equal(mig__stock_end(&stock, &account, NULL), 0);
    assert_false(folder.duplicates_known);
    assert_int_equal(folder.messages, MIG__STOCK_MOST_KEYS + 1);
    clear(&folder, &account, &stock);
}

static void test_keywords(void **state)
{
    static const char *const first[] = {"\\Seen", "work", "$Forwarded", NULL};
    static const char *const second[] = {"work", NULL};
    mig_inventory_folder folder = {.messages = 0};
    mig_inventory_account account = {.year_count = 0};
    mig__stock stock = {.limit = 0};
    (void)state;
    mig__stock_begin(&stock, &folder, 0);
    add(&stock, 1, DAY, first);
    add(&stock, 2, DAY, second);
    assert_int_equal(mig__stock_end(&stock, &account, NULL), 0);
    assert_int_equal(folder.keyword_count, 2);
    assert_string_equal(folder.keywords[0].name, "$Forwarded");
    assert_string_equal(folder.keywords[1].name, "work");
    assert_int_equal(folder.keywords[1].messages, 2);
    clear(&folder, &account, &stock);
}

/* The same for every way of cutting the octets into pieces. */
static mig__content look_at(const char *octets, size_t length, size_t piece)
{
    mig__content content;
    mig__content_begin(&content);
    for (size_t at = 0; at < length; at += piece) {
        mig__content_add(&content, octets + at, length - at < piece ? length - at : piece);
    }
    mig__content_end(&content);
    return content;
}

static void test_content(void **state)
{
    static const struct {
        const char *octets;
        size_t length;
        bool nul, bare;
        uint64_t longest;
    } cases[] = {
        {"", 0, false, false, 0},        {"a\r\nbcd\r\n", 8, false, false, 3}, {"a\nbcd\r\n", 7, false, true, 3},
        {"a\rb\r\n", 5, false, true, 2}, {"a\r\r\n", 4, false, true, 1},       {"a\r\nno end", 9, false, false, 6},
        {"x\0y\r\n", 5, true, false, 3}, {"a\r", 2, false, true, 1},           {"\r\n\r\n", 4, false, false, 0},
        {"\n", 1, false, true, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t piece = 1; piece <= cases[i].length + 1; piece++) {
            const mig__content content = look_at(cases[i].octets, cases[i].length, piece);
            if (content.nul != cases[i].nul || content.bare_newline != cases[i].bare ||
                content.longest != cases[i].longest) {
                fail_msg("case %zu in pieces of %zu: nul %d bare %d longest %llu", i, piece, content.nul,
                         content.bare_newline, (unsigned long long)content.longest);
            }
        }
    }
}

static void test_forecast(void **state)
{
    mig_forecast out;
    (void)state;
    mig__forecast(&(mig__forecast_in){.messages = 6000, .bytes = 1 << 20}, &out);
    assert_true(out.known && !out.measured);
    assert_int_equal((int)out.seconds, 100); /* messages count more than octets here */
    assert_int_equal(out.days, 1);
    mig__forecast(&(mig__forecast_in){.messages = 10,
                                      .bytes = 1000000,
                                      .measured_bytes = 5000000,
                                      .measured_messages = 500,
                                      .measured_seconds = 50},
                  &out);
    assert_true(out.measured);
    assert_int_equal((int)out.seconds, 10); /* octets count more: 100,000 a second */
    mig__forecast(&(mig__forecast_in){.messages = 10, .bytes = 1000000, .max_rate = 1000}, &out);
    assert_int_equal((int)out.seconds, 1000);
    mig__forecast(&(mig__forecast_in){.messages = 10, .bytes = 1001, .daily_limit = 500}, &out);
    assert_int_equal(out.days, 3);
    mig__forecast(&(mig__forecast_in){.messages = 0, .bytes = 0, .daily_limit = 500}, &out);
    assert_int_equal(out.days, 1);
    assert_true(out.seconds <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),     cmocka_unit_test(test_begun_again),
        cmocka_unit_test(test_duplicates), cmocka_unit_test(test_too_many_for_duplicates),
        cmocka_unit_test(test_keywords),   cmocka_unit_test(test_content),
        cmocka_unit_test(test_forecast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
