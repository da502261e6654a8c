/* Guard and decoder together: octets in, responses out, values and all. Names in capitals: the rows of libetpan's bugs.
 */
#include "guard_feed.h"
#include "guard_transcripts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

typedef struct reader {
    feed feed;
    mig__frame frame;
    mig__response response;
} reader;

static int set_up(void **state)
{
    reader *r = calloc(1, sizeof *r);
    assert_non_null(r);
    feed_init(&r->feed, NULL);
    r->feed.decoder = mig__decoder_new(NULL);
    assert_non_null(r->feed.decoder);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    reader *r = *state;
    feed_free(&r->feed);
    free(r);
    return 0;
}

/* The response that `octets` are, which are one and no more. */
static const mig__response *read_one(reader *r, const char *octets, size_t length)
{
    size_t used = 0;
    assert_int_equal(mig__guard_push(r->feed.guard, octets, length, &used, &r->frame, &r->feed.error), 1);
    assert_int_equal(used, length);
    assert_int_equal(mig__decoder_parse(r->feed.decoder, &r->frame, &r->response, &r->feed.error), 0);
    return &r->response;
}

#define READ(octets) read_one(*state, octets, sizeof(octets) - 1)

static void are_words(const char *const *words, const char *expected)
{
    mig__buffer joined = MIG__BUFFER_INIT;
    assert_non_null(words);
    for (; *words != NULL; words++) {
        mig__buffer_addf(&joined, "%s%s", joined.length > 0 ? " " : "", *words);
    }
    assert_string_equal(joined.length > 0 ? joined.data : "", expected);
    mig__buffer_free(&joined);
}

static void is_set(const mig__uidset *set, const char *expected)
{
    mig__buffer text = MIG__BUFFER_INIT;
    assert_non_null(set);
    mig__uidset_format(set, &text);
    assert_string_equal(text.length > 0 ? text.data : "", expected);
    mig__buffer_free(&text);
}

static void greetings(void **state)
{
    const mig__response *r = READ("* OK [CAPABILITY IMAP4rev1 LITERAL+ auth=Plain X-gm-Ext-1] Dovecot ready.\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_OK);
    assert_int_equal(r->code, MIG__CODE_CAPABILITY);
    are_words(r->words, "IMAP4REV1 LITERAL+ AUTH=PLAIN X-GM-EXT-1");
    assert_string_equal(r->text, "Dovecot ready.");
    r = READ("* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_PREAUTH);
    r = READ("* BYE [UNAVAILABLE] busy\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_BYE);
    assert_int_equal(r->code, MIG__CODE_UNAVAILABLE);
    assert_string_equal(r->text, "busy");
    r = READ("* OK\r\n");
    assert_int_equal(r->code, MIG__CODE_NONE);
    assert_string_equal(r->text, "");
    assert_string_equal(r->code_text, "");
}

static void C1_to_C4_do_no_harm(void **state)
{
    assert_int_equal(READ("* OK [BADCHARSET (\"x\")] hi\r\n")->code, MIG__CODE_OTHER);
    assert_int_equal(READ("1 NO [BADCHARSET (A)] [BADCHARSET (A)] hi\r\n")->condition, MIG__NO);
    assert_int_equal(READ("* OK [ALERT]\r\n")->code, MIG__CODE_ALERT);
    assert_string_equal(READ("* OK [PARSE]\r\n")->code_text, "PARSE");
    const mig__response *r = READ("* OK [PERMANENTFLAGS (\x01 \\Seen \xff \\*)] x\r\n");
    assert_int_equal(r->code, MIG__CODE_PERMANENTFLAGS);
    are_words(r->words, "\\Seen \\*");
    r = READ("* OK [PERMANENTFLAGS (\x01\r\n");
    assert_int_equal(r->code, MIG__CODE_NONE);
    r = READ("* OK [PERMANENTFLAGS ()] x\r\n");
    assert_int_equal(r->code, MIG__CODE_PERMANENTFLAGS);
    are_words(r->words, "");
    assert_int_equal(READ("* OK [CAPABILITY] x\r\n")->code, MIG__CODE_OTHER);
}

/* Frames as no guard makes them: the decoder must survive on its own. */
static mig__response_kind by_hand(reader *r, const char *keyword, const char *text)
{
    memset(&r->frame, 0, sizeof r->frame);
    r->frame.kind = MIG__FRAME_UNTAGGED;
    r->frame.keyword = keyword;
    r->frame.number = 1;
    r->frame.text = text;
    r->frame.length = strlen(text);
    r->frame.code = r->frame.words = "";
    r->frame.extra.uid = 5;
    assert_int_equal(mig__decoder_parse(r->feed.decoder, &r->frame, &r->response, NULL), 0);
    return r->response.kind;
}

static void C7_what_ends_in_a_literal_is_odd(void **state)
{
    reader *r = *state;
    assert_int_equal(by_hand(r, "LIST", "* LIST () \"/\" {100}\r\nabc\r\n"), MIG__RESPONSE_ODD);
    assert_int_equal(by_hand(r, "LIST", "* LIST () \"/\" {1}\r\n"), MIG__RESPONSE_ODD);
    assert_int_equal(READ("* LIST () \"/\" a\r\n")->kind, MIG__RESPONSE_LIST);
    assert_string_equal(r->response.list.name, "a");
}

static void what_libetpan_can_not_parse_is_odd_and_costs_only_itself(void **state)
{
    reader *r = *state;
    static const char *const bad[] = {"* 1 FETCH (UID 5 EMAILID (x))\r\n", "* 1 FETCH (", "\r\n", "", "* 1 EXPUNGE\r\n",
                                      "* 1 FETCH (UID 5)\r\n1 BAD x\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(by_hand(r, "FETCH", bad[i]), MIG__RESPONSE_ODD);
        assert_int_equal(r->response.fetch.uid, 5);
        assert_int_equal(READ("* 7 FETCH (UID 8)\r\n")->kind, MIG__RESPONSE_FETCH);
        assert_int_equal(r->response.fetch.uid, 8);
    }
    /* what follows a response in its text is not taken for the next one */
    assert_int_equal(by_hand(r, "FETCH", "* 1 FETCH (UID 5)\r\n1 OK x\r\n* 2 FETCH (UID 6)\r\n"), MIG__RESPONSE_FETCH);
    assert_int_equal(READ("* 9 FETCH (UID 10)\r\n")->fetch.uid, 10);
    assert_int_equal(READ("* 3 FETCH (UID 9\r\n")->kind, MIG__RESPONSE_ODD);
    assert_int_equal(r->response.fetch.uid, 9);
}

static void E_without_a_mailbox_nothing_is_counted(void **state)
{
    assert_int_equal(READ("1 NO no such mailbox\r\n")->condition, MIG__NO);
    assert_int_equal(READ("* 1 EXPUNGE\r\n")->kind, MIG__RESPONSE_EXPUNGE);
    assert_int_equal(READ("* 4294967295 EXPUNGE\r\n")->number, UINT32_MAX);
    assert_int_equal(READ("* 0 EXISTS\r\n")->kind, MIG__RESPONSE_EXISTS);
    assert_int_equal(READ("* 3 RECENT\r\n")->number, 3);
    are_words(READ("* FLAGS (\\Answered $x)\r\n")->words, "\\Answered $x");
    are_words(READ("* FLAGS ()\r\n")->words, "");
    assert_int_equal(READ("* OK [UNSEEN 3] x\r\n")->number, 3);
    assert_int_equal(READ("* OK [READ-WRITE] x\r\n")->code, MIG__CODE_READ_WRITE);
}

static void tagged_conditions(void **state)
{
    const mig__response *r = READ("2147483647 OK\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_TAGGED);
    assert_int_equal(r->tag, 2147483647);
    assert_int_equal(r->condition, MIG__OK);
    assert_string_equal(r->text, "");
    r = READ("3 BAD [TOOBIG] Message too large.\r\n");
    assert_int_equal(r->condition, MIG__BAD);
    assert_int_equal(r->code, MIG__CODE_TOOBIG);
    assert_string_equal(r->text, "Message too large.");
    r = READ("4 no [overquota] full\r\n");
    assert_int_equal(r->condition, MIG__NO);
    assert_int_equal(r->code, MIG__CODE_OVERQUOTA);
    r = READ("5 OK [CAPABILITY IMAP4rev1 UIDPLUS] Logged in\r\n");
    assert_int_equal(r->tag, 5);
    assert_int_equal(r->code, MIG__CODE_CAPABILITY);
    are_words(r->words, "IMAP4REV1 UIDPLUS");
    r = READ("6 NO [CAPABILITY IMAP4rev1 UIDPLUS] no\r\n");
    are_words(r->words, "IMAP4REV1 UIDPLUS");
    r = READ("7 OK [APPENDUID 38505 3955,3960:3958] Success [THROTTLED]\r\n");
    assert_int_equal(r->code, MIG__CODE_APPENDUID);
    assert_int_equal(r->number, 38505);
    assert_string_equal(r->uid_text, "3955,3960:3958");
    assert_true(r->throttled);
    r = READ("8 OK [COPYUID 1 5:6,8 1:3] Move completed\r\n");
    assert_int_equal(r->code, MIG__CODE_COPYUID);
    assert_string_equal(r->from_uid_text, "5:6,8");
    assert_string_equal(r->uid_text, "1:3");
    assert_false(r->throttled);
    assert_int_equal(READ("9 OK [APPENDUID 1 1:*] x\r\n")->code, MIG__CODE_OTHER);
    assert_int_equal(READ("9 OK [APPENDUID 1 4294967296] x\r\n")->code, MIG__CODE_OTHER);
    r = READ("10 OK [MAILBOXID (F2212ea87-6097)] Completed\r\n");
    assert_int_equal(r->code, MIG__CODE_MAILBOXID);
    assert_string_equal(r->mailbox_id, "F2212ea87-6097");
    assert_int_equal(READ("11 OK [MAILBOXID (a b)] x\r\n")->code, MIG__CODE_MAILBOXID);
    assert_int_equal(READ("12 OK [MAILBOXID (../)] x\r\n")->code, MIG__CODE_OTHER);
    r = READ("13 NO [XYZZY a b] words\r\n");
    assert_int_equal(r->code, MIG__CODE_OTHER);
    assert_string_equal(r->code_text, "XYZZY a b");
    r = READ("14 OK [READ-ONLY] Examine completed.\r\n");
    assert_int_equal(r->code, MIG__CODE_READ_ONLY);
}

static void N_numbers_in_codes(void **state)
{
    const mig__response *r = READ("* OK [UIDVALIDITY 4294967295] x\r\n");
    assert_int_equal(r->code, MIG__CODE_UIDVALIDITY);
    assert_int_equal(r->number, UINT32_MAX);
    r = READ("* OK [UIDVALIDITY 4294967297] x\r\n");
    assert_int_equal(r->code, MIG__CODE_OTHER);
    assert_int_equal(r->number, 0);
    r = READ("* OK [UIDNEXT 6051] x\r\n");
    assert_int_equal(r->code, MIG__CODE_UIDNEXT);
    assert_int_equal(r->number, 6051);
    r = READ("* OK [HIGHESTMODSEQ 9223372036854775807] x\r\n");
    assert_int_equal(r->code, MIG__CODE_HIGHESTMODSEQ);
    assert_int_equal(r->modseq, INT64_MAX);
    assert_int_equal(READ("* OK [HIGHESTMODSEQ 9223372036854775808] x\r\n")->code, MIG__CODE_OTHER);
    assert_int_equal(READ("* OK [NOMODSEQ] x\r\n")->code, MIG__CODE_NOMODSEQ);
}

static void lists(void **state)
{
    const mig__response *r = READ("* LIST (\\HasNoChildren \\Marked \\Sent \\X-Y) \"/\" \"Sent \\\"x\\\\\"\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_LIST);
    assert_string_equal(r->list.name, "Sent \"x\\");
    assert_int_equal(r->list.delimiter, '/');
    assert_int_equal(r->list.attributes, MIG_ATTR_HASNOCHILDREN);
    assert_int_equal(r->list.role, MIG_ROLE_SENT);
    assert_null(r->list.old_name);
    r = READ("* LIST (\\Noselect \\HasChildren \\Noinferiors \\Subscribed) NIL a\r\n");
    assert_int_equal(r->list.attributes,
                     MIG_ATTR_NOSELECT | MIG_ATTR_HASCHILDREN | MIG_ATTR_NOINFERIORS | MIG_ATTR_SUBSCRIBED);
    assert_int_equal(r->list.delimiter, 0);
    r = READ("* LIST (\\HasChildren \\noselect) \"\\\\\" a\r\n");
    assert_int_equal(r->list.attributes, MIG_ATTR_NOSELECT | MIG_ATTR_HASCHILDREN);
    assert_int_equal(r->list.delimiter, '\\');
    r = READ("* LIST (\\NonExistent) \"\\\"\" {0}\r\n\r\n");
    assert_int_equal(r->list.attributes, MIG_ATTR_NOSELECT | MIG_ATTR_NONEXISTENT);
    assert_int_equal(r->list.delimiter, '"');
    assert_string_equal(r->list.name, "");
    r = READ("* LSUB () \".\" INBOX.&AOk-\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_LSUB);
    assert_string_equal(r->list.name, "INBOX.&AOk-");
    r = READ("* LIST () \"/\" new (\"CHILDINFO\" (\"SUBSCRIBED\") \"OLDNAME\" (\"old \\\"x\\\"\"))\r\n");
    assert_string_equal(r->list.name, "new");
    assert_string_equal(r->list.old_name, "old \"x\"");
    r = READ("* LIST () \"/\" [Gmail]/All{3}\r\n");
    assert_string_equal(r->list.name, "[Gmail]/All{3}");
}

static void M_names_come_out_as_they_are(void **state)
{
    assert_string_equal(READ("* LIST () \"/\" {15}\r\na\r\n9 DELETE \"b\\\r\n")->list.name, "a\r\n9 DELETE \"b\\");
    assert_string_equal(READ("* LIST () \"/\" \"%*\xc3\xa9 ../{1}\"\r\n")->list.name, "%*\xc3\xa9 ../{1}");
    assert_string_equal(READ("* STATUS \"a \\\"b\" (MESSAGES 1)\r\n")->status.name, "a \"b");
    char *octets = malloc(5000);
    assert_non_null(octets);
    int length = snprintf(octets, 5000, "* LIST () \"/\" \"%04096d\"\r\n", 7);
    const mig__response *r = read_one(*state, octets, (size_t)length);
    assert_int_equal(r->kind, MIG__RESPONSE_LIST);
    assert_int_equal(strlen(r->list.name), 4096);
    length = snprintf(octets, 5000, "* LIST () \"/\" {4098}\r\n\r\n%04096d\r\n", 7);
    r = read_one(*state, octets, (size_t)length);
    assert_int_equal(strlen(r->list.name), 4098);
    free(octets);
}

static void statuses(void **state)
{
    const mig__response *r = READ("* STATUS INBOX (MESSAGES 231 RECENT 1 UIDNEXT 44292 UIDVALIDITY 5 UNSEEN 3 "
                                  "HIGHESTMODSEQ 7011231777 SIZE 8589934592 MAILBOXID (F2) DELETED 4 )\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_STATUS);
    assert_string_equal(r->status.name, "INBOX");
    assert_true(r->status.has_messages && r->status.has_uidnext && r->status.has_uidvalidity && r->status.has_unseen);
    assert_int_equal(r->status.messages, 231);
    assert_int_equal(r->status.uidnext, 44292);
    assert_int_equal(r->status.uidvalidity, 5);
    assert_int_equal(r->status.unseen, 3);
    assert_true(r->status.has_modseq && r->status.has_size);
    assert_int_equal(r->status.modseq, 7011231777);
    assert_int_equal(r->status.size, 8589934592);
    assert_string_equal(r->status.mailbox_id, "F2");
    r = READ("* status {3}\r\na b (messages 1)\r\n");
    assert_string_equal(r->status.name, "a b");
    assert_true(r->status.has_messages);
    assert_false(r->status.has_uidnext || r->status.has_modseq || r->status.has_size);
    assert_null(r->status.mailbox_id);
    r = READ("* STATUS a (SIZE 5)\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_STATUS);
    assert_int_equal(r->status.size, 5);
    assert_false(r->status.has_messages);
    r = READ("* STATUS a ()\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_STATUS);
}

static void fetches(void **state)
{
    reader *whole = *state;
    const mig__response *r =
        READ("* 12 FETCH (UID 77 FLAGS (\\Seen \\Recent \\recent $Forwarded \\X \\draft) INTERNALDATE "
             "\"17-Jul-1996 02:44:25 -0730\" RFC822.SIZE 4286 MODSEQ (624140003) BODY[] {3}\r\nabc "
             "EMAILID (M6d))\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_FETCH);
    assert_int_equal(r->fetch.sequence, 12);
    assert_int_equal(r->fetch.uid, 77);
    assert_true(r->fetch.has_flags);
    are_words(r->fetch.flags, "\\Seen $Forwarded \\X \\Draft");
    assert_true(r->fetch.has_size);
    assert_int_equal(r->fetch.size, 4286);
    assert_true(r->fetch.has_modseq);
    assert_int_equal(r->fetch.modseq, 624140003);
    assert_true(r->fetch.internaldate.valid);
    assert_int_equal(r->fetch.internaldate.zone_minutes, -450);
    assert_int_equal(r->fetch.internaldate.utc, 837598465);
    assert_int_equal(r->fetch.body, MIG__BODY_GIVEN);
    assert_false(r->fetch.has_header);
    assert_string_equal(r->fetch.email_id, "M6d");
    assert_memory_equal(whole->feed.body.data, "abc", 3);

    r = READ("* 13 FETCH (BODY[HEADER] {2}\r\nhi UID 78 FLAGS () INTERNALDATE \" 1-Mar-2024 00:00:00 +0530\")\r\n");
    assert_int_equal(r->fetch.uid, 78);
    assert_true(r->fetch.has_header);
    assert_true(r->fetch.has_flags);
    are_words(r->fetch.flags, "");
    assert_int_equal(r->fetch.internaldate.utc, 1709231400);
    assert_int_equal(r->fetch.internaldate.zone_minutes, 330);
    assert_false(r->fetch.has_size || r->fetch.has_modseq);

    r = READ("* 14 FETCH (UID 79 BODY[] NIL INTERNALDATE NIL)\r\n");
    assert_int_equal(r->fetch.body, MIG__BODY_NIL);
    assert_false(r->fetch.has_flags || r->fetch.internaldate.valid);
    assert_true(r->fetch.internaldate_bad);
    are_words(r->fetch.flags, "");

    r = READ("* 15 FETCH (X-GM-LABELS (\"\\\\Inbox\" {3}\r\na\"b) X-GM-MSGID 1278455344230334865 UID 80)\r\n");
    assert_string_equal(r->fetch.labels, "(\"\\\\Inbox\" \"a\\\"b\")");
    assert_string_equal(r->fetch.email_id, "1278455344230334865");
    assert_int_equal(r->fetch.body, MIG__BODY_NONE);
    r = READ("* 16 FETCH (FLAGS (a%b ok))\r\n");
    assert_int_equal(r->fetch.uid, 0);
    assert_int_equal(r->fetch.odd_flags, 1);
    r = READ("* 25996 UIDFETCH (FLAGS (\\Seen))\r\n");
    assert_int_equal(r->fetch.uid, 25996);
    assert_int_equal(r->fetch.sequence, 0);
    r = READ("* 17 FETCH (BODYSTRUCTURE (\"TEXT\" NIL))\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_FETCH);
    assert_int_equal(r->fetch.sequence, 17);
}

static void dates_are_those_of_the_text(void **state)
{
    static const char *const dates[] = {"01-Jan-1970 00:00:00 +0000", "31-Dec-1999 23:59:59 -1200",
                                        "29-Feb-2024 12:00:00 +1345", "19-Jan-2038 03:14:08 +0000",
                                        "31-Dec-9998 23:59:59 -0001"};
    char octets[128], back[32];
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        int length = snprintf(octets, sizeof octets, "* 1 FETCH (UID 1 INTERNALDATE \"%s\")\r\n", dates[i]);
        const mig__response *r = read_one(*state, octets, (size_t)length);
        assert_true(r->fetch.internaldate.valid);
        assert_string_equal(mig__datetime_format(&r->fetch.internaldate, back), dates[i]);
    }
    assert_true(READ("* 1 FETCH (UID 1 INTERNALDATE \"31-Feb-2024 00:00:00 +0000\")\r\n")->fetch.internaldate_bad);
    assert_true(READ("* 1 FETCH (UID 1 INTERNALDATE \"30-Dec-1899 00:00:00 +0000\")\r\n")->fetch.internaldate_bad);
    assert_true(READ("* 1 FETCH (UID 1 INTERNALDATE \"01-Feb-2024 00:00:00 +9959\")\r\n")->fetch.internaldate_bad);
    assert_true(READ("* 1 FETCH (UID 1 INTERNALDATE 01-Feb-2024)\r\n")->fetch.internaldate_bad);
}

static void sets(void **state)
{
    const mig__response *r = READ("* SEARCH 2 3 4 9 (MODSEQ 917162500)\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_SEARCH);
    is_set(r->uids, "2:4,9");
    assert_true(r->search_has_modseq);
    assert_int_equal(r->modseq, 917162500);
    is_set(READ("* SEARCH\r\n")->uids, "");
    is_set(READ("* SEARCH 9 1 2 8 2\r\n")->uids, "1:2,8:9");
    r = READ("* ESEARCH (TAG \"17\") UID COUNT 5 ALL 4:18,21,28 MODSEQ 7\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_SEARCH);
    is_set(r->uids, "4:18,21,28");
    assert_int_equal(r->search_tag, 17);
    assert_true(r->search_has_count);
    assert_int_equal(r->search_count, 5);
    assert_int_equal(r->modseq, 7);
    r = READ("* ESEARCH (TAG \"3\") UID PARTIAL (-1:-100 200:250,252)\r\n");
    is_set(r->uids, "200:250,252");
    is_set(READ("* ESEARCH (TAG \"3\") UID PARTIAL (1:100 NIL)\r\n")->uids, "");
    is_set(READ("* ESEARCH (TAG \"3\") UID MIN 4 MAX 7 XYZ (1 2) ABC 5 ALL 7:4\r\n")->uids, "4:7");
    is_set(READ("* ESEARCH (TAG \"3\") UID\r\n")->uids, "");
    r = READ("* VANISHED (EARLIER) 41,43:116,118\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_VANISHED);
    assert_true(r->vanished_earlier);
    is_set(r->uids, "41,43:116,118");
    r = READ("* VANISHED 4294967295\r\n");
    assert_false(r->vanished_earlier);
    is_set(r->uids, "4294967295");
}

static void raw_responses_and_continuations(void **state)
{
    const mig__response *r = READ("* NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"#shared.\" {1}\r\n\"))\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_NAMESPACE);
    assert_string_equal(r->words_text, "((\"INBOX.\" \".\")) NIL ((\"#shared.\" \"\\\"\"))");
    r = READ("* ID (\"name\" \"x\")\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_ID);
    assert_string_equal(r->words_text, "(\"name\" \"x\")");
    r = READ("* QUOTA \"\" (STORAGE 10 512)\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_QUOTA);
    assert_string_equal(r->words_text, "\"\" (STORAGE 10 512)");
    assert_int_equal(READ("* QUOTAROOT INBOX \"\"\r\n")->kind, MIG__RESPONSE_QUOTAROOT);
    r = READ("+ idling\r\n");
    assert_int_equal(r->kind, MIG__RESPONSE_CONTINUE);
    assert_string_equal(r->text, "idling");
    assert_string_equal(READ("+ eyJzdGF0dXMiOiI0MDEifQ==\r\n")->words_text, "eyJzdGF0dXMiOiI0MDEifQ==");
    assert_string_equal(READ("+\r\n")->words_text, "");
    are_words(READ("* CAPABILITY IMAP4rev1 %bad \"q\" LITERAL-\r\n")->words, "IMAP4REV1 LITERAL-");
    are_words(READ("* CAPABILITY\r\n")->words, "");
    are_words(READ("* ENABLED CONDSTORE qresync\r\n")->words, "CONDSTORE QRESYNC");
    assert_int_equal(READ("* ENABLED\r\n")->kind, MIG__RESPONSE_ENABLED);
}

static void P_every_transcript_decodes(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRANSCRIPTS; i++) {
        feed f;
        feed_init(&f, NULL);
        f.decoder = mig__decoder_new(NULL);
        feed_run(&f, transcripts[i].octets, transcripts[i].length, 7, 0);
        if (strncmp(transcripts[i].name, "odd", 3) != 0) { /* what is sound decodes to something sound */
            assert_null(strstr(f.log.data, " odd "));
            mig__buffer kind = MIG__BUFFER_INIT;
            mig__buffer_addf(&kind, "kind=%d ", (int)MIG__RESPONSE_ODD);
            assert_null(strstr(f.log.data, kind.data));
            mig__buffer_free(&kind);
        }
        feed_free(&f);
    }
}

static void labels_among_flags(void **state)
{
    reader *reading = *state;
    mig__guard_labels_as_keywords(reading->feed.guard, true);
    const mig__response *r =
        READ("* 1 FETCH (X-GM-LABELS (\"\\\\Inbox\" \\Starred \"\\\\Important\" \"\\\\Draft\" {3}\r\na\"b "
             "Work/&AOQ- \"/x y%\" (odd) \"\") UID 80 FLAGS (\\Seen a%b kept))\r\n");
    are_words(r->fetch.flags, "\\Seen kept Inbox $Important a_b Work/&AOQ- _x_y_");
    assert_int_equal(r->fetch.odd_flags, 1);
    assert_non_null(r->fetch.labels);
    r = READ("* 1 FETCH (UID 80 FLAGS () X-GM-LABELS (abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz))\r\n");
    are_words(r->fetch.flags, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx");
    r = READ("* 1 FETCH (UID 80 FLAGS (\\Seen) X-GM-LABELS ())\r\n");
    are_words(r->fetch.flags, "\\Seen");

    r = READ("* 1 FETCH (UID 80 FLAGS (\\Seen))\r\n"); /* not the whole truth */
    assert_false(r->fetch.has_flags);
    r = READ("* 1 FETCH (UID 80 X-GM-LABELS (x))\r\n");
    assert_false(r->fetch.has_flags);
    mig__guard_labels_as_keywords(reading->feed.guard, false);
    r = READ("* 1 FETCH (UID 80 FLAGS (\\Seen) X-GM-LABELS (x))\r\n");
    are_words(r->fetch.flags, "\\Seen");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(greetings),
        TEST(C1_to_C4_do_no_harm),
        TEST(C7_what_ends_in_a_literal_is_odd),
        TEST(what_libetpan_can_not_parse_is_odd_and_costs_only_itself),
        TEST(E_without_a_mailbox_nothing_is_counted),
        TEST(tagged_conditions),
        TEST(N_numbers_in_codes),
        TEST(lists),
        TEST(M_names_come_out_as_they_are),
        TEST(statuses),
        TEST(fetches),
        TEST(labels_among_flags),
        TEST(dates_are_those_of_the_text),
        TEST(sets),
        TEST(raw_responses_and_continuations),
        TEST(P_every_transcript_decodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
