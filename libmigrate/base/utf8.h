/* base/utf8.h - one character of UTF-8 (RFC 3629), for code that walks text already known to be well-formed */
#ifndef MIG_BASE_UTF8_H
#define MIG_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The code point at `text`, which must be the start of a well-formed character; its octets are added to `*used`. */
static inline uint32_t mig__utf8_take(const char *text, size_t *used)
{
    const unsigned char *octets = (const unsigned char *)text;
    if (octets[0] < 0x80) {
        *used += 1;
        return octets[0];
    }
    size_t size = octets[0] >= 0xf0 ? 4 : octets[0] >= 0xe0 ? 3 : 2;
    uint32_t code = octets[0] & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        code = code << 6 | (octets[i] & 0x3fu);
    }
    *used += size;
    return code;
}

/* Write the code point (at most U+10FFFF) to `out`, which has room for 4 octets. Returns how many were written. */
static inline size_t mig__utf8_put(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(lead[size] | code);
    return size;
}

#endif
