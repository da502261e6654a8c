/* verify/look.c - one session a side, and what it takes to look at a message twice */
#include "verify/look.h"
#include "base/spool.h"
#include "mail/header.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    IN_MEMORY = 4 << 20,   /* octets; a larger message goes to a file */
    HEADER_MOST = 64 << 10 /* octets of a header that are looked at */
};

static mig__session *session_of(mig__look *look, const mig__verify_job *job, mig_side side)
{
    mig_error error;
    if (look->broken[side]) {
        return NULL;
    }
    if (look->sessions[side] == NULL) {
        look->sessions[side] = mig__gate_open(&look->run->sides[side].gate, MIG__PATIENCE_AGAIN, &error);
        look->opened[side] = NULL;
    }
    if (look->sessions[side] != NULL && look->opened[side] != job) {
        mig__selected selected = {0};
        int outcome =
            mig__verify_open(look->sessions[side], side == MIG_SOURCE ? job->source : job->target, &selected, &error);
        mig__selected_free(&selected);
        look->opened[side] = outcome == 0 ? job : NULL;
        if (outcome > 0) {
            return NULL;
        }
        if (outcome < 0) {
            mig__gate_close(&look->run->sides[side].gate, &look->sessions[side]);
        }
    }
    look->broken[side] = look->sessions[side] == NULL;
    return look->sessions[side];
}

/* Wait for a FETCH; a session that failed is given up. */
static bool wait_for(mig__look *look, mig_side side, mig__command *command)
{
    mig_error error;
    bool ok = mig__command_outcome(look->sessions[side], command, &error) >= 0;
    if (!ok) {
        mig__gate_close(&look->run->sides[side].gate, &look->sessions[side]);
    }
    return ok;
}

/* ---- octets ---- */

/* A file beside the state, as the copy has them; without a state where the system keeps such files. */
static int open_spool(const char *state_path, mig_error *err)
{
    const char *slash = state_path != NULL ? strrchr(state_path, '/') : NULL;
    char *directory = slash != NULL        ? strndup(state_path, (size_t)(slash - state_path))
                      : state_path != NULL ? strdup(".")
                                           : strdup(P_tmpdir);
    if (directory == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int fd = mig__spool_file(directory);
    if (fd < 0) {
        mig_error_errno(err, MIG_E_IO, errno, "cannot make a temporary file in %s", directory);
    }
    free(directory);
    return fd;
}

static int octets_begin(uint64_t size, void *context, mig_error *err)
{
    mig__look_octets *octets = context;
    const char *state_path = octets->state_path;
    mig__look_octets_free(octets);
    octets->state_path = state_path;
    octets->length = size;
    if (size <= IN_MEMORY) {
        octets->memory = malloc(size > 0 ? (size_t)size : 1);
        return octets->memory != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    octets->fd = open_spool(state_path, err);
    return octets->fd < 0 ? -1 : 0;
}

static int octets_data(const char *data, size_t length, void *context, mig_error *err)
{
    mig__look_octets *octets = context;
    if (length > octets->length - octets->filled) {
        return mig_error_set(err, MIG_E_PROTOCOL, "a message is longer than the server said");
    }
    if (octets->memory != NULL) {
        memcpy(octets->memory + octets->filled, data, length);
    } else if (mig__spool_put(octets->fd, data, length) != 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "cannot write the temporary file of a large message");
    }
    octets->filled += length;
    return 0;
}

int mig__look_at(mig__look *look, const mig__verify_job *job, mig_side side, uint32_t uid, mig__look_octets *out)
{
    mig_error error;
    *out = (mig__look_octets){.fd = -1, .state_path = look->run->state != NULL ? look->run->options->state_path : NULL};
    mig__session *session = session_of(look, job, side);
    mig__uidset one = MIG__UIDSET_INIT;
    if (session == NULL || mig__uidset_add(&one, uid, uid, &error) != 0) {
        return 0;
    }
    mig__body_sink sink = {octets_begin, octets_data, out};
    mig__session_set_sink(session, &sink);
    bool ok = wait_for(look, side, mig__fetch(session, &one, MIG__FETCH_BODY, 0, NULL, NULL, &error));
    mig__uidset_free(&one);
    if (look->sessions[side] != NULL) {
        mig__session_set_sink(session, NULL);
    }
    bool whole = ok && (out->memory != NULL || out->fd >= 0) && out->filled == out->length;
    if (!whole) {
        mig__look_octets_free(out);
    }
    return whole;
}

mig__octets mig__look_view(const mig__look_octets *octets)
{
    return (mig__octets){.memory = octets->memory, .fd = octets->fd, .length = octets->length};
}

void mig__look_octets_free(mig__look_octets *octets)
{
    free(octets->memory);
    if (octets->fd >= 0) {
        close(octets->fd);
    }
    *octets = (mig__look_octets){.fd = -1};
}

/* ---- names ---- */

typedef struct naming {
    mig__buffer header;
    mig__look_name *each;
    void *context;
} naming;

static int header_begin(uint64_t size, void *context, mig_error *err)
{
    naming *n = context;
    (void)size;
    (void)err;
    mig__buffer_clear(&n->header);
    return 0;
}

static int header_data(const char *data, size_t length, void *context, mig_error *err)
{
    naming *n = context;
    size_t room = n->header.length < HEADER_MOST ? HEADER_MOST - n->header.length : 0;
    mig__buffer_add(&n->header, data, length < room ? length : room);
    return mig__buffer_ok(&n->header, err);
}

static int on_header(const mig__response *response, void *context, mig_error *err)
{
    naming *n = context;
    mig__summary summary;
    if (response->kind != MIG__RESPONSE_FETCH || !response->fetch.has_header || response->fetch.uid == 0) {
        return 0;
    }
    const char *octets = n->header.data != NULL ? n->header.data : "";
    if (mig__summarize(octets, n->header.length, &summary, err) != 0) {
        return -1;
    }
    n->each(response->fetch.uid, summary.message_id, summary.subject, n->context);
    return 0;
}

void mig__look_names(mig__look *look, const mig__verify_job *job, mig_side side, const mig__uidset *uids,
                     mig__look_name *each, void *context)
{
    mig_error error;
    naming n = {.header = MIG__BUFFER_INIT, .each = each, .context = context};
    mig__session *session = uids->count > 0 ? session_of(look, job, side) : NULL;
    if (session == NULL) {
        return;
    }
    mig__body_sink sink = {header_begin, header_data, &n};
    mig__session_set_sink(session, &sink);
    wait_for(look, side, mig__fetch(session, uids, MIG__FETCH_HEADER, 0, on_header, &n, &error));
    if (look->sessions[side] != NULL) {
        mig__session_set_sink(session, NULL);
    }
    mig__buffer_free(&n.header);
}

void mig__look_close(mig__look *look)
{
    mig__gate_close(&look->run->sides[MIG_SOURCE].gate, &look->sessions[MIG_SOURCE]);
    mig__gate_close(&look->run->sides[MIG_TARGET].gate, &look->sessions[MIG_TARGET]);
}
