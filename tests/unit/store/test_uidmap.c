/* UIDs that stay, wishes, and the file that keeps them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/buffer.h"
#include "store/uidmap.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mig__uid_key key(const char *text)
{
    mig__uid_key out;
    mig_error err = MIG_ERROR_INIT;
    assert_int_equal(mig__uid_key_of(text, strlen(text), &out, &err), 0);
    return out;
}

/* "a b c" with wishes "0 7 0" */
static bool assign(mig__uid_list *uids, const char *names, uint32_t *given, size_t count)
{
    mig__uid_key keys[16];
    mig_error err = MIG_ERROR_INIT;
    bool changed = false;
    for (size_t i = 0; i < count; i++) {
        char one[2] = {names[i], '\0'};
        keys[i] = key(one);
    }
    assert_int_equal(mig__uid_list_assign(uids, keys, given, count, &changed, &err), 0);
    return changed;
}

static void test_they_stay(void **state)
{
    mig__uid_list uids = {0};
    uint32_t given[16] = {0};
    (void)state;
    assert_true(assign(&uids, "abc", given, 3));
    assert_int_equal(given[0], 1);
    assert_int_equal(given[1], 2);
    assert_int_equal(given[2], 3);
    assert_true(uids.uidvalidity > 0);
    memset(given, 0, sizeof given);
    assert_false(assign(&uids, "cab", given, 3)); /* in any order */
    assert_int_equal(given[0], 3);
    assert_int_equal(given[1], 1);
    assert_int_equal(given[2], 2);
    memset(given, 0, sizeof given);
    assert_true(assign(&uids, "ad", given, 2)); /* gone ones never come back */
    assert_int_equal(given[0], 1);
    assert_int_equal(given[1], 4);
    memset(given, 0, sizeof given);
    assert_true(assign(&uids, "abd", given, 3));
    assert_int_equal(given[1], 5);
    assert_int_equal(given[2], 4);
    assert_int_equal(mig__uid_list_get(&uids, &(mig__uid_key){{0}}), 0);
    mig__uid_key d = key("d");
    assert_int_equal(mig__uid_list_get(&uids, &d), 4);
    mig__uid_list_free(&uids);
}

static void test_doubles(void **state)
{
    mig__uid_list uids = {0};
    uint32_t given[16] = {0};
    (void)state;
    assert_true(assign(&uids, "aaba", given, 4));
    memset(given, 0, sizeof given);
    assert_true(assign(&uids, "aab", given, 3));
    assert_int_equal(given[0], 1);
    assert_int_equal(given[1], 2);
    assert_int_equal(given[2], 3);
    mig__uid_list_free(&uids);
}

static void test_wishes(void **state)
{
    mig__uid_list uids = {0};
    uint32_t given[16] = {0, 9, 5, 0, 5};
    (void)state;
    assert_true(assign(&uids, "abcde", given, 5));
    assert_int_equal(given[2], 5);
    assert_int_equal(given[4], 6); /* the same wish a second time */
    assert_int_equal(given[1], 9);
    assert_int_equal(given[0], 10);
    assert_int_equal(given[3], 11);
    uint32_t later[16] = {10, 3, 20};
    assert_true(assign(&uids, "fga", later, 3)); /* below what was given out: not met; the known one keeps its own */
    assert_int_equal(later[1], 12);
    assert_int_equal(later[0], 13);
    assert_int_equal(later[2], 10);
    mig__uid_list_free(&uids);
}

static void test_the_end_of_uids(void **state)
{
    mig__uid_list uids = {.uidvalidity = 1, .uidnext = UINT32_MAX - 1};
    uint32_t given[2] = {0, 0};
    mig__uid_key keys[2] = {key("a"), key("b")};
    mig_error err = MIG_ERROR_INIT;
    bool changed;
    (void)state;
    assert_int_equal(mig__uid_list_assign(&uids, keys, given, 2, &changed, &err), -1);
    assert_int_equal(err.code, MIG_E_BOUNDS);
    mig__uid_list_free(&uids);
}

typedef struct place {
    char directory[64], path[96];
} place;

static int setup(void **state)
{
    place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    snprintf(p->directory, sizeof p->directory, "/tmp/mig-uidmap-XXXXXX");
    assert_non_null(mkdtemp(p->directory));
    snprintf(p->path, sizeof p->path, "%s/map", p->directory);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    place *p = *state;
    unlink(p->path);
    int failed = rmdir(p->directory); /* nothing else was left there */
    free(p);
    return failed;
}

static void test_kept_in_a_file(void **state)
{
    const place *p = *state;
    mig_error err = MIG_ERROR_INIT;
    struct stat status;
    uint32_t given[16] = {0};
    mig__uidmap *map = mig__uidmap_open(p->path, &err);
    assert_non_null(map);
    assert_int_equal(mig__uidmap_save(map, &err), 0); /* nothing changed: no file */
    assert_int_equal(access(p->path, F_OK), -1);
    assert_true(assign(mig__uidmap_folder(map, "INBOX", &err), "abc", given, 3));
    assert_true(assign(mig__uidmap_folder(map, "a folder, &- more", &err), "x", given, 1));
    assert_non_null(mig__uidmap_folder(map, "never used", &err));
    mig__uidmap_touch(map);
    assert_int_equal(mig__uidmap_save(map, &err), 0);
    assert_int_equal(stat(p->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    uint32_t validity = mig__uidmap_folder(map, "INBOX", &err)->uidvalidity;
    mig__uidmap_free(&map);
    assert_null(map);

    map = mig__uidmap_open(p->path, &err);
    assert_non_null(map);
    mig__uid_list *inbox = mig__uidmap_folder(map, "INBOX", &err);
    assert_int_equal(inbox->uidvalidity, validity);
    assert_int_equal(inbox->uidnext, 4);
    memset(given, 0, sizeof given);
    assert_false(assign(inbox, "cba", given, 3));
    assert_int_equal(given[0], 3);
    assert_int_equal(mig__uidmap_folder(map, "a folder, &- more", &err)->count, 1);
    assert_int_equal(mig__uidmap_folder(map, "never used", &err)->uidvalidity, 0);
    mig__uidmap_free(&map);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void test_damaged_files(void **state)
{
    static const char *const damaged[] = {
        "",
        "mailmigrate uids 2\nend\n",
        "mailmigrate uids 1\n",
        "mailmigrate uids 1\nend",
        "mailmigrate uids 1\nfolder 1 x INBOX\nend\n",
        "mailmigrate uids 1\nfolder 1 5 \nend\n",
        "mailmigrate uids 1\nfolder 0 5 INBOX\nend\n",
        "mailmigrate uids 1\n1 06737ca7505e97266ea13baa8c918465\nend\n",
        "mailmigrate uids 1\nfolder 1 5 INBOX\n5 06737ca7505e97266ea13baa8c918465\nend\n",
        "mailmigrate uids 1\nfolder 1 5 INBOX\n0 06737ca7505e97266ea13baa8c918465\nend\n",
        "mailmigrate uids 1\nfolder 1 5 INBOX\n1 06737ca7505e97266ea13baa8c91846\nend\n",
        "mailmigrate uids 1\nfolder 1 5 INBOX\n1 06737ca7505e97266ea13baa8c91846500\nend\n",
        "mailmigrate uids 1\nfolder 1 5 INBOX\n1 zz737ca7505e97266ea13baa8c918465\nend\n",
    };
    const place *p = *state;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        mig_error err = MIG_ERROR_INIT;
        write_text(p->path, damaged[i]);
        if (mig__uidmap_open(p->path, &err) != NULL) {
            fail_msg("taken: %s", damaged[i]);
        }
        assert_int_equal(err.code, MIG_E_STATE);
        assert_non_null(strstr(err.text, p->path));
    }
    mig_error err = MIG_ERROR_INIT;
    write_text(p->path, "mailmigrate uids 1\nend\n");
    mig__uidmap *map = mig__uidmap_open(p->path, &err);
    assert_non_null(map);
    mig__uidmap_free(&map);
}

static void test_no_place_to_write(void **state)
{
    const place *p = *state;
    mig_error err = MIG_ERROR_INIT;
    uint32_t given[16] = {0};
    mig__buffer path = MIG__BUFFER_INIT;
    mig__buffer_addf(&path, "%s/no/map", p->directory);
    mig__uidmap *map = mig__uidmap_open(path.data, &err);
    assert_non_null(map);
    assert_true(assign(mig__uidmap_folder(map, "INBOX", &err), "abc", given, 3));
    mig__uidmap_touch(map);
    assert_int_equal(mig__uidmap_save(map, &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
    mig__uidmap_free(&map);
    mig__buffer_free(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_they_stay),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_the_end_of_uids),
        cmocka_unit_test_setup_teardown(test_kept_in_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_place_to_write, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
