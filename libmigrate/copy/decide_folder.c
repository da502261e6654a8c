/* copy/decide_folder.c - unchanged, replaced, renamed, emptied: from a record and a list */
#include "copy/decide_folder.h"
#include "account/sides.h"
#include <string.h>

enum { FEW = 20 }; /* so many may go at once without a question, whatever share of the folder they are */

bool mig__decide_unchanged(const mig__state_folder *then, const mig__mailbox *now, const mig__mailbox *there,
                           bool flags_kept)
{
    bool complete = then->id != 0 && then->source_uidnext != 0;
    bool flags_told = now->modseq > 0 || flags_kept;
    bool target_same = there != NULL && there->uidvalidity == then->target_uidvalidity;
    return complete && now->has_status && target_same && flags_told && now->uidvalidity == then->source_uidvalidity &&
           now->uidnext == then->source_uidnext && now->messages == then->source_messages &&
           now->modseq == then->source_modseq;
}

bool mig__decide_replaced(const mig__state_folder *then, const mig__mailbox *there, uint64_t held)
{
    if (!mig__sides_selectable(there)) {
        return held > 0;
    }
    return there->uidvalidity != 0 && then->target_uidvalidity != 0 && there->uidvalidity != then->target_uidvalidity;
}

bool mig__decide_another(const mig__state_folder *then, const mig__mailbox *listed)
{
    if (then->source_mailbox_id != NULL && listed->mailbox_id != NULL) {
        return strcmp(then->source_mailbox_id, listed->mailbox_id) != 0; /* ids never lie */
    }
    return then->source_uidvalidity != 0 && listed->uidvalidity != 0 && then->source_uidvalidity != listed->uidvalidity;
}

mig__renamed mig__decide_renamed(const mig__state_folder *then, const mig__state_folder *own,
                                 const mig__mailbox *listed)
{
    bool free_name = own->id == 0 || mig__decide_another(own, listed);
    if (!free_name || own->id == then->id || mig__decide_another(then, listed)) {
        return MIG__RENAMED_NO;
    }
    if (listed->mailbox_id != NULL && then->source_mailbox_id != NULL) {
        return MIG__RENAMED_YES;
    }
    bool alike = listed->uidvalidity != 0 && listed->uidvalidity == then->source_uidvalidity;
    return alike && listed->messages > 0 ? MIG__RENAMED_PERHAPS : MIG__RENAMED_NO;
}

bool mig__decide_too_many_gone(uint64_t gone, uint64_t known)
{
    return gone > FEW && gone * 2 > known;
}
