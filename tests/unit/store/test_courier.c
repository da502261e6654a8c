/* Keywords as Courier keeps them, and what a store makes of files by their first octets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "store/contents.h"
#include "store/files.h"
#include "store/maildir.h"
#include "store/tree.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int setup(void **state)
{
    char *directory = strdup("/tmp/mig-courier-XXXXXX");
    assert_non_null(directory);
    assert_non_null(mkdtemp(directory));
    char *path = mig__files_join(directory, "courierimapkeywords");
    assert_int_equal(mkdir(path, 0700), 0);
    free(path);
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

static void test_keywords(void **state)
{
    static const char *const names[] = {"1.a", "2.b,S=17", "3.c", "4.d", "5.e"};
    static const char *const flags[] = {"$Label1 NonJunk", "NonJunk", "Work", NULL, NULL};
    mig_error err = MIG_ERROR_INIT;
    mig__uid_key keys[5];
    mig__courier_keywords found;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(mig__uid_key_of(names[i], strlen(names[i]), &keys[i], &err), 0);
    }
    const mig__uid_keys known = {keys, 5};
    assert_int_equal(mig__courier_read(NULL, *state, &known, &found, &err), 0); /* a directory without a list */
    assert_int_equal(found.count, 0);
    mig__courier_free(&found);
    write_text(
        *state, "courierimapkeywords/:list",
        "$Label1\nnot a keyword\nNonJunk\n\n1.a:0 1 2\n2.b,S=17:2 99\n3.c:0\n4.d:1\nno colon\n9.gone:0\n9.gone:2\n");
    write_text(*state, "courierimapkeywords/3.c", "Work\n(not)\n");
    write_text(*state, "courierimapkeywords/9.gone", "Work\n");
    write_text(*state, "courierimapkeywords/.1234.5.e", "Work\n"); /* being written */
    assert_int_equal(mig__courier_read(NULL, *state, &known, &found, &err), 0);
    assert_int_equal(found.count, 3);
    for (size_t i = 0; i < 5; i++) {
        const char *text = mig__courier_flags(&found, &keys[i]);
        if (flags[i] == NULL) {
            assert_null(text);
        } else {
            assert_non_null(text);
            assert_string_equal(text, flags[i]);
        }
    }
    mig__courier_free(&found);
    assert_int_equal(mig__courier_read(NULL, "/nonexistent", &known, &found, &err), 0);
}

static void test_contents(void **state)
{
    static const struct {
        const char *head;
        size_t length;
        mig__contents contents;
    } cases[] = {
        {"Subject: x\n", 11, MIG__CONTENTS_PLAIN},
        {"", 0, MIG__CONTENTS_PLAIN},
        {"From a Mon", 10, MIG__CONTENTS_MBOX},
        {"\1\1\1\1\n", 5, MIG__CONTENTS_MBOX},
        {"\x1f\x8b\x08\0", 4, MIG__CONTENTS_PACKED},
        {"CRYPTED\x03\x07\x02", 10, MIG__CONTENTS_CLOSED},
        {"Dovecot-LZ4\x0d\x2a\x9b\xc5", 15, MIG__CONTENTS_CLOSED},
        {"CRYPTED: a header\n", 18, MIG__CONTENTS_PLAIN},
        {"PK\x03\x04", 4, MIG__CONTENTS_CLOSED},
        {"%PDF-1.4", 8, MIG__CONTENTS_FOREIGN},
        {"#!/bin/sh\n", 10, MIG__CONTENTS_FOREIGN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *words;
        assert_int_equal(mig__contents_of(cases[i].head, cases[i].length, &words), cases[i].contents);
        assert_int_equal(words == NULL, cases[i].contents == MIG__CONTENTS_PLAIN);
    }
    assert_true(mig__contents_mail("Subject: x", 10));
    assert_true(mig__contents_mail("From a", 6));
    assert_false(mig__contents_mail("Dear all: x", 11));
    assert_false(mig__contents_mail(": x", 3));
    assert_false(mig__contents_mail("Subject", 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_keywords, setup, teardown),
                                       cmocka_unit_test(test_contents)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
