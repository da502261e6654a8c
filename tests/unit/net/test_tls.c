/*
 * TLS: what is accepted, and what is refused before the first octet of the application protocol. Each refusal is made
 * by a server that would have answered, and each time it is counted what reached it.
 */
#include "net/certificate.h"
#include "net/peer.h"
#include <signal.h>

struct fixture {
    char directory[64];
    char ca_file[96];
    test_certificate root, middle, server;
};

static int set_up(void **state)
{
    struct fixture *made = calloc(1, sizeof *made);

    strcpy(made->directory, "/tmp/mig-tls-XXXXXX");
    assert_non_null(mkdtemp(made->directory));
    (void)snprintf(made->ca_file, sizeof made->ca_file, "%s/ca.pem", made->directory);
    made->root = certificate_make((certificate_options){.name = "Test Root", .authority = true});
    made->middle =
        certificate_make((certificate_options){.name = "Test Middle", .authority = true, .issuer = &made->root});
    made->server = certificate_make((certificate_options){
        .name = "localhost", .alternatives = "DNS:localhost,IP:127.0.0.1", .issuer = &made->root});
    certificate_write(&made->root, false, made->ca_file);
    *state = made;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *made = *state;

    certificate_free(&made->root);
    certificate_free(&made->middle);
    certificate_free(&made->server);
    unlink(made->ca_file);
    rmdir(made->directory);
    free(made);
    return 0;
}

/* A whole exchange with a server that has passed. Takes over `context`. */
static void accepts(mig_endpoint endpoint, SSL_CTX *context)
{
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig__stream *stream;
    char text[8] = "";

    peer_start(&peer, peer_tls_echo, context);
    endpoint.port = peer.port;
    stream = mig__stream_open(&endpoint, NULL, &err);
    if (!stream) {
        fail_msg("%s", err.text);
    }
    assert_true(mig__stream_is_tls(stream));
    assert_int_equal(mig__stream_write(stream, "hello\r\n", 7, &err), 0);
    if (read_exactly(stream, text, 7, &err)) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(text, "hello\r\n");
    mig__stream_close(&stream);
    assert_int_equal(peer_join(&peer), 7);
    SSL_CTX_free(context);
}

/* A server that is refused: with this code and words, a hint, and nothing sent to it. Takes over `context`. */
static void refuses(mig_endpoint endpoint, SSL_CTX *context, mig_code code, const char *words, const char *hint)
{
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;

    peer_start(&peer, peer_tls_echo, context);
    endpoint.port = peer.port;
    assert_null(mig__stream_open(&endpoint, NULL, &err));
    assert_int_equal(peer_join(&peer), 0);
    if (err.code != code || !strstr(err.text, words) || !strstr(err.hint, hint)) {
        fail_msg("%s: \"%s\", \"%s\"", mig_code_name(err.code), err.text, err.hint);
    }
    assert_ptr_equal(strstr(err.text, endpoint.host), err.text);
    SSL_CTX_free(context);
}

static mig_endpoint towards(const struct fixture *fixture, const char *host)
{
    test_peer nobody = {0};
    mig_endpoint endpoint = peer_endpoint(&nobody, host, MIG_TLS_IMPLICIT);

    endpoint.ca_file = (char *)(uintptr_t)fixture->ca_file;
    return endpoint;
}

static void test_accepted(void **state)
{
    const struct fixture *fixture = *state;
    test_certificate below = certificate_make(
        (certificate_options){.name = "x", .alternatives = "DNS:localhost", .issuer = &fixture->middle});
    SSL_CTX *context;

    accepts(towards(fixture, "localhost"), certificate_server(&fixture->server, NULL));
    accepts(towards(fixture, "127.0.0.1"), certificate_server(&fixture->server, NULL));
    accepts(towards(fixture, "LOCALHOST"), certificate_server(&fixture->server, NULL));
    accepts(towards(fixture, "localhost"), certificate_server(&below, &fixture->middle));
    context = certificate_server(&fixture->server, NULL);
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    accepts(towards(fixture, "localhost"), context);
    certificate_free(&below);
}

static void test_self_signed_when_given(void **state)
{
    const struct fixture *fixture = *state;
    test_certificate alone =
        certificate_make((certificate_options){.name = "localhost", .alternatives = "DNS:localhost"});
    mig_endpoint endpoint = towards(fixture, "localhost");
    char path[96];

    (void)snprintf(path, sizeof path, "%s/own.pem", fixture->directory);
    certificate_write(&alone, false, path);
    endpoint.ca_file = path;
    accepts(endpoint, certificate_server(&alone, NULL));
    endpoint.host = (char *)(uintptr_t) "127.0.0.1"; /* trusted, and still for another name */
    refuses(endpoint, certificate_server(&alone, NULL), MIG_E_CERTIFICATE, "is for localhost", "names");
    unlink(path);
    certificate_free(&alone);
}

static void test_wrong_names(void **state)
{
    const struct fixture *fixture = *state;
    certificate_options options = {.name = "localhost", .issuer = &fixture->root};
    test_certificate server;

    options.alternatives = "DNS:mail.example,DNS:*.example";
    server = certificate_make(options);
    refuses(towards(fixture, "localhost"), certificate_server(&server, NULL), MIG_E_CERTIFICATE,
            "is for mail.example, *.example, not for this host", "names");
    certificate_free(&server);
    options.alternatives = "DNS:127.0.0.1,IP:127.0.0.2"; /* an address in a DNS name does not count */
    server = certificate_make(options);
    refuses(towards(fixture, "127.0.0.1"), certificate_server(&server, NULL), MIG_E_CERTIFICATE, "127.0.0.2", "names");
    certificate_free(&server);
    options.alternatives = "DNS:local*"; /* only a whole label may be a wildcard */
    server = certificate_make(options);
    refuses(towards(fixture, "localhost"), certificate_server(&server, NULL), MIG_E_CERTIFICATE, "local*", "names");
    certificate_free(&server);
}

/* RFC 9525 section 6.3: the common name never counts, neither alone nor beside an address. */
static void test_common_name(void **state)
{
    const struct fixture *fixture = *state;
    certificate_options options = {.name = "localhost", .issuer = &fixture->root};
    test_certificate server = certificate_make(options);

    refuses(towards(fixture, "localhost"), certificate_server(&server, NULL), MIG_E_CERTIFICATE,
            "has no subjectAltName, only the subject /CN=localhost", "subjectAltName");
    certificate_free(&server);
    options.alternatives = "IP:127.0.0.1";
    server = certificate_make(options);
    refuses(towards(fixture, "localhost"), certificate_server(&server, NULL), MIG_E_CERTIFICATE, "is for 127.0.0.1",
            "names");
    certificate_free(&server);
}

static void test_wrong_times(void **state)
{
    const struct fixture *fixture = *state;
    certificate_options options = {
        .name = "x", .alternatives = "DNS:localhost", .issuer = &fixture->root, .from_days = -30, .until_days = -2};
    test_certificate server = certificate_make(options);

    refuses(towards(fixture, "localhost"), certificate_server(&server, NULL), MIG_E_CERTIFICATE,
            "localhost: the certificate expired on 20", "renew");
    certificate_free(&server);
    options.from_days = 2;
    options.until_days = 30;
    server = certificate_make(options);
    refuses(towards(fixture, "localhost"), certificate_server(&server, NULL), MIG_E_CERTIFICATE,
            "is not valid before 20", "clock");
    certificate_free(&server);
}

static void test_untrusted(void **state)
{
    const struct fixture *fixture = *state;
    test_certificate alone =
        certificate_make((certificate_options){.name = "localhost", .alternatives = "DNS:localhost"});
    test_certificate root = certificate_make((certificate_options){.name = "Foreign Root", .authority = true});
    test_certificate foreign =
        certificate_make((certificate_options){.name = "x", .alternatives = "DNS:localhost", .issuer = &root});
    test_certificate below = certificate_make(
        (certificate_options){.name = "x", .alternatives = "DNS:localhost", .issuer = &fixture->middle});
    mig_endpoint system = towards(fixture, "localhost");
    char pin[64];

    certificate_pin(&alone, pin);
    refuses(towards(fixture, "localhost"), certificate_server(&alone, NULL), MIG_E_CERTIFICATE, "self-signed",
            "--ca-file");
    refuses(towards(fixture, "localhost"), certificate_server(&alone, NULL), MIG_E_CERTIFICATE, pin, "PEM");
    refuses(towards(fixture, "localhost"), certificate_server(&foreign, &root), MIG_E_CERTIFICATE,
            "comes from /CN=Foreign Root, which the certificates in", "add the certificate of that issuer");
    refuses(towards(fixture, "localhost"), certificate_server(&below, NULL), MIG_E_CERTIFICATE,
            "comes from /CN=Test Middle, which the certificates in", "fullchain");
    system.ca_file = NULL; /* the system does not know our root */
    refuses(system, certificate_server(&fixture->server, NULL), MIG_E_CERTIFICATE, "not trusted", "--ca-file");
    certificate_free(&alone);
    certificate_free(&root);
    certificate_free(&foreign);
    certificate_free(&below);
}

static void test_old_versions(void **state)
{
    const struct fixture *fixture = *state;
    mig_endpoint endpoint = towards(fixture, "localhost");
    SSL_CTX *context = certificate_server(&fixture->server, NULL);

    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    refuses(endpoint, context, MIG_E_TLS, "no version of TLS that is new enough", "TLS 1.2");
    context = certificate_server(&fixture->server, NULL);
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    endpoint.tls_min = 13;
    refuses(endpoint, context, MIG_E_TLS, "new enough", "1.3");
    endpoint.tls_min = 13;
    accepts(endpoint, certificate_server(&fixture->server, NULL));
}

static void test_pins(void **state)
{
    const struct fixture *fixture = *state;
    mig_endpoint endpoint = towards(fixture, "localhost");
    mig_error err = MIG_ERROR_INIT;
    static const char *const malformed[] = {
        "",      "sha256//", "sha1//AAAA", "sha256//AAAA=;", "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!=",
        "sha256"};
    char right[64], wrong[64], both[130];

    certificate_pin(&fixture->server, right);
    certificate_pin(&fixture->root, wrong);
    (void)snprintf(both, sizeof both, "%s;%s", wrong, right);
    endpoint.pin = right;
    accepts(endpoint, certificate_server(&fixture->server, NULL));
    endpoint.pin = both;
    accepts(endpoint, certificate_server(&fixture->server, NULL));
    endpoint.pin = wrong;
    refuses(endpoint, certificate_server(&fixture->server, NULL), MIG_E_CERTIFICATE, right, "pin");
    endpoint.pin = right; /* narrows the trust, does not replace it */
    endpoint.ca_file = NULL;
    refuses(endpoint, certificate_server(&fixture->server, NULL), MIG_E_CERTIFICATE, "not trusted", "");
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        uint16_t port;
        int listener = peer_listen(&port, 1);

        endpoint.pin = (char *)(uintptr_t)malformed[i];
        endpoint.port = port;
        assert_null(mig__stream_open(&endpoint, NULL, &err));
        assert_int_equal(err.code, MIG_E_USAGE);
        close(listener);
    }
}

static void greet_in_plain(test_peer *peer)
{
    peer_say(peer, "* OK Dovecot \033[1mready\r\n");
    peer_hold(peer);
}

static void test_plain_server_on_tls_port(void **state)
{
    mig_endpoint endpoint = towards(*state, "localhost");
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;

    peer_start(&peer, greet_in_plain, NULL);
    endpoint.port = peer.port;
    assert_null(mig__stream_open(&endpoint, NULL, &err));
    assert_int_equal(err.code, MIG_E_TLS);
    assert_non_null(strstr(err.text, "plain text"));
    assert_string_equal(err.server, "* OK Dovecot ?[1mready");
    assert_non_null(strstr(err.hint, "imap://"));
    peer_join(&peer);
}

static void hang_up(test_peer *peer)
{
    char octet;

    peer_read(peer, &octet, 1);
}

static void test_handshake_cut_and_stalled(void **state)
{
    mig_endpoint endpoint = towards(*state, "localhost");
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;

    peer_start(&peer, hang_up, NULL);
    endpoint.port = peer.port;
    assert_null(mig__stream_open(&endpoint, NULL, &err));
    assert_int_equal(err.code, MIG_E_CLOSED);
    assert_non_null(strstr(err.text, "TLS handshake"));
    peer_join(&peer);

    peer_start(&peer, peer_hold, NULL);
    endpoint.port = peer.port;
    endpoint.connect_timeout_ms = 300;
    assert_null(mig__stream_open(&endpoint, NULL, &err));
    assert_int_equal(err.code, MIG_E_TIMEOUT);
    assert_non_null(strstr(err.text, "handshake"));
    peer_join(&peer);
}

static void starttls(test_peer *peer)
{
    peer_say(peer, "* OK hello\r\n");
    peer_line(peer);
    peer_say(peer, "1 OK begin\r\n");
    peer->octets = 0;
    peer_tls_echo(peer);
}

static void test_starttls(void **state)
{
    const struct fixture *fixture = *state;
    mig_error err = MIG_ERROR_INIT;

    for (int trusted = 0; trusted < 2; trusted++) {
        SSL_CTX *context = certificate_server(&fixture->server, NULL);
        mig_endpoint endpoint = towards(fixture, "localhost");
        test_peer peer;
        mig__stream *stream;
        char text[16];

        endpoint.tls = MIG_TLS_STARTTLS;
        if (!trusted) {
            endpoint.ca_file = NULL;
        }
        peer_start(&peer, starttls, context);
        endpoint.port = peer.port;
        stream = mig__stream_open(&endpoint, NULL, &err);
        assert_non_null(stream);
        assert_false(mig__stream_is_tls(stream));
        assert_int_equal(read_exactly(stream, text, 12, &err), 0);
        assert_int_equal(mig__stream_write(stream, "1 STARTTLS\r\n", 12, &err), 0);
        assert_int_equal(read_exactly(stream, text, 12, &err), 0);
        assert_memory_equal(text, "1 OK begin\r\n", 12);
        if (trusted) {
            if (mig__stream_start_tls(stream, &err)) {
                fail_msg("%s", err.text);
            }
            assert_true(mig__stream_is_tls(stream));
            assert_int_equal(mig__stream_write(stream, "hello\r\n", 7, &err), 0);
            assert_int_equal(read_exactly(stream, text, 7, &err), 0);
            assert_memory_equal(text, "hello\r\n", 7);
            assert_int_equal(mig__stream_start_tls(stream, &err), -1);
            assert_int_equal(err.code, MIG_E_INTERNAL);
        } else {
            assert_int_equal(mig__stream_start_tls(stream, &err), -1);
            assert_int_equal(err.code, MIG_E_CERTIFICATE);
            assert_int_equal(mig__stream_write(stream, "1 LOGIN a b\r\n", 13, &err), -1);
            assert_int_equal(mig__stream_flush(stream, &err), -1);
            assert_int_equal(err.code, MIG_E_CERTIFICATE);
        }
        mig__stream_close(&stream);
        assert_int_equal(peer_join(&peer), trusted ? 7 : 0);
        SSL_CTX_free(context);
    }
}

/* Answers STARTTLS and then goes on in plain text. */
static void starttls_in_words_only(test_peer *peer)
{
    char buffer[16384];

    peer_say(peer, "* OK hello\r\n");
    peer_line(peer);
    peer_say(peer, "1 OK begin\r\n");
    peer_read(peer, buffer, sizeof buffer);
    peer->octets = 0;
    peer_say(peer, "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n");
    peer_drain(peer);
}

static void test_starttls_answered_in_plain(void **state)
{
    mig_endpoint endpoint = towards(*state, "localhost");
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig__stream *stream;
    char text[16];

    endpoint.tls = MIG_TLS_STARTTLS;
    peer_start(&peer, starttls_in_words_only, NULL);
    endpoint.port = peer.port;
    stream = mig__stream_open(&endpoint, NULL, &err);
    assert_non_null(stream);
    assert_int_equal(read_exactly(stream, text, 12, &err), 0);
    assert_int_equal(mig__stream_write(stream, "1 STARTTLS\r\n", 12, &err), 0);
    assert_int_equal(read_exactly(stream, text, 12, &err), 0);
    assert_int_equal(mig__stream_start_tls(stream, &err), -1);
    assert_int_equal(err.code, MIG_E_TLS);
    mig__stream_close(&stream);
    assert_in_range(peer_join(&peer), 0, 7); /* at most the alert of TLS */
}

/* amount: 0 close_notify, 1 FIN without it, 2 RST, 3 a broken record */
static void end_in_some_way(test_peer *peer)
{
    if (!peer_start_tls(peer)) {
        return;
    }
    peer_say(peer, "* 1 FETCH (BODY[] {100}\r\nonly half");
    peer_line(peer);
    if (peer->amount == 0) {
        SSL_shutdown(peer->ssl);
    }
    if (peer->amount == 2) {
        peer_reset(peer);
    }
    if (peer->amount == 3) {
        send(peer->fd, "\x17\x03\x03\x00\x20nonsense that no key has sealed..", 37, MSG_NOSIGNAL);
    }
}

static void test_ends(void **state)
{
    static const struct {
        mig_code code;
        const char *words;
    } expected[] = {{MIG_E_CLOSED, "the server closed"},
                    {MIG_E_CLOSED, "cut short"},
                    {MIG_E_CLOSED, "reset"},
                    {MIG_E_TLS, "TLS failed"}};
    const struct fixture *fixture = *state;
    SSL_CTX *context = certificate_server(&fixture->server, NULL);

    for (size_t how = 0; how < 4; how++) {
        mig_endpoint endpoint = towards(fixture, "localhost");
        mig_error err = MIG_ERROR_INIT, again = MIG_ERROR_INIT;
        test_peer peer;
        mig__stream *stream;
        char text[64];

        peer_prepare(&peer, end_in_some_way, context);
        peer.amount = how;
        peer_go(&peer);
        endpoint.port = peer.port;
        stream = mig__stream_open(&endpoint, NULL, &err);
        assert_non_null(stream);
        assert_int_equal(read_exactly(stream, text, 34, &err), 0);
        assert_int_equal(mig__stream_write(stream, "go\r\n", 4, &err), 0);
        assert_int_equal(mig__stream_read(stream, text, sizeof text, &err), -1);
        if (err.code != expected[how].code || !strstr(err.text, expected[how].words)) {
            fail_msg("%zu: %s: %s", how, mig_code_name(err.code), err.text);
        }
        assert_int_equal(mig__stream_write(stream, "x", 1, &again), -1);
        assert_string_equal(again.text, err.text);
        mig__stream_close(&stream);
        peer_join(&peer);
    }
    SSL_CTX_free(context);
}

#define BULK (8u << 20)

static void bulk(test_peer *peer)
{
    unsigned char *got = malloc(65536), *expected = malloc(65536);
    uint64_t place = 0;
    size_t n;

    if (!peer_start_tls(peer)) {
        goto cleanup;
    }
    while (place < BULK && (n = peer_read(peer, got, 65536)) > 0) {
        fill_pattern(expected, n, place);
        if (memcmp(got, expected, n)) {
            break;
        }
        place += n;
    }
    peer->amount = place;
    for (place = 0; place < BULK; place += 65536) {
        fill_pattern(expected, 65536, place);
        peer_write(peer, expected, 65536);
    }
    peer_drain(peer);
cleanup:
    free(got);
    free(expected);
}

static void test_bulk(void **state)
{
    static const size_t sizes[] = {1, 16383, 16384, 16385, 100, 40000, 200000, 3, 32768, 65537};
    const struct fixture *fixture = *state;
    unsigned char *data = malloc(200000), *got = malloc(200000);
    SSL_CTX *context = certificate_server(&fixture->server, NULL);
    mig_endpoint endpoint = towards(fixture, "localhost");
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig__stream *stream;
    size_t turn = 0;

    peer_start(&peer, bulk, context);
    endpoint.port = peer.port;
    stream = mig__stream_open(&endpoint, NULL, &err);
    assert_non_null(stream);
    for (uint64_t place = 0; place < BULK;) {
        size_t size = sizes[turn++ % (sizeof sizes / sizeof *sizes)];

        if (size > BULK - place) {
            size = (size_t)(BULK - place);
        }
        fill_pattern(data, size, place);
        assert_int_equal(mig__stream_write(stream, data, size, &err), 0);
        place += size;
    }
    for (uint64_t place = 0; place < BULK;) {
        size_t size = sizes[turn++ % (sizeof sizes / sizeof *sizes)];
        int64_t n = mig__stream_read(stream, got, size, &err);

        if (n < 1 || n > (int64_t)size) {
            fail_msg("%s", err.text);
        }
        fill_pattern(data, (size_t)n, place);
        assert_memory_equal(got, data, (size_t)n);
        place += (uint64_t)n;
    }
    mig__stream_close(&stream);
    peer_join(&peer);
    assert_int_equal(peer.amount, BULK);
    SSL_CTX_free(context);
    free(data);
    free(got);
}

/* The server sends more than the sockets hold before it reads anything, while we do the same. */
#define BOTH (900u << 10)

static void talk_first(test_peer *peer)
{
    const int small = 32 * 1024;
    unsigned char *data = malloc(BOTH);

    setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (peer_start_tls(peer)) {
        fill_pattern(data, BOTH, 0);
        peer_write(peer, data, BOTH);
        peer_drain(peer);
    }
    free(data);
}

static void test_two_full_directions(void **state)
{
    const struct fixture *fixture = *state;
    unsigned char *data = malloc(8 * BOTH), *got = malloc(BOTH);
    SSL_CTX *context = certificate_server(&fixture->server, NULL);
    mig_endpoint endpoint = towards(fixture, "localhost");
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig__stream *stream;

    peer_start(&peer, talk_first, context);
    endpoint.port = peer.port;
    stream = mig__stream_open(&endpoint, NULL, &err);
    assert_non_null(stream);
    fill_pattern(data, 8 * BOTH, 0);
    if (mig__stream_write(stream, data, 8 * BOTH, &err) || mig__stream_flush(stream, &err)) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(read_exactly(stream, got, BOTH, &err), 0);
    assert_memory_equal(got, data, BOTH);
    mig__stream_close(&stream);
    assert_int_equal(peer_join(&peer), 8 * BOTH);
    SSL_CTX_free(context);
    free(data);
    free(got);
}

static void test_client_certificate(void **state)
{
    const struct fixture *fixture = *state;
    test_certificate client = certificate_make((certificate_options){.name = "user", .issuer = &fixture->root});
    mig_endpoint endpoint = towards(fixture, "localhost");
    SSL_CTX *context;
    char path[96];

    (void)snprintf(path, sizeof path, "%s/client.pem", fixture->directory);
    certificate_write(&client, true, path);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        context = certificate_server(&fixture->server, NULL);
        SSL_CTX_set_max_proto_version(context, version);
        assert_int_equal(SSL_CTX_load_verify_file(context, fixture->ca_file), 1);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        endpoint.client_cert = path;
        accepts(endpoint, context);
    }
    unlink(path);
    certificate_free(&client);
}

static void echo_and_tell_reuse(test_peer *peer)
{
    peer_tls_echo(peer);
    peer->amount = (uint64_t)SSL_session_reused(peer->ssl);
}

static void test_resumption(void **state)
{
    const struct fixture *fixture = *state;
    mig_endpoint endpoint = towards(fixture, "localhost");
    mig_error err = MIG_ERROR_INIT;

    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_CTX *server = certificate_server(&fixture->server, NULL);
        mig__tls_context *context = mig__tls_context_new(&endpoint, &err);

        assert_non_null(context);
        SSL_CTX_set_max_proto_version(server, version);
        for (int turn = 0; turn < 3; turn++) {
            test_peer peer;
            mig__stream *stream;
            char text[8] = "";

            peer_start(&peer, echo_and_tell_reuse, server);
            endpoint.port = peer.port;
            stream = mig__stream_open_shared(&endpoint, context, NULL, &err);
            if (!stream) {
                fail_msg("%s", err.text);
            }
            assert_int_equal(mig__stream_write(stream, "hello\r\n", 7, &err), 0);
            assert_int_equal(read_exactly(stream, text, 7, &err), 0);
            assert_string_equal(text, "hello\r\n");
            mig__stream_close(&stream);
            assert_int_equal(peer_join(&peer), 7);
            assert_int_equal(peer.amount, turn > 0);
        }
        mig__tls_context_free(&context);
        assert_null(context);
        SSL_CTX_free(server);
    }
}

/* TLS, then the server's own view of the binding, raw (RFC 9266 section 2). */
static void peer_tells_binding(test_peer *peer)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    unsigned char binding[32];

    if (!peer_start_tls(peer)) {
        return;
    }
    peer->amount = SSL_session_reused(peer->ssl) > 0;
    if (SSL_export_keying_material(peer->ssl, binding, sizeof binding, label, strlen(label), (const unsigned char *)"",
                                   0, 1) == 1) {
        peer_write(peer, binding, sizeof binding);
    }
    peer_drain(peer);
    SSL_shutdown(peer->ssl);
}

/* The same on both ends, another for each connection, also for one that resumes a session; none before TLS 1.3. */
static void test_channel_binding(void **state)
{
    mig_endpoint endpoint = towards(*state, "localhost");
    unsigned char ours[3][64], theirs[32];

    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_CTX *server = certificate_server(&((const struct fixture *)*state)->server, NULL);
        mig_error err = MIG_ERROR_INIT;
        mig__tls_context *context = mig__tls_context_new(&endpoint, &err);

        SSL_CTX_set_max_proto_version(server, version);
        assert_non_null(context);
        for (int turn = 0; turn < 3; turn++) {
            const char *type = "?";
            size_t length = 99;
            test_peer peer;
            mig__stream *stream;

            peer_start(&peer, peer_tells_binding, server);
            endpoint.port = peer.port;
            stream = mig__stream_open_shared(&endpoint, context, NULL, &err);
            if (!stream) {
                fail_msg("%s", err.text);
            }
            assert_int_equal(read_exactly(stream, theirs, sizeof theirs, &err), 0);
            assert_int_equal(mig__stream_channel_binding(stream, &type, ours[turn], &length, &err), 0);
            if (version == TLS1_2_VERSION) {
                assert_null(type);
                assert_int_equal(length, 0);
            } else {
                assert_string_equal(type, "tls-exporter");
                assert_int_equal(length, sizeof theirs);
                assert_memory_equal(ours[turn], theirs, sizeof theirs);
            }
            mig__stream_close(&stream);
            peer_join(&peer);
            assert_int_equal(peer.amount, turn > 0);
        }
        mig__tls_context_free(&context);
        SSL_CTX_free(server);
    }
    assert_memory_not_equal(ours[0], ours[1], sizeof theirs);
    assert_memory_not_equal(ours[1], ours[2], sizeof theirs);
}

static void test_no_channel_binding_without_tls(void **state)
{
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    mig_error err = MIG_ERROR_INIT;
    const char *type = "?";
    unsigned char binding[64];
    size_t length = 99;
    mig__stream *stream;
    int ends[2];

    (void)state;
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), errno);
    stream = mig__stream_from_fd(ends[0], &endpoint, NULL, &err);
    assert_non_null(stream);
    assert_int_equal(mig__stream_channel_binding(stream, &type, binding, &length, &err), 0);
    assert_null(type);
    assert_int_equal(length, 0);
    mig__stream_close(&stream);
    close(ends[1]);
}

static void test_unreadable_files(void **state)
{
    mig_endpoint endpoint = towards(*state, "localhost");
    mig_error err = MIG_ERROR_INIT;
    uint16_t port;
    int listener = peer_listen(&port, 4);

    endpoint.port = port;
    endpoint.client_cert = endpoint.ca_file; /* has no key */
    assert_null(mig__stream_open(&endpoint, NULL, &err));
    assert_int_equal(err.code, MIG_E_IO);
    assert_non_null(strstr(err.text, "key of the client certificate"));
    endpoint.client_cert = NULL;
    endpoint.ca_file = (char *)(uintptr_t) "/nonexistent/ca.pem";
    assert_null(mig__stream_open(&endpoint, NULL, &err));
    assert_int_equal(err.code, MIG_E_IO);
    assert_non_null(strstr(err.text, "/nonexistent/ca.pem"));
    assert_non_null(strstr(err.text, "No such file"));
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_self_signed_when_given),
        cmocka_unit_test(test_wrong_names),
        cmocka_unit_test(test_common_name),
        cmocka_unit_test(test_wrong_times),
        cmocka_unit_test(test_untrusted),
        cmocka_unit_test(test_old_versions),
        cmocka_unit_test(test_pins),
        cmocka_unit_test(test_plain_server_on_tls_port),
        cmocka_unit_test(test_handshake_cut_and_stalled),
        cmocka_unit_test(test_starttls),
        cmocka_unit_test(test_starttls_answered_in_plain),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_two_full_directions),
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_channel_binding),
        cmocka_unit_test(test_no_channel_binding_without_tls),
        cmocka_unit_test(test_unreadable_files),
    };

    signal(SIGPIPE, SIG_DFL); /* deadly, as in a program that knows nothing of it */
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
