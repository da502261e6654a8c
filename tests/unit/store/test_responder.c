/* The dialogue, octet by octet: what a connection to files answers to exactly which lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/buffer.h"
#include "store/files.h"
#include "store/uidmap.h"
#include "store/tree.h"
#include <errno.h>
#include <fcntl.h>
#include <migrate/store.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

typedef struct place {
    char directory[64], mail[96], url[128];
    mig_endpoint endpoint;
    mig_store *store;
    int fd;
} place;

static int setup(void **state)
{
    place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    snprintf(p->directory, sizeof p->directory, "/tmp/mig-responder-XXXXXX");
    assert_non_null(mkdtemp(p->directory));
    snprintf(p->mail, sizeof p->mail, "%s/mail", p->directory);
    p->endpoint = (mig_endpoint)MIG_ENDPOINT_INIT;
    p->fd = -1;
    *state = p;
    return 0;
}

static void hang_up(place *p)
{
    if (p->fd >= 0) {
        close(p->fd);
    }
    p->fd = -1;
}

static int teardown(void **state)
{
    place *p = *state;
    hang_up(p);
    mig_store_free(&p->store);
    mig_endpoint_clear(&p->endpoint);
    int failed = tree_remove(p->directory);
    free(p);
    return failed;
}

static void write_text(const place *p, const char *name, const char *text)
{
    char *path = mig__files_join(p->mail, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    const struct timespec times[2] = {{.tv_sec = 86400}, {.tv_sec = 86400}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    free(path);
}

static void call(place *p)
{
    mig_error err = MIG_ERROR_INIT;
    p->fd = p->endpoint.dial(p->endpoint.dial_context, NULL, NULL, &err);
    if (p->fd < 0) {
        fail_msg("%s", err.text);
    }
}

static void open_store(place *p, const char *scheme, mig_side side)
{
    mig_error err = MIG_ERROR_INIT;
    snprintf(p->url, sizeof p->url, "%s:%s", scheme, p->mail);
    p->store = mig_store_new(p->url, side, &p->endpoint, &err);
    assert_non_null(p->store);
    call(p);
}

static void hear(place *p, const char *expected)
{
    char text[4096];
    size_t length = strlen(expected), got = 0;
    assert_true(length < sizeof text);
    while (got < length) {
        struct pollfd ready = {.fd = p->fd, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, 20000), 1);
        ssize_t more = recv(p->fd, text + got, length - got, 0);
        if (more <= 0) {
            text[got] = '\0';
            fail_msg("it ended after \"%s\"", text);
        }
        got += (size_t)more;
    }
    text[got] = '\0';
    assert_string_equal(text, expected);
}

static void hear_end(place *p)
{
    char octet;
    struct pollfd ready = {.fd = p->fd, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 20000), 1);
    assert_true(recv(p->fd, &octet, 1, 0) <= 0);
}

static void say(place *p, const char *text)
{
    assert_int_equal(send(p->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void make_maildir(place *p)
{
    static const char *const directories[] = {"", "cur", "new", "tmp", ".A.B", ".A.B/cur"};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        char *path = mig__files_join(p->mail, directories[i]);
        assert_int_equal(mkdir(path, 0700), 0);
        free(path);
    }
    write_text(p, "dovecot-uidlist", "3 V7 N20\n3 :1.a\n9 :2.b\n");
    write_text(p, "cur/1.a:2,FS", "Subject: a\n\nbody\n");
    write_text(p, "new/2.b", "Subject: b\r\n\r\n");
    write_text(p, "subscriptions", "A.B\n");
}

static void test_reading(void **state)
{
    place *p = *state;
    make_maildir(p);
    open_store(p, "maildir", MIG_SOURCE);
    hear(p, "* PREAUTH maildir is open\r\n");
    say(p, "1 CAPABILITY\r\n2 NAMESPACE\r\n");
    hear(p, "* CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS LIST-EXTENDED LIST-STATUS SPECIAL-USE UNSELECT ESEARCH NAMESPACE "
            "MULTIAPPEND MOVE\r\n1 OK done\r\n* NAMESPACE ((\"\" \".\")) NIL NIL\r\n2 OK done\r\n");
    say(p, "3 UID FETCH 1:9 (UID)\r\n");
    hear(p, "3 NO no mailbox is open\r\n");
    say(p, "4 EXAMINE nowhere\r\n5 EXAMINE {5+}\r\ninbox\r\n");
    hear(p, "4 NO [NONEXISTENT] there is no folder of that name in ");
    char rest[400];
    snprintf(rest, sizeof rest,
             "%s\r\n* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* 2 EXISTS\r\n* OK [UIDVALIDITY 7] "
             "done\r\n* OK [UIDNEXT 20] done\r\n5 OK [READ-ONLY] done\r\n",
             p->mail);
    hear(p, rest);
    say(p, "6 UID FETCH 1:4294967295 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])\r\n");
    hear(p, "* 3 FETCH (UID 3 FLAGS (\\Flagged \\Seen) INTERNALDATE \"02-Jan-1970 00:00:00 +0000\" RFC822.SIZE 20 "
            "BODY[] {20}\r\nSubject: a\r\n\r\nbody\r\n)\r\n"
            "* 9 FETCH (UID 9 FLAGS () INTERNALDATE \"02-Jan-1970 00:00:00 +0000\" RFC822.SIZE 14 BODY[] {14}\r\n"
            "Subject: b\r\n\r\n)\r\n6 OK done\r\n");
    say(p, "7 UID FETCH 3 (UID BODY.PEEK[HEADER])\r\n8 UID FETCH 4:8 (UID FLAGS)\r\n");
    hear(p, "* 3 FETCH (UID 3 BODY[HEADER] {14}\r\nSubject: a\r\n\r\n)\r\n7 OK done\r\n8 OK done\r\n");
    say(p, "9 UID SEARCH RETURN (ALL) ALL\r\n10 UID SEARCH RETURN (ALL) SINCE 2-Jan-1970 BEFORE 3-Jan-1970\r\n"
           "11 UID SEARCH RETURN (ALL) BEFORE 2-Jan-1970\r\n12 UID SEARCH RETURN (ALL) UID 1:8 ALL\r\n"
           "S UID SEARCH RETURN (ALL) SINCE 2-Jan-1970 UNSEEN\r\n");
    hear(p, "* ESEARCH (TAG \"9\") UID ALL 3,9\r\n9 OK done\r\n* ESEARCH (TAG \"10\") UID ALL 3,9\r\n10 OK done\r\n"
            "* ESEARCH (TAG \"11\") UID\r\n11 OK done\r\n* ESEARCH (TAG \"12\") UID ALL 3\r\n12 OK done\r\n"
            "* ESEARCH (TAG \"S\") UID ALL 9\r\nS OK done\r\n");
    say(p, "13 LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))\r\n");
    hear(p, "* LIST () \".\" \"INBOX\"\r\n* STATUS \"INBOX\" (MESSAGES 2 UIDNEXT 20 UIDVALIDITY 7 UNSEEN 1)\r\n"
            "* LIST (\\Subscribed) \".\" \"A.B\"\r\n* STATUS \"A.B\" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY ");
    hang_up(p);
}

static void test_writing(void **state)
{
    place *p = *state;
    make_maildir(p);
    open_store(p, "maildir", MIG_TARGET);
    hear(p, "* PREAUTH maildir is open\r\n");
    say(p, "1 CREATE C\r\n2 CREATE C\r\n3 CREATE \"a/b\"\r\n4 SUBSCRIBE C\r\n");
    hear(p,
         "1 OK done\r\n2 NO [ALREADYEXISTS] the folder is there already\r\n"
         "3 NO [CANNOT] \"a/b\" is no name for a folder of a Maildir: it holds a character that a file's name cannot "
         "hold\r\n4 OK done\r\n");
    say(p, "5 APPEND INBOX (\\Seen $Work) \"02-Jan-1970 00:00:10 +0000\" {5+}\r\na\nb\r\n (\\Draft) {2}\r\n");
    hear(p, "+ go on\r\n");
    say(p, "xy\r\n6 APPEND nowhere {3+}\r\nabc\r\n");
    hear(p, "5 OK [APPENDUID 7 20:21] done\r\n6 NO [NONEXISTENT] there is no folder of that name in ");
    char rest[400];
    snprintf(rest, sizeof rest, "%s\r\n", p->mail);
    hear(p, rest);
    say(p, "7 SELECT INBOX\r\n");
    hear(p,
         "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work)\r\n* 4 EXISTS\r\n* OK [UIDVALIDITY 7] done\r\n"
         "* OK [UIDNEXT 22] done\r\n* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work \\*)] "
         "done\r\n7 OK [READ-WRITE] done\r\n");
    say(p, "8 UID FETCH 20:21 (UID FLAGS RFC822.SIZE BODY.PEEK[])\r\n");
    hear(p, "* 20 FETCH (UID 20 FLAGS ($Work \\Seen) RFC822.SIZE 5 BODY[] {5}\r\na\nb\r\n)\r\n"
            "* 21 FETCH (UID 21 FLAGS (\\Draft) RFC822.SIZE 2 BODY[] {2}\r\nxy)\r\n8 OK done\r\n");
    say(p, "9 UID STORE 20:21 +FLAGS.SILENT (\\Deleted)\r\n10 UID STORE 20 -FLAGS.SILENT (\\Seen $Work)\r\n"
           "11 UID STORE 3 FLAGS.SILENT (\\Answered)\r\n12 UID FETCH 1:30 (UID FLAGS)\r\n");
    hear(p, "9 OK done\r\n10 OK done\r\n11 OK done\r\n* 3 FETCH (UID 3 FLAGS (\\Answered))\r\n* 9 FETCH (UID 9 FLAGS "
            "())\r\n"
            "* 20 FETCH (UID 20 FLAGS (\\Deleted))\r\n* 21 FETCH (UID 21 FLAGS (\\Deleted \\Draft))\r\n12 OK done\r\n");
    say(p, "13 UID EXPUNGE 3:20\r\n14 UID SEARCH RETURN (ALL) ALL\r\n15 UID MOVE 9 A.B\r\n16 UID MOVE 17 A.B\r\n"
           "17 UID SEARCH RETURN (ALL) ALL\r\n");
    hear(p, "13 OK done\r\n* ESEARCH (TAG \"14\") UID ALL 3,9,21\r\n14 OK done\r\n* OK [COPYUID ");
    char octet;
    while (recv(p->fd, &octet, 1, 0) == 1 && octet != ' ') { /* UIDVALIDITY of a folder that is new to it: the time */
        assert_true(octet >= '0' && octet <= '9');
    }
    hear(p, "9 1] done\r\n15 OK done\r\n16 OK done\r\n* ESEARCH (TAG \"17\") UID ALL 3,21\r\n17 OK done\r\n");
    say(p, "18 RENAME A.B D\r\n19 RENAME INBOX E\r\n20 UNSELECT\r\n21 LOGOUT\r\n");
    hear(p, "18 OK done\r\n19 NO [CANNOT] INBOX stays where it is\r\n20 OK done\r\n* BYE done\r\n21 OK done\r\n");
    hear_end(p);
    char *moved = mig__files_join(p->mail, ".D/cur/2.b:2,");
    assert_int_equal(access(moved, F_OK), 0);
    free(moved);
}

/* A further connection, and the same store anew, give the same UIDs. */
static void test_uids_last(void **state)
{
    place *p = *state;
    make_maildir(p);
    open_store(p, "maildir", MIG_TARGET);
    hear(p, "* PREAUTH maildir is open\r\n");
    say(p, "1 APPEND A.B {1+}\r\nx\r\n");
    hear(p, "1 OK [APPENDUID ");
    hang_up(p);
    call(p);
    hear(p, "* PREAUTH maildir is open\r\n");
    say(p, "1 EXAMINE A.B\r\n");
    hear(p, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* 1 EXISTS\r\n");
    hang_up(p);
    mig_store_free(&p->store);
    open_store(p, "maildir", MIG_TARGET);
    hear(p, "* PREAUTH maildir is open\r\n");
    say(p, "1 EXAMINE A.B\r\n2 UID SEARCH RETURN (ALL) ALL\r\n");
    hear(p, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY ");
}

static void test_what_is_not_understood(void **state)
{
    static const char *const lines[] = {
        "1 FROB\r\n",
        "\r\n",
        "1\r\n",
        "1 UID FROB 1\r\n",
        "1 EXAMINE \"INBOX\r\n",
        "1 EXAMINE\r\n",
        "1 EXAMINE {99999999999999999999}\r\n",
        "1 EXAMINE {70000+}\r\n",
        "1 EXAMINE INBOX\r\n2 UID FETCH * (UID)\r\n",
        "1 EXAMINE INBOX\r\n2 UID SEARCH FROM x\r\n",
        "1 EXAMINE INBOX\r\n2 UID SEARCH SINCE x\r\n",
        "1 EXAMINE INBOX\r\n2 UID STORE 1 +FLAGS.SILENT (x)\r\n", /* read only */
        "1 CREATE x\r\n",
    };
    place *p = *state;
    make_maildir(p);
    open_store(p, "maildir", MIG_SOURCE);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char octet, last = '\0';
        hang_up(p);
        call(p);
        say(p, lines[i]);
        struct timeval limit = {.tv_sec = 20};
        assert_int_equal(setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
        ssize_t got;
        while ((got = recv(p->fd, &octet, 1, 0)) == 1) {
            last = octet;
        }
        if (got < 0 && errno != ECONNRESET) {
            fail_msg("it goes on after %s", lines[i]);
        }
        assert_int_equal(last, '\n');
    }
}

static void test_stores_that_can_not_be_opened(void **state)
{
    static const struct {
        const char *scheme;
        mig_side side;
        const char *words;
    } cases[] = {
        {"maildir", MIG_SOURCE, "there is no Maildir to be read"},
        {"mbox", MIG_SOURCE, "there is no mbox to be read"},
        {"eml", MIG_SOURCE, "there is no directory of .eml files"},
        {"archive", MIG_SOURCE, "mail"},
    };
    place *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mig_error err = MIG_ERROR_INIT;
        snprintf(p->url, sizeof p->url, "%s:%s", cases[i].scheme, p->mail);
        p->store = mig_store_new(p->url, cases[i].side, &p->endpoint, &err);
        assert_non_null(p->store);
        for (int times = 0; times < 2; times++) { /* the failure stays */
            assert_int_equal(p->endpoint.dial(p->endpoint.dial_context, NULL, NULL, &err), -1);
            assert_non_null(strstr(err.text, cases[i].words));
            assert_non_null(strstr(err.text, p->url));
        }
        mig_store_free(&p->store);
    }
}

static void test_urls(void **state)
{
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    mig_error err = MIG_ERROR_INIT;
    char label[256];
    (void)state;
    assert_true(mig_store_is_url("maildir:/a"));
    assert_true(mig_store_is_url("MBOX:a"));
    assert_true(mig_store_is_url("archive:"));
    assert_false(mig_store_is_url("imaps://user@host"));
    assert_false(mig_store_is_url("maildir"));
    assert_false(mig_store_is_url("maildirs:/a"));
    mig_store *store = mig_store_new("Maildir:/a/b//", MIG_TARGET, &endpoint, &err);
    assert_non_null(store);
    assert_string_equal(endpoint.host, "maildir");
    assert_string_equal(endpoint.user, "/a/b");
    assert_string_equal(mig_endpoint_label(&endpoint, label, sizeof label), "maildir:/a/b");
    mig_store_free(&store);
    assert_null(store);
    mig_store_free(&store);
    static const struct {
        const char *url;
        mig_side side;
    } bad[] = {{"maildir:", MIG_SOURCE},     {"maildir://host/a", MIG_SOURCE}, {"mbox:/a", MIG_TARGET},
               {"eml:/a", MIG_TARGET},       {"archive:/a", MIG_TARGET},       {"imaps://user@host", MIG_SOURCE},
               {"maildir:/a\nb", MIG_SOURCE}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(mig_store_new(bad[i].url, bad[i].side, &endpoint, &err));
        assert_int_equal(err.code, MIG_E_USAGE);
    }
    mig_endpoint_clear(&endpoint);
}

static void examine(place *p, const char *exists)
{
    char text[256];
    hear(p, "* PREAUTH maildir is open\r\n");
    say(p, "1 EXAMINE INBOX\r\n");
    snprintf(text, sizeof text,
             "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* %s EXISTS\r\n* OK [UIDVALIDITY 7] "
             "done\r\n* OK [UIDNEXT 20] done\r\n1 OK [READ-ONLY] done\r\n",
             exists);
    hear(p, text);
}

/* Between the listing and the reading `cur` becomes a link to a directory that has a file of the message's name. */
static void test_exchanged_for_a_link(void **state)
{
    place *p = *state;
    char expected[512], cur[128], was[128], elsewhere[128];
    make_maildir(p);
    snprintf(cur, sizeof cur, "%s/cur", p->mail);
    snprintf(was, sizeof was, "%s/was", p->mail);
    snprintf(elsewhere, sizeof elsewhere, "%s/.A.B", p->mail);
    write_text(p, ".A.B/1.a:2,FS", "a secret\n");
    open_store(p, "maildir", MIG_SOURCE);
    examine(p, "2");
    assert_int_equal(rename(cur, was), 0);
    assert_int_equal(symlink(elsewhere, cur), 0);
    say(p, "2 UID FETCH 3 (UID BODY.PEEK[])\r\n");
    snprintf(expected, sizeof expected, "2 NO %s/1.a:2,FS: ", cur);
    hear(p, expected);
    hang_up(p);
    call(p);
    hear(p, "* PREAUTH maildir is open\r\n");
    say(p, "1 UID FETCH 1 (UID)\r\n2 EXAMINE INBOX\r\n");
    hear(p, "1 NO no mailbox is open\r\n2 NO "); /* nor is the link listed */
}

static void test_link_as_a_folder_of_a_target(void **state)
{
    place *p = *state;
    char outside[128], link_name[160];
    make_maildir(p);
    snprintf(outside, sizeof outside, "%s/outside", p->directory);
    snprintf(link_name, sizeof link_name, "%s/.Sub", p->mail);
    assert_int_equal(mkdir(outside, 0700), 0);
    assert_int_equal(symlink(outside, link_name), 0);
    open_store(p, "maildir", MIG_TARGET);
    hear(p, "* PREAUTH maildir is open\r\n");
    say(p, "1 CREATE Sub\r\n2 APPEND Sub {3+}\r\nabc\r\n");
    hear(p, "1 NO [ALREADYEXISTS] the folder is there already\r\n2 NO ");
    hang_up(p);
    snprintf(link_name, sizeof link_name, "%s/.Later", p->mail); /* one that comes while it is open */
    assert_int_equal(symlink(outside, link_name), 0);
    call(p);
    hear(p, "* PREAUTH maildir is open\r\n");
    say(p, "1 CREATE Later\r\n");
    hear(p, "1 NO ");
    assert_int_equal(rmdir(outside), 0); /* nothing was made in it */
}

/* What has to be a small text beside the mail is a FIFO, a link to a device, or has a line without an end. */
static void test_hostile_lists(void **state)
{
    place *p = *state;
    char fifo[128], link_name[128], long_line[128];
    make_maildir(p);
    snprintf(fifo, sizeof fifo, "%s/dovecot-keywords", p->mail);
    snprintf(link_name, sizeof link_name, "%s/.A.B/dovecot-keywords", p->mail);
    snprintf(long_line, sizeof long_line, "%s/subscriptions", p->mail);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(symlink("/dev/zero", link_name), 0);
    assert_int_equal(truncate(long_line, 300 * 1024 * 1024), 0); /* 300 MB in a line */
    open_store(p, "maildir", MIG_SOURCE);
    examine(p, "2");
    say(p, "2 EXAMINE A.B\r\n");
    hear(p, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* 0 EXISTS\r\n");
    hang_up(p);
    call(p);
    hear(p, "* PREAUTH maildir is open\r\n");
    say(p, "1 EXAMINE dovecot-keywords\r\n"); /* it is told of */
    hear(p, "1 NO ");
}

/* A lock that another program holds is waited for, but not by a run that is to stop. */
static void test_stop_while_waiting_for_a_lock(void **state)
{
    place *p = *state;
    mig_error err = MIG_ERROR_INIT;
    mig_stop stop = MIG_STOP_INIT;
    make_maildir(p);
    write_text(p, "dovecot-uidlist.lock", "4711:other\n");
    snprintf(p->url, sizeof p->url, "maildir:%s", p->mail);
    p->store = mig_store_new(p->url, MIG_TARGET, &p->endpoint, &err);
    p->fd = p->endpoint.dial(p->endpoint.dial_context, &stop, NULL, &err);
    assert_true(p->fd >= 0);
    hear(p, "* PREAUTH maildir is open\r\n");
    say(p, "1 APPEND INBOX {3+}\r\nabc\r\n");
    mig_stop_request(&stop);
    hear(p, "1 NO "); /* within hear's bound, and the lock is not ours to remove */
    char *lock = mig__files_join(p->mail, "dovecot-uidlist.lock");
    assert_int_equal(access(lock, F_OK), 0);
    free(lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(test_writing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uids_last, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_understood, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stores_that_can_not_be_opened, setup, teardown),
        cmocka_unit_test(test_urls),
        cmocka_unit_test_setup_teardown(test_exchanged_for_a_link, setup, teardown),
        cmocka_unit_test_setup_teardown(test_link_as_a_folder_of_a_target, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop_while_waiting_for_a_lock, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
