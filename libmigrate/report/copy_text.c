/* The result of a copy for people: the verdict first, the folders, what needs attention, totals, the next step. */
#include <migrate/format.h>
#include <migrate/report.h>

#include "base/buffer.h"
#include "report/numbers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PROBLEMS_SHOWN 20
#define NAME_SIZE      512
#define LINE_SIZE      (MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT)

typedef struct writer {
    mig_sink_fn *sink;
    void *context;
    bool refused;
    bool failed;
} writer;

static void put(writer *out, const char *format, ...) MIG_PRINTF(2, 3);

static void put(writer *out, const char *format, ...)
{
    if (out->refused || out->failed)
        return;
    char line[4 * NAME_SIZE + LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line)
        out->failed = true;
    else if (out->sink(line, (size_t)length, out->context) != 0)
        out->refused = true;
}

/* Numbers and names in the middle of a sentence: one call's results live as long as the caller's block. */
typedef struct number {
    char text[MIG_FORMAT_SIZE];
} number;
typedef struct name {
    char text[NAME_SIZE];
} name;

#define COUNT(n)    mig_format_count((n), (number){""}.text, MIG_FORMAT_SIZE)
#define OCTETS(n)   mig_format_octets((n), (number){""}.text, MIG_FORMAT_SIZE)
#define DURATION(s) mig_format_duration((s), (number){""}.text, MIG_FORMAT_SIZE)
#define NAME(t)     mig_format_text((t), (name){""}.text, NAME_SIZE)

/* What an account's folders add up to. */
static mig_folder_result sum_of(const mig_account_result *account)
{
    mig_folder_result sum = {0};
    for (size_t i = 0; i < account->folder_count; i++) {
        const mig_folder_result *folder = &account->folders[i];
        sum.messages += folder->messages;
        sum.copied += folder->copied;
        sum.adopted += folder->adopted;
        sum.already += folder->already;
        sum.moved += folder->moved;
        sum.deleted += folder->deleted;
        sum.skipped += folder->skipped;
        sum.gone += folder->gone;
        sum.flags_changed += folder->flags_changed;
        sum.failed += folder->failed;
        sum.bytes += folder->bytes;
    }
    return sum;
}

static void put_parts(writer *out, const mig_folder_result *sum)
{
    put(out, "%s copied, %s adopted, %s already there", COUNT(sum->copied), COUNT(sum->adopted), COUNT(sum->already));
    if (sum->moved > 0)
        put(out, ", %s moved", COUNT(sum->moved));
    if (sum->skipped > 0)
        put(out, ", %s left out for their size", COUNT(sum->skipped));
    if (sum->gone > 0)
        put(out, ", %s gone from the target since (not sent again)", COUNT(sum->gone));
    if (sum->failed > 0)
        put(out, ", %s failed", COUNT(sum->failed));
    const uint64_t settled =
        sum->copied + sum->adopted + sum->already + sum->moved + sum->skipped + sum->gone + sum->failed;
    if (sum->messages > settled)
        put(out, ", %s still to copy", COUNT(sum->messages - settled));
    if (sum->flags_changed > 0)
        put(out, "; flags changed on %s", COUNT(sum->flags_changed));
    if (sum->deleted > 0)
        put(out, "; %s removed as on the source", COUNT(sum->deleted));
    put(out, ".\n");
}

/* True when a folder, or some of the account, could not be looked at: its messages are in no number. */
static bool has_unread(const mig_account_result *account)
{
    for (size_t i = 0; i < account->problem_count; i++)
        if (account->problems[i].failed && account->problems[i].uid == 0)
            return true;
    return false;
}

static void put_verdict(writer *out, const mig_account_result *account)
{
    const mig_folder_result sum = sum_of(account);
    const uint64_t there = sum.copied + sum.adopted + sum.already + sum.moved;
    const char *source = NAME(account->source);
    const char *target = NAME(account->target);

    if (account->status == MIG_FAILED) {
        char line[LINE_SIZE];
        char inert[LINE_SIZE];
        mig_error_line(&account->error, line, sizeof line);
        put(out, "The copy of %s to %s failed: %s\n", source, target, mig_format_text(line, inert, sizeof inert));
        if (account->folder_count == 0)
            return;
    } else if (account->status == MIG_INTERRUPTED) {
        char why[LINE_SIZE];
        const bool told = strncmp(account->error.text, "stopped", strlen("stopped")) == 0;
        put(out, "The copy of %s to %s was %s%s.\n", source, target,
            told ? "" : "stopped before its end: ", mig_format_text(account->error.text, why, sizeof why));
    }
    const bool unread = has_unread(account);
    if (sum.messages == 0 && unread)
        put(out, "Nothing of %s was copied to %s: what was asked for could not be read, see below.\n", source, target);
    else if (sum.messages == 0)
        put(out, "%s holds no message that was asked for: nothing to copy to %s.\n", source, target);
    else if (there == sum.messages)
        put(out,
            unread ? "Of what could be read, all %s message%s of %s %s on %s: " : "All %s message%s of %s %s on %s: ",
            COUNT(there), mig__plural(there), source, there == 1 ? "is" : "are", target);
    else
        put(out, "%s of %s message%s of %s %s on %s: ", COUNT(there), COUNT(sum.messages), mig__plural(sum.messages),
            source, there == 1 ? "is" : "are", target);
    if (sum.messages > 0)
        put_parts(out, &sum);
    if (account->status == MIG_PARTIAL && there == sum.messages)
        put(out, "Not everything could be carried over as it is: see below.\n");
}

/* A column is shown when any folder has something in it, or always. */
typedef struct column {
    const char *title;
    size_t offset;
    bool always;
} column;

static const column columns[] = {
    {"messages", offsetof(mig_folder_result, messages), true},
    {"copied", offsetof(mig_folder_result, copied), true},
    {"adopted", offsetof(mig_folder_result, adopted), true},
    {"already", offsetof(mig_folder_result, already), true},
    {"moved", offsetof(mig_folder_result, moved), false},
    {"deleted", offsetof(mig_folder_result, deleted), false},
    {"too big", offsetof(mig_folder_result, skipped), false},
    {"gone", offsetof(mig_folder_result, gone), false},
    {"flags", offsetof(mig_folder_result, flags_changed), false},
    {"failed", offsetof(mig_folder_result, failed), true},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static uint64_t cell(const mig_folder_result *folder, const column *which)
{
    uint64_t value;
    memcpy(&value, (const char *)folder + which->offset, sizeof value);
    return value;
}

static void put_folders(writer *out, const mig_account_result *account)
{
    const mig_folder_result sum = sum_of(account);
    put(out, "\n");
    for (size_t i = 0; i < COLUMNS; i++)
        if (columns[i].always || cell(&sum, &columns[i]) > 0)
            put(out, "%11s", columns[i].title);
    put(out, "%13s  folder\n", "size copied");
    uint64_t left_out = 0;
    for (size_t f = 0; f < account->folder_count && !out->refused; f++) {
        const mig_folder_result *folder = &account->folders[f];
        if (!folder->target || folder->target[0] == '\0') {
            left_out++;
            continue;
        }
        for (size_t i = 0; i < COLUMNS; i++)
            if (columns[i].always || cell(&sum, &columns[i]) > 0)
                put(out, "%11s", COUNT(cell(folder, &columns[i])));
        put(out, "%13s  %s", OCTETS(folder->bytes), NAME(folder->source));
        if (strcmp(folder->source ? folder->source : "", folder->target) != 0)
            put(out, " -> %s", NAME(folder->target));
        put(out, "\n");
    }
    if (left_out > 0)
        put(out, "%s folder%s left out.\n", COUNT(left_out), left_out == 1 ? " was" : "s were");
}

static void put_problem(writer *out, const mig_problem *problem)
{
    if (!problem->folder || problem->folder[0] == '\0')
        put(out, "  account");
    else
        put(out, "  %s", NAME(problem->folder));
    if (problem->uid > 0)
        put(out, ", UID %u", (unsigned)problem->uid);
    char text[2 * NAME_SIZE];
    put(out, ": %s [%s]\n", mig_format_text(problem->text, text, sizeof text), mig_code_name(problem->code));
}

static void put_problems(writer *out, const mig_account_result *account, bool failed, const char *title)
{
    size_t count = 0;
    for (size_t i = 0; i < account->problem_count; i++)
        count += account->problems[i].failed == failed;
    if (count == 0)
        return;
    put(out, "\n%s (%s):\n", title, COUNT(count));
    size_t shown = 0;
    for (size_t i = 0; i < account->problem_count && shown < PROBLEMS_SHOWN && !out->refused; i++) {
        if (account->problems[i].failed == failed) {
            put_problem(out, &account->problems[i]);
            shown++;
        }
    }
    if (count > shown)
        put(out, "  ... and %s more; --json FILE lists every one.\n", COUNT(count - shown));
}

static void put_totals(writer *out, const mig_totals *totals)
{
    put(out, "\n%s of mail in %s", OCTETS(totals->bytes), DURATION(totals->seconds));
    if (totals->copied > 0 && totals->seconds > 0)
        put(out, " (%s/s, %s messages/s)", OCTETS((uint64_t)((double)totals->bytes / totals->seconds)),
            COUNT((uint64_t)((double)totals->copied / totals->seconds)));
    put(out, ", %s round trip%s, %s received, %s sent", COUNT(totals->round_trips), mig__plural(totals->round_trips),
        OCTETS(totals->bytes_in), OCTETS(totals->bytes_out));
    if (totals->peak_rss > 0)
        put(out, ", %s of memory at most", OCTETS(totals->peak_rss));
    put(out, ".\n");
}

/* What is left, and how many nights it takes: by octets where they are known, else by messages. */
static void put_left(writer *out, const mig_copy_result *result)
{
    const mig_totals *totals = &result->totals;
    const bool goes_on = result->status == MIG_INTERRUPTED || result->exit_status == 4; /* else a person comes first */
    if (totals->left_messages == 0)
        return;
    put(out, "Left to copy: %s message%s", COUNT(totals->left_messages), mig__plural(totals->left_messages));
    if (totals->left_bytes > 0)
        put(out, ", about %s", OCTETS(totals->left_bytes));
    const uint64_t left = totals->left_bytes > 0 ? totals->left_bytes : totals->left_messages;
    const uint64_t done = totals->left_bytes > 0 ? totals->bytes : totals->copied;
    if (done > 0 && goes_on) {
        const uint64_t runs = (left - 1) / done + 1;
        put(out, "; at this pace %s more run%s like this one", COUNT(runs), mig__plural(runs));
    }
    put(out, ".\n");
}

static void put_next_step(writer *out, const mig_copy_result *result)
{
    put_left(out, result);
    if (result->status == MIG_INTERRUPTED || result->exit_status == 4)
        put(out, "Next: run the same command again; it goes on where this run ended, and nothing is sent twice.\n");
    else if (result->status == MIG_PARTIAL)
        put(out, "Next: look at what is listed above; after a change run the same command again, it tries only what is "
                 "missing.\n");
    else if (result->status == MIG_FAILED)
        put(out, "Next: fix the problem above, then run the same command again; what is copied already "
                 "stays copied.\n");
}

int mig_report_copy_text(const mig_copy_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    writer out = {sink, context, false, false};
    if (result->account_count > 1) {
        size_t complete = 0;
        for (size_t i = 0; i < result->account_count; i++)
            complete += result->accounts[i].status == MIG_COMPLETE;
        put(&out, "%s of %s accounts are complete.\n\n", COUNT(complete), COUNT(result->account_count));
    }
    for (size_t i = 0; i < result->account_count && !out.refused; i++) {
        const mig_account_result *account = &result->accounts[i];
        put(&out, "%s", i > 0 ? "\n" : "");
        put_verdict(&out, account);
        if (account->folder_count > 0)
            put_folders(&out, account);
        put_problems(&out, account, true, "Not copied");
        put_problems(&out, account, false, "Copied, but with a difference");
    }
    put_totals(&out, &result->totals);
    put_next_step(&out, result);
    if (out.refused)
        return mig_error_set(err, MIG_E_IO, "the summary could not be written");
    if (out.failed)
        return mig_error_set(err, MIG_E_INTERNAL, "the summary holds a line that is too long");
    return 0;
}
