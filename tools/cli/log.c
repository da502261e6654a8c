/* cli/log.c - where the library's events go: a file of JSON lines or the journal, and standard error */
#include "cli/log.h"

#include "cli/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <migrate/format.h>
#include <migrate/report.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 4096

int cli_log_open(cli_log *log, const char *path, mig_error *err)
{
    if (!path) {
        return 0;
    }
    if (strcmp(path, "journal") == 0) {
        log->journal = cli_journal_check(err) == 0;
        return log->journal ? 0 : -1;
    }
    log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log->fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "the log %s cannot be opened", path);
    }
    return 0;
}

/* One write a line: O_APPEND keeps the lines of several threads apart. */
static int write_line(const char *text, size_t length, void *context)
{
    const cli_log *log = context;
    while (length > 0) {
        const ssize_t written = write(log->fd, text, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return -1;
        }
        text += written;
        length -= (size_t)written;
    }
    return 0;
}

/* The first failure counts, and ends the run. */
static void fail(cli_log *log, int reason)
{
    int none = 0;
    if (atomic_compare_exchange_strong(&log->failure, &none, reason)) {
        mig_stop_request(log->stop);
    }
}

static void to_journal(const mig_log_event *event, cli_log *log)
{
    const int problem = cli_journal_write(event);
    if (problem != 0) {
        fail(log, problem);
    }
}

static void to_file(const mig_log_event *event, cli_log *log)
{
    struct timespec now;
    mig_error err = MIG_ERROR_INIT;
    clock_gettime(CLOCK_REALTIME, &now);
    errno = 0;
    const int64_t time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (mig_report_event_json(event, time_ms, write_line, log, &err) == 0) {
        return;
    }
    fail(log, err.code == MIG_E_NOMEM ? ENOMEM : errno != 0 ? errno : EIO);
}

static void to_terminal(const mig_log_event *event, cli_log *log)
{
    static const char *const marks[] = {"error: ", "warning: ", "", "", ""};
    char line[LINE_SIZE], text[LINE_SIZE / 2], folder[LINE_SIZE / 4], account[LINE_SIZE / 8], uid[32] = "";
    if (event->uid > 0) {
        snprintf(uid, sizeof uid, "UID %u: ", event->uid);
    }
    mig_format_text(event->account, account, sizeof account);
    mig_format_text(event->folder, folder, sizeof folder);
    mig_format_text(event->text, text, sizeof text);
    snprintf(line, sizeof line, "%s%s%s%s%s%s%s", marks[event->level], account, account[0] ? ": " : "", folder,
             folder[0] ? ": " : "", uid, text);
    cli_terminal_message(log->terminal, line);
}

static void on_event(const mig_log_event *event, void *context)
{
    cli_log *log = context;
    if (log->fd >= 0 && event->level <= log->file_level) {
        to_file(event, log);
    }
    if (log->journal && event->level <= log->file_level) {
        to_journal(event, log);
    }
    if (event->level <= log->terminal_level && !(event->listed && log->summary)) {
        to_terminal(event, log);
    }
}

mig_log cli_log_for_library(cli_log *log)
{
    const bool more_in_file = (log->fd >= 0 || log->journal) && log->file_level > log->terminal_level;
    return (mig_log){on_event, log, more_in_file ? log->file_level : log->terminal_level};
}

int cli_log_close(cli_log *log, mig_error *err)
{
    int failure = atomic_load(&log->failure);
    if (log->fd >= 0 && close(log->fd) != 0 && failure == 0) {
        failure = errno;
    }
    log->fd = -1;
    if (failure == 0) {
        return 0;
    }
    return mig_error_errno(err, MIG_E_IO, failure, "the log could not be written");
}
