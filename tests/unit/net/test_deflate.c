/* COMPRESS=DEFLATE over a stream, against zlib used directly. */
#include "net/certificate.h"
#include "net/peer.h"
#include <zlib.h>

/* The server's side of the compression. */
typedef struct test_layer {
    z_stream in, out;
    unsigned char octets[3000]; /* what `in` still has to expand */
} test_layer;

static void layer_init(test_layer *layer)
{
    memset(layer, 0, sizeof *layer);
    assert_int_equal(inflateInit2(&layer->in, -15), Z_OK);
    assert_int_equal(deflateInit2(&layer->out, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
}

static void layer_end(test_layer *layer)
{
    inflateEnd(&layer->in);
    deflateEnd(&layer->out);
}

/* Reads `length` plain octets. */
static bool layer_read(test_peer *peer, test_layer *layer, unsigned char *out, size_t length)
{
    layer->in.next_out = out;
    layer->in.avail_out = (uInt)length;
    for (;;) {
        int status = inflate(&layer->in, Z_SYNC_FLUSH);

        if (!layer->in.avail_out) {
            return true;
        }
        if (status != Z_OK && status != Z_BUF_ERROR) {
            return false;
        }
        if (!layer->in.avail_in) {
            layer->in.next_in = layer->octets;
            layer->in.avail_in = (uInt)peer_read(peer, layer->octets, sizeof layer->octets);
            if (!layer->in.avail_in) {
                return false;
            }
        }
    }
}

static void layer_write(test_peer *peer, test_layer *layer, const unsigned char *data, size_t length)
{
    size_t size = length + 1024;
    unsigned char *packed = malloc(size);

    layer->out.next_in = (unsigned char *)(uintptr_t)data;
    layer->out.avail_in = (uInt)length;
    layer->out.next_out = packed;
    layer->out.avail_out = (uInt)size;
    (void)deflate(&layer->out, Z_SYNC_FLUSH);
    peer_write(peer, packed, size - layer->out.avail_out);
    free(packed);
}

static void compress_after_a_line(test_peer *peer)
{
    peer_line(peer);
    peer_say(peer, "1 OK DEFLATE active\r\n");
}

#define BULK (3u << 20)

/* A line answered by a line, then a bulk checked and sent back. */
static void talk_compressed(test_peer *peer)
{
    unsigned char *got = malloc(65536), *expected = malloc(65536);
    test_layer layer;
    uint64_t place;

    layer_init(&layer);
    if (peer->context && !peer_start_tls(peer)) {
        goto cleanup;
    }
    compress_after_a_line(peer);
    if (!layer_read(peer, &layer, got, 8) || memcmp(got, "2 NOOP\r\n", 8)) {
        goto cleanup;
    }
    layer_write(peer, &layer, (const unsigned char *)"2 OK done\r\n", 11);
    for (place = 0; place < BULK && layer_read(peer, &layer, got, 65536); place += 65536) {
        fill_pattern(expected, 65536, place);
        if (memcmp(got, expected, 65536)) {
            break;
        }
    }
    peer->amount = place;
    for (place = 0; place < BULK; place += 65536) {
        fill_pattern(expected, 65536, place);
        layer_write(peer, &layer, expected, 65536);
    }
    peer_drain(peer);
cleanup:
    layer_end(&layer);
    free(got);
    free(expected);
}

static mig__stream *open_compressed(const mig_endpoint *endpoint)
{
    mig_error err = MIG_ERROR_INIT;
    mig__stream *stream = mig__stream_open(endpoint, NULL, &err);
    char text[21];

    if (!stream) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(mig__stream_write(stream, "1 COMPRESS DEFLATE\r\n", 20, &err), 0);
    assert_int_equal(read_exactly(stream, text, 21, &err), 0);
    assert_memory_equal(text, "1 OK DEFLATE active\r\n", 21);
    assert_int_equal(mig__stream_start_deflate(stream, &err), 0);
    return stream;
}

static void exchange(mig__stream *stream)
{
    static const size_t sizes[] = {1, 16384, 100, 40000, 200000, 3, 65537};
    unsigned char *data = malloc(200000), *got = malloc(200000);
    mig_error err = MIG_ERROR_INIT;
    size_t turn = 0;
    char text[11];

    assert_int_equal(mig__stream_write(stream, "2 NOOP\r\n", 8, &err), 0);
    assert_int_equal(read_exactly(stream, text, 11, &err), 0);
    assert_memory_equal(text, "2 OK done\r\n", 11);
    assert_false(mig__stream_readable(stream));
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
        if (turn % 7 == 0 && place < BULK) {
            for (int i = 0; i < 2000 && !mig__stream_readable(stream); i++) {
                mig__sleep_ms(5);
            }
        }
    }
    free(data);
    free(got);
}

static void test_plain(void **state)
{
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    mig__stream_stats stats;

    (void)state;
    peer_start(&peer, talk_compressed, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    stream = open_compressed(&endpoint);
    exchange(stream);
    mig__stream_stats_get(stream, &stats);
    assert_int_equal(stats.octets_out, 28 + BULK);
    assert_int_equal(stats.octets_in, 32 + BULK);
    assert_in_range(stats.octets_wire_out, 100, BULK / 2);
    assert_in_range(stats.octets_wire_in, 100, BULK / 2);
    mig__stream_close(&stream);
    assert_int_equal(peer_join(&peer), stats.octets_wire_out);
    assert_int_equal(peer.amount, BULK);
}

static void test_over_tls(void **state)
{
    test_certificate own = certificate_make((certificate_options){.name = "x", .alternatives = "IP:127.0.0.1"});
    SSL_CTX *context = certificate_server(&own, NULL);
    char path[] = "/tmp/mig-deflate-XXXXXX";
    int fd = mkstemp(path);
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    certificate_write(&own, false, path);
    peer_start(&peer, talk_compressed, context);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_IMPLICIT);
    endpoint.ca_file = path;
    stream = open_compressed(&endpoint);
    exchange(stream);
    assert_int_equal(mig__stream_start_deflate(stream, &err), -1);
    assert_int_equal(err.code, MIG_E_INTERNAL);
    mig__stream_close(&stream);
    peer_join(&peer);
    assert_int_equal(peer.amount, BULK);
    SSL_CTX_free(context);
    certificate_free(&own);
    unlink(path);
}

/* amount: 0 not deflate at all, 1 a stream that has an end, 2 cut within */
static void end_in_some_way(test_peer *peer)
{
    compress_after_a_line(peer);
    if (peer->amount == 0) {
        peer_write(peer, "\xff\xff\xff\xff", 4); /* block type 11 is reserved (RFC 1951 section 3.2.3) */
    } else if (peer->amount == 1) {
        peer_write(peer, "\x03\x00", 2); /* the last block, empty */
    } else {
        peer_write(peer, "\x4a\x4c", 2);
    }
    if (peer->amount < 2) {
        peer_hold(peer);
    }
}

static void test_damage(void **state)
{
    static const struct {
        mig_code code;
        const char *words;
    } expected[] = {{MIG_E_PROTOCOL, "damaged"}, {MIG_E_PROTOCOL, "have an end"}, {MIG_E_CLOSED, "closed"}};

    (void)state;
    for (size_t how = 0; how < 3; how++) {
        mig_error err = MIG_ERROR_INIT;
        test_peer peer;
        mig_endpoint endpoint;
        mig__stream *stream;
        char text[64];

        peer_prepare(&peer, end_in_some_way, NULL);
        peer.amount = how;
        peer_go(&peer);
        endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
        stream = open_compressed(&endpoint);
        while (mig__stream_read(stream, text, sizeof text, &err) > 0) {
            ;
        }
        if (err.code != expected[how].code || !strstr(err.text, expected[how].words)) {
            fail_msg("%zu: %s: %s", how, mig_code_name(err.code), err.text);
        }
        assert_int_equal(mig__stream_write(stream, "x", 1, &err), -1);
        mig__stream_close(&stream);
        peer_join(&peer);
    }
}

/* Blocks that hold nothing, without end (RFC 1951 section 3.2.4): octets come in, and none comes out. */
static void blow_bubbles(test_peer *peer)
{
    char blocks[5 * 4096];
    for (size_t i = 0; i < sizeof blocks; i += 5) {
        memcpy(blocks + i, "\x00\x00\x00\xff\xff", 5);
    }
    compress_after_a_line(peer);
    while (peer_write(peer, blocks, sizeof blocks)) {
    }
}

static void test_hollow(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    test_peer peer;
    char octet;
    (void)state;
    peer_start(&peer, blow_bubbles, NULL);
    mig_endpoint endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    mig__stream *stream = open_compressed(&endpoint);
    assert_int_equal(mig__stream_read(stream, &octet, 1, &err), -1);
    assert_int_equal(err.code, MIG_E_BOUNDS);
    assert_int_equal(err.retry, MIG_RETRY_NEVER);
    assert_non_null(strstr(err.text, "hold no data"));
    mig__stream_close(&stream);
    peer_join(&peer);
}

/* A few octets that expand to very many are handed out bit by bit, in the caller's measure. */
static void bomb(test_peer *peer)
{
    unsigned char *zeros = calloc(1, 16 << 20);
    test_layer layer;

    layer_init(&layer);
    compress_after_a_line(peer);
    layer_write(peer, &layer, zeros, 16 << 20);
    layer_end(&layer);
    free(zeros);
    peer_drain(peer);
}

static void test_bomb(void **state)
{
    test_peer peer;
    mig_endpoint endpoint;
    mig__stream *stream;
    uint64_t total = 0;
    char text[1000];

    (void)state;
    peer_start(&peer, bomb, NULL);
    endpoint = peer_endpoint(&peer, "127.0.0.1", MIG_TLS_NONE);
    stream = open_compressed(&endpoint);
    while (total < 16 << 20) {
        int64_t n = mig__stream_read(stream, text, sizeof text, NULL);

        assert_in_range(n, 1, sizeof text);
        for (int64_t i = 0; i < n; i++) {
            assert_int_equal(text[i], 0);
        }
        total += (uint64_t)n;
    }
    assert_int_equal(total, 16 << 20);
    mig__stream_close(&stream);
    peer_join(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),  cmocka_unit_test(test_over_tls), cmocka_unit_test(test_damage),
        cmocka_unit_test(test_hollow), cmocka_unit_test(test_bomb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
