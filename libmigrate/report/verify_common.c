/* report/verify_common.c - the words of a verification, the same in all reports */
#include "report/verify_common.h"
#include "report/numbers.h"
#include <inttypes.h>
#include <migrate/format.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void mig__paper_send(mig__paper *paper)
{
    mig__buffer *line = &paper->line;
    if (!paper->refused && !line->failed && line->length &&
        paper->sink(line->data, line->length, paper->context) != 0) {
        paper->refused = true;
    }
    if (!line->failed) {
        mig__buffer_clear(line);
    }
}

int mig__paper_finish(mig__paper *paper, const char *what, mig_error *err)
{
    mig__paper_send(paper);
    bool failed = paper->line.failed;
    mig__buffer_free(&paper->line);
    if (paper->refused) {
        return mig_error_set(err, MIG_E_IO, "the %s could not be written", what);
    }
    return failed ? mig_error_set(err, MIG_E_NOMEM, "out of memory while writing the %s", what) : 0;
}

char *mig__iso_time(int64_t seconds, bool zero_is_none, char out[MIG__ISO_SIZE])
{
    time_t moment = (time_t)seconds;
    struct tm parts;
    out[0] = '\0';
    if ((seconds == 0 && zero_is_none) || seconds < -62167219200 || seconds > 253402300799) { /* years 0 to 9999 */
        return out;
    }
    if (gmtime_r(&moment, &parts)) {
        strftime(out, MIG__ISO_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
    }
    return out;
}

void mig__add_inert(mig__buffer *out, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length && mig__buffer_reserve(out, length + 1)) { /* inert text is never longer */
        mig__inert(text, length, out->data + out->length, length + 1);
        out->length += strlen(out->data + out->length);
    }
}

uint64_t mig__count_grade(const uint64_t counts[MIG_FOUND_COUNT], mig_grade grade)
{
    uint64_t sum = 0;
    for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
        sum += mig_found_grade((mig_found)kind) == grade ? counts[kind] : 0;
    }
    return sum;
}

static void add_count(mig__buffer *out, uint64_t count, const char *before, const char *after)
{
    char number[MIG_FORMAT_SIZE];
    mig__buffer_addf(out, "%s%s%s", before, mig_format_count(count, number, sizeof number), after);
}

void mig__add_counts(mig__buffer *out, const uint64_t counts[MIG_FOUND_COUNT], mig_grade grade)
{
    const char *before = "";
    for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
        if (counts[kind] && mig_found_grade((mig_found)kind) == grade) {
            add_count(out, counts[kind], before, " ");
            mig__buffer_add_text(out, mig_found_words((mig_found)kind));
            before = ", ";
        }
    }
}

/* What is there and was not found to be wrong, of so many messages: nothing more than what was looked at. */
static void add_there(mig__buffer *out, uint64_t messages, bool others, const mig_verify_totals *totals)
{
    uint64_t rewritten = totals->counts[MIG_FOUND_STORED_DIFFERENTLY], unread = totals->counts[MIG_FOUND_PRESENT];
    add_count(out, messages, others ? "The other " : messages == 1 ? "The " : "All ", " message");
    mig__buffer_addf(out, "%s %s on the target", mig__plural(messages), messages == 1 ? "is" : "are");
    if (unread == messages) {
        mig__buffer_addf(out, ", %s its size. Their content was not read.", messages == 1 ? "with" : "each with");
    } else if (unread) {
        add_count(out, totals->counts[MIG_FOUND_IDENTICAL], ". ", " were read and are identical");
        add_count(out, unread, "; of ", " the content was not read.");
    } else {
        mig__buffer_add_text(out, rewritten ? "." : ", every byte as it was.");
    }
    if (rewritten) {
        add_count(out, rewritten, " ", rewritten == 1 ? " is" : " are");
        mig__buffer_add_text(out,
                             " stored differently by the target's server; the content is the same, and each change is "
                             "named.");
    }
}

/* Neither right nor wrong: there is nothing to hold them against. */
static void add_unproven(mig__buffer *out, uint64_t unproven)
{
    add_count(out, unproven, "", unproven == 1 ? " message" : " messages");
    mig__buffer_addf(out,
                     " cannot be proven: %s on the target before the copy, which recognised %s without reading %s, so "
                     "that no digest is on record.",
                     unproven == 1 ? "it was" : "they were", unproven == 1 ? "it" : "them",
                     unproven == 1 ? "it" : "them");
}

static void add_withheld(mig__buffer *out, uint64_t withheld)
{
    add_count(out, withheld, " ", withheld == 1 ? " message is" : " messages are");
    mig__buffer_addf(out, " not there by decision: a virus scanner found something in %s.",
                     withheld == 1 ? "it" : "them");
}

static void add_good(mig__buffer *out, const mig_verify_totals *totals)
{
    uint64_t unproven = totals->counts[MIG_FOUND_UNPROVEN], withheld = totals->counts[MIG_FOUND_WITHHELD];
    if (totals->messages == 0) {
        mig__buffer_add_text(out, "There was no message to look for.");
        return;
    }
    if (unproven) {
        add_unproven(out, unproven);
    }
    if (totals->messages > unproven + withheld) {
        mig__buffer_add_text(out, unproven ? " " : "");
        add_there(out, totals->messages - unproven - withheld, unproven + withheld > 0, totals);
    }
    if (withheld) {
        add_withheld(out, withheld);
    }
}

static void add_unfinished(mig__buffer *out, const mig_verify_result *result)
{
    uint64_t accounts = 0, folders = 0, problems = 0;
    for (size_t i = 0; i < result->account_count; i++) {
        accounts += result->accounts[i].status == MIG_FAILED || result->accounts[i].status == MIG_INTERRUPTED;
        for (size_t k = 0; k < result->accounts[i].folder_count; k++) {
            folders += result->accounts[i].folders[k].error != NULL;
        }
        for (size_t k = 0; k < result->accounts[i].problem_count; k++) {
            problems += result->accounts[i].problems[k].failed;
        }
    }
    mig__buffer_add_text(out, result->status == MIG_INTERRUPTED ? "The verification was stopped before its end"
                                                                : "Not everything could be verified");
    if (accounts) {
        add_count(out, accounts, ": ", accounts == 1 ? " account is" : " accounts are");
        mig__buffer_add_text(out, " not done");
    }
    if (folders) {
        add_count(out, folders, accounts ? ", " : ": ", folders == 1 ? " folder" : " folders");
        mig__buffer_add_text(out, " not to the end");
    }
    if (problems && !accounts && !folders) {
        mig__buffer_add_text(out, ": some mailboxes were not found or not listed");
    }
    mig__buffer_add_text(out, ". ");
}

void mig__add_verdict(mig__buffer *out, const mig_verify_result *result)
{
    const mig_verify_totals *totals = &result->totals;
    uint64_t differences = mig__count_grade(totals->counts, MIG_GRADE_DIFFERENCE);
    bool finished = result->status == MIG_COMPLETE;
    if (!finished) {
        add_unfinished(out, result);
    }
    if (differences) {
        add_count(out, differences, "", differences == 1 ? " difference was" : " differences were");
        add_count(out, totals->messages, " found among ", totals->messages == 1 ? " message: " : " messages: ");
        mig__add_counts(out, totals->counts, MIG_GRADE_DIFFERENCE);
        mig__buffer_add_text(out, ".");
        if (totals->counts[MIG_FOUND_UNPROVEN]) {
            mig__buffer_add_text(out, " ");
            add_unproven(out, totals->counts[MIG_FOUND_UNPROVEN]);
        }
    } else if (finished) {
        add_good(out, totals);
    } else {
        add_count(out, totals->messages, "No difference was found in what was looked at (",
                  totals->messages == 1 ? " message)." : " messages).");
    }
    uint64_t arrived = totals->counts[MIG_FOUND_ARRIVED];
    if (arrived) {
        add_count(out, arrived, " ", arrived == 1 ? " message came" : " messages came");
        mig__buffer_add_text(out, " to the target after the copy: new mail, no difference.");
    }
}

static void add_sample(mig__buffer *out, const mig_verify_result *result)
{
    const mig_verify_totals *totals = &result->totals;
    mig__buffer_addf(out,
                     "A sample of %g percent of the messages was read back (seed %" PRIu64 ", which chooses the same "
                     "messages again). ",
                     result->sample, result->seed);
    if (totals->counts[MIG_FOUND_ALTERED] == 0 && totals->counts[MIG_FOUND_UNREADABLE] == 0 && totals->read) {
        add_count(out, totals->read, "Of ", " messages read none was altered: with 95 percent confidence");
        mig__buffer_addf(out, " at most %.3g percent of all messages are. ", 100.0 * mig_sample_bound(totals->read));
    }
}

/* Of what is on the target, what came from the copy and what did not. */
static void add_read(mig__buffer *out, const mig_verify_totals *totals)
{
    if (totals->read >= totals->found) {
        mig__buffer_add_text(out, totals->read == 1 ? "The message on the target was read back in full. "
                                                    : "Every message on the target was read back in full. ");
        return;
    }
    add_count(out, totals->read, "", " of ");
    add_count(out, totals->found, "", " messages on the target were read back in full. ");
}

/* The next step, each by what was found. */
void mig__add_next(mig__buffer *out, const mig_verify_result *result)
{
    const uint64_t *counts = result->totals.counts;
    uint64_t differences = mig__count_grade(counts, MIG_GRADE_DIFFERENCE);
    uint64_t others = differences - counts[MIG_FOUND_NOT_COPIED];
    const char *before = "";
    if (counts[MIG_FOUND_NOT_COPIED]) {
        mig__buffer_add_text(out, "Run mailmigrate copy again for what is not copied, then verify again.");
        before = " ";
    }
    if (counts[MIG_FOUND_UNPROVEN]) {
        mig__buffer_addf(
            out,
            "%sAs long as the source is there, mailmigrate verify --against source compares what cannot be "
            "proven, and mailmigrate copy --adopt-read records its digests.",
            before);
        before = " ";
    }
    if (others) {
        mig__buffer_addf(out, "%sLook at what is listed%s.", before,
                         result->account_count > 1 ? ", account by account" : "");
        before = " ";
    }
    if (counts[MIG_FOUND_MISSING] + counts[MIG_FOUND_ALTERED] > 0) {
        mig__buffer_add_text(out,
                             " As long as the source is there, mailmigrate copy --mend sends again what is missing "
                             "or altered.");
    }
    if (result->status != MIG_COMPLETE) {
        mig__buffer_addf(out, "%sVerify again what was not looked at.", before);
    }
}

void mig__add_method(mig__buffer *out, const mig_verify_result *result)
{
    if (result->depth == MIG_DEPTH_QUICK) {
        mig__buffer_add_text(out,
                             "Quick check: counts, sizes, flags, dates and UIDs were compared, no content was read. ");
    } else if (result->sample > 0 && result->sample < 100) {
        add_sample(out, result);
    } else if (result->totals.read > 0) {
        add_read(out, &result->totals);
    }
    mig__buffer_add_text(out,
                         result->against == MIG_AGAINST_SOURCE
                             ? "It was compared with the source, read at the same time. "
                             : "It was compared with what was recorded when the messages were copied; the source was "
                               "not needed. ");
}

void mig__add_terms(mig__buffer *out, const mig_verify_result *result)
{
    if (result->depth == MIG_DEPTH_FULL) {
        mig__buffer_addf(
            out,
            "Identical means: the SHA-256 digests of all octets are equal. Stored differently means: those of "
            "the canonical form (version %d) are. Roots are Merkle roots (RFC 9162) over the digests of what "
            "was found.",
            result->canonical_version);
    }
}

void mig__add_remark(mig__buffer *out, const mig_finding *finding)
{
    size_t before = out->length;
    if (finding->rules) {
        const char *joint = finding->rules_certain ? "" : "probably ";
        for (unsigned rule = 1; rule < MIG_RULES_ALL; rule <<= 1) {
            if (finding->rules & rule) {
                mig__buffer_addf(out, "%s%s", joint, mig_rule_text(rule));
                joint = finding->rules_certain ? "; " : " or ";
            }
        }
    }
    if (finding->detail && finding->detail[0]) {
        mig__buffer_add_text(out, out->length > before ? "; " : "");
        mig__add_inert(out, finding->detail);
    }
}
