/* SCRAM (RFC 5802, RFC 7677), with and without channel binding (RFC 9266), against a server side that computes with
 * OpenSSL, and servers that do not know the password. */
#include "imap/wire_tls.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

/* The server's part: salt and iterations are those of RFC 7677 section 3. */
#define SALT         "\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81"
#define ITERATIONS   4096
#define SERVER_NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"

typedef struct scram {
    tls_side side;      /* first, for accept_tls; empty when the connection stays plain */
    const char *header; /* of the client's first message (RFC 5802 section 7, gs2-header); NULL: "n,," */
    const char *digest;
    const char *password;  /* as the server knows it */
    bool initial_response; /* SASL-IR */
    bool lie;              /* in the server's signature */
    int iterations;        /* that it asks for; 0: ITERATIONS */
    const char *mechanism;
    char first_bare[256], server_first[256];
    unsigned char salted[EVP_MAX_MD_SIZE];
    unsigned length; /* of the digest */
} scram;

static void encode64(const void *data, size_t length, char *out)
{
    EVP_EncodeBlock((unsigned char *)out, data, (int)length);
}

static size_t decode64(const char *text, char *out, size_t size)
{
    size_t length = strlen(text), padding = 0;
    if (length == 0 || length / 4 * 3 > size - 1) {
        return 0;
    }
    while (padding < 2 && text[length - 1 - padding] == '=') {
        padding++;
    }
    int got = EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)text, (int)length);
    size_t count = got < 0 ? 0 : (size_t)got - padding;
    out[count] = '\0';
    return count;
}

static void hmac(const scram *s, const unsigned char *key, const char *text, unsigned char *out)
{
    HMAC(EVP_get_digestbyname(s->digest), key, (int)s->length, (const unsigned char *)text, strlen(text), out, NULL);
}

static void say64(wire_server *server, const char *text)
{
    char line[512] = "+ ";
    encode64(text, strlen(text), line + 2);
    size_t length = strlen(line);
    memcpy(line + length, "\r\n", 3);
    wire_send(server, line, length + 2);
}

static void expect_text(wire_server *server, const char *got, const char *expected)
{
    if (strcmp(got, expected) != 0) {
        wire_problem(server, "the client sends", got, strlen(got), expected, strlen(expected));
    }
}

static const char *header(const scram *s)
{
    return s->header != NULL ? s->header : "n,,";
}

/* The value of c=: the header again, and behind one that asks for it what the server's end of the TLS gives. */
static void binding64(const scram *s, char *out)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    char input[64];
    size_t length = strlen(header(s));
    memcpy(input, header(s), length);
    if (header(s)[0] == 'p' && SSL_export_keying_material(s->side.ssl, (unsigned char *)input + length, 32, label,
                                                          strlen(label), (const unsigned char *)"", 0, 1) == 1) {
        length += 32;
    }
    encode64(input, length, out);
}

/* "n,,n=user,r=NONCE", alone or behind the command. Answers with salt and iterations. */
static void first(wire_server *server)
{
    scram *s = server->context;
    char line[512], command[64], start[64], message[256] = "";
    wire_line(server, line, sizeof line);
    snprintf(command, sizeof command, "%d AUTHENTICATE %s", s->side.context != NULL ? 3 : 1, s->mechanism);
    const char *encoded = line;
    if (s->initial_response && strncmp(line, command, strlen(command)) == 0) {
        encoded = line + strlen(command) + 1;
    } else {
        expect_text(server, line, command);
        wire_send(server, "+ \r\n", 4);
        wire_line(server, line, sizeof line);
    }
    decode64(encoded, message, sizeof message);
    snprintf(start, sizeof start, "%sn=user,r=", header(s));
    size_t length = strlen(start);
    if (strncmp(message, start, length) != 0 || strlen(message) < length + 16) {
        wire_problem(server, "the client begins with", message, strlen(message), start, length);
        return;
    }
    snprintf(s->first_bare, sizeof s->first_bare, "%s", message + strlen(header(s)));
    char salt[32];
    encode64(SALT, sizeof SALT - 1, salt);
    snprintf(s->server_first, sizeof s->server_first, "r=%.100s%s,s=%s,i=%d", message + length, SERVER_NONCE, salt,
             s->iterations != 0 ? s->iterations : ITERATIONS);
    say64(server, s->server_first);
}

/* "c=BINDING,r=NONCE,p=PROOF", to the last octet; answers with the server's signature. */
static void final(wire_server *server)
{
    scram *s = server->context;
    char line[512], message[384], binding[96], nonce[160], without_proof[300], authentication[900], expected[420],
        text[100];
    unsigned char client_key[EVP_MAX_MD_SIZE], stored_key[EVP_MAX_MD_SIZE], signature[EVP_MAX_MD_SIZE];
    const EVP_MD *digest = EVP_get_digestbyname(s->digest);
    s->length = (unsigned)EVP_MD_get_size(digest);
    PKCS5_PBKDF2_HMAC(s->password, (int)strlen(s->password), (const unsigned char *)SALT, sizeof SALT - 1, ITERATIONS,
                      digest, (int)s->length, s->salted);
    wire_line(server, line, sizeof line);
    decode64(line, message, sizeof message);
    snprintf(nonce, sizeof nonce, "%.*s", (int)(strchr(s->server_first, ',') - s->server_first), s->server_first);
    binding64(s, binding);
    snprintf(without_proof, sizeof without_proof, "c=%s,%s", binding, nonce);
    snprintf(authentication, sizeof authentication, "%s,%s,%s", s->first_bare, s->server_first, without_proof);
    hmac(s, s->salted, "Client Key", client_key);
    EVP_Digest(client_key, s->length, stored_key, NULL, digest, NULL);
    hmac(s, stored_key, authentication, signature);
    for (unsigned i = 0; i < s->length; i++) {
        client_key[i] ^= signature[i];
    }
    encode64(client_key, s->length, text);
    snprintf(expected, sizeof expected, "%s,p=%s", without_proof, text);
    expect_text(server, message, expected);

    unsigned char server_key[EVP_MAX_MD_SIZE];
    hmac(s, s->salted, s->lie ? "server key" : "Server Key", server_key);
    hmac(s, server_key, authentication, signature);
    encode64(signature, s->length, text);
    snprintf(message, sizeof message, "v=%s", text);
    say64(server, message);
}

/* A final message of whatever content: the server that answers it does not know the password. */
static void any_line(wire_server *server)
{
    char line[512];
    wire_line(server, line, sizeof line);
}

static mig__session *open_with(wire_server *server, const wire_step *script, scram *s, mig_endpoint *endpoint,
                               mig_error *err)
{
    static char password[] = "pencil";
    *endpoint = wire_endpoint();
    endpoint->secret_context = password;
    wire_begin_with(server, script, s);
    return wire_open(server, endpoint, err);
}

static void log_in(const wire_step *script, scram *s)
{
    wire_server server;
    mig_endpoint endpoint;
    mig_error error = MIG_ERROR_INIT;
    mig__session *session = open_with(&server, script, s, &endpoint, &error);
    if (session == NULL) {
        print_error("%s\n", error.text);
    }
    mig__session_close(&session);
    wire_end(&server);
    assert_int_equal(error.code, MIG_OK);
}

static void test_sha_256(void **state)
{
    (void)state;
    scram s = {.digest = "SHA256", .password = "pencil", .initial_response = true, .mechanism = "SCRAM-SHA-256"};
    static const wire_step script[] = {SEND("* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 AUTH=PLAIN SASL-IR] hi\r\n"),
                                       CALL(first),
                                       CALL(final),
                                       EXPECT("\r\n"),
                                       SEND("1 OK [CAPABILITY IMAP4rev1] in\r\n"),
                                       EXPECT("2 LOGOUT\r\n"),
                                       END};
    log_in(script, &s);
}

static void test_sha_1_without_initial_response(void **state)
{
    (void)state;
    scram s = {.digest = "SHA1", .password = "pencil", .mechanism = "SCRAM-SHA-1"};
    static const wire_step script[] = {SEND("* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-1 AUTH=PLAIN] hi\r\n"),
                                       CALL(first),
                                       CALL(final),
                                       EXPECT("\r\n"),
                                       SEND("1 OK [CAPABILITY IMAP4rev1] in\r\n"),
                                       EXPECT("2 LOGOUT\r\n"),
                                       END};
    log_in(script, &s);
}

static void fail_to_log_in(const wire_step *script, scram *s, mig_code code, const char *words)
{
    wire_server server;
    mig_endpoint endpoint;
    mig_error error = MIG_ERROR_INIT;
    assert_null(open_with(&server, script, s, &endpoint, &error));
    if (error.code != code || strstr(error.text, words) == NULL) {
        print_error("%s\n", error.text);
    }
    assert_int_equal(error.code, code);
    assert_non_null(strstr(error.text, words));
    wire_end(&server);
}

/* From the greeting to the announcement under TLS. */
#define UNDER_TLS(capabilities)                                                                                        \
    SEND("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi\r\n"), EXPECT("1 STARTTLS\r\n"),                       \
        SEND("1 OK begin\r\n"), CALL(accept_tls), EXPECT("2 CAPABILITY\r\n"),                                          \
        SEND("* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN " capabilities "\r\n2 OK\r\n")

#define EVERY_SCRAM "AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1-PLUS AUTH=SCRAM-SHA-256-PLUS"

static mig_code run_under_tls(const wire_step *script, scram s, mig_auth auth, int tls_max, mig_error *err)
{
    static char password[] = "pencil";
    wire_server server;
    s.initial_response = true;
    s.password = "pencil";
    make_side(&s.side);
    SSL_CTX_set_max_proto_version(s.side.context, tls_max);
    mig_endpoint endpoint = starttls_endpoint(&s.side);
    endpoint.auth = auth;
    endpoint.secret_context = password;
    wire_begin_with(&server, script, &s);
    mig__session *session = wire_open(&server, &endpoint, err);
    mig__session_close(&session);
    wire_end(&server);
    drop_side(&s.side);
    return err->code;
}

static void log_in_under_tls(const wire_step *script, scram s, mig_auth auth, int tls_max)
{
    mig_error error = MIG_ERROR_INIT;
    if (run_under_tls(script, s, auth, tls_max, &error) != MIG_OK) {
        fail_msg("%s", error.text);
    }
}

#define LOGS_IN                                                                                                        \
    CALL(first), CALL(final), EXPECT("\r\n"), SEND("3 OK [CAPABILITY IMAP4rev1] in\r\n"), EXPECT("4 LOGOUT\r\n"), END

static void test_bound(void **state)
{
    (void)state;
    static const wire_step script[] = {UNDER_TLS(EVERY_SCRAM), LOGS_IN};
    const scram sha_256 = {.digest = "SHA256", .mechanism = "SCRAM-SHA-256-PLUS", .header = "p=tls-exporter,,"};
    const scram sha_1 = {.digest = "SHA1", .mechanism = "SCRAM-SHA-1-PLUS", .header = "p=tls-exporter,,"};
    log_in_under_tls(script, sha_256, MIG_AUTH_AUTO, TLS1_3_VERSION);
    log_in_under_tls(script, sha_256, MIG_AUTH_SCRAM_SHA_256, TLS1_3_VERSION);
    log_in_under_tls(script, sha_1, MIG_AUTH_SCRAM_SHA_1, TLS1_3_VERSION);
    static const wire_step only_sha_1[] = {UNDER_TLS("AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1-PLUS"), LOGS_IN};
    log_in_under_tls(only_sha_1, sha_1, MIG_AUTH_AUTO, TLS1_3_VERSION);
}

static void test_binding_not_announced(void **state)
{
    (void)state;
    static const wire_step script[] = {UNDER_TLS("AUTH=SCRAM-SHA-256"), LOGS_IN};
    const scram s = {.digest = "SHA256", .mechanism = "SCRAM-SHA-256", .header = "n,,"};
    log_in_under_tls(script, s, MIG_AUTH_AUTO, TLS1_3_VERSION);
}

static void test_no_binding_before_tls_1_3(void **state)
{
    (void)state;
    static const wire_step script[] = {UNDER_TLS(EVERY_SCRAM), LOGS_IN};
    const scram s = {.digest = "SHA256", .mechanism = "SCRAM-SHA-256", .header = "n,,"};
    log_in_under_tls(script, s, MIG_AUTH_AUTO, TLS1_2_VERSION);
    log_in_under_tls(script, s, MIG_AUTH_SCRAM_SHA_256, TLS1_2_VERSION);
}

/* Nothing is tried without the binding afterwards: END holds that the client sends no more. */
static void test_binding_refused(void **state)
{
    (void)state;
    const scram s = {.digest = "SHA256", .mechanism = "SCRAM-SHA-256-PLUS", .header = "p=tls-exporter,,"};
    static const wire_step late[] = {UNDER_TLS(EVERY_SCRAM), CALL(first),         CALL(final),
                                     EXPECT("\r\n"),         SEND("3 NO no\r\n"), END};
    static const wire_step early[] = {UNDER_TLS(EVERY_SCRAM), CALL(any_line),
                                      SEND("3 NO [AUTHENTICATIONFAILED] no\r\n"), END};
    const wire_step *const scripts[] = {late, early};
    for (size_t i = 0; i < 2; i++) {
        mig_error error = MIG_ERROR_INIT;
        assert_int_equal(run_under_tls(scripts[i], s, MIG_AUTH_AUTO, TLS1_3_VERSION, &error), MIG_E_AUTH);
        assert_non_null(strstr(error.text, "SCRAM-SHA-256-PLUS"));
        assert_non_null(strstr(error.hint, "channel binding"));
    }
}

/* It must show the password here too. */
static void test_bound_to_a_liar(void **state)
{
    (void)state;
    const scram s = {.digest = "SHA256", .mechanism = "SCRAM-SHA-256-PLUS", .header = "p=tls-exporter,,", .lie = true};
    static const wire_step lying[] = {UNDER_TLS(EVERY_SCRAM), CALL(first), CALL(final), END};
    static const wire_step silent[] = {UNDER_TLS(EVERY_SCRAM), CALL(first), CALL(any_line), SEND("3 OK in\r\n"), END};
    mig_error error = MIG_ERROR_INIT;
    assert_int_equal(run_under_tls(lying, s, MIG_AUTH_AUTO, TLS1_3_VERSION, &error), MIG_E_AUTH);
    assert_non_null(strstr(error.text, "does not know the password"));
    error = (mig_error)MIG_ERROR_INIT;
    assert_int_equal(run_under_tls(silent, s, MIG_AUTH_AUTO, TLS1_3_VERSION, &error), MIG_E_AUTH);
    assert_non_null(strstr(error.text, "without showing"));
}

#define SCRAM_GREETING SEND("* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 SASL-IR] hi\r\n")

static void test_server_without_the_password(void **state)
{
    (void)state;
    scram s = {
        .digest = "SHA256", .password = "pencil", .initial_response = true, .mechanism = "SCRAM-SHA-256", .lie = true};
    static const wire_step lying[] = {SCRAM_GREETING, CALL(first), CALL(final), END};
    fail_to_log_in(lying, &s, MIG_E_AUTH, "does not know the password");
    static const wire_step silent[] = {SCRAM_GREETING, CALL(first), CALL(any_line), SEND("1 OK welcome\r\n"), END};
    fail_to_log_in(silent, &s, MIG_E_AUTH, "without showing");
    static const wire_step sudden[] = {SCRAM_GREETING, CALL(any_line), SEND("1 OK welcome\r\n"), END};
    fail_to_log_in(sudden, &s, MIG_E_AUTH, "without showing");
}

static void test_wrong_password(void **state)
{
    (void)state;
    scram s = {.digest = "SHA256", .initial_response = true, .mechanism = "SCRAM-SHA-256"};
    static const wire_step script[] = {SCRAM_GREETING, CALL(first), CALL(any_line),
                                       SEND("1 NO [AUTHENTICATIONFAILED] no\r\n"), END};
    fail_to_log_in(script, &s, MIG_E_AUTH, "refuses the login");
}

static void test_senseless_challenges(void **state)
{
    (void)state;
    scram s = {.initial_response = true, .mechanism = "SCRAM-SHA-256"};
    static const wire_step other_nonce[] = {SCRAM_GREETING, CALL(any_line),
                                            SEND("+ cj1ub25zZW5zZSxzPVFTWENSK1E2c2VrOGJmOTIsaT00MDk2\r\n"), END};
    fail_to_log_in(other_nonce, &s, MIG_E_PROTOCOL, "SCRAM-SHA-256");
    static const wire_step not_base64[] = {SCRAM_GREETING, CALL(any_line), SEND("+ !!!!\r\n"), END};
    fail_to_log_in(not_base64, &s, MIG_E_PROTOCOL, "SCRAM-SHA-256");
}

/* Neither a proof that is cheap to try dictionaries on, nor hours of computing: nothing is sent. */
static void test_iterations_out_of_bounds(void **state)
{
    (void)state;
    static const wire_step script[] = {SCRAM_GREETING, CALL(first), END};
    scram s = {.digest = "SHA256", .password = "pencil", .initial_response = true, .mechanism = "SCRAM-SHA-256"};
    s.iterations = 1;
    fail_to_log_in(script, &s, MIG_E_AUTH, "asks for 1 iterations of SCRAM");
    s.iterations = 2147483647;
    fail_to_log_in(script, &s, MIG_E_AUTH, "more than 1000000 iterations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha_256),
        cmocka_unit_test(test_sha_1_without_initial_response),
        cmocka_unit_test(test_server_without_the_password),
        cmocka_unit_test(test_wrong_password),
        cmocka_unit_test(test_senseless_challenges),
        cmocka_unit_test(test_iterations_out_of_bounds),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_binding_not_announced),
        cmocka_unit_test(test_no_binding_before_tls_1_3),
        cmocka_unit_test(test_binding_refused),
        cmocka_unit_test(test_bound_to_a_liar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
