/* What a mailbox holds, by servers that answer in full, in part, against themselves, or not at all. */
#include "imap/wire_server.h"
#include "reading/scan.h"

typedef struct scanned {
    int outcome;
    mig_error error;
    uint64_t named, hidden;
    mig__selected now;
} scanned;

static scanned scan_with(const wire_step *script, const char *criteria)
{
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig__uidset found = MIG__UIDSET_INIT;
    scanned out = {.error = MIG_ERROR_INIT};
    mig__scan scan = {.mailbox = "a", .criteria = criteria, .now = &out.now, .found = &found};
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    out.outcome = mig__scan_send(session, &scan, &out.error);
    out.outcome = out.outcome != 0 ? out.outcome : mig__scan_wait(session, &scan, &out.error);
    out.outcome = out.outcome != 0 ? out.outcome : mig__scan_complete(session, &scan, &out.error);
    out.named = mig__uidset_size(&found);
    out.hidden = out.outcome == 0 ? mig__scan_hidden(&scan) : 0;
    if (out.hidden > 0) {
        mig__scan_hidden_error(&scan, "the folder", &out.error);
    }
    mig__uidset_free(&found);
    mig__selected_free(&out.now);
    mig__session_close(&session);
    wire_end(&server);
    return out;
}

#define ASK      EXPECT("2 EXAMINE a\r\n3 UID SEARCH ALL\r\n")
#define BYE(tag) EXPECT(tag " LOGOUT\r\n"), END

static void test_as_many_as_exists_says(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"), ASK,
                                       SEND("* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n2 OK\r\n"
                                            "* SEARCH 5 9 12\r\n3 OK\r\n"),
                                       BYE("4")};
    scanned out = scan_with(script, "ALL");
    assert_int_equal(out.outcome, 0);
    assert_int_equal(out.named, 3);
    assert_int_equal(out.hidden, 0);
}

/* A search that names fewer: each message is asked for; what is still missing then is hidden. */
static void test_a_search_that_names_too_few(void **state)
{
    (void)state;
    static const wire_step found[] = {LOGGED_IN("IMAP4rev1"),
                                      ASK,
                                      SEND("* 3 EXISTS\r\n2 OK\r\n* SEARCH 5\r\n3 OK\r\n"),
                                      EXPECT("4 EXAMINE a\r\n"),
                                      SEND("* 3 EXISTS\r\n4 OK\r\n"),
                                      EXPECT("5 UID FETCH 1:4294967295 (UID)\r\n"),
                                      SEND("* 1 FETCH (UID 5)\r\n* 2 FETCH (UID 9)\r\n* 3 FETCH (UID 12)\r\n5 OK\r\n"),
                                      BYE("6")};
    scanned out = scan_with(found, "ALL");
    assert_int_equal(out.outcome, 0);
    assert_int_equal(out.named, 3);
    assert_int_equal(out.hidden, 0);
    static const wire_step hidden[] = {LOGGED_IN("IMAP4rev1"),
                                       ASK,
                                       SEND("* 3 EXISTS\r\n2 OK\r\n3 OK\r\n"),
                                       EXPECT("4 EXAMINE a\r\n"),
                                       SEND("* 3 EXISTS\r\n4 OK\r\n"),
                                       EXPECT("5 UID FETCH 1:4294967295 (UID)\r\n"),
                                       SEND("* 1 FETCH (UID 5)\r\n5 OK\r\n"),
                                       BYE("6")};
    out = scan_with(hidden, "ALL");
    assert_int_equal(out.outcome, 0);
    assert_int_equal(out.named, 1);
    assert_int_equal(out.hidden, 2);
    assert_non_null(strstr(out.error.text, "holds 3 messages and shows 1"));
}

/* RFC 9738: so many at a time, from the newest on. */
static void test_a_server_that_searches_in_parts(void **state)
{
    (void)state;
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1 MESSAGELIMIT=2"),
                                       EXPECT("2 EXAMINE a\r\n3 UID SEARCH SINCE 1-Jan-2020\r\n"),
                                       SEND("* 5 EXISTS\r\n2 OK\r\n* SEARCH 8 9\r\n3 OK [MESSAGELIMIT 2 8] part\r\n"),
                                       EXPECT("4 EXAMINE a\r\n"),
                                       SEND("* 5 EXISTS\r\n4 OK\r\n"),
                                       EXPECT("5 UID SEARCH UID 1:7 SINCE 1-Jan-2020\r\n"),
                                       SEND("* SEARCH 4 5\r\n5 OK [MESSAGELIMIT 2 4] part\r\n"),
                                       EXPECT("6 UID SEARCH UID 1:3 SINCE 1-Jan-2020\r\n"),
                                       SEND("* SEARCH\r\n6 OK\r\n"),
                                       BYE("7")};
    scanned out = scan_with(script, "SINCE 1-Jan-2020");
    assert_int_equal(out.outcome, 0);
    assert_int_equal(out.named, 4);
    assert_int_equal(out.hidden, 0);
    /* A part that is refused is not a part without messages. */
    static const wire_step refused[] = {LOGGED_IN("IMAP4rev1 MESSAGELIMIT=2"),
                                        EXPECT("2 EXAMINE a\r\n3 UID SEARCH SINCE 1-Jan-2020\r\n"),
                                        SEND("* 5 EXISTS\r\n2 OK\r\n* SEARCH 8 9\r\n3 OK [MESSAGELIMIT 2 8] part\r\n"),
                                        EXPECT("4 EXAMINE a\r\n"),
                                        SEND("* 5 EXISTS\r\n4 OK\r\n"),
                                        EXPECT("5 UID SEARCH UID 1:7 SINCE 1-Jan-2020\r\n"),
                                        SEND("5 NO [UNAVAILABLE] later\r\n"),
                                        BYE("6")};
    out = scan_with(refused, "SINCE 1-Jan-2020");
    assert_int_equal(out.outcome, 1);
    assert_int_equal(out.error.code, MIG_E_UNAVAILABLE);
}

static void test_refusals(void **state)
{
    (void)state;
    static const wire_step examine[] = {LOGGED_IN("IMAP4rev1"), ASK,
                                        SEND("2 NO [INUSE] not now\r\n3 BAD no mailbox\r\n"), BYE("4")};
    scanned out = scan_with(examine, "ALL");
    assert_int_equal(out.outcome, 1);
    assert_int_equal(out.error.code, MIG_E_UNAVAILABLE);
    static const wire_step search[] = {LOGGED_IN("IMAP4rev1"), ASK, SEND("* 3 EXISTS\r\n2 OK\r\n3 NO no\r\n"),
                                       BYE("4")};
    out = scan_with(search, "ALL");
    assert_int_equal(out.outcome, 1);
    assert_int_equal(out.error.code, MIG_E_NO);
    /* OK without an answer, where nothing else tells how many there are; and more than anybody has. */
    static const wire_step silent[] = {LOGGED_IN("IMAP4rev1"),
                                       EXPECT("2 EXAMINE a\r\n3 UID SEARCH BEFORE 1-Jan-2020\r\n"),
                                       SEND("* 3 EXISTS\r\n2 OK\r\n3 OK\r\n"), BYE("4")};
    out = scan_with(silent, "BEFORE 1-Jan-2020");
    assert_int_equal(out.outcome, 1);
    assert_int_equal(out.error.code, MIG_E_PROTOCOL);
    assert_int_equal(out.error.retry, MIG_RETRY_NEVER);
    static const wire_step endless[] = {
        LOGGED_IN("IMAP4rev1 ESEARCH"), EXPECT("2 EXAMINE a\r\n3 UID SEARCH RETURN (ALL) ALL\r\n"),
        SEND("* 3 EXISTS\r\n2 OK\r\n* ESEARCH (TAG \"3\") UID ALL 1:4000000\r\n3 OK\r\n"), BYE("4")};
    out = scan_with(endless, "ALL");
    assert_int_equal(out.outcome, 1);
    assert_int_equal(out.error.code, MIG_E_BOUNDS);
    static const wire_step cut[] = {LOGGED_IN("IMAP4rev1"), ASK, SEND("* 3 EXISTS\r\n2 OK\r\n"), HANG_UP};
    out = scan_with(cut, "ALL");
    assert_int_equal(out.outcome, -1);
    assert_int_equal(out.error.code, MIG_E_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_many_as_exists_says),
        cmocka_unit_test(test_a_search_that_names_too_few),
        cmocka_unit_test(test_a_server_that_searches_in_parts),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
