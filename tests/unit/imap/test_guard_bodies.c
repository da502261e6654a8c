/* The guard and message bodies: what goes to the sink, what does not, and what the frame says of it */
#include "guard_feed.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* The frame of `octets`, which are one response and no more. */
static mig__frame only(feed *f, const char *octets, size_t length)
{
    mig__frame frame;
    size_t used = 0;
    assert_int_equal(mig__guard_push(f->guard, octets, length, &used, &frame, &f->error), 1);
    assert_int_equal(used, length);
    return frame;
}

#define ONLY(f, octets) only(f, octets, sizeof(octets) - 1)

static void bodies_go_to_the_sink(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    mig__frame frame = ONLY(&f, "* 1 FETCH (BODY[] {16}\r\n)\r\n1 OK {3}\r\n\0\xff\x80 UID 7)\r\n");
    assert_string_equal(frame.text, "* 1 FETCH (BODY[] \"\" UID 7)\r\n");
    assert_int_equal(frame.extra.body, MIG__BODY_GIVEN);
    assert_false(frame.extra.header);
    assert_int_equal(f.bodies, 1);
    assert_int_equal(f.body_size, 16);
    assert_int_equal(f.body.length, 16);
    assert_memory_equal(f.body.data, ")\r\n1 OK {3}\r\n\0\xff\x80", 16);
    ONLY(&f, "* 1 FETCH (UID 7 BINARY[] ~{3}\r\na\0b)\r\n");
    assert_memory_equal(f.body.data, "a\0b", 3);
    ONLY(&f, "* 1 FETCH (UID 7 rfc822 {3+}\r\nxyz)\r\n");
    assert_memory_equal(f.body.data, "xyz", 3);
    ONLY(&f, "* 1 FETCH (UID 7 BODY[]<0> {3}\r\nuvw)\r\n");
    assert_memory_equal(f.body.data, "uvw", 3);
    frame = ONLY(&f, "* 1 FETCH (UID 7 BODY[] \"a\\\"b\\\\c\")\r\n");
    assert_int_equal(f.body_size, 5);
    assert_string_equal(f.body.data, "a\"b\\c");
    assert_int_equal(frame.extra.body, MIG__BODY_GIVEN);
    frame = ONLY(&f, "* 1 FETCH (UID 7 BODY[HEADER.FIELDS (DATE \"FROM\")] {2}\r\nhi)\r\n");
    assert_string_equal(f.body.data, "hi");
    assert_true(frame.extra.header);
    assert_string_equal(frame.text, "* 1 FETCH (UID 7 BODY[HEADER] \"\")\r\n");
    assert_int_equal(f.bodies, 6);
    feed_free(&f);
}

static void an_empty_body_begins_and_has_no_data(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    mig__frame frame = ONLY(&f, "* 1 FETCH (UID 7 BODY[] {0}\r\n)\r\n");
    assert_int_equal(f.bodies, 1);
    assert_int_equal(frame.extra.body, MIG__BODY_GIVEN);
    frame = ONLY(&f, "* 1 FETCH (UID 7 BODY[] \"\")\r\n");
    assert_int_equal(f.bodies, 2);
    assert_int_equal(frame.extra.body, MIG__BODY_GIVEN);
    frame = ONLY(&f, "* 1 FETCH (UID 7 BODY[] NIL)\r\n");
    assert_int_equal(f.bodies, 2);
    assert_int_equal(frame.extra.body, MIG__BODY_NIL);
    assert_string_equal(frame.text, "* 1 FETCH (UID 7 BODY[] NIL)\r\n");
    assert_int_equal(f.pieces, 0);
    assert_int_equal(ONLY(&f, "* 1 FETCH (UID 7 BODYSTRUCTURE (\"BODY[]\" {2}\r\nab))\r\n").extra.body, MIG__BODY_NONE);
    assert_int_equal(f.bodies, 2);
    feed_free(&f);
}

static void a_response_has_one_body(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    ONLY(&f, "* 1 FETCH (UID 7 BODY[] {1}\r\na BODY[HEADER] {2}\r\nbc BODY[] \"d\")\r\n");
    assert_int_equal(f.bodies, 1);
    assert_memory_equal(f.body.data, "a", 1);
    mig__frame frame = ONLY(&f, "* 1 FETCH (UID 7 BODY[] \"d\" BODY[HEADER] {2}\r\nbc)\r\n");
    assert_int_equal(f.bodies, 2);
    assert_memory_equal(f.body.data, "bc", 2);
    assert_true(frame.extra.header);
    ONLY(&f, "* 1 FETCH (UID 7 BODY[] \"d\" BODY[] \"e\" BODY[] NIL)\r\n");
    assert_int_equal(f.bodies, 3);
    assert_string_equal(f.body.data, "d");
    /* sections that nobody asks for are none */
    assert_int_equal(
        ONLY(&f, "* 1 FETCH (UID 7 BODY[1.MIME] {1}\r\na BODY[TEXT] \"b\" BODY[]<5> {1}\r\nc)\r\n").extra.body,
        MIG__BODY_NONE);
    assert_int_equal(f.bodies, 3);
    feed_free(&f);
}

static void a_body_without_sense_around_it_still_ends_in_a_frame(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    mig__frame frame = ONLY(&f, "* 1 FETCH (BODY[] {1}\r\na\r\n");
    assert_true(frame.odd);
    assert_int_equal(frame.extra.body, MIG__BODY_GIVEN);
    frame = ONLY(&f, "* 0 FETCH (UID 8 BODY[] {1}\r\na)\r\n");
    assert_true(frame.odd);
    assert_int_equal(frame.extra.uid, 8);
    feed_free(&f);
}

static void the_sink_can_refuse(void **state)
{
    (void)state;
    feed f;
    feed_init(&f, NULL);
    f.refuse_after = 1;
    assert_int_equal(feed_push(&f, "* 1 FETCH (UID 7 BODY[] {1}\r\na)\r\n", 33), MIG_E_IO);
    assert_int_equal(feed_push(&f, "* OK x\r\n", 8), MIG_E_IO);
    feed_free(&f);
    feed_init(&f, NULL);
    f.refuse_after = 1;
    assert_int_equal(feed_push(&f, "* 1 FETCH (UID 7 BODY[] \"a\")\r\n", 30), MIG_E_IO);
    feed_free(&f);
    feed_init(&f, NULL);
    mig__guard_set_sink(f.guard, NULL);
    f.refuse_after = 1;
    mig__frame frame = ONLY(&f, "* 1 FETCH (UID 7 BODY[] {1}\r\na)\r\n");
    assert_string_equal(frame.text, "* 1 FETCH (UID 7 BODY[] \"\")\r\n");
    assert_int_equal(f.bodies, 0);
    feed_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_go_to_the_sink),
        cmocka_unit_test(an_empty_body_begins_and_has_no_data),
        cmocka_unit_test(a_response_has_one_body),
        cmocka_unit_test(a_body_without_sense_around_it_still_ends_in_a_frame),
        cmocka_unit_test(the_sink_can_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
