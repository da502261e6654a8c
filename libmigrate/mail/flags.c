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

static int compare_flags(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
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
        qsort(sorted, count, sizeof *sorted, compare_flags);
    }
    mig__buffer joined = MIG__BUFFER_INIT;
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(sorted[i], "\\Recent") != 0 && (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)) {
            mig__buffer_add_text(&joined, joined.length > 0 ? " " : "");
            mig__buffer_add_text(&joined, sorted[i]);
        }
    }
    free(sorted);
    return mig__buffer_steal(&joined);
}

char *mig__flags_common(const char *one, const char *other)
{
    const char **a = mig__flags_split(one), **b = mig__flags_split(other);
    size_t kept = 0;
    for (size_t i = 0; a != NULL && b != NULL && a[i] != NULL; i++) {
        bool both = false;
        for (size_t j = 0; b[j] != NULL; j++) {
            both = both || strcasecmp(a[i], b[j]) == 0;
        }
        if (both) {
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
