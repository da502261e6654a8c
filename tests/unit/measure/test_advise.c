/* test_advise.c - which settings follow from what was measured */
#include "measure/advise.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *advise(mig_measure_result *r, const char *name)
{
    mig_error err = MIG_ERROR_INIT;
    char *value = NULL;
    assert_int_equal(mig__measure_advise(r, &err), 0);
    for (size_t i = 0; i < r->setting_count; i++) {
        if (strcmp(r->settings[i].name, name) == 0) {
            value = strdup(r->settings[i].value);
        }
        free(r->settings[i].name);
        free(r->settings[i].value);
        free(r->settings[i].why);
    }
    free(r->settings);
    r->settings = NULL;
    r->setting_count = 0;
    return value;
}

static void expect(mig_measure_result *r, const char *name, const char *value)
{
    char *found = advise(r, name);
    if (value == NULL) {
        assert_null(found);
    } else {
        assert_non_null(found);
        assert_string_equal(found, value);
    }
    free(found);
}

static char capabilities[] = "IMAP4REV1 COMPRESS=DEFLATE";

static mig_measure_result plain(void)
{
    return (mig_measure_result){.capabilities = capabilities,
                                .connections = 16,
                                .connections_tried = 16,
                                .connections_error = MIG_ERROR_INIT,
                                .round_trip_ms = {1, 1}};
}

static void test_nothing_follows(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    mig_measure_result r = plain();
    assert_int_equal(mig__measure_advise(&r, &err), 0);
    assert_int_equal(r.setting_count, 0);
}

static void test_connections(void **state)
{
    (void)state;
    mig_measure_result r = plain();
    r.connections_error.code = MIG_E_UNAVAILABLE;
    static const struct {
        int open;
        const char *value;
    } cases[] = {{1, "1"}, {2, "1"}, {4, "3"}, {5, NULL}, {15, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        r.connections = cases[i].open;
        expect(&r, "connections", cases[i].value);
    }
    r = plain();
    r.round_trip_ms[0] = 60;
    expect(&r, "connections", "8");
    r.connections = r.connections_tried = 4; /* more were not tried: nothing is known of them */
    expect(&r, "connections", NULL);
}

static void test_limits(void **state)
{
    (void)state;
    mig_measure_result r = plain();
    r.provider = mig_provider_find("gmail");
    r.provider_reason = "host name";
    expect(&r, "provider", NULL);
    expect(&r, "max-size", "35651584");
    expect(&r, "daily-limit", "500000000");
    r.append_limit = 1000;
    expect(&r, "max-size", "1000");
    r.provider_reason = "capabilities";
    expect(&r, "provider", "gmail");
}

static void test_compress(void **state)
{
    (void)state;
    mig_measure_result r = plain();
    r.fetch = (mig_measure_rate){.octets = 2 << 20, .seconds = 4};
    expect(&r, "compress", "on");
    r.fetch.seconds = 0.5;
    expect(&r, "compress", NULL);
    r.fetch.octets = 0;
    r.fetch.seconds = 4;
    expect(&r, "compress", NULL);
}

static void test_numbers(void **state)
{
    (void)state;
    assert_int_equal(mig__measure_number("A SAVELIMIT=10 B", "SAVELIMIT="), 10);
    assert_int_equal(mig__measure_number("SAVELIMIT=10", "SAVELIMIT="), 10);
    assert_int_equal(mig__measure_number("SAVELIMIT=1x", "SAVELIMIT="), 0);
    assert_int_equal(mig__measure_number("XSAVELIMIT=10", "SAVELIMIT="), 0);
    assert_int_equal(mig__measure_number("SAVELIMIT=", "SAVELIMIT="), 0);
    assert_int_equal(mig__measure_number("", "SAVELIMIT="), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_follows), cmocka_unit_test(test_connections), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_compress),        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
