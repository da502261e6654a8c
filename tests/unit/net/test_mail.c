/* Addresses and servers of mails: what could be taken for a header or a command is none */
#include "net/mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void test_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "ann",        "@x",     "ann@", "a@b@c", "a b@c", "a@c\r\nBcc: d@e",
                                      "a@c\n", "<a@c>",      "a,b@c",  "a@c>", "a@c;d", "a@[1]", "\"a\"@c",
                                      "a\t@c", "\xc3\xa4@c", "a@c\x7f"};
    char endless[400];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    endless[2] = '@';
    assert_true(mig__mail_address("ann@example.org"));
    assert_true(mig__mail_address("ann+mail.x_y@mx-1.example"));
    assert_false(mig__mail_address(endless));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(mig__mail_address(bad[i]));
    }
}

static void check(const char *url, int result, bool loopback)
{
    bool found = false;
    assert_int_equal(mig__mail_server(url, &found), result);
    assert_int_equal(found, loopback);
}

static void test_servers(void **state)
{
    (void)state;
    check("smtp://localhost", 0, true);
    check("smtp://127.0.0.1:2525", 0, true);
    check("smtps://[::1]:465", 0, true);
    check("smtps://mx.example.org", 0, false);
    check("smtp://localhost.example.org", 0, false);
    check("https://mx.example.org", -1, false);
    check("smtp://ann:secret@mx.example.org", -1, false);
    check("smtp://mx.example.org/path", -1, false);
    check("mx.example.org", -1, false);
    check("", -1, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_addresses), cmocka_unit_test(test_servers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
