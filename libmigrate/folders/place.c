/*
 * folders/place.c - a place on the target for each mailbox of the source
 *
 * The order in which they choose decides who keeps its name when two want the same one. It depends on the source alone,
 * and mailboxes that are left out by a rule choose as well: so the names are the same in each run, whatever is
 * selected.
 */
#include "base/unicode.h"
#include "folders/job.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { /* what became of a name */
       CHANGED_SEPARATOR = 1 << 0,
       CHANGED_CONTROL = 1 << 1,
       CHANGED_EMPTY = 1 << 2,
       CHANGED_JOINED = 1 << 3,
       CHANGED_LIFTED = 1 << 4,
       CHANGED_FORBIDDEN = 1 << 5,
       CHANGED_BLANKS = 1 << 6,
       CHANGED_LENGTH = 1 << 7
};

enum { SUFFIX_ROOM = 8 }; /* octets of a name that is cut are kept for " (2)" */

typedef struct spot { /* a name below a place, not made yet */
    mig__place *parent;
    mig__buffer name;
    unsigned changes;
} spot;

/* Controls of C0 and C1 and DEL: many servers refuse them, none needs them. Returns their octets, 0 for others. */
static size_t control_size(const char *text)
{
    const unsigned char *octets = (const unsigned char *)text;
    if (octets[0] < 0x20 || octets[0] == 0x7f) {
        return 1;
    }
    return octets[0] == 0xc2 && octets[1] >= 0x80 && octets[1] <= 0x9f ? 2 : 0;
}

/* What has to become "_", in octets; 0: it can stay. `why` gets the reason. */
static size_t refused_size(const mig__side_in *target, const char *text, unsigned *why)
{
    size_t control = control_size(text);
    if (target->delimiter != '\0' && *text == target->delimiter) {
        *why = CHANGED_SEPARATOR;
        return 1;
    }
    if (control > 0) {
        *why = CHANGED_CONTROL;
        return control;
    }
    *why = CHANGED_FORBIDDEN;
    return target->forbidden != NULL && strchr(target->forbidden, *text) != NULL ? 1 : 0;
}

/* Cut what was written from `begin` on where it is too long, at the end of a character. */
static unsigned cut(const mig__side_in *target, size_t begin, mig__buffer *out)
{
    size_t most = target->name_length;
    if (most <= SUFFIX_ROOM || out->length - begin <= most) {
        return 0;
    }
    size_t length = begin + most - SUFFIX_ROOM;
    while (length > begin && ((unsigned char)out->data[length] & 0xc0) == 0x80) {
        length--;
    }
    out->length = length;
    return CHANGED_LENGTH;
}

/* Write a component as the target takes it. Returns what was changed. */
static unsigned clean(const mig__side_in *target, const char *component, mig__buffer *out)
{
    unsigned changes = *component == '\0' ? CHANGED_EMPTY : 0, why;
    bool tidy = target->tidy_blanks;
    size_t begin = out->length;
    while (*component != '\0') {
        if (tidy && *component == ' ' && (component[1] == ' ' || component[1] == '\0' || out->length == begin)) {
            changes |= CHANGED_BLANKS;
            component++;
            continue;
        }
        size_t refused = refused_size(target, component, &why);
        changes |= refused > 0 ? why : 0;
        mig__buffer_add_char(out, refused > 0 ? '_' : *component);
        component += refused > 0 ? refused : 1;
    }
    changes |= cut(target, begin, out);
    while (tidy && out->length > begin && out->data[out->length - 1] == ' ') {
        out->length--;
    }
    if (out->length == begin) {
        mig__buffer_add_char(out, '_');
    }
    return changes;
}

bool mig__component_changes(const mig__job *job, const char *component)
{
    mig__buffer cleaned = MIG__BUFFER_INIT;
    unsigned changes = clean(job->target, component, &cleaned);
    mig__buffer_free(&cleaned);
    return changes != 0;
}

bool mig__place_reserved(const mig__job *job, const mig__place *place)
{
    const char *const *names = place->parent == job->tree.personal ? job->target->reserved : NULL;
    for (; names != NULL && *names != NULL; names++) {
        if (strcasecmp(*names, place->name) == 0) { /* they are ASCII */
            return true;
        }
    }
    return false;
}

/* Make ready for a component below what `at` names so far: go down to it, or stay beside it and join the names. */
static int go_down(mig__job *job, spot *at, mig_error *err)
{
    mig__tree *tree = &job->tree;
    bool flat = job->target->delimiter == '\0';
    bool named = at->name.length > 0;
    mig__place *place = at->parent;
    if (named && mig__tree_at(tree, at->parent, at->name.data, at->name.length, !flat, &place, err) != 0) {
        return -1;
    }
    mig__place *below = place == NULL ? NULL : mig__tree_below(tree, place);
    if (below != NULL) {
        place->wanted_below++;
        at->parent = below;
        mig__buffer_clear(&at->name);
    } else if (place == tree->inbox) {
        at->parent = tree->personal;
        mig__buffer_clear(&at->name);
        at->changes |= CHANGED_LIFTED;
    } else {
        if (!named) {
            at->parent = place->parent;
            mig__buffer_add(&at->name, place->name, place->length);
        }
        mig__buffer_add_text(&at->name, " - ");
        at->changes |= CHANGED_JOINED;
    }
    return mig__buffer_ok(&at->name, err);
}

/* Follow the components from `from` to `end` down from `base`; the places between are made. */
static int walk(mig__job *job, mig__place *base, const char *from, const char *end, spot *at, mig_error *err)
{
    at->parent = base;
    at->changes = 0;
    mig__buffer_clear(&at->name);
    for (; from < end; from += strlen(from) + 1) {
        if (go_down(job, at, err) != 0) {
            return -1;
        }
        at->changes |= clean(job->target, from, &at->name);
    }
    return mig__buffer_ok(&at->name, err);
}

/* Follow a whole path from its root. An INBOX path of one level is INBOX itself: then `at->name` is empty. */
static int walk_path(mig__job *job, const mig__path *path, size_t own, spot *at, mig_error *err)
{
    mig__place *base = job->tree.personal;
    if (path->space == MIG__SPACE_INBOX) {
        base = job->tree.inbox;
        own = strlen("INBOX") + 1;
    }
    return walk(job, base, path->data + own, path->data + path->length, at, err);
}

static int find_natural(mig__job *job, mig__node *node, spot *at, mig_error *err)
{
    const mig__path *path = node->has_rule ? &node->rule_path : &node->path;
    if (walk_path(job, path, node->has_rule ? 0 : node->own, at, err) != 0) {
        return -1;
    }
    node->natural = at->parent;
    if (at->name.length > 0 &&
        mig__tree_at(&job->tree, at->parent, at->name.data, at->name.length, true, &node->natural, err) != 0) {
        return -1;
    }
    node->natural->wanted++;
    return 0;
}

int mig__place_naturals(mig__job *job, mig_error *err)
{
    spot at = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < job->count; i++) {
        if (!job->nodes[i].unusable) {
            rc = find_natural(job, &job->nodes[i], &at, err);
        }
    }
    mig__buffer_free(&at.name);
    return rc;
}

/* When a mailbox chooses: what needs nobody else first, then level by level, those that keep their names first. */
static unsigned phase_of(const mig__job *job, const mig__node *node)
{
    if (node->has_rule) {
        return 1;
    }
    if (mig__node_is_inbox(node)) {
        return 0;
    }
    if (node->role_place != NULL) {
        return 2;
    }
    return node->role != MIG_ROLE_NONE && mig__node_is_top(job, node) ? 3 : 4;
}

typedef struct turn {
    size_t node;
    unsigned phase;
    size_t level;
    unsigned unlike;
} turn;

static int compare_turns(const void *left, const void *right)
{
    const turn *a = left, *b = right;
    if (a->phase != b->phase) {
        return a->phase < b->phase ? -1 : 1;
    }
    if (a->level != b->level) {
        return a->level < b->level ? -1 : 1;
    }
    if (a->unlike != b->unlike) {
        return a->unlike < b->unlike ? -1 : 1;
    }
    return a->node < b->node ? -1 : 1;
}

static void note_place(mig__job *job, mig__node *node, const char *text, const mig__place *place)
{
    char *name = mig__tree_name(&job->tree, place);
    if (name == NULL) {
        node->note.failed = true;
        return;
    }
    mig__note(node, text, name);
    free(name);
}

/* Take a place that may be taken already. */
static void share(mig__job *job, size_t index, mig__place *place)
{
    mig__node *node = &job->nodes[index];
    node->place = place;
    if (place->holder == MIG__NO_FOLDER) {
        place->holder = index;
        return;
    }
    mig__node *first = &job->nodes[place->holder];
    mig__note(node, "shares its folder on the target with %N", first->folder->name);
    mig__note(first, "shares its folder on the target with %N", node->folder->name);
}

/* The same name to a person: both paths are one under NFC, or became one when they were made valid. */
static bool is_same_name(const mig__node *a, const mig__node *b)
{
    if (a->path.space != b->path.space || a->path.levels != b->path.levels) {
        return false;
    }
    const char *one = a->path.data, *other = b->path.data;
    for (size_t level = 0; level < a->path.levels; level++) {
        if (!mig__nfc_equal(one, other)) {
            return false;
        }
        one += strlen(one) + 1;
        other += strlen(other) + 1;
    }
    return true;
}

/* Take the place itself if it is free, or the first free one with a number. */
static int take(mig__job *job, size_t index, spot *at, mig_error *err)
{
    mig__node *node = &job->nodes[index];
    mig__place *place = NULL;
    if (mig__tree_at(&job->tree, at->parent, at->name.data, at->name.length, true, &place, err) != 0) {
        return -1;
    }
    bool reserved = mig__place_reserved(job, place) && !node->has_rule;
    bool joins = (place->holder == MIG__NO_FOLDER && !reserved) || node->has_rule || place->by_rule ||
                 (place->holder != MIG__NO_FOLDER && is_same_name(node, &job->nodes[place->holder])) ||
                 (place->by_role != MIG_ROLE_NONE && place->by_role == node->name_role);
    if (joins) {
        share(job, index, place);
        return 0;
    }
    mig__place *wanted = place;
    size_t length = at->name.length;
    /* INBOX is taken in every spelling, and each spelling has its own numbers */
    unsigned suffix = wanted == job->tree.inbox || wanted->next_suffix < 2 ? 2 : wanted->next_suffix;
    for (; place == wanted || place->holder != MIG__NO_FOLDER || place->wanted > 0;
         suffix++) { /* nor the name of one that went elsewhere */
        at->name.length = length;
        mig__buffer_addf(&at->name, " (%u)", suffix);
        if (mig__buffer_ok(&at->name, err) != 0 ||
            mig__tree_at(&job->tree, at->parent, at->name.data, at->name.length, true, &place, err) != 0) {
            return -1;
        }
    }
    wanted->next_suffix = suffix;
    share(job, index, place);
    if (reserved) {
        note_place(job, node, "the target keeps the name %N for itself", wanted);
    } else {
        mig__note(node, "its name is taken on the target by %N", job->nodes[wanted->holder].folder->name);
    }
    note_place(job, node, "becomes %N", place);
    return 0;
}

static void note_changes(mig__job *job, mig__node *node, unsigned changes)
{
    if (changes & CHANGED_SEPARATOR) {
        char delimiter[] = {job->target->delimiter, '\0'};
        mig__note(node, "%N separates levels on the target, \"_\" stands for it", delimiter);
    }
    if (changes & CHANGED_CONTROL) {
        mig__note(node, "control characters in its name became \"_\"", NULL);
    }
    if (changes & CHANGED_FORBIDDEN) {
        mig__note(node, "characters that the target refuses became \"_\"", NULL);
    }
    if (changes & CHANGED_BLANKS) {
        mig__note(node, "blanks that the target refuses were taken out of its name", NULL);
    }
    if (changes & CHANGED_LENGTH) {
        mig__note(node, "its name is too long for the target and was cut", NULL);
    }
    if (changes & CHANGED_EMPTY) {
        mig__note(node, "an empty part of its name became \"_\"", NULL);
    }
    if (changes & CHANGED_JOINED) {
        mig__note(node, "the target has no folder below another here, the parts of its name are joined by \" - \"",
                  NULL);
    }
    if (changes & CHANGED_LIFTED) {
        mig__note(node, "INBOX takes no folders below it on the target, it goes beside INBOX", NULL);
    }
    if (node->own > 0 && node->role_place == NULL && !node->has_rule) {
        mig__note(node, "goes beside the other folders, not below Gmail's", NULL);
    }
}

static int place_node(mig__job *job, size_t index, spot *at, mig_error *err)
{
    mig__node *node = &job->nodes[index];
    if (node->role_place != NULL) {
        share(job, index, node->role_place);
        if (node->role_place != node->natural) {
            node->place->by_role = node->role;
        }
        return 0;
    }
    const mig__node *above = node->has_rule || node->parent == MIG__NO_FOLDER ? NULL : &job->nodes[node->parent];
    int rc;
    if (above != NULL) {
        rc =
            walk(job, above->place, node->path.data + above->path.length, node->path.data + node->path.length, at, err);
    } else {
        rc = walk_path(job, node->has_rule ? &node->rule_path : &node->path, node->has_rule ? 0 : node->own, at, err);
    }
    if (rc != 0) {
        return -1;
    }
    note_changes(job, node, at->changes);
    if (at->name.length == 0) {
        share(job, index, at->parent);
    } else if (take(job, index, at, err) != 0) {
        return -1;
    }
    node->place->by_rule = node->place->by_rule || node->has_rule;
    return 0;
}

int mig__place_all(mig__job *job, mig_error *err)
{
    turn *turns = malloc((job->count + 1) * sizeof *turns);
    if (turns == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    size_t count = 0;
    for (size_t i = 0; i < job->count; i++) {
        const mig__node *node = &job->nodes[i];
        if (!node->unusable) {
            turns[count++] =
                (turn){i, phase_of(job, node), node->level, (node->unlike ? 1u : 0) + (node->view ? 2u : 0)};
        }
    }
    qsort(turns, count, sizeof *turns, compare_turns);
    spot at = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = place_node(job, turns[i].node, &at, err);
    }
    mig__buffer_free(&at.name);
    free(turns);
    return rc;
}
