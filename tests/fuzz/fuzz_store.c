/*
 * fuzz_store.c - mbox files, their labels and dates, and the octets of their messages
 *
 * What must hold: whole input and small pieces find the same messages; these lie in the file one behind the other, each
 * behind a From_ line or a mark of MMDF; flags are flags; labels are not empty; what is read has the size that was
 * told, and no lone LF.
 */
#include "base/buffer.h"
#include "fuzz.h"
#include "imap/command.h"
#include "store/takeout.h"
#include "store/mbox_scan.h"
#include "store/stretch.h"
#include <stdio.h>
#include <unistd.h>

typedef struct found {
    const fuzz_input *in;
    mig__buffer text; /* all that was found, to be compared */
    uint64_t end;
    FILE *file; /* NULL: octets are not looked at */
} found;

static int take_label(const char *label, void *context, mig_error *err)
{
    mig_role role = MIG_ROLE_COUNT;
    (void)context;
    (void)err;
    INSIST(label[0] != '\0');
    (void)mig__takeout_kind(label, &role);
    INSIST(role < MIG_ROLE_COUNT);
    return 0;
}

static void check_flags(const char *flags)
{
    char flag[256];
    while (*flags != '\0') {
        size_t length = strcspn(flags, " ");
        if (length < sizeof flag) {
            memcpy(flag, flags, length);
            flag[length] = '\0';
            INSIST(mig__flag_valid(flag));
        }
        flags += length;
        flags += *flags == ' ';
    }
}

static int add(const char *octets, size_t length, void *context)
{
    mig__buffer_add(context, octets, length);
    return 0;
}

static void check_octets(const found *f, const mig__mbox_message *message)
{
    mig_error err = MIG_ERROR_INIT;
    mig__buffer out = MIG__BUFFER_INIT;
    uint64_t size = 0;
    mig__stretch stretch = {
        .fd = fileno(f->file), .from = message->from, .length = message->length, .crlf = true, .unquote = true};
    INSIST(mig__stretch_read(&stretch, add, &out, &err) == 0);
    INSIST(mig__stretch_size(&stretch, &size, &err) == 0);
    INSIST(size == out.length);
    for (size_t i = 0; i < out.length; i++) {
        INSIST(out.data[i] != '\n' || (i > 0 && out.data[i - 1] == '\r'));
    }
    stretch.header = true;
    mig__buffer header = MIG__BUFFER_INIT;
    INSIST(mig__stretch_read(&stretch, add, &header, &err) == 0);
    INSIST(header.length <= out.length && (header.length == 0 || memcmp(header.data, out.data, header.length) == 0));
    mig__buffer_free(&header);
    mig__buffer_free(&out);
}

static int take(const mig__mbox_message *message, void *context, mig_error *err)
{
    found *f = context;
    INSIST(message->from >= f->end + message->skip);
    INSIST(message->from + message->length <= f->in->size);
    const uint8_t *front = f->in->data + message->from - message->skip;
    INSIST(message->skip == 0 || memcmp(front, "From ", 5) == 0 || memcmp(front, "\1\1\1\1\n", 5) == 0);
    f->end = message->from + message->length;
    check_flags(message->flags);
    mig__buffer_addf(&f->text, "%llu %llu %u %d %lld %d [%s] [%s]\n", (unsigned long long)message->from,
                     (unsigned long long)message->length, message->skip, message->has_date,
                     message->has_date ? (long long)message->date : 0, message->internal, message->flags,
                     message->labels != NULL ? message->labels : "");
    mig__buffer_add(&f->text, message->key.octets, sizeof message->key.octets);
    if (message->labels != NULL) {
        INSIST(mig__takeout_each(message->labels, take_label, NULL, err) == 0);
    }
    if (f->file != NULL) {
        check_octets(f, message);
    }
    return 0;
}

static size_t look_at(uint64_t offset, char *out, size_t size, void *context)
{
    const found *f = context;
    size_t left = offset < f->in->size ? f->in->size - (size_t)offset : 0, length = left < size ? left : size;
    memcpy(out, f->in->data + (length > 0 ? offset : 0), length);
    return length;
}

static void scan(const fuzz_input *in, size_t piece, found *f)
{
    mig_error err = MIG_ERROR_INIT;
    uint64_t undated, doubtful;
    *f = (found){.in = in, .file = f->file};
    mig__mbox_scan *s = mig__mbox_scan_new(take, look_at, f, &err);
    INSIST(s != NULL);
    for (size_t at = 0; at < in->size; at += piece) {
        size_t length = in->size - at < piece ? in->size - at : piece;
        INSIST(mig__mbox_scan_add(s, (const char *)in->data + at, length, &err) == 0);
    }
    INSIST(mig__mbox_scan_end(s, &err) == 0);
    mig__mbox_scan_undated(s, &undated, &doubtful);
    INSIST(undated <= in->size && doubtful <= in->size);
    INSIST(mig__mbox_scan_fits(s) || f->text.length == 0);
    mig__mbox_scan_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const fuzz_input in = {data, size};
    found whole = {.file = tmpfile()}, pieces = {.file = NULL};
    INSIST(whole.file != NULL && fwrite(data, 1, size, whole.file) == size && fflush(whole.file) == 0);
    scan(&in, size + 1, &whole);
    scan(&in, 1 + size % 7, &pieces);
    INSIST(whole.text.length == pieces.text.length);
    INSIST(whole.text.length == 0 || memcmp(whole.text.data, pieces.text.data, whole.text.length) == 0);
    mig__buffer_free(&whole.text);
    mig__buffer_free(&pieces.text);
    fclose(whole.file);
    return 0;
}
