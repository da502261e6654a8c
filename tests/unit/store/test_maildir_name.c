/* Flags in names, keywords as letters, directories for names, and Dovecot's list of UIDs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "store/files.h"
#include "store/maildir.h"
#include "store/tree.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void test_base(void **state)
{
    (void)state;
    assert_int_equal(mig__maildir_base("1.a.b:2,S"), 5);
    assert_int_equal(mig__maildir_base("1.a.b"), 5);
    assert_int_equal(mig__maildir_base("1.a.b:2,"), 5);
    assert_int_equal(mig__maildir_base("1.a:1,x"), 7);
    assert_int_equal(mig__maildir_base(":2,S"), 0);
    assert_int_equal(mig__maildir_base("1.a.b;2,S"), 5);
    assert_int_equal(mig__maildir_base("1.a.b!2,"), 5);
    assert_int_equal(mig__maildir_base("1.a.b\xef\x80\xba"
                                       "2,RS"),
                     5);
    assert_int_equal(mig__maildir_base("1.a.b%3A2,S"), 5);
    assert_int_equal(mig__maildir_base("1.a,S=4500,W=4592 2,FS"), 17);
    assert_int_equal(mig__maildir_base("1.a_2,S=17"), 10); /* a size, and no flags */
    assert_int_equal(mig__maildir_stem("1.a.b;2,S"), 9);   /* as Dovecot sees it */
    assert_int_equal(mig__maildir_stem("1.a.b:2,S"), 5);
}

static void test_flags(void **state)
{
    char zero[] = "$Work", one[] = "", two[] = "NonJunk";
    char *keywords[] = {zero, one, two, NULL};
    static const struct {
        const char *name, *flags;
    } cases[] = {
        {"1", ""},
        {"1:2,", ""},
        {"1:2,S", "\\Seen"},
        {"1:2,DFPRST", "$Forwarded \\Answered \\Deleted \\Draft \\Flagged \\Seen"},
        {"1:2,SS", "\\Seen"},
        {"1:2,Sabcd", "$Work NonJunk \\Seen"},
        {"1:2,XYZ*", ""},
        {"1:2,S,F", "\\Seen"}, /* behind a comma is another's business */
        {"1:1,S", ""},
        {"1;2,FS", "\\Flagged \\Seen"},
        {"1!2,S", "\\Seen"},
        {"1,W=4592 2,RS", "\\Answered \\Seen"},
        {"1_2,S", "\\Seen"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *flags = mig__maildir_flags(cases[i].name, keywords, NULL);
        assert_string_equal(flags, cases[i].flags);
        free(flags);
    }
    assert_int_equal(mig__maildir_unnamed("1:2,FSabz", keywords), 1u << 25 | 1u << 1);
    assert_int_equal(mig__maildir_unnamed("1:2,FSab", NULL), 3);
    assert_int_equal(mig__maildir_unnamed("1.abc", NULL), 0);
    char *flags = mig__maildir_flags("1:2,Sa", NULL, NULL);
    assert_string_equal(flags, "\\Seen");
    free(flags);
}

static void free_keywords(char **keywords)
{
    for (size_t i = 0; keywords != NULL && keywords[i] != NULL; i++) {
        free(keywords[i]);
    }
    free(keywords);
}

static void test_letters(void **state)
{
    char **keywords = NULL;
    bool added = true;
    mig_error err = MIG_ERROR_INIT;
    mig__buffer out = MIG__BUFFER_INIT;
    (void)state;
    assert_int_equal(mig__maildir_info("\\Seen \\Draft", &keywords, &added, &out, &err), 0);
    assert_string_equal(out.data, ":2,DS");
    assert_false(added);
    mig__buffer_clear(&out);
    assert_int_equal(mig__maildir_info("b a \\Seen \\Unknown", &keywords, &added, &out, &err), 0);
    assert_string_equal(out.data, ":2,Sab");
    assert_true(added);
    mig__buffer_clear(&out);
    assert_int_equal(mig__maildir_info("A", &keywords, &added, &out, &err), 0);
    assert_string_equal(out.data, ":2,b"); /* keywords know no case */
    assert_false(added);
    for (int i = 2; i < 26; i++) {
        char name[16];
        snprintf(name, sizeof name, "k%d", i);
        mig__buffer_clear(&out);
        assert_int_equal(mig__maildir_info(name, &keywords, &added, &out, &err), 0);
    }
    assert_string_equal(out.data, ":2,z");
    mig__buffer_clear(&out);
    assert_int_equal(mig__maildir_info("onemore", &keywords, &added, &out, &err), -1);
    assert_int_equal(err.code, MIG_E_FLAG);
    mig__buffer_free(&out);
    free_keywords(keywords);
}

static void assert_directory(const mig_store *store, const char *wire, const char *expected)
{
    mig_error err = MIG_ERROR_INIT;
    char *path = mig__maildir_directory(store, wire, &err);
    if (expected == NULL) {
        assert_null(path);
        assert_int_equal(err.code, MIG_E_CANNOT);
    } else {
        assert_non_null(path);
        assert_string_equal(path, expected);
    }
    free(path);
}

static void test_directories(void **state)
{
    char root[] = "/mail", longest[300];
    mig_store flat = {.path = root, .delimiter = '.'}, nested = {.path = root, .delimiter = '/', .nested = true};
    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_directory(&flat, "inbox", "/mail");
    assert_directory(&flat, "A.B", "/mail/.A.B");
    assert_directory(&flat, "&AOQ-", "/mail/.&AOQ-");
    assert_directory(&flat, "\xff", "/mail/.\xff");
    static const char *const bad[] = {"", ".", "..", "A..B", ".A", "A.", "a/b", "/a", "../a", "a\nb", "a\r", "\x7f"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_directory(&flat, bad[i], NULL);
    }
    assert_directory(&flat, longest, NULL);
    assert_directory(&nested, "A/B", "/mail/A/B");
    assert_directory(&nested, "A.B", "/mail/A.B");
    static const char *const bad_nested[] = {"",  "/",   "A//B",    "/A",  "A/", "../a", "a/..", "a/../b",
                                             ".", "cur", "a/new/b", "tmp", ".a", "a/.b", "a\nb"};
    for (size_t i = 0; i < sizeof bad_nested / sizeof *bad_nested; i++) {
        assert_directory(&nested, bad_nested[i], NULL);
    }
    assert_directory(&nested, longest, NULL);
}

/* ---- files ---- */

static int setup(void **state)
{
    char *directory = strdup("/tmp/mig-maildir-XXXXXX");
    assert_non_null(mkdtemp(directory));
    *state = directory;
    return 0;
}

static int teardown(void **state)
{
    int failed = tree_remove(*state);
    free(*state);
    return failed;
}

static void write_text(const char *directory, const char *name, const char *text)
{
    char *path = mig__files_join(directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    free(path);
}

static void assert_text(const char *directory, const char *name, const char *expected)
{
    char text[4096] = "", *path = mig__files_join(directory, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    free(path);
    assert_string_equal(text, expected);
}

static uint32_t uid_of(mig__uid_list *uids, const char *name)
{
    mig__uid_key key;
    mig_error err = MIG_ERROR_INIT;
    assert_int_equal(mig__uid_key_of(name, mig__maildir_base(name), &key, &err), 0);
    return mig__uid_list_get(uids, &key);
}

static void test_uidlist_is_read(void **state)
{
    mig__uid_list uids;
    mig_error err = MIG_ERROR_INIT;
    assert_int_equal(mig__uidlist_read(NULL, *state, NULL, &uids, &err), 0); /* not there */
    assert_int_equal(uids.uidvalidity, 0);
    write_text(*state, "dovecot-uidlist",
               "3 V1275660208 N7 G3085f01b7f11094c501100008c4a11c1\n"
               "2 :1.a,S=1:2,S\n"
               "5 W17 S16 :2.b\n"
               "4 :3.lower\n" /* UIDs ascend: this is no record */
               "9 :4.c\n"
               "nonsense\n"
               "12 :5.half");
    assert_int_equal(mig__uidlist_read(NULL, *state, NULL, &uids, &err), 0);
    assert_int_equal(uids.uidvalidity, 1275660208);
    assert_int_equal(uids.uidnext, 10);
    assert_int_equal(uids.count, 3);
    assert_int_equal(uid_of(&uids, "1.a,S=1:2,F"), 2);
    assert_int_equal(uid_of(&uids, "2.b"), 5);
    assert_int_equal(uid_of(&uids, "4.c:2,"), 9);
    assert_int_equal(uid_of(&uids, "5.half"), 0);
    mig__uid_list_free(&uids);
    write_text(*state, "dovecot-uidlist", "1 17 20\n3 a\n8 b:2,S\n");
    assert_int_equal(mig__uidlist_read(NULL, *state, NULL, &uids, &err), 0);
    assert_int_equal(uids.uidvalidity, 17);
    assert_int_equal(uids.uidnext, 20);
    assert_int_equal(uid_of(&uids, "b"), 8);
    mig__uid_list_free(&uids);
    write_text(*state, "dovecot-uidlist", "2 what\n1 :a\n");
    assert_int_equal(mig__uidlist_read(NULL, *state, NULL, &uids, &err), 0);
    assert_int_equal(uids.count, 0);
}

static void test_uidlist_is_written(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    mig__buffer lines = MIG__BUFFER_INIT;
    int64_t before[3], after[3];
    mig__uidlist_stamp(NULL, *state, before);
    assert_int_equal(before[0], 0);
    mig__uidlist_line(&lines, 1, "a,S=3:2,S");
    assert_int_equal(mig__uidlist_append(NULL, *state, 77, &lines, &err), 0);
    assert_text(*state, "dovecot-uidlist", "3 V77 N1\n1 :a,S=3\n");
    mig__uidlist_stamp(NULL, *state, after);
    assert_memory_not_equal(before, after, sizeof after);
    write_text(*state, "dovecot-uidlist", "3 V77 N1\n1 :a,S=3\n2 :ha"); /* as after a kill */
    mig__buffer_clear(&lines);
    mig__uidlist_line(&lines, 3, "b");
    assert_int_equal(mig__uidlist_append(NULL, *state, 77, &lines, &err), 0);
    assert_text(*state, "dovecot-uidlist", "3 V77 N1\n1 :a,S=3\n3 :b\n");
    write_text(*state, "dovecot-uidlist", "3 V7");
    assert_int_equal(mig__uidlist_append(NULL, *state, 78, &lines, &err), 0);
    assert_text(*state, "dovecot-uidlist", "3 V78 N1\n3 :b\n");
    assert_int_equal(mig__uidlist_append(NULL, "/nonexistent", 1, &lines, &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
    mig__buffer_free(&lines);
}

static void test_lock(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    mig_stop stop = MIG_STOP_INIT;
    char host[128] = "", text[256];
    assert_int_equal(mig__uidlist_lock(NULL, *state, NULL, &err), 0);
    mig_stop_request(&stop);
    mig_stop_request(&stop);
    assert_int_equal(mig__uidlist_lock(NULL, *state, &stop, &err), -1); /* held by a process that lives: this one */
    assert_int_equal(err.code, MIG_E_INTERRUPTED);
    mig__uidlist_unlock(NULL, *state);
    write_text(*state, "dovecot-uidlist.lock", "4711:other\n"); /* somebody else's */
    assert_int_equal(mig__uidlist_lock(NULL, *state, &stop, &err), -1);
    gethostname(host, sizeof host - 1);
    snprintf(text, sizeof text, "mailmigrate 999999999 %s\n", host); /* no process has this number */
    write_text(*state, "dovecot-uidlist.lock", text);
    assert_int_equal(mig__uidlist_lock(NULL, *state, &stop, &err), 0);
    mig__uidlist_unlock(NULL, *state);
    snprintf(text, sizeof text, "mailmigrate 999999999 not-%s\n", host); /* another machine's: nobody can say */
    write_text(*state, "dovecot-uidlist.lock", text);
    assert_int_equal(mig__uidlist_lock(NULL, *state, &stop, &err), -1);
    assert_int_equal(mig__uidlist_lock(NULL, "/nonexistent", NULL, &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
}

static void test_keywords(void **state)
{
    char **keywords = NULL;
    mig_error err = MIG_ERROR_INIT;
    assert_int_equal(mig__maildir_keywords_read(NULL, *state, &keywords, &err), 0);
    assert_null(keywords);
    write_text(*state, "dovecot-keywords", "0 $Work\n2 NonJunk\n27 beyond\nx y\n3 b*d\n4\n1 a b\n");
    assert_int_equal(mig__maildir_keywords_read(NULL, *state, &keywords, &err), 0);
    assert_string_equal(keywords[0], "$Work");
    assert_string_equal(keywords[1], "");
    assert_string_equal(keywords[2], "NonJunk");
    assert_null(keywords[3]);
    assert_int_equal(mig__maildir_keywords_write(NULL, *state, keywords, &err), 0);
    assert_text(*state, "dovecot-keywords", "0 $Work\n2 NonJunk\n");
    free_keywords(keywords);
}

static void test_sweep(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    char name[64], *tmp = mig__files_join(*state, "tmp");
    assert_int_equal(mig__maildir_make(NULL, *state, &err), 0);
    assert_int_equal(mig__maildir_make(NULL, *state, &err), 0);
    snprintf(name, sizeof name, "mailmigrate-%ld-1", (long)getpid());
    write_text(tmp, name, "of a run that lives");
    write_text(tmp, "mailmigrate-999999999-1", "of one that does not");
    write_text(tmp, "1.other", "somebody else's");
    mig__maildir_sweep(NULL, *state);
    char **names = mig__root_names(NULL, tmp, &err);
    assert_string_equal(names[0], "1.other");
    assert_string_equal(names[1], name);
    assert_null(names[2]);
    mig__root_names_free(names);
    free(tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_directories),
        cmocka_unit_test_setup_teardown(test_uidlist_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_uidlist_is_written, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lock, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keywords, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sweep, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
