/* Listing: the octets asked for by what the server announces, and what is made of the answers. */
#include "imap/list.h"
#include "imap/list_private.h"
#include "imap/wire_server.h"

static void list_with(const wire_step *script, bool want_status, mig__mailbox_list *list)
{
    mig__list_options options = {.status = want_status};
    wire_server server;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    int status = mig__list_all(session, &options, list, &error);
    if (status != 0) {
        print_error("%s\n", error.text);
    }
    mig__session_close(&session);
    wire_end(&server);
    assert_int_equal(status, 0);
}

static mig_error fail_as(const wire_step *script, int outcome)
{
    mig__list_options options = {.status = true};
    wire_server server;
    mig__mailbox_list list;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin(&server, script);
    mig__session *session = wire_session(&server, &endpoint);
    assert_int_equal(mig__list_all(session, &options, &list, &error), outcome);
    assert_null(list.items);
    assert_int_equal(list.count, 0);
    assert_non_null(strstr(error.text, "listing the mailboxes"));
    mig__session_close(&session);
    wire_end(&server);
    return error;
}

static void test_all_in_one_round_trip(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE NAMESPACE CONDSTORE STATUS=SIZE OBJECTID"),
        EXPECT("2 LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN "
               "HIGHESTMODSEQ SIZE))\r\n3 NAMESPACE\r\n4 LIST \"\" \"*\" RETURN (STATUS (MAILBOXID))\r\n"),
        SEND("* LIST (\\HasNoChildren \\Sent \\Subscribed) \"/\" \"Sent Items\"\r\n"
             "* STATUS \"Sent Items\" (MESSAGES 4 UIDNEXT 9 UIDVALIDITY 77 UNSEEN 1 HIGHESTMODSEQ 715194045007 SIZE "
             "5000000000)\r\n"
             "* LIST (\\HasChildren \\Noselect) \"/\" Gr&APY-ups\r\n"
             "* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 5 UNSEEN 0 HIGHESTMODSEQ 1 SIZE 0)\r\n"
             "* LIST () \"/\" Inbox\r\n"
             "2 OK done\r\n"
             "* NAMESPACE ((\"\" \"/\")) ((\"Other/\" \"/\")) NIL\r\n3 OK done\r\n"
             "* LIST (\\HasNoChildren) \"/\" \"Sent Items\"\r\n* STATUS \"Sent Items\" (MAILBOXID (F1))\r\n"
             "* LIST () \"/\" INBOX\r\n* STATUS INBOX (MAILBOXID (F2))\r\n4 OK done\r\n"),
        EXPECT("5 LOGOUT\r\n"),
        END,
    };
    mig__mailbox_list list;
    list_with(script, true, &list);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.prefix, "");
    assert_int_equal(list.delimiter, '/');

    const mig__mailbox *nodes = &list.items[0];
    assert_string_equal(nodes->wire, "Gr&APY-ups");
    assert_string_equal(nodes->name, "Gr\xc3\xb6ups");
    assert_true(nodes->name_valid);
    assert_int_equal(nodes->attributes, MIG_ATTR_NOSELECT | MIG_ATTR_HASCHILDREN);
    assert_false(nodes->has_status);

    const mig__mailbox *inbox = &list.items[1];
    assert_string_equal(inbox->wire, "Inbox");
    assert_int_equal(inbox->role, MIG_ROLE_INBOX);
    assert_true(inbox->has_status);
    assert_int_equal(inbox->uidvalidity, 5);
    assert_string_equal(inbox->mailbox_id, "F2");
    assert_ptr_equal(mig__mailbox_find(&list, "INBOX"), inbox);
    assert_ptr_equal(mig__mailbox_find(&list, "iNbOx"), inbox);

    const mig__mailbox *sent = mig__mailbox_find(&list, "Sent Items");
    assert_ptr_equal(sent, &list.items[2]);
    assert_int_equal(sent->role, MIG_ROLE_SENT);
    assert_int_equal(sent->attributes, MIG_ATTR_HASNOCHILDREN | MIG_ATTR_SUBSCRIBED);
    assert_int_equal(sent->messages, 4);
    assert_int_equal(sent->uidnext, 9);
    assert_int_equal(sent->uidvalidity, 77);
    assert_int_equal(sent->unseen, 1);
    assert_int_equal(sent->modseq, 715194045007);
    assert_int_equal(sent->size, 5000000000);
    assert_string_equal(sent->mailbox_id, "F1");
    assert_null(mig__mailbox_find(&list, "sent items"));
    mig__mailbox_list_free(&list);
}

static void test_plain_server(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1 NAMESPACE"),
        EXPECT("2 LIST \"\" \"*\"\r\n3 LSUB \"\" \"*\"\r\n4 NAMESPACE\r\n"),
        SEND(
            "* LIST (\\Unmarked \\HasChildren) \".\" \"INBOX\"\r\n"
            "* LIST (\\HasNoChildren) \".\" \"INBOX.a b\"\r\n"
            "* LIST (\\HasNoChildren) \".\" {10}\r\nINBOX.q\"x\\\r\n"
            "* LIST (\\Noselect) \".\" INBOX.node\r\n"
            "* LIST (\\Trash) \".\" \"INBOX.a b\"\r\n"
            "2 OK done\r\n"
            "* LSUB () \".\" \"INBOX.a b\"\r\n* LSUB () \".\" INBOX.gone\r\n* LSUB (\\Noselect) \".\" INBOX\r\n3 OK\r\n"
            "* NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"#shared.\" \".\")(\"shared.\" \".\"))\r\n4 OK\r\n"),
        EXPECT("5 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n"
               "6 STATUS \"INBOX.a b\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n"
               "7 STATUS \"INBOX.q\\\"x\\\\\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n"),
        SEND("* STATUS \"INBOX\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 UNSEEN 0)\r\n5 OK\r\n"
             "6 NO [INUSE] Mailbox is locked\r\n"
             "* STATUS \"INBOX.q\\\"x\\\\\" (MESSAGES 7 UIDNEXT 8 UIDVALIDITY 9 UNSEEN 2)\r\n7 OK\r\n"),
        EXPECT("8 LOGOUT\r\n"),
        END,
    };
    mig__mailbox_list list;
    list_with(script, true, &list);
    assert_int_equal(list.count, 4);
    assert_string_equal(list.prefix, "INBOX.");
    assert_int_equal(list.delimiter, '.');
    assert_string_equal(list.items[0].wire, "INBOX");
    assert_int_equal(list.items[0].messages, 1);
    assert_int_equal(list.items[0].attributes & MIG_ATTR_SUBSCRIBED, 0);

    /* Listed twice: one mailbox with what both lines say. */
    const mig__mailbox *twice = &list.items[1];
    assert_string_equal(twice->wire, "INBOX.a b");
    assert_int_equal(twice->attributes, MIG_ATTR_HASNOCHILDREN | MIG_ATTR_SUBSCRIBED);
    assert_int_equal(twice->role, MIG_ROLE_TRASH);
    assert_false(twice->has_status);
    assert_true(twice->status_failed);
    assert_non_null(strstr(twice->problem, "[INUSE] Mailbox is locked"));

    assert_string_equal(list.items[2].wire, "INBOX.node");
    assert_false(list.items[2].has_status);
    assert_string_equal(list.items[3].wire, "INBOX.q\"x\\");
    assert_int_equal(list.items[3].unseen, 2);
    assert_null(list.items[3].mailbox_id);
    mig__mailbox_list_free(&list);
}

static void test_without_status(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1 LIST-EXTENDED LIST-STATUS"),
        EXPECT("2 LIST \"\" \"*\" RETURN (SUBSCRIBED)\r\n"),
        SEND("* LIST () NIL INBOX\r\n2 OK\r\n"),
        EXPECT("3 LOGOUT\r\n"),
        END,
    };
    mig__mailbox_list list;
    list_with(script, false, &list);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].delimiter, '\0');
    assert_int_equal(list.delimiter, '\0');
    assert_false(list.items[0].has_status);
    assert_string_equal(list.prefix, "");
    mig__mailbox_list_free(&list);
}

/* LIST-STATUS without the rest of LIST-EXTENDED, and a mailbox whose STATUS the server leaves out: asked for singly. */
static void test_status_left_out(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1 LIST-STATUS"),
        EXPECT("2 LIST \"\" \"*\" RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))\r\n3 LSUB \"\" \"*\"\r\n"),
        SEND("* LIST () \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 UNSEEN 0)\r\n"
             "* LIST () \"/\" broken\r\n2 OK\r\n3 OK\r\n"),
        EXPECT("4 STATUS broken (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n"),
        SEND("4 NO [CORRUPTION] index\r\n"),
        EXPECT("5 LOGOUT\r\n"),
        END,
    };
    mig__mailbox_list list;
    list_with(script, true, &list);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.delimiter, '/'); /* no NAMESPACE: from the mailboxes */
    assert_true(list.items[0].has_status);
    assert_true(list.items[1].status_failed);
    mig__mailbox_list_free(&list);
}

/* Announced, but not understood: the plain form is taken instead. */
static void test_extended_list_refused(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1 LIST-EXTENDED"),
        EXPECT("2 LIST \"\" \"*\" RETURN (SUBSCRIBED)\r\n"),
        SEND("* LIST () \"/\" half\r\n2 BAD what\r\n"),
        EXPECT("3 LIST \"\" \"*\"\r\n4 LSUB \"\" \"*\"\r\n"),
        SEND("* LIST () \"/\" INBOX\r\n3 OK\r\n4 NO none of that\r\n"),
        EXPECT("5 LOGOUT\r\n"),
        END,
    };
    mig__mailbox_list list;
    list_with(script, false, &list);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].wire, "INBOX");
    mig__mailbox_list_free(&list);
}

/* Cyrus 3.6 sends freed memory for a MAILBOXID that is asked for beside numbers. What does not answer does no harm. */
static void test_identities_come_apart(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1 LIST-STATUS OBJECTID"),
        EXPECT("2 LIST \"\" \"*\" RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))\r\n3 LSUB \"\" \"*\"\r\n"
               "4 LIST \"\" \"*\" RETURN (STATUS (MAILBOXID))\r\n"),
        SEND("* LIST () \"/\" a\r\n* STATUS a (MESSAGES 4 UIDNEXT 9 UIDVALIDITY 77 UNSEEN 1)\r\n2 OK\r\n3 OK\r\n"
             "* LIST () \"/\" a\r\n* STATUS a (MAILBOXID (F1))\r\n* LIST () \"/\" b\r\n"
             "* STATUS b (MAILBOXID (F2))\r\n4 BAD not that\r\n"),
        EXPECT("5 LOGOUT\r\n"),
        END,
    };
    mig__mailbox_list list;
    list_with(script, true, &list);
    assert_int_equal(list.count, 1); /* b came into being in between: the next run's */
    assert_int_equal(list.items[0].messages, 4);
    assert_int_equal(list.items[0].uidvalidity, 77);
    assert_string_equal(list.items[0].mailbox_id, "F1");
    mig__mailbox_list_free(&list);
}

static void test_odd_names(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"),
        EXPECT("2 LIST \"\" \"*\"\r\n3 LSUB \"\" \"*\"\r\n"),
        SEND("* LIST () \"/\" \"\"\r\n* LIST () \"/\" \"a&b\"\r\n* LIST () \"/\" \"100%\"\r\n* LIST () \"/\" "
             "{2}\r\n\xc3\xa4\r\n"
             "* LIST () \"/\" \"inbox/x\"\r\n2 OK\r\n3 OK\r\n"),
        EXPECT("4 STATUS \"100%\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n"
               "5 STATUS a&b (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n"
               "6 STATUS inbox/x (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n"
               "7 STATUS {2}\r\n"),
        SEND("4 NO no\r\n5 NO no\r\n6 NO no\r\n+ \r\n"),
        EXPECT("\xc3\xa4 (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n"),
        SEND("* STATUS {2}\r\n\xc3\xa4 (MESSAGES 6 UIDNEXT 7 UIDVALIDITY 8 UNSEEN 0)\r\n7 OK\r\n"),
        EXPECT("8 LOGOUT\r\n"),
        END,
    };
    mig__mailbox_list list;
    list_with(script, true, &list);
    assert_int_equal(list.count, 4);
    assert_string_equal(list.items[0].name, "100%");
    assert_string_equal(list.items[1].wire, "a&b");
    assert_false(list.items[1].name_valid);
    assert_string_equal(list.items[2].wire, "inbox/x");
    assert_int_equal(list.items[2].role, MIG_ROLE_NONE);
    assert_string_equal(list.items[3].wire, "\xc3\xa4");
    assert_false(list.items[3].name_valid);
    assert_int_equal(list.items[3].messages, 6);
    mig__mailbox_list_free(&list);
}

/* A server of IMAP4rev2 alone: names are UTF-8, and everything needed is in its base. */
static void test_rev2_alone(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev2"),
        EXPECT("2 LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE))\r\n"
               "3 NAMESPACE\r\n"),
        SEND("* LIST (\\Subscribed) \"/\" \"\xc3\x84pfel&co\"\r\n"
             "* STATUS \"\xc3\x84pfel&co\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 UNSEEN 0 SIZE 12)\r\n2 OK\r\n"
             "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n3 OK\r\n"),
        EXPECT("4 LOGOUT\r\n"),
        END,
    };
    mig__mailbox_list list;
    list_with(script, true, &list);
    assert_int_equal(list.count, 1);
    assert_true(list.items[0].name_valid);
    assert_string_equal(list.items[0].name, "\xc3\x84pfel&co");
    assert_int_equal(list.items[0].size, 12);
    mig__mailbox_list_free(&list);
}

/* More mailboxes than are asked about at once. */
static void many(wire_server *server)
{
    const int count = *(const int *)server->context;
    mig__buffer text = MIG__BUFFER_INIT;
    for (int i = 0; i < count; i++) {
        mig__buffer_addf(&text, "* LIST () \"/\" m%04d\r\n", i);
    }
    mig__buffer_add_text(&text, "2 OK\r\n3 OK\r\n");
    wire_send(server, text.data, text.length);
    for (int i = 0; i < count; i++) {
        char expected[96];
        snprintf(expected, sizeof expected, "%d STATUS m%04d (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n", i + 4, i);
        wire_expect(server, expected, strlen(expected));
        if (i == 199) {
            wire_quiet(server); /* the window is full */
        }
        if (i >= 199) {
            mig__buffer_clear(&text);
            mig__buffer_addf(&text, "* STATUS m%04d (MESSAGES %d)\r\n%d OK\r\n", i - 199, i - 199, i - 199 + 4);
            wire_send(server, text.data, text.length);
        }
    }
    mig__buffer_clear(&text);
    for (int i = count - 199; i < count; i++) {
        mig__buffer_addf(&text, "* STATUS m%04d (MESSAGES %d)\r\n%d OK\r\n", i, i, i + 4);
    }
    wire_send(server, text.data, text.length);
    mig__buffer_free(&text);
}

static void test_many_mailboxes(void **state)
{
    (void)state;
    int count = 450;
    mig__list_options options = {.status = true};
    static const wire_step script[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 LIST \"\" \"*\"\r\n3 LSUB \"\" \"*\"\r\n"),
                                       CALL(many), EXPECT("454 LOGOUT\r\n"), END};
    wire_server server;
    mig__mailbox_list list;
    mig_endpoint endpoint = wire_endpoint();
    mig_error error = MIG_ERROR_INIT;
    wire_begin_with(&server, script, &count);
    mig__session *session = wire_session(&server, &endpoint);
    assert_int_equal(mig__list_all(session, &options, &list, &error), 0);
    assert_int_equal(list.count, 450);
    for (unsigned i = 0; i < 450; i++) {
        assert_true(list.items[i].has_status);
        assert_int_equal(list.items[i].messages, i);
    }
    mig__mailbox_list_free(&list);
    mig__session_close(&session);
    wire_end(&server);
}

static void test_failures(void **state)
{
    (void)state;
    static const wire_step refused[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 LIST \"\" \"*\"\r\n3 LSUB \"\" \"*\"\r\n"),
                                        SEND("2 NO [NOPERM] not you\r\n3 OK\r\n"), EXPECT("4 LOGOUT\r\n"), END};
    mig_error error = fail_as(refused, 1);
    assert_int_equal(error.code, MIG_E_NOPERM);
    assert_string_equal(error.server, "[NOPERM] not you");

    static const wire_step cut[] = {LOGGED_IN("IMAP4rev1"), EXPECT("2 LIST \"\" \"*\"\r\n3 LSUB \"\" \"*\"\r\n"),
                                    SEND("* LIST () \"/\" INBOX\r\n"), HANG_UP};
    assert_int_equal(fail_as(cut, -1).code, MIG_E_CLOSED);

    /* Throttled in the middle: the account waits, and what is still in flight finds nobody any more. */
    static const wire_step throttled[] = {
        LOGGED_IN("IMAP4rev1"),
        EXPECT("2 LIST \"\" \"*\"\r\n3 LSUB \"\" \"*\"\r\n"),
        SEND("* LIST () \"/\" a\r\n* LIST () \"/\" b\r\n2 OK\r\n3 OK\r\n"),
        EXPECT(
            "4 STATUS a (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n5 STATUS b (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n"),
        SEND("4 BAD Request is throttled. Suggested Backoff Time: 3000 milliseconds\r\n"),
        EXPECT("6 LOGOUT\r\n"),
        END,
    };
    error = fail_as(throttled, 1);
    assert_int_equal(error.code, MIG_E_UNAVAILABLE);
    assert_int_equal(error.retry_after_ms, 3000);
}

/* A server that lists without end. */
static void test_bounds(void **state)
{
    (void)state;
    mig__gathered all = {0};
    mig_error error = MIG_ERROR_INIT;
    mig__response response = {.kind = MIG__RESPONSE_LIST, .list = {.name = "m", .delimiter = '/'}};
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(mig__gather(&response, &all, &error), 0);
    }
    assert_int_equal(mig__gather(&response, &all, &error), -1);
    assert_int_equal(error.code, MIG_E_BOUNDS);
    mig__gathered_clear(&all);

    static char name[1u << 20];
    memset(name, 'n', sizeof name - 1);
    response = (mig__response){.kind = MIG__RESPONSE_LSUB, .list = {.name = name, .delimiter = '/'}};
    for (int i = 0; i < 16; i++) {
        assert_int_equal(mig__gather(&response, &all, &error), 0);
    }
    assert_int_equal(mig__gather(&response, &all, &error), -1);
    assert_int_equal(error.code, MIG_E_BOUNDS);
    mig__gathered_clear(&all);
}

/* What a server lists in another form than it was asked for is found; what cannot be read is counted. */
static void test_other_forms(void **state)
{
    (void)state;
    static const wire_step script[] = {
        LOGGED_IN("IMAP4rev1"),
        EXPECT("2 LIST \"\" \"*\"\r\n3 LSUB \"\" \"*\"\r\n"),
        SEND("* LIST () \"/\" Entw&APw-rfe\r\n* LIST () \"/\" R&D\r\n* LIST \"/\" lost\r\n* LIST () \"/\" Sent "
             "Items\r\n2 OK\r\n3 OK\r\n"),
        EXPECT("4 LOGOUT\r\n"),
        END,
    };
    mig__mailbox_list list;
    list_with(script, false, &list);
    assert_int_equal(list.count, 3);
    assert_null(mig__mailbox_find(&list, "Entwu&Awg-rfe"));
    assert_string_equal(mig__mailbox_alike(&list, "Entwu&Awg-rfe")->wire, "Entw&APw-rfe");
    assert_string_equal(mig__mailbox_alike(&list, "Entw&APw-rfe")->wire, "Entw&APw-rfe");
    assert_null(mig__mailbox_alike(&list, "Entwurfe"));
    assert_null(mig__mailbox_alike(&list, "&APY-"));
    assert_string_equal(list.items[1].name, "R&D");
    assert_false(list.items[1].name_valid);
    assert_non_null(mig__mailbox_find(&list, "Sent Items"));
    assert_int_equal(list.unreadable, 1);
    assert_non_null(strstr(list.unreadable_line, "lost"));
    mig__mailbox_list_free(&list);
}

static void expect_owner(const char *namespaces, const char *wire, mig__owner owner)
{
    mig__mailbox mailbox = {.wire = (char *)wire};
    mig__mailbox_list list = {.items = &mailbox, .count = 1};
    assert_int_equal(mig__namespace_mark(namespaces, &list, NULL), 0);
    assert_int_equal(mailbox.owner, owner);
}

static void test_owners(void **state)
{
    (void)state;
    static const char dovecot[] = "((\"\" \"/\")) ((\"Other Users/\" \"/\")) ((\"Public/\" \"/\")(\"#news.\" \".\"))";
    static const char cyrus[] = "((\"INBOX.\" \".\")) ((\"user.\" \".\" \"X\" (\"y)\"))) ((\"\" \".\"))";
    expect_owner(dovecot, "INBOX", MIG__OWNER_SELF);
    expect_owner(dovecot, "Publicity", MIG__OWNER_SELF);
    expect_owner(dovecot, "Public", MIG__OWNER_SHARED);
    expect_owner(dovecot, "Public/x", MIG__OWNER_SHARED);
    expect_owner(dovecot, "#news.x", MIG__OWNER_SHARED);
    expect_owner(dovecot, "Other Users/ann/INBOX", MIG__OWNER_OTHER_USER);
    expect_owner(cyrus, "inbox", MIG__OWNER_SELF);
    expect_owner(cyrus, "INBOX.Sent", MIG__OWNER_SELF);
    expect_owner(cyrus, "Inbox.Sent", MIG__OWNER_SELF);
    expect_owner(cyrus, "user.ann", MIG__OWNER_OTHER_USER);
    expect_owner(cyrus, "board", MIG__OWNER_SHARED);
    expect_owner("NIL NIL ((\"\" \"/\"))", "x", MIG__OWNER_SELF); /* nothing could be told from one's own */
    expect_owner("((\"\" \"/\")) NIL ((\"\" \"/\"))", "x", MIG__OWNER_SELF);
    expect_owner("((\"\" \"/\")) NIL ((\"Public/", "Public/x", MIG__OWNER_SELF); /* it does not end */
}

static void expect_namespace(const char *text, bool found, const char *prefix, char delimiter)
{
    mig__buffer got = MIG__BUFFER_INIT;
    char separator = 'x';
    assert_int_equal(mig__namespace_personal(text, &got, &separator), found);
    if (found) {
        assert_string_equal(got.data != NULL ? got.data : "", prefix);
        assert_int_equal(separator, delimiter);
    }
    mig__buffer_free(&got);
}

static void test_namespaces(void **state)
{
    (void)state;
    expect_namespace("((\"INBOX.\" \".\")) NIL NIL", true, "INBOX.", '.');
    expect_namespace(" ((\"a\\\"b\\\\\" \"\\\\\"))", true, "a\"b\\", '\\');
    expect_namespace("((\"\" NIL)) NIL NIL", true, "", '\0');
    expect_namespace("((\"\" \"/\" \"X-PARAM\" (\"FLAG1\" \"FLAG2\"))) NIL NIL", true, "", '/');
    expect_namespace("NIL ((\"Other/\" \"/\")) NIL", false, NULL, 0);
    expect_namespace("", false, NULL, 0);
    expect_namespace("((", false, NULL, 0);
    expect_namespace("((\"INBOX.", false, NULL, 0);
    expect_namespace("((\"INBOX.\\", false, NULL, 0);
    expect_namespace("((\"INBOX.\" ", false, NULL, 0);
    expect_namespace("((\"INBOX.\" \"ab\"))", false, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_in_one_round_trip),
        cmocka_unit_test(test_plain_server),
        cmocka_unit_test(test_without_status),
        cmocka_unit_test(test_status_left_out),
        cmocka_unit_test(test_extended_list_refused),
        cmocka_unit_test(test_identities_come_apart),
        cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_rev2_alone),
        cmocka_unit_test(test_many_mailboxes),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_namespaces),
        cmocka_unit_test(test_other_forms),
        cmocka_unit_test(test_owners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
