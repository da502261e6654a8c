/* archive/manifest.c - the lines of manifest.jsonl */
#include "archive/manifest.h"
#include "imap/names.h"
#include "mail/flags.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const kinds[] = {"archive", "folder", "message", "flags", "gone", "lost", "vanished", "file", "end"};

/* ---- writing ---- */

static json_t *text_of(const char *text)
{
    json_t *value = json_string(text);
    if (value == NULL) { /* not UTF-8: fit to show */
        char shown[1024];
        value = json_string(mig__inert(text, strlen(text), shown, sizeof shown));
    }
    return value;
}

static void put(json_t *object, const char *key, json_t *value, bool *failed)
{
    *failed |= json_object_set_new_nocheck(object, key, value) != 0;
}

static void put_text(json_t *object, const char *key, const char *value, bool *failed)
{
    put(object, key, value != NULL && value[0] != '\0' ? text_of(value) : json_null(), failed);
}

static void put_number(json_t *object, const char *key, uint64_t value, bool *failed)
{
    put(object, key, json_integer((json_int_t)(value & INT64_MAX)), failed);
}

static void put_delimiter(json_t *object, char delimiter, bool *failed)
{
    char text[2] = {delimiter, '\0'};
    put_text(object, "delimiter", text, failed);
}

/* System flags and keywords apart: they are different things to whoever reads this. */
static void put_flags(json_t *object, const char *joined, bool *failed)
{
    json_t *flags = json_array(), *keywords = json_array();
    const char **each = mig__flags_split(joined);
    *failed |= each == NULL;
    for (size_t i = 0; each != NULL && each[i] != NULL; i++) {
        *failed |= json_array_append_new(each[i][0] == '\\' ? flags : keywords, text_of(each[i])) != 0;
    }
    free(each);
    put(object, "flags", flags, failed);
    put(object, "keywords", keywords, failed);
}

static void put_archive(json_t *object, const mig__line *line, bool *failed)
{
    put_text(object, "schema", MIG__MANIFEST_SCHEMA, failed);
    put_text(object, "version", line->version, failed);
    put_text(object, "source", line->source, failed);
    put_text(object, "created", line->created, failed);
    put_text(object, "selection", line->selection, failed);
    put_text(object, "prefix", line->prefix, failed);
    put_delimiter(object, line->delimiter, failed);
    put_number(object, "part", line->part, failed);
    put_text(object, "base", line->base, failed);
}

static void put_folder(json_t *object, const mig__line *line, bool *failed)
{
    put_text(object, "name", line->name, failed);
    put_text(object, "octets", line->octets, failed);
    if (line->kind == MIG__LINE_VANISHED) {
        return;
    }
    put_text(object, "path", line->path, failed);
    put_delimiter(object, line->delimiter, failed);
    put_text(object, "role", mig_role_name(line->role), failed);
    put(object, "subscribed", json_boolean(line->subscribed), failed);
    put(object, "selectable", json_boolean(line->selectable), failed);
    put(object, "incomplete", json_boolean(line->incomplete), failed);
    put_number(object, "uidvalidity", line->uidvalidity, failed);
    put_number(object, "uidnext", line->uidnext, failed);
    put_number(object, "exists", line->exists, failed);
    put_number(object, "modseq", line->modseq, failed);
    put_number(object, "messages", line->messages, failed);
    put_text(object, "root", line->root, failed);
}

static void put_message(json_t *object, const mig__line *line, bool *failed)
{
    char date[32], hex[MIG__HEX_SIZE];
    put_text(object, "folder", line->name, failed);
    put_number(object, "uid", line->uid, failed);
    put_flags(object, line->flags, failed);
    put_text(object, "internaldate", line->date.valid ? mig__datetime_format(&line->date, date) : NULL, failed);
    put_number(object, "size", line->size, failed);
    put_text(object, "sha256", mig__hex(line->sha256, hex), failed);
    put_text(object, "message_id", line->message_id, failed);
    put_text(object, "path", line->path, failed);
}

static void put_rest(json_t *object, const mig__line *line, bool *failed)
{
    char hex[MIG__HEX_SIZE];
    switch (line->kind) {
    case MIG__LINE_FLAGS:
        put_text(object, "folder", line->name, failed);
        put_number(object, "uid", line->uid, failed);
        put_flags(object, line->flags, failed);
        break;
    case MIG__LINE_GONE:
        put_text(object, "folder", line->name, failed);
        put_text(object, "uids", line->uids, failed);
        break;
    case MIG__LINE_LOST:
        put_text(object, "folder", line->name, failed);
        put_number(object, "uid", line->uid, failed);
        put_text(object, "text", line->text, failed);
        break;
    case MIG__LINE_FILE:
        put_text(object, "path", line->path, failed);
        put_number(object, "size", line->size, failed);
        put_text(object, "sha256", mig__hex(line->sha256, hex), failed);
        break;
    default:
        put_number(object, "folders", line->folders, failed);
        put_number(object, "messages", line->messages, failed);
        put_number(object, "octets", line->octets_sum, failed);
        put_text(object, "root", line->root, failed);
        break;
    }
}

int mig__line_write(const mig__line *line, mig__buffer *out, mig_error *err)
{
    bool failed = false;
    json_t *object = json_object();
    if (object == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    put_text(object, "type", kinds[line->kind], &failed);
    if (line->kind == MIG__LINE_ARCHIVE) {
        put_archive(object, line, &failed);
    } else if (line->kind == MIG__LINE_FOLDER || line->kind == MIG__LINE_VANISHED) {
        put_folder(object, line, &failed);
    } else if (line->kind == MIG__LINE_MESSAGE) {
        put_message(object, line, &failed);
    } else {
        put_rest(object, line, &failed);
    }
    char *text = failed ? NULL : json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(object);
    if (text == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    mig__buffer_add_text(out, text);
    mig__buffer_add_char(out, '\n');
    free(text);
    return mig__buffer_ok(out, err);
}

/* ---- reading ---- */

/* What was wrong with a line, kept until its end. */
typedef struct reading {
    json_t *object;
    const char *bad; /* the first member that is missing or makes no sense; NULL: none */
} reading;

static json_t *get(reading *r, const char *key)
{
    json_t *value = json_object_get(r->object, key);
    if (value == NULL && r->bad == NULL) {
        r->bad = key;
    }
    return value;
}

/* A string, or NULL for null. */
static const char *get_optional(reading *r, const char *key)
{
    json_t *value = get(r, key);
    if (value != NULL && !json_is_null(value) && !json_is_string(value) && r->bad == NULL) {
        r->bad = key;
    }
    return json_string_value(value);
}

/* A string that says something: empty ones are written as null. */
static const char *get_text(reading *r, const char *key)
{
    const char *text = get_optional(r, key);
    if ((text == NULL || text[0] == '\0') && r->bad == NULL) {
        r->bad = key;
    }
    return text;
}

static uint64_t get_number(reading *r, const char *key, uint64_t most)
{
    json_t *value = get(r, key);
    json_int_t number = json_integer_value(value);
    if ((!json_is_integer(value) || number < 0 || (uint64_t)number > most) && r->bad == NULL) {
        r->bad = key;
        return 0;
    }
    return (uint64_t)number;
}

static bool get_truth(reading *r, const char *key)
{
    json_t *value = get(r, key);
    if (!json_is_boolean(value) && r->bad == NULL) {
        r->bad = key;
    }
    return json_is_true(value);
}

static char get_delimiter(reading *r)
{
    const char *text = get_optional(r, "delimiter");
    if (text != NULL && strlen(text) != 1 && r->bad == NULL) {
        r->bad = "delimiter";
    }
    return text != NULL ? text[0] : '\0';
}

static void get_digest(reading *r, uint8_t out[MIG__DIGEST_SIZE])
{
    const char *text = get_text(r, "sha256");
    if (text != NULL && !mig__unhex(text, out) && r->bad == NULL) {
        r->bad = "sha256";
    }
}

static bool gather(const json_t *from, bool system, const char **into, size_t *count)
{
    for (size_t i = 0; i < json_array_size(from); i++) {
        const char *flag = json_string_value(json_array_get(from, i));
        if (flag == NULL || flag[0] == '\0' || strchr(flag, ' ') != NULL || (flag[0] == '\\') != system) {
            return false;
        }
        into[(*count)++] = flag;
    }
    return true;
}

static int get_flags(reading *r, char **out, mig_error *err)
{
    json_t *flags = get(r, "flags"), *keywords = get(r, "keywords");
    size_t count = 0;
    const char **all = calloc(json_array_size(flags) + json_array_size(keywords) + 1, sizeof *all);
    if (all == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    bool sound = json_is_array(flags) && json_is_array(keywords) && gather(flags, true, all, &count) &&
                 gather(keywords, false, all, &count);
    if (!sound && r->bad == NULL) {
        r->bad = "flags";
    }
    *out = sound ? mig__flags_join(all) : mig__strdup("");
    free(all);
    return *out == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
}

static void get_archive(reading *r, mig__line *out)
{
    const char *schema = get_text(r, "schema");
    if (r->bad == NULL && strcmp(schema, MIG__MANIFEST_SCHEMA) != 0) {
        r->bad = "schema";
    }
    out->version = get_optional(r, "version");
    out->source = get_text(r, "source");
    out->created = get_text(r, "created");
    out->selection = get_optional(r, "selection");
    const char *prefix = get_optional(r, "prefix");
    out->prefix = prefix != NULL ? prefix : "";
    out->delimiter = get_delimiter(r);
    out->part = (unsigned)get_number(r, "part", 65535);
    out->base = get_optional(r, "base");
}

static void get_folder(reading *r, mig__line *out)
{
    out->name = get_text(r, "name");
    out->octets = get_optional(r, "octets");
    if (out->kind == MIG__LINE_VANISHED) {
        return;
    }
    out->selectable = get_truth(r, "selectable");
    out->path = out->selectable ? get_text(r, "path") : get_optional(r, "path");
    out->delimiter = get_delimiter(r);
    const char *role = get_optional(r, "role");
    for (int i = 0; role != NULL && i < MIG_ROLE_COUNT; i++) {
        out->role = strcmp(mig_role_name((mig_role)i), role) == 0 ? (mig_role)i : out->role;
    }
    out->subscribed = get_truth(r, "subscribed");
    out->incomplete = get_truth(r, "incomplete");
    out->uidvalidity = (uint32_t)get_number(r, "uidvalidity", UINT32_MAX);
    out->uidnext = (uint32_t)get_number(r, "uidnext", UINT32_MAX);
    out->exists = (uint32_t)get_number(r, "exists", UINT32_MAX);
    out->modseq = get_number(r, "modseq", INT64_MAX);
    out->messages = get_number(r, "messages", UINT32_MAX);
    out->root = get_optional(r, "root");
}

static int get_message(reading *r, mig__line *out, mig_error *err)
{
    out->name = get_text(r, "folder");
    out->uid = (uint32_t)get_number(r, "uid", UINT32_MAX);
    const char *date = get_optional(r, "internaldate");
    if (date != NULL && !mig__datetime_parse(date, &out->date) && r->bad == NULL) {
        r->bad = "internaldate";
    }
    out->size = get_number(r, "size", UINT32_MAX);
    get_digest(r, out->sha256);
    const char *message_id = get_optional(r, "message_id");
    out->message_id = message_id != NULL ? message_id : "";
    out->path = get_text(r, "path");
    if (out->uid == 0 && r->bad == NULL) {
        r->bad = "uid";
    }
    return get_flags(r, &out->flags, err);
}

static int get_rest(reading *r, mig__line *out, mig_error *err)
{
    switch (out->kind) {
    case MIG__LINE_FLAGS:
        out->name = get_text(r, "folder");
        out->uid = (uint32_t)get_number(r, "uid", UINT32_MAX);
        return get_flags(r, &out->flags, err);
    case MIG__LINE_GONE:
        out->name = get_text(r, "folder");
        out->uids = get_text(r, "uids");
        return 0;
    case MIG__LINE_LOST:
        out->name = get_text(r, "folder");
        out->uid = (uint32_t)get_number(r, "uid", UINT32_MAX);
        out->text = get_text(r, "text");
        return 0;
    case MIG__LINE_FILE:
        out->path = get_text(r, "path");
        out->size = get_number(r, "size", UINT32_MAX);
        get_digest(r, out->sha256);
        return 0;
    default:
        out->folders = get_number(r, "folders", INT64_MAX);
        out->messages = get_number(r, "messages", INT64_MAX);
        out->octets_sum = get_number(r, "octets", INT64_MAX);
        out->root = get_optional(r, "root");
        return 0;
    }
}

static bool find_kind(reading *r, mig__line *out)
{
    const char *type = get_text(r, "type");
    for (size_t i = 0; type != NULL && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(type, kinds[i]) == 0) {
            out->kind = (mig__line_kind)i;
            return true;
        }
    }
    return false;
}

int mig__line_read(const char *text, size_t length, mig__line *out, mig_error *err)
{
    json_error_t why;
    *out = (mig__line){.flags = NULL};
    reading r = {json_loadb(text, length, JSON_REJECT_DUPLICATES, &why), NULL};
    out->parsed = r.object;
    if (!json_is_object(r.object)) {
        return mig_error_set(err, MIG_E_DIFFERENT, "a line of the manifest is no JSON object");
    }
    if (!find_kind(&r, out)) {
        return mig_error_set(err, MIG_E_DIFFERENT, "a line of the manifest has an unknown \"type\"");
    }
    int failed = 0;
    if (out->kind == MIG__LINE_ARCHIVE) {
        get_archive(&r, out);
    } else if (out->kind == MIG__LINE_FOLDER || out->kind == MIG__LINE_VANISHED) {
        get_folder(&r, out);
    } else if (out->kind == MIG__LINE_MESSAGE) {
        failed = get_message(&r, out, err);
    } else {
        failed = get_rest(&r, out, err);
    }
    if (failed == 0 && r.bad != NULL) {
        failed = mig_error_set(err, MIG_E_DIFFERENT, "a line of the manifest (%s) has no sound \"%s\"",
                               kinds[out->kind], r.bad);
    }
    return failed;
}

void mig__line_free(mig__line *line)
{
    json_decref(line->parsed);
    free(line->flags);
    *line = (mig__line){.flags = NULL};
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mig__unhex(const char *text, uint8_t out[MIG__DIGEST_SIZE])
{
    if (strlen(text) != 2 * MIG__DIGEST_SIZE) {
        return false;
    }
    for (size_t i = 0; i < MIG__DIGEST_SIZE; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

char *mig__line_created(int64_t seconds, char out[MIG__CREATED_SIZE])
{
    struct tm when;
    time_t moment = (time_t)seconds;
    gmtime_r(&moment, &when);
    strftime(out, MIG__CREATED_SIZE, "%Y-%m-%dT%H:%M:%SZ", &when);
    return out;
}

char *mig__line_octets(const char *wire)
{
    mig__buffer hex = MIG__BUFFER_INIT;
    for (const char *c = wire; *c != '\0'; c++) {
        mig__buffer_addf(&hex, "%02x", (unsigned char)*c);
    }
    char *result = mig__buffer_steal(&hex);
    mig__buffer_free(&hex);
    return result;
}

char *mig__line_wire(const mig__line *line)
{
    mig__buffer wire = MIG__BUFFER_INIT;
    bool sound = true;
    if (line->octets == NULL) {
        sound = mig__name_encode(line->name, &wire) && wire.length > 0;
    } else {
        size_t length = strlen(line->octets);
        sound = length > 0 && length % 2 == 0;
        for (size_t i = 0; sound && i < length; i += 2) {
            int high = digit(line->octets[i]), low = digit(line->octets[i + 1]);
            sound = high >= 0 && low >= 0 && high + low > 0; /* no NUL */
            if (sound) {
                mig__buffer_add_char(&wire, (char)(high << 4 | low));
            }
        }
    }
    char *result = sound ? mig__buffer_steal(&wire) : NULL;
    mig__buffer_free(&wire);
    return result;
}
