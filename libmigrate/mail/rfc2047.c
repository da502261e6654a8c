/* mail/rfc2047.c - encoded words of RFC 2047 */
#include "mail/header.h"
#include <iconv.h>
#include <string.h>
#include <strings.h>

#define CHARSET_SIZE 48

typedef struct word {
    char charset[CHARSET_SIZE];
    bool base64;
    const char *text;
    size_t length;
    const char *behind;
} word;

/* "=?charset[*language]?B?text?=" at `at` (RFC 2047 section 2, RFC 2231 section 5). */
static bool find_word(const char *at, word *out)
{
    const char *charset = at + 2;
    size_t length = strncmp(at, "=?", 2) == 0 ? strcspn(charset, "?* ") : 0;
    if (length == 0 || length >= CHARSET_SIZE) {
        return false;
    }
    memcpy(out->charset, charset, length);
    out->charset[length] = '\0';
    const char *encoding = charset + strcspn(charset, "? ");
    if (encoding[0] != '?' || !encoding[1] || !strchr("bBqQ", encoding[1]) || encoding[2] != '?') {
        return false;
    }
    out->base64 = encoding[1] == 'b' || encoding[1] == 'B';
    out->text = encoding + 3;
    out->length = strcspn(out->text, "?");
    out->behind = out->text + out->length + 2;
    return strncmp(out->text + out->length, "?=", 2) == 0;
}

static int hex(char digit)
{
    static const char digits[] = "0123456789ABCDEFabcdef";
    const char *found = digit ? strchr(digits, digit) : NULL;
    int value = found ? (int)(found - digits) : -1;
    return value > 15 ? value - 6 : value;
}

static void decode_q(const word *from, mig__buffer *out)
{
    for (size_t i = 0; i < from->length; i++) {
        char c = from->text[i];
        bool coded = c == '=' && i + 2 < from->length && hex(from->text[i + 1]) >= 0 && hex(from->text[i + 2]) >= 0;
        if (coded) {
            c = (char)(hex(from->text[i + 1]) << 4 | hex(from->text[i + 2]));
            i += 2;
        }
        mig__buffer_add_char(out, c == '_' && !coded ? ' ' : c);
    }
}

static void decode_b(const word *from, mig__buffer *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < from->length; i++) {
        const char *found = strchr(letters, from->text[i]);
        if (found) {
            bits = bits << 6 | (uint32_t)(found - letters);
            count += 6;
        }
        if (count >= 8) {
            count -= 8;
            mig__buffer_add_char(out, (char)(bits >> count & 255));
        }
    }
}

/* Text of a charset as UTF-8; what cannot be converted becomes U+FFFD. False: the charset is unknown. */
static bool convert(const char *charset, char *text, size_t length, mig__buffer *out)
{
    iconv_t converter = iconv_open("UTF-8", charset);
    if (converter == (iconv_t)-1) { /* NOLINT(performance-no-int-to-ptr): the value that POSIX names */
        return false;
    }
    while (length) {
        char piece[256], *to = piece;
        size_t room = sizeof piece, before = length;
        iconv(converter, &text, &length, &to, &room);
        mig__buffer_add(out, piece, sizeof piece - room);
        if (length == before && room == sizeof piece) { /* not even one character: an octet that is none */
            mig__buffer_add_text(out, "\xef\xbf\xbd");
            text++;
            length--;
        }
    }
    iconv_close(converter);
    return true;
}

/* Octets of no declared charset. */
static void add_plain(const char *text, size_t length, mig__buffer *out)
{
    mig__buffer copy = MIG__BUFFER_INIT;
    if (mig__utf8_valid(text, length)) {
        mig__buffer_add(out, text, length);
        return;
    }
    mig__buffer_add(&copy, text, length);
    if (copy.failed || !convert("WINDOWS-1252", copy.data, copy.length, out)) {
        out->failed |= copy.failed;
    }
    mig__buffer_free(&copy);
}

/* Octets of one charset that wait for the next word: there are programs that cut a character in two between words. */
typedef struct waiting {
    char charset[CHARSET_SIZE];
    mig__buffer octets;
} waiting;

static void flush(waiting *held, mig__buffer *out)
{
    out->failed |= held->octets.failed;
    if (held->octets.length && !convert(held->charset, held->octets.data, held->octets.length, out)) {
        add_plain(held->octets.data, held->octets.length, out);
    }
    mig__buffer_clear(&held->octets);
}

static void add_word(const word *from, bool joined, waiting *held, mig__buffer *out)
{
    if (!joined || strcasecmp(held->charset, from->charset) != 0) {
        flush(held, out);
        memcpy(held->charset, from->charset, sizeof held->charset);
    }
    (from->base64 ? decode_b : decode_q)(from, &held->octets);
}

void mig__decode_words(const char *text, mig__buffer *out)
{
    word next;
    waiting held = {"", MIG__BUFFER_INIT};
    bool after_word = false;
    for (;;) {
        const char *begin = strstr(text, "=?");
        while (begin && !find_word(begin, &next)) {
            begin = strstr(begin + 2, "=?");
        }
        size_t plain = begin ? (size_t)(begin - text) : strlen(text);
        /* Blanks between two encoded words are no part of the text (RFC 2047 section 6.2). */
        bool joined = begin && after_word && strspn(text, " \t") >= plain;
        if (!joined) {
            flush(&held, out);
            add_plain(text, plain, out);
        }
        if (!begin) {
            break;
        }
        add_word(&next, joined, &held, out);
        text = next.behind;
        after_word = true;
    }
    mig__buffer_free(&held.octets);
}
