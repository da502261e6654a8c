#include "copy/rename.h"
#include "imap/digests.h"
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 5 }; /* messages whose content must be the same */

typedef struct sample { /* recorded messages to look at */
    uint32_t uids[SAMPLE];
    uint8_t digests[SAMPLE][MIG__DIGEST_SIZE];
    size_t count, equal, different;
    uint64_t seen;
} sample;

/* Spread over the folder: each recorded message may push out an earlier one, by a fixed pattern. */
static int sample_message(const mig__message *message, void *context)
{
    sample *s = context;
    if (!message->has_digest || message->source_uid == 0 ||
        (message->state != MIG__MESSAGE_COPIED && message->state != MIG__MESSAGE_ADOPTED)) {
        return 0;
    }
    size_t at = s->count < SAMPLE ? s->count++ : (size_t)(s->seen * 2654435761u % (s->seen + 1));
    s->seen++;
    if (at < SAMPLE) {
        s->uids[at] = message->source_uid;
        memcpy(s->digests[at], message->digest.raw, MIG__DIGEST_SIZE);
    }
    return 0;
}

static int on_digest(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    sample *s = context;
    (void)err;
    for (size_t i = 0; i < s->count; i++) {
        if (s->uids[i] == item->uid) {
            bool equal = memcmp(s->digests[i], digest->raw, MIG__DIGEST_SIZE) == 0;
            s->equal += equal;
            s->different += !equal;
        }
    }
    return 0;
}

static int wait_ok(mig__session *session, mig__command *command, bool *taken, mig_error *err)
{
    mig__command_result result = {0};
    int failed = command == NULL ? -1 : mig__command_wait(session, command, &result, err);
    *taken = failed == 0 && result.error.code == MIG_OK;
    mig__command_result_clear(&result);
    return failed;
}

/* Does the listed mailbox hold, under the recorded UIDs, what the record says? Deleted ones do not count against it. */
static int same_content(mig__run *run, mig__session *source, const mig__state_folder *record,
                        const mig__mailbox *listed, bool *same, mig_error *err)
{
    sample s = {0};
    mig__uidset uids = MIG__UIDSET_INIT;
    mig__selected selected = {0};
    bool opened = false;
    *same = false;
    int failed = mig__state_messages(run->state, record->id, sample_message, &s, err);
    for (size_t i = 0; failed == 0 && i < s.count; i++) {
        failed = mig__uidset_add(&uids, s.uids[i], s.uids[i], err);
    }
    if (failed == 0 && s.count > 0) {
        failed = wait_ok(source, mig__select(source, listed->wire, true, &selected, err), &opened, err);
    }
    if (failed == 0 && opened && selected.exists > 0) {
        failed = mig__fetch_digests(source, &uids, MIG__FETCH_BODY, on_digest, &s, err);
    }
    *same = s.equal > 0 && s.different == 0;
    mig__selected_free(&selected);
    mig__uidset_free(&uids);
    return failed;
}

/* The listed, unrecorded mailbox that the recorded one has become. NULL: none. */
static int find_new_name(mig__run *run, mig__session *source, const mig__state_folder *record, mig__folder_job **out,
                         mig_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        const char *id = job->source->mailbox_id;
        if (!job->copy || job->record.id != 0) {
            continue;
        }
        if (id != NULL && record->source_mailbox_id != NULL) {
            if (strcmp(id, record->source_mailbox_id) == 0) {
                *out = job;
                return 0;
            }
            continue; /* ids never lie: this is another mailbox */
        }
        bool same = false;
        if (job->source->uidvalidity != 0 && job->source->uidvalidity == record->source_uidvalidity &&
            job->source->messages > 0 && same_content(run, source, record, job->source, &same, err) != 0) {
            return -1;
        }
        if (same) {
            *out = job;
            return 0;
        }
    }
    return 0;
}

/* Rename on the target, unless a parent's rename did it already. *done: the mailbox has its new name. */
static int rename_on_target(mig__run *run, mig__session *target, const mig__state_folder *record,
                            const mig__folder_job *job, bool *done, mig_error *err)
{
    const mig__mailbox *old = mig__mailbox_find(&run->target_list, record->target);
    *done = strcmp(record->target, job->target) == 0;
    if (*done || old == NULL || job->existing != NULL || old->role == MIG_ROLE_INBOX) {
        return 0;
    }
    mig__command *command = mig__command_begin(target, "RENAME", NULL, NULL, err);
    if (command == NULL) {
        return -1;
    }
    mig__command_mailbox(command, record->target);
    mig__command_mailbox(command, job->target);
    bool taken = false;
    if (wait_ok(target, mig__command_end(command, err) == 0 ? command : NULL, &taken, err) != 0) {
        return -1;
    }
    if (!taken) { /* perhaps it moved along with its parent: then it opens under its new name */
        mig__selected selected = {0};
        int failed = wait_ok(target, mig__select(target, job->target, true, &selected, err), &taken, err);
        taken = taken && selected.uidvalidity == record->target_uidvalidity;
        mig__selected_free(&selected);
        if (failed != 0) {
            return -1;
        }
    }
    *done = taken;
    return 0;
}

static int follow(mig__run *run, mig__state_folder *record, const mig__folder_job *job, mig_error *err)
{
    char *source = mig__strdup(job->source->wire), *target = mig__strdup(job->target);
    if (source == NULL || target == NULL) {
        free(source);
        free(target);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    free(record->source);
    free(record->target);
    record->source = source;
    record->target = target;
    mig__run_log(run, MIG_LOG_INFO, job, 0, NULL, "renamed on the source, and now on the target");
    return mig__state_folder_put(run->state, run->state_account, record, err);
}

int mig__rename_folders(mig__run *run, mig__session *source, mig__session *target, bool *renamed, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    *renamed = false;
    int failed = mig__state_folders(run->state, run->state_account, &folders, &count, err);
    for (size_t i = 0; failed == 0 && i < count; i++) { /* by name: parents come before their children */
        mig__folder_job *job = NULL;
        bool done = false;
        if (mig__mailbox_find(&run->source_list, folders[i].source) != NULL) {
            continue;
        }
        failed = find_new_name(run, source, &folders[i], &job, err);
        if (failed == 0 && job != NULL) {
            failed = rename_on_target(run, target, &folders[i], job, &done, err);
        }
        if (failed == 0 && done) {
            failed = follow(run, &folders[i], job, err);
            job->record.id = folders[i].id; /* taken: no other record may become it */
            *renamed = true;
        }
    }
    mig__state_folders_free(&folders, count);
    return failed;
}
