/* Any way of cutting the octets into pushes gives the same frames, the same bodies, the same end. */
#include "guard_feed.h"
#include "guard_transcripts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static char *protocol(const transcript *t, size_t most, unsigned seed)
{
    feed f;
    feed_init(&f, NULL);
    f.decoder = mig__decoder_new(NULL);
    assert_non_null(f.decoder);
    feed_run(&f, t->octets, t->length, most, seed);
    assert_int_equal(mig__buffer_ok(&f.log, NULL), 0);
    char *log = mig__buffer_steal(&f.log);
    feed_free(&f);
    assert_non_null(log);
    return log;
}

static void same_protocol(const transcript *t, const char *whole, size_t most, unsigned seed)
{
    char *log = protocol(t, most, seed);
    if (strcmp(log, whole) != 0) {
        print_message("%s, pieces of %zu, seed %u\n", t->name, most, seed);
    }
    assert_string_equal(log, whole);
    free(log);
}

static void one_octet_at_a_time_is_as_good_as_all_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRANSCRIPTS; i++) {
        char *whole = protocol(&transcripts[i], transcripts[i].length, 0);
        same_protocol(&transcripts[i], whole, 1, 0);
        free(whole);
    }
}

static void so_are_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRANSCRIPTS; i++) {
        char *whole = protocol(&transcripts[i], transcripts[i].length, 0);
        for (size_t most = 2; most < 40; most += 3) {
            same_protocol(&transcripts[i], whole, most, 0);
        }
        for (unsigned seed = 1; seed <= 40; seed++) {
            same_protocol(&transcripts[i], whole, 1 + seed % 50, seed);
        }
        free(whole);
    }
}

static void so_is_a_cut_at_every_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRANSCRIPTS; i++) {
        const transcript *t = &transcripts[i];
        char *whole = protocol(t, t->length, 0);
        size_t step = t->length > 400 ? 7 : 1;
        for (size_t cut = 1; cut < t->length; cut += step) {
            feed f;
            feed_init(&f, NULL);
            f.decoder = mig__decoder_new(NULL);
            mig_code code = feed_push(&f, t->octets, cut);
            if (code == MIG_OK) {
                feed_run(&f, t->octets + cut, t->length - cut, t->length, 0);
                assert_string_equal(f.log.data, whole);
            }
            feed_free(&f);
        }
        free(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_octet_at_a_time_is_as_good_as_all_at_once),
        cmocka_unit_test(so_are_pieces_of_any_size),
        cmocka_unit_test(so_is_a_cut_at_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
