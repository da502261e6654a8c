/*
 * archive/scan.c - which folders and messages: the list and the rules, EXAMINE and UID SEARCH of many folders in one
 * go, and against the earlier files of a chain what changed since
 */
#include "account/junk.h"
#include "account/notice.h"
#include "account/sides.h"
#include "account/each.h"
#include "archive/export.h"
#include "base/kept.h"
#include "folders/rules.h"
#include "mail/flags.h"
#include "reading/scan.h"
#include <stdlib.h>
#include <string.h>

static int no_memory(mig_error *err)
{
    return mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* ---- the plan ---- */

/*
 * Views hold no mail of their own: they are left out unless they are meant. Gmail's All Mail is more than a view: what
 * has no label is nowhere else.
 */
static bool is_chosen(const mig__rules *rules, const mig__mailbox *mailbox, bool gmail)
{
    bool view = (mailbox->role == MIG_ROLE_ALL && !gmail) || mailbox->role == MIG_ROLE_FLAGGED ||
                mailbox->role == MIG_ROLE_IMPORTANT;
    return mig__rules_take(rules, mailbox->name) &&
           !mig__rules_foreign(rules, mailbox->name, mailbox->owner != MIG__OWNER_SELF) &&
           (!view || mig__rules_named(rules, mailbox->name));
}

static bool is_same_as_before(const mig__export *run, const mig__mailbox *mailbox, const mig__index_folder *before)
{
    const char *then = run->index.selection != NULL ? run->index.selection : "";
    return mailbox->has_status && mailbox->modseq > 0 && !before->incomplete &&
           before->uidvalidity == mailbox->uidvalidity && before->uidnext == mailbox->uidnext &&
           before->exists == mailbox->messages && before->modseq == mailbox->modseq && strcmp(then, run->criteria) == 0;
}

static int plan_folder(mig__export *run, const mig__mailbox *mailbox, mig_error *err)
{
    mig__export_folder *folder = &run->folders[run->folder_count++];
    mig_archive_folder *result = &run->result->folders[run->result->folder_count++];
    *folder = (mig__export_folder){.mailbox = mailbox, .result = result};
    *result = (mig_archive_folder){.role = mailbox->role};
    const mig__index_folder *before = mig__index_find(&run->index, mailbox->wire);
    if (!mig__sides_selectable(mailbox)) {
        result->path = mig__strdup("");
    } else {
        /* A directory stays what it was, whatever other folders came meanwhile. */
        folder->path =
            before != NULL && before->path != NULL
                ? mig__strdup(before->path)
                : mig__safe_directory(&run->names, mailbox->name_valid ? mailbox->name : mailbox->wire,
                                      mailbox->name_valid, mailbox->delimiter, run->account.mailboxes.prefix, err);
        result->path = mig__strdup(folder->path);
        folder->before = before;
        folder->unchanged = before != NULL && is_same_as_before(run, mailbox, before);
    }
    result->name = mig__strdup(mailbox->name);
    return result->name == NULL || result->path == NULL ? no_memory(err) : 0;
}

static int take_earlier_names(mig__export *run, mig_error *err)
{
    for (size_t i = 0; i < run->index.count; i++) {
        const char *path = run->index.folders[i].path;
        if (path != NULL && mig__safe_take(&run->names, path, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int take_notice(const mig_error *what, bool failed, void *context, mig_error *err)
{
    (void)err;
    mig__export_problem(context, NULL, 0, failed, what);
    return 0;
}

int mig__export_plan(mig__export *run, const mig__session *session, mig_error *err)
{
    mig__rules rules;
    mig__map_rules given = {.folders = run->options->selection.folders,
                            .excludes = run->options->selection.excludes,
                            .shared = run->options->selection.shared};
    size_t most = run->account.mailboxes.count > 0 ? run->account.mailboxes.count : 1;
    run->folders = calloc(most, sizeof *run->folders);
    run->result->folders = calloc(most, sizeof *run->result->folders);
    if (run->folders == NULL || run->result->folders == NULL) {
        return no_memory(err);
    }
    if (mig__notice_lists(&run->account.mailboxes, NULL, &given, take_notice, run, err) != 0 ||
        mig__rules_read(&rules, &given, err) != 0 || take_earlier_names(run, err) != 0) {
        return -1;
    }
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < run->account.mailboxes.count; i++) {
        if (is_chosen(&rules, &run->account.mailboxes.items[i], mig__session_can(session, MIG__CAP_GMAIL))) {
            failed = plan_folder(run, &run->account.mailboxes.items[i], err);
        }
    }
    mig__rules_free(&rules);
    if (failed == 0 && run->folder_count == 0) {
        mig_error_set(err, MIG_E_USAGE, "no folder of %s matches --folder and --exclude", run->account.label);
        failed = mig_error_hint(err, "mailmigrate inventory lists the folders that there are");
    }
    return failed;
}

/* ---- the scan ---- */

typedef struct scanning { /* while a folder's scan is under way */
    mig__scan wanted,
        all; /* by the criteria; of all that is there, against earlier files and where that is not the same */
    mig__uidset found;
    mig__buffer text; /* a line of an earlier manifest */
    mig__command *flags;
} scanning;

typedef struct scan_item {
    mig__export *run;
    mig__export_folder *folder;
    scanning *scan;
} scan_item;

/* The flags as the earlier files have them. malloc'd; NULL with `err` filled. */
static char *earlier_flags(const scan_item *item, const mig__index_entry *entry, mig_error *err)
{
    mig__line line;
    bool own = entry->flags_offset == 0;
    int failed = mig__index_line(&item->run->index, own ? entry->part : entry->flags_part,
                                 own ? entry->offset : entry->flags_offset, &item->scan->text, &line, err);
    char *flags = failed == 0 ? mig__strdup(line.flags) : NULL;
    if (failed == 0 && flags == NULL) {
        no_memory(err);
    }
    mig__line_free(&line);
    return flags;
}

/* Before there is anything in the archive, and in one thread: the ledger needs no lock. */
static int on_flags(const mig__response *response, void *context, mig_error *err)
{
    scan_item *scan = context;
    const mig__fetch_item *item = &response->fetch;
    mig__export_folder *folder = scan->folder;
    bool counts = response->kind == MIG__RESPONSE_FETCH && item->uid != 0 && item->has_flags &&
                  folder->now.uidvalidity == folder->before->uidvalidity;
    if (!counts) {
        return 0;
    }
    const mig__index_entry *entry = mig__index_entry_of(folder->before, item->uid);
    if (entry == NULL) {
        return 0;
    }
    char *before = earlier_flags(scan, entry, err), *now = mig__flags_join(item->flags);
    int failed = before == NULL ? -1 : now == NULL ? no_memory(err) : 0;
    if (failed == 0 && !mig__flags_same(before, now)) {
        mig__line line = {.kind = MIG__LINE_FLAGS, .name = folder->mailbox->name, .uid = item->uid, .flags = now};
        failed = mig__ledger_add(&scan->run->ledger, &folder->lines, &line, NULL, 0, err);
        folder->result->flags_changed++;
    }
    free(before);
    free(now);
    return failed;
}

/* What is gone, what is new. */
static int compare(scan_item *item, mig_error *err)
{
    mig__export_folder *folder = item->folder;
    mig__uidset known = MIG__UIDSET_INIT, gone = MIG__UIDSET_INIT;
    mig__buffer text = MIG__BUFFER_INIT;
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < folder->before->count; i++) {
        const mig__index_entry *entry = &folder->before->entries[i];
        if (!entry->damaged) { /* what the earlier file lost is read again */
            failed = mig__uidset_add(&known, entry->uid, entry->uid, err);
        }
    }
    failed = failed != 0 ? failed : mig__uidset_copy(&gone, &known, err);
    failed = failed != 0 ? failed : mig__uidset_subtract(&gone, &folder->present, err);
    failed = failed != 0 ? failed : mig__uidset_subtract(&item->scan->found, &known, err);
    folder->result->gone = mig__uidset_size(&gone);
    folder->result->already = mig__uidset_size(&known) - folder->result->gone;
    if (failed == 0 && gone.count > 0) {
        mig__uidset piece = MIG__UIDSET_INIT;
        while (failed == 0 && mig__uidset_take(&gone, 10000, &piece, err) > 0) { /* a line stays within its bound */
            mig__buffer_clear(&text);
            mig__uidset_format(&piece, &text);
            failed = mig__buffer_ok(&text, err);
            mig__line line = {.kind = MIG__LINE_GONE, .name = folder->mailbox->name, .uids = text.data};
            failed = failed != 0 ? failed : mig__ledger_add(&item->run->ledger, &folder->lines, &line, NULL, 0, err);
        }
        mig__uidset_free(&piece);
    }
    mig__uidset_free(&known);
    mig__uidset_free(&gone);
    mig__buffer_free(&text);
    return failed;
}

/* As if the scan had not begun. */
static void reset_item(scan_item *item)
{
    mig__export_folder *folder = item->folder;
    mig_archive_folder *result = folder->result;
    mig__uidset_clear(&folder->reading.todo);
    mig__uidset_clear(&folder->present);
    mig__selected_free(&folder->now);
    folder->lines.count = 0;
    result->flags_changed = result->gone = result->already = 0;
}

static void end_item(scan_item *item)
{
    if (item->scan != NULL) {
        mig__uidset_free(&item->scan->found);
        mig__buffer_free(&item->scan->text);
        free(item->scan);
        item->scan = NULL;
    }
}

static int ask_flags(mig__session *session, scan_item *item, mig_error *err)
{
    const mig__index_folder *before = item->folder->before;
    mig__uidset known = MIG__UIDSET_INIT;
    int failed = 0;
    item->scan->flags = NULL;
    if (before->count > 0) {
        uint64_t since = mig__session_can(session, MIG__CAP_CONDSTORE) ? before->modseq : 0;
        failed = mig__uidset_add(&known, 1, before->entries[before->count - 1].uid, err);
        if (failed == 0) {
            item->scan->flags = mig__fetch(session, &known, MIG__FETCH_FLAGS, since, on_flags, item, err);
            failed = item->scan->flags == NULL ? -1 : 0;
        }
    }
    mig__uidset_free(&known);
    return failed;
}

static const char *criteria_of(const scan_item *item)
{
    return mig__junk_folder(item->folder->mailbox) ? item->run->junk_criteria : item->run->criteria;
}

static bool asks_for_all(const scan_item *item)
{
    return item->folder->before != NULL && strcmp(criteria_of(item), "ALL") != 0;
}

static int send_item(mig__session *session, void *context, mig_error *err)
{
    scan_item *item = context;
    mig__export_folder *folder = item->folder;
    if (item->scan == NULL && (item->scan = calloc(1, sizeof *item->scan)) == NULL) {
        return no_memory(err);
    }
    scanning *scan = item->scan;
    reset_item(item);
    scan->flags = NULL;
    scan->wanted = (mig__scan){
        .mailbox = folder->mailbox->wire, .criteria = criteria_of(item), .now = &folder->now, .found = &scan->found};
    scan->all = (mig__scan){.mailbox = folder->mailbox->wire,
                            .criteria = "ALL",
                            .opened = true,
                            .now = &folder->now,
                            .found = &folder->present};
    if (mig__scan_send(session, &scan->wanted, err) != 0) {
        return -1;
    }
    if (asks_for_all(item) && mig__scan_send(session, &scan->all, err) != 0) {
        return -1;
    }
    return folder->before != NULL ? ask_flags(session, item, err) : 0;
}

/* All of them are waited for, whatever comes of the first one. */
static int settle_item(mig__session *session, void *context, mig_error *err)
{
    scan_item *item = context;
    scanning *scan = item->scan;
    mig_error all = MIG_ERROR_INIT, flags = MIG_ERROR_INIT;
    int outcome = mig__scan_wait(session, &scan->wanted, err);
    int other = outcome >= 0 && asks_for_all(item) ? mig__scan_wait(session, &scan->all, &all) : 0;
    int told =
        outcome >= 0 && other >= 0 && scan->flags != NULL ? mig__command_outcome(session, scan->flags, &flags) : 0;
    if (outcome == 0 && other != 0) {
        *err = all;
        outcome = other;
    } else if (outcome == 0 && told != 0) {
        *err = flags;
        outcome = told;
    } else if (other < 0 || told < 0) {
        *err = other < 0 ? all : flags;
        outcome = -1;
    }
    outcome = outcome != 0 ? outcome : mig__scan_complete(session, &scan->wanted, err);
    if (outcome == 0 && asks_for_all(item)) {
        outcome = mig__scan_complete(session, &scan->all, err);
    }
    return outcome;
}

/* What is named is read, also when there is more; the archive says so. */
static void tell_hidden(const scan_item *item)
{
    const mig__scan *whole = asks_for_all(item) ? &item->scan->all : &item->scan->wanted;
    mig_error why;
    if (mig__scan_hidden(whole) > 0) {
        mig__scan_hidden_error(whole, "the folder", &why);
        mig__error_keep(&item->folder->result->error, &why); /* looked at again by the next file of the chain */
        mig__export_problem(item->run, item->folder, 0, true, &why);
    }
}

static int finish_item(void *context, int outcome, const mig_error *why, mig_error *err)
{
    scan_item *item = context;
    mig__export_folder *folder = item->folder;
    if (outcome != 0) {
        reset_item(item);
        mig__export_give_up(item->run, folder, why);
        end_item(item);
        return 0;
    }
    tell_hidden(item);
    bool same = folder->before != NULL && !asks_for_all(item);
    int failed = same ? mig__uidset_copy(&folder->present, &item->scan->found, err) : 0;
    if (folder->before != NULL && folder->before->uidvalidity != folder->now.uidvalidity) {
        folder->before = NULL; /* another mailbox of the same name: all of it is new */
    }
    failed = failed == 0 && folder->before != NULL ? compare(item, err) : failed;
    failed = failed != 0 ? failed : mig__uidset_copy(&folder->reading.todo, &item->scan->found, err);
    end_item(item);
    if (failed == 0 && mig__export_stopping(item->run)) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    }
    return failed;
}

int mig__export_scan(mig__export *run, mig__session **session, mig_error *err)
{
    static const mig__each each = {send_item, settle_item, finish_item};
    scan_item *items = calloc(run->folder_count + 1, sizeof *items);
    void **pointers = calloc(run->folder_count + 1, sizeof *pointers);
    size_t count = 0;
    int failed = items == NULL || pointers == NULL ? no_memory(err) : 0;
    for (size_t i = 0; failed == 0 && i < run->folder_count; i++) {
        mig__export_folder *folder = &run->folders[i];
        if (folder->path == NULL || folder->unchanged || folder->result->error != NULL) {
            folder->result->already = folder->unchanged ? folder->before->count : 0;
            continue;
        }
        if (folder->mailbox->closes) {
            mig_error why;
            mig_error_set(&why, MIG_E_CLOSED, "the server ends the connection when asked about it: %s",
                          folder->mailbox->problem);
            mig__export_give_up(run, folder, &why);
            continue;
        }
        items[count] = (scan_item){.run = run, .folder = folder};
        pointers[count] = &items[count];
        count++;
    }
    failed = failed != 0 ? failed : mig__gate_ask_each(&run->account.gate, session, &each, pointers, count, err);
    for (size_t i = 0; i < count; i++) {
        end_item(&items[i]);
    }
    free(items);
    free(pointers);
    return failed;
}
