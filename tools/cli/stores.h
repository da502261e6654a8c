/*
 * cli/stores.h - a side that is files on this machine instead of a login: --source maildir:/path and the like
 */
#ifndef CLI_STORES_H
#define CLI_STORES_H

#include "cli/options.h"

#include <migrate/secret.h>

/*
 * When the side's URL is a store's, make the store and fill the endpoint. Options that belong to a login are refused.
 * 0; 1: it is another URL; -1 with MIG_E_USAGE and those of mig_store_new.
 */
int cli_store_take(cli_side *side, mig_side which, mig_error *err);

/*
 * Once the state's path is known: where the store of the side keeps its UIDs, and the password of an encrypted archive,
 * which is the caller's to free. MIG_E_SECRET, MIG_E_NOMEM.
 */
int cli_store_prepare(const cli_options *options, cli_side *side, mig_secret **secret, mig_error *err);

#endif
