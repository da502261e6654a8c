/* Paths that there are and no others, places to serve at, Host headers, tokens */
#include "live/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_paths(void **state)
{
    (void)state;
    static const char *const none[] = {"",           "//",        "/live.css/",  "/../live.css",
                                       "/Live.css",  "/account/", "/etc/passwd", "*",
                                       "/%61ccount", "/events?",  "/metrics\n",  "/index.html"};
    assert_int_equal(mig__route_of("/"), MIG__ROUTE_PAGE);
    assert_int_equal(mig__route_of("/account"), MIG__ROUTE_ACCOUNT);
    assert_int_equal(mig__route_of("/events"), MIG__ROUTE_EVENTS);
    assert_int_equal(mig__route_of("/metrics"), MIG__ROUTE_METRICS);
    assert_int_equal(mig__route_of("/live.css"), MIG__ROUTE_STYLE);
    assert_int_equal(mig__route_of("/live.js"), MIG__ROUTE_SCRIPT);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(mig__route_of(none[i]), MIG__ROUTE_NONE);
    }
}

static void place(const char *text, const char *host, unsigned port, bool loopback)
{
    mig_error err = MIG_ERROR_INIT;
    mig__live_place out;
    assert_int_equal(mig__live_place_parse(text, &out, &err), 0);
    assert_string_equal(out.host, host);
    assert_int_equal(out.port, port);
    assert_int_equal(out.loopback, loopback);
}

static void test_places(void **state)
{
    (void)state;
    static const char *const bad[] = {"example.org:80", "127.0.0.1:",    "127.0.0.1:65536", "127.0.0.1:x", "[::1",
                                      "::1:80",         "127.0.0.1:1:2", "[::1]80",         "256.0.0.1",   "-1"};
    place(NULL, "127.0.0.1", MIG__LIVE_PORT, true);
    place("127.0.0.1:0", "127.0.0.1", 0, true);
    place("localhost:80", "localhost", 80, true);
    place(":9000", "127.0.0.1", 9000, true);
    place("127.8.8.8", "127.8.8.8", MIG__LIVE_PORT, true);
    place("[::1]:65535", "::1", 65535, true);
    place("0.0.0.0:443", "0.0.0.0", 443, false); /* every address is not this machine alone */
    place("[::]:443", "::", 443, false);
    place("192.0.2.7", "192.0.2.7", MIG__LIVE_PORT, false);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mig_error err = MIG_ERROR_INIT;
        mig__live_place out;
        assert_int_equal(mig__live_place_parse(bad[i], &out, &err), -1);
        assert_int_equal(err.code, MIG_E_USAGE);
    }
}

static void test_hosts(void **state)
{
    (void)state;
    mig_error err = MIG_ERROR_INIT;
    mig__access access;
    static const char *const ours[] = {"localhost", "LOCALHOST:8417", "127.0.0.1:1",
                                       "127.1.2.3", "[::1]:8417",     "[::1]"};
    static const char *const theirs[] = {"evil.example",
                                         "evil.example:8417",
                                         "127.0.0.1.evil.example",
                                         "localhost.evil",
                                         "128.0.0.1",
                                         "",
                                         "localhost:",
                                         "localhost:8417x",
                                         "local host",
                                         "localhost/",
                                         "[::2]",
                                         "[::1",
                                         "0.0.0.0",
                                         "[::]",
                                         "2130706433",
                                         "localhost,evil"};
    assert_int_equal(mig__access_init(&access, NULL, &err), 0);
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        assert_true(mig__access_host(&access, ours[i]));
    }
    for (size_t i = 0; i < sizeof theirs / sizeof theirs[0]; i++) {
        assert_false(mig__access_host(&access, theirs[i]));
    }
    assert_false(mig__access_host(&access, NULL));
    assert_true(mig__access_token(&access, NULL, NULL)); /* on loopback nothing is asked for */
    mig__access_clear(&access);
    assert_int_equal(mig__access_init(&access, "no PEM", &err), -1);
    assert_int_equal(err.code, MIG_E_CERTIFICATE);
    mig__access_clear(&access);
}

static void test_tokens(void **state)
{
    (void)state;
    const mig__access access = {.token = "0123456789abcdef0123456789abcdef"};
    assert_true(mig__access_token(&access, access.token, NULL));
    assert_true(mig__access_token(&access, NULL, "Bearer 0123456789abcdef0123456789abcdef"));
    assert_false(mig__access_token(&access, NULL, NULL));
    assert_false(mig__access_token(&access, "", NULL));
    assert_false(mig__access_token(&access, "0123456789abcdef0123456789abcdee", NULL));
    assert_false(mig__access_token(&access, "0123456789abcdef0123456789abcdef0", NULL));
    assert_false(mig__access_token(&access, NULL, "Bearer "));
    assert_false(mig__access_token(&access, NULL, "Basic 0123456789abcdef0123456789abcdef"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths), cmocka_unit_test(test_places),
                                       cmocka_unit_test(test_hosts), cmocka_unit_test(test_tokens)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
