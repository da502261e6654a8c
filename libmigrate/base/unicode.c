/* base/unicode.c - the only home of libunistring: NFC (Unicode Standard Annex 15) and case folding */
#include "base/unicode.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>

static bool is_ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* What the library has made; it is released. */
static void take(uint8_t *made, size_t length, mig__buffer *out)
{
    if (made == NULL) {
        out->failed = true;
        return;
    }
    mig__buffer_add(out, (const char *)made, length);
    free(made);
}

void mig__nfc(const char *text, size_t length, mig__buffer *out)
{
    if (is_ascii(text, length) || !mig__utf8_valid(text, length)) {
        mig__buffer_add(out, text, length);
        return;
    }
    size_t made = 0;
    uint8_t *normal = u8_normalize(UNINORM_NFC, (const uint8_t *)text, length, NULL, &made);
    take(normal, made, out);
}

static void fold_ascii(const char *text, size_t length, mig__buffer *out)
{
    for (size_t i = 0; i < length; i++) {
        bool capital = text[i] >= 'A' && text[i] <= 'Z';
        mig__buffer_add_char(out, capital ? (char)(text[i] - 'A' + 'a') : text[i]);
    }
}

/* Without a language Unicode folds U+0130 to "i" and a combining dot, which no mail program writes. */
static void without_dotted_capital(const char *text, size_t length, mig__buffer *out)
{
    for (size_t i = 0; i < length; i++) {
        bool dotted = i + 1 < length && text[i] == '\xc4' && text[i + 1] == '\xb0';
        mig__buffer_add_char(out, dotted ? 'i' : text[i]);
        i += dotted;
    }
}

void mig__fold(const char *text, size_t length, mig__buffer *out)
{
    if (is_ascii(text, length) || !mig__utf8_valid(text, length)) {
        fold_ascii(text, length, out);
        return;
    }
    mig__buffer plain = MIG__BUFFER_INIT;
    size_t made = 0;
    without_dotted_capital(text, length, &plain);
    uint8_t *folded =
        plain.failed ? NULL : u8_casefold((const uint8_t *)plain.data, plain.length, NULL, UNINORM_NFC, NULL, &made);
    take(folded, made, out);
    mig__buffer_free(&plain);
}

bool mig__nfc_equal(const char *a, const char *b)
{
    if (strcmp(a, b) == 0) {
        return true;
    }
    mig__buffer one = MIG__BUFFER_INIT, other = MIG__BUFFER_INIT;
    mig__nfc(a, strlen(a), &one);
    mig__nfc(b, strlen(b), &other);
    bool equal = !one.failed && !other.failed && one.length == other.length &&
                 (one.length == 0 || memcmp(one.data, other.data, one.length) == 0);
    mig__buffer_free(&one);
    mig__buffer_free(&other);
    return equal;
}
