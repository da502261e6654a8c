/* sieve/records.c - what was put: "filter-put" events, whose text is two digests and two names with %XX */
#include "sieve/records.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

static const char verb[] = "filters", kind[] = "filter-put";

bool mig__sieve_record_write(const mig__sieve_record *record, mig__buffer *out)
{
    mig__buffer_addf(out, "%s %s ", record->source_digest, record->put_digest);
    mig__buffer_add_percent(out, record->source);
    mig__buffer_add_char(out, ' ');
    mig__buffer_add_percent(out, record->target);
    return !out->failed;
}

static bool take_digest(const char **at, char out[MIG__HEX_SIZE])
{
    const size_t length = MIG__HEX_SIZE - 1;
    if (strspn(*at, "0123456789abcdef") != length || (*at)[length] != ' ') {
        return false;
    }
    memcpy(out, *at, length);
    out[length] = '\0';
    *at += length + 1;
    return true;
}

static int digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

/* A name up to a blank or the end. malloc'd, or NULL. */
static char *take_name(const char **at)
{
    const size_t length = strcspn(*at, " ");
    char *name = malloc(length + 1), *to = name;
    const char *end = *at + length;
    while (name != NULL && *at < end) {
        if (**at == '%') {
            const int high = digit((*at)[1]), low = high >= 0 ? digit((*at)[2]) : -1;
            if (low < 0 || high + low == 0) {
                free(name);
                return NULL;
            }
            *to++ = (char)(16 * high + low);
            *at += 3;
        } else {
            *to++ = *(*at)++;
        }
    }
    if (name != NULL) {
        *to = '\0';
    }
    return name;
}

bool mig__sieve_record_read(const char *text, mig__sieve_record *out)
{
    *out = (mig__sieve_record){NULL, NULL, "", ""};
    const char *at = text;
    if (!take_digest(&at, out->source_digest) || !take_digest(&at, out->put_digest)) {
        return false;
    }
    out->source = take_name(&at);
    if (out->source != NULL && *at == ' ') {
        at++;
        out->target = take_name(&at);
    }
    if (out->source == NULL || out->target == NULL || *at != '\0' || out->source[0] == '\0' || out->target[0] == '\0') {
        free(out->source);
        free(out->target);
        return false;
    }
    return true;
}

typedef struct reading {
    mig__sieve_records *out;
    int64_t *runs;
    size_t run_count;
    mig_error *err;
    bool failed;
} reading;

/* Runs come with the newest first; their events are read with the oldest first. */
static int take_run(const mig__state_run *run, void *context)
{
    reading *r = context;
    if (strcmp(run->verb, verb) != 0) {
        return 0;
    }
    int64_t *runs = mig__grow(r->runs, r->run_count, sizeof *runs, r->err);
    r->failed = runs == NULL;
    if (r->failed) {
        return 1;
    }
    r->runs = runs;
    runs[r->run_count++] = run->id;
    return 0;
}

static int take_event(int64_t at, const char *what, int64_t folder, const char *text, void *context)
{
    reading *r = context;
    mig__sieve_record record;
    (void)at;
    (void)folder;
    if (strcmp(what, kind) != 0 || !mig__sieve_record_read(text, &record)) {
        return 0;
    }
    mig__sieve_records *out = r->out;
    for (size_t i = 0; i < out->count; i++) {
        if (strcmp(out->items[i].source, record.source) == 0) {
            free(out->items[i].source);
            free(out->items[i].target);
            out->items[i] = record;
            return 0;
        }
    }
    mig__sieve_record *items = mig__grow(out->items, out->count, sizeof *items, r->err);
    r->failed = items == NULL;
    if (r->failed) {
        free(record.source);
        free(record.target);
        return 1;
    }
    out->items = items;
    items[out->count++] = record;
    return 0;
}

int mig__sieve_records_read(mig__state *state, int64_t account, mig__sieve_records *out, mig_error *err)
{
    *out = (mig__sieve_records)MIG__SIEVE_RECORDS_INIT;
    reading r = {.out = out, .err = err};
    int status = mig__state_runs(state, account, take_run, &r, err);
    for (size_t i = r.run_count; status >= 0 && i-- > 0;) {
        status = mig__state_events(state, r.runs[i], take_event, &r, err);
    }
    free(r.runs);
    return status < 0 || r.failed ? -1 : 0;
}

void mig__sieve_records_clear(mig__sieve_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        free(records->items[i].source);
        free(records->items[i].target);
    }
    free(records->items);
    *records = (mig__sieve_records)MIG__SIEVE_RECORDS_INIT;
}

const mig__sieve_record *mig__sieve_records_find(const mig__sieve_records *records, const char *source)
{
    for (size_t i = 0; i < records->count; i++) {
        if (strcmp(records->items[i].source, source) == 0) {
            return &records->items[i];
        }
    }
    return NULL;
}

int mig__sieve_records_add(mig__state *state, int64_t run, const mig__sieve_record *record, mig_error *err)
{
    mig__buffer text = MIG__BUFFER_INIT;
    int status = mig__sieve_record_write(record, &text) ? mig__state_event(state, run, kind, 0, text.data, err)
                                                        : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    mig__buffer_free(&text);
    return status;
}
