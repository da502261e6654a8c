/*
 * archive/export.c - the story of an export: earlier files, login, lists, scan; messages into the archive as they come;
 * the manifest behind them
 */
#include "archive/export.h"
#include "account/junk.h"
#include "account/sides.h"
#include "base/clock.h"
#include "base/kept.h"
#include "base/memory.h"
#include "base/sized.h"
#include "scanner/finding.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOGETHER = 32 }; /* messages that are scanned at once */

static int no_memory(mig_error *err)
{
    return mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* ---- before ---- */

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = mig__strdup(slash == NULL ? "." : slash == path ? "/" : path);
    if (directory != NULL && slash != NULL && slash != path) {
        directory[slash - path] = '\0';
    }
    return directory;
}

static bool is_stopping(void *context)
{
    return mig__export_stopping(context);
}

static int init(mig__export *run, const mig_archive_options *options, mig_error *err)
{
    char *criteria[2];
    *run = (mig__export){.options = options,
                         .fatal = MIG_ERROR_INIT,
                         .ledger = {.fd = -1},
                         .began = mig__wall_seconds(),
                         .started = mig__now_seconds()};
    const mig__account_options account = {.endpoint = options->source,
                                          .log = &options->observer.log,
                                          .stop = &run->halt,
                                          .meant = &options->selection,
                                          .kept = options->effort.kept,
                                          .patience_ms = options->effort.patience_ms,
                                          .stopping = is_stopping,
                                          .context = run};
    mig__account_init(&run->account, &account);
    pthread_mutex_init(&run->lock, NULL);
    mig__cond_init(&run->changed);
    run->result = calloc(1, sizeof *run->result);
    if (run->result == NULL) {
        return no_memory(err);
    }
    if (mig__junk_both(&options->selection, criteria, err) != 0) {
        return -1;
    }
    run->criteria = criteria[0];
    run->junk_criteria = criteria[1];
    const mig__scanner_options how = {.scan = &options->scan,
                                      .patience_ms = options->effort.patience_ms,
                                      .stop = &run->halt,
                                      .stopping = is_stopping,
                                      .context = run};
    if (options->scan.scanner != NULL && (run->scanner = mig__scanner_new(&how, err)) == NULL) {
        return -1;
    }
    run->result->shown = run->scanner != NULL;
    run->directory = directory_of(options->path);
    run->result->source = mig__strdup(run->account.label);
    run->result->file = mig__strdup("");
    return run->directory == NULL || run->result->source == NULL || run->result->file == NULL ? no_memory(err) : 0;
}

/* What is wrong with an earlier file keeps an export from building on it. */
static int on_earlier(mig_archive_found kind, const char *path, const char *folder, uint32_t uid, const char *detail,
                      void *context, mig_error *err)
{
    (void)folder;
    (void)uid;
    if (kind == MIG_ARCHIVE_LOST || kind == MIG_ARCHIVE_DAMAGED || kind == MIG_ARCHIVE_MISSING) {
        return 0; /* what is lost there is put into this file */
    }
    mig_error_set(err, MIG_E_DIFFERENT, "%s cannot be added to: %s%s%s", (const char *)context, path,
                  path[0] != '\0' ? ": " : "", detail);
    err->scope = MIG_SCOPE_RUN;
    return mig_error_hint(err, "mailmigrate archive check says all that is wrong with it; begin anew in another file");
}

/* Read the files that are there; the one to be written comes after them. */
static int read_earlier(mig__export *run, mig_error *err)
{
    const mig_archive_options *options = run->options;
    unsigned part = 0;
    int failed = 0;
    for (; failed == 0; part++) {
        char *path = mig__format_part(options->path, part);
        if (path == NULL) {
            return no_memory(err);
        }
        if (!options->incremental || access(path, F_OK) != 0) {
            run->path = path;
            break;
        }
        mig__walk walk = {.in = {path, options->secret, options->secret_context, options->observer.stop},
                          .spool_dir = run->directory,
                          .report = on_earlier,
                          .context = path,
                          .manifest = -1};
        failed = mig__walk_file(&walk, err);
        failed = failed != 0 ? failed : mig__index_add(&run->index, &walk, err);
        mig__walk_free(&walk);
        free(path);
    }
    run->result->part = part;
    if (failed == 0 && part > 0 &&
        strcmp(run->index.source != NULL ? run->index.source : "", run->account.label) != 0) {
        mig_error_set(err, MIG_E_REFUSED, "%s is of %s, not of %s", options->path,
                      run->index.source != NULL ? run->index.source : "", run->account.label);
        failed = mig_error_hint(err, "name another file for this account");
        err->scope = MIG_SCOPE_RUN;
    }
    return failed;
}

/* ---- the writer ---- */

static int put_directories(mig__export *run, mig_error *err)
{
    static const char *const parts[] = {"", "/cur", "/new", "/tmp"};
    mig__buffer path = MIG__BUFFER_INIT;
    int failed = 0;
    bool root = false;
    for (size_t i = 0; failed == 0 && i < run->folder_count; i++) {
        root = root || (run->folders[i].path != NULL && strcmp(run->folders[i].path, MIG__ARCHIVE_ROOT) == 0);
    }
    if (!root) { /* INBOX was left out: what is below it still needs the directory */
        failed = mig__out_directory(run->out, MIG__ARCHIVE_ROOT, run->began, err);
    }
    for (size_t i = 0; failed == 0 && i < run->folder_count; i++) {
        for (size_t k = 0; failed == 0 && run->folders[i].path != NULL && k < sizeof parts / sizeof parts[0]; k++) {
            mig__buffer_clear(&path);
            mig__buffer_addf(&path, "%s%s", run->folders[i].path, parts[k]);
            failed = mig__buffer_ok(&path, err);
            failed = failed != 0 ? failed : mig__out_directory(run->out, path.data, run->began, err);
        }
    }
    mig__buffer_free(&path);
    return failed;
}

/* Keywords of a further file have no letters: Dovecot's list of them is in the first one. */
static int put_message(mig__export *run, const mig__parcel *parcel, mig_error *err)
{
    mig__export_folder *folder = &run->folders[parcel->folder];
    mig__keywords none = {.count = sizeof none.items / sizeof none.items[0]};
    mig__buffer path = MIG__BUFFER_INIT;
    size_t bare = 0;
    for (unsigned i = 0; i < none.count; i++) {
        none.items[i] = (char *)"";
    }
    mig__buffer_addf(&path, "%s/cur/", folder->path);
    size_t begin = path.length;
    int failed = mig__safe_message(&path, &bare, &parcel->date, parcel->uid, folder->now.uidvalidity, parcel->size,
                                   parcel->flags, run->result->part == 0 ? &folder->keywords : &none, err);
    if (failed == 0) {
        int64_t when = parcel->date.valid ? parcel->date.utc : 0;
        failed = parcel->octets != NULL
                     ? mig__out_octets(run->out, path.data, when, parcel->octets, (size_t)parcel->size, err)
                     : mig__out_file(run->out, path.data, when, parcel->fd, parcel->size, err);
    }
    mig__line line = {.kind = MIG__LINE_MESSAGE,
                      .name = folder->mailbox->name,
                      .uid = parcel->uid,
                      .flags = parcel->flags,
                      .date = parcel->date,
                      .size = parcel->size,
                      .message_id = parcel->message_id,
                      .path = path.data};
    memcpy(line.sha256, parcel->sha256, sizeof line.sha256);
    pthread_mutex_lock(&run->lock);
    if (failed == 0) {
        failed = mig__ledger_add(&run->ledger, &folder->lines, &line, path.data + begin, bare, err);
        folder->result->messages++;
        folder->result->bytes += parcel->size;
        run->messages_done++;
        run->octets_done += parcel->size;
    }
    uint64_t *held = parcel->octets != NULL ? &run->held : &run->spooled;
    *held -= parcel->size;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
    mig__buffer_free(&path);
    return failed;
}

static void show_progress(mig__export *run, const char *phase)
{
    if (run->options->observer.progress == NULL) {
        return;
    }
    pthread_mutex_lock(&run->lock);
    mig_progress progress = {.account = run->account.label,
                             .phase = phase,
                             .folder = run->current != NULL ? run->current->mailbox->name : "",
                             .messages_total = run->messages_total,
                             .messages_done = run->messages_done,
                             .bytes_done = run->octets_done,
                             .seconds = mig__now_seconds() - run->started};
    pthread_mutex_unlock(&run->lock);
    run->options->observer.progress(&progress, run->options->observer.context);
}

/* The next message; NULL when there is none for a tenth of a second, or none any more. */
static mig__parcel *take_parcel(mig__export *run, bool *over)
{
    int64_t until = mig__now_ms() + 100;
    pthread_mutex_lock(&run->lock);
    for (int64_t left = 100; left > 0 && run->first == NULL && mig__pool_busy(&run->pool) > 0;
         left = until - mig__now_ms()) {
        mig__cond_wait_ms(&run->changed, &run->lock, left);
    }
    mig__parcel *parcel = run->first;
    if (parcel != NULL) {
        run->first = parcel->next;
        run->last = run->first == NULL ? NULL : run->last;
    }
    *over = parcel == NULL && mig__pool_busy(&run->pool) == 0;
    pthread_mutex_unlock(&run->lock);
    return parcel;
}

/* Of messages that wait, those that are scanned together: a list that begins with `first`. */
static size_t take_more(mig__export *run, mig__parcel **list, size_t most)
{
    size_t count = 1;
    pthread_mutex_lock(&run->lock);
    for (; run->scanner != NULL && count < most && run->first != NULL; count++) {
        list[count] = run->first;
        run->first = list[count]->next;
        run->last = run->first == NULL ? NULL : run->last;
    }
    pthread_mutex_unlock(&run->lock);
    return count;
}

static int take_word(mig__export *run, const mig__parcel *parcel, const mig__scanner_result *word, mig_error *err)
{
    mig_archive_result *result = run->result;
    result->scanned += word->verdict != MIG_SCAN_NOT_SCANNED;
    result->infected += word->verdict == MIG_SCAN_INFECTED;
    result->not_scanned += word->verdict == MIG_SCAN_NOT_SCANNED;
    if (word->verdict == MIG_SCAN_CLEAN) {
        return 0;
    }
    const mig_scan_finding one = {.folder = run->folders[parcel->folder].mailbox->name,
                                  .uid = parcel->uid,
                                  .verdict = word->verdict,
                                  .name = (char *)word->name,
                                  .signatures = word->database,
                                  .message_id = parcel->message_id};
    return mig__scanner_list(&result->scans, &result->scan_count, &one, err);
}

static int scan(mig__export *run, mig__parcel *const *list, size_t count, mig_error *err)
{
    mig__scanner_item items[TOGETHER];
    for (size_t i = 0; i < count; i++) {
        items[i] = (mig__scanner_item){.octets = list[i]->octets, .fd = list[i]->fd, .size = list[i]->size};
    }
    int failed = mig__scanner_look(run->scanner, items, count, err);
    for (size_t i = 0; failed == 0 && i < count; i++) {
        failed = take_word(run, list[i], &items[i].result, err);
    }
    return failed;
}

static void write_messages(mig__export *run)
{
    mig__parcel *list[TOGETHER];
    int64_t shown = 0;
    for (bool over = false; !over;) {
        mig_error error;
        list[0] = take_parcel(run, &over);
        size_t count = list[0] == NULL ? 0 : take_more(run, list, TOGETHER);
        if (count > 0 && run->scanner != NULL && !mig__export_stopping(run) && scan(run, list, count, &error) != 0) {
            mig__export_fail(run, &error);
        }
        for (size_t i = 0; i < count; i++) {
            if (!mig__export_stopping(run) && put_message(run, list[i], &error) != 0) {
                mig__export_fail(run, &error);
            }
            mig__parcel_free(list[i]);
        }
        if (mig__now_ms() - shown >= 100) {
            shown = mig__now_ms();
            show_progress(run, "archiving");
        }
    }
}

/* ---- the run ---- */

static bool is_news(const mig__export *run)
{
    bool news = run->result->part == 0;
    for (size_t i = 0; i < run->folder_count; i++) {
        const mig__export_folder *folder = &run->folders[i];
        news = news || folder->reading.todo.count > 0 || folder->lines.count > 0 ||
               mig__index_find(&run->index, folder->mailbox->wire) == NULL ||
               (folder->before == NULL && folder->path != NULL && !folder->unchanged);
    }
    for (size_t i = 0; i < run->index.count; i++) {
        news = news || mig__mailbox_find(&run->account.mailboxes, run->index.folders[i].wire) == NULL;
    }
    return news;
}

static int open_out(mig__export *run, mig_error *err)
{
    const mig_archive_options *options = run->options;
    mig__out_options out = {.path = run->path,
                            .replace = options->replace && !options->incremental,
                            .secret = options->secret,
                            .secret_context = options->secret_context};
    run->result->encrypted = options->secret != NULL;
    run->out = mig__out_open(&out, err);
    return run->out == NULL ? -1 : 0;
}

static int transfer(mig__export *run, mig__session **session, mig_error *err)
{
    if (put_directories(run, err) != 0) {
        return -1;
    }
    int failed = mig__export_read(run, session, err);
    mig__gate_close(&run->account.gate, session);
    if (failed == 0) {
        write_messages(run);
    }
    mig__pool_end(&run->pool);
    return failed;
}

static void sum_folders(mig__export *run)
{
    mig_archive_result *result = run->result;
    for (size_t i = 0; i < result->folder_count; i++) {
        const mig_archive_folder *folder = &result->folders[i];
        result->messages += folder->messages;
        result->bytes += folder->bytes;
        result->already += folder->already;
        result->flags_changed += folder->flags_changed;
        result->gone += folder->gone;
        result->skipped += folder->skipped;
        result->failed += folder->failed;
    }
}

static int work(mig__export *run, mig_error *err)
{
    mig__session *session = NULL;
    show_progress(run, "connecting");
    int failed = read_earlier(run, err);
    if (failed == 0 && run->result->part == 0) {
        failed = open_out(run, err); /* what cannot be written is told before the work */
    }
    failed = failed != 0 ? failed : mig__ledger_open(&run->ledger, run->directory, err);
    failed = failed != 0 ? failed : mig__account_open(&run->account, MIG__PATIENCE_FIRST, true, &session, err);
    failed = failed != 0 ? failed : mig__export_plan(run, session, err);
    failed = failed != 0 ? failed : mig__export_scan(run, &session, err);
    bool news = failed == 0 && is_news(run);
    if (failed == 0 && news && run->out == NULL) {
        failed = open_out(run, err);
    }
    if (failed == 0 && news) {
        failed = transfer(run, &session, err);
    }
    mig__gate_close(&run->account.gate, &session);
    sum_folders(run);
    if (failed != 0 || mig__export_stopping(run) || !news) {
        return failed;
    }
    show_progress(run, "finishing");
    failed = mig__export_finish(run, err);
    if (failed != 0 || mig__export_stopping(run)) {
        return failed;
    }
    free(run->result->file);
    run->result->file = mig__strdup(run->path);
    return mig__out_commit(&run->out, &run->result->file_bytes, err);
}

/* ---- the end ---- */

static void sum_up(mig__export *run)
{
    mig_archive_result *result = run->result;
    bool partial = result->failed > 0 || (result->not_scanned > 0 && !run->options->scan.optional);
    for (size_t i = 0; i < result->folder_count; i++) {
        partial = partial || result->folders[i].error != NULL;
    }
    for (size_t i = 0; i < result->problem_count; i++) {
        partial = partial || (result->problems[i].failed && result->problems[i].uid == 0); /* not looked at */
    }
    result->error = run->fatal;
    result->exit_status = run->fatal.code != MIG_OK ? mig_code_exit_status(run->fatal.code) : partial ? 1 : 0;
    result->status = result->exit_status == 130  ? MIG_INTERRUPTED
                     : run->fatal.code != MIG_OK ? MIG_FAILED
                     : partial                   ? MIG_PARTIAL
                                                 : MIG_COMPLETE;
    result->seconds = mig__now_seconds() - run->started;
    mig__stream_stats stats = {0};
    mig__gate_stats(&run->account.gate, &stats);
    result->round_trips = stats.waits;
    result->bytes_in = stats.octets_in;
    result->bytes_out = stats.octets_out;
    result->peak_rss = mig__peak_memory();
}

static void free_run(mig__export *run)
{
    mig__scanner_free(&run->scanner);
    mig__out_abandon(&run->out);
    while (run->first != NULL) {
        mig__parcel *next = run->first->next;
        mig__parcel_free(run->first);
        run->first = next;
    }
    for (size_t i = 0; i < run->folder_count; i++) {
        mig__export_folder *folder = &run->folders[i];
        free(folder->path);
        mig__selected_free(&folder->now);
        mig__uidset_free(&folder->reading.todo);
        mig__uidset_free(&folder->present);
        mig__keywords_free(&folder->keywords);
        free(folder->lines.entries);
    }
    free(run->folders);
    free(run->readings);
    mig__ledger_close(&run->ledger);
    mig__buffer_free(&run->files);
    mig__safe_names_free(&run->names);
    mig__index_free(&run->index);
    mig__account_clear(&run->account);
    free(run->directory);
    free(run->path);
    free(run->criteria);
    free(run->junk_criteria);
    pthread_cond_destroy(&run->changed);
    pthread_mutex_destroy(&run->lock);
}

mig_archive_result *mig_archive_export(const mig_archive_options *given, mig_error *err)
{
    mig_archive_options own;
    const mig_archive_options *options = &own;
    mig__export run;
    if (mig__sized_take(&own, sizeof own, given, "mig_archive_options", err) != 0) {
        return NULL;
    }
    if (options->source == NULL || options->path == NULL) {
        mig_error_set(err, MIG_E_USAGE, "a source and a file are needed");
        return NULL;
    }
    if (options->selection.maps != NULL || options->selection.labels != MIG_LABELS_ALL) {
        mig_error_set(err, MIG_E_USAGE, "an archive has the source's own folders: it takes no maps and no labels");
        return NULL;
    }
    if (init(&run, options, err) != 0) {
        free_run(&run);
        mig_archive_result_free(&run.result);
        return NULL;
    }
    mig_error error = MIG_ERROR_INIT;
    if (mig__export_watch(&run, &error) != 0 || work(&run, &error) != 0) {
        (void)mig__export_stopping(&run); /* that somebody asked for it goes before what it led to */
        mig__export_fail(&run, &error);
    }
    mig__export_unwatch(&run);
    if (run.fatal.code != MIG_OK) {
        free(run.result->file);
        run.result->file = mig__strdup("");
    }
    sum_up(&run);
    free_run(&run);
    return run.result;
}

void mig_archive_result_free(mig_archive_result **result)
{
    mig_archive_result *r = *result;
    if (r == NULL) {
        return;
    }
    for (size_t i = 0; i < r->folder_count; i++) {
        free(r->folders[i].name);
        free(r->folders[i].path);
        mig__error_forget(&r->folders[i].error);
    }
    for (size_t i = 0; i < r->problem_count; i++) {
        free(r->problems[i].folder);
        free(r->problems[i].text);
    }
    mig_scan_findings_free(r->scans, r->scan_count);
    free(r->folders);
    free(r->problems);
    free(r->source);
    free(r->file);
    free(r);
    *result = NULL;
}
