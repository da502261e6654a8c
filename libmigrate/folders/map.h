/*
 * folders/map.h - where each source mailbox goes on the target: a pure function of two lists and some rules
 *
 * Names are compared and rewritten component by component: the source's separator becomes the target's, a personal
 * namespace prefix ("INBOX.") on the source is taken off, the target's is put on, roles meet roles. INBOX is INBOX in
 * any spelling (RFC 3501 section 5.1), and nothing else is.
 */
#ifndef MIG_FOLDERS_MAP_H
#define MIG_FOLDERS_MAP_H

#include <migrate/error.h>
#include <migrate/folder.h>
#include <stdbool.h>
#include <stddef.h>

#define MIG__NO_FOLDER ((size_t)-1)

typedef struct mig__folder_in { /* one mailbox of a side; strings borrowed */
    const char *name;  /* UTF-8; when !name_valid the wire octets */
    bool name_valid;   /* false: `name` is not valid mUTF-7 and is carried over octet by octet */
    char delimiter;    /* '\0': flat */
    unsigned attributes;
    mig_role role;     /* as the server announced it */
} mig__folder_in;

typedef struct mig__side_in {
    const mig__folder_in *folders;
    size_t count;
    const char *prefix; /* personal namespace prefix ("INBOX.", ""), UTF-8 */
    char delimiter;     /* of the personal namespace */
    bool inbox_no_children; /* INBOX takes no children there (iCloud, Courier's prefix excepted) */
    bool case_insensitive;  /* names that differ in case alone are the same (Microsoft 365) */
} mig__side_in;

typedef struct mig__map_rules {
    const char *const *folders;  /* globs over the source's UTF-8 name: '*' also crosses separators, '?' one character; NULL: all */
    const char *const *excludes; /* globs; exclude wins */
    const char *const *maps;     /* "FROM=TO": exact source name, or "FROM*=TO*"-style with one '*' on both sides; TO with
                                    the source's separator, "\=" for an equals sign in a name */
} mig__map_rules;

typedef struct mig__map_entry {
    size_t source;    /* index into source->folders */
    char *target;     /* UTF-8 (or wire octets when `raw`), prefix and separators as on the target; NULL: left out */
    bool raw;
    size_t existing;  /* index into target->folders of the mailbox with that name, or MIG__NO_FOLDER */
    bool selectable;  /* false: a \Noselect node on the source: nothing to copy, made only as a parent */
    mig_role role;    /* by announcement, else by well-known name; asked for when the mailbox is created */
    bool left_out_by_rule; /* true with target NULL: --folder/--exclude; false with target NULL: see note */
    char *note;       /* something a person should know (renamed, merged, left out and why), UTF-8; NULL: nothing */
} mig__map_entry;

typedef struct mig__map {
    mig__map_entry *entries; /* one a source folder, parents before children, INBOX first */
    size_t count;
} mig__map;

/*
 * Make the map. Two sources never meet in one target unless a rule or a role says so (then both notes say it); names
 * that collide otherwise get " (2)", " (3)". A component that holds the target's separator gets '_' for it, with a
 * note. Errors: MIG_E_USAGE for a bad rule, MIG_E_NOMEM.
 */
int mig__map_make(mig__map *out, const mig__side_in *source, const mig__side_in *target, const mig__map_rules *rules,
                  mig_error *err);
void mig__map_free(mig__map *map);

/* The role that a last name component suggests, in the languages that clients and providers use ("Gesendet", ...). */
mig_role mig__role_by_name(const char *component);

/* Glob match as described in mig__map_rules. */
bool mig__glob(const char *pattern, const char *name);

#endif
