/* unit/archive/test_keep.c - one message as an archive of its own: read back, and made once */
#include "archive/archive.h"
#include "archive/keep.h"
#include "base/sha256.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char octets[] = "Subject: kept\r\n\r\nas it was\r\n";

typedef struct lab {
    char directory[64], path[128];
    mig__mailbox mailbox;
    uint8_t digest[MIG__DIGEST_SIZE];
    mig__keep keep;
} lab;

static void begin(lab *l)
{
    *l = (lab){
        .mailbox = {.wire = (char *)"Work/2019", .name = (char *)"Work/2019", .name_valid = true, .delimiter = '/'}};
    snprintf(l->directory, sizeof l->directory, "/tmp/mmu-keep-XXXXXX");
    assert_non_null(mkdtemp(l->directory));
    snprintf(l->path, sizeof l->path, "%s/one.tar.zst", l->directory);
    assert_int_equal(mig__digest(octets, sizeof octets - 1, l->digest, NULL), 0);
    l->keep = (mig__keep){.path = l->path,
                          .source = "u@old:993",
                          .prefix = "",
                          .mailbox = &l->mailbox,
                          .uidvalidity = 5,
                          .uid = 17,
                          .flags = "$Junk \\Flagged",
                          .date = {.utc = 1700000000, .zone_minutes = 60, .valid = true},
                          .message_id = "<1@old>",
                          .octets = octets,
                          .fd = -1,
                          .size = sizeof octets - 1,
                          .sha256 = l->digest};
}

static void end(const lab *l)
{
    unlink(l->path);
    rmdir(l->directory);
}

static void assert_holds_the_message(const lab *l)
{
    mig_error error = MIG_ERROR_INIT;
    const mig__archive_options options = {.path = l->path, .spool_dir = l->directory};
    mig__archive *archive = mig__archive_open(&options, &error);
    mig__archive_message message;
    assert_string_equal(error.text, "");
    assert_non_null(archive);
    assert_int_equal(mig__archive_damaged(archive), 0);
    assert_string_equal(mig__archive_source(archive), "u@old:993");
    assert_int_equal(mig__archive_folder_count(archive), 1);
    assert_string_equal(mig__archive_folder_at(archive, 0)->wire, "Work/2019");
    assert_int_equal(mig__archive_message_at(archive, 0, 0, &message, &error), 0);
    assert_int_equal(message.uid, 17);
    assert_string_equal(message.flags, "$Junk \\Flagged");
    assert_true(message.date.utc == 1700000000 && message.date.zone_minutes == 60);
    assert_memory_equal(message.sha256, l->digest, MIG__DIGEST_SIZE);
    assert_false(message.damaged || message.lost);
    mig__archive_free(&archive);
}

static void a_message_can_be_read_back(void **state)
{
    lab l;
    (void)state;
    begin(&l);
    assert_int_equal(mig__archive_keep(&l.keep, NULL), 0);
    assert_holds_the_message(&l);
    end(&l);
}

static void one_in_a_file_as_well(void **state)
{
    lab l;
    (void)state;
    begin(&l);
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(octets, 1, sizeof octets - 1, file), sizeof octets - 1);
    assert_int_equal(fflush(file), 0);
    l.keep.octets = NULL;
    l.keep.fd = fileno(file);
    assert_int_equal(mig__archive_keep(&l.keep, NULL), 0);
    assert_holds_the_message(&l);
    fclose(file);
    end(&l);
}

static void what_is_kept_already_stays(void **state)
{
    lab l;
    struct stat before, after;
    (void)state;
    begin(&l);
    assert_int_equal(mig__archive_keep(&l.keep, NULL), 0);
    assert_int_equal(stat(l.path, &before), 0);
    assert_int_equal(mig__archive_keep(&l.keep, NULL), 0);
    assert_int_equal(stat(l.path, &after), 0);
    assert_true(before.st_ino == after.st_ino);
    end(&l);
}

static void where_nothing_can_be_written_is_told(void **state)
{
    lab l;
    mig_error error;
    (void)state;
    begin(&l);
    l.keep.path = "/nowhere/one.tar.zst";
    assert_int_equal(mig__archive_keep(&l.keep, &error), -1);
    assert_int_equal(error.code, MIG_E_IO);
    end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_can_be_read_back),
        cmocka_unit_test(one_in_a_file_as_well),
        cmocka_unit_test(what_is_kept_already_stays),
        cmocka_unit_test(where_nothing_can_be_written_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
