/* dedup/run.c - the story of a search for doubles: record, login, what was left open, folder by folder, the end */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/kept.h"
#include "base/memory.h"
#include "base/sized.h"
#include "dedup/job.h"
#include "imap/fetch.h"
#include <stdlib.h>
#include <string.h>

#define PLACE "Duplicates"

enum { BATCH = 50 }; /* moved, and on record, at once */

const char *mig_dedup_mode_name(mig_dedup_mode mode)
{
    static const char *const names[] = {"look", "apply", "undo"};
    return (size_t)mode < sizeof names / sizeof names[0] ? names[mode] : "";
}

static bool is_stopping(void *context)
{
    const mig__dup_run *run = context;
    return mig_stop_level(run->options->observer.stop) > 0;
}

/* ---- the folder for doubles ---- */

static int name_place(mig__dup_run *run, mig_error *err)
{
    const char *prefix = run->target.mailboxes.prefix;
    mig__buffer wire = MIG__BUFFER_INIT;
    mig__buffer_addf(&wire, "%s" PLACE, prefix != NULL ? prefix : "");
    run->place = wire.failed ? NULL : mig__buffer_steal(&wire);
    run->result->place = mig__strdup(run->place);
    return run->place != NULL && run->result->place != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int one_word(mig__session *session, const char *word, const char *mailbox, mig_error *err)
{
    mig__command *command = mig__command_begin(session, word, NULL, NULL, err);
    if (command == NULL) {
        return -1;
    }
    mig__command_mailbox(command, mailbox);
    return mig__command_end(command, err) != 0 ? -1 : mig__command_outcome(session, command, err);
}

/* What CREATE says is not the last word: EXAMINE is. */
static int make_place(mig__session *session, void *context, mig_error *err)
{
    const mig__dup_run *run = context;
    mig__selected selected = {0};
    int made = one_word(session, "CREATE", run->place, err);
    made = made < 0 ? -1 : one_word(session, "SUBSCRIBE", run->place, err);
    made = made < 0 ? -1 : mig__command_outcome(session, mig__select(session, run->place, true, &selected, err), err);
    mig__selected_free(&selected);
    return made;
}

static int need_place(mig__dup_run *run, mig_error *err)
{
    if (mig__mailbox_find(&run->target.mailboxes, run->place) != NULL) {
        return 0;
    }
    if (mig__gate_ask(&run->target.gate, &run->session, make_place, run, err) != 0) {
        mig_error_context(err, "the folder '%s' cannot be made", run->result->place);
        return -1;
    }
    return mig__mailbox_list_add(&run->target.mailboxes, run->place, err) != NULL ? 0 : -1;
}

/* ---- moves ---- */

/* How a dialogue about moves ends: 0; 1 it is the folder's problem; -1. */
static int ask_about(mig__dup_run *run, mig__dup_moves *moves, mig__dialogue *dialogue, mig_error *err)
{
    return mig__gate_ask(&run->target.gate, &run->session, dialogue, moves, err);
}

static const char *shown_name(const mig__dup_run *run, const char *wire)
{
    const mig__mailbox *mailbox = mig__mailbox_find(&run->target.mailboxes, wire);
    return mailbox != NULL && mailbox->name != NULL ? mailbox->name : wire;
}

/* Something that concerns a mailbox that is not among the folders, or is: it stands with its name. */
static int blame(mig__dup_run *run, const char *wire, const mig_error *why, mig_error *err)
{
    const char *name = shown_name(run, wire);
    mig_dedup_result *result = run->result;
    for (size_t i = 0; i < result->folder_count; i++) {
        if (strcmp(result->folders[i].name, name) == 0) {
            mig__error_keep(&result->folders[i].error, why);
            return 0;
        }
    }
    mig_dedup_folder *grown = mig__grow(result->folders, result->folder_count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    result->folders = grown;
    grown[result->folder_count] = (mig_dedup_folder){.name = mig__strdup(name)};
    mig__error_keep(&grown[result->folder_count].error, why);
    return grown[result->folder_count++].name != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int list_message(mig__dup_run *run, const mig__surplus *entry, size_t folder, mig_error *err)
{
    mig_dedup_result *result = run->result;
    mig_dedup_message *grown = mig__grow(result->messages, result->message_count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    result->messages = grown;
    mig_dedup_message *one = &grown[result->message_count];
    *one = (mig_dedup_message){.folder = folder,
                               .name = mig__strdup(shown_name(run, entry->undoes != 0 ? entry->to : entry->from)),
                               .uid = entry->undoes != 0 ? entry->to_uid : entry->from_uid,
                               .kept = entry->kept_uid,
                               .now = entry->state == MIG__SURPLUS_MOVED ? entry->to_uid : 0,
                               .octets = entry->digest.octets};
    mig__hex(entry->digest.raw, one->digest);
    result->message_count++;
    return one->name != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* ---- what an earlier run left open ---- */

static bool same_way(const mig__surplus *a, const mig__surplus *b)
{
    return strcmp(a->from, b->from) == 0 && strcmp(a->to, b->to) == 0 && (a->undoes != 0) == (b->undoes != 0);
}

static int resume_like(mig__dup_run *run, size_t first, mig_error *err)
{
    mig__surplus **each = calloc(run->entry_count, sizeof *each);
    mig__dup_moves moves = {.run = run, .entries = each, .returning = run->entries[first].undoes != 0};
    if (each == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = first; i < run->entry_count; i++) {
        mig__surplus *entry = &run->entries[i];
        if (entry->id != 0 && entry->state == MIG__SURPLUS_INTENT && same_way(entry, &run->entries[first])) {
            each[moves.count++] = entry;
        }
    }
    const int outcome = ask_about(run, &moves, mig__dup_find_out, err);
    int failed = outcome > 0 ? blame(run, moves.entries[0]->undoes != 0 ? moves.entries[0]->to : moves.entries[0]->from,
                                     err, err)
                             : outcome;
    for (size_t i = 0; failed == 0 && i < moves.count; i++) {
        const mig__surplus *entry = each[i];
        run->result->gone += entry->state == MIG__SURPLUS_GONE;
        run->result->resumed += entry->state != MIG__SURPLUS_INTENT || entry->id == 0;
        run->result->moved += entry->state == MIG__SURPLUS_MOVED;
        run->result->returned += entry->state == MIG__SURPLUS_RETURNED;
        if (entry->state == MIG__SURPLUS_MOVED || entry->state == MIG__SURPLUS_RETURNED) {
            failed = list_message(run, entry, SIZE_MAX, err);
        }
    }
    free(each);
    return failed;
}

static int resume(mig__dup_run *run, mig_error *err)
{
    for (size_t i = 0; i < run->entry_count; i++) {
        bool seen = false;
        if (run->entries[i].state != MIG__SURPLUS_INTENT || run->entries[i].id == 0) {
            continue;
        }
        for (size_t k = 0; k < i; k++) { /* refused: it was asked about already */
            seen = seen || (run->entries[k].state == MIG__SURPLUS_INTENT && run->entries[k].id != 0 &&
                            same_way(&run->entries[k], &run->entries[i]));
        }
        if (run->options->mode == MIG_DEDUP_LOOK) {
            run->result->open++;
        } else if (!seen && resume_like(run, i, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- looking, and moving away ---- */

/* One batch of a folder's doubles. */
static int move_batch(mig__dup_run *run, mig__dup_folder *folder, mig__surplus *entries, size_t count, mig_error *err)
{
    mig__surplus *each[BATCH];
    mig__dup_moves moves = {.run = run, .entries = each, .count = count, .folder = folder};
    mig_dedup_folder *out = &run->result->folders[folder->index];
    for (size_t i = 0; i < count; i++) {
        each[i] = &entries[i];
    }
    const int outcome = run->options->mode == MIG_DEDUP_APPLY ? ask_about(run, &moves, mig__dup_move, err) : 0;
    if (outcome > 0) {
        mig__error_keep(&out->error, err);
    }
    for (size_t i = 0; outcome >= 0 && i < count; i++) {
        out->moved += entries[i].state == MIG__SURPLUS_MOVED;
        run->result->gone += entries[i].state == MIG__SURPLUS_GONE;
        if (list_message(run, &entries[i], folder->index, err) != 0) {
            return -1;
        }
    }
    return outcome;
}

static int treat_doubles(mig__dup_run *run, mig__dup_folder *folder, mig_error *err)
{
    mig__surplus entries[BATCH];
    size_t count = 0;
    int outcome = 0;
    mig_dedup_folder *out = &run->result->folders[folder->index];
    for (size_t i = 0; outcome == 0 && i < folder->item_count; i++) {
        const mig__dup_item *item = &folder->items[i];
        if (item->kept != 0) {
            out->doubles++;
            out->octets += item->digest.octets;
            entries[count++] = (mig__surplus){.from = folder->wire,
                                              .to = run->place,
                                              .from_uidvalidity = folder->uidvalidity,
                                              .from_uid = item->uid,
                                              .kept_uid = item->kept,
                                              .digest = item->digest};
        }
        if (count == BATCH || (count > 0 && i + 1 == folder->item_count)) {
            outcome = count > 0 && is_stopping(run) ? mig_error_set(err, MIG_E_INTERRUPTED, "stopped")
                                                    : move_batch(run, folder, entries, count, err);
            count = 0;
        }
    }
    return outcome;
}

static bool any_double(const mig__dup_folder *folder)
{
    for (size_t i = 0; i < folder->item_count; i++) {
        if (folder->items[i].kept != 0) {
            return true;
        }
    }
    return false;
}

static int treat_folder(mig__dup_run *run, mig__dup_folder *folder, mig_error *err)
{
    mig__dup_survey survey = {run, folder};
    mig_dedup_folder *out = &run->result->folders[folder->index];
    mig_error why;
    if (!folder->fit || folder->uidvalidity == 0) {
        mig_error_set(&why, MIG_E_REFUSED, "its copy is not complete, so that what may be there twice is not known");
        mig_error_hint(&why, "copy once more, until nothing is left, then look again");
        mig__error_keep(&out->error, &why);
        return 0;
    }
    int outcome = mig__gate_ask(&run->target.gate, &run->session, mig__dup_survey_folder, &survey, err);
    if (outcome > 0) {
        mig__error_keep(&out->error, err);
    }
    if (outcome == 0 && out->unread > 0) {
        mig_error_set(&why, MIG_E_REFUSED, "the server did not give %llu of its messages: they were not judged",
                      (unsigned long long)out->unread);
        mig__error_keep(&out->error, &why);
    }
    if (outcome == 0 && any_double(folder)) {
        outcome = run->options->mode == MIG_DEDUP_APPLY ? need_place(run, err) : 0;
        outcome = outcome == 0 ? treat_doubles(run, folder, err) : outcome;
    }
    mig__dup_items_clear(folder);
    return outcome < 0 ? -1 : 0;
}

/* ---- bringing back ---- */

static int return_batch(mig__dup_run *run, mig__surplus *entries, size_t count, mig_error *err)
{
    mig__surplus *each[BATCH];
    mig__dup_moves moves = {.run = run, .entries = each, .count = count, .returning = true};
    for (size_t i = 0; i < count; i++) {
        each[i] = &entries[i];
    }
    int outcome = ask_about(run, &moves, mig__dup_locate, err);
    moves.count = 0;
    for (size_t i = 0; outcome == 0 && i < count; i++) {
        if (entries[i].from_uid != 0) {
            each[moves.count++] = &entries[i];
        } else {
            run->result->gone++;
        }
    }
    outcome = outcome == 0 && moves.count > 0 ? ask_about(run, &moves, mig__dup_move, err) : outcome;
    const mig_error why = *err;
    for (size_t i = 0; outcome >= 0 && i < count; i++) {
        run->result->returned += entries[i].state == MIG__SURPLUS_RETURNED;
        if (entries[i].state == MIG__SURPLUS_RETURNED && list_message(run, &entries[i], SIZE_MAX, err) != 0) {
            return -1;
        }
    }
    return outcome > 0 ? blame(run, entries[0].to, &why, err) : outcome;
}

static int bring_back(mig__dup_run *run, mig_error *err)
{
    bool *done = calloc(run->entry_count + 1, sizeof *done);
    int failed = done == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    for (size_t i = 0; failed == 0 && i < run->entry_count; i++) {
        mig__surplus entries[BATCH];
        size_t count = 0;
        for (size_t k = i; k < run->entry_count && count < BATCH; k++) {
            const mig__surplus *entry = &run->entries[k];
            if (!done[k] && entry->undoes == 0 && entry->state == MIG__SURPLUS_MOVED &&
                same_way(entry, &run->entries[i])) {
                done[k] = true;
                entries[count++] = (mig__surplus){.from = entry->to,
                                                  .to = entry->from,
                                                  .from_uidvalidity = entry->to_uidvalidity,
                                                  .from_uid = entry->to_uid,
                                                  .digest = entry->digest,
                                                  .undoes = entry->id};
            }
        }
        if (count > 0) {
            failed = is_stopping(run) ? mig_error_set(err, MIG_E_INTERRUPTED, "stopped")
                                      : return_batch(run, entries, count, err);
            i -= failed == 0; /* there may be more of the same way */
        }
    }
    free(done);
    return failed;
}

/* ---- all of it ---- */

static int work(mig__dup_run *run, mig_error *err)
{
    if (mig__dup_open_state(run, err) != 0 || mig__dup_begin_record(run, err) != 0 ||
        mig__account_open(&run->target, MIG__PATIENCE_FIRST, false, &run->session, err) != 0 ||
        name_place(run, err) != 0 || resume(run, err) != 0) {
        return -1;
    }
    if (run->options->mode == MIG_DEDUP_UNDO) {
        return bring_back(run, err);
    }
    int failed = mig__dup_load_folders(run, err);
    for (size_t i = 0; failed == 0 && i < run->folder_count; i++) {
        failed = is_stopping(run) ? mig_error_set(err, MIG_E_INTERRUPTED, "stopped")
                                  : treat_folder(run, &run->folders[i], err);
    }
    return failed;
}

static int count_away(mig__dup_run *run, mig_error *err)
{
    mig__surplus *entries = NULL;
    size_t count = 0;
    if (run->account == 0 || run->state == NULL) {
        return 0;
    }
    if (mig__state_surplus(run->state, run->account, &entries, &count, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        run->result->away += entries[i].state == MIG__SURPLUS_MOVED && entries[i].undoes == 0;
    }
    mig__state_surplus_free(&entries, count);
    return 0;
}

static void sum_up(mig__dup_run *run, bool failed, const mig_error *why)
{
    mig_dedup_result *result = run->result;
    bool left = result->gone > 0 || result->open > 0;
    uint64_t moved = 0; /* of those that were found now; an earlier run's come on top */
    for (size_t i = 0; i < result->folder_count; i++) {
        const mig_dedup_folder *folder = &result->folders[i];
        result->doubles += folder->doubles;
        result->octets += folder->octets;
        moved += folder->moved;
        left = left || folder->error != NULL;
    }
    result->moved += moved;
    left = left || (result->mode == MIG_DEDUP_APPLY && result->doubles > moved);
    if (failed) {
        result->error = *why;
    }
    result->exit_status = failed ? mig_code_exit_status(why->code) : left ? 1 : 0;
    result->status = result->exit_status == 130 ? MIG_INTERRUPTED
                     : failed                   ? MIG_FAILED
                     : left                     ? MIG_PARTIAL
                                                : MIG_COMPLETE;
    result->finished = mig__wall_seconds();
}

static void end(mig__dup_run *run)
{
    mig__gate_close(&run->target.gate, &run->session);
    mig__account_clear(&run->target);
    for (size_t i = 0; i < run->folder_count; i++) {
        mig__dup_items_clear(&run->folders[i]);
        free(run->folders[i].wire);
        free(run->folders[i].rows);
    }
    free(run->folders);
    free(run->place);
    mig__state_surplus_free(&run->entries, run->entry_count);
}

static int init(mig__dup_run *run, const mig_dedup_options *options, mig_error *err)
{
    char source[320];
    *run = (mig__dup_run){.options = options, .result = calloc(1, sizeof *run->result)};
    const mig__account_options target = {.endpoint = options->target,
                                         .provider = options->provider,
                                         .log = &options->observer.log,
                                         .stop = options->observer.stop,
                                         .kept = options->effort.kept,
                                         .patience_ms = options->effort.patience_ms,
                                         .stopping = is_stopping,
                                         .context = run};
    mig__account_init(&run->target, &target);
    if (run->result == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    run->result->mode = options->mode;
    run->result->error = (mig_error)MIG_ERROR_INIT;
    run->result->started = mig__wall_seconds();
    run->result->source = mig__strdup(mig_endpoint_label(options->source, source, sizeof source));
    run->result->target = mig__strdup(run->target.label);
    return run->result->source != NULL && run->result->target != NULL
               ? 0
               : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

mig_dedup_result *mig_dedup_run(const mig_dedup_options *given, mig_error *err)
{
    mig_dedup_options options;
    mig__dup_run run;
    mig_error why = MIG_ERROR_INIT;
    if (mig__sized_take(&options, sizeof options, given, "mig_dedup_options", err) != 0) {
        return NULL;
    }
    if (options.source == NULL || options.target == NULL || options.state_path == NULL) {
        mig_error_set(err, MIG_E_USAGE, "source, target and state are needed");
        return NULL;
    }
    if (init(&run, &options, err) != 0) {
        mig_dedup_result_free(&run.result);
        end(&run);
        return NULL;
    }
    bool failed = work(&run, &why) != 0;
    failed = failed || count_away(&run, &why) != 0;
    sum_up(&run, failed, &why);
    if (mig__dup_end_record(&run, &why) != 0 || (run.state != NULL && mig__state_close(&run.state, &why) != 0)) {
        run.result->error = why;
        run.result->status = MIG_FAILED;
        run.result->exit_status = mig_exit_status_worse(run.result->exit_status, mig_code_exit_status(why.code));
    }
    end(&run);
    return run.result;
}

void mig_dedup_result_free(mig_dedup_result **pointer)
{
    mig_dedup_result *result = *pointer;
    *pointer = NULL;
    if (result == NULL) {
        return;
    }
    for (size_t i = 0; i < result->folder_count; i++) {
        free(result->folders[i].name);
        mig__error_forget(&result->folders[i].error);
    }
    for (size_t i = 0; i < result->message_count; i++) {
        free(result->messages[i].name);
    }
    free(result->folders);
    free(result->messages);
    free(result->source);
    free(result->target);
    free(result->place);
    free(result);
}
