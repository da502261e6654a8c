/*
 * folders/map.h - where each source mailbox goes on the target: a pure function of two lists and some rules
 *
 * Names are compared and rewritten component by component: the source's separator becomes the target's, a personal
 * namespace prefix ("INBOX.") on the source is taken off, the target's is put on, roles meet roles. INBOX is INBOX in
 * any spelling (RFC 3501 section 5.1), and nothing else is: "Archive/Inbox" is a folder like any other.
 *
 * In the order in which they apply:
 *  1. A --map rule says where a mailbox goes: to where a source mailbox named TO would go.
 *  2. INBOX goes to INBOX.
 *  3. A mailbox with a role goes to the target's mailbox with that role: that which announces it (SPECIAL-USE), else
 *     the one with a well-known name. On the source as well a role that is announced goes before a name, and a name
 *     counts at the top level and directly below INBOX only. Of several mailboxes with a role one has it, that with
 *     the most usual name, else the first; the others keep their names. Where the target has none, the mailbox keeps
 *     its name and the role is asked for when it is made. It also keeps its name where that is there and the target's
 *     mailbox with the role has the name of another mailbox of the source: then the server gave the role by the name.
 *  4. All others keep their names, below the target of the mailbox that they are below: where "Sent" became "Sent
 *     Items", "Sent/2019" becomes "Sent Items/2019". The same holds for a mailbox moved by a rule.
 *
 * Where a name cannot stay as it is, the note says so:
 *  - What is below INBOX stays there where the target allows it, else it goes to the top level. Where the target has
 *    the prefix "INBOX." both are the same.
 *  - A component that holds the target's separator gets '_' for it, a control character (C0, C1, DEL) and what the
 *    target is known to refuse as well, an empty component is "_". Separators at the end of a name do not count. Where
 *    the target refuses blanks at the ends or several in a row, they go; a component too long for it is cut.
 *  - Below a mailbox that takes no children, and everywhere on a flat target, components are joined by " - ".
 *  - When two mailboxes want one name, the one whose name fits unchanged has it, then the first by name; others get
 *    " (2)", " (3)". On a target without case "A" and "a" are one name. What exists on the target takes no name away:
 *    mail is added to it. Names that the target keeps for itself ("Calendar") are taken from the start.
 *  - Two mailboxes only meet where a rule says so, or where one was sent to a role's mailbox and the other has a known
 *    name of that role. Both notes say it.
 *  - Views (\All, \Flagged, \Important) hold no mail of their own and are left out, unless a --folder pattern without
 *    '*' names them. Nothing is taken for a view because of its name, but for those that the source is known to have.
 *  - Where mailboxes are labels (Gmail) \All holds mail that stands nowhere else. That is its "rest": it goes to the
 *    target's \All where that has labels too, else it is an archive like any other. With MIG_LABELS_KEYWORD all of \All
 *    goes there, \Trash and \Junk, which it does not show, as always, and the others are left out.
 *  - "[Gmail]" itself is left out where the target is not Gmail, and what is below it goes to the top level.
 *  - What is shared or another user's is left out, and has no say in where the others go, unless the rules say `shared`
 *    or a --folder pattern without '*' names it. On the target it is no home of a role.
 *  - A name that is listed twice is mapped once. Names that are one under NFC ("u" and a combining diaeresis, or one
 *    character), or that became one when they were made valid, are one folder on the target, and both notes say it;
 *    what exists there in either form is found.
 *
 * The result does not depend on the order of the lists, nor on --folder and --exclude except for what is left out; and
 * it is the same when the mailboxes that it names exist on the target, whatever roles the server gave them meanwhile by
 * their names, so that the next run goes on where this one was.
 */
#ifndef MIG_FOLDERS_MAP_H
#define MIG_FOLDERS_MAP_H

#include <migrate/error.h>
#include <migrate/folder.h>
#include <stdbool.h>
#include <stddef.h>

#define MIG__NO_FOLDER ((size_t)-1)

typedef struct mig__folder_in { /* one mailbox of a side; strings borrowed */
    const char *name;           /* UTF-8 */
    bool name_valid;            /* false: the name on the wire is not valid mUTF-7, and `name` is what was made of it */
    char delimiter;             /* '\0': flat */
    unsigned attributes;
    mig_role role; /* as the server announced it */
    bool foreign;  /* shared, or another user's (RFC 2342) */
} mig__folder_in;

typedef struct mig__side_in {
    const mig__folder_in *folders;
    size_t count;
    const char *prefix;          /* personal namespace prefix ("INBOX.", ""), UTF-8 */
    char delimiter;              /* of the personal namespace */
    bool inbox_no_children;      /* INBOX takes no children there (iCloud, Courier's prefix excepted) */
    bool case_insensitive;       /* names that differ in case alone are the same (Microsoft 365) */
    bool labels;                 /* mailboxes are labels, \All holds every message (Gmail) */
    bool tidy_blanks;            /* no blank at either end of a component, nor two in a row */
    size_t name_length;          /* octets of a component; 0: no bound */
    const char *forbidden;       /* ASCII characters that a component must not hold; NULL: none */
    const char *const *reserved; /* top-level names that cannot be mailboxes, in any case; ends with NULL; NULL: none */
    const char *const *views;    /* names of mailboxes that show the mail of others, as globs; the same */
} mig__side_in;

/*
 * The lists end with NULL; NULL or an empty list: none. A glob goes over the source's whole UTF-8 name: '*' is any
 * text, also across separators, '?' one character, everything else itself. INBOX also matches as "INBOX" where the
 * server spells it otherwise. A map is "FROM=TO" with whole source names, or with one '*' in both FROM and TO, which
 * stands for the same text; the first that matches counts. TO has the source's separator; "\=" is an equals sign in a
 * name.
 */
typedef struct mig__map_rules {
    const char *const *folders;  /* only these; none: all */
    const char *const *excludes; /* not these, whatever `folders` says */
    const char *const *maps;
    mig_labels labels; /* counts where the source's mailboxes are labels */
    bool shared;       /* what is shared or another user's is copied as well */
} mig__map_rules;

typedef struct mig__map_entry {
    size_t source;         /* index into source->folders */
    char *target;          /* UTF-8, prefix and separators as on the target; NULL: left out */
    size_t existing;       /* index into target->folders of the mailbox with that name (never one that is \NonExistent,
                              but it can be \Noselect), or MIG__NO_FOLDER */
    bool selectable;       /* false: a \Noselect node on the source: nothing to copy, made only as a parent */
    mig_role role;         /* by announcement, else by well-known name; to be asked for when the mailbox is created.
                              NONE for a new one whose role another mailbox of the target has already */
    bool left_out_by_rule; /* true with target NULL: --folder/--exclude, or foreign; false with target NULL: see note */
    bool rest;             /* \All where mailboxes are labels: only what stands in no other one is meant */
    char *note; /* something a person should know (renamed, merged, left out and why), UTF-8; NULL: nothing */
} mig__map_entry;

typedef struct mig__map {
    mig__map_entry *entries; /* one a source folder, parents before children, INBOX first */
    size_t count;
} mig__map;

/*
 * Make the map. `rules` may be NULL. Everything is borrowed until the call returns; mig__map_free releases the result.
 * Errors: MIG_E_USAGE for a bad rule, MIG_E_NOMEM.
 */
int mig__map_make(mig__map *out, const mig__side_in *source, const mig__side_in *target, const mig__map_rules *rules,
                  mig_error *err);
void mig__map_free(mig__map *map);

/* The role that a last name component suggests, in the languages that clients and providers use ("Gesendet", ...). */
mig_role mig__role_by_name(const char *component);

/* Glob match as described in mig__map_rules. */
bool mig__glob(const char *pattern, const char *name);

#endif
