/* Endpoints from URLs: every form that is taken, and every one that is refused without repeating a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <migrate/endpoint.h>
#include <stdlib.h>
#include <string.h>

static void takes(const char *url, const char *user, const char *host, unsigned port, mig_tls_mode tls)
{
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    mig_error err = MIG_ERROR_INIT;

    if (mig_endpoint_parse_url(&endpoint, url, &err)) {
        fail_msg("%s: %s", url, err.text);
    }
    assert_string_equal(endpoint.user, user);
    assert_string_equal(endpoint.host, host);
    assert_int_equal(endpoint.port, port);
    assert_int_equal(endpoint.tls, tls);
    mig_endpoint_clear(&endpoint);
    assert_null(endpoint.user);
    assert_null(endpoint.host);
}

static void refuses(const char *url, const char *because)
{
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    mig_error err = MIG_ERROR_INIT;
    char line[2048];

    if (!mig_endpoint_parse_url(&endpoint, url, &err)) {
        fail_msg("%s was taken", url);
    }
    assert_int_equal(err.code, MIG_E_USAGE);
    if (!strstr(err.text, because)) {
        fail_msg("%s: \"%s\" does not say \"%s\"", url, err.text, because);
    }
    mig_error_line(&err, line, sizeof line);
    assert_null(strstr(line, "s3cr3t"));
    assert_null(endpoint.user);
    assert_null(endpoint.host);
    assert_int_equal(endpoint.port, 0);
}

static void test_good(void **state)
{
    (void)state;
    takes("imaps://user@host.example", "user", "host.example", 993, MIG_TLS_IMPLICIT);
    takes("imap://user@host.example", "user", "host.example", 143, MIG_TLS_STARTTLS);
    takes("IMAPS://User@Host.Example/", "User", "Host.Example", 993, MIG_TLS_IMPLICIT);
    takes("imaps://user%40old.example@host:1993", "user@old.example", "host", 1993, MIG_TLS_IMPLICIT);
    takes("imaps://a%25b%3ac%2Fd@h:1", "a%b:c/d", "h", 1, MIG_TLS_IMPLICIT);
    takes("imap://j%C3%BCrgen@h:65535", "j\xc3\xbcrgen", "h", 65535, MIG_TLS_STARTTLS);
    takes("imap://j\xc3\xbcrgen@h", "j\xc3\xbcrgen", "h", 143, MIG_TLS_STARTTLS);
    takes("imaps://master*user@192.0.2.1", "master*user", "192.0.2.1", 993, MIG_TLS_IMPLICIT);
    takes("imaps://u@[2001:db8::1]", "u", "2001:db8::1", 993, MIG_TLS_IMPLICIT);
    takes("imaps://u@[2001:db8::1]:99/", "u", "2001:db8::1", 99, MIG_TLS_IMPLICIT);
    takes("imaps://u@[fe80::1%25eth0]", "u", "fe80::1%eth0", 993, MIG_TLS_IMPLICIT);
    takes("imaps://u@host.example.", "u", "host.example.", 993, MIG_TLS_IMPLICIT);
    takes("imaps://u@xn--bcher-kva.example", "u", "xn--bcher-kva.example", 993, MIG_TLS_IMPLICIT);
    takes("imaps://u@my_host", "u", "my_host", 993, MIG_TLS_IMPLICIT);
}

static void test_passwords_are_refused(void **state)
{
    (void)state;
    refuses("imaps://user:s3cr3t@host", "password");
    refuses("imaps://user:@host", "password");
    refuses("imap://user:s3cr3t@host:143", "password");
    refuses("imaps://user:s3cr3t@more@host", "password");
    refuses("imaps://user@old.example:s3cr3t@host", "password");
    refuses("imaps://user:s3cr3t/x@host", "password");
    refuses("imap//user:s3cr3t@host", "not an IMAP URL");
    refuses("https://user:s3cr3t@host", "not an IMAP URL");
    refuses("s3cr3t", "not an IMAP URL");
    refuses("imaps://user@host:s3cr3t", "port");
    refuses("imaps://user@host/s3cr3t", "goes on");
    refuses("imaps://user@s3cr3t!", "not a DNS name");
    refuses("imaps://user@[s3cr3t]", "not an IPv6 address");
}

static void test_bad_users(void **state)
{
    (void)state;
    refuses("imaps://host.example", "no user name");
    refuses("imaps://@host.example", "no user name");
    refuses("imaps://", "no host");
    refuses("imaps://user@old.example@host", "several @");
    refuses("imaps://user;AUTH=PLAIN@host", "semicolon");
    refuses("imaps://user%@host", "hexadecimal");
    refuses("imaps://user%4@host", "hexadecimal");
    refuses("imaps://user%zz@host", "hexadecimal");
    refuses("imaps://user%00@host", "control");
    refuses("imaps://user%0d%0aA1%20LOGOUT@host", "control");
    refuses("imaps://us\ter@host", "control");
    refuses("imaps://user%7f@host", "control");
    refuses("imaps://user%C2%85@host", "control");
    refuses("imaps://user%ff@host", "UTF-8");
    refuses("imaps://user%c3@host", "UTF-8");
}

static void test_bad_hosts(void **state)
{
    (void)state;
    refuses("", "not an IMAP URL");
    refuses("imaps:", "not an IMAP URL");
    refuses("imaps:/user@host", "not an IMAP URL");
    refuses("pop3://user@host", "not an IMAP URL");
    refuses("imaps://user@", "no host");
    refuses("imaps://user@:993", "no host");
    refuses("imaps://user@/", "no host");
    refuses("imaps://user@-oProxyCommand", "not a DNS name");
    refuses("imaps://user@.host", "not a DNS name");
    refuses("imaps://user@ho..st", "not a DNS name");
    refuses("imaps://user@ho st", "not a DNS name");
    refuses("imaps://user@h\xc3\xb6st", "not a DNS name");
    refuses("imaps://user@host%2e", "not a DNS name");
    refuses("imaps://user@2001:db8::1", "several colons");
    refuses("imaps://user@[2001:db8::1", "no ]");
    refuses("imaps://user@[192.0.2.1]", "not an IPv6 address");
    refuses("imaps://user@[]", "not an IPv6 address");
    refuses("imaps://user@[fe80::1%25]", "not an IPv6 address");
    refuses("imaps://user@[fe80::1%25e;th]", "not an IPv6 address");
    refuses("imaps://user@[::1]x", "after the ]");
    refuses("imaps://user@host:", "port");
    refuses("imaps://user@host:0", "port");
    refuses("imaps://user@host:65536", "port");
    refuses("imaps://user@host:99999999999999999999", "port");
    refuses("imaps://user@host:-1", "port");
    refuses("imaps://user@host:imaps", "port");
    refuses("imaps://user@host/INBOX", "goes on");
    refuses("imaps://user@host//", "goes on");
    refuses("imaps://user@host?x", "goes on");
    refuses("imaps://user@host#x", "goes on");
}

static void test_long_host(void **state)
{
    char url[400] = "imaps://u@";
    size_t length = strlen(url);

    (void)state;
    memset(url + length, 'a', 253);
    takes(url, "u", url + length, 993, MIG_TLS_IMPLICIT);
    url[length + 253] = 'a';
    refuses(url, "not a DNS name");
}

static void test_other_members_stay(void **state)
{
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    mig_error err = MIG_ERROR_INIT;

    (void)state;
    endpoint.pin = strdup("sha256//x");
    endpoint.timeout_ms = 7;
    assert_int_equal(mig_endpoint_parse_url(&endpoint, "imaps://a@b", &err), 0);
    assert_int_equal(mig_endpoint_parse_url(&endpoint, "imap://c@d:14300", &err), 0);
    assert_string_equal(endpoint.user, "c");
    assert_string_equal(endpoint.host, "d");
    assert_string_equal(endpoint.pin, "sha256//x");
    assert_int_equal(endpoint.timeout_ms, 7);
    assert_int_equal(mig_endpoint_parse_url(&endpoint, "imap://c:d@e", NULL), -1);
    assert_string_equal(endpoint.host, "d");
    mig_endpoint_clear(&endpoint);
    assert_null(endpoint.pin);
    assert_int_equal(endpoint.compress, -1);
}

static void label_is(const char *url, const char *label)
{
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    char out[128];

    assert_int_equal(mig_endpoint_parse_url(&endpoint, url, NULL), 0);
    assert_string_equal(mig_endpoint_label(&endpoint, out, sizeof out), label);
    mig_endpoint_clear(&endpoint);
}

static void test_label(void **state)
{
    mig_endpoint empty = MIG_ENDPOINT_INIT;
    char out[4];

    (void)state;
    label_is("imaps://user%40old.example@host", "user@old.example@host");
    label_is("imaps://user@host:993", "user@host");
    label_is("imaps://user@host:143", "user@host:143");
    label_is("imap://user@host:143", "user@host");
    label_is("imap://user@host:993", "user@host:993");
    label_is("imap://user@[::1]:9", "user@[::1]:9");
    assert_string_equal(mig_endpoint_label(&empty, out, sizeof out), "");
    empty.host = (char *)(uintptr_t) "host";
    assert_string_equal(mig_endpoint_label(&empty, out, sizeof out), "hos");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),      cmocka_unit_test(test_passwords_are_refused),
        cmocka_unit_test(test_bad_users), cmocka_unit_test(test_bad_hosts),
        cmocka_unit_test(test_long_host), cmocka_unit_test(test_other_members_stay),
        cmocka_unit_test(test_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
