/* cli/state_directory.h - where states are kept when --state does not say it */
#ifndef CLI_STATE_DIRECTORY_H
#define CLI_STATE_DIRECTORY_H

#include <migrate/error.h>
#include <stddef.h>

/* "$XDG_STATE_HOME/mailmigrate", else "~/.local/state/mailmigrate"; it need not exist. 0, or -1 with MIG_E_IO. */
int cli_state_directory(char *out, size_t size, mig_error *err);

/*
 * Where runs of the same two accounts keep each other away, whatever their states: $MAILMIGRATE_LOCK_DIR, else
 * /run/lock, which all users of the machine share, else $XDG_RUNTIME_DIR, else /tmp. Borrowed.
 */
const char *cli_lock_directory(void);

#endif
