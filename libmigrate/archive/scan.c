/*
 * archive/scan.c - which folders and messages: the list and the rules, EXAMINE and UID SEARCH of many folders in one
 * go, and against the earlier files of a chain what changed since
 */
#include "account/notice.h"
#include "account/sides.h"
#include "archive/export.h"
#include "folders/rules.h"
#include "mail/flags.h"
#include <stdlib.h>
#include <string.h>

enum {
    FOLDERS_AT_ONCE = 64,
    BREAKS = 3 /* connections in a row that may break over the same folders */
};

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
    *folder = (mig__export_folder){.mailbox = mailbox, .result = result, .error = MIG_ERROR_INIT};
    *result = (mig_archive_folder){.role = mailbox->role, .error = MIG_ERROR_INIT};
    const mig__index_folder *before = mig__index_find(&run->index, mailbox->wire);
    if (!mig__sides_selectable(mailbox)) {
        result->path = mig__strdup("");
    } else {
        /* A directory stays what it was, whatever other folders came meanwhile. */
        folder->path = before != NULL && before->path != NULL
                           ? mig__strdup(before->path)
                           : mig__safe_directory(&run->names, mailbox->name_valid ? mailbox->name : mailbox->wire,
                                                 mailbox->name_valid, mailbox->delimiter, run->list.prefix, err);
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
    size_t most = run->list.count > 0 ? run->list.count : 1;
    run->folders = calloc(most, sizeof *run->folders);
    run->result->folders = calloc(most, sizeof *run->result->folders);
    if (run->folders == NULL || run->result->folders == NULL) {
        return no_memory(err);
    }
    if (mig__notice_lists(&run->list, NULL, &given, take_notice, run, err) != 0 ||
        mig__rules_read(&rules, &given, err) != 0 || take_earlier_names(run, err) != 0) {
        return -1;
    }
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < run->list.count; i++) {
        if (is_chosen(&rules, &run->list.items[i], mig__session_can(session, MIG__CAP_GMAIL))) {
            failed = plan_folder(run, &run->list.items[i], err);
        }
    }
    mig__rules_free(&rules);
    if (failed == 0 && run->folder_count == 0) {
        mig_error_set(err, MIG_E_USAGE, "no folder of %s matches --folder and --exclude", run->label);
        failed = mig_error_hint(err, "mailmigrate inventory lists the folders that there are");
    }
    return failed;
}

/* ---- the scan ---- */

typedef struct scanning {
    mig__export *run;
    mig__export_folder *folder;
    mig__uidset found;
    mig__buffer text; /* a line of an earlier manifest */
    mig__command *select, *search, *all, *flags;
} scanning;

static int add_ranges(mig__uidset *to, const mig__response *response, mig_error *err)
{
    for (size_t i = 0; response->kind == MIG__RESPONSE_SEARCH && response->uids != NULL && i < response->uids->count;
         i++) {
        const mig__uid_range *range = &response->uids->ranges[i];
        if (mig__uidset_add(to, range->first, range->last, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int on_search(const mig__response *response, void *context, mig_error *err)
{
    return add_ranges(&((scanning *)context)->found, response, err);
}

static int on_all(const mig__response *response, void *context, mig_error *err)
{
    return add_ranges(&((scanning *)context)->folder->present, response, err);
}

/* The flags as the earlier files have them. malloc'd; NULL with `err` filled. */
static char *earlier_flags(scanning *scan, const mig__index_entry *entry, mig_error *err)
{
    mig__line line;
    bool own = entry->flags_offset == 0;
    int failed = mig__index_line(&scan->run->index, own ? entry->part : entry->flags_part,
                                 own ? entry->offset : entry->flags_offset, &scan->text, &line, err);
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
    scanning *scan = context;
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
    if (failed == 0 && strcmp(before, now) != 0) {
        mig__line line = {.kind = MIG__LINE_FLAGS, .name = folder->mailbox->name, .uid = item->uid, .flags = now};
        failed = mig__ledger_add(&scan->run->ledger, &folder->lines, &line, NULL, 0, err);
        folder->result->flags_changed++;
    }
    free(before);
    free(now);
    return failed;
}

static int wait_for(mig__session *session, mig__command **command, mig_error *why, mig_error *err)
{
    mig__command_result result = {0};
    if (*command == NULL) {
        return 0;
    }
    int failed = mig__command_wait(session, *command, &result, err);
    *command = NULL;
    if (failed == 0 && why->code == MIG_OK) {
        *why = result.error;
    }
    mig__command_result_clear(&result);
    return failed;
}

/* The older messages, of a server that searches so many at a time. */
static int search_rest(mig__session *session, scanning *scan, const char *criteria, const mig__uidset *found,
                       mig__command_handler *handler, mig_error *err)
{
    mig_error opened = MIG_ERROR_INIT;
    mig__selected again = {0};
    mig__command *select = mig__select(session, scan->folder->mailbox->wire, true, &again, err);
    int failed = select == NULL ? -1 : wait_for(session, &select, &opened, err);
    mig__selected_free(&again);
    return failed != 0 ? -1 : mig__search_rest(session, criteria, found, handler, scan, err);
}

/* What is gone, what is new. */
static int compare(scanning *scan, mig_error *err)
{
    mig__export_folder *folder = scan->folder;
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
    failed = failed != 0 ? failed : mig__uidset_subtract(&scan->found, &known, err);
    folder->result->gone = mig__uidset_size(&gone);
    folder->result->already = mig__uidset_size(&known) - folder->result->gone;
    if (failed == 0 && gone.count > 0) {
        mig__uidset piece = MIG__UIDSET_INIT;
        while (failed == 0 && mig__uidset_take(&gone, 10000, &piece, err) > 0) { /* a line stays within its bound */
            mig__buffer_clear(&text);
            mig__uidset_format(&piece, &text);
            failed = mig__buffer_ok(&text, err);
            mig__line line = {.kind = MIG__LINE_GONE, .name = folder->mailbox->name, .uids = text.data};
            failed = failed != 0 ? failed : mig__ledger_add(&scan->run->ledger, &folder->lines, &line, NULL, 0, err);
        }
        mig__uidset_free(&piece);
    }
    mig__uidset_free(&known);
    mig__uidset_free(&gone);
    mig__buffer_free(&text);
    return failed;
}

static int finish_scan(mig__session *session, scanning *scan, mig_error *err)
{
    mig__export_folder *folder = scan->folder;
    mig_error why = MIG_ERROR_INIT;
    bool all = strcmp(scan->run->criteria, "ALL") == 0;
    if (wait_for(session, &scan->select, &why, err) != 0 || wait_for(session, &scan->search, &why, err) != 0 ||
        wait_for(session, &scan->all, &why, err) != 0 || wait_for(session, &scan->flags, &why, err) != 0) {
        return -1;
    }
    bool limited = why.code == MIG_OK && mig__session_can(session, MIG__CAP_MESSAGELIMIT);
    uint32_t exists = folder->now.exists;
    if (limited && mig__uidset_size(&scan->found) < exists &&
        search_rest(session, scan, scan->run->criteria, &scan->found, on_search, err) != 0) {
        return -1;
    }
    if (limited && folder->before != NULL && !all && mig__uidset_size(&folder->present) < exists &&
        search_rest(session, scan, "ALL", &folder->present, on_all, err) != 0) {
        return -1;
    }
    if (folder->before != NULL && all && mig__uidset_copy(&folder->present, &scan->found, err) != 0) {
        return -1;
    }
    const mig__uidset *whole = all ? &scan->found : folder->before != NULL ? &folder->present : NULL;
    if (why.code == MIG_OK && whole != NULL && mig__uidset_size(whole) < exists) {
        mig_error_set(&why, MIG_E_PROTOCOL, "the server says that there are %u messages and names %llu", exists,
                      (unsigned long long)mig__uidset_size(whole));
    }
    if (why.code != MIG_OK) {
        mig__export_give_up(scan->run, folder, &why);
        return 0;
    }
    if (folder->before != NULL && folder->before->uidvalidity != folder->now.uidvalidity) {
        folder->before = NULL; /* another mailbox of the same name: all of it is new */
    }
    if (folder->before != NULL && compare(scan, err) != 0) {
        return -1;
    }
    return mig__uidset_copy(&folder->uids, &scan->found, err);
}

static int begin_scan(mig__session *session, scanning *scan, mig_error *err)
{
    mig__export_folder *folder = scan->folder;
    const char *criteria = scan->run->criteria;
    if ((scan->select = mig__select(session, folder->mailbox->wire, true, &folder->now, err)) == NULL ||
        (scan->search = mig__search(session, criteria, on_search, scan, err)) == NULL) {
        return -1;
    }
    if (folder->before == NULL) {
        return 0;
    }
    if (strcmp(criteria, "ALL") != 0 && (scan->all = mig__search(session, "ALL", on_all, scan, err)) == NULL) {
        return -1;
    }
    mig__uidset known = MIG__UIDSET_INIT;
    int failed = 0;
    if (folder->before->count > 0) {
        uint32_t last = folder->before->entries[folder->before->count - 1].uid;
        uint64_t since = mig__session_can(session, MIG__CAP_CONDSTORE) ? folder->before->modseq : 0;
        failed = mig__uidset_add(&known, 1, last, err);
        if (failed == 0) {
            scan->flags = mig__fetch(session, &known, MIG__FETCH_FLAGS, since, on_flags, scan, err);
            failed = scan->flags == NULL ? -1 : 0;
        }
    }
    mig__uidset_free(&known);
    return failed;
}

/* As if the scan had not begun. */
static void reset_scan(const scanning *scan)
{
    mig__export_folder *folder = scan->folder;
    mig_archive_folder *result = folder->result;
    mig__uidset_clear(&folder->uids);
    mig__uidset_clear(&folder->present);
    mig__selected_free(&folder->now);
    folder->now = (mig__selected){0};
    folder->lines.count = 0;
    result->flags_changed = result->gone = result->already = 0;
}

/* Some folders, their commands sent at once. *next is behind them. */
static int scan_some(mig__export *run, mig__session *session, size_t *next, mig_error *err)
{
    scanning scans[FOLDERS_AT_ONCE];
    size_t begun = 0, first = *next;
    int failed = 0;
    for (; failed == 0 && *next < run->folder_count && begun < FOLDERS_AT_ONCE; ++*next) {
        mig__export_folder *folder = &run->folders[*next];
        if (folder->path == NULL || folder->unchanged || folder->error.code != MIG_OK) {
            folder->result->already = folder->unchanged ? folder->before->count : 0;
            continue;
        }
        scans[begun] = (scanning){.run = run, .folder = folder, .found = MIG__UIDSET_INIT};
        failed = begin_scan(session, &scans[begun++], err);
    }
    for (size_t i = 0; i < begun && failed == 0; i++) {
        failed = finish_scan(session, &scans[i], err);
    }
    if (failed != 0) {
        mig__command_abandon(session);
        *next = first;
    }
    for (size_t i = 0; i < begun; i++) {
        if (failed != 0) {
            reset_scan(&scans[i]);
        }
        mig__uidset_free(&scans[i].found);
        mig__buffer_free(&scans[i].text);
    }
    return failed;
}

int mig__export_scan(mig__export *run, mig__session **session, mig_error *err)
{
    unsigned breaks = 0;
    for (size_t next = 0; next < run->folder_count;) {
        size_t before = next;
        if (scan_some(run, *session, &next, err) == 0) {
            breaks = 0;
        } else if (err->scope == MIG_SCOPE_RUN || err->retry == MIG_RETRY_NEVER || ++breaks == BREAKS) {
            return -1;
        } else {
            next = before;
            mig__gate_close(&run->gate, session);
            if ((*session = mig__gate_open(&run->gate, MIG__PATIENCE_AGAIN, err)) == NULL) {
                return -1;
            }
        }
        if (mig__export_stopping(run)) {
            return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
        }
    }
    return 0;
}
