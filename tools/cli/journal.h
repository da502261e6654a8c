/*
 * cli/journal.h - events of the library as entries of systemd's journal, where this build has it
 *
 * docs/schemas/log-1.json has the fields: those of a line of the log file, in the journal's spelling.
 */
#ifndef CLI_JOURNAL_H
#define CLI_JOURNAL_H

#include <migrate/error.h>
#include <migrate/log.h>
#include <stddef.h>

/* Of an entry for a problem that the result lists, and for another error: what `journalctl MESSAGE_ID=...` finds. */
#define CLI_JOURNAL_PROBLEM "5a0d1c0f6a7b4b6c9d1f0c3f2f5e7a11"
#define CLI_JOURNAL_ERROR   "0f3c7e9a52d84a1eb6c48d0e7b91c2f6"

enum { CLI_JOURNAL_FIELDS = 8 };

typedef struct cli_journal_entry {
    char *fields[CLI_JOURNAL_FIELDS]; /* "NAME=value"; the caller releases them with cli_journal_clear */
    size_t count;
} cli_journal_entry;

/* 0, or -1: out of memory. Release in any case. */
int cli_journal_make(const mig_log_event *event, cli_journal_entry *entry);
void cli_journal_clear(cli_journal_entry *entry);

/* Is there a journal to write to? 0, or -1 with MIG_E_IO (none runs here), MIG_E_USAGE (not in this build). */
int cli_journal_check(mig_error *err);

/* 0, or an errno. */
int cli_journal_write(const mig_log_event *event);

#endif
