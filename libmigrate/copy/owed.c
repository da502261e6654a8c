/* copy/owed.c - flags that a mailbox of the target did not take: remembered, and tried again by each run */
#include "copy/owed.h"
#include "base/memory.h"
#include "copy/delta.h"
#include "copy/settle.h"
#include "mail/flags.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct gathering {
    mig__folder_job *job;
    mig_error error;
} gathering;

static int note_owed(const mig__message *message, void *context)
{
    gathering *g = context;
    bool ours = message->state == MIG__MESSAGE_COPIED || message->state == MIG__MESSAGE_ADOPTED;
    if (message->owed[0] == '\0' || !ours || message->source_uid == 0 || message->gone_since != 0) {
        return 0;
    }
    mig__buffer words = MIG__BUFFER_INIT;
    mig__buffer_addf(&words, "%s %s", message->flags, message->owed);
    const char **flags = words.failed ? NULL : mig__flags_split(words.data);
    char *joined = flags == NULL ? NULL : mig__flags_join(flags);
    int failed = joined == NULL ? mig_error_set(&g->error, MIG_E_NOMEM, "out of memory")
                                : mig__delta_note_flags(g->job, message->source_uid, joined, &g->error);
    mig__buffer_free(&words);
    free(flags);
    free(joined);
    return failed;
}

/* What the mailbox takes is told to those who may change it: by SELECT, not by EXAMINE. */
static int learn_flags(mig__session *session, void *context, mig_error *err)
{
    mig__folder_job *job = context;
    mig__selected_free(&job->goal);
    return mig__command_outcome(session, mig__select(session, job->target, false, &job->goal, err), err);
}

/* A folder with nothing new has not been opened. False: its mailbox does not say what it takes. */
static int open_unchanged(mig__run *run, mig__session **session, mig__folder_job *job, bool *opened, mig_error *err)
{
    int outcome = mig__gate_ask(&run->sides[MIG_TARGET].gate, session, learn_flags, job, err);
    *opened = outcome == 0;
    if (outcome > 0) {
        mig__run_log(run, MIG_LOG_WARNING, job, 0, err, "flags that are owed were not tried again: %s", err->text);
    }
    return outcome < 0 ? -1 : 0;
}

int mig__owed_gather(mig__run *run, mig__session **session, mig_error *err)
{
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        mig__state_counts counts = job->counts;
        bool opened = !job->unchanged;
        if (!job->copy || job->broken || job->record.id == 0) {
            continue;
        }
        if (!job->unchanged && mig__state_count(run->state, job->record.id, &counts, err) != 0) {
            return -1;
        }
        if (counts.owed == 0) {
            continue;
        }
        if (job->unchanged && open_unchanged(run, session, job, &opened, err) != 0) {
            return -1;
        }
        gathering g = {job, MIG_ERROR_INIT};
        job->owing = job->flag_change_count == 0;
        if (opened && mig__state_messages(run->state, job->record.id, note_owed, &g, &g.error) != 0) {
            *err = g.error;
            return -1;
        }
    }
    return 0;
}

/* ---- at the end ---- */

typedef struct missing_flag {
    char *flag;
    uint64_t messages;
    uint32_t first;
} missing_flag;

typedef struct listing {
    missing_flag *flags;
    size_t count;
    uint64_t messages;
    mig_error error;
} listing;

static int add_flag(listing *list, const char *flag, uint64_t messages, uint32_t first)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcasecmp(list->flags[i].flag, flag) == 0) {
            list->flags[i].messages += messages;
            list->flags[i].first = first < list->flags[i].first ? first : list->flags[i].first;
            return 0;
        }
    }
    missing_flag *grown = mig__grow(list->flags, list->count, sizeof *grown, &list->error);
    if (grown == NULL) {
        return -1;
    }
    list->flags = grown;
    list->flags[list->count] = (missing_flag){mig__strdup(flag), messages, first};
    return list->flags[list->count].flag == NULL ? mig_error_set(&list->error, MIG_E_NOMEM, "out of memory")
                                                 : (list->count++, 0);
}

static int on_owed(const char *joined, uint64_t messages, uint32_t first, void *context)
{
    listing *list = context;
    const char **flags = mig__flags_split(joined);
    int failed = flags == NULL ? mig_error_set(&list->error, MIG_E_NOMEM, "out of memory") : 0;
    list->messages += messages;
    for (size_t i = 0; failed == 0 && flags[i] != NULL; i++) {
        failed = add_flag(list, flags[i], messages, first);
    }
    free(flags);
    return failed;
}

static void list_flag(mig__run *run, mig__folder_job *job, const missing_flag *missing)
{
    mig_error why;
    bool one = missing->messages == 1;
    mig_error_set(&why, MIG_E_FLAG,
                  "the target's mailbox '%s' does not take the flag %s: %llu message%s there without it (the first is "
                  "message %u)",
                  job->result->target, missing->flag, (unsigned long long)missing->messages, one ? " is" : "s are",
                  missing->first);
    mig_error_hint(&why, "each run tries again");
    pthread_mutex_lock(&run->lock);
    mig__result_problem(run->account, job->source->name, missing->first, false, &why);
    pthread_mutex_unlock(&run->lock);
}

int mig__owed_list(mig__run *run, mig_error *err)
{
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (!job->copy || job->record.id == 0) {
            continue;
        }
        listing list = {.error = MIG_ERROR_INIT};
        int failed = mig__state_owed(run->state, job->record.id, on_owed, &list, &list.error);
        for (size_t f = 0; failed == 0 && f < list.count; f++) {
            list_flag(run, job, &list.flags[f]);
        }
        job->result->flags_owed = list.messages;
        for (size_t f = 0; f < list.count; f++) {
            free(list.flags[f].flag);
        }
        free(list.flags);
        if (failed != 0) {
            *err = list.error;
            return -1;
        }
    }
    return 0;
}
