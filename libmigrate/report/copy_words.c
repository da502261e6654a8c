/* report/copy_words.c - see copy_words.h */
#include "report/copy_words.h"
#include "report/numbers.h"
#include "report/scans.h"
#include "report/verify_common.h"
#include <migrate/format.h>
#include <string.h>

enum { DAY = 86400, NAME_SIZE = 512 };

mig_folder_result mig__copy_sum(const mig_account_result *account)
{
    mig_folder_result sum = {.source = NULL};
    for (size_t i = 0; i < account->folder_count; i++) {
        const mig_folder_result *folder = &account->folders[i];
        sum.messages += folder->messages;
        sum.copied += folder->copied;
        sum.adopted += folder->adopted;
        sum.adopted_read += folder->adopted_read;
        sum.already += folder->already;
        sum.moved += folder->moved;
        sum.deleted += folder->deleted;
        sum.skipped += folder->skipped;
        sum.gone += folder->gone;
        sum.mended += folder->mended;
        sum.flags_changed += folder->flags_changed;
        sum.failed += folder->failed;
        sum.bytes += folder->bytes;
        sum.scanned += folder->scanned;
        sum.infected += folder->infected;
        sum.withheld += folder->withheld;
        sum.not_scanned += folder->not_scanned;
    }
    return sum;
}

uint64_t mig__copy_there(const mig_folder_result *folder)
{
    return folder->copied + folder->adopted + folder->already + folder->moved;
}

uint64_t mig__copy_settled(const mig_folder_result *folder)
{
    return mig__copy_there(folder) + folder->skipped + folder->gone + folder->failed + folder->withheld;
}

static uint64_t left_of(const mig_folder_result *sum)
{
    uint64_t settled = mig__copy_settled(sum);
    return sum->messages > settled ? sum->messages - settled : 0;
}

/* True when a folder, or some of the account, could not be looked at: its messages are in no number. */
static bool has_unread(const mig_account_result *account)
{
    for (size_t i = 0; i < account->problem_count; i++) {
        if (account->problems[i].failed && account->problems[i].uid == 0) {
            return true;
        }
    }
    return false;
}

/* ", 3 moved" */
static void add_part(mig__buffer *out, uint64_t count, const char *before, const char *after)
{
    if (count > 0) {
        mig__buffer_add_text(out, before);
        mig__add_count(out, count);
        mig__buffer_add_text(out, after);
    }
}

static void add_parts(mig__buffer *out, const mig_folder_result *sum)
{
    mig__add_count(out, sum->copied);
    mig__buffer_add_text(out, " copied, ");
    mig__add_count(out, sum->adopted);
    mig__buffer_add_text(out, " adopted, ");
    mig__add_count(out, sum->already);
    mig__buffer_add_text(out, " already there");
    add_part(out, sum->moved, ", ", " moved");
    add_part(out, sum->skipped, ", ", " left out for their size");
    add_part(out, sum->mended, ", ", " of the copied ones sent again");
    add_part(out, sum->gone, ", ", " gone from the target since (not sent again)");
    add_part(out, sum->withheld, ", ", " withheld for what the virus scanner found");
    add_part(out, sum->failed, ", ", " failed");
    add_part(out, left_of(sum), ", ", " still to copy");
    add_part(out, sum->flags_changed, "; flags changed on ", "");
    add_part(out, sum->deleted, "; ", " removed as on the source");
    add_part(out, sum->adopted_read, "; ", " that were there before were read on the source, for verify");
    mig__buffer_add_text(out, ".\n");
}

/* What the scanner did, in this run alone. */
static void add_scan(mig__buffer *out, const mig_folder_result *sum)
{
    if (sum->scanned + sum->not_scanned == 0) {
        return;
    }
    mig__scan_sum(out, sum->scanned, sum->infected, sum->not_scanned);
}

static void add_pair(mig__buffer *out, const mig_account_result *account, const char *between)
{
    char name[NAME_SIZE];
    mig__buffer_add_text(out, mig_format_text(account->source, name, sizeof name));
    mig__buffer_add_text(out, between);
    mig__buffer_add_text(out, mig_format_text(account->target, name, sizeof name));
}

static void add_error(mig__buffer *out, const mig_error *error)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig__add_inert(out, mig_error_line(error, line, sizeof line));
}

/* How it ended, where it did not come to its end. A stop that was asked for is no trouble. */
static void add_end(mig__buffer *out, const mig_account_result *account, uint64_t left)
{
    static const char *const stops[] = {
        [MIG_STOPPED_NOT] = "was interrupted",
        [MIG_STOPPED_ASKED] = "was asked to stop",
        [MIG_STOPPED_TIME] = "stopped at the time given by --until, as planned",
        [MIG_STOPPED_DAILY] = "stopped at the amount given by --daily-limit, as planned",
    };
    if (account->status == MIG_FAILED) {
        mig__buffer_add_text(out, "The copy of ");
        add_pair(out, account, " to ");
        mig__buffer_add_text(out, " failed: ");
        add_error(out, &account->error);
        mig__buffer_add_text(out, "\n");
    } else if (account->status == MIG_INTERRUPTED) {
        mig__buffer_add_text(out, "The copy of ");
        add_pair(out, account, " to ");
        mig__buffer_addf(out, " %s%s", stops[account->stopped],
                         left > 0 || account->folder_count == 0 ? "" : ", when all messages were across");
        if (account->stopped == MIG_STOPPED_NOT) {
            mig__buffer_add_text(out, ": ");
            mig__add_inert(out, account->error.text);
        }
        mig__buffer_add_text(out, ".\n");
    }
}

static void add_dry(mig__buffer *out, const mig_account_result *account, const mig_folder_result *sum)
{
    uint64_t left = left_of(sum);
    mig__buffer_add_text(out, "Dry run: nothing was changed on either side. ");
    mig__add_count(out, left);
    mig__buffer_addf(out, " message%s of ", mig__plural(left));
    add_pair(out, account, " would be copied to ");
    add_part(out, sum->already, ", ", " are recorded as being there");
    mig__buffer_add_text(out, ".\n");
}

/* Whether it was the last pass that is needed. */
static void add_quiet(mig__buffer *out, const mig_account_result *account, bool all)
{
    if (account->quiet == MIG_QUIET_YES && account->status == MIG_COMPLETE && all) {
        const int second = (int)(account->as_of % 86400);
        mig__buffer_addf(out, "Nothing came in meanwhile: this copy is complete as of %02d:%02d:%02d UTC.\n",
                         second / 3600, second / 60 % 60, second % 60);
    } else if (account->quiet == MIG_QUIET_NO) {
        mig__buffer_addf(out, "Meanwhile something happened in %llu folder%s of the source: one more pass is due.\n",
                         (unsigned long long)account->stirred, mig__plural(account->stirred));
    }
}

void mig__copy_verdict(mig__buffer *out, const mig_account_result *account, bool dry_run)
{
    const mig_folder_result sum = mig__copy_sum(account);
    const uint64_t there = mig__copy_there(&sum);
    bool unread = has_unread(account), ended = account->status == MIG_COMPLETE || account->status == MIG_PARTIAL;
    add_end(out, account, left_of(&sum));
    if (dry_run && ended) {
        add_dry(out, account, &sum);
        return;
    }
    if (sum.messages == 0 && !ended) {
        return; /* nothing is known of what the source holds */
    }
    if (sum.messages == 0 && unread) {
        mig__buffer_add_text(out, "Nothing of ");
        add_pair(out, account, " was copied to ");
        mig__buffer_add_text(out, ": what was asked for could not be read, see below.\n");
    } else if (sum.messages == 0) {
        add_pair(out, account, " holds no message that was asked for: nothing to copy to ");
        mig__buffer_add_text(out, ".\n");
    } else {
        mig__buffer_add_text(out, there < sum.messages ? "" : unread ? "Of what could be read, all " : "All ");
        mig__add_count(out, there);
        if (there < sum.messages) {
            mig__buffer_add_text(out, " of ");
            mig__add_count(out, sum.messages);
        }
        mig__buffer_addf(out, " message%s of ", mig__plural(there < sum.messages ? sum.messages : there));
        add_pair(out, account, there == 1 ? " is on " : " are on ");
        mig__buffer_add_text(out, ": ");
        add_parts(out, &sum);
        add_scan(out, &sum);
    }
    if (account->status == MIG_PARTIAL && there == sum.messages && sum.messages > 0) {
        mig__buffer_add_text(out, "Not everything could be carried over as it is: see below.\n");
    }
    add_quiet(out, account, there + sum.withheld == sum.messages);
}

/* ---- problems ---- */

mig__copy_heading mig__copy_heading_of(const mig_account_result *account, const mig_problem *problem)
{
    if (problem->failed) {
        return MIG__HEADING_NOT_COPIED;
    }
    if (problem->code == MIG_E_TOO_BIG) {
        return MIG__HEADING_LEFT_OUT;
    }
    if (problem->code == MIG_E_INFECTED || problem->code == MIG_E_UNSCANNED) {
        return MIG__HEADING_SCANNED;
    }
    uint64_t there = 0;
    for (size_t i = 0; i < account->folder_count; i++) {
        const mig_folder_result *folder = &account->folders[i];
        bool mine = problem->folder == NULL || problem->folder[0] == '\0' ||
                    (folder->source != NULL && strcmp(folder->source, problem->folder) == 0);
        there += mine ? mig__copy_there(folder) : 0;
    }
    return there > 0 ? MIG__HEADING_DIFFERENT : MIG__HEADING_NOTICED;
}

const char *mig__copy_heading_words(mig__copy_heading heading)
{
    static const char *const words[MIG__HEADINGS] = {
        [MIG__HEADING_NOT_COPIED] = "Not copied",          [MIG__HEADING_LEFT_OUT] = "Left out",
        [MIG__HEADING_SCANNED] = "From the virus scanner", [MIG__HEADING_DIFFERENT] = "Copied, but with a difference",
        [MIG__HEADING_NOTICED] = "To be noticed",
    };
    return words[heading];
}

/* ---- the next step ---- */

/* Whether any account was interrupted for this reason. */
static bool stopped_by(const mig_copy_result *result, mig_stopped cause)
{
    for (size_t i = 0; i < result->account_count; i++) {
        if (result->accounts[i].status == MIG_INTERRUPTED && result->accounts[i].stopped == cause) {
            return true;
        }
    }
    return false;
}

/* What will not heal by itself: a person has to do something first. */
static bool needs_a_person(const mig_copy_result *result)
{
    for (size_t i = 0; i < result->account_count; i++) {
        const mig_account_result *account = &result->accounts[i];
        if (account->status == MIG_FAILED && (account->error.retry == MIG_RETRY_NEVER)) {
            return true;
        }
    }
    return false;
}

static void add_daily(mig__buffer *out, int64_t ended)
{
    char duration[MIG_FORMAT_SIZE];
    mig__buffer_add_text(out, "Next: run the same command after 00:00 UTC");
    if (ended > 0) {
        mig__buffer_addf(out, ", in %s", mig_format_duration((double)(DAY - ended % DAY), duration, sizeof duration));
    }
    mig__buffer_add_text(out, ": the limit is of a day; it goes on where this run ended.\n");
}

void mig__copy_next(mig__buffer *out, const mig_copy_result *result)
{
    if (result->account_count == 0) {
        return;
    }
    if (result->dry_run && result->status == MIG_COMPLETE) {
        mig__buffer_add_text(out, "Next: the same command without --dry-run copies.\n");
    } else if (result->status == MIG_FAILED || needs_a_person(result)) {
        mig__buffer_add_text(out,
                             "Next: fix the problem that the message above names, then run the same command again; "
                             "what is copied already stays copied.\n");
    } else if (stopped_by(result, MIG_STOPPED_DAILY)) {
        add_daily(out, result->ended);
    } else if (result->status == MIG_INTERRUPTED || result->exit_status == 4) {
        mig__buffer_add_text(out, "Next: run the same command again; it goes on where this run ended, and nothing is "
                                  "sent twice.\n");
    } else if (result->status == MIG_PARTIAL) {
        mig__buffer_add_text(out, "Next: look at what is listed above; after a change run the same command again, it "
                                  "tries only what is missing.\n");
    } else {
        mig__buffer_add_text(out,
                             "Next: mailmigrate verify, with the same accounts, reads the target back and compares "
                             "it.\n");
    }
}
