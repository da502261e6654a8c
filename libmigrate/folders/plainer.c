/* folders/plainer.c - what to try, and what to look for, when a server does not make a mailbox by its name */
#include "folders/plainer.h"
#include "base/unicode.h"
#include "folders/fold.h"
#include <string.h>

static bool is_end(char c, char separator)
{
    return c == '\0' || (separator != '\0' && c == separator);
}

bool mig__plainer_name(const char *name, char separator, bool most, mig__buffer *out)
{
    bool changed = false;
    for (const char *at = name; *at != '\0'; at++) {
        bool separates = separator != '\0' && *at == separator;
        bool refused = strchr("!\"#$%*/:;<>?[\\]^`{|}~", *at) != NULL || (unsigned char)*at < 0x20 || *at == 0x7f;
        refused = refused || (most && strchr("&'()+,=@", *at) != NULL);
        bool outer = at == name || is_end(at[-1], separator) || is_end(at[1], separator);
        refused = !separates && (refused || (outer && (*at == ' ' || *at == '.')));
        mig__buffer_add_char(out, refused ? '_' : *at);
        changed = changed || refused;
    }
    return changed;
}

bool mig__joined_name(const char *name, const char *prefix, char separator, mig__buffer *out)
{
    size_t skip = strncmp(name, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    const char *own = name + skip, *last = separator == '\0' ? NULL : strrchr(own, separator);
    if (last == NULL || last == own || last[1] == '\0') {
        return false;
    }
    mig__buffer_add(out, name, skip);
    if (skip == 0 && mig__is_inbox(own, (size_t)(last - own))) {
        mig__buffer_add_text(out, last + 1);
        return true;
    }
    mig__buffer_add(out, own, (size_t)(last - own));
    mig__buffer_add_text(out, " - ");
    mig__buffer_add_text(out, last + 1);
    return true;
}

static void essence(const char *name, mig__buffer *out)
{
    mig__fold(name, strlen(name), out);
    size_t kept = 0;
    for (size_t i = 0; i < out->length; i++) {
        if (out->data[i] != ' ' && out->data[i] != '\t') {
            out->data[kept++] = out->data[i];
        }
    }
    out->length = kept;
}

bool mig__made_of(const char *listed, const char *name)
{
    mig__buffer a = MIG__BUFFER_INIT, b = MIG__BUFFER_INIT;
    essence(listed, &a);
    essence(name, &b);
    bool same = !a.failed && !b.failed && a.length > 0 && a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
    mig__buffer_free(&a);
    mig__buffer_free(&b);
    return same;
}
