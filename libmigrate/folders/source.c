/* folders/source.c - the source's mailboxes in order, each with the one that it is below */
#include "folders/job.h"
#include "folders/fold.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const char *mig__node_last(const mig__node *node)
{
    const char *last = node->path.data + node->path.length - 1;
    while (last > node->path.data && last[-1] != '\0') {
        last--;
    }
    return last;
}

size_t mig__node_levels(const mig__node *node)
{
    return node->path.levels - (node->own > 0);
}

bool mig__node_is_inbox(const mig__node *node)
{
    return node->path.space == MIG__SPACE_INBOX && node->path.levels == 1;
}

bool mig__node_is_top(const mig__job *job, const mig__node *node)
{
    return node->parent == MIG__NO_FOLDER || mig__node_is_inbox(&job->nodes[node->parent]);
}

void mig__note(mig__node *node, const char *text, const char *name)
{
    if (node->note.length > 0) {
        mig__buffer_add_text(&node->note, "; ");
    }
    const char *mark = name == NULL ? NULL : strstr(text, "%N");
    if (mark == NULL) {
        mig__buffer_add_text(&node->note, text);
        return;
    }
    char shown[200];
    mig__inert(name, strlen(name), shown, sizeof shown);
    mig__buffer_add(&node->note, text, (size_t)(mark - text));
    mig__buffer_addf(&node->note, "\"%s%s\"", shown, strlen(name) >= sizeof shown ? "..." : "");
    mig__buffer_add_text(&node->note, mark + 2);
}

static int compare_nodes(const void *left, const void *right)
{
    const mig__node *a = left, *b = right;
    if (a->path.space != b->path.space) {
        return a->path.space < b->path.space ? -1 : 1;
    }
    size_t shorter = a->path.length < b->path.length ? a->path.length : b->path.length;
    int order = shorter == 0 ? 0 : memcmp(a->path.data, b->path.data, shorter);
    if (order == 0 && a->path.length != b->path.length) {
        order = a->path.length < b->path.length ? -1 : 1;
    }
    order = order != 0 ? order : strcmp(a->folder->name, b->folder->name);
    return order != 0 ? order : a->index < b->index ? -1 : 1;
}

/* It shows the mail of others: what the server says of it, else what is known of such servers. */
static bool is_view(const mig__job *job, const mig__node *node)
{
    mig_role role = node->folder->role;
    if (job->source->labels && job->rules.given != NULL && job->rules.given->labels == MIG_LABELS_KEYWORD) {
        return node->selectable && role != MIG_ROLE_TRASH && role != MIG_ROLE_JUNK;
    }
    if (mig__node_is_inbox(node)) {
        return false;
    }
    bool view = role == MIG_ROLE_ALL || role == MIG_ROLE_FLAGGED || role == MIG_ROLE_IMPORTANT;
    for (const char *const *glob = job->source->views; role == MIG_ROLE_NONE && glob != NULL && *glob != NULL; glob++) {
        view = view || mig__glob(*glob, node->folder->name);
    }
    return view;
}

static int read_node(mig__job *job, size_t index, mig_error *err)
{
    const mig__folder_in *folder = &job->source->folders[index];
    mig__node *node = &job->nodes[index];
    node->index = index;
    node->folder = folder;
    node->parent = MIG__NO_FOLDER;
    node->name_rank = SIZE_MAX;
    node->selectable = !(folder->attributes & (MIG_ATTR_NOSELECT | MIG_ATTR_NONEXISTENT));
    if (mig__path_make(&node->path, job->source, folder->name, folder->delimiter, err) != 0) {
        return -1;
    }
    if (!folder->name_valid && !mig__rules_foreign(&job->rules, folder->name, folder->foreign)) {
        mig__note(node, "its name is not valid (modified UTF-7) and was made valid: %N", folder->name);
    }
    node->all = job->source->labels && folder->role == MIG_ROLE_ALL;
    node->told = node->all ? MIG_ROLE_ARCHIVE : folder->role;
    node->view = !node->all && is_view(job, node);
    if (mig__rules_foreign(&job->rules, folder->name, folder->foreign)) {
        node->unusable = true;
    } else if (node->path.length == 0) {
        node->unusable = true;
        mig__note(node, "left out: it has no name", NULL);
    } else if (node->path.levels > MIG__MAX_LEVELS) {
        node->unusable = true;
        mig__note(node, "left out: its name has too many levels", NULL);
    }
    char *to = NULL;
    if (mig__rules_target(&job->rules, folder->name, &to, err) != 0) {
        return -1;
    }
    node->has_rule = to != NULL;
    char delimiter = folder->delimiter != '\0' ? folder->delimiter : job->source->delimiter;
    int rc = to == NULL ? 0 : mig__path_make(&node->rule_path, job->source, to, delimiter, err);
    free(to);
    if (rc == 0 && node->has_rule && (node->rule_path.length == 0 || node->rule_path.levels > MIG__MAX_LEVELS)) {
        return mig_error_set(err, MIG_E_USAGE, "a folder rule gives \"%s\" no usable name", folder->name);
    }
    return rc;
}

/* The \Noselect node that is no mailbox but the root of the source's names ("mail" for the prefix "mail/"). */
static bool is_prefix_root(const mig__job *job, const mig__node *node)
{
    const char *prefix = job->source->prefix;
    size_t length = prefix == NULL ? 0 : strlen(prefix);
    return !node->selectable && node->path.space == MIG__SPACE_OTHER && length > 1 && node->path.levels == 1 &&
           prefix[length - 1] == job->source->delimiter && node->path.length == length &&
           memcmp(node->path.data, prefix, length - 1) == 0;
}

/*
 * Gmail keeps its own folders below "[Gmail]" (or "[Google Mail]"), which holds no mail. On a target that is not Gmail
 * they are folders like any other.
 */
static bool is_container(const mig__job *job, const mig__node *node)
{
    if (node->selectable || node->path.space != MIG__SPACE_PERSONAL || node->path.levels != 1 ||
        (strcmp(node->path.data, "[Gmail]") != 0 && strcmp(node->path.data, "[Google Mail]") != 0)) {
        return false;
    }
    for (size_t i = 0; i < job->target->count; i++) {
        const mig__place *place = job->tree.of_folder[i];
        if (place != NULL && place->parent != NULL && place->parent->parent == job->tree.personal &&
            job->target->folders[i].role != MIG_ROLE_NONE && strcmp(place->parent->name, node->path.data) == 0) {
            return false;
        }
    }
    return true;
}

bool mig__node_is_above(const mig__node *above, const mig__node *node)
{
    return above->path.space == node->path.space && above->path.length < node->path.length &&
           memcmp(above->path.data, node->path.data, above->path.length) == 0;
}

/* "a" and "a/" are one mailbox; of two wire names that became one by being made valid each is one. */
static bool is_double(const mig__node *before, const mig__node *node)
{
    return before->path.space == node->path.space && before->folder->name_valid && node->folder->name_valid &&
           before->path.length == node->path.length && node->path.length > 0 &&
           memcmp(before->path.data, node->path.data, node->path.length) == 0;
}

/* Decide whether the node counts, and find the mailbox that it follows. `chain`: the mailboxes above, outermost first.
 */
static void connect_node(mig__job *job, size_t at, size_t *chain, size_t *depth, size_t *container)
{
    mig__node *node = &job->nodes[at];
    if (node->unusable) {
        return;
    }
    node->unusable = true;
    if (at > 0 && is_double(&job->nodes[at - 1], node)) {
        mig__note(node, "left out: the source lists this name twice", NULL);
        return;
    }
    if (is_prefix_root(job, node)) {
        mig__note(node, "left out: it only holds the source's other folders", NULL);
        return;
    }
    if (!node->has_rule && is_container(job, node)) {
        *container = at;
        mig__note(node, "left out: it only holds Gmail's own folders, which go beside the others", NULL);
        return;
    }
    node->unusable = false;
    if (*container != MIG__NO_FOLDER && mig__node_is_above(&job->nodes[*container], node)) {
        node->own = job->nodes[*container].path.length;
    }
    while (*depth > 0 && !mig__node_is_above(&job->nodes[chain[*depth - 1]], node)) {
        --*depth;
    }
    if (*depth > 0) {
        node->parent = chain[*depth - 1];
        node->level = job->nodes[node->parent].level + 1;
    }
    chain[(*depth)++] = at;
    node->unlike = node->own > 0 || mig__component_changes(job, mig__node_last(node));
    mig_role known = mig__role_known(mig__node_last(node), &node->name_rank);
    if (mig__node_levels(node) == 1 || (node->path.space == MIG__SPACE_INBOX && node->path.levels == 2)) {
        node->name_role = node->selectable ? known : MIG_ROLE_NONE;
    }
}

int mig__source_read(mig__job *job, mig_error *err)
{
    job->nodes = calloc(job->source->count + 1, sizeof *job->nodes);
    size_t *chain = calloc(job->source->count + 1, sizeof *chain);
    if (job->nodes == NULL || chain == NULL) {
        free(chain);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int rc = 0;
    for (; rc == 0 && job->count < job->source->count; job->count++) {
        rc = read_node(job, job->count, err);
    }
    if (rc == 0) {
        qsort(job->nodes, job->count, sizeof *job->nodes, compare_nodes);
    }
    size_t depth = 0, container = MIG__NO_FOLDER;
    for (size_t i = 0; rc == 0 && i < job->count; i++) {
        connect_node(job, i, chain, &depth, &container);
    }
    free(chain);
    return rc;
}
