/* cli/table.c - how far a run over many accounts is: a table in place on a terminal, plain lines elsewhere */
#include "cli/table.h"

#include "cli/text.h"

#include <migrate/format.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_SECONDS 30.0
#define LINE_SIZE     1024
#define MOST_ROWS     20 /* accounts at work that are shown */
#define NAME_COLUMNS  32

void cli_table_init(cli_table *table, cli_terminal *terminal, mig_progress_mode mode, bool quiet)
{
    memset(table, 0, sizeof *table);
    table->terminal = terminal;
    cli_progress_init(&table->one, terminal, mode, quiet);
    table->shown = table->one.shown;
    table->in_place = table->one.in_place;
}

char *cli_table_summary(const mig_run_progress *progress, const cli_rate *rate, char *out, size_t size)
{
    char done[MIG_FORMAT_SIZE], total[MIG_FORMAT_SIZE];
    double messages = 0, bytes = 0;
    out[0] = '\0';
    cli_text_add(out, size, "%zu done, %zu running, %zu waiting", progress->done, progress->running, progress->waiting);
    if (progress->failed > 0) {
        cli_text_add(out, size, ", %zu failed", progress->failed);
    }
    if (progress->step == MIG_STEP_CHECK) {
        cli_text_add(out, size, "; checking all accounts");
        return out;
    }
    if (progress->messages_total > 0) {
        cli_text_add(out, size, "; %s/%s messages%s", mig_format_count(progress->messages_done, done, sizeof done),
                     mig_format_count(progress->messages_total, total, sizeof total),
                     progress->uncounted > 0 ? " so far" : "");
    }
    if (progress->messages_total > 0 && progress->uncounted == 0) {
        cli_text_add(out, size, " (%u%%)", (unsigned)(100 * progress->messages_done / progress->messages_total));
    }
    if (cli_rate_now(rate, &messages, &bytes) && messages > 0) {
        cli_text_add(out, size, ", %s/s", mig_format_octets((uint64_t)bytes, done, sizeof done));
        if (progress->messages_total > progress->messages_done) {
            const double left = (double)(progress->messages_total - progress->messages_done) / messages;
            cli_text_add(out, size, ", %s left", mig_format_duration(left, done, sizeof done));
        }
    }
    return out;
}

/* Inert text of exactly `columns` columns. */
static void add_column(char *out, size_t size, const char *text, size_t columns)
{
    char inert[LINE_SIZE], fitted[LINE_SIZE];
    mig_format_text(text, inert, sizeof inert);
    cli_text_fit(inert, columns, fitted, sizeof fitted);
    const size_t width = cli_text_width(fitted);
    cli_text_add(out, size, "%s%*s", fitted, (int)(width < columns ? columns - width : 0), "");
}

char *cli_table_row(const mig_run_account_progress *account, size_t columns, char *out, size_t size)
{
    char line[LINE_SIZE] = "  ", text[LINE_SIZE], number[MIG_FORMAT_SIZE];
    add_column(line, sizeof line, account->account, NAME_COLUMNS);
    cli_text_add(line, sizeof line, "  %-9s  ", mig_step_name(account->step));
    if (strcmp(account->phase, "copying") != 0) {
        cli_text_add(line, sizeof line, "%s  ", account->phase);
    }
    if (account->messages_total > 0) {
        cli_text_add(line, sizeof line, "%s/", mig_format_count(account->messages_done, number, sizeof number));
        cli_text_add(line, sizeof line, "%s  ", mig_format_count(account->messages_total, number, sizeof number));
    }
    if (account->bytes_done > 0) {
        cli_text_add(line, sizeof line, "%s  ", mig_format_octets(account->bytes_done, number, sizeof number));
    }
    cli_text_add(line, sizeof line, "%s", mig_format_text(account->folder, text, sizeof text));
    return cli_text_fit(line, columns, out, size);
}

static void show_in_place(cli_table *table, const mig_run_progress *progress)
{
    char block[(MOST_ROWS + 2) * LINE_SIZE], line[LINE_SIZE], summary[LINE_SIZE];
    const size_t width = cli_terminal_width(table->terminal);
    const size_t columns = width > 1 ? width - 1 : 1; /* the last one stays free: no wrapping */
    size_t rows = 0;
    const size_t most = cli_terminal_height(table->terminal) > 4 ? cli_terminal_height(table->terminal) - 3 : 1;
    cli_table_summary(progress, &table->rate, summary, sizeof summary);
    cli_text_fit(summary, columns, block, sizeof block);
    for (size_t i = 0; i < progress->count && rows < MOST_ROWS && rows < most; i++) {
        if (progress->accounts[i].state == MIG_RUN_RUNNING) {
            cli_text_add(block, sizeof block, "\n%s",
                         cli_table_row(&progress->accounts[i], columns, line, sizeof line));
            rows++;
        }
    }
    cli_terminal_line(table->terminal, block);
}

/* A line when an account ends, and the sum now and then. */
static void tell_ends(cli_table *table, const mig_run_progress *progress)
{
    if (!table->told) {
        table->told = calloc(progress->count, sizeof *table->told);
        table->told_count = table->told ? progress->count : 0;
    }
    for (size_t i = 0; i < table->told_count; i++) {
        char line[LINE_SIZE], text[LINE_SIZE / 2], done[MIG_FORMAT_SIZE];
        const mig_run_account_progress *account = &progress->accounts[i];
        const bool ended = account->state == MIG_RUN_DONE || account->state == MIG_RUN_FAILED;
        if (!ended || table->told[i] == (unsigned char)account->state) {
            continue;
        }
        table->told[i] = (unsigned char)account->state;
        mig_format_text(account->account, text, sizeof text);
        snprintf(line, sizeof line, "%s: %s after %s", text, mig_run_state_name(account->state),
                 mig_format_duration(account->seconds, done, sizeof done));
        if (account->reason[0] != '\0') {
            cli_text_add(line, sizeof line, ": %s", mig_format_text(account->reason, text, sizeof text));
        }
        cli_terminal_message(table->terminal, line);
    }
}

static void show_plainly(cli_table *table, const mig_run_progress *progress)
{
    char line[LINE_SIZE];
    tell_ends(table, progress);
    if (progress->seconds - table->last_line < PLAIN_SECONDS) {
        return;
    }
    table->last_line = progress->seconds;
    cli_terminal_message(table->terminal, cli_table_summary(progress, &table->rate, line, sizeof line));
}

static void show_one(cli_table *table, const mig_run_progress *progress)
{
    const mig_run_account_progress *account = &progress->accounts[0];
    char phase[64];
    snprintf(phase, sizeof phase, "%s", account->phase);
    if (account->step != MIG_STEP_COPY) {
        snprintf(phase, sizeof phase, "%s: %s", mig_step_name(account->step), account->phase);
    }
    const mig_progress now = {.account = account->account,
                              .phase = account->step == 0 ? "starting" : phase,
                              .folder = account->folder,
                              .messages_total = account->messages_total,
                              .messages_done = account->messages_done,
                              .bytes_done = account->bytes_done,
                              .failed = account->failed,
                              .seconds = progress->seconds};
    cli_progress_update(&now, &table->one);
}

void cli_table_update(const mig_run_progress *progress, void *context)
{
    cli_table *table = context;
    if (!table->shown) {
        return;
    }
    if (progress->count == 1) {
        show_one(table, progress);
        return;
    }
    const mig_progress sum = {
        .messages_done = progress->messages_done, .bytes_done = progress->bytes_done, .seconds = progress->seconds};
    cli_rate_add(&table->rate, &sum);
    if (table->in_place) {
        show_in_place(table, progress);
    } else {
        show_plainly(table, progress);
    }
}

void cli_table_end(cli_table *table)
{
    cli_terminal_line(table->terminal, "");
    free(table->told);
    table->told = NULL;
    table->told_count = 0;
}
