/* archive/found.c - the names of what a check of an archive finds, for all that write them */
#include <migrate/archive.h>

const char *mig_archive_found_name(mig_archive_found kind)
{
    static const char *const names[] = {"damaged",  "missing", "extra",     "refused", "cut",
                                        "manifest", "root",    "signature", "chain",   "lost"};
    return (unsigned)kind < MIG_ARCHIVE_FOUND_COUNT ? names[kind] : "unknown";
}
