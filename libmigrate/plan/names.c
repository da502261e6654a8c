/* plan/names.c - the options that have a place in a plan, under the names that they have on the command line */
#include "base/distance.h"
#include "plan/plan_private.h"
#include <string.h>

static const char *const options[] = {
    /* those that take several values, in the order of mig__raw_options.lists */
    "folder", "exclude", "map",
    /* both servers */
    "ca-file", "allow-cleartext", "tls-min", "proxy", "proxy-password-file", "compress", "files-as", "timeout",
    "connect-timeout", "patience",
    /* messages and pace */
    "labels", "shared", "since", "before", "max-size", "connections", "max-rate", "daily-limit", "until", "ordered",
    /* copying */
    "flags", "deletions", "force", "state", "dry-run",
    /* verifying and taking stock */
    "against", "depth", "sample", "seed", "scan-content",
    /* the run */
    "steps", "keep-going", "jobs", "host-connections", "on-finish", "webhook",
    /* reports and output */
    "html", "csv", "sign", "json", "progress", "quiet", "verbose", "log", "trace", NULL};

static const char *const side_options[] = {
    /* in the order of MIG__SIDE_HOST and so on: they make the URL */
    "host", "port", "tls", "provider", "master", "master-separator", "admin", "files",
    /* as they are */
    "auth", "authzid", "password-file", "password-command", "pin", "ca-file", "cert", "key", "token-command", "oauth",
    "oauth-key", "oauth-cert", "oauth-client-id", "oauth-secret-file", "oauth-refresh-file", "oauth-tenant",
    "oauth-scope", "oauth-token-url", "oauth-device-url", "oauth-ca-file", "proxy", "tunnel", NULL};

/* Their values are paths; they end in "-file" or stand here. */
static const char *const paths[] = {"state", "html", "csv",       "json",       "log", "sign",
                                    "cert",  "key",  "oauth-key", "oauth-cert", NULL};

_Static_assert(sizeof options / sizeof options[0] == MIG__PLAN_OPTIONS + 1, "as many as there is room for");
_Static_assert(sizeof side_options / sizeof side_options[0] == MIG__PLAN_SIDE_OPTIONS + 1,
               "as many as there is room for");

const char *mig_plan_option_name(size_t index)
{
    return index < MIG__PLAN_OPTIONS ? options[index] : NULL;
}

const char *mig_plan_side_option_name(size_t index)
{
    return index < MIG__PLAN_SIDE_OPTIONS ? side_options[index] : NULL;
}

static bool same(const char *a, const char *b)
{
    for (; *a != '\0' && (*a == *b || (*a == '_' && *b == '-')); a++, b++) {
    }
    return *a == *b;
}

static int find(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (same(name, names[i])) {
            return i;
        }
    }
    return -1;
}

int mig__plan_option_index(const char *name)
{
    return find(options, name);
}

int mig__plan_side_option_index(const char *name)
{
    return find(side_options, name);
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

bool mig__plan_is_path(const char *name)
{
    size_t length = strlen(name);
    return (length > 5 && strcmp(name + length - 5, "-file") == 0) || find(paths, name) >= 0;
}

const char *mig__plan_nearest(const char *name, bool of_side)
{
    const char *nearest = NULL;
    int least = 3;
    const char *const *const tables[] = {of_side ? side_options : options, of_side ? options : side_options};
    for (size_t t = 0; t < 2; t++) {
        for (const char *const *known = tables[t]; *known != NULL; known++) {
            int away = mig__distance(name, *known, 3);
            if (away < least) {
                least = away;
                nearest = *known;
            }
        }
    }
    return nearest;
}
