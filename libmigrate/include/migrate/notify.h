/*
 * migrate/notify.h - tell somebody that a run has ended: a command of the user, or a webhook
 */
#ifndef MIGRATE_NOTIFY_H
#define MIGRATE_NOTIFY_H

#include <migrate/error.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Run `command` by /bin/sh -c with `text` as its standard input, in a process group of its own; its output goes where
 * ours goes, and no variable whose name begins with MAILMIGRATE_ is handed on. It has five minutes. Errors: MIG_E_IO
 * (it cannot be started, fails, or does not end).
 */
int mig_notify_command(const char *command, const char *text, size_t length, mig_error *err);

/*
 * POST `text` as application/json to `url`, which begins with https://; certificates are verified (against `ca_file`,
 * a PEM bundle, or NULL: the system's), and no redirect is followed. It has half a minute. Errors: MIG_E_USAGE (the
 * URL), MIG_E_CONNECT (it cannot be reached, or answers with another status than 2xx), MIG_E_CERTIFICATE, MIG_E_NOMEM.
 */
int mig_notify_webhook(const char *url, const char *ca_file, const char *text, size_t length, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
