/* store/contents.c - files known by their first octets */
#include "store/contents.h"
#include "archive/unpack.h"
#include "store/files.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD = 512 };

static const struct {
    mig__contents contents;
    size_t length;
    const char *octets, *words;
} known[] = {
    {MIG__CONTENTS_CLOSED, 9, "CRYPTED\x03\x07",
     "it is encrypted by Dovecot (mail_crypt): read it through that server"},
    {MIG__CONTENTS_CLOSED, 15, "Dovecot-LZ4\x0d\x2a\x9b\xc5",
     "it is compressed in Dovecot's own LZ4 format: read it through that server"},
    {MIG__CONTENTS_CLOSED, 4, "!BDN", "it is a mailbox of Outlook (PST): convert it with readpst"},
    {MIG__CONTENTS_CLOSED, 4, "\xcf\xad\x12\xfe", "it is a mailbox of Outlook Express (DBX): convert it with readdbx"},
    {MIG__CONTENTS_CLOSED, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
     "it is a message of Outlook (.msg) or a document of Office: convert it with msgconvert"},
    {MIG__CONTENTS_CLOSED, 13, "BABYL OPTIONS", "it is a mailbox of Emacs (Babyl): convert it with b2m"},
    {MIG__CONTENTS_CLOSED, 4, "PK\x03\x04", "it is a zip archive: unpack it and give what is in it"},
    {MIG__CONTENTS_CLOSED, 6, "7z\xbc\xaf\x27\x1c", "it is a 7z archive: unpack it and give what is in it"},
    {MIG__CONTENTS_CLOSED, 6, "Rar!\x1a\x07", "it is a RAR archive: unpack it and give what is in it"},
    {MIG__CONTENTS_CLOSED, 16, "SQLite format 3\0", "it is a database of SQLite"},
    {MIG__CONTENTS_CLOSED, 2, "\xff\xfe", "it is text in UTF-16: convert it to UTF-8"},
    {MIG__CONTENTS_CLOSED, 2, "\xfe\xff", "it is text in UTF-16: convert it to UTF-8"},
    {MIG__CONTENTS_FOREIGN, 5, "%PDF-", "it is a PDF document"},
    {MIG__CONTENTS_FOREIGN, 8, "\x89PNG\r\n\x1a\n", "it is a PNG picture"},
    {MIG__CONTENTS_FOREIGN, 3, "\xff\xd8\xff", "it is a JPEG picture"},
    {MIG__CONTENTS_FOREIGN, 4, "GIF8", "it is a GIF picture"},
    {MIG__CONTENTS_FOREIGN, 4,
     "\x7f"
     "ELF",
     "it is a program"},
    {MIG__CONTENTS_FOREIGN, 3, "#!/", "it is a script"},
    {MIG__CONTENTS_MBOX, 5, "From ", "it is an mbox: give it with mbox:"},
    {MIG__CONTENTS_MBOX, 5, "\1\1\1\1\n", "it is an MMDF mailbox: give it with mbox:"},
};

mig__contents mig__contents_of(const char *head, size_t length, const char **words)
{
    *words = NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (length >= known[i].length && memcmp(head, known[i].octets, known[i].length) == 0) {
            *words = known[i].words;
            return known[i].contents;
        }
    }
    if (mig__unpack_known(head, length)) {
        *words = "it is compressed";
        return MIG__CONTENTS_PACKED;
    }
    return MIG__CONTENTS_PLAIN;
}

static size_t read_head(int fd, char head[HEAD])
{
    ssize_t got = pread(fd, head, HEAD, 0);
    return got > 0 ? (size_t)got : 0;
}

mig__contents mig__contents_in(int fd, const char **words)
{
    char head[HEAD];
    return mig__contents_of(head, read_head(fd, head), words);
}

bool mig__contents_is(const mig__root *root, const char *path, mig__contents contents)
{
    const char *words;
    int fd = mig__root_regular(root, path, NULL);
    bool is = fd >= 0 && mig__contents_in(fd, &words) == contents;
    if (fd >= 0) {
        close(fd);
    }
    return is;
}

static int read_unpacked(int fd, uint64_t size, char head[HEAD], size_t *length, mig_error *err)
{
    int64_t got = 1;
    mig__unpack *unpack = mig__unpack_open(fd, 0, size, err);
    if (unpack == NULL) {
        return -1;
    }
    for (*length = 0; got > 0 && *length < HEAD;) {
        got = mig__unpack_read(unpack, head + *length, HEAD - *length, err);
        *length += got > 0 ? (size_t)got : 0;
    }
    mig__unpack_free(&unpack);
    return got < 0 ? -1 : 0;
}

int mig__contents_message(int fd, uint64_t size, bool *packed, mig_error *err)
{
    char head[HEAD];
    const char *words;
    size_t length = read_head(fd, head);
    mig__contents contents = mig__contents_of(head, length, &words);
    *packed = contents == MIG__CONTENTS_PACKED;
    if (*packed) {
        if (read_unpacked(fd, size, head, &length, err) != 0) {
            return -1;
        }
        contents = mig__contents_of(head, length, &words);
    }
    return contents == MIG__CONTENTS_PLAIN || contents == MIG__CONTENTS_MBOX
               ? 0
               : mig_error_set(err, MIG_E_IO, "%s", words);
}

bool mig__contents_mail(const char *head, size_t length)
{
    if (length >= 5 && memcmp(head, "From ", 5) == 0) {
        return true;
    }
    for (size_t i = 0; i < length; i++) { /* RFC 5322 section 3.6.8 */
        if (head[i] == ':') {
            return i > 0;
        }
        if (head[i] < '!' || head[i] > '~') {
            return false;
        }
    }
    return false;
}

bool mig__contents_maildir(const mig__root *root, const char *directory)
{
    char *cur = mig__files_join(directory, "cur"), *new = mig__files_join(directory, "new");
    bool is = cur != NULL && new != NULL &&mig__root_kind(root, cur, NULL) ==
                                 MIG__FILE_DIRECTORY &&mig__root_kind(root, new, NULL) == MIG__FILE_DIRECTORY;
    free(cur);
    free(new);
    return is;
}

void mig__contents_why(const mig__root *root, const char *path, const char *wanted, char *out, size_t size)
{
    const char *words = NULL;
    char head[HEAD];
    int fd = mig__root_regular(root, path, NULL);
    size_t length = fd >= 0 ? read_head(fd, head) : 0;
    mig__contents contents = mig__contents_of(head, length, &words);
    bool mail = contents == MIG__CONTENTS_PLAIN && mig__contents_mail(head, length);
    if (fd >= 0) {
        close(fd);
    }
    if (contents == MIG__CONTENTS_MBOX && memchr(head, '\n', length) == NULL && memchr(head, '\r', length) != NULL) {
        snprintf(out, size, "its lines end in CR alone, as on old Macintoshes: convert them to LF");
    } else if (contents == MIG__CONTENTS_MBOX) {
        snprintf(out, size, "%s%s", words, path);
    } else if (contents == MIG__CONTENTS_PACKED) {
        snprintf(out, size, "it is compressed, and what is in it is no %s", wanted);
    } else if (words != NULL) {
        snprintf(out, size, "%s", words);
    } else if (mail) {
        snprintf(out, size, "it may be a message, but its name or its place is not one of a message");
    } else {
        snprintf(out, size, "it is no %s", wanted);
    }
}
