/* cli/journal.c - events of the library as entries of systemd's journal, where this build has it */
#include "cli/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef MIG_WITH_JOURNAL
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <unistd.h>
#endif

/* A line end in a value is fine: the library frames values by their length. */
static int add(cli_journal_entry *entry, const char *name, const char *value)
{
    const size_t size = strlen(name) + strlen(value) + 2;
    char *field = malloc(size);
    if (!field) {
        return -1;
    }
    snprintf(field, size, "%s=%s", name, value);
    entry->fields[entry->count++] = field;
    return 0;
}

int cli_journal_make(const mig_log_event *event, cli_journal_entry *entry)
{
    static const char *const priorities[] = {"3", "4", "6", "7", "7"}; /* LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG */
    const char *id = event->listed ? CLI_JOURNAL_PROBLEM : event->level == MIG_LOG_ERROR ? CLI_JOURNAL_ERROR : NULL;
    char uid[16];
    *entry = (cli_journal_entry){.count = 0};
    snprintf(uid, sizeof uid, "%u", event->uid);
    int failed = add(entry, "MESSAGE", event->text);
    failed |= add(entry, "PRIORITY", priorities[event->level]);
    failed |= add(entry, "SYSLOG_IDENTIFIER", "mailmigrate");
    failed |= id ? add(entry, "MESSAGE_ID", id) : 0;
    failed |= event->account ? add(entry, "MAILMIGRATE_ACCOUNT", event->account) : 0;
    failed |= event->folder ? add(entry, "MAILMIGRATE_FOLDER", event->folder) : 0;
    failed |= event->uid > 0 ? add(entry, "MAILMIGRATE_UID", uid) : 0;
    failed |= event->code ? add(entry, "MAILMIGRATE_CODE", event->code) : 0;
    return failed;
}

void cli_journal_clear(cli_journal_entry *entry)
{
    for (size_t i = 0; i < entry->count; i++) {
        free(entry->fields[i]);
    }
    *entry = (cli_journal_entry){.count = 0};
}

#ifdef MIG_WITH_JOURNAL

/* Without this the library takes every entry and keeps none. */
int cli_journal_check(mig_error *err)
{
    if (access("/run/systemd/journal/socket", W_OK) == 0) {
        return 0;
    }
    mig_error_errno(err, MIG_E_IO, errno, "there is no journal of systemd to log to");
    return mig_error_hint(err, "give a file: --log ./journal writes one of that name");
}

int cli_journal_write(const mig_log_event *event)
{
    cli_journal_entry entry;
    struct iovec pieces[CLI_JOURNAL_FIELDS];
    int result = cli_journal_make(event, &entry) == 0 ? 0 : -ENOMEM;
    for (size_t i = 0; i < entry.count; i++) {
        pieces[i] = (struct iovec){entry.fields[i], strlen(entry.fields[i])};
    }
    if (result == 0) {
        result = sd_journal_sendv(pieces, (int)entry.count);
    }
    cli_journal_clear(&entry);
    return -result;
}

#else

int cli_journal_check(mig_error *err)
{
    return mig_error_set(err, MIG_E_USAGE, "--log journal: this build does not know the journal of systemd");
}

int cli_journal_write(const mig_log_event *event)
{
    (void)event;
    return ENOSYS;
}

#endif
