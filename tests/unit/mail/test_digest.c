/* SHA-256 against published vectors (FIPS 180-2 appendix B, NIST CAVP), and both digests of a message in one walk */
#include "mail/canonical.h"
#include "mail/digest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    const char *digest;
} vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void one_piece_gives_the_published_digests(void **state)
{
    (void)state;
    uint8_t digest[MIG__DIGEST_SIZE];
    char hex[MIG__HEX_SIZE];
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        assert_int_equal(mig__digest(vectors[i].text, strlen(vectors[i].text), digest, NULL), 0);
        assert_string_equal(mig__hex(digest, hex), vectors[i].digest);
    }
}

static void a_million_a(void **state)
{
    (void)state;
    char piece[1000], hex[MIG__HEX_SIZE];
    uint8_t digest[MIG__DIGEST_SIZE];
    memset(piece, 'a', sizeof piece);
    mig__sha256 *sha256 = mig__sha256_new(NULL);
    assert_non_null(sha256);
    for (int round = 0; round < 2; round++) { /* the second round: nothing is left of the first */
        assert_int_equal(mig__sha256_begin(sha256, NULL), 0);
        for (int i = 0; i < 1000; i++) {
            assert_int_equal(mig__sha256_add(sha256, piece, sizeof piece, NULL), 0);
        }
        assert_int_equal(mig__sha256_end(sha256, digest, NULL), 0);
        assert_string_equal(mig__hex(digest, hex), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
    mig__sha256_free(&sha256);
    assert_null(sha256);
}

static mig__message_digest digest_in_pieces(mig__digester *digester, const char *text, size_t length, size_t piece)
{
    mig__message_digest digest;
    assert_int_equal(mig__digester_begin(digester, NULL), 0);
    for (size_t at = 0; at < length; at += piece) {
        size_t size = length - at < piece ? length - at : piece;
        char *copy = malloc(size); /* its own allocation: reading beyond it is found by the sanitizer */
        assert_non_null(copy);
        memcpy(copy, text + at, size);
        assert_int_equal(mig__digester_add(digester, copy, size, NULL), 0);
        free(copy);
    }
    assert_int_equal(mig__digester_end(digester, &digest, NULL), 0);
    return digest;
}

static void pieces_of_any_size_give_the_same_digests(void **state)
{
    (void)state;
    static const char long_run[] =
        "a long run of text without any line end at all, longer than a block of the fast path, "
        "so that it is taken, and not only by the slow one, too";
    static const char *const words[] = {
        "\r\n", "\n", "\r", "\r\r\n", "X-UID: 5", "Subject:", " ", "\t", "word", ":", "\r\n\r\n", long_run};
    char text[6000];
    size_t length = 0;
    uint64_t seed = 7;
    for (int round = 0; round < 60; round++) {
        length = 0;
        while (length < sizeof text - 200) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            const char *word = words[(seed >> 33) % (sizeof words / sizeof words[0])];
            memcpy(text + length, word, strlen(word));
            length += strlen(word);
            if ((seed >> 20) % 40 == 0) {
                text[length++] = '\0';
            }
        }
        mig__digester *digester = mig__digester_new(NULL);
        mig__message_digest whole = digest_in_pieces(digester, text, length, length);
        uint8_t raw[MIG__DIGEST_SIZE];
        assert_int_equal(mig__digest(text, length, raw, NULL), 0);
        assert_memory_equal(whole.raw, raw, sizeof raw);
        assert_true(whole.octets == length);
        static const size_t sizes[] = {1, 2, 3, 7, 64, 127, 128, 129, 130, 257, 1000, 4096};
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            mig__message_digest pieces = digest_in_pieces(digester, text, length, sizes[i]);
            assert_memory_equal(pieces.raw, whole.raw, sizeof whole.raw);
            assert_memory_equal(pieces.canonical, whole.canonical, sizeof whole.canonical);
            assert_true(pieces.octets == whole.octets);
        }
        mig__digester_free(&digester);
        assert_null(digester);
    }
}

static void canonical_text_has_equal_digests(void **state)
{
    (void)state;
    static const char text[] = "subject:hello\r\nfrom:a@example.org\r\n\r\nThe body.\r\n";
    mig__digester *digester = mig__digester_new(NULL);
    mig__message_digest digest = digest_in_pieces(digester, text, strlen(text), 5);
    assert_memory_equal(digest.raw, digest.canonical, sizeof digest.raw);
    mig__digester_free(&digester);
}

typedef struct asked {
    mig__message_digest known;
    int questions, answers;
} asked;

static bool know_one(const uint8_t raw[MIG__DIGEST_SIZE], uint8_t canonical[MIG__DIGEST_SIZE], void *context)
{
    asked *a = context;
    a->questions++;
    if (memcmp(raw, a->known.raw, MIG__DIGEST_SIZE) != 0) {
        return false;
    }
    a->answers++;
    memset(canonical, 0x5a, MIG__DIGEST_SIZE); /* told, not made */
    return true;
}

static void what_is_known_is_not_made_again(void **state)
{
    (void)state;
    static const char known[] = "Subject:  known \r\n\r\nbody\r\n", other[] = "Subject:  other \r\n\r\nbody\r\n";
    uint8_t told[MIG__DIGEST_SIZE];
    memset(told, 0x5a, sizeof told);
    mig__digester *digester = mig__digester_new(NULL);
    asked a = {.known = digest_in_pieces(digester, known, strlen(known), 7)};
    mig__message_digest plain = digest_in_pieces(digester, other, strlen(other), 7);
    mig__digester_ask(digester, know_one, &a);
    for (int round = 0; round < 2; round++) { /* nothing of one message gets into the next */
        mig__message_digest digest = digest_in_pieces(digester, known, strlen(known), 5);
        assert_memory_equal(digest.raw, a.known.raw, sizeof digest.raw);
        assert_memory_equal(digest.canonical, told, sizeof told);
        assert_true(digest.octets == strlen(known));
        digest = digest_in_pieces(digester, other, strlen(other), 5);
        assert_memory_equal(digest.raw, plain.raw, sizeof digest.raw);
        assert_memory_equal(digest.canonical, plain.canonical, sizeof digest.canonical);
    }
    assert_int_equal(a.questions, 4);
    assert_int_equal(a.answers, 2);
    mig__digester_free(&digester);
}

static void long_messages_are_not_kept(void **state)
{
    (void)state;
    size_t length = (256 << 10) + 1;
    char *text = malloc(length);
    assert_non_null(text);
    for (size_t i = 0; i < length; i++) {
        text[i] = i % 70 == 69 ? '\n' : 'a';
    }
    mig__digester *digester = mig__digester_new(NULL);
    for (size_t size = length - 1; size <= length; size++) {
        mig__message_digest plain = digest_in_pieces(digester, text, size, 1000);
        mig__digester *asking = mig__digester_new(NULL);
        asked a = {.known = plain};
        mig__digester_ask(asking, know_one, &a);
        mig__message_digest digest = digest_in_pieces(asking, text, size, 1000);
        assert_int_equal(a.questions, size < length);
        assert_memory_equal(digest.raw, plain.raw, sizeof digest.raw);
        assert_int_equal(memcmp(digest.canonical, plain.canonical, sizeof digest.canonical) == 0, size == length);
        mig__digester_free(&asking);
    }
    mig__digester_free(&digester);
    free(text);
}

static void a_begin_without_an_end_starts_anew(void **state)
{
    (void)state;
    mig__digester *digester = mig__digester_new(NULL);
    mig__message_digest digest, expected = digest_in_pieces(digester, "a: b\r\n\r\nc\r\n", 11, 11);
    assert_int_equal(mig__digester_begin(digester, NULL), 0);
    assert_int_equal(mig__digester_add(digester, "x: y\r\n\r\nz\r", 10, NULL), 0);
    digest = digest_in_pieces(digester, "a: b\r\n\r\nc\r\n", 11, 11);
    assert_memory_equal(digest.raw, expected.raw, sizeof digest.raw);
    assert_memory_equal(digest.canonical, expected.canonical, sizeof digest.canonical);
    assert_true(digest.octets == 11);
    mig__digester_free(&digester);
}

/* Version 1 as it was recorded: a change of this digest is a change of the form, and needs a new version. */
static void the_form_of_version_2_stays(void **state)
{
    (void)state;
    static const char text[] = "Received: from a\r\n\tby b;\r\n  Mon\nX-UID: 17\r\n folded\r\nSUBJECT :  x \t y \r\n"
                               "no field\rMime-Version: 1.0\r\r\n\r\nbody\0\r\r\nmore\n\n\rlast\r\n\r\n\r\n";
    static const char form[] = "received:from a by b; Mon\r\nsubject:x y\r\nno fieldMime-Version: 1.0\r\n\r\n"
                               "body\x80\r\nmore\r\n\r\nlast\r\n";
    uint8_t expected[MIG__DIGEST_SIZE];
    mig__digester *digester = mig__digester_new(NULL);
    mig__message_digest digest = digest_in_pieces(digester, text, sizeof text - 1, 3);
    assert_int_equal(mig__digest(form, sizeof form - 1, expected, NULL), 0);
    assert_memory_equal(digest.canonical, expected, sizeof expected);
    assert_int_equal(MIG__CANONICAL_VERSION, 2);
    mig__digester_free(&digester);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_piece_gives_the_published_digests),    cmocka_unit_test(a_million_a),
        cmocka_unit_test(pieces_of_any_size_give_the_same_digests), cmocka_unit_test(canonical_text_has_equal_digests),
        cmocka_unit_test(what_is_known_is_not_made_again),          cmocka_unit_test(long_messages_are_not_kept),
        cmocka_unit_test(a_begin_without_an_end_starts_anew),       cmocka_unit_test(the_form_of_version_2_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
