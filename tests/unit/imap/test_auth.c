/* Logins: the octets of each mechanism, which one is chosen, and how often a secret leaves. */
#include "imap/wire_server.h"

typedef struct keyring {
    const char *secret, *fresh; /* fresh: NULL: there is none */
    unsigned asked, asked_fresh;
} keyring;

static int give(char *out, size_t size, bool fresh, void *context, mig_error *err)
{
    keyring *keys = context;
    keys->asked++;
    keys->asked_fresh += fresh;
    const char *secret = fresh ? keys->fresh : keys->secret;
    if (secret == NULL) {
        return mig_error_set(err, MIG_E_SECRET, "the command that prints the token fails");
    }
    snprintf(out, size, "%s", secret);
    return 0;
}

static mig_endpoint endpoint_for(mig_auth auth, keyring *keys)
{
    mig_endpoint endpoint = wire_endpoint();
    endpoint.auth = auth;
    endpoint.secret = give;
    endpoint.secret_context = keys;
    return endpoint;
}

/* The login works; the script goes up to its tagged OK. */
static void succeed(const wire_step *script, const mig_endpoint *endpoint)
{
    wire_server server;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, endpoint);
    mig__session_close(&session);
    wire_end(&server);
}

/* The login does not; returns the error, and asserts that the secret was asked for `times`. */
static mig_error refuse(const wire_step *script, const mig_endpoint *endpoint, mig_code code, unsigned times)
{
    wire_server server;
    mig_error error = MIG_ERROR_INIT;
    keyring *keys = endpoint->secret_context;
    wire_begin(&server, script);
    assert_null(wire_open(&server, endpoint, &error));
    if (error.code != code) {
        print_error("%s\n", error.text);
    }
    assert_int_equal(error.code, code);
    assert_int_equal(error.scope, MIG_SCOPE_ACCOUNT);
    assert_int_equal(keys->asked, times);
    assert_null(strstr(error.text, keys->secret));
    assert_null(strstr(error.hint, keys->secret));
    wire_end(&server);
    return error;
}

#define GREETING(capabilities) SEND("* OK [CAPABILITY IMAP4rev1 " capabilities "] hi\r\n")
#define IN(tag)                SEND(tag " OK [CAPABILITY IMAP4rev1] in\r\n"), EXPECT("2 LOGOUT\r\n"), END

static void test_plain(void **state)
{
    (void)state;
    keyring keys = {.secret = "secret"};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_PLAIN, &keys);
    static const wire_step initial[] = {GREETING("AUTH=PLAIN SASL-IR"),
                                        EXPECT("1 AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0\r\n"), IN("1")};
    succeed(initial, &endpoint);
    static const wire_step asked[] = {GREETING("AUTH=PLAIN"), EXPECT("1 AUTHENTICATE PLAIN\r\n"), QUIET,
                                      SEND("+ \r\n"),         EXPECT("AHVzZXIAc2VjcmV0\r\n"),     IN("1")};
    succeed(asked, &endpoint);
    assert_int_equal(keys.asked, 2);

    static char admin[] = "admin2";
    static const wire_step acting[] = {GREETING("AUTH=PLAIN SASL-IR"),
                                       EXPECT("1 AUTHENTICATE PLAIN YWRtaW4yAHVzZXIAc2VjcmV0\r\n"), IN("1")};
    endpoint.authzid = admin;
    succeed(acting, &endpoint);

    static char user[] = "us\xc3\xa9r";
    static const wire_step utf8[] = {GREETING("AUTH=PLAIN SASL-IR"),
                                     EXPECT("1 AUTHENTICATE PLAIN AHVzw6lyAHPDqWNyZXQ=\r\n"), IN("1")};
    endpoint.authzid = NULL;
    endpoint.user = user;
    keys.secret = "s\xc3\xa9"
                  "cret";
    succeed(utf8, &endpoint);
}

static void test_login_command(void **state)
{
    (void)state;
    keyring keys = {.secret = "se\"cr\\et {5+}"};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_LOGIN, &keys);
    static const wire_step quoted[] = {GREETING(""), EXPECT("1 LOGIN user \"se\\\"cr\\\\et {5+}\"\r\n"), IN("1")};
    succeed(quoted, &endpoint);

    keys.secret = "a\r\n2 DELETE INBOX";
    static const wire_step literal[] = {GREETING(""), EXPECT("1 LOGIN user {17}\r\n"), SEND("+ \r\n"),
                                        EXPECT("a\r\n2 DELETE INBOX\r\n"), IN("1")};
    succeed(literal, &endpoint);
}

static void test_login_mechanism(void **state)
{
    (void)state;
    keyring keys = {.secret = "secret"};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_LOGIN, &keys);
    static const wire_step script[] = {GREETING("LOGINDISABLED AUTH=LOGIN SASL-IR"),
                                       EXPECT("1 AUTHENTICATE LOGIN\r\n"),
                                       SEND("+ VXNlcm5hbWU6\r\n"),
                                       EXPECT("dXNlcg==\r\n"),
                                       SEND("+ UGFzc3dvcmQ6\r\n"),
                                       EXPECT("c2VjcmV0\r\n"),
                                       IN("1")};
    succeed(script, &endpoint);
    assert_int_equal(keys.asked, 1);
}

/* RFC 2195 section 2. */
static void test_cram_md5(void **state)
{
    (void)state;
    static char tim[] = "tim";
    keyring keys = {.secret = "tanstaaftanstaaf"};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_CRAM_MD5, &keys);
    endpoint.user = tim;
    static const wire_step script[] = {GREETING("AUTH=CRAM-MD5 SASL-IR"),
                                       EXPECT("1 AUTHENTICATE CRAM-MD5\r\n"),
                                       QUIET,
                                       SEND("+ PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n"),
                                       EXPECT("dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n"),
                                       IN("1")};
    succeed(script, &endpoint);
}

static void test_external(void **state)
{
    (void)state;
    static char certificate[] = "cert.pem", other[] = "other";
    mig_endpoint endpoint = wire_endpoint();
    endpoint.client_cert = certificate;
    endpoint.secret = NULL;
    static const wire_step script[] = {GREETING("AUTH=PLAIN AUTH=EXTERNAL SASL-IR"),
                                       EXPECT("1 AUTHENTICATE EXTERNAL =\r\n"), IN("1")};
    succeed(script, &endpoint);
    endpoint.auth = MIG_AUTH_EXTERNAL;
    endpoint.authzid = other;
    static const wire_step acting[] = {GREETING("AUTH=EXTERNAL"), EXPECT("1 AUTHENTICATE EXTERNAL\r\n"), SEND("+ \r\n"),
                                       EXPECT("b3RoZXI=\r\n"), IN("1")};
    succeed(acting, &endpoint);
}

/* RFC 7628 section 4.1, here on its host and port. */
static void test_oauthbearer(void **state)
{
    (void)state;
    static char user[] = "user@example.com", host[] = "server.example.com", odd[] = "a=b,c", here[] = "127.0.0.1";
    keyring keys = {.secret = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_OAUTHBEARER, &keys);
    endpoint.user = user;
    endpoint.host = host;
    endpoint.allow_cleartext = true;
    static const wire_step script[] = {
        GREETING("AUTH=OAUTHBEARER SASL-IR"),
        EXPECT("1 AUTHENTICATE OAUTHBEARER bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1"
               "dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB\r\n"),
        IN("1")};
    succeed(script, &endpoint);
    keys.secret = "t";
    endpoint.user = odd;
    endpoint.host = here;
    static const wire_step escaped[] = {
        GREETING("AUTH=OAUTHBEARER SASL-IR"),
        EXPECT(
            "1 AUTHENTICATE OAUTHBEARER bixhPWE9M0RiPTJDYywBaG9zdD0xMjcuMC4wLjEBcG9ydD0xNDMBYXV0aD1CZWFyZXIgdAEB\r\n"),
        IN("1")};
    succeed(escaped, &endpoint);
}

#define REFUSAL "+ eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZXhhbXBsZS8ifQ==\r\n"
#define TOKEN_1 "dXNlcj11c2VyAWF1dGg9QmVhcmVyIHRva2VuLTEBAQ=="
#define TOKEN_2 "dXNlcj11c2VyAWF1dGg9QmVhcmVyIHRva2VuLTIBAQ=="

/* A token that ran out is replaced once by a fresh one. */
static void test_xoauth2_fresh_token(void **state)
{
    (void)state;
    keyring keys = {.secret = "token-1", .fresh = "token-2"};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_XOAUTH2, &keys);
    static const wire_step script[] = {GREETING("AUTH=XOAUTH2 SASL-IR"),
                                       EXPECT("1 AUTHENTICATE XOAUTH2 " TOKEN_1 "\r\n"),
                                       SEND(REFUSAL),
                                       EXPECT("\r\n"),
                                       SEND("1 NO SASL authentication failed\r\n"),
                                       EXPECT("2 AUTHENTICATE XOAUTH2 " TOKEN_2 "\r\n"),
                                       SEND("2 OK [CAPABILITY IMAP4rev1] in\r\n"),
                                       EXPECT("3 LOGOUT\r\n"),
                                       END};
    succeed(script, &endpoint);
    assert_int_equal(keys.asked, 2);
    assert_int_equal(keys.asked_fresh, 1);
}

static void test_xoauth2_refused(void **state)
{
    (void)state;
    keyring keys = {.secret = "token-1", .fresh = "token-1"};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_XOAUTH2, &keys);
    static const wire_step once[] = {GREETING("AUTH=XOAUTH2"),
                                     EXPECT("1 AUTHENTICATE XOAUTH2\r\n"),
                                     SEND("+ \r\n"),
                                     EXPECT(TOKEN_1 "\r\n"),
                                     SEND(REFUSAL),
                                     EXPECT("\r\n"),
                                     SEND("1 NO [AUTHENTICATIONFAILED] Invalid credentials\r\n"),
                                     END};
    mig_error error = refuse(once, &endpoint, MIG_E_AUTH, 2);
    assert_non_null(strstr(error.server, "[AUTHENTICATIONFAILED] Invalid credentials"));
    assert_non_null(strstr(error.server, "\"scope\":\"https://mail.example/\""));
    assert_non_null(strstr(error.hint, "scope"));

    keys = (keyring){.secret = "token-1", .fresh = NULL};
    error = refuse(once, &endpoint, MIG_E_SECRET, 2);
    assert_non_null(strstr(error.text, "command that prints the token"));

    keys = (keyring){.secret = "token-1", .fresh = "token-2"};
    static const wire_step twice[] = {
        GREETING("AUTH=XOAUTH2 SASL-IR"),      EXPECT("1 AUTHENTICATE XOAUTH2 " TOKEN_1 "\r\n"),
        SEND("1 NO AUTHENTICATE failed.\r\n"), EXPECT("2 AUTHENTICATE XOAUTH2 " TOKEN_2 "\r\n"),
        SEND("2 NO AUTHENTICATE failed.\r\n"), END};
    refuse(twice, &endpoint, MIG_E_AUTH, 2);

    keys = (keyring){.secret = "token-1", .fresh = "token-2"};
    static const wire_step busy[] = {GREETING("AUTH=XOAUTH2 SASL-IR"), EXPECT("1 AUTHENTICATE XOAUTH2 " TOKEN_1 "\r\n"),
                                     SEND("1 NO [UNAVAILABLE] later\r\n"), END};
    refuse(busy, &endpoint, MIG_E_UNAVAILABLE, 1);
}

/* RFC 7628 section 3.2.3: the error is acknowledged by ^A. */
static void test_oauthbearer_refused(void **state)
{
    (void)state;
    keyring keys = {.secret = "token-1", .fresh = "token-1"};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_OAUTHBEARER, &keys);
    static const wire_step script[] = {
        GREETING("AUTH=OAUTHBEARER SASL-IR"),
        EXPECT("1 AUTHENTICATE OAUTHBEARER "
               "bixhPXVzZXIsAWhvc3Q9MTI3LjAuMC4xAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHRva2VuLTEBAQ==\r\n"),
        SEND(REFUSAL),
        EXPECT("AQ==\r\n"),
        SEND("1 NO no\r\n"),
        END,
    };
    mig_error error = refuse(script, &endpoint, MIG_E_AUTH, 2);
    assert_non_null(strstr(error.server, "401"));
}

/* O3: one attempt, whatever the mechanism, and the server's words. */
static void test_wrong_password(void **state)
{
    (void)state;
    keyring keys = {.secret = "secret"};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_AUTO, &keys);
    static const wire_step plain[] = {GREETING("AUTH=PLAIN AUTH=LOGIN SASL-IR"),
                                      EXPECT("1 AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0\r\n"),
                                      SEND("1 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"), END};
    mig_error error = refuse(plain, &endpoint, MIG_E_AUTH, 1);
    assert_int_equal(error.retry, MIG_RETRY_NEVER);
    assert_string_equal(error.server, "[AUTHENTICATIONFAILED] Authentication failed.");
    assert_non_null(strstr(error.text, "user@127.0.0.1: the server refuses the login of user (PLAIN)"));
    assert_non_null(strstr(error.hint, "app password"));
    assert_int_equal(mig_code_exit_status(error.code), 3);

    keys.asked = 0;
    static const wire_step login[] = {GREETING(""), EXPECT("1 LOGIN user secret\r\n"), SEND("1 NO LOGIN failed.\r\n"),
                                      END};
    error = refuse(login, &endpoint, MIG_E_AUTH, 1);
    assert_string_equal(error.server, "LOGIN failed.");

    keys.asked = 0;
    static const wire_step web[] = {GREETING(""), EXPECT("1 LOGIN user secret\r\n"),
                                    SEND("1 NO [ALERT] Application-specific password required\r\n"), END};
    error = refuse(web, &endpoint, MIG_E_AUTH, 1);
    assert_non_null(strstr(error.hint, "app password"));

    keys.asked = 0;
    static const wire_step referral[] = {GREETING(""), EXPECT("1 LOGIN user secret\r\n"),
                                         SEND("1 NO [REFERRAL imap://user@evil.example/] over there\r\n"), END};
    refuse(referral, &endpoint, MIG_E_AUTH, 1);
}

static void test_refused_for_now(void **state)
{
    (void)state;
    keyring keys = {.secret = "secret"};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_AUTO, &keys);
    static const wire_step busy[] = {GREETING(""), EXPECT("1 LOGIN user secret\r\n"),
                                     SEND("1 NO [UNAVAILABLE] Temporary authentication failure.\r\n"), END};
    mig_error error = refuse(busy, &endpoint, MIG_E_UNAVAILABLE, 1);
    assert_int_equal(error.retry, MIG_RETRY_LATER);
    keys.asked = 0;
    static const wire_step many[] = {GREETING(""), EXPECT("1 LOGIN user secret\r\n"),
                                     SEND("1 NO [ALERT] Too many simultaneous connections. (Failure)\r\n"), END};
    refuse(many, &endpoint, MIG_E_UNAVAILABLE, 1);
    keys.asked = 0;
    static const wire_step bye[] = {GREETING(""), EXPECT("1 LOGIN user secret\r\n"), SEND("* BYE restarting\r\n"), END};
    refuse(bye, &endpoint, MIG_E_UNAVAILABLE, 1);
}

/* Which mechanism `auto` takes; the first line of the client tells. */
#define CHOICE_TEST(function, capabilities, line)                                                                      \
    static void function(void **state)                                                                                 \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        keyring keys = {.secret = "secret"};                                                                           \
        mig_endpoint endpoint = endpoint_for(MIG_AUTH_AUTO, &keys);                                                    \
        static const wire_step script[] = {GREETING(capabilities), EXPECT(line), SEND("* BYE enough\r\n"), END};       \
        wire_server server;                                                                                            \
        mig_error error = MIG_ERROR_INIT;                                                                              \
        wire_begin(&server, script);                                                                                   \
        assert_null(wire_open(&server, &endpoint, &error));                                                            \
        assert_int_equal(error.code, MIG_E_UNAVAILABLE);                                                               \
        wire_end(&server);                                                                                             \
    }

CHOICE_TEST(auto_scram_256, "AUTH=PLAIN AUTH=CRAM-MD5 AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256",
            "1 AUTHENTICATE SCRAM-SHA-256\r\n")
CHOICE_TEST(auto_scram_1, "AUTH=PLAIN AUTH=CRAM-MD5 AUTH=SCRAM-SHA-1", "1 AUTHENTICATE SCRAM-SHA-1\r\n")
CHOICE_TEST(auto_cram_without_tls, "AUTH=PLAIN AUTH=CRAM-MD5", "1 AUTHENTICATE CRAM-MD5\r\n")
CHOICE_TEST(auto_login_saves_a_round_trip, "AUTH=PLAIN", "1 LOGIN user secret\r\n")
CHOICE_TEST(auto_plain_with_sasl_ir, "AUTH=PLAIN SASL-IR", "1 AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0\r\n")
CHOICE_TEST(auto_plain_without_login, "AUTH=PLAIN LOGINDISABLED", "1 AUTHENTICATE PLAIN\r\n")
CHOICE_TEST(auto_mechanism_login, "AUTH=LOGIN LOGINDISABLED", "1 AUTHENTICATE LOGIN\r\n")

static void test_nothing_fits(void **state)
{
    (void)state;
    static char other[] = "other";
    keyring keys = {.secret = "secret"};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_AUTO, &keys);
    static const wire_step tokens[] = {GREETING("LOGINDISABLED AUTH=XOAUTH2 AUTH=OAUTHBEARER"), END};
    mig_error error = refuse(tokens, &endpoint, MIG_E_AUTH, 0);
    assert_non_null(strstr(error.hint, "xoauth2"));
    assert_string_equal(error.server, "LOGINDISABLED, XOAUTH2, OAUTHBEARER");
    static const wire_step disabled[] = {GREETING("LOGINDISABLED"), END};
    refuse(disabled, &endpoint, MIG_E_AUTH, 0);

    endpoint.auth = MIG_AUTH_SCRAM_SHA_256;
    static const wire_step plain[] = {GREETING("AUTH=PLAIN AUTH=SCRAM-SHA-2"), END};
    error = refuse(plain, &endpoint, MIG_E_AUTH, 0);
    assert_non_null(strstr(error.text, "SCRAM-SHA-256"));

    endpoint.authzid = other;
    endpoint.auth = MIG_AUTH_LOGIN;
    refuse(plain, &endpoint, MIG_E_USAGE, 0);
    endpoint.auth = MIG_AUTH_AUTO;
    static const wire_step cram[] = {GREETING("AUTH=CRAM-MD5"), END};
    refuse(cram, &endpoint, MIG_E_AUTH, 0);
}

static void test_no_secret(void **state)
{
    (void)state;
    keyring keys = {.secret = ""};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_AUTO, &keys);
    static const wire_step script[] = {GREETING(""), END};
    wire_server server;
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    assert_null(wire_open(&server, &endpoint, &error));
    assert_int_equal(error.code, MIG_E_SECRET);
    wire_end(&server);

    keys.secret = NULL;
    wire_begin(&server, script);
    assert_null(wire_open(&server, &endpoint, &error));
    assert_int_equal(error.code, MIG_E_SECRET);
    assert_non_null(strstr(error.text, "command that prints"));
    wire_end(&server);

    /* The exchange has begun already: no LOGOUT into it. */
    endpoint.auth = MIG_AUTH_PLAIN;
    static const wire_step asked[] = {GREETING("AUTH=PLAIN"), EXPECT("1 AUTHENTICATE PLAIN\r\n"), SEND("+ \r\n"), END};
    wire_begin(&server, asked);
    assert_null(wire_open(&server, &endpoint, &error));
    assert_int_equal(error.code, MIG_E_SECRET);
    wire_end(&server);
}

static void test_one_challenge_too_many(void **state)
{
    (void)state;
    keyring keys = {.secret = "secret"};
    mig_endpoint endpoint = endpoint_for(MIG_AUTH_PLAIN, &keys);
    static const wire_step script[] = {GREETING("AUTH=PLAIN SASL-IR"),
                                       EXPECT("1 AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0\r\n"), SEND("+ UGFzc3dvcmQ6\r\n"),
                                       END};
    refuse(script, &endpoint, MIG_E_PROTOCOL, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_login_command),
        cmocka_unit_test(test_login_mechanism),
        cmocka_unit_test(test_cram_md5),
        cmocka_unit_test(test_external),
        cmocka_unit_test(test_oauthbearer),
        cmocka_unit_test(test_xoauth2_fresh_token),
        cmocka_unit_test(test_xoauth2_refused),
        cmocka_unit_test(test_oauthbearer_refused),
        cmocka_unit_test(test_wrong_password),
        cmocka_unit_test(test_refused_for_now),
        cmocka_unit_test(auto_scram_256),
        cmocka_unit_test(auto_scram_1),
        cmocka_unit_test(auto_cram_without_tls),
        cmocka_unit_test(auto_login_saves_a_round_trip),
        cmocka_unit_test(auto_plain_with_sasl_ir),
        cmocka_unit_test(auto_plain_without_login),
        cmocka_unit_test(auto_mechanism_login),
        cmocka_unit_test(test_nothing_fits),
        cmocka_unit_test(test_no_secret),
        cmocka_unit_test(test_one_challenge_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
