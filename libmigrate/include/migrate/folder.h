/*
 * migrate/folder.h - mailbox roles and attributes, shared by all modules
 *
 * Roles are the special uses of RFC 6154 section 2 and RFC 8457, and INBOX. Attributes are those of LIST
 * (RFC 3501 section 7.2.2, RFC 5258 section 3, RFC 9051 section 7.3.1).
 */
#ifndef MIGRATE_FOLDER_H
#define MIGRATE_FOLDER_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_role {
    MIG_ROLE_NONE,
    MIG_ROLE_INBOX,
    MIG_ROLE_SENT,
    MIG_ROLE_DRAFTS,
    MIG_ROLE_JUNK,
    MIG_ROLE_TRASH,
    MIG_ROLE_ARCHIVE,
    MIG_ROLE_ALL,       /* a view of all mail, not a place (Gmail's All Mail) */
    MIG_ROLE_FLAGGED,   /* a view */
    MIG_ROLE_IMPORTANT, /* a view */
    MIG_ROLE_COUNT
} mig_role;

enum { /* bits of a mailbox's attributes */
    MIG_ATTR_NOSELECT = 1 << 0,
    MIG_ATTR_NONEXISTENT = 1 << 1, /* implies NOSELECT */
    MIG_ATTR_NOINFERIORS = 1 << 2,
    MIG_ATTR_HASCHILDREN = 1 << 3,
    MIG_ATTR_HASNOCHILDREN = 1 << 4,
    MIG_ATTR_SUBSCRIBED = 1 << 5
};

/*
 * Where mailboxes are labels (Gmail) a message with three of them is in three mailboxes. How it is copied; on sources
 * of other kinds it does not matter.
 */
typedef enum mig_labels {
    MIG_LABELS_ALL,    /* into the folder of each label, as IMAP shows it; without a label into the archive */
    MIG_LABELS_FIRST,  /* into the folder of its first label only */
    MIG_LABELS_KEYWORD /* into the archive, with its labels as keywords */
} mig_labels;

/* "inbox", "sent", ...; "" for none. Static storage. */
const char *mig_role_name(mig_role role);

#ifdef __cplusplus
}
#endif
#endif
