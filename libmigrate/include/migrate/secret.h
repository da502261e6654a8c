/*
 * migrate/secret.h - passwords: from a file, from a command, or as given
 *
 * A secret lives in memory of its own that is kept out of swap and core dumps where the system allows it, and is
 * overwritten when freed. It is plugged into an endpoint as `endpoint.secret = mig_secret_give` with the secret as
 * `secret_context`. All functions may be called from any thread.
 */
#ifndef MIGRATE_SECRET_H
#define MIGRATE_SECRET_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MIG_SECRET_MAX 16384 /* octets with the NUL: access tokens are long */

typedef struct mig_secret mig_secret;

/* A copy of `value`, which the caller wipes. NULL: MIG_E_NOMEM, MIG_E_SECRET (empty, too long). */
mig_secret *mig_secret_from_value(const char *value, mig_error *err);

/*
 * The first line of a file, without its line end; read at once. NULL: MIG_E_SECRET (cannot be read, empty, too long).
 */
mig_secret *mig_secret_from_file(const char *path, mig_error *err);

/* True when the file it came from can be read by others than its owner: worth a warning. */
bool mig_secret_exposed(const mig_secret *secret);

/*
 * The first line that `command` prints, run by /bin/sh -c when the secret is first needed, and again when a fresh one
 * is asked for. It must end with status 0 within a minute. NULL: MIG_E_NOMEM.
 */
mig_secret *mig_secret_from_command(const char *command, mig_error *err);

/* A mig_secret_fn (migrate/endpoint.h); `secret` is a mig_secret *. */
int mig_secret_give(char *out, size_t size, bool fresh, void *secret, mig_error *err);

/* Overwrite and release. Sets *secret to NULL; NULL is fine. */
void mig_secret_free(mig_secret **secret);

#ifdef __cplusplus
}
#endif
#endif
