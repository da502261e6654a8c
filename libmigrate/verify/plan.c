/* verify/plan.c - which folders are compared, and what is expected of them */
#include "account/notice.h"
#include "account/sides.h"

#include "base/memory.h"
#include "base/kept.h"
#include "folders/rules.h"
#include "verify/job.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int no_memory(mig_error *err)
{
    return mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* ---- from the record ---- */

typedef struct recording {
    mig__verify_run *run;
    mig__verify_job *job;
    uint64_t wanted; /* messages that the copy has a record of, of those it wanted */
    mig_error error;
} recording;

static mig__expected expected_of(mig__message_state state)
{
    switch (state) {
    case MIG__MESSAGE_INTENT:
        return MIG__EXPECT_PERHAPS;
    case MIG__MESSAGE_FAILED:
        return MIG__EXPECT_FAILED;
    case MIG__MESSAGE_DELETED:
        return MIG__EXPECT_GONE;
    case MIG__MESSAGE_WITHHELD:
        return MIG__EXPECT_WITHHELD;
    default:
        return MIG__EXPECT_THERE;
    }
}

static int record_message(const mig__message *message, void *context)
{
    recording *r = context;
    mig__verify_job *job = r->job;
    const char *flags = mig__flag_pool_take(&r->run->flags, message->flags);
    mig__recorded *grown = flags == NULL ? NULL : mig__grow(job->recorded, job->recorded_count, sizeof *grown, NULL);
    if (grown == NULL) {
        return no_memory(&r->error);
    }
    job->recorded = grown;
    r->wanted += message->state != MIG__MESSAGE_VANISHED && message->state != MIG__MESSAGE_DELETED;
    if (message->target_uid >= job->record_uidnext && message->target_uid < MIG__UID_REFUSED) {
        job->record_uidnext = message->target_uid + 1; /* what comes behind everything that was copied came later */
    }
    job->recorded[job->recorded_count++] =
        (mig__recorded){.source_uid = message->source_uid,
                        .target_uid = message->target_uid,
                        .expected = expected_of(message->state),
                        .has_digest = message->has_digest && message->canonical_version == MIG__CANONICAL_VERSION,
                        .has_date = message->internaldate.valid,
                        .date = message->internaldate.utc,
                        .flags = flags,
                        .digest = message->digest};
    return 0;
}

/* A server that normalises names lists another form than it was asked to make: that one counts. */
static int use_name(char **name, const char *listed)
{
    char *copy = strcmp(*name, listed) == 0 ? NULL : strdup(listed);
    if (copy == NULL) {
        return strcmp(*name, listed) == 0 ? 0 : -1;
    }
    free(*name);
    *name = copy;
    return 0;
}

static int job_from_record(mig__verify_run *run, mig__verify_job *job, const mig__state_folder *record, mig_error *err)
{
    recording r = {run, job, 0, MIG_ERROR_INIT};
    job->source_name = mig__sides_decoded(record->source);
    job->target_name = mig__sides_decoded(record->target);
    job->source = mig__strdup(record->source);
    job->target = mig__strdup(record->target);
    job->folder = record->id;
    job->record_uidvalidity = record->target_uidvalidity;
    job->record_uidnext = record->target_uidnext;
    job->record_messages = record->target_messages;
    if (job->source_name == NULL || job->target_name == NULL || job->source == NULL || job->target == NULL) {
        return no_memory(err);
    }
    job->there = mig__mailbox_alike(&run->sides[MIG_TARGET].mailboxes, job->target);
    if (job->there != NULL && use_name(&job->target, job->there->wire) != 0) {
        return no_memory(err);
    }
    job->role = job->there != NULL ? job->there->role : MIG_ROLE_NONE;
    if (mig__state_messages(run->state, record->id, record_message, &r, &r.error) != 0) {
        *err = r.error;
        return -1;
    }
    job->not_copied = record->wanted > r.wanted ? record->wanted - r.wanted : 0;
    job->trouble = mig__strdup(record->trouble);
    return record->trouble != NULL && job->trouble == NULL ? no_memory(err) : 0;
}

static int take_notice(const mig_error *what, bool failed, void *context, mig_error *err)
{
    mig_verify_account *account = ((mig__verify_run *)context)->account;
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig_problem problem = {strdup(""), 0, what->code, failed, strdup(mig_error_line(what, line, sizeof line))};
    mig_problem *grown = mig__grow(account->problems, account->problem_count, sizeof *grown, err);
    if (grown == NULL || problem.folder == NULL || problem.text == NULL) {
        free(problem.folder);
        free(problem.text);
        return grown == NULL ? -1 : no_memory(err);
    }
    account->problems = grown;
    account->problems[account->problem_count++] = problem;
    return 0;
}

static int plan_from_record(mig__verify_run *run, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    int failed = mig__state_folders(run->state, run->state_account, &folders, &count, err);
    const mig__map_rules given = {.folders = run->options->selection.folders,
                                  .excludes = run->options->selection.excludes};
    const mig__rules rules = {.given = &given};
    static const mig__mailbox_list nothing = {0};
    char **names = calloc(count + 1, sizeof *names);
    run->jobs = calloc(count > 0 ? count : 1, sizeof *run->jobs);
    if (failed == 0 && (run->jobs == NULL || names == NULL)) {
        failed = no_memory(err);
    }
    for (size_t i = 0; failed == 0 && i < count; i++) {
        char *name = mig__sides_decoded(folders[i].source);
        if (name == NULL) {
            failed = no_memory(err);
        } else if (mig__rules_take(&rules, name)) {
            failed = job_from_record(run, &run->jobs[run->job_count++], &folders[i], err);
        }
        names[i] = name;
    }
    failed = failed != 0
                 ? failed
                 : mig__notice_unmatched(given.folders, (const char *const *)names, count, take_notice, run, err);
    failed = failed != 0 ? failed
                         : mig__notice_lists(&nothing, &run->sides[MIG_TARGET].mailboxes, NULL, take_notice, run, err);
    for (size_t i = 0; names != NULL && i < count; i++) {
        free(names[i]);
    }
    free(names);
    mig__state_folders_free(&folders, count);
    return failed;
}

/* ---- from both lists ---- */

/* Where the copy put a folder, whatever the map says now; NULL: unknown. */
static const char *recorded_target(const mig__verify_run *run, const mig__state_folder *folders, size_t count,
                                   const char *source)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(folders[i].source, source) == 0) {
            const mig__mailbox *there = mig__mailbox_alike(&run->sides[MIG_TARGET].mailboxes, folders[i].target);
            return there != NULL ? there->wire : NULL;
        }
    }
    return NULL;
}

static int set_target(mig__verify_run *run, mig__verify_job *job, const mig__map_entry *entry, const char *recorded,
                      mig_error *err)
{
    job->target = recorded != NULL
                      ? mig__strdup(recorded)
                      : mig__sides_wire(entry, &run->sides[MIG_TARGET].mailboxes, run->sides[MIG_TARGET].utf8);
    if (job->target == NULL) {
        mig_error why;
        mig_error_set(&why, MIG_E_NAME, "the name '%s' cannot be written on the target", entry->target);
        mig__error_keep(&job->error, &why);
        job->target = mig__strdup("");
    }
    job->target_name = recorded != NULL ? mig__sides_decoded(recorded) : mig__strdup(entry->target);
    return job->target == NULL || job->target_name == NULL ? no_memory(err) : 0;
}

static int job_from_map(mig__verify_run *run, mig__verify_job *job, const mig__map_entry *entry, const char *recorded,
                        mig_error *err)
{
    const mig__mailbox *source = &run->sides[MIG_SOURCE].mailboxes.items[entry->source];
    job->source_name = mig__strdup(source->name);
    job->source = mig__strdup(source->wire);
    job->role = entry->role;
    if (job->source_name == NULL || job->source == NULL) {
        return no_memory(err);
    }
    if (set_target(run, job, entry, recorded, err) != 0) {
        return -1;
    }
    job->there = mig__mailbox_alike(&run->sides[MIG_TARGET].mailboxes, job->target);
    return 0;
}

static mig__label_choice choice_of(const mig__verify_run *run, const mig__map_entry *entry, size_t place)
{
    if (run->sides[MIG_SOURCE].profile.labels && run->options->selection.labels == MIG_LABELS_FIRST && !entry->rest) {
        return (mig__label_choice){.before = &run->labels, .place = place};
    }
    return (mig__label_choice){.rest = entry->rest};
}

static int plan_from_lists(mig__verify_run *run, mig_error *err)
{
    mig__map map = {0};
    const mig_verify_options *options = run->options;
    const mig__map_rules rules = mig__pair_rules(&options->selection);
    mig__state_folder *folders = NULL;
    size_t count = 0;
    int failed = mig__pair_map(run->sides, &options->selection, &map, err);
    failed = failed != 0 ? failed : mig__labels_make(&run->labels, &map, &run->sides[MIG_SOURCE].mailboxes, err);
    failed = failed != 0 ? failed
                         : mig__notice_lists(&run->sides[MIG_SOURCE].mailboxes, &run->sides[MIG_TARGET].mailboxes,
                                             &rules, take_notice, run, err);
    if (failed == 0 && run->state != NULL) {
        failed = mig__state_folders(run->state, run->state_account, &folders, &count, err);
    }
    run->jobs = calloc(map.count > 0 ? map.count : 1, sizeof *run->jobs);
    if (failed == 0 && run->jobs == NULL) {
        failed = no_memory(err);
    }
    for (size_t i = 0; failed == 0 && i < map.count; i++) {
        const mig__map_entry *entry = &map.entries[i];
        const mig__mailbox *source = &run->sides[MIG_SOURCE].mailboxes.items[entry->source];
        if (entry->target != NULL && entry->selectable && mig__sides_selectable(source)) {
            run->jobs[run->job_count].choice = choice_of(run, entry, i);
            failed = job_from_map(run, &run->jobs[run->job_count++], entry,
                                  recorded_target(run, folders, count, source->wire), err);
        }
    }
    mig__state_folders_free(&folders, count);
    mig__map_free(&map);
    return failed;
}

/* Several source folders may go to one of the target: it is read once. */
static void find_leaders(mig__verify_run *run)
{
    for (size_t i = 0; i < run->job_count; i++) {
        size_t leader = 0;
        while (strcmp(run->jobs[leader].target, run->jobs[i].target) != 0) {
            leader++;
        }
        run->jobs[i].leader = leader;
    }
}

static int by_name(const void *a, const void *b)
{
    const mig__verify_job *x = a, *y = b;
    bool left = strcasecmp(x->source_name, "INBOX") == 0, right = strcasecmp(y->source_name, "INBOX") == 0;
    return left != right ? (left ? -1 : 1) : strcmp(x->source_name, y->source_name);
}

int mig__verify_plan(mig__verify_run *run, mig_error *err)
{
    bool lists = run->options->against == MIG_AGAINST_SOURCE;
    if ((lists ? plan_from_lists(run, err) : plan_from_record(run, err)) != 0) {
        return -1;
    }
    if (run->job_count > 1) {
        qsort(run->jobs, run->job_count, sizeof *run->jobs, by_name); /* as people look for them */
    }
    find_leaders(run);
    return 0;
}

static bool planned(const mig__verify_run *run, const mig__mailbox *mailbox)
{
    bool found = false;
    for (size_t i = 0; !found && i < run->job_count; i++) {
        found = run->jobs[i].there == mailbox;
    }
    return found;
}

static bool is_view(const mig__mailbox *mailbox)
{
    return mailbox->role == MIG_ROLE_ALL || mailbox->role == MIG_ROLE_FLAGGED || mailbox->role == MIG_ROLE_IMPORTANT;
}

int mig__verify_plan_others(mig__verify_run *run, mig_error *err)
{
    run->others = calloc(run->sides[MIG_TARGET].mailboxes.count + 1, sizeof *run->others);
    if (run->others == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < run->sides[MIG_TARGET].mailboxes.count; i++) {
        const mig__mailbox *mailbox = &run->sides[MIG_TARGET].mailboxes.items[i];
        bool foreign =
            mailbox->owner != MIG__OWNER_SELF && !run->options->selection.shared; /* nobody said that it is looked at */
        if (!mig__sides_selectable(mailbox) || is_view(mailbox) || foreign || planned(run, mailbox)) {
            continue;
        }
        mig__verify_job *job = &run->others[run->other_count];
        *job = (mig__verify_job){.leader = run->other_count, .there = mailbox, .role = mailbox->role};
        run->other_count++;
        job->source_name = mig__strdup("");
        job->target_name = mig__strdup(mailbox->name);
        job->target = mig__strdup(mailbox->wire);
        if (job->source_name == NULL || job->target_name == NULL || job->target == NULL) {
            return no_memory(err);
        }
    }
    return 0;
}
