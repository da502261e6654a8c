/*
 * archive/unpack.c - one compressed file, layer by layer
 *
 * gzip is done with zlib, because libarchive does not look at its checksum; the others are libarchive's.
 */
#include "archive/unpack.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum {
    LAYERS_MOST = 3,
    PIECE = 16 * 1024,
    WAYS_GZIP = 15 + 16, /* zlib's: the largest window, and a gzip header */
    RATIO_MOST = 1000,   /* octets out of one octet of the file, beyond the first ones */
    WINDOW_MOST = 26,    /* as a power of two: 64 MiB, what xz -9 asks for, of which it touches what comes out */
};

static const uint64_t expands_anyway = (uint64_t)64 << 20;

typedef enum way { WAY_NONE, WAY_GZIP, WAY_OTHER } way;

typedef struct layer {
    way way;
    mig__unpack *whole;
    size_t number; /* in whole->layers */
    z_stream z;
    bool begun, ended; /* of a gzip member */
    struct archive *archive;
    bool over;
    char in[PIECE];
    char head[MIG__UNPACK_HEAD]; /* of what comes out, looked at before it is given */
    size_t head_from, head_to;
    mig_error failure; /* of the layer below, through libarchive */
} layer;

struct mig__unpack {
    int fd;
    uint64_t at, end, size; /* of the file */
    uint64_t given;
    layer *layers[LAYERS_MOST];
    size_t count;
};

static int damaged(const char *why, mig_error *err)
{
    return mig_error_set(err, MIG_E_DIFFERENT, "it is compressed and damaged: %s", why);
}

static way way_of(const void *head, size_t length)
{
    static const struct {
        way way;
        size_t length;
        char octets[8];
    } all[] = {
        {WAY_GZIP, 3, "\x1f\x8b\x08"},
        {WAY_OTHER, 6,
         "\xfd"
         "7zXZ\0"},
        {WAY_OTHER, 4, "\x28\xb5\x2f\xfd"},
        {WAY_OTHER, 2, "\x1f\x9d"},
        {WAY_OTHER, 4, "\x04\x22\x4d\x18"},
        {WAY_OTHER, 5, "LZIP\1"},
    };
    const char *text = head;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (length >= all[i].length && memcmp(head, all[i].octets, all[i].length) == 0) {
            return all[i].way;
        }
    }
    /* bzip2: "BZh", a digit, and pi or, for nothing, its square root */
    bool bzip2 = length >= 10 && memcmp(text, "BZh", 3) == 0 && text[3] >= '1' && text[3] <= '9' &&
                 (memcmp(text + 4, "1AY&SY", 6) == 0 || memcmp(text + 4, "\x17rE8P\x90", 6) == 0);
    return bzip2 ? WAY_OTHER : WAY_NONE;
}

bool mig__unpack_known(const void *head, size_t length)
{
    return way_of(head, length) != WAY_NONE;
}

/* A number of xz's: seven bits an octet, the low ones first. Past the end it is 0. */
static uint64_t number_at(const unsigned char *head, size_t length, size_t *at)
{
    uint64_t value = 0;
    for (unsigned shift = 0; *at < length && shift < 63; shift += 7) {
        unsigned char octet = head[(*at)++];
        value |= (uint64_t)(octet & 0x7f) << shift;
        if ((octet & 0x80) == 0) {
            return value;
        }
    }
    return 0;
}

/* The dictionary of the first block of an xz file (https://tukaani.org/xz/xz-file-format.txt, sections 3.1 and 5.3.1).
 */
static unsigned xz_window(const unsigned char *head, size_t length)
{
    enum { STREAM_HEADER = 12, LZMA2 = 0x21 };
    size_t at = STREAM_HEADER + 2;
    if (length <= at || head[STREAM_HEADER] == 0) {
        return 0; /* an index, and no block */
    }
    unsigned flags = head[STREAM_HEADER + 1];
    for (unsigned sizes = (flags >> 6 & 1) + (flags >> 7 & 1); sizes > 0; sizes--) {
        (void)number_at(head, length, &at);
    }
    for (unsigned filters = (flags & 3) + 1; filters > 0 && at < length; filters--) {
        uint64_t id = number_at(head, length, &at), octets = number_at(head, length, &at);
        if (id == LZMA2 && octets == 1 && at < length) {
            return (head[at] & 0x3fu) / 2 + 12;
        }
        at = octets < length - at ? at + (size_t)octets : length;
    }
    return 0;
}

/* How much of its output unpacking has to remember, as a power of two, rounded down; 0: the head does not tell. */
static unsigned window_of(const unsigned char *head, size_t length)
{
    if (length >= 6 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0) {
        return (head[4] & 0x20) != 0 ? 0 : 10 + (head[5] >> 3); /* RFC 8878 section 3.1.1.1.2 */
    }
    if (length >= 6 && memcmp(head,
                              "\xfd"
                              "7zXZ\0",
                              6) == 0) {
        return xz_window(head, length);
    }
    return 0;
}

static int64_t read_file(mig__unpack *unpack, void *out, size_t room, mig_error *err)
{
    uint64_t left = unpack->end - unpack->at;
    ssize_t got;
    do {
        got = pread(unpack->fd, out, left < room ? (size_t)left : room, (off_t)unpack->at);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "reading a compressed file");
    }
    unpack->at += (uint64_t)got;
    return got;
}

static int64_t read_layer(mig__unpack *unpack, size_t number, void *out, size_t room, mig_error *err);

/* What lies below layer `number`. */
static int64_t read_below(mig__unpack *unpack, size_t number, void *out, size_t room, mig_error *err)
{
    return number == 0 ? read_file(unpack, out, room, err) : read_layer(unpack, number - 1, out, room, err);
}

/* ---- gzip: one member behind the other (RFC 1952 section 2.2) ---- */

static int64_t read_gzip(layer *l, void *out, size_t room, mig_error *err)
{
    l->z.next_out = out;
    l->z.avail_out = (uInt)room;
    while (l->z.avail_out == room && !l->over) {
        if (l->z.avail_in == 0) {
            int64_t got = read_below(l->whole, l->number, l->in, sizeof l->in, err);
            if (got < 0) {
                return -1;
            }
            l->z.next_in = (Bytef *)l->in;
            l->z.avail_in = (uInt)got;
        }
        if (l->z.avail_in == 0) {
            l->over = true;
            return l->ended ? 0 : damaged("it ends too early", err);
        }
        if (l->ended) {
            if (*l->z.next_in == '\0' ||
                inflateReset2(&l->z, WAYS_GZIP) != Z_OK) { /* filled up with zeros, as by tapes */
                l->over = true;
                return 0;
            }
            l->ended = false;
        }
        int rc = inflate(&l->z, Z_NO_FLUSH);
        if (rc == Z_MEM_ERROR) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
            return damaged(l->z.msg != NULL ? l->z.msg : "its octets are no gzip", err);
        }
        l->ended = rc == Z_STREAM_END;
    }
    return (int64_t)(room - l->z.avail_out);
}

/* ---- the others ---- */

static la_ssize_t give_piece(struct archive *archive, void *context, const void **octets)
{
    layer *l = context;
    int64_t got = read_below(l->whole, l->number, l->in, sizeof l->in, &l->failure);
    *octets = l->in;
    if (got < 0) {
        archive_set_error(archive, EIO, "%s", l->failure.text);
    }
    return (la_ssize_t)got;
}

static int complain(layer *l, mig_error *err)
{
    const char *words = archive_error_string(l->archive);
    if (l->failure.code != MIG_OK) {
        *err = l->failure;
        return -1;
    }
    return archive_errno(l->archive) == ENOMEM ? mig_error_set(err, MIG_E_NOMEM, "out of memory")
                                               : damaged(words != NULL ? words : "unknown error", err);
}

static int open_other(layer *l, mig_error *err)
{
    struct archive_entry *entry;
    struct archive *a = l->archive = archive_read_new();
    if (a == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (archive_read_support_filter_bzip2(a) != ARCHIVE_OK || archive_read_support_filter_xz(a) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(a) != ARCHIVE_OK || archive_read_support_filter_compress(a) != ARCHIVE_OK ||
        archive_read_support_filter_lz4(a) != ARCHIVE_OK || archive_read_support_filter_lzip(a) != ARCHIVE_OK ||
        archive_read_support_format_raw(a) != ARCHIVE_OK || archive_read_support_format_empty(a) != ARCHIVE_OK ||
        archive_read_open(a, l, NULL, give_piece, NULL) != ARCHIVE_OK) {
        return complain(l, err);
    }
    int rc = archive_read_next_header(a, &entry);
    l->over = rc == ARCHIVE_EOF;
    return rc == ARCHIVE_OK || rc == ARCHIVE_EOF ? 0 : complain(l, err);
}

static int64_t read_other(layer *l, void *out, size_t room, mig_error *err)
{
    if (l->over) {
        return 0;
    }
    la_ssize_t got = archive_read_data(l->archive, out, room);
    l->over = got == 0;
    return got < 0 ? complain(l, err) : (int64_t)got;
}

/* ---- layers ---- */

static int64_t read_layer(mig__unpack *unpack, size_t number, void *out, size_t room, mig_error *err)
{
    layer *l = unpack->layers[number];
    if (l->head_from < l->head_to) {
        size_t some = l->head_to - l->head_from < room ? l->head_to - l->head_from : room;
        memcpy(out, l->head + l->head_from, some);
        l->head_from += some;
        return (int64_t)some;
    }
    return l->way == WAY_GZIP ? read_gzip(l, out, room, err) : read_other(l, out, room, err);
}

static int add_layer(mig__unpack *unpack, way how, mig_error *err)
{
    if (unpack->count == LAYERS_MOST) {
        return mig_error_set(err, MIG_E_REFUSED, "it is compressed more than %d times", LAYERS_MOST);
    }
    layer *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    l->way = how;
    l->whole = unpack;
    l->number = unpack->count;
    unpack->layers[unpack->count++] = l;
    if (how == WAY_OTHER) {
        return open_other(l, err);
    }
    l->begun = inflateInit2(&l->z, WAYS_GZIP) == Z_OK;
    return l->begun ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* The first octets that come out of the last layer: they tell whether there is another one. */
static int look_ahead(mig__unpack *unpack, mig_error *err)
{
    layer *l = unpack->layers[unpack->count - 1];
    size_t filled = 0;
    int64_t got = 1;
    while (got > 0 && filled < sizeof l->head) {
        got = l->way == WAY_GZIP ? read_gzip(l, l->head + filled, sizeof l->head - filled, err)
                                 : read_other(l, l->head + filled, sizeof l->head - filled, err);
        filled += got > 0 ? (size_t)got : 0;
    }
    l->head_to = filled;
    return got < 0 ? -1 : 0;
}

static int open_layers(mig__unpack *unpack, mig_error *err)
{
    unsigned char head[MIG__UNPACK_HEAD];
    uint64_t from = unpack->at;
    int64_t got = read_file(unpack, head, sizeof head, err);
    unpack->at = from;
    if (got < 0) {
        return -1;
    }
    const void *at = head;
    size_t length = (size_t)got;
    for (way how; (how = way_of(at, length)) != WAY_NONE;) {
        if (window_of(at, length) > WINDOW_MOST) {
            return mig_error_set(err, MIG_E_REFUSED, "it is compressed, and unpacking it would take too much memory");
        }
        if (add_layer(unpack, how, err) != 0 || look_ahead(unpack, err) != 0) {
            return -1;
        }
        at = unpack->layers[unpack->count - 1]->head;
        length = unpack->layers[unpack->count - 1]->head_to;
    }
    return 0;
}

mig__unpack *mig__unpack_open(int fd, uint64_t from, uint64_t length, mig_error *err)
{
    mig__unpack *unpack = calloc(1, sizeof *unpack);
    if (unpack == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    unpack->fd = fd;
    unpack->at = from;
    unpack->end = from + length;
    unpack->size = length;
    if (open_layers(unpack, err) != 0) {
        mig__unpack_free(&unpack);
    }
    return unpack;
}

int64_t mig__unpack_read(mig__unpack *unpack, void *out, size_t room, mig_error *err)
{
    int64_t got =
        unpack->count == 0 ? read_file(unpack, out, room, err) : read_layer(unpack, unpack->count - 1, out, room, err);
    unpack->given += got > 0 ? (uint64_t)got : 0;
    if (unpack->given > expands_anyway + unpack->size * RATIO_MOST) {
        return mig_error_set(err, MIG_E_REFUSED, "it expands beyond all measure");
    }
    return got;
}

void mig__unpack_free(mig__unpack **unpack)
{
    mig__unpack *old = *unpack;
    if (old == NULL) {
        return;
    }
    for (size_t i = old->count; i-- > 0;) { /* from above: libarchive reads ahead until it is closed */
        layer *l = old->layers[i];
        if (l->archive != NULL) {
            archive_read_free(l->archive);
        }
        if (l->begun) {
            inflateEnd(&l->z);
        }
        free(l);
    }
    free(old);
    *unpack = NULL;
}
