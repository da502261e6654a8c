/* base/directory.h - directories for one's own files */
#ifndef MIG_BASE_DIRECTORY_H
#define MIG_BASE_DIRECTORY_H

#include <migrate/error.h>

/*
 * Make every directory of the path that is not there, for the user alone; `path` is changed and restored on the way.
 * 0, or -1 with MIG_E_IO or MIG_E_DISK_FULL.
 */
int mig__make_directories(char *path, mig_error *err);

#endif
