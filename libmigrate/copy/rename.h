/* copy/rename.h - a mailbox that got another name on the source gets it on the target as well */
#ifndef MIG_COPY_RENAME_H
#define MIG_COPY_RENAME_H

#include "copy/job.h"

/*
 * Recorded folders whose mailbox the source does not list under their name any more, against listed ones that are not
 * recorded, or recorded as another mailbox: the same MAILBOXID (RFC 8474), else the same UIDVALIDITY and, under their
 * UIDs, the same content. A renamed folder is renamed on the target where its old mailbox is still there and the new
 * name is free, or becomes free by another rename; where names were swapped, one of them steps aside for the time
 * being. The records follow. *renamed tells whether anything was: then the target has to be listed and the map made
 * again. -1: a session or the state failed.
 */
int mig__rename_folders(mig__run *run, mig__session **source, mig__session **target, bool *renamed, mig_error *err);
/* Is that the name of a mailbox of the target that stepped aside? A kill leaves it so until the next run. */
bool mig__rename_parked(const char *target);

#endif
