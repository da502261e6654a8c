/* mail/role.c - names of the roles of folders */
#include <migrate/folder.h>
#include <stddef.h>

const char *mig_role_name(mig_role role)
{
    static const char *const names[MIG_ROLE_COUNT] = {
        [MIG_ROLE_NONE] = "",           [MIG_ROLE_INBOX] = "inbox",
        [MIG_ROLE_SENT] = "sent",       [MIG_ROLE_DRAFTS] = "drafts",
        [MIG_ROLE_JUNK] = "junk",       [MIG_ROLE_TRASH] = "trash",
        [MIG_ROLE_ARCHIVE] = "archive", [MIG_ROLE_ALL] = "all",
        [MIG_ROLE_FLAGGED] = "flagged", [MIG_ROLE_IMPORTANT] = "important",
    };
    return (size_t)role < MIG_ROLE_COUNT ? names[role] : "";
}
