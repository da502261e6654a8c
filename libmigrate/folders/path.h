/* folders/path.h - a mailbox name taken apart, without its separators and prefix */
#ifndef MIG_FOLDERS_PATH_H
#define MIG_FOLDERS_PATH_H

#include "folders/map.h"

#define MIG__MAX_LEVELS 1000 /* no server goes so deep; it bounds the memory that a hostile list can take */

typedef enum mig__space {
    MIG__SPACE_INBOX,    /* INBOX, and what is below it without being below a prefix */
    MIG__SPACE_PERSONAL, /* below the prefix of the personal namespace, which may be empty */
    MIG__SPACE_OTHER     /* everything else, where the prefix is not empty */
} mig__space;

/*
 * The components with a NUL behind each, so that octet order puts parents directly before their descendants. In
 * MIG__SPACE_INBOX the first one is "INBOX", otherwise the prefix is taken off.
 */
typedef struct mig__path {
    mig__space space;
    size_t levels;
    size_t length;
    char *data;
} mig__path;

/* Take apart `name`. Separators at its end do not count. Errors: MIG_E_NOMEM. */
int mig__path_make(mig__path *path, const mig__side_in *side, const char *name, char delimiter, mig_error *err);
void mig__path_free(mig__path *path);

/* True when the prefix of `side` is "INBOX" (any case) and its separator. */
bool mig__inbox_prefix(const mig__side_in *side);

#endif
