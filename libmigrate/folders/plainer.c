#include "folders/plainer.h"
#include <string.h>

static bool is_end(char c, char separator)
{
    return c == '\0' || (separator != '\0' && c == separator);
}

bool mig__plainer_name(const char *name, char separator, mig__buffer *out)
{
    bool changed = false;
    for (const char *at = name; *at != '\0'; at++) {
        bool separates = separator != '\0' && *at == separator;
        bool refused = strchr("!\"#$%*/:;<>?[\\]^`{|}~", *at) != NULL || (unsigned char)*at < 0x20 || *at == 0x7f;
        bool outer = at == name || is_end(at[-1], separator) || is_end(at[1], separator);
        refused = !separates && (refused || (outer && (*at == ' ' || *at == '.')));
        mig__buffer_add_char(out, refused ? '_' : *at);
        changed = changed || refused;
    }
    return changed;
}
