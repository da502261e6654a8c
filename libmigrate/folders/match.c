/* folders/match.c - which mailbox has which role, and where on the target that is */
#include "folders/job.h"
#include <string.h>

typedef struct role_homes { /* the target's folder for a role */
    mig__place *announced[MIG_ROLE_COUNT];
    mig__place *by_name[MIG_ROLE_COUNT];
} role_homes;

static const mig__folder_in *folder_at(const mig__job *job, const mig__place *place)
{
    return &job->target->folders[place->existing];
}

static bool is_wanted(const mig__place *place)
{
    return place->wanted > 0 || place->wanted_below > 0;
}

/*
 * One that no mailbox of the source fills by its name, then the most usual name, then the first: so that neither the
 * order of the server's list nor what a run makes there counts.
 */
static bool preferred(const mig__job *job, const mig__place *a, const mig__place *b)
{
    if (b == NULL || is_wanted(a) != is_wanted(b)) {
        return b == NULL || is_wanted(b);
    }
    size_t a_rank, b_rank;
    mig__role_known(a->name, &a_rank);
    mig__role_known(b->name, &b_rank);
    return a_rank != b_rank ? a_rank < b_rank : strcmp(folder_at(job, a)->name, folder_at(job, b)->name) < 0;
}

static void prefer(const mig__job *job, mig__place **best, mig__place *place)
{
    if (preferred(job, place, *best)) {
        *best = place;
    }
}

static void find_homes(const mig__job *job, role_homes *homes)
{
    for (size_t i = 0; i < job->target->count; i++) {
        const mig__folder_in *folder = &job->target->folders[i];
        mig__place *place = job->tree.of_folder[i];
        if (place == NULL || place == job->tree.inbox || folder->foreign ||
            (folder->attributes & (MIG_ATTR_NOSELECT | MIG_ATTR_NONEXISTENT))) {
            continue;
        }
        if (folder->role != MIG_ROLE_NONE && folder->role < MIG_ROLE_COUNT) {
            prefer(job, &homes->announced[folder->role], place);
        } else if (place->parent == job->tree.personal || place->parent == job->tree.inbox) {
            prefer(job, &homes->by_name[mig__role_by_name(place->name)], place);
        }
    }
}

static bool has_role_there(const mig__job *job, const mig__place *place, mig_role role)
{
    return place->existing != MIG__NO_FOLDER && folder_at(job, place)->role == role;
}

/* True when `a` has a better claim than `b` to a role that both have. The target has no say: it changes with each run.
 */
static bool better(const mig__node *a, const mig__node *b)
{
    if (b == NULL) {
        return true;
    }
    if (a->has_rule != b->has_rule) {
        return b->has_rule;
    }
    if (a->name_rank != b->name_rank) {
        return a->name_rank < b->name_rank;
    }
    return b->path.space == MIG__SPACE_INBOX && a->path.space != MIG__SPACE_INBOX;
}

/* Which mailbox of the source has the role: by announcement, else by name. The others with it get a note. */
static mig__node *find_holder(mig__job *job, mig_role role)
{
    mig__node *announced = NULL, *named = NULL;
    for (size_t i = 0; i < job->count; i++) {
        mig__node *node = &job->nodes[i];
        if (node->unusable || !node->selectable || mig__node_is_inbox(node)) {
            continue;
        }
        mig_role told = node->told;
        if (told == role && better(node, announced)) {
            announced = node;
        } else if (told == MIG_ROLE_NONE && node->name_role == role && better(node, named)) {
            named = node;
        }
    }
    for (size_t i = 0; announced != NULL && i < job->count; i++) {
        mig__node *node = &job->nodes[i];
        if (node != announced && !node->unusable && node->selectable && !mig__node_is_inbox(node) &&
            node->told == role) {
            mig__note(node, "keeps its name: %N has the same role and goes before", announced->folder->name);
        }
    }
    return announced != NULL ? announced : named;
}

/* True when our natural place says nothing: other mailboxes may be there, or we elsewhere, as we follow another one. */
static bool is_contested(const mig__job *job, const mig__node *node)
{
    size_t below = 0; /* our own: they follow us in the order of nodes */
    for (const mig__node *other = node + 1; other < job->nodes + job->count && mig__node_is_above(node, other);
         other++) {
        below += !other->unusable && !other->has_rule;
    }
    return node->natural->wanted > 1 || node->natural->wanted_below > below || !mig__node_is_top(job, node);
}

/*
 * Where a mailbox with a role goes when not by its own name. It must be the same in the next run, when the folders of
 * this run exist, perhaps with roles that the server gave them by their names. So a folder of the target that another
 * mailbox of the source fills by its name comes last, and only while our own name is not there; and a role that the
 * target merely suggests by a name does not take a mailbox away from its own name.
 */
static mig__place *find_home(mig__job *job, mig__node *node, const role_homes *homes)
{
    mig__place *natural = node->natural;
    mig__place *announced = homes->announced[node->role], *by_name = homes->by_name[node->role];
    bool contested = is_contested(job, node) || mig__place_reserved(job, natural);
    if (!contested && has_role_there(job, natural, node->role)) {
        return natural;
    }
    if (announced != NULL && !is_wanted(announced)) {
        return announced;
    }
    if (contested || natural->existing == MIG__NO_FOLDER) {
        mig__place *home = by_name != NULL && !is_wanted(by_name) ? by_name : contested ? NULL : announced;
        if (home != NULL) {
            return home;
        }
    }
    if (announced != NULL && announced != natural) {
        mig__note(node, "keeps its name: the target's folder with its role, %N, takes another folder of that name",
                  folder_at(job, announced)->name);
    }
    return NULL;
}

void mig__match_roles(mig__job *job)
{
    role_homes homes = {{NULL}, {NULL}};
    find_homes(job, &homes);
    for (int role = MIG_ROLE_SENT; role <= MIG_ROLE_ARCHIVE; role++) {
        mig__node *node = find_holder(job, (mig_role)role);
        if (node == NULL) {
            continue;
        }
        node->role = (mig_role)role;
        node->role_home = homes.announced[role];
        if (node->all && job->target->labels && homes.announced[MIG_ROLE_ALL] != NULL) {
            node->role_home = homes.announced[MIG_ROLE_ALL];
        }
        if (!node->has_rule) {
            bool same_kind = node->role_home != NULL && node->role_home == homes.announced[MIG_ROLE_ALL];
            node->role_place = same_kind ? node->role_home : find_home(job, node, &homes);
        }
        if (node->role_place != NULL && node->role_place != node->natural) {
            mig__note(node, "goes to %N, the target's folder with the same role",
                      folder_at(job, node->role_place)->name);
        }
    }
}
