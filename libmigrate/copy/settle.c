/* copy/settle.c - what the target said about a batch, and what follows for its messages, the state and the report */
#include "copy/settle.h"
#include "base/clock.h"
#include "base/retry.h"
#include "copy/delta.h"
#include "copy/hold.h"
#include "copy/lanes.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WARY_REFUSALS = 2 }; /* of single messages, by a folder that took none before */

mig__verdict mig__verdict_of(const mig_error *error, size_t count, bool keywords, bool wrap)
{
    if (mig__retry_fatal(error)) {
        return MIG__VERDICT_ACCOUNT;
    }
    if (error->retry != MIG_RETRY_NEVER) {
        return MIG__VERDICT_AGAIN;
    }
    if (error->code == MIG_E_MISSING || error->code == MIG_E_NOPERM) {
        return MIG__VERDICT_FOLDER;
    }
    if (count > 1) {
        return MIG__VERDICT_SPLIT;
    }
    if (wrap && (error->code == MIG_E_NO || error->code == MIG_E_BAD || error->code == MIG_E_CANNOT)) {
        return MIG__VERDICT_UTF8;
    }
    return keywords && error->code != MIG_E_TOO_BIG ? MIG__VERDICT_PLAIN : MIG__VERDICT_MESSAGE;
}

mig__message mig__settle_record(const mig__transit *message)
{
    return (mig__message){.source_uid = message->uid,
                          .has_digest = true,
                          .digest = message->digest,
                          .internaldate = message->date,
                          .flags = message->stored != NULL ? message->stored : message->flags,
                          .owed = message->owed,
                          .email_id = message->email_id,
                          .message_id = message->message_id,
                          .subject = message->subject};
}

int64_t mig__settle_intent(mig__run *run, const mig__folder_job *job, const mig__message *messages, size_t count,
                           uint64_t octets, uint32_t *uidnext, mig_error *err)
{
    pthread_mutex_lock(&run->lock);
    *uidnext = job->uidnext;
    pthread_mutex_unlock(&run->lock);
    mig__intent intent = {.folder = job->record.id,
                          .target_uidvalidity = job->goal.uidvalidity,
                          .target_uidnext = *uidnext,
                          .messages = messages,
                          .count = count,
                          .day = mig__wall_seconds() / 86400,
                          .octets = octets};
    return mig__state_intent(run->state, &intent, err);
}

void mig__settle_failed(mig__run *run, mig__folder_job *job, const mig__transit *message, const mig_error *why)
{
    mig_error error = *why;
    mig_error_context(&error, "message %u of '%s' was not copied", message->uid, job->source->name);
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig__message record = mig__settle_record(message);
    record.state = MIG__MESSAGE_FAILED;
    record.code = error.code;
    record.text = mig_error_line(&error, line, sizeof line);
    mig_error failure;
    if (mig__state_message_failed(run->state, job->record.id, &record, &failure) != 0) {
        mig__run_fail(run, &failure);
    }
    mig__run_problem(run, job, message->uid, true, &error);
    pthread_mutex_lock(&run->lock);
    job->result->failed++;
    pthread_mutex_unlock(&run->lock);
}

/* ---- flags ---- */

static bool is_system(const char *flag)
{
    return flag[0] == '\\';
}

/*
 * A list of PERMANENTFLAGS without any system flag is not believed of those that the mailbox announces in FLAGS: there
 * are servers that write "\*" alone and mean everything (RFC 9051 section 7.1: it stands for new keywords).
 */
static bool announced(const mig__selected *goal, const char *flag)
{
    for (size_t i = 0; goal->permanent_flags != NULL && goal->permanent_flags[i] != NULL; i++) {
        if (is_system(goal->permanent_flags[i])) {
            return false;
        }
    }
    return goal->any_keyword && mig__flags_has((const char *const *)goal->flags, flag);
}

static bool listed(const mig__selected *goal, const char *flag)
{
    return !goal->has_permanent_flags || mig__flags_has((const char *const *)goal->permanent_flags, flag);
}

bool mig__settle_takes_flag(const mig__folder_job *job, const char *flag)
{
    const mig__selected *goal = &job->goal;
    if (!mig__flag_valid(flag) || mig__note_flag_refused(&job->notes, flag)) {
        return false;
    }
    return listed(goal, flag) || (is_system(flag) ? announced(goal, flag) : goal->any_keyword);
}

/* What of the flags is sent with the message. */
static bool goes_along(const mig__folder_job *job, const char *flag, bool plain)
{
    return mig__settle_takes_flag(job, flag) && !(plain && !is_system(flag));
}

int mig__settle_split(const mig__folder_job *job, const char *flags, bool plain, char **stored, char **owed,
                      mig_error *err)
{
    const char **taken = mig__flags_split(flags), **left = mig__flags_split(flags);
    size_t takes = 0, leaves = 0;
    for (size_t i = 0; taken != NULL && left != NULL && taken[i] != NULL; i++) {
        const char *flag = taken[i];
        if (goes_along(job, flag, plain)) {
            taken[takes++] = flag;
        } else {
            left[leaves++] = left[i];
        }
    }
    if (taken != NULL && left != NULL) {
        taken[takes] = left[leaves] = NULL;
    }
    *stored = taken == NULL ? NULL : mig__flags_join(taken);
    *owed = left == NULL ? NULL : mig__flags_join(left);
    free(taken);
    free(left);
    return *stored == NULL || *owed == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
}

int mig__settle_flags(mig__run *run, mig__folder_job *job, mig__transit *message, mig_error *err)
{
    free(message->stored);
    free(message->owed);
    message->stored = message->owed = NULL;
    pthread_mutex_lock(&run->lock);
    int failed = mig__settle_split(job, message->flags, message->plain, &message->stored, &message->owed, err);
    const char **flags = failed == 0 ? mig__flags_split(message->stored) : NULL;
    for (size_t i = 0; flags != NULL && flags[i] != NULL; i++) {
        job->doubtful_flags = job->doubtful_flags || !listed(&job->goal, flags[i]);
    }
    pthread_mutex_unlock(&run->lock);
    free(flags);
    return failed;
}

/*
 * Of a message that was sent without its keywords, since the target refused it with them: when there was but one, that
 * is the one. Else what the target thinks of each is seen when they are stored one by one. True: they are to be.
 */
static bool owes_keywords(mig__folder_job *job, const mig__transit *message)
{
    const char **left = message->plain && message->owed != NULL ? mig__flags_split(message->owed) : NULL;
    const char *culprit = NULL;
    size_t keywords = 0;
    for (size_t i = 0; left != NULL && left[i] != NULL; i++) {
        if (!is_system(left[i]) && mig__settle_takes_flag(job, left[i])) {
            culprit = left[i];
            keywords++;
        }
    }
    if (keywords == 1) {
        mig__note_refused_flag(&job->notes, culprit);
    }
    free(left);
    return keywords > 1;
}

int mig__settle_note(mig__run *run, mig__folder_job *job, const mig__transit *message, mig_error *err)
{
    pthread_mutex_lock(&run->lock);
    bool owes = owes_keywords(job, message);
    if (message->odd_flags > 0) {
        mig__note_add(&job->notes, MIG__NOTE_ODD_FLAGS, message->uid);
    }
    if (message->dated != MIG__DATED_BY_SERVER) {
        mig__note_add(&job->notes, message->dated == MIG__UNDATED ? MIG__NOTE_NO_DATE : MIG__NOTE_OWN_DATE,
                      message->uid);
    }
    pthread_mutex_unlock(&run->lock);
    return owes ? mig__delta_owe_flags(run, job, message, err) : 0;
}

/* Whether the server's words name the keyword, as a word of its own. */
static bool names(const char *words, const char *keyword)
{
    size_t length = strlen(keyword);
    for (const char *at = words; *at != '\0'; at++) {
        bool begins = at == words || !isalnum((unsigned char)at[-1]);
        if (begins && strncasecmp(at, keyword, length) == 0 && !isalnum((unsigned char)at[length])) {
            return true;
        }
    }
    return false;
}

/*
 * A message was refused that has keywords. Where the server names one of them, that one is left off from now on; else
 * the message is tried without any.
 */
static void leave_keywords_off(mig__run *run, mig__folder_job *job, mig__transit *message, const mig_error *why)
{
    const char **sent = message->stored == NULL ? NULL : mig__flags_split(message->stored);
    const char *named = NULL;
    size_t count = 0;
    for (size_t i = 0; sent != NULL && sent[i] != NULL; i++) {
        if (!is_system(sent[i]) && names(why->server, sent[i])) {
            named = sent[i];
            count++;
        }
    }
    pthread_mutex_lock(&run->lock);
    if (count == 1) {
        mig__note_refused_flag(&job->notes, named);
    }
    pthread_mutex_unlock(&run->lock);
    message->plain = message->plain || count != 1;
    free(sent);
}

/* ---- outcomes ---- */

static void count_taken(mig__run *run, mig__folder_job *job, const mig__transit *message, uint32_t uid)
{
    job->result->copied++;
    job->result->bytes += message->size;
    if (uid >= job->uidnext) {
        job->uidnext = uid + 1;
    }
    run->account_octets += message->size;
    if (job->wary) {
        job->wary = false;
        mig__queue_unwary(run->queue, mig__lane_of(run, job));
    }
    mig__hold_passed(run, job);
}

int mig__settle_taken(mig__run *run, mig__batch *batch, const uint32_t *uids, mig_error *err)
{
    if (mig__state_outcome(run->state, batch->id, uids, batch->count, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (mig__settle_note(run, batch->job, batch->messages[i], err) != 0) {
            return -1;
        }
    }
    pthread_mutex_lock(&run->lock);
    for (size_t i = 0; i < batch->count; i++) {
        count_taken(run, batch->job, batch->messages[i], uids[i]);
    }
    pthread_mutex_unlock(&run->lock);
    mig__lanes_batch_done(run, batch);
    return 0;
}

static bool has_keywords(const mig__transit *message)
{
    const char **flags = message->stored == NULL ? NULL : mig__flags_split(message->stored);
    bool found = false;
    for (size_t i = 0; flags != NULL && flags[i] != NULL; i++) {
        found = found || !is_system(flags[i]);
    }
    free(flags);
    return found;
}

/* True when the message can be sent in the form of RFC 6855 section 4, and was not yet. */
static bool can_wrap(const mig__run *run, const mig__transit *message)
{
    char piece[4096];
    const char *data;
    bool beyond = false;
    int64_t got = 1, line = 0; /* octets of the line so far */
    for (uint64_t at = 0; run->sides[MIG_TARGET].wraps && !message->utf8 && at < message->size && got > 0;
         at += (uint64_t)got) {
        mig_error ignored;
        got = mig__transit_read(message, at, piece, sizeof piece, &data, &ignored);
        for (int64_t i = 0; i < got; i++) {
            if (data[i] == '\n' && line == 0) {
                return beyond; /* the end of the header */
            }
            line = data[i] == '\n' ? 0 : line + (data[i] != '\r');
            beyond = beyond || (unsigned char)data[i] >= 0x80;
        }
    }
    return beyond;
}

static void end_account(mig__run *run, mig__folder_job *job, const mig_error *why)
{
    mig_error error = *why;
    mig_error_context(&error, "copying to '%s'", job->result->target);
    mig__run_fail(run, &error);
}

static void break_folder(mig__run *run, mig__folder_job *job, const mig_error *why)
{
    mig_error error = *why;
    mig_error_context(&error, "the target's mailbox '%s' takes no messages", job->result->target);
    mig__lanes_break(run, job, &error);
}

/* What the target puts off: all of these messages, which had one answer. */
static mig__verdict held_up(mig__run *run, mig__transit **messages, size_t count, const mig_error *why)
{
    for (size_t i = 0; i < count; i++) {
        messages[i]->put_off++;
    }
    mig__hold hold = mig__hold_decide(run, messages[0]->put_off, count, messages[0]->passed, why);
    for (size_t i = 0; hold == MIG__HOLD_SPLIT && i < count; i++) {
        messages[i]->put_off = 1;
    }
    return hold == MIG__HOLD_SPLIT  ? MIG__VERDICT_SPLIT
           : hold == MIG__HOLD_LIST ? MIG__VERDICT_MESSAGE
                                    : MIG__VERDICT_AGAIN;
}

/* A form that some servers do not take: without a list of flags, which RFC 3501 section 6.3.11 leaves out. Once. */
static bool wants_list(mig__run *run, mig__transit *const *messages, size_t count, const mig_error *why)
{
    bool bare = false;
    for (size_t i = 0; i < count && why->code == MIG_E_BAD; i++) {
        bare = bare || messages[i]->bare;
    }
    pthread_mutex_lock(&run->lock);
    run->lists_flags = run->lists_flags || bare;
    pthread_mutex_unlock(&run->lock);
    return bare;
}

static mig__verdict judge(mig__run *run, mig__folder_job *job, mig__transit **messages, size_t count,
                          const mig_error *why)
{
    mig__verdict verdict = mig__verdict_of(why, count, has_keywords(messages[0]), can_wrap(run, messages[0]));
    if (wants_list(run, messages, count, why)) {
        return MIG__VERDICT_AGAIN;
    }
    if (verdict == MIG__VERDICT_AGAIN && (verdict = held_up(run, messages, count, why)) == MIG__VERDICT_MESSAGE &&
        mig__hold_listed(run, job)) {
        return MIG__VERDICT_FOLDER;
    }
    if (verdict == MIG__VERDICT_MESSAGE && job->wary && ++job->refusals >= WARY_REFUSALS) {
        return MIG__VERDICT_FOLDER;
    }
    return verdict;
}

int mig__settle_refused(mig__run *run, mig__batch *batch, const mig_error *why, mig_error *err)
{
    if (mig__state_withdraw(run->state, batch->id, err) != 0) {
        return -1;
    }
    mig__folder_job *job = batch->job;
    switch (judge(run, job, batch->messages, batch->count, why)) {
    case MIG__VERDICT_UTF8:
        batch->messages[0]->utf8 = true;
        mig__queue_batch_refused(run->queue, batch, false);
        return 0;
    case MIG__VERDICT_MESSAGE:
        mig__settle_failed(run, job, batch->messages[0], why);
        mig__lanes_batch_done(run, batch);
        return 0;
    case MIG__VERDICT_SPLIT:
        mig__queue_batch_refused(run->queue, batch, true);
        return 0;
    case MIG__VERDICT_PLAIN:
        leave_keywords_off(run, job, batch->messages[0], why);
        mig__queue_batch_refused(run->queue, batch, false);
        return 0;
    case MIG__VERDICT_AGAIN:
        mig__queue_batch_refused(run->queue, batch, false);
        return 0;
    case MIG__VERDICT_FOLDER:
        break_folder(run, job, why);
        mig__lanes_batch_done(run, batch);
        return 0;
    case MIG__VERDICT_ACCOUNT:
        end_account(run, job, why);
        mig__lanes_batch_done(run, batch);
        return 0;
    }
    return 0;
}

int mig__settle_each(mig__run *run, mig__batch *batch, const uint32_t *uids, const bool *taken,
                     mig_error *const *refused, mig_error *err)
{
    mig__folder_job *job = batch->job;
    uint32_t *outcome = malloc(batch->count * sizeof *outcome);
    bool *done = calloc(batch->count, sizeof *done);
    if (outcome == NULL || done == NULL) {
        free(outcome);
        free(done);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < batch->count; i++) {
        outcome[i] = taken[i] ? uids[i] : MIG__UID_REFUSED;
        done[i] = taken[i];
    }
    int failed = mig__state_outcome(run->state, batch->id, outcome, batch->count, err);
    for (size_t i = 0; failed == 0 && i < batch->count; i++) {
        mig__transit *message = batch->messages[i];
        if (taken[i]) {
            failed = mig__settle_note(run, job, message, err);
            pthread_mutex_lock(&run->lock);
            count_taken(run, job, message, uids[i]);
            pthread_mutex_unlock(&run->lock);
            continue;
        }
        switch (judge(run, job, &batch->messages[i], 1, refused[i])) {
        case MIG__VERDICT_UTF8:
            message->utf8 = true;
            break;
        case MIG__VERDICT_PLAIN:
            leave_keywords_off(run, job, message, refused[i]);
            break;
        case MIG__VERDICT_AGAIN:
            break;
        case MIG__VERDICT_FOLDER:
            break_folder(run, job, refused[i]);
            done[i] = true;
            break;
        case MIG__VERDICT_ACCOUNT:
            end_account(run, job, refused[i]);
            done[i] = true;
            break;
        case MIG__VERDICT_MESSAGE:
        case MIG__VERDICT_SPLIT:
            mig__settle_failed(run, job, message, refused[i]);
            done[i] = true;
            break;
        }
    }
    if (failed == 0) {
        mig__lanes_messages_done(run, batch, done);
        if (batch->count > 0) {
            mig__queue_batch_refused(run->queue, batch, false);
        } else {
            mig__lanes_batch_done(run, batch);
        }
    }
    free(outcome);
    free(done);
    return failed;
}
