/* copy/notes.c - see notes.h */
#include "copy/notes.h"
#include "base/memory.h"
#include "copy/job.h"
#include <stdlib.h>
#include <strings.h>

void mig__note_add(mig__notes *notes, mig__note_kind kind, uint32_t uid)
{
    mig__note *note = &notes->notes[kind];
    note->first = note->count++ == 0 ? uid : note->first;
}

bool mig__note_flag_refused(const mig__notes *notes, const char *flag)
{
    for (size_t i = 0; i < notes->refused_count; i++) {
        if (strcasecmp(notes->refused[i], flag) == 0) {
            return true;
        }
    }
    return false;
}

void mig__note_refused_flag(mig__notes *notes, const char *flag)
{
    char **grown = mig__note_flag_refused(notes, flag)
                       ? NULL
                       : mig__grow(notes->refused, notes->refused_count, sizeof *grown, NULL);
    if (grown == NULL) {
        return;
    }
    notes->refused = grown;
    grown[notes->refused_count] = mig__strdup(flag);
    notes->refused_count += grown[notes->refused_count] != NULL;
}

/* ---- at the end ---- */

static void list_note(mig__run *run, const mig__folder_job *job, mig__note_kind kind, const mig__note *note)
{
    static const struct {
        mig_code code;
        const char *text;
    } kinds[MIG__NOTE_KINDS] = {
        [MIG__NOTE_OWN_DATE] = {MIG_E_PROTOCOL,
                                "without a usable INTERNALDATE on the source: the date of the message's "
                                "own Date: field was stored"},
        [MIG__NOTE_NO_DATE] = {MIG_E_PROTOCOL,
                               "without a usable INTERNALDATE on the source, nor a Date: field that can "
                               "be read: the target sets its own"},
        [MIG__NOTE_ODD_FLAGS] = {MIG_E_FLAG, "with keywords that are no valid IMAP keywords: these were left off, the "
                                             "other flags are kept"},
        [MIG__NOTE_TWIN] =
            {MIG_E_DIFFERENT,
             "taken for messages that are on the target, since date and Message-ID are the same and there is "
             "one of each: their content differs, and was not proven"},
    };
    mig_error error;
    mig_error_set(&error, kinds[kind].code, "%llu message%s of '%s' %s", (unsigned long long)note->count,
                  note->count == 1 ? "" : "s", job->source->name, kinds[kind].text);
    mig__run_problem(run, job, note->first, false, &error);
}

void mig__notes_list(mig__run *run)
{
    for (size_t i = 0; i < run->job_count; i++) {
        const mig__folder_job *job = &run->jobs[i];
        for (int kind = 0; kind < MIG__NOTE_KINDS; kind++) {
            if (job->notes.notes[kind].count > 0) {
                list_note(run, job, (mig__note_kind)kind, &job->notes.notes[kind]);
            }
        }
    }
}

void mig__notes_free(mig__notes *notes)
{
    for (size_t i = 0; i < notes->refused_count; i++) {
        free(notes->refused[i]);
    }
    free(notes->refused);
    *notes = (mig__notes){.refused = NULL};
}
