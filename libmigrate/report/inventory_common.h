/* report/inventory_common.h - the sentences of a stock-taking that the terminal and the page share */
#ifndef MIG_REPORT_INVENTORY_COMMON_H
#define MIG_REPORT_INVENTORY_COMMON_H

#include "base/buffer.h"
#include <migrate/inventory.h>

/* All text is plain, without line ends, and of our own words and numbers alone (fit for HTML as it is). */

void mig__stock_octets(mig__buffer *out, bool known, uint64_t octets);
void mig__stock_count(mig__buffer *out, uint64_t count, const char *what);

/* "1,234 messages, 3.2 MiB; about 3 h at the measured speed, on 7 days under the limit of 500 MiB a day" */
void mig__stock_forecast(mig__buffer *out, const mig_forecast *forecast);

/* "yes", "no", or what is missing to tell. */
const char *mig__stock_fits(const mig_inventory_account *account);

/* "Junk 1.2 GiB (12%), trash 3.2 MiB (under 1%)"; nothing where there is neither. */
void mig__stock_shares(mig__buffer *out, const mig_inventory_account *account);

/* "1.2 GiB (12,345 messages) came in 2025, 31% more than in 2024"; nothing when it is not known. */
void mig__stock_growth(mig__buffer *out, const mig_inventory_account *account, int64_t now);

/* "taken for Exchange, because you named it"; nothing without a profile. The title is ours, too. */
void mig__stock_profile(mig__buffer *out, const mig_inventory_side *side);

/* What stands before the words of what is selected: "received ", where these are dates. */
const char *mig__stock_received(const mig_inventory_account *account);

/* What was not looked at, as a sentence; NULL: nothing. */
const char *mig__stock_unseen(const mig_inventory_result *result);

#endif
