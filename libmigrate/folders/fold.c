#include "folders/fold.h"
#include "base/buffer.h"
#include "base/utf8.h"
#include <string.h>

/*
 * The rows of CaseFolding.txt with status C, S or (dotted capital I) T that one rule covers: from `first` to `last`
 * every `step`-th code point becomes itself plus `add`. None gets longer in UTF-8.
 */
static const struct {
    uint32_t first, last;
    int step, add;
} ranges[] = {
    {0x0041, 0x005a, 1, 32},   {0x00c0, 0x00d6, 1, 32}, {0x00d8, 0x00de, 1, 32},   {0x0100, 0x012e, 2, 1},
    {0x0130, 0x0130, 1, -199}, {0x0132, 0x0136, 2, 1},  {0x0139, 0x0147, 2, 1},    {0x014a, 0x0176, 2, 1},
    {0x0178, 0x0178, 1, -121}, {0x0179, 0x017d, 2, 1},  {0x017f, 0x017f, 1, -268}, {0x01a0, 0x01a4, 2, 1},
    {0x01af, 0x01af, 1, 1},    {0x01cd, 0x01db, 2, 1},  {0x01de, 0x01ee, 2, 1},    {0x01f8, 0x021e, 2, 1},
    {0x0222, 0x0232, 2, 1},    {0x0386, 0x0386, 1, 38}, {0x0388, 0x038a, 1, 37},   {0x038c, 0x038c, 1, 64},
    {0x038e, 0x038f, 1, 63},   {0x0391, 0x03a1, 1, 32}, {0x03a3, 0x03ab, 1, 32},   {0x03c2, 0x03c2, 1, 1},
    {0x0400, 0x040f, 1, 80},   {0x0410, 0x042f, 1, 32}, {0x0460, 0x0480, 2, 1},    {0x048a, 0x04be, 2, 1},
    {0x04c1, 0x04cd, 2, 1},    {0x04d0, 0x052e, 2, 1},  {0x0531, 0x0556, 1, 48},   {0x1e00, 0x1e94, 2, 1},
    {0x1ea0, 0x1efe, 2, 1},    {0xff21, 0xff3a, 1, 32},
};

static uint32_t fold_code(uint32_t code)
{
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges && ranges[i].first <= code; i++) {
        if (code <= ranges[i].last && (code - ranges[i].first) % (uint32_t)ranges[i].step == 0) {
            return (uint32_t)((int64_t)code + ranges[i].add);
        }
    }
    return code;
}

static size_t character_size(unsigned char lead)
{
    return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t mig__fold(const char *text, size_t length, char *out)
{
    size_t written = 0;
    for (size_t i = 0; i < length;) {
        size_t size = character_size((unsigned char)text[i]);
        if (size <= length - i && mig__utf8_valid(text + i, size)) {
            uint32_t code = mig__utf8_take(text + i, &i);
            written += mig__utf8_put(fold_code(code), out + written);
        } else {
            out[written++] = text[i++];
        }
    }
    return written;
}

const char *mig__name_find(const char *names, size_t size, const char *folded)
{
    for (const char *name = names; name < names + size - 1; name += strlen(name) + 1) {
        if (strcmp(name, folded) == 0) {
            return name;
        }
    }
    return NULL;
}

bool mig__is_inbox(const char *text, size_t length)
{
    char folded[5];
    return length == sizeof folded && mig__fold(text, length, folded) == length && memcmp(folded, "inbox", length) == 0;
}
