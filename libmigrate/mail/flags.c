/* mail/flags.c - flag lists as text: sorted, joined by blanks, compared and merged */
#include "mail/flags.h"
#include "base/buffer.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char **mig__flags_split(const char *joined)
{
    size_t length = strlen(joined);
    size_t most = length / 2 + 2;
    const char **flags = malloc(most * sizeof *flags + length + 1);
    if (flags == NULL) {
        return NULL;
    }
    char *text = (char *)(flags + most);
    memcpy(text, joined, length + 1);
    size_t count = 0;
    char *rest = NULL;
    for (char *flag = strtok_r(text, " ", &rest); flag != NULL; flag = strtok_r(NULL, " ", &rest)) {
        if (strcasecmp(flag, "\\Recent") != 0) {
            flags[count++] = flag;
        }
    }
    flags[count] = NULL;
    return flags;
}

static int by_octets(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

static int by_letters(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    int order = strcasecmp(*left, *right);
    return order != 0 ? order : strcmp(*left, *right);
}

/* \Recent and what differs from another one in case only go; how many are left. */
static size_t drop_doubles(const char **flags, size_t count)
{
    size_t kept = 0;
    qsort(flags, count, sizeof *flags, by_letters);
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(flags[i], "\\Recent") != 0 && (kept == 0 || strcasecmp(flags[i], flags[kept - 1]) != 0)) {
            flags[kept++] = flags[i];
        }
    }
    return kept;
}

char *mig__flags_join(const char *const *flags)
{
    size_t count = 0;
    while (flags != NULL && flags[count] != NULL) {
        count++;
    }
    const char **sorted = malloc((count + 1) * sizeof *sorted);
    if (sorted == NULL) {
        return NULL;
    }
    if (count > 0) {
        memcpy(sorted, flags, count * sizeof *sorted);
        count = drop_doubles(sorted, count);
        qsort(sorted, count, sizeof *sorted, by_octets);
    }
    mig__buffer joined = MIG__BUFFER_INIT;
    for (size_t i = 0; i < count; i++) {
        mig__buffer_add_text(&joined, i > 0 ? " " : "");
        mig__buffer_add_text(&joined, sorted[i]);
    }
    free(sorted);
    return mig__buffer_steal(&joined);
}

bool mig__flags_has(const char *const *flags, const char *flag)
{
    for (size_t i = 0; flags != NULL && flags[i] != NULL; i++) {
        if (strcasecmp(flags[i], flag) == 0) {
            return true;
        }
    }
    return false;
}

/* Of `one` what `other` has, or has not. */
static char *choose(const char *one, const char *other, bool wanted)
{
    const char **a = mig__flags_split(one), **b = mig__flags_split(other);
    size_t kept = 0;
    for (size_t i = 0; a != NULL && b != NULL && a[i] != NULL; i++) {
        if (mig__flags_has(b, a[i]) == wanted) {
            a[kept++] = a[i];
        }
    }
    char *joined = NULL;
    if (a != NULL && b != NULL) {
        a[kept] = NULL;
        joined = mig__flags_join(a);
    }
    free(a);
    free(b);
    return joined;
}

char *mig__flags_common(const char *one, const char *other)
{
    return choose(one, other, true);
}

char *mig__flags_minus(const char *one, const char *other)
{
    return choose(one, other, false);
}

static bool has_word(const char *joined, const char *flag, size_t length)
{
    for (const char *at = joined; *at != '\0'; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word == length && strncasecmp(at, flag, length) == 0) {
            return true;
        }
        at += word;
    }
    return false;
}

bool mig__flags_contain(const char *joined, const char *flag)
{
    return has_word(joined, flag, strlen(flag));
}

mig__flags_relation mig__flags_compare(const char *one, const char *other)
{
    mig__flags_relation relation = MIG__FLAGS_SAME;
    for (const char *at = one; *at != '\0'; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (!has_word(other, at, word)) {
            return MIG__FLAGS_DIFFER;
        }
        at += word;
    }
    for (const char *at = other; *at != '\0'; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (!has_word(one, at, word)) {
            if (*at == '\\') {
                return MIG__FLAGS_DIFFER;
            }
            relation = MIG__FLAGS_KEYWORDS_ADDED;
        }
        at += word;
    }
    return relation;
}

bool mig__flags_same(const char *one, const char *other)
{
    return strcmp(one, other) == 0 || mig__flags_compare(one, other) == MIG__FLAGS_SAME;
}

char *mig__flags_without(const char *joined, const char *flag)
{
    const char **flags = mig__flags_split(joined);
    if (flags == NULL) {
        return NULL;
    }
    size_t kept = 0;
    for (size_t i = 0; flags[i] != NULL; i++) {
        if (strcasecmp(flags[i], flag) != 0) {
            flags[kept++] = flags[i];
        }
    }
    flags[kept] = NULL;
    char *rest = mig__flags_join(flags);
    free(flags);
    return rest;
}

char *mig__flags_with(const char *joined, const char *flag)
{
    mig__buffer both = MIG__BUFFER_INIT;
    mig__buffer_addf(&both, "%s %s", joined, flag);
    const char **flags = both.failed ? NULL : mig__flags_split(both.data);
    char *out = flags == NULL ? NULL : mig__flags_join(flags);
    free(flags);
    mig__buffer_free(&both);
    return out;
}
