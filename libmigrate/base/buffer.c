/* base/buffer.c - a growing octet string, and strings made inert for people */
#include "base/buffer.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool mig__buffer_reserve(mig__buffer *buffer, size_t more)
{
    if (more > SIZE_MAX - buffer->length - 1) {
        buffer->failed = true;
        return false;
    }
    size_t needed = buffer->length + more + 1;
    if (needed <= buffer->capacity) {
        return true;
    }
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    while (capacity < needed) {
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    }
    char *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    buffer->data[buffer->length] = '\0';
    return true;
}

void mig__buffer_add(mig__buffer *buffer, const void *data, size_t length)
{
    if (length == 0 || !mig__buffer_reserve(buffer, length)) {
        return;
    }
    memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void mig__buffer_add_text(mig__buffer *buffer, const char *text)
{
    mig__buffer_add(buffer, text, strlen(text));
}

void mig__buffer_add_char(mig__buffer *buffer, char c)
{
    mig__buffer_add(buffer, &c, 1);
}

void mig__buffer_addv(mig__buffer *buffer, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        buffer->failed = true;
    } else if (mig__buffer_reserve(buffer, (size_t)length)) {
        vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
        buffer->length += (size_t)length;
    }
    va_end(again);
}

void mig__buffer_addf(mig__buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    mig__buffer_addv(buffer, format, arguments);
    va_end(arguments);
}

void mig__buffer_add_percent(mig__buffer *buffer, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL) {
            mig__buffer_add_char(buffer, *text);
        } else {
            mig__buffer_addf(buffer, "%%%02X", (unsigned)(unsigned char)*text);
        }
    }
}

int mig__buffer_ok(const mig__buffer *buffer, mig_error *err)
{
    return buffer->failed ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
}

void mig__buffer_clear(mig__buffer *buffer)
{
    buffer->length = 0;
    buffer->failed = false;
    if (buffer->data != NULL) {
        buffer->data[0] = '\0';
    }
}

void mig__buffer_free(mig__buffer *buffer)
{
    free(buffer->data);
    *buffer = (mig__buffer)MIG__BUFFER_INIT;
}

void mig__buffer_wipe(mig__buffer *buffer)
{
    if (buffer->data != NULL) {
        explicit_bzero(buffer->data, buffer->capacity);
    }
    mig__buffer_free(buffer);
}

char *mig__buffer_steal(mig__buffer *buffer)
{
    if (buffer->failed || (buffer->data == NULL && !mig__buffer_reserve(buffer, 0))) {
        mig__buffer_free(buffer);
        return NULL;
    }
    char *data = buffer->data;
    *buffer = (mig__buffer)MIG__BUFFER_INIT;
    return data;
}

/*
 * The length of the UTF-8 character at `text` (RFC 3629 section 4: no overlong forms, no surrogates, nothing above
 * U+10FFFF) and its code point, or 0 when there is none.
 */
static size_t utf8_character(const unsigned char *text, size_t length, uint32_t *code)
{
    if (length == 0) {
        return 0;
    }
    unsigned char first = text[0];
    if (first < 0x80) {
        *code = first;
        return 1;
    }
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length < size) {
        return 0;
    }
    uint32_t value = first & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (text[i] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return 0;
    }
    *code = value;
    return size;
}

/* Controls, and what reorders or hides text on a terminal or page (Unicode bidirectional controls, zero width). */
static bool acts_on_display(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x2069) || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff);
}

char *mig__inert(const char *text, size_t length, char *out, size_t size)
{
    if (size == 0) {
        return out;
    }
    size_t used = 0;
    for (size_t i = 0; i < length;) {
        uint32_t code = 0;
        size_t octets = utf8_character((const unsigned char *)text + i, length - i, &code);
        bool shown = octets > 0 && !acts_on_display(code);
        size_t needed = shown ? octets : 1;
        if (used + needed >= size) {
            break;
        }
        if (shown) {
            memmove(out + used, text + i, octets);
        } else {
            out[used] = '?';
        }
        used += needed;
        i += octets > 0 ? octets : 1;
    }
    out[used] = '\0';
    return out;
}

bool mig__utf8_valid(const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        uint32_t code;
        size_t octets = utf8_character((const unsigned char *)text + i, length - i, &code);
        if (octets == 0) {
            return false;
        }
        i += octets;
    }
    return true;
}

char *mig__strdup(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}
