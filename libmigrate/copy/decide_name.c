/* copy/decide_name.c - what a refusal of CREATE is about, and the name that follows from it */
#include "copy/decide_name.h"
#include "folders/plainer.h"
#include <string.h>
#include <strings.h>

typedef enum refusal { OTHERWISE, ABOUT_CHARACTERS, ABOUT_LEVELS, ABOUT_THE_NAME } refusal;

static bool says(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        for (const char *at = text; *at != '\0'; at++) {
            if (strncasecmp(at, *words, strlen(*words)) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* A plain NO says what it is about in its words alone. */
static refusal kind_of(const mig_error *why)
{
    static const char *const levels[] = {"inferior", "subfolder", "sub-folder", "submailbox",      "children",
                                         "child ",   "hierarchy", "nested",     "not a directory", NULL};
    static const char *const names[] = {"name", "character", "invalid", "illegal", "not allowed", NULL};
    bool code = why->code == MIG_E_CANNOT || why->code == MIG_E_NAME;
    if (!code && why->code != MIG_E_NO && why->code != MIG_E_BAD && why->code != MIG_E_NOPERM) {
        return OTHERWISE;
    }
    return says(why->server, levels)                               ? ABOUT_LEVELS
           : code                                                  ? ABOUT_THE_NAME
           : why->code != MIG_E_NOPERM && says(why->server, names) ? ABOUT_CHARACTERS
                                                                   : OTHERWISE;
}

bool mig__decide_name(const char *name, const char *prefix, char separator, const mig_error *why, mig__buffer *out)
{
    refusal kind = kind_of(why);
    bool characters = kind == ABOUT_CHARACTERS || kind == ABOUT_THE_NAME;
    for (int most = 0; characters && most < 2; most++) {
        mig__buffer_clear(out);
        if (mig__plainer_name(name, separator, most == 1, out)) {
            return true;
        }
    }
    mig__buffer_clear(out);
    return (kind == ABOUT_LEVELS || kind == ABOUT_THE_NAME) && mig__joined_name(name, prefix, separator, out);
}
