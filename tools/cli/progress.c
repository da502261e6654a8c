/* cli/progress.c - how far a run is: one line in place on a terminal, a plain line every 30 seconds elsewhere */
#include "cli/progress.h"

#include "cli/text.h"

#include <migrate/format.h>
#include <string.h>

#define SAMPLE_SECONDS 0.5
#define PLAIN_SECONDS  30.0
#define PHASE_SECONDS  1.0 /* phases that come and go faster than that are not worth a line */
#define TEXT_SIZE      1024
#define BAR            20
#define WIDE           110 /* columns from which on there is room for a bar */

void cli_rate_add(cli_rate *rate, const mig_progress *progress)
{
    if (rate->count > 0 && progress->seconds < rate->samples[rate->newest].seconds + SAMPLE_SECONDS) {
        return;
    }
    rate->newest = rate->count > 0 ? (rate->newest + 1) % CLI_RATE_SAMPLES : 0;
    rate->samples[rate->newest].seconds = progress->seconds;
    rate->samples[rate->newest].messages = progress->messages_done;
    rate->samples[rate->newest].bytes = progress->bytes_done;
    if (rate->count < CLI_RATE_SAMPLES) {
        rate->count++;
    }
}

bool cli_rate_now(const cli_rate *rate, double *messages, double *bytes)
{
    if (rate->count < 3) {
        return false;
    }
    const size_t oldest = (rate->newest + CLI_RATE_SAMPLES + 1 - rate->count) % CLI_RATE_SAMPLES;
    const double seconds = rate->samples[rate->newest].seconds - rate->samples[oldest].seconds;
    const uint64_t now_messages = rate->samples[rate->newest].messages, then_messages = rate->samples[oldest].messages;
    const uint64_t now_bytes = rate->samples[rate->newest].bytes, then_bytes = rate->samples[oldest].bytes;
    *messages = now_messages > then_messages ? (double)(now_messages - then_messages) / seconds : 0;
    *bytes = now_bytes > then_bytes ? (double)(now_bytes - then_bytes) / seconds : 0;
    return true;
}

/* ", 3.2 MiB, 1.1 MiB/s, 42 s left, 2 failed" */
static void add_pace(const mig_progress *progress, const cli_rate *rate, char *out, size_t size)
{
    char number[MIG_FORMAT_SIZE];
    double messages = 0, bytes = 0;
    cli_text_add(out, size, ", %s", mig_format_octets(progress->bytes_done, number, sizeof number));
    if (cli_rate_now(rate, &messages, &bytes)) {
        cli_text_add(out, size, ", %s/s", mig_format_octets((uint64_t)bytes, number, sizeof number));
        if (messages > 0 && progress->messages_total > progress->messages_done) {
            const double left = (double)(progress->messages_total - progress->messages_done) / messages;
            cli_text_add(out, size, ", %s left", mig_format_duration(left, number, sizeof number));
        }
    }
    if (progress->failed > 0) {
        cli_text_add(out, size, ", %s failed", mig_format_count(progress->failed, number, sizeof number));
    }
}

/* "  [####----]  50%" where there is room for it. */
static void add_bar(const mig_progress *progress, size_t columns, char *out, size_t size)
{
    const uint64_t done =
        progress->messages_done < progress->messages_total ? progress->messages_done : progress->messages_total;
    const unsigned percent = (unsigned)(100.0 * (double)done / (double)progress->messages_total);
    if (columns >= WIDE) {
        char bar[BAR + 1];
        const size_t filled = (size_t)(BAR * done / progress->messages_total);
        memset(bar, '-', BAR);
        memset(bar, '#', filled);
        bar[BAR] = '\0';
        cli_text_add(out, size, "  [%s]", bar);
    }
    cli_text_add(out, size, "  %u%%", percent);
}

char *cli_progress_line(const mig_progress *progress, const cli_rate *rate, size_t columns, char *out, size_t size)
{
    char name[TEXT_SIZE], place[TEXT_SIZE], tail[TEXT_SIZE] = "", line[2 * TEXT_SIZE];
    char done[MIG_FORMAT_SIZE], total[MIG_FORMAT_SIZE];
    const bool in_folder = progress->folder && progress->folder[0] != '\0';
    mig_format_text(in_folder ? progress->folder : progress->account, name, sizeof name);
    if (strcmp(progress->phase, "copying") != 0) {
        cli_text_add(tail, sizeof tail, "  %s", progress->phase);
    }
    if (progress->messages_total > 0) {
        add_bar(progress, columns, tail, sizeof tail);
        cli_text_add(tail, sizeof tail, "  %s/%s messages",
                     mig_format_count(progress->messages_done, done, sizeof done),
                     mig_format_count(progress->messages_total, total, sizeof total));
        add_pace(progress, rate, tail, sizeof tail);
    }
    const size_t taken = cli_text_width(tail);
    const size_t least = columns / 4; /* of the folder, when both do not fit */
    cli_text_fit(name, taken + least < columns ? columns - taken : least, place, sizeof place);
    snprintf(line, sizeof line, "%s%s", place, tail);
    return cli_text_fit(line, columns, out, size);
}

char *cli_progress_plain(const mig_progress *progress, const cli_rate *rate, char *out, size_t size)
{
    char text[TEXT_SIZE], done[MIG_FORMAT_SIZE], total[MIG_FORMAT_SIZE];
    out[0] = '\0';
    cli_text_add(out, size, "%s: %s", mig_format_text(progress->account, text, sizeof text), progress->phase);
    if (progress->folder && progress->folder[0] != '\0') {
        cli_text_add(out, size, " %s", mig_format_text(progress->folder, text, sizeof text));
    }
    if (progress->messages_total > 0) {
        const double share = (double)progress->messages_done / (double)progress->messages_total;
        cli_text_add(out, size, ": %s of %s messages (%u%%)",
                     mig_format_count(progress->messages_done, done, sizeof done),
                     mig_format_count(progress->messages_total, total, sizeof total), (unsigned)(100 * share));
        add_pace(progress, rate, out, size);
    }
    return out;
}

void cli_progress_init(cli_progress *progress, cli_terminal *terminal, mig_progress_mode mode, bool quiet)
{
    memset(progress, 0, sizeof *progress);
    progress->terminal = terminal;
    progress->shown = mode == MIG_PROGRESS_ALWAYS || (mode == MIG_PROGRESS_AUTO && !quiet);
    progress->in_place = mode == MIG_PROGRESS_ALWAYS || cli_terminal_capable(terminal->file);
}

static bool worth_a_line(const cli_progress *progress, const mig_progress *now)
{
    const double since = now->seconds - progress->last_line;
    return since >= PLAIN_SECONDS || (strcmp(progress->last_phase, now->phase) != 0 && since >= PHASE_SECONDS);
}

void cli_progress_update(const mig_progress *now, void *context)
{
    cli_progress *progress = context;
    char line[TEXT_SIZE];
    if (!progress->shown) {
        return;
    }
    cli_rate_add(&progress->rate, now);
    if (progress->in_place) {
        const size_t width = cli_terminal_width(progress->terminal); /* the last column stays free: no wrapping */
        cli_terminal_line(progress->terminal,
                          cli_progress_line(now, &progress->rate, width > 1 ? width - 1 : 1, line, sizeof line));
    } else if (worth_a_line(progress, now)) {
        cli_terminal_message(progress->terminal, cli_progress_plain(now, &progress->rate, line, sizeof line));
        progress->last_line = now->seconds;
        snprintf(progress->last_phase, sizeof progress->last_phase, "%s", now->phase);
    }
}
