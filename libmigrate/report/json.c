/* report/json.c - JSON written piece by piece to a sink */
#include "report/json.h"

#include "base/buffer.h"

#include <string.h>

/* Pure ASCII: names stay exact for a reader of JSON and can do nothing to a terminal on the way. */
#define FORMAT (JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6))

static int give(mig__json *json, const char *text, size_t length)
{
    if (length == 0) {
        return 0;
    }
    if (!json->refused && json->sink(text, length, json->context) == 0) {
        return 0;
    }
    json->refused = true;
    return -1;
}

/* DEL is the one control character that jansson leaves as it is. */
static int pass_on(const char *text, size_t length, void *context)
{
    static const char escaped[] = "\\u007f";
    for (const char *del; (del = memchr(text, 0x7f, length)) != NULL;) {
        size_t before = (size_t)(del - text);
        if (give(context, text, before) != 0 || give(context, escaped, sizeof escaped - 1) != 0) {
            return -1;
        }
        text += before + 1;
        length -= before + 1;
    }
    return give(context, text, length);
}

static void raw(mig__json *json, const char *text)
{
    if (!json->failed && !json->refused) {
        pass_on(text, strlen(text), json);
    }
}

static void value_of(mig__json *json, json_t *value)
{
    if (value == NULL) {
        json->failed = true;
    } else if (!json->failed && !json->refused && json_dump_callback(value, pass_on, json, FORMAT) != 0 &&
               !json->refused) {
        json->failed = true;
    }
    json_decref(value);
}

/* Between two values: what fills lines stands on one of its own. */
static void place(mig__json *json, bool on_its_own)
{
    if (json->depth == 0) {
        return;
    }
    bool *filled = &json->levels[json->depth - 1].filled;
    raw(json, *filled ? "," : "");
    if (on_its_own) {
        raw(json, "\n");
        for (size_t i = 0; i < json->depth; i++) {
            raw(json, "  ");
        }
    } else if (*filled) {
        raw(json, " ");
    }
    *filled = true;
}

static void key_of(mig__json *json, const char *key)
{
    raw(json, "\"");
    raw(json, key);
    raw(json, "\": ");
}

static void begin(mig__json *json, char open)
{
    if (json->depth == MIG__JSON_DEPTH) {
        json->failed = true;
        return;
    }
    raw(json, open == '{' ? "{" : "[");
    json->levels[json->depth].end = open == '{' ? '}' : ']';
    json->levels[json->depth].filled = false;
    json->depth++;
}

void mig__json_document(mig__json *json, const char *schema)
{
    begin(json, '{');
    mig__json_add_text(json, "schema", schema);
}

void mig__json_begin(mig__json *json, char open)
{
    place(json, true);
    begin(json, open);
}

void mig__json_begin_member(mig__json *json, const char *key, char open)
{
    place(json, true);
    key_of(json, key);
    begin(json, open);
}

void mig__json_end(mig__json *json)
{
    if (json->depth > 0) {
        json->depth--;
        raw(json, json->levels[json->depth].end == '}' ? "}" : "]");
        raw(json, json->depth == 0 ? "\n" : "");
    }
}

void mig__json_item(mig__json *json, json_t *value)
{
    place(json, json_is_object(value));
    value_of(json, value);
}

void mig__json_key(mig__json *json, const char *key)
{
    place(json, true);
    if (key != NULL) {
        key_of(json, key);
    }
}

void mig__json_add(mig__json *json, const char *key, json_t *value)
{
    place(json, false);
    key_of(json, key);
    value_of(json, value);
}

void mig__json_add_number(mig__json *json, const char *key, uint64_t number)
{
    mig__json_add(json, key, mig__json_number(number));
}

void mig__json_add_text(mig__json *json, const char *key, const char *text)
{
    mig__json_add(json, key, mig__json_string(text));
}

void mig__json_add_optional(mig__json *json, const char *key, const char *text)
{
    mig__json_add(json, key, text && text[0] ? mig__json_string(text) : json_null());
}

void mig__json_add_flag(mig__json *json, const char *key, bool value)
{
    mig__json_add(json, key, json_boolean(value));
}

int mig__json_finish(const mig__json *json, mig_error *err)
{
    if (json->refused) {
        return mig_error_set(err, MIG_E_IO, "the JSON report could not be written");
    }
    if (json->failed) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory while writing the JSON report");
    }
    return 0;
}

/* The length of the well-formed character at `text`, or 0. */
static size_t character(const char *text, size_t length)
{
    for (size_t n = 1; n <= 4 && n <= length; n++) {
        if (mig__utf8_valid(text, n)) {
            return n;
        }
    }
    return 0;
}

json_t *mig__json_string(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (mig__utf8_valid(text, length)) {
        return json_stringn(text ? text : "", length);
    }
    mig__buffer clean = MIG__BUFFER_INIT;
    for (size_t i = 0; i < length;) {
        size_t n = character(text + i, length - i);
        if (n > 0) {
            mig__buffer_add(&clean, text + i, n);
        } else {
            mig__buffer_add_text(&clean, "\xef\xbf\xbd"); /* U+FFFD */
        }
        i += n > 0 ? n : 1;
    }
    json_t *value = clean.failed ? NULL : json_stringn(clean.data, clean.length);
    mig__buffer_free(&clean);
    return value;
}

json_t *mig__json_number(uint64_t number)
{
    return json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

json_t *mig__json_error(const mig_error *error)
{
    if (error == NULL || error->code == MIG_OK) {
        return json_null();
    }
    return json_pack("{s:s, s:o, s:o, s:o}", "code", mig_code_name(error->code), "text", mig__json_string(error->text),
                     "server", mig__json_string(error->server), "hint", mig__json_string(error->hint));
}
