/* What folders and messages are called inside, and which names are refused */
#include "archive/names.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(mig__safe_names *taken, const char *name, char delimiter, const char *prefix, const char *path)
{
    char *directory = mig__safe_directory(taken, name, true, delimiter, prefix, NULL);
    assert_string_equal(directory, path);
    free(directory);
}

static void plain_names_stay(void **state)
{
    (void)state;
    mig__safe_names taken = MIG__SAFE_NAMES_INIT;
    expect(&taken, "INBOX", '/', "", "Maildir");
    expect(&taken, "Sent", '/', "", "Maildir/.Sent");
    expect(&taken, "Work/2019/Bridge", '/', "", "Maildir/.Work.2019.Bridge");
    expect(&taken, "INBOX.Old.Mail", '.', "INBOX.", "Maildir/.Old.Mail");
    expect(&taken, "INBOX/Below", '/', "", "Maildir/.INBOX.Below");
    expect(&taken, "Entw\303\274rfe", '/', "", "Maildir/.Entw&APw-rfe");
    expect(&taken, "a & b", '/', "", "Maildir/.a &- b");
    expect(&taken, "flat/name", '\0', "", "Maildir/.flat_name");
    mig__safe_names_free(&taken);
}

static void harm_is_taken_out(void **state)
{
    (void)state;
    mig__safe_names taken = MIG__SAFE_NAMES_INIT;
    expect(&taken, "../../etc/passwd", '\0', "", "Maildir/.______etc_passwd");
    expect(&taken, "../x", '/', "", "Maildir/.__.x");
    expect(&taken, "a//b", '/', "", "Maildir/.a._.b");
    expect(&taken, "", '/', "", "Maildir/._");
    expect(&taken, "CR\r\nLF", '/', "", "Maildir/.CR__LF");
    expect(&taken, "esc\033[2J", '/', "", "Maildir/.esc_[2J");
    expect(&taken, "c1\302\233x", '/', "", "Maildir/.c1_x");
    expect(&taken, "~root", '/', "", "Maildir/._root");
    char *directory = mig__safe_directory(&taken, "b\377\200d", false, '/', "", NULL);
    assert_string_equal(directory, "Maildir/.b__d");
    free(directory);
    mig__safe_names_free(&taken);
}

static void no_two_are_alike(void **state)
{
    (void)state;
    mig__safe_names taken = MIG__SAFE_NAMES_INIT;
    expect(&taken, "a.b", '/', "", "Maildir/.a_b");
    expect(&taken, "A_B", '/', "", "Maildir/.A_B_2");
    expect(&taken, "a_b", '/', "", "Maildir/.a_b_3");
    assert_int_equal(mig__safe_take(&taken, "Maildir/.used", NULL), 0);
    expect(&taken, "Used", '/', "", "Maildir/.Used_2");
    for (int i = 0; i < 500; i++) { /* the table grows */
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        free(mig__safe_directory(&taken, name, true, '/', "", NULL));
    }
    expect(&taken, "F499", '/', "", "Maildir/.F499_2");
    mig__safe_names_free(&taken);
}

static void long_names_are_cut(void **state)
{
    (void)state;
    mig__safe_names taken = MIG__SAFE_NAMES_INIT;
    char name[4097], other[4097];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(other, name, sizeof name);
    other[4000] = 'y';
    char *one = mig__safe_directory(&taken, name, true, '/', "", NULL);
    char *two = mig__safe_directory(&taken, other, true, '/', "", NULL);
    assert_in_range(strlen(one), 100, 240);
    assert_in_range(strlen(two), 100, 240);
    assert_string_not_equal(one, two);
    free(one);
    free(two);
    name[0] = '\0';
    for (int i = 0; i < 1000; i++) {
        memcpy(name + 4 * i, "\346\227\245/", 5); /* components of one letter that is three octets */
    }
    one = mig__safe_directory(&taken, name, true, '/', "", NULL);
    const char *why;
    assert_int_equal(mig__safe_kind(one, &why), MIG__MEMBER_DIRECTORY);
    free(one);
    mig__safe_names_free(&taken);
}

static void message_names(void **state)
{
    (void)state;
    mig__keywords keywords = {.count = 0};
    mig__buffer out = MIG__BUFFER_INIT;
    mig__datetime date = {.utc = 1000000000, .valid = true};
    size_t bare;
    assert_int_equal(
        mig__safe_message(&out, &bare, &date, 7, 9, 123, "$Junk \\Answered \\Draft \\Seen work", &keywords, NULL), 0);
    assert_string_equal(out.data, "1000000000.U7V9.mailmigrate,S=123:2,DRSab");
    assert_memory_equal(out.data + bare, ":2,", 3);
    mig__buffer_clear(&out);
    assert_int_equal(
        mig__safe_message(&out, &bare, &date, 8, 9, 1, "WORK \\Deleted \\Flagged \\Other", &keywords, NULL), 0);
    assert_string_equal(out.data, "1000000000.U8V9.mailmigrate,S=1:2,FTb");
    char many[256] = "";
    for (char c = 'a'; c <= 'z'; c++) {
        snprintf(many + strlen(many), sizeof many - strlen(many), "k%c ", c);
    }
    mig__buffer_clear(&out);
    assert_int_equal(mig__safe_message(&out, &bare, &date, 8, 9, 1, many, &keywords, NULL), 0);
    assert_int_equal(keywords.count, 26); /* the two above, and 24 of these: the others are in the manifest alone */
    mig__buffer_free(&out);
    mig__keywords_free(&keywords);
}

static void kinds(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        mig__member_kind kind;
    } cases[] = {{"Maildir", MIG__MEMBER_DIRECTORY},
                 {"Maildir/", MIG__MEMBER_DIRECTORY},
                 {"./Maildir/.Sent", MIG__MEMBER_DIRECTORY},
                 {"Maildir/.Sent/cur/", MIG__MEMBER_DIRECTORY},
                 {"Maildir/cur/1.a:2,S", MIG__MEMBER_MESSAGE},
                 {"Maildir/.a.b/cur/1.a:2,S", MIG__MEMBER_MESSAGE},
                 {"Maildir/subscriptions", MIG__MEMBER_FILE},
                 {"Maildir/.Sent/dovecot-uidlist", MIG__MEMBER_FILE},
                 {"manifest.jsonl", MIG__MEMBER_MANIFEST},
                 {"manifest.root", MIG__MEMBER_SUMS},
                 {"manifest.sig", MIG__MEMBER_SEAL},
                 {"Maildir/new/1.a", MIG__MEMBER_STRANGE},
                 {"Maildir/.Sent/subscriptions", MIG__MEMBER_STRANGE},
                 {"Maildir/cur/a/b", MIG__MEMBER_STRANGE},
                 {"Maildir/cur/.hidden", MIG__MEMBER_STRANGE},
                 {"Maildirx", MIG__MEMBER_STRANGE},
                 {"README", MIG__MEMBER_STRANGE},
                 {"", MIG__MEMBER_REFUSED},
                 {"/etc/passwd", MIG__MEMBER_REFUSED},
                 {".//etc/passwd", MIG__MEMBER_REFUSED},
                 {"..", MIG__MEMBER_REFUSED},
                 {"Maildir/../x", MIG__MEMBER_REFUSED},
                 {"Maildir/./cur/x", MIG__MEMBER_REFUSED},
                 {"Maildir/cur/..", MIG__MEMBER_REFUSED},
                 {"Maildir/cur/a\nb", MIG__MEMBER_REFUSED},
                 {"Maildir/cur/\377", MIG__MEMBER_REFUSED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why;
        mig__member_kind kind = mig__safe_kind(cases[i].path, &why);
        if (kind != cases[i].kind) {
            fail_msg("%s is of kind %d", cases[i].path, (int)kind);
        }
        assert_int_equal(kind == MIG__MEMBER_REFUSED, why != NULL);
    }
    char path[1400];
    memset(path, 'a', sizeof path);
    memcpy(path, "Maildir/cur/", 12);
    path[12 + 256] = '\0';
    const char *why;
    assert_int_equal(mig__safe_kind(path, &why), MIG__MEMBER_REFUSED);
    path[12 + 255] = '\0';
    assert_int_equal(mig__safe_kind(path, &why), MIG__MEMBER_MESSAGE);
    for (size_t i = 0; i + 3 < sizeof path; i += 2) {
        memcpy(path + i, "a/", 3);
    }
    assert_int_equal(mig__safe_kind(path, &why), MIG__MEMBER_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_names_stay),   cmocka_unit_test(harm_is_taken_out), cmocka_unit_test(no_two_are_alike),
        cmocka_unit_test(long_names_are_cut), cmocka_unit_test(message_names),     cmocka_unit_test(kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
