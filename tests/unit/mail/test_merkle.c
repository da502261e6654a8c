/* Merkle roots: the vectors of the certificate transparency project for RFC 6962, and its recursive definition */
#include "mail/merkle.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static const struct {
    const char *entry;
    size_t length;
    const char *root; /* of the entries up to and with this one */
} vectors[] = {
    {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
     "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

static void assert_root(mig__merkle *merkle, const char *expected)
{
    uint8_t root[MIG__DIGEST_SIZE];
    char hex[MIG__HEX_SIZE];
    assert_int_equal(mig__merkle_root(merkle, root, NULL), 0);
    assert_string_equal(mig__hex(root, hex), expected);
}

static void published_roots(void **state)
{
    (void)state;
    mig__merkle merkle = MIG__MERKLE_INIT;
    for (int round = 0; round < 2; round++) {
        assert_root(&merkle, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
            assert_int_equal(mig__merkle_add(&merkle, vectors[i].entry, vectors[i].length, NULL), 0);
            assert_root(&merkle, vectors[i].root);
        }
        mig__merkle_clear(&merkle);
    }
    mig__merkle_free(&merkle);
}

/* The definition of the RFC, word for word. */
static void root_by_definition(const uint32_t *entries, size_t count, uint8_t out[MIG__DIGEST_SIZE])
{
    uint8_t text[1 + 2 * MIG__DIGEST_SIZE] = {0};
    if (count == 1) {
        memcpy(text + 1, entries, sizeof *entries);
        assert_int_equal(mig__digest(text, 1 + sizeof *entries, out, NULL), 0);
        return;
    }
    size_t k = 1;
    while (k * 2 < count) {
        k *= 2;
    }
    text[0] = 1;
    root_by_definition(entries, k, text + 1);
    root_by_definition(entries + k, count - k, text + 1 + MIG__DIGEST_SIZE);
    assert_int_equal(mig__digest(text, sizeof text, out, NULL), 0);
}

static void lists_of_any_length_match_the_definition(void **state)
{
    (void)state;
    uint32_t entries[600];
    mig__merkle merkle = MIG__MERKLE_INIT;
    for (uint32_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        uint8_t root[MIG__DIGEST_SIZE], expected[MIG__DIGEST_SIZE];
        entries[i] = i * 2654435761U;
        assert_int_equal(mig__merkle_add(&merkle, &entries[i], sizeof entries[i], NULL), 0);
        root_by_definition(entries, i + 1, expected);
        assert_int_equal(mig__merkle_root(&merkle, root, NULL), 0);
        assert_memory_equal(root, expected, sizeof root);
    }
    mig__merkle_free(&merkle);
}

static void order_and_every_entry_matter(void **state)
{
    (void)state;
    uint8_t roots[3][MIG__DIGEST_SIZE];
    static const char *const lists[] = {"abcde", "abced", "abcd"};
    for (int list = 0; list < 3; list++) {
        mig__merkle merkle = MIG__MERKLE_INIT;
        for (const char *at = lists[list]; *at; at++) {
            assert_int_equal(mig__merkle_add(&merkle, at, 1, NULL), 0);
        }
        assert_int_equal(mig__merkle_root(&merkle, roots[list], NULL), 0);
        mig__merkle_free(&merkle);
    }
    assert_memory_not_equal(roots[0], roots[1], MIG__DIGEST_SIZE);
    assert_memory_not_equal(roots[0], roots[2], MIG__DIGEST_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_roots),
        cmocka_unit_test(lists_of_any_length_match_the_definition),
        cmocka_unit_test(order_and_every_entry_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
