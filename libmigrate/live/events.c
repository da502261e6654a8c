/*
 * live/events.c - server-sent events: that something has changed, and that the run has ended
 *
 * A stream sleeps (MHD_suspend_connection) until the watch wakes it; whether there is something to tell is looked at
 * under the lock under which it is put to sleep, so that no change is missed.
 */
#include "live/server.h"
#include <stdio.h>
#include <stdlib.h>

static ssize_t write_text(char *out, size_t size, const char *text)
{
    const int length = snprintf(out, size, "%s", text);
    return length < 0 || (size_t)length >= size ? 0 : length;
}

/* What there is to tell; 0: nothing. With the lock held. */
static ssize_t next_event(mig__stream *stream, char *out, size_t size)
{
    mig_live *live = stream->live;
    char text[64];
    if (stream->seen == UINT64_MAX) {
        stream->seen = 0;
        return write_text(out, size, "retry: 2000\n\n");
    }
    if (stream->ended || atomic_load(&live->closing)) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (live->finished) {
        stream->ended = true;
        return write_text(out, size, "event: end\ndata: end\n\n");
    }
    if (stream->seen != live->version) {
        stream->seen = live->version;
        snprintf(text, sizeof text, "data: %llu\n\n", (unsigned long long)live->version);
        return write_text(out, size, text);
    }
    if (stream->beat) {
        stream->beat = false;
        return write_text(out, size, ": still here\n\n");
    }
    return 0;
}

static ssize_t read_stream(void *context, uint64_t position, char *out, size_t size)
{
    mig__stream *stream = context;
    (void)position;
    pthread_mutex_lock(&stream->live->lock);
    const ssize_t length = next_event(stream, out, size);
    if (length == 0) {
        stream->asleep = true;
        MHD_suspend_connection(stream->connection);
    }
    pthread_mutex_unlock(&stream->live->lock);
    return length;
}

static void free_stream(void *context)
{
    mig__stream *stream = context;
    mig_live *live = stream->live;
    pthread_mutex_lock(&live->lock);
    for (mig__stream **at = &live->streams; *at != NULL; at = &(*at)->next) {
        if (*at == stream) {
            *at = stream->next;
            break;
        }
    }
    pthread_mutex_unlock(&live->lock);
    free(stream);
}

struct MHD_Response *mig__live_events(mig_live *live, struct MHD_Connection *connection)
{
    mig__stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return NULL;
    }
    *stream = (mig__stream){.live = live, .connection = connection, .seen = UINT64_MAX};
    pthread_mutex_lock(&live->lock);
    stream->next = live->streams;
    live->streams = stream;
    pthread_mutex_unlock(&live->lock);
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 512, read_stream, stream, free_stream);
    if (response == NULL) {
        free_stream(stream);
    }
    return response;
}

void mig__live_tell(mig_live *live, bool beat)
{
    pthread_mutex_lock(&live->lock);
    for (mig__stream *stream = live->streams; stream != NULL; stream = stream->next) {
        stream->beat = stream->beat || beat;
        if (stream->asleep) {
            stream->asleep = false;
            MHD_resume_connection(stream->connection);
        }
    }
    pthread_mutex_unlock(&live->lock);
}

size_t mig__live_untold(mig_live *live)
{
    size_t count = 0;
    pthread_mutex_lock(&live->lock);
    for (const mig__stream *stream = live->streams; stream != NULL; stream = stream->next) {
        count += !stream->ended;
    }
    pthread_mutex_unlock(&live->lock);
    return count;
}
