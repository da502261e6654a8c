/* A ManageSieve session to the last octet: logins, arguments, refusals, and servers that do not keep to anything. */
#include "imap/wire_tls.h"
#include "sieve/session.h"

static mig__sieve_session *open_sieve(wire_server *server, const mig_endpoint *endpoint, mig_error *err)
{
    const mig__sieve_options options = {.endpoint = endpoint, .account = "user@127.0.0.1"};
    mig__stream *stream = mig__stream_from_fd(server->client, endpoint, NULL, err);
    assert_non_null(stream);
    return mig__sieve_open_stream(stream, &options, err);
}

static mig_endpoint endpoint_with(mig_auth auth)
{
    mig_endpoint endpoint = wire_endpoint();
    endpoint.port = 4190;
    endpoint.auth = auth;
    return endpoint;
}

#define GREET(sasl)                                                                                                    \
    SEND("\"IMPLEMENTATION\" \"Test 1\"\r\n\"SASL\" \"" sasl "\"\r\n\"SIEVE\" \"fileinto\"\r\nOK \"ready\"\r\n")
#define KNOWN    EXPECT("CAPABILITY\r\n"), SEND("\"SIEVE\" \"fileinto vacation\"\r\n\"OWNER\" \"user\"\r\nOK\r\n")
#define IN_PLAIN GREET("PLAIN"), EXPECT("AUTHENTICATE \"PLAIN\" \"AHVzZXIAc2VjcmV0\"\r\n"), SEND("OK\r\n"), KNOWN
#define OUT      EXPECT("LOGOUT\r\n"), END

static void succeed(const wire_step *script, const mig_endpoint *endpoint)
{
    wire_server server;
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__sieve_session *session = open_sieve(&server, endpoint, &error);
    if (session == NULL) {
        print_error("%s\n", error.text);
    }
    assert_non_null(session);
    mig__sieve_close(&session);
    wire_end(&server);
}

static mig_error refuse(const wire_step *script, const mig_endpoint *endpoint, mig_code code)
{
    wire_server server;
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    assert_null(open_sieve(&server, endpoint, &error));
    if (error.code != code) {
        print_error("%s\n", error.text);
    }
    assert_int_equal(error.code, code);
    assert_null(strstr(error.text, "secret"));
    wire_end(&server);
    return error;
}

/* ---- logins ---- */

static void test_plain(void **state)
{
    (void)state;
    mig_endpoint endpoint = endpoint_with(MIG_AUTH_AUTO);
    static const wire_step usual[] = {IN_PLAIN, OUT};
    succeed(usual, &endpoint);
    /* A server that asks although the first answer came. */
    endpoint.auth = MIG_AUTH_PLAIN;
    static const wire_step asks[] = {GREET("PLAIN"), EXPECT("AUTHENTICATE \"PLAIN\" \"AHVzZXIAc2VjcmV0\"\r\n"),
                                     SEND("\"\"\r\n"), EXPECT("\"*\"\r\n"), END};
    refuse(asks, &endpoint, MIG_E_PROTOCOL);
}

/* As another user: a master user's login, or an administrator who acts for somebody. */
static void test_acting(void **state)
{
    (void)state;
    static char other[] = "admin2", master[] = "user*master";
    mig_endpoint endpoint = endpoint_with(MIG_AUTH_AUTO);
    endpoint.authzid = other;
    static const wire_step acting[] = {
        GREET("PLAIN"), EXPECT("AUTHENTICATE \"PLAIN\" \"YWRtaW4yAHVzZXIAc2VjcmV0\"\r\n"), SEND("OK\r\n"), KNOWN, OUT};
    succeed(acting, &endpoint);
    endpoint.authzid = NULL;
    endpoint.user = master;
    static const wire_step mastered[] = {GREET("PLAIN"),
                                         EXPECT("AUTHENTICATE \"PLAIN\" \"AHVzZXIqbWFzdGVyAHNlY3JldA==\"\r\n"),
                                         SEND("OK\r\n"), KNOWN, OUT};
    succeed(mastered, &endpoint);
}

static void test_external(void **state)
{
    (void)state;
    static char certificate[] = "cert.pem", other[] = "other";
    mig_endpoint endpoint = endpoint_with(MIG_AUTH_AUTO);
    endpoint.client_cert = certificate;
    endpoint.secret = NULL;
    static const wire_step plain[] = {GREET("PLAIN EXTERNAL"), EXPECT("AUTHENTICATE \"EXTERNAL\" \"\"\r\n"),
                                      SEND("OK\r\n"), KNOWN, OUT};
    succeed(plain, &endpoint);
    endpoint.auth = MIG_AUTH_EXTERNAL;
    endpoint.authzid = other;
    static const wire_step acting[] = {GREET("external"), EXPECT("AUTHENTICATE \"EXTERNAL\" \"b3RoZXI=\"\r\n"),
                                       SEND("OK\r\n"), KNOWN, OUT};
    succeed(acting, &endpoint);
}

static void test_oauthbearer(void **state)
{
    (void)state;
    mig_endpoint endpoint = endpoint_with(MIG_AUTH_OAUTHBEARER);
    endpoint.port = 143;
    endpoint.secret_context = (void *)(uintptr_t) "token-1";
#define BEARER "bixhPXVzZXIsAWhvc3Q9MTI3LjAuMC4xAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHRva2VuLTEBAQ=="
    static const wire_step accepted[] = {
        GREET("OAUTHBEARER"), EXPECT("AUTHENTICATE \"OAUTHBEARER\" \"" BEARER "\"\r\n"), SEND("OK\r\n"), KNOWN, OUT};
    succeed(accepted, &endpoint);
    static const wire_step refused[] = {GREET("OAUTHBEARER"),
                                        EXPECT("AUTHENTICATE \"OAUTHBEARER\" \"" BEARER "\"\r\n"),
                                        SEND("{24}\r\neyJzdGF0dXMiOiI0MDEifQ==\r\n"),
                                        EXPECT("\"AQ==\"\r\n"),
                                        SEND("NO \"no\"\r\n"),
                                        END};
    mig_error error = refuse(refused, &endpoint, MIG_E_AUTH);
    assert_non_null(strstr(error.server, "401"));
    assert_non_null(strstr(error.hint, "ManageSieve"));
}

/* RFC 2195 section 2: the server speaks first. */
static void test_cram_md5(void **state)
{
    (void)state;
    static char tim[] = "tim";
    mig_endpoint endpoint = endpoint_with(MIG_AUTH_CRAM_MD5);
    endpoint.user = tim;
    endpoint.secret_context = (void *)(uintptr_t) "tanstaaftanstaaf";
    static const wire_step script[] = {GREET("CRAM-MD5"),
                                       EXPECT("AUTHENTICATE \"CRAM-MD5\"\r\n"),
                                       SEND("\"PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\"\r\n"),
                                       EXPECT("\"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\"\r\n"),
                                       SEND("OK\r\n"),
                                       KNOWN,
                                       OUT};
    succeed(script, &endpoint);
}

/* A server that says OK to SCRAM without the proof that it knows the password, in OK or before it. */
static void test_scram_unproven(void **state)
{
    (void)state;
    mig_endpoint endpoint = endpoint_with(MIG_AUTH_SCRAM_SHA_256);
    static const wire_step none[] = {
        GREET("SCRAM-SHA-256"), EXPECT("AUTHENTICATE \"SCRAM-SHA-256\" \"biwsbj11c2VyLHI9"), SEND("OK\r\n"), HANG_UP};
    refuse(none, &endpoint, MIG_E_AUTH);
    static const wire_step weak[] = {GREET("SCRAM-SHA-1"), EXPECT("AUTHENTICATE \"SCRAM-SHA-1\" \"biwsbj11c2VyLHI9"),
                                     SEND("\"cj14LHM9QUFBQSxpPTE=\"\r\n"), HANG_UP};
    endpoint.auth = MIG_AUTH_SCRAM_SHA_1;
    refuse(weak, &endpoint, MIG_E_AUTH);
}

static void test_refused(void **state)
{
    (void)state;
    mig_endpoint endpoint = endpoint_with(MIG_AUTH_AUTO);
    static const wire_step wrong[] = {GREET("PLAIN"), EXPECT("AUTHENTICATE \"PLAIN\" \"AHVzZXIAc2VjcmV0\"\r\n"),
                                      SEND("NO \"Authentication failed.\"\r\n"), END};
    mig_error error = refuse(wrong, &endpoint, MIG_E_AUTH);
    assert_non_null(strstr(error.text, "user@127.0.0.1"));
    assert_string_equal(error.server, "Authentication failed.");
    static const wire_step later[] = {GREET("PLAIN"), EXPECT("AUTHENTICATE \"PLAIN\" \"AHVzZXIAc2VjcmV0\"\r\n"),
                                      SEND("NO (TRYLATER) \"busy\"\r\n"), END};
    error = refuse(later, &endpoint, MIG_E_UNAVAILABLE);
    assert_int_equal(error.retry, MIG_RETRY_LATER);
    static const wire_step elsewhere[] = {SEND("BYE (REFERRAL \"sieve://other.example\") \"moved\"\r\n"), END};
    error = refuse(elsewhere, &endpoint, MIG_E_CANNOT);
    assert_non_null(strstr(error.text, "sieve://other.example"));
    static const wire_step nothing[] = {GREET("GSSAPI"), END};
    error = refuse(nothing, &endpoint, MIG_E_AUTH);
    assert_string_equal(error.server, "GSSAPI");
}

/* STARTTLS or nothing: not offered, refused, and with plain text slipped in behind it. */
static void test_starttls(void **state)
{
    (void)state;
    mig_endpoint endpoint = endpoint_with(MIG_AUTH_AUTO);
    endpoint.tls = MIG_TLS_STARTTLS;
    static const wire_step missing[] = {GREET("PLAIN"), END};
    refuse(missing, &endpoint, MIG_E_CLEARTEXT);
#define SECURE SEND("\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n"), EXPECT("STARTTLS\r\n")
    static const wire_step refused[] = {SECURE, SEND("NO \"not now\"\r\n"), END};
    mig_error error = refuse(refused, &endpoint, MIG_E_CLEARTEXT);
    assert_string_equal(error.server, "not now");
    static const wire_step injected[] = {SECURE, SEND("OK\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n"), END};
    refuse(injected, &endpoint, MIG_E_TLS);
}

/* What was told in plain text is forgotten, and what is told behind TLS counts. */
static void test_starttls_told_again(void **state)
{
    (void)state;
    static const wire_step script[] = {SEND("\"SASL\" \"\"\r\n\"STARTTLS\"\r\n\"SIEVE\" \"forged\"\r\nOK\r\n"),
                                       EXPECT("STARTTLS\r\n"),
                                       SEND("OK\r\n"),
                                       CALL(accept_tls),
                                       GREET("PLAIN"),
                                       EXPECT("AUTHENTICATE \"PLAIN\" \"AHVzZXIAc2VjcmV0\"\r\n"),
                                       SEND("OK\r\n"),
                                       EXPECT("CAPABILITY\r\n"),
                                       SEND("\"IMPLEMENTATION\" \"x\"\r\nOK\r\n"),
                                       OUT};
    wire_server server;
    tls_side side;
    mig_error error = MIG_ERROR_INIT;
    make_side(&side);
    mig_endpoint endpoint = starttls_endpoint(&side);
    wire_begin_with(&server, script, &side);
    mig__sieve_session *session = open_sieve(&server, &endpoint, &error);
    assert_non_null(session);
    assert_null(mig__sieve_capabilities(session)->sieve);
    mig__sieve_close(&session);
    wire_end(&server);
    drop_side(&side);
}

/* ---- scripts ---- */

typedef struct visit {
    const wire_step *script;
    mig__sieve_session *session;
    wire_server server;
} visit;

static void enter(visit *v, const wire_step *script)
{
    mig_error error = MIG_ERROR_INIT;
    static mig_endpoint endpoint;
    endpoint = endpoint_with(MIG_AUTH_AUTO);
    wire_begin(&v->server, script);
    v->session = open_sieve(&v->server, &endpoint, &error);
    assert_non_null(v->session);
}

static void leave(visit *v)
{
    mig__sieve_close(&v->session);
    wire_end(&v->server);
}

static void test_scripts(void **state)
{
    (void)state;
    static const wire_step script[] = {IN_PLAIN,
                                       EXPECT("LISTSCRIPTS\r\n"),
                                       SEND("\"main\" ACTIVE\r\n{5}\r\na\"b\\c\r\nOK\r\n"),
                                       EXPECT("GETSCRIPT \"a\\\"b\\\\c\"\r\n"),
                                       SEND("{12}\r\nkeep;\r\nstop;\r\nOK\r\n"),
                                       EXPECT("HAVESPACE \"main\" 1234\r\n"),
                                       SEND("OK\r\n"),
                                       EXPECT("CHECKSCRIPT {7+}\r\nkeep;\r\n\r\n"),
                                       SEND("OK (WARNINGS) \"line 1: so\"\r\n"),
                                       EXPECT("PUTSCRIPT \"n\xc3\xa4\" {7+}\r\nkeep;\r\n\r\n"),
                                       SEND("OK\r\n"),
                                       EXPECT("SETACTIVE \"n\xc3\xa4\"\r\n"),
                                       SEND("OK\r\n"),
                                       EXPECT("SETACTIVE \"\"\r\n"),
                                       SEND("OK\r\n"),
                                       OUT};
    visit v;
    char warning[200];
    mig__sieve_listing listing;
    mig__buffer text = MIG__BUFFER_INIT;
    enter(&v, script);
    assert_string_equal(mig__sieve_capabilities(v.session)->sieve, "fileinto vacation");
    assert_int_equal(mig__sieve_list(v.session, &listing, NULL), 0);
    assert_int_equal(listing.count, 2);
    assert_int_equal(listing.active, 0);
    assert_string_equal(listing.names[1], "a\"b\\c");
    assert_int_equal(mig__sieve_get(v.session, listing.names[1], &text, NULL), 0);
    assert_string_equal(text.data, "keep;\r\nstop;");
    assert_int_equal(mig__sieve_have_space(v.session, "main", 1234, NULL), 0);
    assert_int_equal(mig__sieve_check(v.session, "keep;\r\n", 7, warning, sizeof warning, NULL), 0);
    assert_string_equal(warning, "line 1: so");
    assert_int_equal(mig__sieve_put(v.session, "n\xc3\xa4", "keep;\r\n", 7, warning, sizeof warning, NULL), 0);
    assert_string_equal(warning, "");
    assert_int_equal(mig__sieve_activate(v.session, "n\xc3\xa4", NULL), 0);
    assert_int_equal(mig__sieve_activate(v.session, "", NULL), 0);
    mig__sieve_listing_clear(&listing);
    mig__buffer_free(&text);
    leave(&v);
}

/* A refusal has a meaning, and the session goes on. */
static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        mig_code meaning;
    } cases[] = {{"QUOTA/MAXSCRIPTS", MIG_E_OVERQUOTA}, {"QUOTA", MIG_E_OVERQUOTA}, {"QUOTA/MAXSIZE", MIG_E_TOO_BIG},
                 {"NONEXISTENT", MIG_E_MISSING},        {"ACTIVE", MIG_E_CANNOT},   {"TRYLATER", MIG_E_UNAVAILABLE},
                 {"ALREADYEXISTS", MIG_E_EXISTS},       {"X-OTHER", MIG_E_NO}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char answer[80];
        snprintf(answer, sizeof answer, "NO (%s) {8}\r\nline 1\r\n\r\n", cases[i].code);
        const wire_step script[] = {IN_PLAIN,
                                    EXPECT("SETACTIVE \"x\"\r\n"),
                                    {WIRE_SEND, answer, strlen(answer), NULL},
                                    EXPECT("HAVESPACE \"x\" 1\r\n"),
                                    SEND("OK\r\n"),
                                    OUT};
        visit v;
        mig_error error = MIG_ERROR_INIT;
        enter(&v, script);
        assert_int_equal(mig__sieve_activate(v.session, "x", &error), -1);
        assert_int_equal(error.code, cases[i].meaning);
        assert_string_equal(error.server, "line 1  ");
        assert_false(mig__sieve_lost(v.session));
        assert_int_equal(mig__sieve_have_space(v.session, "x", 1, NULL), 0);
        leave(&v);
    }
}

/* What makes no sense ends the session: nothing is read out of it. */
static void test_hostile(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        mig_code code;
    } lists[] = {{"\"a\"\r\n\"a\"\r\nOK\r\n", MIG_E_PROTOCOL},
                 {"\"a\" ACTIVE\r\n\"b\" ACTIVE\r\nOK\r\n", MIG_E_PROTOCOL},
                 {"\"a\x1b[2J\"\r\nOK\r\n", MIG_E_PROTOCOL},
                 {"{3}\r\na\0b\r\nOK\r\n", MIG_E_PROTOCOL},
                 {"\"\"\r\nOK\r\n", MIG_E_PROTOCOL},
                 {"\"a\xff\"\r\nOK\r\n", MIG_E_PROTOCOL},
                 {"atom\r\nOK\r\n", MIG_E_PROTOCOL},
                 {"BYE \"enough\"\r\n", MIG_E_CLOSED},
                 {"{4194305}\r\n", MIG_E_BOUNDS}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const size_t length = i == 3 ? 15 : strlen(lists[i].answer);
        const wire_step script[] = {
            IN_PLAIN, EXPECT("LISTSCRIPTS\r\n"), {WIRE_SEND, lists[i].answer, length, NULL}, END};
        visit v;
        mig_error error = MIG_ERROR_INIT;
        mig__sieve_listing listing;
        enter(&v, script);
        assert_int_equal(mig__sieve_list(v.session, &listing, &error), -1);
        assert_int_equal(error.code, lists[i].code);
        assert_true(mig__sieve_lost(v.session));
        assert_int_equal(listing.count, 0);
        assert_int_equal(mig__sieve_activate(v.session, "x", &error), -1);
        leave(&v);
    }
    static const wire_step two[] = {IN_PLAIN, EXPECT("GETSCRIPT \"x\"\r\n"), SEND("\"a\"\r\n\"b\"\r\nOK\r\n"), END};
    static const wire_step none[] = {IN_PLAIN, EXPECT("GETSCRIPT \"x\"\r\n"), SEND("OK\r\n"), END};
    const wire_step *const gets[] = {two, none};
    for (size_t i = 0; i < 2; i++) {
        visit v;
        mig_error error = MIG_ERROR_INIT;
        mig__buffer text = MIG__BUFFER_INIT;
        enter(&v, gets[i]);
        assert_int_equal(mig__sieve_get(v.session, "x", &text, &error), -1);
        assert_int_equal(error.code, MIG_E_PROTOCOL);
        mig__buffer_free(&text);
        leave(&v);
    }
}

/* No octet of a name can end a command: what is not fit for quotes goes as a literal. */
static void test_arguments(void **state)
{
    (void)state;
    static const wire_step script[] = {IN_PLAIN,
                                       EXPECT("SETACTIVE {16+}\r\nx\"\r\nSETACTIVE \"y\r\n"),
                                       SEND("NO \"no\"\r\n"),
                                       EXPECT("SETACTIVE {2+}\r\n\xff\x01\r\n"),
                                       SEND("NO \"no\"\r\n"),
                                       OUT};
    visit v;
    enter(&v, script);
    assert_int_equal(mig__sieve_activate(v.session, "x\"\r\nSETACTIVE \"y", NULL), -1);
    assert_int_equal(mig__sieve_activate(v.session, "\xff\x01", NULL), -1);
    leave(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),       cmocka_unit_test(test_acting),   cmocka_unit_test(test_external),
        cmocka_unit_test(test_oauthbearer), cmocka_unit_test(test_cram_md5), cmocka_unit_test(test_scram_unproven),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_starttls), cmocka_unit_test(test_starttls_told_again),
        cmocka_unit_test(test_scripts),     cmocka_unit_test(test_refusals), cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
