/* The mark that says to other machines that a run is under way. */
#include "imap/wire_server.h"
#include "copy/mark.h"
#include <stdio.h>
#include <string.h>

static const char id[] = "00112233445566778899aabbccddeeff";
static const char words[] = "1 00112233445566778899aabbccddeeff mail.example-1 4711 1000 2000";

static mig__mark_text mark_of(const char *host, char first, int64_t renewed)
{
    mig__mark_text mark = {.pid = 4711, .since = 1000, .renewed = renewed};
    snprintf(mark.host, sizeof mark.host, "%s", host);
    snprintf(mark.id, sizeof mark.id, "%s", id);
    mark.id[0] = first;
    return mark;
}

static void test_words(void **state)
{
    (void)state;
    char out[MIG__MARK_TEXT];
    const mig__mark_text mark = mark_of("mail.example-1", '0', 2000);
    mig__mark_text read;
    mig__mark_format(&mark, out, sizeof out);
    assert_string_equal(out, words);
    assert_true(mig__mark_parse(words, &read));
    assert_string_equal(read.id, id);
    assert_string_equal(read.host, "mail.example-1");
    assert_int_equal(read.pid, 4711);
    assert_int_equal(read.since, 1000);
    assert_int_equal(read.renewed, 2000);
    static const char *const others[] = {"",
                                         "2 00112233445566778899aabbccddeeff h 1 1000 2000",
                                         "1 0011 h 1 1000 2000",
                                         "1 00112233445566778899aabbccddeeff h 1 1000",
                                         "1 00112233445566778899aabbccddeeff h 1 1000 2000 x",
                                         "1 00112233445566778899aabbccddeeff \x1b[2J 1 1000 2000",
                                         "1 00112233445566778899aabbccddeeff h 1 2000 1000"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(mig__mark_parse(others[i], &read));
    }
}

static void test_value(void **state)
{
    (void)state;
    char out[32];
    assert_true(mig__mark_value("\"\" (/private/a \"one\" /Private/B \"t\\\"wo\")", "/private/b", out, sizeof out));
    assert_string_equal(out, "t\"wo");
    assert_false(mig__mark_value("\"\" (/private/b NIL)", "/private/b", out, sizeof out));
    assert_false(mig__mark_value("\"\" (/private/bb \"x\")", "/private/b", out, sizeof out));
    assert_false(mig__mark_value("\"\" (/private/b \"x", "/private/b", out, sizeof out));
    assert_false(
        mig__mark_value("\"\" (/private/b \"01234567890123456789012345678901\")", "/private/b", out, sizeof out));
    assert_false(mig__mark_value("\"\" /private/b", "/private/b", out, sizeof out));
}

static void test_who_is_held(void **state)
{
    (void)state;
    const mig__mark_text own = mark_of("here", '0', 5000), again = mark_of("there", '0', 5000);
    const mig__mark_text other = mark_of("there", '1', 5000), left = mark_of("Here", '1', 5000);
    assert_false(mig__mark_holds(&again, &own, true, 5000)); /* ours */
    assert_true(mig__mark_holds(&other, &own, true, 5000));
    assert_true(mig__mark_holds(&other, &own, true, 5000 + MIG__MARK_STALE - 1));
    assert_false(mig__mark_holds(&other, &own, true, 5000 + MIG__MARK_STALE));
    assert_true(mig__mark_holds(&other, &own, true, 4000)); /* that machine's clock is ahead */
    assert_false(mig__mark_holds(&left, &own, true, 5000)); /* of this machine, whose lock is ours */
    assert_true(mig__mark_holds(&left, &own, false, 5000));
}

static void test_on_the_wire(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1 METADATA"),
        EXPECT("2 GETMETADATA \"\" /private/vendor/mailmigrate/run-1\r\n"),
        SEND("* METADATA \"\" (/private/vendor/mailmigrate/run-1 {64}\r\n"),
        SEND("1 00112233445566778899aabbccddeeff mail.example-1 4711 1000 2000)\r\n2 OK\r\n"),
        EXPECT("3 SETMETADATA \"\" (/private/vendor/mailmigrate/run-1 "
               "\"1 00112233445566778899aabbccddeeff mail.example-1 4711 1000 2000\")\r\n"),
        SEND("3 NO [METADATA TOOMANY] no\r\n"),
        EXPECT("4 SETMETADATA \"\" (/private/vendor/mailmigrate/run-1 NIL)\r\n"),
        SEND("4 OK\r\n"),
        EXPECT("5 GETMETADATA \"\" /private/vendor/mailmigrate/run-1\r\n"),
        SEND("5 OK\r\n"),
        EXPECT("6 LOGOUT\r\n"),
        END,
    };
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    mig__mark mark = {.entry = "/private/vendor/mailmigrate/run-1", .own = mark_of("mail.example-1", '0', 2000)};
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_true(mig__session_can(session, MIG__CAP_METADATA));
    assert_int_equal(mig__mark_look(session, &mark, &error), 0);
    assert_true(mark.is_found);
    assert_string_equal(mark.found.host, "mail.example-1");
    assert_int_equal(mig__mark_put(session, &mark, false, &error), 1);
    assert_int_equal(mig__mark_put(session, &mark, true, &error), 0);
    assert_int_equal(mig__mark_look(session, &mark, &error), 0);
    assert_false(mark.is_found);
    mig__session_close(&session);
    wire_end(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_value),
        cmocka_unit_test(test_who_is_held),
        cmocka_unit_test(test_on_the_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
