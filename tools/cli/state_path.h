/* cli/state_path.h - where the state of a pair of accounts is kept when --state does not say it */
#ifndef CLI_STATE_PATH_H
#define CLI_STATE_PATH_H

#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <stddef.h>

/*
 * The file's name, from both accounts: letters, digits and "@._-" of their names, and a digest that tells apart what
 * those leave alike. The same accounts give the same name, whatever the options. Returns out.
 */
char *cli_state_name(const mig_endpoint *source, const mig_endpoint *target, char *out, size_t size);

/*
 * "$XDG_STATE_HOME/mailmigrate/NAME", else "~/.local/state/mailmigrate/NAME"; the directories are made, for the user
 * alone. Returns the path, which the caller frees, or NULL with MIG_E_IO, MIG_E_DISK_FULL or MIG_E_NOMEM.
 */
char *cli_state_path(const mig_endpoint *source, const mig_endpoint *target, mig_error *err);

/* The same below another directory. */
char *cli_state_path_in(const char *directory, const mig_endpoint *source, const mig_endpoint *target, mig_error *err);

/* The directory of cli_state_path. 0, or -1 with MIG_E_IO. */
int cli_state_directory(char *out, size_t size, mig_error *err);

/*
 * Where runs of the same two accounts keep each other away, whatever their states: $MAILMIGRATE_LOCK_DIR, else
 * /run/lock, which all users of the machine share, else $XDG_RUNTIME_DIR, else /tmp. Borrowed.
 */
const char *cli_lock_directory(void);

#endif
