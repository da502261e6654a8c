/* tree.h - a directory of a test's own, and its end */
#ifndef TEST_STORE_TREE_H
#define TEST_STORE_TREE_H

#include <ftw.h>
#include <stdio.h>

static inline int tree_remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

/* With all that is in it; links are not followed. 0, or -1. */
static inline int tree_remove(const char *path)
{
    return nftw(path, tree_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
