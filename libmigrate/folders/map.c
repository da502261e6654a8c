/* folders/map.c - the steps of the map in order, and its result */
#include "folders/map.h"
#include "folders/job.h"
#include <stdlib.h>
#include <string.h>

/* A role is asked for when the mailbox is made: so not where another one has it already, and never that of a view. */
static mig_role role_of(const mig__node *node)
{
    if (mig__node_is_inbox(node)) {
        return MIG_ROLE_INBOX;
    }
    mig_role role = node->view ? node->folder->role : node->role;
    bool to_be_made = node->place != NULL && node->place->existing == MIG__NO_FOLDER;
    bool elsewhere = node->role_home != NULL && node->role_home != node->place;
    return to_be_made && (node->view || elsewhere) ? MIG_ROLE_NONE : role;
}

static mig_labels rules_labels(const mig__job *job)
{
    return job->rules.given != NULL ? job->rules.given->labels : MIG_LABELS_ALL;
}

static int write_entry(const mig__job *job, mig__node *node, mig__map_entry *entry, mig_error *err)
{
    const char *name = node->folder->name;
    *entry = (mig__map_entry){.source = node->index, .existing = MIG__NO_FOLDER, .selectable = node->selectable};
    if (!mig__rules_take(&job->rules, name) || mig__rules_foreign(&job->rules, name, node->folder->foreign)) {
        entry->left_out_by_rule = true;
        entry->role = node->folder->role;
        return 0;
    }
    bool only_view = node->view && !mig__rules_named(&job->rules, name);
    if (only_view) {
        bool keyword = job->source->labels && rules_labels(job) == MIG_LABELS_KEYWORD;
        mig__buffer_clear(&node->note);
        mig__note(node,
                  keyword ? "left out: its mail is copied with all other mail, and has this label as a keyword"
                          : "left out: it is a view of mail that lies in other folders; name it to copy it as well",
                  NULL);
    } else if (node->all && rules_labels(job) != MIG_LABELS_KEYWORD) {
        entry->rest = !mig__rules_named(&job->rules, name);
        mig__note(node, entry->rest ? "only the mail that has no label is copied from it" : "all of it is copied",
                  NULL);
    }
    if (only_view || node->unusable) {
        entry->role = node->folder->role;
    } else {
        entry->role = role_of(node);
        entry->existing = node->place->existing;
        entry->target = mig__tree_name(&job->tree, node->place);
        if (entry->target == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
    }
    if (mig__buffer_ok(&node->note, err) != 0) {
        return -1;
    }
    if (node->note.length > 0) {
        entry->note = mig__buffer_steal(&node->note);
    }
    return 0;
}

static int write_map(const mig__job *job, mig__map *out, mig_error *err)
{
    out->entries = calloc(job->count + 1, sizeof *out->entries);
    if (out->entries == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int rc = 0;
    for (; rc == 0 && out->count < job->count; out->count++) {
        rc = write_entry(job, &job->nodes[out->count], &out->entries[out->count], err);
    }
    if (rc != 0) {
        mig__map_free(out);
    }
    return rc;
}

static void free_job(mig__job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        mig__path_free(&job->nodes[i].path);
        mig__path_free(&job->nodes[i].rule_path);
        mig__buffer_free(&job->nodes[i].note);
    }
    free(job->nodes);
    mig__tree_free(&job->tree);
    mig__rules_free(&job->rules);
}

int mig__map_make(mig__map *out, const mig__side_in *source, const mig__side_in *target, const mig__map_rules *rules,
                  mig_error *err)
{
    mig__job job = {.source = source, .target = target};
    *out = (mig__map){0};
    int rc = -1;
    if (mig__rules_read(&job.rules, rules, err) != 0 || mig__tree_make(&job.tree, target, err) != 0 ||
        mig__source_read(&job, err) != 0 || mig__place_naturals(&job, err) != 0) {
        goto cleanup;
    }
    mig__match_roles(&job);
    if (mig__place_all(&job, err) != 0) {
        goto cleanup;
    }
    rc = write_map(&job, out, err);
cleanup:
    free_job(&job);
    return rc;
}

void mig__map_free(mig__map *map)
{
    for (size_t i = 0; i < map->count; i++) {
        free(map->entries[i].target);
        free(map->entries[i].note);
    }
    free(map->entries);
    *map = (mig__map){0};
}
