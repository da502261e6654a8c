/* copy/moves.h - messages that moved on the source, recognised by their EMAILID before anything of them is read */
#ifndef MIG_COPY_MOVES_H
#define MIG_COPY_MOVES_H

#include "copy/job.h"

/*
 * Where the source gives its messages ids (RFC 8474 EMAILID, or Gmail's X-GM-MSGID) and some with a recorded id are
 * gone from their folders: ask for the ids of what is to be copied, and move on the target what has one of them
 * (job->todo shrinks). What has none, or another INTERNALDATE than recorded, is left to the digests
 * (mig__known_settle). -1: a session or the state failed.
 */
int mig__moves_by_id(mig__run *run, mig__session **source, mig__session **target, mig_error *err);

#endif
