/* plan/names.c - the names that a plan knows: options, as on the command line, and the keys that make up a side's URL
 */
#include "base/nearest.h"
#include "plan/plan_private.h"
#include <string.h>

enum { MOST_NAMES = 128 };

/* They are no options: what they say becomes the URL of a side (plan/resolve.c). */
static const char *const url_keys[] = {"host", "port", "master", "master-separator", "admin", "files", "discover"};

static bool same(const char *a, const char *b)
{
    for (; *a != '\0' && (*a == *b || (*a == '_' && *b == '-')); a++, b++) {
    }
    return *a == *b;
}

static bool belongs(const mig_option *option, bool of_side)
{
    return option->in_plan && (option->scope == MIG_OPTION_OF_SIDE) == of_side;
}

static const mig_option *find(const char *name, bool of_side)
{
    const mig_option *option = NULL;
    for (size_t i = 0; (option = mig_option_at(i)) != NULL; i++) {
        if (belongs(option, of_side) && same(name, option->name)) {
            return option;
        }
    }
    return NULL;
}

const mig_option *mig__plan_option(const char *name)
{
    return find(name, false);
}

const char *mig__plan_side_key(const char *name)
{
    for (size_t i = 0; i < sizeof url_keys / sizeof url_keys[0]; i++) {
        if (same(name, url_keys[i])) {
            return url_keys[i];
        }
    }
    const mig_option *option = find(name, true);
    return option != NULL ? option->name : NULL;
}

int mig__plan_side_of(const char *name, const char **rest)
{
    static const char *const sides[] = {"source", "target"};
    for (int i = 0; i < 2; i++) {
        if (strncmp(name, sides[i], 6) == 0 && (name[6] == '-' || name[6] == '_')) {
            *rest = name + 7;
            return i;
        }
    }
    return -1;
}

bool mig__plan_says_path(const char *name, const char *value)
{
    return mig__plan_is_path(name, false) && (strcmp(name, "log") != 0 || strcmp(value, "journal") != 0);
}

bool mig__plan_is_path(const char *name, bool of_side)
{
    const mig_option *option = find(name, of_side);
    return option != NULL && option->is_path;
}

static size_t collect(const char **names, bool of_side)
{
    size_t count = 0;
    const mig_option *option = NULL;
    for (size_t i = 0; of_side && i < sizeof url_keys / sizeof url_keys[0]; i++) {
        names[count++] = url_keys[i];
    }
    for (size_t i = 0; count < MOST_NAMES && (option = mig_option_at(i)) != NULL; i++) {
        if (belongs(option, of_side)) {
            names[count++] = option->name;
        }
    }
    return count;
}

const char *mig__plan_nearest(const char *name, bool of_side)
{
    const char *names[MOST_NAMES];
    const char *near = mig__nearest(name, names, collect(names, of_side));
    return near != NULL ? near : mig__nearest(name, names, collect(names, !of_side));
}
