/*
 * fuzz_archive.c - an archive that anyone may have made
 *
 * The first octet says what the others are: a whole file, or the lines of a manifest. What must hold: whatever they
 * are, the walk ends; every message of the index has a line that reads back; nothing is unpacked outside of the
 * directory, which the names that are let through see to.
 */
#include "archive/archive.h"
#include "archive/manifest.h"
#include "archive/names.h"
#include "fuzz.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void check_safe(const char *path)
{
    const char *why;
    INSIST(mig__safe_kind(path, &why) == MIG__MEMBER_MESSAGE);
    INSIST(strncmp(path, "Maildir/", 8) == 0 && strstr(path, "/../") == NULL);
}

static void read_file(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/mmf-archive-XXXXXX";
    int fd = mkstemp(path);
    INSIST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    mig_error err;
    mig__archive_options options = {.path = path};
    mig__archive *archive = mig__archive_open(&options, &err);
    for (size_t i = 0; archive != NULL && i < mig__archive_folder_count(archive); i++) {
        const mig__archive_folder *folder = mig__archive_folder_at(archive, i);
        for (uint64_t k = 0; k < folder->messages; k++) {
            mig__archive_message message;
            INSIST(mig__archive_message_at(archive, i, k, &message, &err) == 0);
            check_safe(message.path);
        }
    }
    mig__archive_free(&archive);
    close(fd);
    unlink(path);
}

static void read_lines(const uint8_t *data, size_t size)
{
    mig__buffer text = MIG__BUFFER_INIT;
    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end != NULL ? (size_t)(end - data) : size;
        mig__line line, back;
        if (mig__line_read((const char *)data, length, &line, NULL) == 0) {
            mig__buffer_clear(&text);
            INSIST(mig__line_write(&line, &text, NULL) == 0);
            INSIST(mig__line_read(text.data, text.length - 1, &back, NULL) == 0 && back.kind == line.kind);
            mig__line_free(&back);
            free(line.kind == MIG__LINE_FOLDER || line.kind == MIG__LINE_VANISHED ? mig__line_wire(&line) : NULL);
        }
        mig__line_free(&line);
        size -= length + (end != NULL);
        data += length + (end != NULL);
    }
    mig__buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if (data[0] == 'm') {
        read_lines(data + 1, size - 1);
    } else {
        read_file(data + 1, size - 1);
    }
    return 0;
}
