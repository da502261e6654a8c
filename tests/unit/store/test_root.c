/* Files by descriptor from a root: nothing outside of it is reached, whatever becomes of the names below. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "store/files.h"
#include "store/root.h"
#include "store/tree.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct lab {
    char directory[64], inside[96], outside[96], text[256];
} lab;

static const char *in(lab *l, const char *name)
{
    snprintf(l->text, sizeof l->text, "%s/%s", l->inside, name);
    return l->text;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    lab *l = calloc(1, sizeof *l);
    assert_non_null(l);
    snprintf(l->directory, sizeof l->directory, "/tmp/mig-root-XXXXXX");
    assert_non_null(mkdtemp(l->directory));
    snprintf(l->inside, sizeof l->inside, "%s/inside", l->directory);
    snprintf(l->outside, sizeof l->outside, "%s/outside", l->directory);
    assert_int_equal(mkdir(l->inside, 0700), 0);
    assert_int_equal(mkdir(l->outside, 0700), 0);
    assert_int_equal(mkdir(in(l, "a"), 0700), 0);
    assert_int_equal(mkdir(in(l, "a/b"), 0700), 0);
    write_text(in(l, "a/b/file"), "text");
    assert_int_equal(symlink(l->outside, in(l, "link")), 0);
    assert_int_equal(symlink("a", in(l, "near")), 0);
    assert_int_equal(symlink("a/b/file", in(l, "alias")), 0);
    assert_int_equal(mkfifo(in(l, "fifo"), 0600), 0);
    snprintf(l->text, sizeof l->text, "%s/secret", l->outside);
    write_text(l->text, "secret");
    *state = l;
    return 0;
}

static int teardown(void **state)
{
    lab *l = *state;
    int failed = tree_remove(l->directory);
    free(l);
    return failed;
}

static void assert_refused(int fd, int problem)
{
    if (fd >= 0) {
        close(fd);
    }
    assert_int_equal(fd, -1);
    assert_int_equal(errno, problem);
}

/* Both ways: with openat2, and component by component. */
static void test_below(void **state)
{
    lab *l = *state;
    for (int walking = 0; walking < 2; walking++) {
        struct stat status;
        mig__root root = MIG__ROOT_INIT;
        assert_int_equal(mig__root_open(&root, l->inside), 0);
        root.walking = walking != 0;
        int fd = mig__root_regular(&root, in(l, "a/b/file"), &status);
        assert_true(fd >= 0);
        assert_int_equal(status.st_size, 4);
        close(fd);
        assert_refused(mig__root_regular(&root, in(l, "alias"), NULL), ELOOP);
        assert_refused(mig__root_regular(&root, in(l, "fifo"), NULL), EINVAL);
        assert_refused(mig__root_regular(&root, in(l, "a"), NULL), EINVAL);
        assert_refused(mig__root_regular(&root, l->outside, NULL), EXDEV);
        assert_refused(mig__root_regular(&root, in(l, "none"), NULL), ENOENT);
        assert_int_equal(mig__root_regular(&root, in(l, "link/secret"), NULL), -1);
        assert_true(errno == ELOOP || errno == ENOTDIR);
        assert_int_equal(mig__root_regular(&root, in(l, "near/b/file"), NULL), -1);
        assert_true(errno == ELOOP || errno == ENOTDIR);
        assert_int_equal(mig__root_regular(&root, in(l, "../outside/secret"), NULL), -1);
        assert_null(mig__root_directory(&root, in(l, "link")));
        assert_int_equal(mig__root_at(&root, in(l, "link/new"), O_WRONLY | O_CREAT, 0600), -1);
        assert_int_equal(mig__root_kind(&root, in(l, "link"), NULL), MIG__FILE_LINK);
        assert_int_equal(mig__root_kind(&root, in(l, "fifo"), NULL), MIG__FILE_OTHER);
        assert_int_equal(mig__root_kind(&root, in(l, "a"), NULL), MIG__FILE_DIRECTORY);
        assert_int_equal(mig__root_kind(&root, l->inside, NULL), MIG__FILE_DIRECTORY);
        assert_int_equal(mig__root_kind(&root, in(l, "link/secret"), NULL), MIG__FILE_NONE);
        mig__root_close(&root);
    }
}

static void test_changes(void **state)
{
    lab *l = *state;
    char other[256];
    mig__root root = MIG__ROOT_INIT;
    assert_int_equal(mig__root_open(&root, l->inside), 0);
    assert_int_equal(mig__root_mkdir(&root, in(l, "made")), 0);
    assert_int_equal(mig__root_mkdir(&root, in(l, "made")), 0);  /* it is there */
    assert_int_equal(mig__root_mkdir(&root, in(l, "link")), -1); /* and this is none */
    assert_int_equal(mig__root_mkdir(&root, in(l, "link/made")), -1);
    assert_int_equal(mig__root_mkdir(&root, in(l, "fifo")), -1);
    snprintf(other, sizeof other, "%s/link/stolen", l->inside);
    assert_int_equal(mig__root_rename(&root, in(l, "a/b/file"), other), -1);
    snprintf(other, sizeof other, "%s/made/file", l->inside);
    assert_int_equal(mig__root_rename(&root, in(l, "a/b/file"), other), 0);
    assert_int_equal(mig__root_unlink(&root, in(l, "link/secret")), -1);
    assert_int_equal(mig__root_unlink(&root, other), 0);
    assert_int_equal(mig__root_unlink(&root, l->inside), -1);
    mig__root_close(&root);
}

/* The directory that was looked at is exchanged for a link before what lies in it is opened. */
static void test_exchanged(void **state)
{
    lab *l = *state;
    char was[256];
    for (int walking = 0; walking < 2; walking++) {
        mig__root root = MIG__ROOT_INIT;
        assert_int_equal(mig__root_open(&root, l->inside), 0);
        root.walking = walking != 0;
        snprintf(was, sizeof was, "%s/was", l->inside);
        assert_int_equal(mig__root_kind(&root, in(l, "a/b"), NULL), MIG__FILE_DIRECTORY);
        assert_int_equal(rename(in(l, "a/b"), was), 0);
        assert_int_equal(symlink(l->outside, in(l, "a/b")), 0);
        assert_int_equal(mig__root_regular(&root, in(l, "a/b/secret"), NULL), -1);
        assert_true(errno == ELOOP || errno == ENOTDIR);
        assert_int_equal(unlink(in(l, "a/b")), 0);
        assert_int_equal(rename(was, in(l, "a/b")), 0);
        /* The root itself stays what it was, whatever its name leads to by now. */
        snprintf(was, sizeof was, "%s/moved", l->directory);
        assert_int_equal(rename(l->inside, was), 0);
        assert_int_equal(symlink(l->outside, l->inside), 0);
        int fd = mig__root_regular(&root, in(l, "a/b/file"), NULL);
        assert_true(fd >= 0);
        close(fd);
        assert_refused(mig__root_regular(&root, in(l, "secret"), NULL), ENOENT);
        assert_int_equal(unlink(l->inside), 0);
        assert_int_equal(rename(was, l->inside), 0);
        mig__root_close(&root);
    }
}

static void test_roots(void **state)
{
    lab *l = *state;
    bool made;
    mig__root root = MIG__ROOT_INIT;
    assert_int_equal(mig__root_open(&root, in(l, "near")), 0); /* what the user names may be a link */
    assert_false(root.file);
    mig__root_close(&root);
    assert_int_equal(mig__root_open(&root, in(l, "alias")), 0);
    assert_true(root.file);
    int fd = mig__root_regular(&root, root.path, NULL);
    assert_true(fd >= 0);
    close(fd);
    mig__root_close(&root);
    assert_int_equal(mig__root_open(&root, in(l, "fifo")), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(mig__root_open(&root, in(l, "none")), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(mig__root_open(&root, in(l, "none/none")), -1);
    assert_int_equal(mig__root_make(&root, in(l, "fresh"), &made), 0);
    assert_true(made);
    mig__root_close(&root);
    assert_int_equal(mig__root_make(&root, in(l, "fresh"), &made), 0);
    assert_false(made);
    mig__root_close(&root);
    assert_int_equal(symlink("self", in(l, "self")), 0);
    assert_int_equal(mig__root_open(&root, in(l, "self")), -1);
    assert_int_equal(errno, ELOOP);
    if (geteuid() == 0) { /* somebody's link to somebody else's mail */
        assert_int_equal(lchown(in(l, "near"), 65534, 65534), 0);
        assert_int_equal(mig__root_open(&root, in(l, "near")), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(chown(in(l, "a"), 65534, 65534), 0);
        assert_int_equal(mig__root_open(&root, in(l, "near")), 0); /* to their own */
        assert_int_equal(root.owner, 65534);
        mig__root_close(&root);
        assert_int_equal(mig__root_make(&root, in(l, "a/fresh"), &made), 0);
        assert_int_equal(root.owner, 65534); /* what root makes in somebody's directory is theirs */
        mig__root_close(&root);
    }
}

/* Who owns the directory gave another one's file a name in it. */
static void test_hard_links(void **state)
{
    lab *l = *state;
    char secret[256];
    mig__root root = MIG__ROOT_INIT;
    if (geteuid() != 0) {
        skip();
    }
    snprintf(secret, sizeof secret, "%s/secret", l->outside);
    assert_int_equal(link(secret, in(l, "a/hard")), 0);
    assert_int_equal(chown(l->inside, 65534, 65534), 0);
    assert_int_equal(chown(in(l, "a"), 65534, 65534), 0);
    assert_int_equal(mig__root_open(&root, l->inside), 0);
    assert_refused(mig__root_regular(&root, in(l, "a/hard"), NULL), EPERM);
    assert_int_equal(lchown(in(l, "a/hard"), 65534, 65534), 0);
    int fd = mig__root_regular(&root, in(l, "a/hard"), NULL); /* two names of their own file */
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(lchown(in(l, "a/hard"), 1, 1), 0); /* of whoever owns the directory */
    assert_int_equal(chown(in(l, "a"), 1, 1), 0);
    fd = mig__root_regular(&root, in(l, "a/hard"), NULL);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(chown(in(l, "a"), 0, 0), 0); /* in a directory where root alone can make a name */
    fd = mig__root_regular(&root, in(l, "a/hard"), NULL);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(chmod(in(l, "a"), 0777), 0); /* or anybody */
    assert_refused(mig__root_regular(&root, in(l, "a/hard"), NULL), EPERM);
    mig__root_close(&root);
}

static void test_lines(void **state)
{
    lab *l = *state;
    bool whole;
    mig__buffer line = MIG__BUFFER_INIT;
    write_text(in(l, "lines"), "one\r\n\ntwo");
    FILE *file = mig__root_stream(NULL, in(l, "lines"), 1024);
    assert_non_null(file);
    assert_int_equal(mig__files_line(file, &line, &whole), 1);
    assert_string_equal(line.data, "one");
    assert_true(whole);
    assert_int_equal(mig__files_line(file, &line, &whole), 1);
    assert_string_equal(line.data, "");
    assert_int_equal(mig__files_line(file, &line, &whole), 1);
    assert_string_equal(line.data, "two");
    assert_false(whole);
    assert_int_equal(mig__files_line(file, &line, &whole), 0);
    fclose(file);
    file = fopen("/dev/zero", "r"); /* a line without an end */
    assert_non_null(file);
    assert_int_equal(mig__files_line(file, &line, NULL), -1);
    assert_int_equal(errno, EFBIG);
    assert_true(line.capacity <= 4 * MIG__LINE_MOST);
    fclose(file);
    assert_null(mig__root_stream(NULL, in(l, "lines"), 3));
    assert_int_equal(errno, EFBIG);
    mig__buffer_free(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_below, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exchanged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_roots, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hard_links, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
