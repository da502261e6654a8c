/* copy/notes.h - differences that are worth one line a folder with their number, not one a message */
#ifndef MIG_COPY_NOTES_H
#define MIG_COPY_NOTES_H

#include "copy/message.h"
#include <stddef.h>

struct mig__run;
struct mig__folder_job;

typedef enum mig__note_kind {
    MIG__NOTE_OWN_DATE,  /* the source gives no usable INTERNALDATE: the message's own Date: went instead */
    MIG__NOTE_NO_DATE,   /* nor has the message a date that can be read: the target sets one */
    MIG__NOTE_ODD_FLAGS, /* flags of the source that are no flags (RFC 3501 section 9) */
    MIG__NOTE_TWIN,      /* not sent, since the target has one with this date and Message-ID, of other content */
    MIG__NOTE_KINDS
} mig__note_kind;

typedef struct mig__note {
    uint64_t count; /* of messages */
    uint32_t first; /* UID on the source */
} mig__note;

typedef struct mig__notes { /* of a folder; zeroed: none */
    mig__note notes[MIG__NOTE_KINDS];
    char **refused; /* flags that the target refused by themselves in this run, whatever PERMANENTFLAGS says */
    size_t refused_count;
} mig__notes;

/* The caller holds the run's lock, or the threads are over. Out of memory loses the line, nothing else. */
void mig__note_add(mig__notes *notes, mig__note_kind kind, uint32_t uid);
/* The target refuses this flag: it is left off from now on. */
void mig__note_refused_flag(mig__notes *notes, const char *flag);
bool mig__note_flag_refused(const mig__notes *notes, const char *flag);

/* Every folder's notes into the result and the log. After the threads. */
void mig__notes_list(struct mig__run *run);
void mig__notes_free(mig__notes *notes);

#endif
