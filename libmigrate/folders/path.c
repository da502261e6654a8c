/* folders/path.c - names taken apart at their separators */
#include "folders/path.h"
#include "base/buffer.h"
#include "folders/fold.h"
#include <stdlib.h>
#include <string.h>

static const char *prefix_of(const mig__side_in *side)
{
    return side->prefix == NULL ? "" : side->prefix;
}

bool mig__inbox_prefix(const mig__side_in *side)
{
    const char *prefix = prefix_of(side);
    size_t length = strlen(prefix);
    return length == 6 && mig__is_inbox(prefix, 5) && prefix[5] == side->delimiter;
}

/* What stands behind the prefix, or NULL when `name` is not below it. */
static const char *below_prefix(const mig__side_in *side, const char *name, size_t length)
{
    const char *prefix = prefix_of(side);
    size_t skip = strlen(prefix);
    if (length <= skip) {
        return NULL;
    }
    if (mig__inbox_prefix(side)) {
        return mig__is_inbox(name, skip - 1) && name[skip - 1] == side->delimiter ? name + skip : NULL;
    }
    return memcmp(name, prefix, skip) == 0 ? name + skip : NULL;
}

int mig__path_make(mig__path *path, const mig__side_in *side, const char *name, char delimiter, mig_error *err)
{
    size_t length = strlen(name);
    while (length > 0 && delimiter != '\0' && name[length - 1] == delimiter) {
        length--;
    }
    *path = (mig__path){.space = MIG__SPACE_OTHER};
    const char *rest = below_prefix(side, name, length);
    if (rest != NULL) {
        path->space = MIG__SPACE_PERSONAL;
        length -= (size_t)(rest - name);
    } else {
        rest = name;
    }
    path->data = malloc(length + 1);
    if (path->data == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < length; i++) {
        path->data[i] = delimiter != '\0' && rest[i] == delimiter ? '\0' : rest[i];
        path->levels += path->data[i] == '\0';
    }
    path->data[length] = '\0';
    path->length = length > 0 ? length + 1 : 0;
    path->levels += length > 0;

    bool stripped = path->space == MIG__SPACE_PERSONAL && *prefix_of(side) != '\0';
    if (!stripped && mig__is_inbox(path->data, strlen(path->data))) {
        path->space = MIG__SPACE_INBOX;
        memcpy(path->data, "INBOX", 5);
    }
    return 0;
}

void mig__path_free(mig__path *path)
{
    free(path->data);
    *path = (mig__path){0};
}
