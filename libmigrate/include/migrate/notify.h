/*
 * migrate/notify.h - tell somebody that a run has ended: a command of the user, a webhook, or a mail
 */
#ifndef MIGRATE_NOTIFY_H
#define MIGRATE_NOTIFY_H

#include <migrate/endpoint.h>
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

/* A mail. Strings are borrowed for the call. */
typedef struct mig_mail {
    const char *server;    /* "smtp://host[:port]", which means STARTTLS or nothing but on loopback, or "smtps://..." */
    const char *ca_file;   /* certificates to trust (PEM); NULL: the system's */
    const char *user;      /* to log in as; NULL: without a login */
    mig_secret_fn *secret; /* its password; required with a user */
    void *secret_context;
    const char *from, *to; /* "name@example.org"; from NULL: mailmigrate at this machine */
    const char *subject;   /* one line */
    const char *text;      /* UTF-8 */
    size_t length;         /* of it */
} mig_mail;

/* Could it be sent, by what is written? 0, or -1 with MIG_E_USAGE. Needs server, from and to alone. */
int mig_mail_check(const mig_mail *mail, mig_error *err);

/*
 * Send it. It has a minute. Errors: MIG_E_USAGE, MIG_E_CONNECT (also: the server refuses it), MIG_E_AUTH,
 * MIG_E_CERTIFICATE, MIG_E_NOMEM, and those of the secret.
 */
int mig_notify_mail(const mig_mail *mail, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
