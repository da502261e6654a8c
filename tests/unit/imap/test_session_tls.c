/* STARTTLS: what happens when it works, and that no credential leaves when somebody tampers with it (row H3). */
#include "imap/wire_tls.h"

static void test_happy_path(void **state)
{
    (void)state;
    /* What was announced before TLS is forgotten: CONDSTORE is gone, and PLAIN is no more disabled. */
    static const wire_step script[] = {
        SEND("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED CONDSTORE] hi\r\n"),
        EXPECT("1 STARTTLS\r\n"),
        QUIET,
        SEND("1 OK begin\r\n"),
        CALL(accept_tls),
        EXPECT("2 CAPABILITY\r\n"),
        SEND("* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=CRAM-MD5 SASL-IR\r\n2 OK\r\n"),
        EXPECT("3 AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0\r\n"),
        SEND("3 OK [CAPABILITY IMAP4rev1 UIDPLUS] in\r\n"),
        EXPECT("4 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    tls_side side;
    make_side(&side);
    mig_endpoint endpoint = starttls_endpoint(&side);
    wire_begin_with(&server, script, &side);
    mig__session *session = wire_session(&server, &endpoint);
    assert_true(mig__session_can(session, MIG__CAP_UIDPLUS));
    assert_false(mig__session_can(session, MIG__CAP_CONDSTORE));
    mig__session_close(&session);
    wire_end(&server);
    drop_side(&side);
}

/* The connection ends without a login; `code` says why. The script ends before any credential may have been sent. */
static void refuse(const wire_step *script, bool trusted, mig_code code, const char *words)
{
    wire_server server;
    tls_side side;
    mig_error error = MIG_ERROR_INIT;
    make_side(&side);
    side.trusted = trusted;
    mig_endpoint endpoint = starttls_endpoint(&side);
    wire_begin_with(&server, script, &side);
    assert_null(wire_open(&server, &endpoint, &error));
    pthread_join(server.thread, NULL);
    if (error.code != code || strstr(error.text, words) == NULL) {
        print_error("%s\n", error.text);
    }
    assert_int_equal(error.code, code);
    assert_non_null(strstr(error.text, words));
    assert_true(error.hint[0] != '\0' || code == MIG_E_PROTOCOL);
    /* "secret" as it is, and in base64 as PLAIN and LOGIN would have it. */
    mig__buffer_add_char(&server.received, '\0');
    assert_null(strstr(server.received.data, "secret"));
    assert_null(strstr(server.received.data, "c2VjcmV0"));
    assert_null(strstr(server.received.data, "LOGIN"));
    assert_null(strstr(server.received.data, "AUTHENTICATE"));
    assert_int_equal(server.problem.length, 0);
    close(server.fd);
    mig__buffer_free(&server.received);
    mig__buffer_free(&server.problem);
    drop_side(&side);
}

static void test_stripped(void **state)
{
    (void)state;
    static const wire_step script[] = {SEND("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n"), END};
    refuse(script, true, MIG_E_CLEARTEXT, "does not offer STARTTLS");
    static const wire_step asked[] = {SEND("* OK hi\r\n"), EXPECT("1 CAPABILITY\r\n"),
                                      SEND("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n1 OK\r\n"), END};
    refuse(asked, true, MIG_E_CLEARTEXT, "does not offer STARTTLS");
}

#define OFFERED SEND("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR] hi\r\n"), EXPECT("1 STARTTLS\r\n")

static void test_refused(void **state)
{
    (void)state;
    static const wire_step no[] = {OFFERED, SEND("1 NO not today\r\n"), END};
    refuse(no, true, MIG_E_CLEARTEXT, "refuses STARTTLS");
    static const wire_step bad[] = {OFFERED, SEND("1 BAD what\r\n"), END};
    refuse(bad, true, MIG_E_CLEARTEXT, "refuses STARTTLS");
}

/* CVE-2011-0411's kind: plain text behind the OK would be taken for the server's words under TLS. */
static void test_injected(void **state)
{
    (void)state;
    static const wire_step line[] = {OFFERED, SEND("1 OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n2 OK\r\n"), END};
    refuse(line, true, MIG_E_TLS, "slipped in");
    static const wire_step part[] = {OFFERED, SEND("1 OK begin\r\n* OK [ALE"), END};
    refuse(part, true, MIG_E_TLS, "slipped in");
}

static void test_preauth(void **state)
{
    (void)state;
    static const wire_step script[] = {SEND("* PREAUTH [CAPABILITY IMAP4rev1] you are in\r\n"), END};
    refuse(script, true, MIG_E_CLEARTEXT, "logged in already");
    static const wire_step later[] = {OFFERED, SEND("* PREAUTH you are in\r\n1 OK begin\r\n"), END};
    refuse(later, true, MIG_E_PROTOCOL, "second greeting");
}

/* Nobody has signed the server's certificate but itself. */
static void test_untrusted_certificate(void **state)
{
    (void)state;
    static const wire_step script[] = {OFFERED, SEND("1 OK begin\r\n"), CALL(accept_tls), HANG_UP};
    refuse(script, false, MIG_E_CERTIFICATE, "certificate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_happy_path), cmocka_unit_test(test_stripped),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_injected),
        cmocka_unit_test(test_preauth),    cmocka_unit_test(test_untrusted_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
