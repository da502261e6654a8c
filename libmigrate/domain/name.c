/* domain/name.c - domain names as text */
#include "domain/name.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

bool mig__dn_clean(const char *text, char out[MIG__DN_SIZE])
{
    size_t length = strlen(text), label = 0;
    out[0] = '\0';
    if (length > 0 && text[length - 1] == '.') {
        length--;
    }
    if (length == 0 || length >= MIG__DN_SIZE) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        label = text[i] == '.' ? 0 : label + 1;
        if (label > 63 || (text[i] == '.' && (i == 0 || i + 1 == length || text[i - 1] == '.'))) {
            return false;
        }
    }
    for (size_t i = 0; i < length; i++) {
        out[i] = (char)tolower((unsigned char)text[i]);
    }
    out[length] = '\0';
    return true;
}

bool mig__dn_is_host(const char *name)
{
    char clean[MIG__DN_SIZE];
    if (!mig__dn_clean(name, clean) || strchr(clean, '.') == NULL) {
        return false;
    }
    return strspn(clean, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(clean);
}

static size_t bare_length(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && name[length - 1] == '.' ? length - 1 : length;
}

bool mig__dn_under(const char *name, const char *suffix)
{
    size_t length = bare_length(name), tail = bare_length(suffix);
    if (tail == 0 || length < tail || strncasecmp(name + length - tail, suffix, tail) != 0) {
        return false;
    }
    return length == tail || name[length - tail - 1] == '.';
}

bool mig__dn_equal(const char *a, const char *b)
{
    size_t length = bare_length(a);
    return length == bare_length(b) && strncasecmp(a, b, length) == 0;
}

size_t mig__dn_labels(const char *name)
{
    size_t count = bare_length(name) > 0 ? 1 : 0;
    for (size_t i = 0; i < bare_length(name); i++) {
        count += name[i] == '.';
    }
    return count;
}

const char *mig__dn_parent(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot != NULL && dot[1] != '\0' ? dot + 1 : NULL;
}

bool mig__dn_matches(const char *pattern, const char *name)
{
    if (strncmp(pattern, "*.", 2) != 0) {
        return mig__dn_equal(pattern, name);
    }
    const char *rest = mig__dn_parent(name);
    return rest != NULL && name[0] != '.' && mig__dn_equal(pattern + 2, rest);
}
