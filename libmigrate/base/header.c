#include "base/header.h"
#include "base/buffer.h"
#include <string.h>
#include <strings.h>

static size_t line_length(const char *octets, size_t length)
{
    const char *end = memchr(octets, '\n', length);
    return end == NULL ? length : (size_t)(end - octets) + 1;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The length of the field at `octets` with its continuation lines; 0 at the empty line that ends the header. */
static size_t field_length(const char *octets, size_t length)
{
    size_t used = line_length(octets, length);
    if (used == 0 || octets[0] == '\n' || (octets[0] == '\r' && used == 2)) {
        return 0;
    }
    while (used < length && (octets[used] == ' ' || octets[used] == '\t')) {
        used += line_length(octets + used, length - used);
    }
    return used;
}

/* Line ends go (RFC 5322 section 2.2.3), outer blanks as well. */
static void unfold(const char *value, size_t length, char *out, size_t size)
{
    size_t used = 0;
    char text[1024];
    size_t most = size < sizeof text ? size : sizeof text;
    while (length > 0 && blank(*value)) {
        value++;
        length--;
    }
    while (length > 0 && blank(value[length - 1])) {
        length--;
    }
    for (size_t i = 0; i < length && used < most; i++) {
        if (value[i] != '\r' && value[i] != '\n') {
            text[used++] = value[i] == '\t' ? ' ' : value[i];
        }
    }
    mig__inert(text, used, out, size);
}

bool mig__header_value(const char *octets, size_t length, const char *name, char *out, size_t size)
{
    size_t name_length = strlen(name);
    out[0] = '\0';
    while (length > 0) {
        size_t used = field_length(octets, length);
        if (used == 0) {
            return false;
        }
        if (used > name_length && octets[name_length] == ':' && strncasecmp(octets, name, name_length) == 0) {
            unfold(octets + name_length + 1, used - name_length - 1, out, size);
            return true;
        }
        octets += used;
        length -= used;
    }
    return false;
}
