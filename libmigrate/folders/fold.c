/* folders/fold.c - names without regard to case: INBOX, and those of a list */
#include "folders/fold.h"
#include <string.h>
#include <strings.h>

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
    return length == 5 && strncasecmp(text, "INBOX", 5) == 0;
}
