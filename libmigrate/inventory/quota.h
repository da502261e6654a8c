/* inventory/quota.h - QUOTA answers (RFC 9208 section 5.1): a pure function of the text */
#ifndef MIG_INVENTORY_QUOTA_H
#define MIG_INVENTORY_QUOTA_H

#include <migrate/inventory.h>

/*
 * Take what `"root" (STORAGE 10 512 MESSAGE 3 1000)` says into `quota`. Of several roots the one with the least room
 * counts, for storage and for messages. STORAGE is in units of 1024 octets. False: the text makes no sense.
 */
bool mig__quota_add(mig_quota *quota, const char *text);

#endif
