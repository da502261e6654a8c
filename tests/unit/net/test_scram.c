/* SCRAM's costly step: how many iterations a server may ask for, the vectors of the RFCs, and an end when asked to. */
#include "net/scram.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define FIRST "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i="

static int read_text(const char *text, mig__scram_offer *offer, mig_error *error)
{
    *error = (mig_error)MIG_ERROR_INIT;
    return mig__scram_read(text, strlen(text), offer, error);
}

static void test_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mig_code code;
        unsigned iterations;
    } cases[] = {
        {FIRST "4096", MIG_OK, 4096},
        {FIRST "1000000", MIG_OK, 1000000},
        {FIRST "10000,x=y", MIG_OK, 10000},
        {FIRST "4095", MIG_E_AUTH, 0},
        {FIRST "1", MIG_E_AUTH, 0},
        {FIRST "1000001", MIG_E_AUTH, 0},
        {FIRST "2147483647", MIG_E_AUTH, 0},
        {FIRST "4294967296", MIG_E_AUTH, 0},
        {FIRST "42949672960000000000000000000000", MIG_E_AUTH, 0},
        {FIRST "0", MIG_E_PROTOCOL, 0},
        {FIRST "-1", MIG_E_PROTOCOL, 0},
        {FIRST "04096", MIG_E_PROTOCOL, 0},
        {FIRST "4096x", MIG_E_PROTOCOL, 0},
        {FIRST "", MIG_E_PROTOCOL, 0},
        {"", MIG_E_PROTOCOL, 0},
        {"r=,s=QSXCR+Q6sek8bf92,i=4096", MIG_E_PROTOCOL, 0},
        {"r=a,i=4096,s=QSXCR+Q6sek8bf92", MIG_E_PROTOCOL, 0},
        {"m=x,r=a,s=QSXCR+Q6sek8bf92,i=4096", MIG_E_PROTOCOL, 0},
        {"r=a,s=,i=4096", MIG_E_PROTOCOL, 0},
        {"r=a,s=QSXC!!!!,i=4096", MIG_E_PROTOCOL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mig__scram_offer offer;
        mig_error error;
        assert_int_equal(read_text(cases[i].text, &offer, &error), cases[i].code == MIG_OK ? 0 : -1);
        if (error.code != cases[i].code) {
            print_error("%s: %s\n", cases[i].text, error.text);
        }
        assert_int_equal(error.code, cases[i].code);
        if (cases[i].code == MIG_OK) {
            assert_int_equal(offer.iterations, cases[i].iterations);
            assert_int_equal(offer.salt_length, 12);
        }
        if (cases[i].code == MIG_E_AUTH) {
            assert_int_equal(error.retry, MIG_RETRY_NEVER);
            assert_non_null(strstr(error.hint, "auth plain"));
        }
    }
}

/* RFC 5802 section 5 and RFC 7677 section 3, user "user", password "pencil". */
static void test_vectors(void **state)
{
    (void)state;
    mig__scram_offer offer;
    mig_error error;
    char out[2 * MIG__SCRAM_HASH + 1];
    assert_int_equal(read_text(FIRST "4096", &offer, &error), 0);
    assert_int_equal(mig__scram_salted("SHA-1", "pencil", &offer, NULL, out, &error), 0);
    assert_string_equal(out, "1d96ee3a529b5a5f9e47c01f229a2cb8a6e15f7d");
    assert_int_equal(read_text("r=x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", &offer, &error), 0);
    assert_int_equal(mig__scram_salted("SHA-256", "pencil", &offer, NULL, out, &error), 0);
    assert_string_equal(out, "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d");
}

static void test_stopped(void **state)
{
    (void)state;
    mig__scram_offer offer;
    mig_error error;
    mig_stop stop = MIG_STOP_INIT;
    char out[2 * MIG__SCRAM_HASH + 1];
    mig_stop_request(&stop);
    mig_stop_request(&stop);
    assert_int_equal(read_text(FIRST "1000000", &offer, &error), 0);
    assert_int_equal(mig__scram_salted("SHA-256", "pencil", &offer, &stop, out, &error), -1);
    assert_int_equal(error.code, MIG_E_INTERRUPTED);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
