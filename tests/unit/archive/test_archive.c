/*
 * Archives as they are read back: made here by the parts that an export is made of, checked, unpacked, damaged. One
 * folder, some messages; a further file that changes flags, takes a message away and brings one.
 */
#include "archive/archive.h"
#include "archive/index.h"
#include "archive/ledger.h"
#include "archive/out.h"
#include "base/sign.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct lab {
    char directory[64];
    char path[128]; /* the first file of the chain */
} lab;

static int make_lab(void **state)
{
    lab *l = calloc(1, sizeof *l);
    assert_non_null(l);
    snprintf(l->directory, sizeof l->directory, "/tmp/mmu-archive-XXXXXX");
    assert_non_null(mkdtemp(l->directory));
    snprintf(l->path, sizeof l->path, "%s/mail.tar.zst", l->directory);
    *state = l;
    return 0;
}

static void remove_all(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL) {
        unlink(path);
        return;
    }
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char below[1024];
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
            remove_all(below);
        }
    }
    closedir(directory);
    rmdir(path);
}

static int clear_lab(void **state)
{
    lab *l = *state;
    remove_all(l->directory);
    free(l);
    return 0;
}

static const char *octets_of(uint32_t uid, char text[64])
{
    snprintf(text, 64, "Subject: %u\r\n\r\nmessage %u\r\n", uid, uid);
    return text;
}

typedef struct maker {
    mig__out *out;
    mig__buffer manifest;
    mig__merkle merkle;
    uint64_t messages, octets;
} maker;

static void put_message(maker *m, uint32_t uid)
{
    char text[64], path[96], flags[] = "\\Seen";
    octets_of(uid, text);
    snprintf(path, sizeof path, "Maildir/cur/%u.U%uV5.mailmigrate:2,S", 1000 + uid, uid);
    mig__line line = {.kind = MIG__LINE_MESSAGE,
                      .name = "INBOX",
                      .uid = uid,
                      .flags = flags,
                      .date = {.utc = 1000 + uid, .zone_minutes = 60, .valid = true},
                      .size = strlen(text),
                      .message_id = "",
                      .path = path};
    assert_int_equal(mig__digest(text, strlen(text), line.sha256, NULL), 0);
    assert_int_equal(mig__out_octets(m->out, path, line.date.utc, text, strlen(text), NULL), 0);
    assert_int_equal(mig__line_write(&line, &m->manifest, NULL), 0);
    assert_int_equal(mig__merkle_add(&m->merkle, line.sha256, sizeof line.sha256, NULL), 0);
    m->messages++;
    m->octets += line.size;
}

static void root_of(uint32_t first, uint32_t count, char hex[MIG__HEX_SIZE])
{
    mig__merkle merkle = MIG__MERKLE_INIT;
    uint8_t digest[MIG__DIGEST_SIZE];
    char text[64];
    for (uint32_t uid = first; uid < first + count; uid++) {
        octets_of(uid, text);
        assert_int_equal(mig__digest(text, strlen(text), digest, NULL), 0);
        assert_int_equal(mig__merkle_add(&merkle, digest, sizeof digest, NULL), 0);
    }
    assert_int_equal(mig__merkle_root(&merkle, digest, NULL), 0);
    mig__hex(digest, hex);
    mig__merkle_free(&merkle);
}

/* A file with the messages first..first+count-1; `changes` are lines in front of them. */
static void make_file(const char *path, unsigned part, const char *base, uint32_t first, uint32_t count,
                      const char *changes, uint8_t digest[MIG__DIGEST_SIZE])
{
    mig__out_options options = {.path = path};
    maker m = {.out = mig__out_open(&options, NULL), .merkle = MIG__MERKLE_INIT};
    char root[MIG__HEX_SIZE], account[MIG__HEX_SIZE], sums[MIG__SUMS_MOST];
    assert_non_null(m.out);
    root_of(first, count, root);
    mig__line head = {.kind = MIG__LINE_ARCHIVE,
                      .source = "ann@old.example",
                      .created = "2024-01-01T00:00:00Z",
                      .selection = "ALL",
                      .prefix = "",
                      .delimiter = '/',
                      .part = part,
                      .base = base};
    mig__line folder = {.kind = MIG__LINE_FOLDER,
                        .name = "INBOX",
                        .path = "Maildir",
                        .delimiter = '/',
                        .role = MIG_ROLE_INBOX,
                        .selectable = true,
                        .uidvalidity = 5,
                        .uidnext = 100,
                        .messages = count,
                        .root = root};
    assert_int_equal(mig__line_write(&head, &m.manifest, NULL), 0);
    assert_int_equal(mig__line_write(&folder, &m.manifest, NULL), 0);
    mig__buffer_add_text(&m.manifest, changes);
    assert_int_equal(mig__out_directory(m.out, "Maildir/cur", 0, NULL), 0);
    for (uint32_t uid = first; uid < first + count; uid++) {
        put_message(&m, uid);
    }
    mig__merkle_folder roots[] = {{"INBOX", root}};
    assert_int_equal(mig__merkle_account(roots, 1, account, NULL), 0);
    mig__line end = {
        .kind = MIG__LINE_END, .folders = 1, .messages = m.messages, .octets_sum = m.octets, .root = account};
    assert_int_equal(mig__line_write(&end, &m.manifest, NULL), 0);
    assert_int_equal(mig__digest(m.manifest.data, m.manifest.length, digest, NULL), 0);
    mig__sums_text(digest, account, sums);
    assert_int_equal(mig__out_octets(m.out, MIG__ARCHIVE_MANIFEST, 0, m.manifest.data, m.manifest.length, NULL), 0);
    assert_int_equal(mig__out_octets(m.out, MIG__ARCHIVE_SUMS, 0, sums, strlen(sums), NULL), 0);
    uint64_t written = 0;
    assert_int_equal(mig__out_commit(&m.out, &written, NULL), 0);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal((uint64_t)status.st_size, written);
    mig__buffer_free(&m.manifest);
    mig__merkle_free(&m.merkle);
}

static void make_chain(const lab *l)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    char base[MIG__HEX_SIZE], changes[512];
    make_file(l->path, 0, NULL, 1, 5, "", digest);
    mig__hex(digest, base);
    snprintf(
        changes, sizeof changes,
        "{\"type\":\"gone\",\"folder\":\"INBOX\",\"uids\":\"1:2\"}\n"
        "{\"type\":\"flags\",\"folder\":\"INBOX\",\"uid\":4,\"flags\":[\"\\\\Flagged\"],\"keywords\":[\"later\"]}\n");
    char *second = mig__format_part(l->path, 1);
    make_file(second, 1, base, 6, 1, changes, digest);
    free(second);
}

static void expect_file(const lab *l, const char *path, uint32_t uid)
{
    char full[512], text[64], found[64] = "";
    struct stat status;
    snprintf(full, sizeof full, "%s/out/%s", l->directory, path);
    assert_int_equal(stat(full, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_mtime, 1000 + uid);
    int fd = open(full, O_RDONLY);
    assert_true(fd >= 0);
    assert_true(read(fd, found, sizeof found - 1) > 0);
    close(fd);
    assert_string_equal(found, octets_of(uid, text));
}

static void a_chain_is_one_mailbox(void **state)
{
    const lab *l = *state;
    make_chain(l);
    mig_error err = MIG_ERROR_INIT;
    mig__archive_options options = {.path = l->path};
    mig__archive *archive = mig__archive_open(&options, &err);
    assert_non_null(archive);
    assert_string_equal(mig__archive_source(archive), "ann@old.example");
    assert_int_equal(mig__archive_folder_count(archive), 1);
    const mig__archive_folder *folder = mig__archive_folder_at(archive, 0);
    assert_string_equal(folder->wire, "INBOX");
    assert_int_equal(folder->role, MIG_ROLE_INBOX);
    assert_int_equal(folder->messages, 4); /* 3, 4, 5 and 6 */
    assert_int_equal(mig__archive_damaged(archive), 0);
    char out[128];
    snprintf(out, sizeof out, "%s/out", l->directory);
    assert_int_equal(mkdir(out, 0700), 0);
    assert_int_equal(mig__archive_unpack(archive, out, &err), 0);
    for (uint64_t i = 0; i < 4; i++) {
        mig__archive_message message;
        assert_int_equal(mig__archive_message_at(archive, 0, i, &message, &err), 0);
        assert_int_equal(message.uid, 3 + i);
        assert_string_equal(message.flags, message.uid == 4 ? "\\Flagged later" : "\\Seen");
        assert_int_equal(message.date.zone_minutes, 60);
        expect_file(l, message.path, message.uid);
    }
    struct stat status;
    snprintf(out, sizeof out, "%s/out/Maildir/cur/1001.U1V5.mailmigrate:2,S", l->directory);
    assert_int_equal(stat(out, &status), -1); /* gone by now */
    mig__archive_free(&archive);
    assert_null(archive);
}

static void damage(const char *path, size_t at)
{
    int fd = open(path, O_RDWR);
    char octet;
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &octet, 1, (off_t)at), 1);
    octet ^= 1;
    assert_int_equal(pwrite(fd, &octet, 1, (off_t)at), 1);
    close(fd);
}

static void a_damaged_message_is_marked(void **state)
{
    lab *l = *state;
    uint8_t digest[MIG__DIGEST_SIZE];
    snprintf(l->path, sizeof l->path, "%s/mail.tar", l->directory);
    make_file(l->path, 0, NULL, 1, 3, "", digest);
    damage(l->path, 512 + 512 + 3); /* the directory's header, the first message's, and into it */
    mig_error err = MIG_ERROR_INIT;
    mig__archive_options options = {.path = l->path};
    mig__archive *archive = mig__archive_open(&options, &err);
    assert_non_null(archive);
    assert_int_equal(mig__archive_damaged(archive), 1);
    assert_int_equal(mig__archive_folder_at(archive, 0)->messages, 3);
    for (uint64_t i = 0; i < 3; i++) {
        mig__archive_message message;
        assert_int_equal(mig__archive_message_at(archive, 0, i, &message, &err), 0);
        assert_int_equal(message.damaged, i == 0);
    }
    char out[128];
    snprintf(out, sizeof out, "%s/out", l->directory);
    assert_int_equal(mkdir(out, 0700), 0);
    assert_int_equal(mig__archive_unpack(archive, out, &err), 0);
    expect_file(l, "Maildir/cur/1003.U3V5.mailmigrate:2,S", 3);
    mig__archive_free(&archive);
}

static void one_that_changes_while_it_is_read(void **state)
{
    lab *l = *state;
    uint8_t digest[MIG__DIGEST_SIZE];
    snprintf(l->path, sizeof l->path, "%s/mail.tar", l->directory);
    make_file(l->path, 0, NULL, 1, 3, "", digest);
    mig_error err = MIG_ERROR_INIT;
    mig__archive_options options = {.path = l->path};
    mig__archive *archive = mig__archive_open(&options, &err);
    assert_non_null(archive);
    damage(l->path, 512 + 512 + 3);
    char out[128];
    snprintf(out, sizeof out, "%s/out", l->directory);
    assert_int_equal(mkdir(out, 0700), 0);
    assert_int_equal(mig__archive_unpack(archive, out, &err), -1);
    assert_int_equal(err.code, MIG_E_DIFFERENT);
    mig__archive_free(&archive);
}

static void what_is_not_trusted(void **state)
{
    const lab *l = *state;
    uint8_t digest[MIG__DIGEST_SIZE];
    mig_error err = MIG_ERROR_INIT;
    mig__archive_options options = {.path = l->path};
    assert_null(mig__archive_open(&options, &err));
    assert_int_equal(err.code, MIG_E_IO);
    make_file(l->path, 0, NULL, 1, 3, "{\"type\":\"folder\"}\n", digest);
    assert_null(mig__archive_open(&options, &err));
    assert_int_equal(err.code, MIG_E_DIFFERENT);
    unlink(l->path);
    make_file(l->path, 3, NULL, 1, 3, "", digest); /* says that it is the fourth of a chain */
    assert_null(mig__archive_open(&options, &err));
    assert_int_equal(err.code, MIG_E_DIFFERENT);
    assert_int_equal(truncate(l->path, 100), 0);
    assert_null(mig__archive_open(&options, &err));
    assert_int_equal(err.code, MIG_E_DIFFERENT);
}

static void stopping(void **state)
{
    const lab *l = *state;
    make_chain(l);
    mig_stop stop = MIG_STOP_INIT;
    mig_stop_request(&stop);
    mig_error err = MIG_ERROR_INIT;
    mig__archive_options options = {.path = l->path, .stop = &stop};
    assert_null(mig__archive_open(&options, &err));
    assert_int_equal(err.code, MIG_E_INTERRUPTED);
}

static void nothing_appears_before_its_time(void **state)
{
    const lab *l = *state;
    mig_error err = MIG_ERROR_INIT;
    mig__out_options options = {.path = l->path};
    mig__out *out = mig__out_open(&options, &err);
    assert_non_null(out);
    assert_int_equal(mig__out_octets(out, "x", 0, "y", 1, &err), 0);
    assert_int_equal(access(l->path, F_OK), -1);
    mig__out *second = mig__out_open(&options, &err);
    assert_null(second);
    assert_int_equal(err.code, MIG_E_STATE_LOCKED);
    mig__out_abandon(&out);
    assert_null(out);
    char part[160];
    snprintf(part, sizeof part, "%s.part", l->path);
    assert_int_equal(access(part, F_OK), -1);
    options.path = "/nonexistent/mail.tar";
    assert_null(mig__out_open(&options, &err));
    assert_int_equal(err.code, MIG_E_IO);
}

static void names_of_files(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        mig__format format;
        const char *second; /* number 2 of its chain */
    } cases[] = {{"a.tar.zst", MIG__FORMAT_TAR_ZST, "a.2.tar.zst"},
                 {"d/a.TAR.GZ", MIG__FORMAT_TAR_GZ, "d/a.2.TAR.GZ"},
                 {"a.tgz", MIG__FORMAT_TAR_GZ, "a.2.tgz"},
                 {"a.tar.xz", MIG__FORMAT_TAR_XZ, "a.2.tar.xz"},
                 {"a.b.tar", MIG__FORMAT_TAR, "a.b.2.tar"},
                 {"a.zip", MIG__FORMAT_ZIP, "a.2.zip"},
                 {"a.rar", MIG__FORMAT_NONE, "a.rar.2"},
                 {".zip", MIG__FORMAT_NONE, ".zip.2"},
                 {"d/.tar", MIG__FORMAT_NONE, "d/.tar.2"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t stem;
        assert_int_equal(mig__format_of(cases[i].path, &stem), cases[i].format);
        char *second = mig__format_part(cases[i].path, 2);
        assert_string_equal(second, cases[i].second);
        free(second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_chain_is_one_mailbox, make_lab, clear_lab),
        cmocka_unit_test_setup_teardown(a_damaged_message_is_marked, make_lab, clear_lab),
        cmocka_unit_test_setup_teardown(one_that_changes_while_it_is_read, make_lab, clear_lab),
        cmocka_unit_test_setup_teardown(what_is_not_trusted, make_lab, clear_lab),
        cmocka_unit_test_setup_teardown(stopping, make_lab, clear_lab),
        cmocka_unit_test_setup_teardown(nothing_appears_before_its_time, make_lab, clear_lab),
        cmocka_unit_test(names_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
