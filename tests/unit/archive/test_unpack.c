/* Compressed files: what comes out is what went in, or it is said why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "archive/unpack.h"
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { MOST = 1 << 20 };

/* gzip of `length` octets into `out`; how many. */
static size_t gzip(const void *octets, size_t length, char *out, size_t room)
{
    z_stream z = {
        .next_in = (Bytef *)octets, .avail_in = (uInt)length, .next_out = (Bytef *)out, .avail_out = (uInt)room};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t made = room - z.avail_out;
    deflateEnd(&z);
    return made;
}

/* The same by one of libarchive's filters. */
static size_t filtered(const char *filter, const void *octets, size_t length, char *out, size_t room)
{
    size_t used = 0;
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_pathname(entry, "x");
    assert_int_equal(archive_write_add_filter_by_name(a, filter), ARCHIVE_OK);
    assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
    archive_write_set_bytes_in_last_block(a, 1);
    assert_int_equal(archive_write_open_memory(a, out, room, &used), ARCHIVE_OK);
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, octets, length), (int)length);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_entry_free(entry);
    archive_write_free(a);
    return used;
}

/* Unpack what lies in a file behind some octets that are not its; how much came out, -1: err says. */
static int64_t unpack(const char *octets, size_t length, char *out, size_t room, mig_error *err)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite("in front", 1, 8, file), 8);
    assert_int_equal(fwrite(octets, 1, length, file), length);
    assert_int_equal(fflush(file), 0);
    *err = (mig_error)MIG_ERROR_INIT;
    mig__unpack *u = mig__unpack_open(fileno(file), 8, length, err);
    int64_t total = 0, got = u != NULL ? 1 : -1;
    while (got > 0) {
        size_t some = room - (size_t)total < 1000 ? room - (size_t)total : 1000; /* in pieces */
        got = mig__unpack_read(u, out + total, some, err);
        total += got > 0 ? got : 0;
    }
    mig__unpack_free(&u);
    assert_null(u);
    fclose(file);
    return got < 0 ? -1 : total;
}

static char *text_of(size_t length)
{
    char *text = malloc(length + 1);
    assert_non_null(text);
    for (size_t i = 0; i < length; i++) {
        text[i] = (char)('a' + i * i % 23);
    }
    return text;
}

static void test_ways(void **state)
{
    static const char *const filters[] = {"bzip2", "xz", "zstd", "compress", "lz4", "lzip"};
    static const size_t lengths[] = {0, 1, 17, 100000};
    char *packed = malloc(MOST), *twice = malloc(MOST), *out = malloc(MOST);
    mig_error err;
    (void)state;
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        size_t length = lengths[k];
        char *text = text_of(length);
        size_t made = gzip(text, length, packed, MOST);
        assert_true(mig__unpack_known(packed, made < MIG__UNPACK_HEAD ? made : MIG__UNPACK_HEAD));
        assert_int_equal(unpack(packed, made, out, MOST, &err), length);
        assert_memory_equal(out, text, length);
        size_t again = gzip(packed, made, twice, MOST);
        assert_int_equal(unpack(twice, again, out, MOST, &err), length);
        assert_memory_equal(out, text, length);
        size_t second = gzip(text, length, packed + made, MOST - made); /* one member behind the other */
        assert_int_equal(unpack(packed, made + second, out, MOST, &err), 2 * length);
        for (size_t i = 0; length > 0 && i < sizeof filters / sizeof *filters; i++) {
            made = filtered(filters[i], text, length, packed, MOST);
            assert_true(mig__unpack_known(packed, made < MIG__UNPACK_HEAD ? made : MIG__UNPACK_HEAD));
            if (unpack(packed, made, out, MOST, &err) != (int64_t)length) {
                fail_msg("%s of %zu octets: %s", filters[i], length, err.text);
            }
            assert_memory_equal(out, text, length);
            again = gzip(packed, made, twice, MOST);
            assert_int_equal(unpack(twice, again, out, MOST, &err), length);
        }
        free(text);
    }
    free(packed);
    free(twice);
    free(out);
}

static void test_damaged(void **state)
{
    char *text = text_of(5000), *packed = malloc(MOST), *out = malloc(MOST);
    static const char *const filters[] = {"gzip", "bzip2", "xz"};
    mig_error err;
    (void)state;
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        size_t made = i == 0 ? gzip(text, 5000, packed, MOST) : filtered(filters[i], text, 5000, packed, MOST);
        for (size_t cut = made / 2; cut < made; cut += 1 + made / 16) {
            assert_int_equal(unpack(packed, cut, out, MOST, &err), -1);
            assert_int_equal(err.code, MIG_E_DIFFERENT);
        }
        packed[made / 2] ^= 1; /* in the middle: a checksum tells, if nothing else */
        assert_int_equal(unpack(packed, made, out, MOST, &err), -1);
        assert_int_equal(err.code, MIG_E_DIFFERENT);
    }
    size_t made = gzip(text, 5000, packed, MOST);
    packed[made - 6] ^= 1; /* its checksum alone, which libarchive does not look at */
    assert_int_equal(unpack(packed, made, out, MOST, &err), -1);
    assert_non_null(strstr(err.text, "incorrect data check"));
    free(text);
    free(packed);
    free(out);
}

static void test_bounds(void **state)
{
    char *one = malloc(MOST), *two = malloc(MOST), *out = malloc(MOST);
    mig_error err;
    (void)state;
    memset(out, 'x', 100);
    size_t length = 100;
    memcpy(one, out, length);
    for (int i = 0; i < 4; i++) { /* a fourth time is one too many */
        length = gzip(one, length, two, MOST);
        memcpy(one, two, length);
    }
    assert_int_equal(unpack(one, length, out, MOST, &err), -1);
    assert_int_equal(err.code, MIG_E_REFUSED);
    static const char huge_window[] = "\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00";
    assert_int_equal(unpack(huge_window, sizeof huge_window - 1, out, MOST, &err), -1);
    assert_int_equal(err.code, MIG_E_REFUSED);
    static const char xz_of_1_gib[] = "\xfd"
                                      "7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\0\x21\x01\x24\0\0\0";
    assert_int_equal(unpack(xz_of_1_gib, sizeof xz_of_1_gib - 1, out, MOST, &err), -1);
    assert_int_equal(err.code, MIG_E_REFUSED);
    free(one);
    free(two);
    free(out);
}

static void test_what_is_not_compressed(void **state)
{
    static const char *const texts[] = {"", "B", "BZh: a header\n", "BZh91AY", "Subject: x\n\n", "\x1f", "\x1f\x8b"};
    char out[64];
    mig_error err;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_false(mig__unpack_known(texts[i], strlen(texts[i])));
        assert_int_equal(unpack(texts[i], strlen(texts[i]), out, sizeof out, &err), strlen(texts[i]));
        assert_memory_equal(out, texts[i], strlen(texts[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ways), cmocka_unit_test(test_damaged),
                                       cmocka_unit_test(test_bounds), cmocka_unit_test(test_what_is_not_compressed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
