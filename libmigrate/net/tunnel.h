/* net/tunnel.h - a command whose standard input and output are the connection: `ssh host /usr/lib/dovecot/imap` */
#ifndef MIG_NET_TUNNEL_H
#define MIG_NET_TUNNEL_H

#include <migrate/error.h>

typedef struct mig__tunnel mig__tunnel;

/*
 * Start `command` by /bin/sh with a socket as its input and output; *fd is the other end, the caller's. It runs in a
 * process group of its own, so that Ctrl-C reaches us and not the connection, with no signal blocked or ignored and
 * without our own variables (MAILMIGRATE_*), which may hold passwords.
 */
mig__tunnel *mig__tunnel_start(const char *command, int *fd, mig_error *err);

/* What to poll for what the command says on its standard error; taken in by mig__tunnel_listen. -1 once it is closed.
 */
int mig__tunnel_fd(const mig__tunnel *tunnel);
void mig__tunnel_listen(mig__tunnel *tunnel);

/* Put what is known of the command's end, and its last words, into an error of the connection. */
void mig__tunnel_explain(mig__tunnel *tunnel, mig_error *err);

/* After *fd is closed: end the command, gently first, and reap it. Sets *tunnel to NULL; NULL is fine. */
void mig__tunnel_close(mig__tunnel **tunnel);

#endif
