/* inventory/left.c - how much is still to copy, and whether the target may lack the room for it */
#include "inventory/job.h"

uint64_t mig__inventory_left_messages(const mig__inventory *run)
{
    uint64_t out = run->account->copied_messages;
    for (size_t i = 0; i < run->account->folder_count; i++) {
        out += run->account->folders[i].too_big + run->copied[i].withheld;
    }
    return mig__inventory_less(run->account->messages, out);
}

uint64_t mig__inventory_left_bytes(const mig__inventory *run)
{
    uint64_t out = run->account->copied_bytes;
    for (size_t i = 0; i < run->account->folder_count; i++) {
        out += run->account->folders[i].too_big_bytes + run->copied[i].withheld_octets;
    }
    return mig__inventory_less(run->account->bytes, out);
}

bool mig__inventory_tight(const mig__inventory *run)
{
    const mig_quota *quota = &run->account->sides[MIG_TARGET].quota;
    const mig_inventory_side *source = &run->account->sides[MIG_SOURCE];
    return (quota->limit > 0 && source->bytes > mig__inventory_less(quota->limit, quota->used)) ||
           (quota->messages_limit > 0 &&
            source->messages > mig__inventory_less(quota->messages_limit, quota->messages_used));
}
