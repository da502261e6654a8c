/* net/deflate.c - two zlib streams without headers */
#include "net/deflate.h"
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define WINDOW (-15) /* RFC 4978 section 3: no zlib header or checksum */
#define LEVEL  3     /* mail is text and base64: higher levels cost more time than they save octets */
#define MEMORY 8     /* zlib's default */

struct mig__deflate {
    z_stream packer;
    z_stream expander;
};

mig__deflate *mig__deflate_new(mig_error *err)
{
    mig__deflate *layer = calloc(1, sizeof *layer);

    if (layer != NULL && deflateInit2(&layer->packer, LEVEL, Z_DEFLATED, WINDOW, MEMORY, Z_DEFAULT_STRATEGY) == Z_OK) {
        if (inflateInit2(&layer->expander, WINDOW) == Z_OK) {
            return layer;
        }
        deflateEnd(&layer->packer);
    }
    free(layer);
    mig_error_set(err, MIG_E_NOMEM, "out of memory while starting compression");
    return NULL;
}

void mig__deflate_free(mig__deflate **layer)
{
    if (*layer == NULL) {
        return;
    }
    deflateEnd(&(*layer)->packer);
    inflateEnd(&(*layer)->expander);
    free(*layer);
    *layer = NULL;
}

static uInt bounded(size_t length)
{
    return length < UINT_MAX ? (uInt)length : UINT_MAX;
}

/* zlib never writes to its input, but its type says so where ZLIB_CONST is not set. */
static void set(z_stream *stream, const char *data, size_t length, char *out, size_t size)
{
    stream->next_in = (Bytef *)(uintptr_t)data;
    stream->avail_in = bounded(length);
    stream->next_out = (Bytef *)out;
    stream->avail_out = bounded(size);
}

static size_t moved(const z_stream *stream, const char **data, size_t *length, const char *out)
{
    size_t used = *data != NULL ? (size_t)((const char *)stream->next_in - *data) : 0;

    if (used) {
        *data += used;
    }
    *length -= used;
    return (size_t)((char *)stream->next_out - out);
}

size_t mig__deflate_pack(mig__deflate *layer, const char **data, size_t *length, bool flush, char *out, size_t size)
{
    set(&layer->packer, *data, *length, out, size);
    (void)deflate(&layer->packer, flush ? Z_SYNC_FLUSH : Z_NO_FLUSH); /* fails only on misuse */
    return moved(&layer->packer, data, length, out);
}

int64_t mig__deflate_expand(mig__deflate *layer, const char **data, size_t *length, char *out, size_t size,
                            mig_error *err)
{
    int64_t got;
    int status;

    set(&layer->expander, *data, *length, out, size);
    status = inflate(&layer->expander, Z_SYNC_FLUSH);
    got = (int64_t)moved(&layer->expander, data, length, out);
    if (got || status == Z_OK || status == Z_BUF_ERROR) {
        return got;
    }
    if (status == Z_MEM_ERROR) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory while decompressing");
    }
    return mig_error_set(err, MIG_E_PROTOCOL, "the compressed data of the server %s",
                         status == Z_STREAM_END ? "have an end" : "are damaged");
}
