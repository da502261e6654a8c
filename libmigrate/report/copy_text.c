/* The result of a copy for people: the verdict first, the folders, what needs attention, totals, the next step. */
#include <migrate/format.h>
#include <migrate/report.h>

#include "base/buffer.h"
#include "report/copy_words.h"
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
    if (out->refused || out->failed) {
        return;
    }
    char line[4 * NAME_SIZE + LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line) {
        out->failed = true;
    } else if (out->sink(line, (size_t)length, out->context) != 0) {
        out->refused = true;
    }
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

/* Columns of numbers; one is shown when any folder has something in it, or always. */
typedef struct column {
    const char *title;
    size_t offset;
    bool always, octets;
    size_t width;
} column;

#define COLUMN(title, member)                                                                                          \
    {                                                                                                                  \
        title, offsetof(mig_folder_result, member), false, false, 0                                                    \
    }
static const column all_columns[] = {
    {"messages", offsetof(mig_folder_result, messages), true, false, 0},
    COLUMN("copied", copied),
    COLUMN("adopted", adopted),
    COLUMN("already", already),
    COLUMN("moved", moved),
    COLUMN("deleted", deleted),
    COLUMN("too big", skipped),
    COLUMN("gone", gone),
    COLUMN("withheld", withheld),
    COLUMN("flags", flags_changed),
    COLUMN("failed", failed),
    {"size copied", offsetof(mig_folder_result, bytes), false, true, 0},
};
#define COLUMNS (sizeof all_columns / sizeof all_columns[0])

static uint64_t cell(const mig_folder_result *folder, const column *which)
{
    uint64_t value;
    memcpy(&value, (const char *)folder + which->offset, sizeof value);
    return value;
}

static const char *cell_text(const mig_folder_result *folder, const column *which, number *room)
{
    uint64_t value = cell(folder, which);
    return which->octets ? mig_format_octets(value, room->text, MIG_FORMAT_SIZE)
                         : mig_format_count(value, room->text, MIG_FORMAT_SIZE);
}

/* As narrow as what stands in them: folder names are longer than a terminal likes anyway. */
static size_t choose_columns(const mig_account_result *account, const mig_folder_result *sum, column *columns)
{
    size_t count = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        column c = all_columns[i];
        if (!c.always && cell(sum, &c) == 0) {
            continue;
        }
        number room;
        c.width = strlen(c.title);
        for (size_t f = 0; f <= account->folder_count; f++) {
            const size_t length = strlen(cell_text(f < account->folder_count ? &account->folders[f] : sum, &c, &room));
            c.width = length > c.width ? length : c.width;
        }
        columns[count++] = c;
    }
    return count;
}

static void put_row(writer *out, const mig_folder_result *folder, const column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        number room;
        put(out, "%*s", (int)columns[i].width + 2, cell_text(folder, &columns[i], &room));
    }
}

static bool has_numbers(const mig_folder_result *folder)
{
    return folder->messages + folder->deleted + folder->flags_changed + folder->failed > 0;
}

static void put_counts(writer *out, size_t left_out, size_t empty)
{
    if (empty > 0) {
        put(out, "  %s folder%s no message.\n", COUNT(empty), empty == 1 ? " holds" : "s hold");
    }
    if (left_out > 0) {
        put(out, "  %s folder%s left out.\n", COUNT(left_out), left_out == 1 ? " was" : "s were");
    }
}

static void put_folders(writer *out, const mig_account_result *account, bool dry_run)
{
    const mig_folder_result sum = mig__copy_sum(account);
    column columns[COLUMNS];
    const size_t count = choose_columns(account, &sum, columns);
    size_t left_out = 0, empty = 0, shown = 0;
    for (size_t f = 0; f < account->folder_count && !out->refused; f++) {
        const mig_folder_result *folder = &account->folders[f];
        if (!folder->target || folder->target[0] == '\0' || !has_numbers(folder)) {
            *(folder->target && folder->target[0] != '\0' ? &empty : &left_out) += 1;
            continue;
        }
        if (shown++ == 0) {
            put(out, "\n");
            for (size_t i = 0; i < count; i++) {
                put(out, "%*s", (int)columns[i].width + 2, columns[i].title);
            }
            put(out, "  folder\n");
        }
        put_row(out, folder, columns, count);
        put(out, "  %s", NAME(folder->source));
        if (strcmp(folder->source ? folder->source : "", folder->target) != 0) {
            put(out, " -> %s", NAME(folder->target));
        }
        put(out, "%s\n", dry_run && folder->to_make ? " (to be made)" : "");
    }
    if (shown > 1) {
        put_row(out, &sum, columns, count);
        put(out, "  in all\n");
    }
    put_counts(out, left_out, empty);
}

static void put_problem(writer *out, const mig_problem *problem)
{
    if (!problem->folder || problem->folder[0] == '\0') {
        put(out, "  account");
    } else {
        put(out, "  %s", NAME(problem->folder));
    }
    if (problem->uid > 0) {
        put(out, ", UID %u", (unsigned)problem->uid);
    }
    char text[2 * NAME_SIZE];
    put(out, ": %s [%s]\n", mig_format_text(problem->text, text, sizeof text), mig_code_name(problem->code));
}

static void put_problems(writer *out, const mig_account_result *account, mig__copy_heading heading)
{
    size_t count = 0;
    for (size_t i = 0; i < account->problem_count; i++) {
        count += mig__copy_heading_of(account, &account->problems[i]) == heading;
    }
    if (count == 0) {
        return;
    }
    put(out, "\n%s (%s):\n", mig__copy_heading_words(heading), COUNT(count));
    size_t shown = 0;
    for (size_t i = 0; i < account->problem_count && shown < PROBLEMS_SHOWN && !out->refused; i++) {
        if (mig__copy_heading_of(account, &account->problems[i]) == heading) {
            put_problem(out, &account->problems[i]);
            shown++;
        }
    }
    if (count > shown) {
        put(out, "  ... and %s more; --json FILE lists every one.\n", COUNT(count - shown));
    }
}

static void put_totals(writer *out, const mig_totals *totals)
{
    if (totals->copied > 0) {
        put(out, "\n%s of mail in %s", OCTETS(totals->bytes), DURATION(totals->seconds));
    } else {
        put(out, "\n%s", DURATION(totals->seconds));
    }
    if (totals->copied > 0 && totals->seconds > 0) {
        put(out, " (%s/s, %s messages/s)", OCTETS((uint64_t)((double)totals->bytes / totals->seconds)),
            COUNT((uint64_t)((double)totals->copied / totals->seconds)));
    }
    put(out, ", %s round trip%s, %s received, %s sent", COUNT(totals->round_trips), mig__plural(totals->round_trips),
        OCTETS(totals->bytes_in), OCTETS(totals->bytes_out));
    if (totals->peak_rss > 0) {
        put(out, ", %s of memory at most", OCTETS(totals->peak_rss));
    }
    put(out, ".\n");
}

/* What is left, and how many nights it takes: by octets where they are known, else by messages. */
static void put_left(writer *out, const mig_copy_result *result)
{
    const mig_totals *totals = &result->totals;
    const bool goes_on = result->status == MIG_INTERRUPTED || result->exit_status == 4; /* else a person comes first */
    if (totals->left_messages == 0) {
        return;
    }
    put(out, "Left to copy: %s message%s", COUNT(totals->left_messages), mig__plural(totals->left_messages));
    if (totals->left_bytes > 0) {
        put(out, ", about %s", OCTETS(totals->left_bytes));
    }
    const uint64_t left = totals->left_bytes > 0 ? totals->left_bytes : totals->left_messages;
    const uint64_t done = totals->left_bytes > 0 ? totals->bytes : totals->copied;
    if (done > 0 && goes_on) {
        const uint64_t runs = (left - 1) / done + 1;
        put(out, "; at this pace %s more run%s like this one", COUNT(runs), mig__plural(runs));
    }
    put(out, ".\n");
}

/* Sentences that were put together elsewhere. */
static void put_buffer(writer *out, mig__buffer *words)
{
    if (words->failed) {
        out->failed = true;
    } else if (words->length > 0 && !out->refused && !out->failed &&
               out->sink(words->data, words->length, out->context) != 0) {
        out->refused = true;
    }
    mig__buffer_free(words);
}

static void put_details(writer *out, const mig_account_result *account, bool dry_run)
{
    if (account->folder_count > 0) {
        put_folders(out, account, dry_run);
    }
    for (int heading = 0; heading < MIG__HEADINGS; heading++) {
        put_problems(out, account, (mig__copy_heading)heading);
    }
}

static int finish(const writer *out, mig_error *err)
{
    if (out->refused) {
        return mig_error_set(err, MIG_E_IO, "the summary could not be written");
    }
    if (out->failed) {
        return mig_error_set(err, MIG_E_INTERNAL, "the summary holds a line that is too long");
    }
    return 0;
}

int mig_report_copy_details_text(const mig_copy_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    writer out = {sink, context, false, false};
    for (size_t i = 0; i < result->account_count && !out.refused; i++) {
        put_details(&out, &result->accounts[i], result->dry_run);
    }
    return finish(&out, err);
}

int mig_report_copy_text(const mig_copy_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    writer out = {sink, context, false, false};
    if (result->account_count > 1) {
        size_t complete = 0;
        for (size_t i = 0; i < result->account_count; i++) {
            complete += result->accounts[i].status == MIG_COMPLETE;
        }
        put(&out, "%s of %s accounts are complete.\n\n", COUNT(complete), COUNT(result->account_count));
    }
    for (size_t i = 0; i < result->account_count && !out.refused; i++) {
        put(&out, "%s", i > 0 ? "\n" : "");
        mig__buffer words = MIG__BUFFER_INIT;
        mig__copy_verdict(&words, &result->accounts[i], result->dry_run);
        put_buffer(&out, &words);
        put_details(&out, &result->accounts[i], result->dry_run);
    }
    put_totals(&out, &result->totals);
    if (!result->dry_run) {
        put_left(&out, result);
    }
    mig__buffer next = MIG__BUFFER_INIT;
    mig__copy_next(&next, result);
    put_buffer(&out, &next);
    return finish(&out, err);
}
