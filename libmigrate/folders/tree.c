/* folders/tree.c - the target's names, found by their keys in one hash table */
#include "folders/tree.h"
#include "base/unicode.h"
#include "folders/fold.h"
#include "folders/path.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash(const mig__place *place)
{
    return mig__hash(mig__hash(0, &place->parent, sizeof place->parent), place->key, place->key_length);
}

static mig__place *new_place(const mig__tree *tree, mig__place *parent, const char *name, size_t length)
{
    mig__buffer key = MIG__BUFFER_INIT;
    (tree->side->case_insensitive ? mig__fold : mig__nfc)(name, length, &key);
    mig__place *place = key.failed ? NULL : calloc(1, sizeof *place + length + 1 + key.length + 1);
    if (place != NULL) {
        place->parent = parent;
        place->existing = place->holder = MIG__NO_FOLDER;
        place->length = length;
        memcpy(place->name, name, length);
        place->key = place->name + length + 1;
        place->key_length = key.length;
        if (key.length > 0) {
            memcpy(place->key, key.data, key.length);
        }
    }
    mig__buffer_free(&key);
    return place;
}

static bool is_exact(const mig__place *place, const mig__place *wanted)
{
    return place->length == wanted->length && memcmp(place->name, wanted->name, wanted->length) == 0;
}

static mig__place *look_up(const mig__tree *tree, const mig__place *wanted)
{
    mig__place *found = NULL, *const * slot;
    uint64_t key = hash(wanted);
    size_t at = 0;
    while ((slot = mig__table_next(&tree->places, key, &at)) != NULL) {
        mig__place *place = *slot;
        if (place->parent != wanted->parent || place->key_length != wanted->key_length ||
            memcmp(place->key, wanted->key, wanted->key_length) != 0) {
            continue;
        }
        if (is_exact(place, wanted)) {
            return place;
        }
        found = found == NULL || strcmp(place->name, found->name) < 0 ? place : found;
    }
    return found;
}

/* As mig__tree_at; `exact`: what is listed in two forms is two mailboxes. */
static int place_at(mig__tree *tree, mig__place *parent, const char *name, size_t length, bool make, bool exact,
                    mig__place **out, mig_error *err)
{
    if (parent == tree->bare && mig__is_inbox(name, length)) {
        *out = tree->inbox;
        return 0;
    }
    mig__place *place = new_place(tree, parent, name, length);
    if (place == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    *out = look_up(tree, place);
    if (*out != NULL && exact && !is_exact(*out, place)) {
        *out = NULL;
    }
    if (*out != NULL || !make) {
        free(place);
        return 0;
    }
    mig__place **slot = mig__table_add(&tree->places, hash(place), err);
    if (slot == NULL) {
        free(place);
        return -1;
    }
    *slot = *out = place;
    return 0;
}

int mig__tree_at(mig__tree *tree, mig__place *parent, const char *name, size_t length, bool make, mig__place **out,
                 mig_error *err)
{
    return place_at(tree, parent, name, length, make, false, out, err);
}

static int add_existing(mig__tree *tree, size_t index, mig_error *err)
{
    const mig__folder_in *folder = &tree->side->folders[index];
    if (folder->attributes & MIG_ATTR_NONEXISTENT) {
        return 0;
    }
    mig__path path = {0};
    if (mig__path_make(&path, tree->side, folder->name, folder->delimiter, err) != 0) {
        return -1;
    }
    mig__place *place = path.space == MIG__SPACE_PERSONAL ? tree->personal : tree->bare;
    int rc = 0;
    for (const char *name = path.data; rc == 0 && name < path.data + path.length && path.levels <= MIG__MAX_LEVELS;
         name += strlen(name) + 1) {
        rc = place_at(tree, place, name, strlen(name), true, true, &place, err);
    }
    if (rc == 0 && place->parent != NULL) {
        size_t other = place->existing; /* "a" and "a/" */
        if (other == MIG__NO_FOLDER || strcmp(folder->name, tree->side->folders[other].name) < 0) {
            place->existing = index;
            tree->of_folder[index] = place;
            if (other != MIG__NO_FOLDER) {
                tree->of_folder[other] = NULL;
            }
        }
    }
    mig__path_free(&path);
    return rc;
}

int mig__tree_make(mig__tree *tree, const mig__side_in *side, mig_error *err)
{
    *tree = (mig__tree){
        .side = side, .inbox_prefix = mig__inbox_prefix(side), .places = MIG__TABLE_INIT(sizeof(mig__place *))};
    bool prefixed = side->prefix != NULL && *side->prefix != '\0';
    tree->of_folder = calloc(side->count + 1, sizeof(mig__place *));
    tree->bare = new_place(tree, NULL, "", 0);
    tree->personal = prefixed ? new_place(tree, NULL, "", 0) : tree->bare;
    tree->inbox = tree->bare == NULL ? NULL : new_place(tree, tree->bare, "INBOX", 5);
    if (tree->of_folder == NULL || tree->personal == NULL || tree->inbox == NULL) {
        mig__tree_free(tree);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < side->count; i++) {
        if (add_existing(tree, i, err) != 0) {
            mig__tree_free(tree);
            return -1;
        }
    }
    return 0;
}

void mig__tree_free(mig__tree *tree)
{
    mig__place **place;
    size_t at = 0;
    while ((place = mig__table_each(&tree->places, &at)) != NULL) {
        free(*place);
    }
    mig__table_free(&tree->places);
    free(tree->of_folder);
    free(tree->inbox);
    if (tree->personal != tree->bare) {
        free(tree->personal);
    }
    free(tree->bare);
    *tree = (mig__tree){0};
}

mig__place *mig__tree_below(const mig__tree *tree, mig__place *place)
{
    if (place->parent == NULL) {
        return place;
    }
    if (place == tree->inbox && tree->inbox_prefix) {
        return tree->personal;
    }
    bool refused =
        place->existing != MIG__NO_FOLDER && (tree->side->folders[place->existing].attributes & MIG_ATTR_NOINFERIORS);
    if (place == tree->inbox) {
        refused = refused || tree->side->inbox_no_children || tree->personal != tree->bare;
    }
    return refused || tree->side->delimiter == '\0' ? NULL : place;
}

char *mig__tree_name(const mig__tree *tree, const mig__place *place)
{
    if (place->existing != MIG__NO_FOLDER && place != tree->inbox) {
        return strdup(tree->side->folders[place->existing].name);
    }
    size_t length = 0;
    const mig__place *root = place;
    for (; root->parent != NULL; root = root->parent) {
        length += root->length + (root->parent->parent != NULL);
    }
    const char *prefix = root == tree->personal && tree->side->prefix != NULL ? tree->side->prefix : "";
    length += strlen(prefix);
    char *name = malloc(length + 1);
    if (name == NULL) {
        return NULL;
    }
    memcpy(name, prefix, strlen(prefix));
    name[length] = '\0';
    for (const mig__place *step = place; step->parent != NULL; step = step->parent) {
        length -= step->length;
        memcpy(name + length, step->name, step->length);
        if (step->parent->parent != NULL) {
            name[--length] = tree->side->delimiter;
        }
    }
    return name;
}
