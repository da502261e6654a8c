/*
 * folders/job.h - one run of mig__map_make: what its steps share
 *
 * source.c takes the source's names apart and puts parents before children, match.c decides which mailbox has which
 * role and where on the target that is, place.c finds a free place for each, map.c calls them in order and writes the
 * result.
 */
#ifndef MIG_FOLDERS_JOB_H
#define MIG_FOLDERS_JOB_H

#include "base/buffer.h"
#include "folders/map.h"
#include "folders/path.h"
#include "folders/rules.h"
#include "folders/tree.h"

typedef struct mig__node { /* a mailbox of the source */
    size_t index;          /* in source->folders */
    const mig__folder_in *folder;
    mig__path path;
    size_t own;    /* where in path.data its own name begins: behind "[Gmail]" when that is not carried over */
    size_t parent; /* the nearest mailbox above that it follows (an index of nodes), or MIG__NO_FOLDER */
    size_t level;  /* how many mailboxes it follows */
    bool unusable; /* it gets no place, the note says why */
    bool selectable;
    mig_role told; /* the role that counts: as announced, but for \All where mailboxes are labels */
    bool all;      /* that one */
    bool view;     /* it shows the mail of others */
    bool unlike;   /* its name cannot stay as it is: others may have what it becomes */
    bool has_rule; /* a rule says where it goes: rule_path */
    mig__path rule_path;
    mig_role name_role;     /* what its name suggests, where that counts */
    size_t name_rank;       /* how usual that name is */
    mig_role role;          /* what it is in the end */
    mig__place *natural;    /* where it would go by its own name alone, or by its rule */
    mig__place *role_place; /* the target's mailbox of the same role, when it goes there */
    mig__place *role_home;  /* the target's mailbox that announces this role, or NULL */
    mig__place *place;      /* where it goes */
    mig__buffer note;
} mig__node;

typedef struct mig__job {
    const mig__side_in *source, *target;
    mig__rules rules;
    mig__tree tree;
    mig__node *nodes; /* INBOX first, parents before children */
    size_t count;
} mig__job;

const char *mig__node_last(const mig__node *node); /* the last component of its own name */
bool mig__node_is_inbox(const mig__node *node);
bool mig__node_is_top(const mig__job *job, const mig__node *node); /* it follows no mailbox but INBOX */
bool mig__node_is_above(const mig__node *above, const mig__node *node);
size_t mig__node_levels(const mig__node *node); /* how many components its own name has */

/* Append to the note of a node; a "%N" in `text` is a name, quoted and made inert. `name` may be NULL. */
void mig__note(mig__node *node, const char *text, const char *name);

/*
 * The steps, in this order. Errors of each: MIG_E_NOMEM; of the first also MIG_E_USAGE, for a rule that leaves no name.
 */
int mig__source_read(mig__job *job, mig_error *err);    /* nodes, in order, with what they follow */
int mig__place_naturals(mig__job *job, mig_error *err); /* natural, and how many want each place */
void mig__match_roles(mig__job *job);                   /* role, role_home, role_place */
int mig__place_all(mig__job *job, mig_error *err);      /* place */

/* mig__role_by_name, and how usual the name is for that role: the lower the more, SIZE_MAX when it has none. */
mig_role mig__role_known(const char *component, size_t *rank);

/* True when the component cannot stay as it is on the target. */
bool mig__component_changes(const mig__job *job, const char *component);

/* True for a top-level name that the target keeps for itself. */
bool mig__place_reserved(const mig__job *job, const mig__place *place);

#endif
