/*
 * folders/tree.h - the names of the target as a tree of places: what exists there, and what is spoken for
 *
 * A place is one component below another place. There are two roots, which are one where the target has no prefix: that
 * of the personal namespace, whose names get the prefix, and the bare one for all others. INBOX hangs on the bare root.
 */
#ifndef MIG_FOLDERS_TREE_H
#define MIG_FOLDERS_TREE_H

#include "base/table.h"
#include "folders/map.h"

typedef struct mig__place mig__place;

struct mig__place {
    mig__place *parent;   /* NULL: a root */
    size_t existing;      /* index of the target's mailbox with this name, or MIG__NO_FOLDER */
    size_t holder;        /* the source mailbox that goes here (first), or MIG__NO_FOLDER */
    size_t wanted;        /* how many source mailboxes would go here by their own name or by a rule */
    size_t wanted_below;  /* how many would go below: then the server may make this one with them */
    unsigned next_suffix; /* the next " (n)" to try for one that cannot have this place; 0: none tried yet */
    bool by_rule;         /* a rule sent a mailbox here: others may join it */
    mig_role by_role;     /* a mailbox is here because of this role: others with its names may join it */
    size_t length, key_length;
    char *key; /* the name as it is compared: in NFC, and without case where the target has none */
    char name[];
};

typedef struct mig__tree {
    const mig__side_in *side;
    mig__place *bare, *personal, *inbox;
    mig__place **of_folder; /* by index of the target's mailbox; NULL: it has none of its own */
    bool inbox_prefix;      /* the prefix is "INBOX" and a separator: what is below the prefix is below INBOX */
    mig__table places;      /* by parent and key; the payload points to one */
} mig__tree;

/* A tree with the target's mailboxes. `side` is borrowed. Errors: MIG_E_NOMEM. */
int mig__tree_make(mig__tree *tree, const mig__side_in *side, mig_error *err);
void mig__tree_free(mig__tree *tree);

/*
 * The place with that component below `parent` into `*out`; made when it is not there and `make`, else NULL. A name
 * that is the same under NFC is the same; when both forms are listed, the one with these octets. Errors: MIG_E_NOMEM.
 */
int mig__tree_at(mig__tree *tree, mig__place *parent, const char *name, size_t length, bool make, mig__place **out,
                 mig_error *err);

/* Below which place the children of `place` go; NULL when it takes none (flat, \Noinferiors, INBOX at some servers). */
mig__place *mig__tree_below(const mig__tree *tree, mig__place *place);

/* The whole name, allocated. NULL: out of memory. */
char *mig__tree_name(const mig__tree *tree, const mig__place *place);

#endif
