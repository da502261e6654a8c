/* Dates as people, programs and careless servers write them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mail/date.h"
#include <string.h>

static void test_dates(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        int64_t utc;
    } cases[] = {
        {"Mon Jan  1 10:00:00 2001", true, 978343200},
        {"someone@example.org Mon Jan  1 10:00:00 2001\n", true, 978343200},
        {"some one Mon Jan  1 10:00 2001", true, 978343200},
        {"- Mon Jan  1 10:00:00 2001", true, 978343200},
        {"???@??? Mon Jan 01 10:00:00 2001", true, 978343200},
        {"1234@xxx Mon Jan 01 10:00:00 +0000 2001", true, 978343200},
        {"a Mon Jan  1 10:00:00 +0200 2001", true, 978343200 - 7200},
        {"a Mon Jan  1 10:00:00 2001 -0130", true, 978343200 + 5400},
        {"a Mon Jan  1 10:00:00 PST 2001", true, 978343200 + 8 * 3600},
        {"a Mon Jan  1 10:00:00 MET DST 2001", true, 978343200 - 7200},
        {"Mon, 1 Jan 2001 10:00:00 +0000", true, 978343200},
        {"1 Jan 2001 10:00:00 +0100 (CET)", true, 978343200 - 3600},
        {"1 Jan 01 10:00 GMT", true, 978343200},
        {"Mon Jan  1 10:00:60 2001", true, 978343259},
        {"Thu Jan  1 00:00:00 1970", true, 0},
        {"may Mon Jan  1 10:00:00 2001", true, 978343200},
        {"a Mon Jan  1 10:00:00 01", true, 978343200},
        {"a Mon Jan 01 10:00:00 GMT+01:00 2001", true, 978343200 - 3600},
        {"a Mon Jan 01 10:00:00 UTC 2001", true, 978343200},
        {"a Mon Jan  1 10:00:00 2001 Europe/Berlin", true, 978343200},
        {"a Mon Jan  1 10:00:00 2001 remote from hostx", true, 978343200},
        {"a 2001-01-01 10:00:00", true, 978343200},
        {"a 2001-01-01T10:00:00Z", true, 978343200},
        {"a 2001-01-01T10:00:00.123+01:00", true, 978343200 - 3600},
        {"2001-01-01 10:00:00 +0100", true, 978343200 - 3600},
        {"the log of the day 2001-01-01 10:00:00", false, 0},
        {"a 2001-13-01 10:00:00", false, 0},
        {"a 2001-01-01 10:00:00 and so on", false, 0},
        {"a 2001-01-01", false, 0},
        {"", false, 0},
        {"Jan", false, 0},
        {"Mon Jan  1 2001", false, 0},
        {"Mon Jan 32 10:00:00 2001", false, 0},
        {"Mon Jan  1 24:00:00 2001", false, 0},
        {"Mon Jan  1 10:60:00 2001", false, 0},
        {"Mon Jan  1 10:00:00:00 2001", false, 0},
        {"Mon Jan  1 10:00:00", false, 0},
        {"Mon Jan  1 10:00:00 2001 and so on", false, 0},
        {"Mon Jan  1 10:00:00 1850", false, 0},
        {"Mon Foo  1 10:00:00 2001", false, 0},
        {"1 Jan 200 10:00:00", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t utc = -1;
        bool valid = mig__mail_date(cases[i].text, strlen(cases[i].text), &utc);
        if (valid != cases[i].valid || (valid && utc != cases[i].utc)) {
            fail_msg("\"%s\": %d %lld", cases[i].text, valid, (long long)utc);
        }
    }
}

static void test_internaldates(void **state)
{
    /* 837596665: 17-Jul-1996 02:44:25 -0700 */
    static const struct {
        const char *text;
        int64_t utc; /* -1: no date */
        int zone;
    } cases[] = {
        {"17-Jul-1996 02:44:25 -0700", 837596665, -420},
        {"17-Jul-1996 09:44:25", 837596665, 0},
        {"17-Jul-1996 09:44:25 GMT", 837596665, 0},
        {"17-jul-1996 09:44:25 utc", 837596665, 0},
        {"17-Jul-1996 09:44:25 Z", 837596665, 0},
        {"17-Jul-1996 02:44:25 PDT", 837596665, -420},
        {"17-Jul-1996 02:44:25 -07:00", 837596665, -420},
        {"17-Jul-1996 09:44:25 +00:00", 837596665, 0},
        {"17-Jul-1996  02:44:25 -0700", 837596665, -420},
        {"17-Jul-1996 02:44:25  -0700", 837596665, -420},
        {" 17-Jul-1996 02:44:25 -0700 ", 837596665, -420},
        {"Wed, 17 Jul 1996 02:44:25 -0700", 837596665, -420},
        {"Wed, 17 Jul 1996 02:44:25 -0700 (PDT)", 837596665, -420},
        {"17 Jul 1996 02:44:25 -0700", 837596665, -420},
        {"Wed Jul 17 09:44:25 1996", 837596665, 0},
        {"17-Jul-96 02:44:25 -0700", 837596665, -420},
        {"", -1, 0},
        {"00-Jan-0000 00:00:00 +0000", -1, 0},
        {"00-Jul-1996 02:44:25 -0700", -1, 0},
        {"31-Feb-1996 02:44:25 -0700", -1, 0},
        {"31 Feb 1996 02:44:25 -0700", -1, 0},
        {"29-Feb-2023 02:44:25", -1, 0},
        {"30-Dec-1899 00:00:00 +0000", -1, 0},
        {"30 Dec 1969 00:00:00 +0000", -1, 0},
        {"17-Jul-1996 24:44:25 -0700", -1, 0},
        {"17-Jul-1996 02:44:25 +9959", -1, 0},
        {"17-Jul-1996", -1, 0},
        {"17-Foo-1996 02:44:25 -0700", -1, 0},
        {"NIL", -1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mig__datetime got;
        bool valid = mig__internaldate_read(cases[i].text, strlen(cases[i].text), &got);
        if (valid != (cases[i].utc >= 0) || valid != got.valid ||
            (valid && (got.utc != cases[i].utc || got.zone_minutes != cases[i].zone))) {
            fail_msg("\"%s\": %d %lld %d", cases[i].text, valid, (long long)got.utc, got.zone_minutes);
        }
    }
    char longer[200];
    memset(longer, ' ', sizeof longer);
    mig__datetime none;
    assert_false(mig__internaldate_read(longer, sizeof longer, &none));
}

static void test_own_dates(void **state)
{
    static const struct {
        const char *octets;
        int64_t utc; /* -1: none */
    } cases[] = {
        {"Subject: x\r\nDate: Wed, 17 Jul 1996 02:44:25 -0700\r\n\r\nbody", 837596665},
        {"date:\r\n Wed, 17 Jul 1996\r\n\t02:44:25 -0700\r\n\r\n", 837596665},
        {"Date: 17 Jul 1996 09:44:25\n\n", 837596665},
        {"X-Date: 17 Jul 1996 09:44:25\nDate: soon\n\n", -1},
        {"Subject: x\r\n\r\nDate: Wed, 17 Jul 1996 02:44:25 -0700\r\n", -1},
        {"Subject: x\r\n Date: Wed, 17 Jul 1996 02:44:25 -0700\r\n\r\n", -1},
        {"Date: Wed, 17 Jul 1950 02:44:25 -0700\r\n\r\n", -1},
        {"Date:", -1},
        {"", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mig__datetime got;
        bool valid = mig__mail_own_date(cases[i].octets, strlen(cases[i].octets), &got);
        if (valid != (cases[i].utc >= 0) || (valid && got.utc != cases[i].utc)) {
            fail_msg("\"%s\": %d %lld", cases[i].octets, valid, (long long)got.utc);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_internaldates),
        cmocka_unit_test(test_own_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
