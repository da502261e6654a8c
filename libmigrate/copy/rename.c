/* copy/rename.c - a mailbox that got another name on the source gets it on the target as well */
#include "copy/rename.h"
#include "copy/decide_folder.h"
#include "base/crashpoint.h"
#include "base/retry.h"
#include "imap/digests.h"
#include <stdio.h>
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

typedef struct comparing { /* the sample with what a listed mailbox holds */
    const mig__mailbox *listed;
    sample *sample;
    const mig__uidset *uids;
} comparing;

static int look_at_sample(mig__session *session, void *context, mig_error *err)
{
    comparing *c = context;
    mig__selected selected = {0};
    c->sample->equal = c->sample->different = 0;
    int outcome = mig__command_outcome(session, mig__select(session, c->listed->wire, true, &selected, err), err);
    if (outcome == 0 && selected.exists > 0) {
        outcome = mig__fetch_digests(session, c->uids, MIG__FETCH_BODY, on_digest, c->sample, err);
    }
    mig__selected_free(&selected);
    return outcome;
}

/*
 * Does the listed mailbox hold, under the recorded UIDs, what the record says? Deleted ones do not count against it.
 * What is not told is not the same: what it holds is met by its content then.
 */
static int same_content(mig__run *run, mig__session **source, const mig__state_folder *record,
                        const mig__mailbox *listed, bool *same, mig_error *err)
{
    sample s = {0};
    mig__uidset uids = MIG__UIDSET_INIT;
    comparing c = {listed, &s, &uids};
    int failed = mig__state_messages(run->state, record->id, sample_message, &s, err);
    for (size_t i = 0; failed == 0 && i < s.count; i++) {
        failed = mig__uidset_add(&uids, s.uids[i], s.uids[i], err);
    }
    if (failed == 0 && s.count > 0) {
        failed = mig__gate_ask(&run->sides[MIG_SOURCE].gate, source, look_at_sample, &c, err) < 0 ? -1 : 0;
    }
    *same = s.equal > 0 && s.different == 0;
    mig__uidset_free(&uids);
    return failed;
}

typedef struct move { /* a recorded folder whose mailbox has a new name on the source */
    mig__state_folder *record;
    mig__folder_job *job; /* of the new name */
    bool done;
} move;

typedef struct renaming {
    mig__run *run;
    mig__session **source, **target;
    move *moves;
    size_t count;
    bool renamed;
} renaming;

static bool taken_already(const renaming *r, const mig__folder_job *job)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->moves[i].job == job) {
            return true;
        }
    }
    return false;
}

/* The mailbox that the recorded one has become: unrecorded, or recorded as another one than it is now. NULL: none. */
static int find_new_name(renaming *r, const mig__state_folder *record, mig__folder_job **out, mig_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < r->run->job_count; i++) {
        mig__folder_job *job = &r->run->jobs[i];
        const mig__mailbox *listed = job->source;
        mig__renamed renamed = mig__decide_renamed(record, &job->record, listed);
        if (!job->copy || renamed == MIG__RENAMED_NO || taken_already(r, job)) {
            continue;
        }
        bool same = renamed == MIG__RENAMED_YES;
        if (!same && same_content(r->run, r->source, record, listed, &same, err) != 0) {
            return -1;
        }
        if (same) {
            *out = job;
            return 0;
        }
    }
    return 0;
}

#define PARKED "mailmigrate-renaming-"

bool mig__rename_parked(const char *target)
{
    return strstr(target, PARKED) != NULL;
}

/* Did a run that was killed leave the mailbox under its name for the time being? Then that is where it is. */
static int find_parked(const renaming *r, mig__state_folder *record, mig_error *err)
{
    char mark[48];
    snprintf(mark, sizeof mark, PARKED "%lld", (long long)record->id);
    for (size_t i = 0; i < r->run->sides[MIG_TARGET].mailboxes.count; i++) {
        const char *found = strstr(r->run->sides[MIG_TARGET].mailboxes.items[i].wire, mark);
        if (found == NULL || strcmp(found, mark) != 0) {
            continue;
        }
        char *name = mig__strdup(r->run->sides[MIG_TARGET].mailboxes.items[i].wire);
        if (name == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        free(record->target);
        record->target = name;
    }
    return 0;
}

static int find_moves(renaming *r, mig__state_folder *folders, size_t count, mig_error *err)
{
    for (size_t i = 0; i < count; i++) { /* by name: parents come before their children */
        if (find_parked(r, &folders[i], err) != 0) {
            return -1;
        }
        const mig__mailbox *listed = mig__mailbox_find(&r->run->sides[MIG_SOURCE].mailboxes, folders[i].source);
        const mig__mailbox *there = mig__mailbox_alike(&r->run->sides[MIG_TARGET].mailboxes, folders[i].target);
        mig__folder_job *job = NULL;
        if ((listed != NULL && !mig__decide_another(&folders[i], listed)) ||
            (there != NULL && there->role == MIG_ROLE_INBOX)) {
            continue;
        }
        if (find_new_name(r, &folders[i], &job, err) != 0) {
            return -1;
        }
        if (job != NULL) {
            r->moves[r->count++] = (move){.record = &folders[i], .job = job};
        }
    }
    return 0;
}

/* ---- on the target ---- */

typedef struct standing { /* what a name on the target stands for at this moment */
    bool there;
    bool told; /* else the server does not say whether it is there */
    uint32_t uidvalidity;
} standing;

typedef struct naming { /* a dialogue about a name on the target, or two */
    const char *name, *to;
    standing *now;
} naming;

static int on_status(const mig__response *response, void *context, mig_error *err)
{
    standing *now = context;
    (void)err;
    if (response->kind == MIG__RESPONSE_STATUS && response->status.has_uidvalidity) {
        now->uidvalidity = response->status.uidvalidity;
    }
    return 0;
}

static int ask_status(mig__session *session, void *context, mig_error *err)
{
    naming *n = context;
    *n->now = (standing){false, false, 0};
    mig__command *command = mig__command_begin(session, "STATUS", on_status, n->now, err);
    if (command == NULL) {
        return -1;
    }
    mig__command_mailbox(command, n->name);
    mig__command_raw(command, "(UIDVALIDITY)");
    int outcome = mig__command_outcome(session, mig__command_end(command, err) == 0 ? command : NULL, err);
    n->now->there = outcome == 0;
    n->now->told = outcome == 0 || (outcome > 0 && !mig__retry_wanted(err)); /* RENAME onto another one is refused */
    return outcome;
}

/* By STATUS: a mailbox that is to be renamed should not be open. */
static int look(renaming *r, const char *name, standing *now, mig_error *err)
{
    naming n = {.name = name, .now = now};
    return mig__gate_ask(&r->run->sides[MIG_TARGET].gate, r->target, ask_status, &n, err) < 0 ? -1 : 0;
}

static int ask_rename(mig__session *session, void *context, mig_error *err)
{
    const naming *n = context;
    mig__command *command = mig__command_begin(session, "RENAME", NULL, NULL, err);
    if (command == NULL) {
        return -1;
    }
    mig__command_mailbox(command, n->name);
    mig__command_mailbox(command, n->to);
    return mig__command_outcome(session, mig__command_end(command, err) == 0 ? command : NULL, err);
}

/* When the connection breaks on it, it may be done: the second time it is refused then, and the next look shows it. */
static int rename_mailbox(renaming *r, const char *from, const char *to, bool *taken, mig_error *err)
{
    naming n = {.name = from, .to = to};
    int outcome = mig__gate_ask(&r->run->sides[MIG_TARGET].gate, r->target, ask_rename, &n, err);
    *taken = outcome == 0;
    return outcome < 0 ? -1 : 0;
}

/* The record follows at once: a kill in between is told by the UIDVALIDITY that stands there. */
static int follow(renaming *r, mig__state_folder *record, const char *source, const char *target, mig_error *err)
{
    MIG__CRASH_POINT("renamed");
    char *from = mig__strdup(source), *to = mig__strdup(target);
    if (from == NULL || to == NULL) {
        free(from);
        free(to);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    free(record->source);
    free(record->target);
    record->source = from;
    record->target = to;
    r->renamed = true;
    return mig__state_folder_put(r->run->state, r->run->state_account, record, err) != 0
               ? -1
               : mig__state_flush(r->run->state, err);
}

/* Does `here` stand for the recorded mailbox, and `old` not any more? So it moved along with its parent, or before. */
static bool moved_before(const mig__state_folder *record, const standing *here, const standing *old)
{
    return here->there && record->target_uidvalidity != 0 && here->uidvalidity == record->target_uidvalidity &&
           (!old->there || old->uidvalidity != here->uidvalidity);
}

static bool below(const renaming *r, const char *name, const char *parent)
{
    size_t length = strlen(parent);
    return strncmp(name, parent, length) == 0 && name[length] != '\0' &&
           name[length] == r->run->sides[MIG_TARGET].mailboxes.delimiter;
}

/* What is below a mailbox goes with it: first that one, then a look at what is left to be done. */
static bool waits_for_parent(const renaming *r, const move *m)
{
    for (size_t i = 0; i < r->count; i++) {
        const move *other = &r->moves[i];
        if (!other->done &&
            (below(r, m->record->target, other->record->target) || below(r, m->job->target, other->job->target))) {
            return true;
        }
    }
    return false;
}

/* One move, if its new name is free. *got_on: it is done. */
static int try_move(renaming *r, move *m, bool *got_on, mig_error *err)
{
    mig__state_folder *record = m->record;
    const char *to = m->job->target;
    standing here = {false, false, 0}, old = {false, false, 0};
    bool taken = strcmp(record->target, to) == 0;
    if (!taken && (look(r, to, &here, err) != 0 || look(r, record->target, &old, err) != 0)) {
        return -1;
    }
    taken = taken || moved_before(record, &here, &old);
    bool ours = old.there && (record->target_uidvalidity == 0 || old.uidvalidity == record->target_uidvalidity);
    if (!taken && here.told && !here.there && ours && rename_mailbox(r, record->target, to, &taken, err) != 0) {
        return -1;
    }
    if (!taken) {
        return 0;
    }
    *got_on = m->done = true;
    mig__run_log(r->run, MIG_LOG_INFO, m->job, 0, NULL, "renamed on the source, and now on the target");
    return follow(r, record, m->job->source->wire, to, err);
}

/* Another one waits for the name of this one, and the two can be told apart whatever happens meanwhile. */
static bool must_step_aside(const renaming *r, const move *m)
{
    bool wanted = false, told_apart = m->record->target_uidvalidity != 0;
    for (size_t i = 0; i < r->count; i++) {
        const move *other = &r->moves[i];
        if (other != m && !other->done) {
            wanted = wanted || strcmp(other->job->target, m->record->target) == 0;
            told_apart = told_apart && other->record->target_uidvalidity != m->record->target_uidvalidity;
        }
    }
    return !m->done && wanted && told_apart && !waits_for_parent(r, m) && !mig__rename_parked(m->record->target);
}

/* Names that were swapped: one of them gets another name for the time being. */
static int step_aside(renaming *r, const move *m, bool *got_on, mig_error *err)
{
    mig__state_folder *record = m->record;
    const mig__mailbox *listed = mig__mailbox_alike(&r->run->sides[MIG_TARGET].mailboxes, record->target);
    const char *last = listed == NULL || listed->delimiter == '\0' ? NULL : strrchr(record->target, listed->delimiter);
    int parent = last == NULL ? 0 : (int)(last + 1 - record->target);
    mig__buffer name = MIG__BUFFER_INIT;
    mig__buffer_addf(&name, "%.*s%s%lld", parent, record->target, PARKED, (long long)record->id);
    int failed = mig__buffer_ok(&name, err);
    failed = failed != 0 ? failed : rename_mailbox(r, record->target, name.data, got_on, err);
    failed = failed == 0 && *got_on ? follow(r, record, record->source, name.data, err) : failed;
    mig__buffer_free(&name);
    return failed;
}

static int run_moves(renaming *r, mig_error *err)
{
    for (bool got_on = true; got_on;) {
        got_on = false;
        for (size_t i = 0; i < r->count; i++) {
            if (!r->moves[i].done && !waits_for_parent(r, &r->moves[i]) &&
                try_move(r, &r->moves[i], &got_on, err) != 0) {
                return -1;
            }
        }
        for (size_t i = 0; i < r->count && !got_on; i++) {
            if (must_step_aside(r, &r->moves[i]) && step_aside(r, &r->moves[i], &got_on, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

int mig__rename_folders(mig__run *run, mig__session **source, mig__session **target, bool *renamed, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    renaming r = {.run = run, .source = source, .target = target};
    int failed = mig__state_folders(run->state, run->state_account, &folders, &count, err);
    if (failed == 0 && (r.moves = calloc(count > 0 ? count : 1, sizeof *r.moves)) == NULL) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    failed = failed != 0 ? failed : find_moves(&r, folders, count, err);
    failed = failed != 0 ? failed : run_moves(&r, err);
    *renamed = r.renamed;
    free(r.moves);
    mig__state_folders_free(&folders, count);
    return failed;
}
