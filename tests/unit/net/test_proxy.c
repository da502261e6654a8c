/* SOCKS5 and CONNECT: the exact octets that a proxy gets, and every answer it may give. */
#include "net/certificate.h"
#include "net/peer.h"

/* What the script answers with, and what it got. Read by the test when the script is over. */
static struct {
    const char *answers[3]; /* one for each request */
    size_t answer_lengths[3];
    size_t request_lengths[3]; /* 0: up to an empty line */
    char got[1024];
    size_t length;
    bool serve; /* a TLS server follows */
    char ca_file[64];
    test_certificate certificate;
    SSL_CTX *context;
} script;

static int set_up(void **state)
{
    (void)state;
    script.certificate = certificate_make(
        (certificate_options){.name = "x", .alternatives = "DNS:mail.example,IP:192.0.2.7,IP:2001:db8::7"});
    script.context = certificate_server(&script.certificate, NULL);
    strcpy(script.ca_file, "/tmp/mig-proxy-XXXXXX");
    close(mkstemp(script.ca_file));
    certificate_write(&script.certificate, false, script.ca_file);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(script.ca_file);
    SSL_CTX_free(script.context);
    certificate_free(&script.certificate);
    return 0;
}

static void proxy(test_peer *peer)
{
    for (size_t i = 0; i < 3 && script.answers[i]; i++) {
        size_t start = script.length;

        while (script.length < sizeof script.got - 1 && peer_read(peer, script.got + script.length, 1)) {
            script.length++;
            if (script.request_lengths[i]
                    ? script.length - start == script.request_lengths[i]
                    : script.length >= 4 && !memcmp(script.got + script.length - 4, "\r\n\r\n", 4)) {
                break;
            }
        }
        peer_write(peer, script.answers[i], script.answer_lengths[i]);
    }
    peer->octets = 0;
    if (script.serve) {
        peer_tls_echo(peer);
    } else {
        peer_drain(peer);
    }
}

static int give_secret(char *out, size_t size, bool fresh, void *context, mig_error *err)
{
    (void)fresh;
    (void)err;
    assert_true(strlen(context) < size);
    strcpy(out, context);
    return 0;
}

static void expect(size_t turn, size_t request_length, const char *answer, size_t answer_length)
{
    if (turn == 0) {
        memset(script.answers, 0, sizeof script.answers);
        script.length = 0;
        memset(script.got, 0, sizeof script.got);
        script.serve = false;
    }
    script.answers[turn] = answer;
    script.answer_lengths[turn] = answer_length;
    script.request_lengths[turn] = request_length;
}

static void expect_http(const char *answer)
{
    expect(0, 0, answer, strlen(answer));
}

static mig__stream *open_by_proxy(test_peer *peer, const char *form, const char *host, mig_endpoint *endpoint,
                                  mig_error *err)
{
    static char url[64];

    peer_start(peer, proxy, script.context);
    *endpoint = peer_endpoint(peer, host, MIG_TLS_IMPLICIT);
    (void)snprintf(url, sizeof url, "%s127.0.0.1:%u", form, (unsigned)peer->port);
    endpoint->port = 993;
    endpoint->proxy = url;
    endpoint->ca_file = script.ca_file;
    endpoint->proxy_secret = give_secret;
    endpoint->proxy_secret_context = (void *)(uintptr_t) "s3cr3t";
    return mig__stream_open(endpoint, NULL, err);
}

static void works(const char *form, const char *host, const char *request, size_t length)
{
    mig_error err = MIG_ERROR_INIT;
    mig_endpoint endpoint;
    test_peer peer;
    mig__stream *stream;
    char text[8] = "";

    script.serve = true;
    stream = open_by_proxy(&peer, form, host, &endpoint, &err);
    if (!stream) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(mig__stream_write(stream, "hello\r\n", 7, &err), 0);
    assert_int_equal(read_exactly(stream, text, 7, &err), 0);
    assert_string_equal(text, "hello\r\n");
    mig__stream_close(&stream);
    assert_int_equal(peer_join(&peer), 7);
    assert_int_equal(script.length, length);
    assert_memory_equal(script.got, request, length);
}

static void fails(const char *form, const char *host, mig_code code, const char *words)
{
    mig_error err = MIG_ERROR_INIT;
    mig_endpoint endpoint;
    test_peer peer;
    char line[2048];

    assert_null(open_by_proxy(&peer, form, host, &endpoint, &err));
    assert_int_equal(peer_join(&peer), 0);
    if (err.code != code || !strstr(err.text, words) || !strstr(err.text, "proxy")) {
        fail_msg("%s: %s", mig_code_name(err.code), err.text);
    }
    mig_error_line(&err, line, sizeof line);
    assert_null(strstr(line, "s3cr3t"));
}

#define GRANTED "\5\0\0\1\177\0\0\1\4\322"

static void test_socks(void **state)
{
    (void)state;
    expect(0, 3, "\5\0", 2);
    expect(1, 19, GRANTED, 10);
    works("socks5://", "mail.example",
          "\5\1\0"
          "\5\1\0\3\14mail.example\3\341",
          22);
    expect(0, 3, "\5\0", 2);
    expect(1, 10, "\5\0\0\3\3abc\0\1", 10); /* a name as its own address */
    works("SOCKS5://", "192.0.2.7",
          "\5\1\0"
          "\5\1\0\1\300\0\2\7\3\341",
          13);
    expect(0, 3, "\5\0", 2);
    expect(1, 22,
           "\5\0\0\4"
           "0123456789abcdef"
           "\0\1",
           22);
    works("socks5://", "2001:db8::7",
          "\5\1\0"
          "\5\1\0\4\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\7\3\341",
          25);
    /* with a user, when the proxy wants none */
    expect(0, 4, "\5\0", 2);
    expect(1, 19, GRANTED, 10);
    works("socks5://me@", "mail.example",
          "\5\2\0\2"
          "\5\1\0\3\14mail.example\3\341",
          23);
    /* and when it does (RFC 1929) */
    expect(0, 4, "\5\2", 2);
    expect(1, 11, "\1\0", 2);
    expect(2, 19, GRANTED, 10);
    works("socks5://me@", "mail.example",
          "\5\2\0\2"
          "\1\2me\6s3cr3t"
          "\5\1\0\3\14mail.example\3\341",
          34);
}

static void test_socks_refuses(void **state)
{
    (void)state;
    expect(0, 3, "\5\377", 2);
    fails("socks5://", "mail.example", MIG_E_AUTH, "wants a login");
    expect(0, 3, "\5\2", 2);
    fails("socks5://", "mail.example", MIG_E_AUTH, "wants a login");
    expect(0, 4, "\5\2", 2);
    expect(1, 11, "\1\1", 2);
    fails("socks5://me@", "mail.example", MIG_E_AUTH, "login was refused");
    expect(0, 3, "\5\0", 2);
    expect(1, 19, "\5\5\0\1\0\0\0\0\0\0", 10);
    fails("socks5://", "mail.example", MIG_E_CONNECT, "cannot connect to mail.example port 993: connection refused");
    expect(0, 3, "\5\0", 2);
    expect(1, 19, "\5\143\0\1\0\0\0\0\0\0", 10);
    fails("socks5://", "mail.example", MIG_E_CONNECT, "unknown reason");
    expect(0, 3, "\5\0", 2);
    expect(1, 19, "\5\0\0\7\0\0\0\0\0\0", 10);
    fails("socks5://", "mail.example", MIG_E_PROTOCOL, "invalid SOCKS5 reply");
    expect(0, 3, "\5\7", 2);
    fails("socks5://", "mail.example", MIG_E_PROTOCOL, "invalid SOCKS5 reply");
    expect(0, 3, "HTTP/1.1 400 Bad Request\r\n", 26);
    fails("socks5://", "mail.example", MIG_E_PROTOCOL, "SOCKS version 5");
}

static void test_connect(void **state)
{
    static const char plain[] = "CONNECT mail.example:993 HTTP/1.1\r\nHost: mail.example:993\r\n\r\n";
    static const char v6[] = "CONNECT [2001:db8::7]:993 HTTP/1.1\r\nHost: [2001:db8::7]:993\r\n\r\n";
    static const char login[] = "CONNECT mail.example:993 HTTP/1.1\r\nHost: mail.example:993\r\n"
                                "Proxy-Authorization: Basic bWU6czNjcjN0\r\n\r\n";

    (void)state;
    expect_http("HTTP/1.1 200 Connection established\r\n\r\n");
    works("http://", "mail.example", plain, sizeof plain - 1);
    expect_http("HTTP/1.0 200 OK\r\nVia: x\r\nX-Long: y\r\n\r\n");
    works("HTTP://", "2001:db8::7", v6, sizeof v6 - 1);
    expect_http("HTTP/1.1 200\n\n");
    works("http://me@", "mail.example", login, sizeof login - 1);
}

static void test_connect_refuses(void **state)
{
    char *endless = malloc(20000);

    (void)state;
    memset(endless, 'x', 20000);
    memcpy(endless, "HTTP/1.1 200 OK\r\n", 17);
    expect_http("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    fails("http://", "mail.example", MIG_E_AUTH, "refuses the login");
    expect_http("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    fails("http://", "mail.example", MIG_E_CONNECT, "does not connect to mail.example port 993");
    expect_http("SSH-2.0-OpenSSH_9.2\r\n\r\n");
    fails("http://", "mail.example", MIG_E_PROTOCOL, "as an HTTP proxy");
    expect(0, 0, endless, 20000);
    fails("http://", "mail.example", MIG_E_BOUNDS, "does not end");
    free(endless);
}

static void silent(test_peer *peer)
{
    peer_hold(peer);
}

static void hang_up(test_peer *peer)
{
    char octet;

    peer_read(peer, &octet, 1);
}

static void test_silence_and_end(void **state)
{
    static const char *const forms[] = {"socks5", "http"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        mig_error err = MIG_ERROR_INIT;
        test_peer peer;
        mig_endpoint endpoint;
        char url[64];

        peer_start(&peer, i < 2 ? silent : hang_up, NULL);
        endpoint = peer_endpoint(&peer, "mail.example", MIG_TLS_IMPLICIT);
        (void)snprintf(url, sizeof url, "%s://127.0.0.1:%u", forms[i % 2], (unsigned)peer.port);
        endpoint.proxy = url;
        endpoint.connect_timeout_ms = i < 2 ? 200 : 10000;
        assert_null(mig__stream_open(&endpoint, NULL, &err));
        assert_int_equal(err.code, i < 2 ? MIG_E_TIMEOUT : MIG_E_CLOSED);
        assert_non_null(strstr(err.text, "proxy 127.0.0.1"));
        peer_join(&peer);
    }
}

static void refuses_url(const char *proxy_url, const char *host, mig_tls_mode tls, mig_code code, const char *words)
{
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    mig_error err = MIG_ERROR_INIT;
    char line[2048];

    endpoint.host = (char *)(uintptr_t)host;
    endpoint.port = 993;
    endpoint.tls = tls;
    endpoint.proxy = (char *)(uintptr_t)proxy_url;
    assert_null(mig__stream_open(&endpoint, NULL, &err));
    if (err.code != code || !strstr(err.text, words)) {
        fail_msg("%s: %s", mig_code_name(err.code), err.text);
    }
    mig_error_line(&err, line, sizeof line);
    assert_null(strstr(line, "s3cr3t"));
}

static void test_urls(void **state)
{
    uint16_t port;
    int listener = peer_listen(&port, 1);
    struct pollfd entry = {.fd = listener, .events = POLLIN};
    char url[64];

    (void)state;
    refuses_url("socks5://me:s3cr3t@127.0.0.1", "h", MIG_TLS_IMPLICIT, MIG_E_USAGE, "password");
    refuses_url("http://me:s3cr3t@127.0.0.1", "h", MIG_TLS_IMPLICIT, MIG_E_USAGE, "password");
    refuses_url("me:s3cr3t@127.0.0.1", "h", MIG_TLS_IMPLICIT, MIG_E_USAGE, "not the URL");
    refuses_url("socks4://127.0.0.1", "h", MIG_TLS_IMPLICIT, MIG_E_USAGE, "not the URL");
    refuses_url("http://127.0.0.1/path", "h", MIG_TLS_IMPLICIT, MIG_E_USAGE, "goes on");
    refuses_url("http://", "h", MIG_TLS_IMPLICIT, MIG_E_USAGE, "no host");
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)port);
    refuses_url(url, "h\r\nX: y", MIG_TLS_IMPLICIT, MIG_E_USAGE, "no host name");
    refuses_url(url, "127.0.0.1", MIG_TLS_NONE, MIG_E_CLEARTEXT, "behind a proxy");
    assert_int_equal(poll(&entry, 1, 0), 0); /* nobody has knocked */
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_socks),           cmocka_unit_test(test_socks_refuses),   cmocka_unit_test(test_connect),
        cmocka_unit_test(test_connect_refuses), cmocka_unit_test(test_silence_and_end), cmocka_unit_test(test_urls),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
