/* copy/screen.c - see screen.h */
#include "copy/screen.h"
#include "archive/keep.h"
#include "base/buffer.h"
#include "base/directory.h"
#include "base/crashpoint.h"
#include "copy/lanes.h"
#include "copy/settle.h"
#include "scanner/finding.h"
#include <stdlib.h>

typedef struct mig__screen {
    mig__scanner *scanner;
    char *quarantine;     /* the directory; NULL: nothing is put there */
    pthread_mutex_t lock; /* one message at a time goes there: two may have the same content */
    bool made;            /* [lock] the directory is there */
} screen;

mig__screened mig__screen_decide(const mig_scan *scan, mig_scan_verdict verdict)
{
    if (verdict == MIG_SCAN_CLEAN || scan->infected == MIG_INFECTED_REPORT) {
        return MIG__SCREEN_PASS;
    }
    if (verdict == MIG_SCAN_NOT_SCANNED) {
        return scan->optional ? MIG__SCREEN_PASS : MIG__SCREEN_FAIL;
    }
    return scan->infected == MIG_INFECTED_QUARANTINE ? MIG__SCREEN_QUARANTINE : MIG__SCREEN_SKIP;
}

bool mig__screen_releases(const mig_scan *scan)
{
    return scan->scanner != NULL && scan->infected == MIG_INFECTED_REPORT;
}

/* ---- beginning and end ---- */

static bool is_stopping(void *context)
{
    return mig__run_stopping(context);
}

static void tell_waiting(const mig_error *why, void *context)
{
    mig__run_log(context, MIG_LOG_WARNING, NULL, 0, why, "waiting for the virus scanner: %s", why->text);
}

int mig__screen_begin(mig__run *run, mig_error *err)
{
    const mig_copy_options *options = run->options;
    if (options->scan.scanner == NULL || options->dry_run) {
        return 0;
    }
    const mig__scanner_options how = {.scan = &options->scan,
                                      .patience_ms = options->effort.patience_ms,
                                      .stop = options->observer.stop,
                                      .stopping = is_stopping,
                                      .waiting = tell_waiting,
                                      .context = run};
    screen *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    pthread_mutex_init(&s->lock, NULL);
    run->screen = s;
    run->account->scan_optional = options->scan.optional;
    if ((s->scanner = mig__scanner_new(&how, err)) == NULL) {
        return -1;
    }
    if (options->scan.infected == MIG_INFECTED_QUARANTINE) {
        mig__buffer path = MIG__BUFFER_INIT;
        mig__buffer_addf(&path, "%s.quarantine", options->state_path);
        if ((s->quarantine = mig__buffer_steal(&path)) == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
    }
    return 0;
}

void mig__screen_end(mig__run *run)
{
    screen *s = run->screen;
    if (s != NULL) {
        mig__scanner_free(&s->scanner);
        pthread_mutex_destroy(&s->lock);
        free(s->quarantine);
        free(s);
        run->screen = NULL;
    }
}

/* ---- what is found ---- */

typedef struct found { /* a message, and what the scanner said of it */
    mig__run *run;
    mig__folder_job *job;
    const mig__transit *message;
    const mig__scanner_result *result;
    mig_scan_decision decision;
    char *kept; /* the archive; NULL: none */
} found;

/* In words, for the report and the record. */
static void describe(const found *f, mig_error *out)
{
    char date[MIG_SCAN_DATE];
    if (f->result->verdict == MIG_SCAN_NOT_SCANNED) {
        mig_error_set(out, MIG_E_UNSCANNED, "message %u of '%s' was not scanned: %s", f->message->uid,
                      f->job->source->name, f->result->name);
        mig_error_hint(out, "%s", mig__scanner_advice(f->result));
        return;
    }
    mig_error_set(out, MIG_E_INFECTED, "the virus scanner found %s in message %u of '%s'%s: %s%s", f->result->name,
                  f->message->uid, f->job->source->name, mig_scan_date(f->result->database, date),
                  f->decision == MIG_SCAN_COPIED        ? "copied all the same"
                  : f->decision == MIG_SCAN_QUARANTINED ? "not copied, and kept in "
                                                        : "not copied",
                  f->kept != NULL ? f->kept : "");
}

/* Into the result. Without memory for it the line of the problem has to do. [lock] */
static void add_finding(const found *f)
{
    const mig_scan_finding one = {.folder = f->job->source->name,
                                  .uid = f->message->uid,
                                  .verdict = f->result->verdict,
                                  .decision = f->decision,
                                  .name = (char *)f->result->name,
                                  .signatures = f->result->database,
                                  .kept = f->kept,
                                  .message_id = f->message->message_id,
                                  .subject = f->message->subject};
    mig__scanner_list(&f->run->account->scans, &f->run->account->scan_count, &one, NULL);
}

static int record(const found *f, const mig_error *words, mig_error *err)
{
    const mig__state_scanned scanned = {.raw = f->message->digest.raw,
                                        .verdict = f->result->verdict,
                                        .decision = f->decision,
                                        .name = f->result->name,
                                        .signatures = f->result->database,
                                        .at = mig__wall_seconds(),
                                        .kept = f->kept};
    if (mig__state_scanned_put(f->run->state, f->run->state_account, &scanned, err) != 0) {
        return -1;
    }
    if (f->decision == MIG_SCAN_COPIED) {
        return 0;
    }
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig__message message = mig__settle_record(f->message);
    message.code = words->code;
    message.text = mig_error_line(words, line, sizeof line);
    return mig__state_message_withheld(f->run->state, f->job->record.id, &message, err);
}

/* It is on disk when this returns 0; under the digest of its content, so that it is there once however often a run is
 * killed. */
static int put_aside(found *f, mig_error *err)
{
    screen *s = f->run->screen;
    char hex[MIG__HEX_SIZE];
    mig__buffer path = MIG__BUFFER_INIT;
    mig__buffer_addf(&path, "%s/%s.tar.zst", s->quarantine, mig__hex(f->message->digest.raw, hex));
    if ((f->kept = mig__buffer_steal(&path)) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    const mig__transit *message = f->message;
    const mig__account *source = &f->run->sides[MIG_SOURCE];
    const mig__keep keep = {.path = f->kept,
                            .source = source->label,
                            .prefix = source->mailboxes.prefix != NULL ? source->mailboxes.prefix : "",
                            .mailbox = f->job->source,
                            .uidvalidity = f->job->snapshot.uidvalidity,
                            .uid = message->uid,
                            .flags = message->flags,
                            .date = message->date,
                            .message_id = message->message_id != NULL ? message->message_id : "",
                            .octets = message->octets,
                            .fd = message->spool,
                            .size = message->size,
                            .sha256 = message->digest.raw};
    pthread_mutex_lock(&s->lock);
    int failed = s->made ? 0 : mig__make_directories(s->quarantine, err);
    s->made = failed == 0;
    failed = failed != 0 ? failed : mig__archive_keep(&keep, err);
    pthread_mutex_unlock(&s->lock);
    if (failed != 0) {
        mig_error_context(err, "putting message %u of '%s' into quarantine", message->uid, f->job->source->name);
        err->scope = MIG_SCOPE_RUN;
    }
    return failed;
}

static void count(const found *f, bool fails)
{
    mig_folder_result *result = f->job->result;
    bool said = f->result->verdict != MIG_SCAN_NOT_SCANNED;
    pthread_mutex_lock(&f->run->lock);
    result->scanned += said;
    result->infected += f->result->verdict == MIG_SCAN_INFECTED;
    result->withheld += f->decision != MIG_SCAN_COPIED;
    result->not_scanned += !said && !fails;
    if (f->result->verdict != MIG_SCAN_CLEAN && !fails) {
        add_finding(f);
    }
    pthread_mutex_unlock(&f->run->lock);
}

/* What follows for one message; *leaves: it is not sent. 0, or -1. */
static int settle(mig__run *run, mig__folder_job *job, mig__transit *message, const mig__scanner_result *result,
                  bool *leaves, mig_error *err)
{
    found f = {.run = run, .job = job, .message = message, .result = result, .decision = MIG_SCAN_COPIED};
    mig__screened what = mig__screen_decide(&run->options->scan, result->verdict);
    mig_error words = MIG_ERROR_INIT;
    int failed = 0;
    *leaves = what != MIG__SCREEN_PASS;
    message->screened = !*leaves;
    if (what == MIG__SCREEN_QUARANTINE) {
        f.decision = MIG_SCAN_QUARANTINED;
        failed = put_aside(&f, err);
        MIG__CRASH_POINT("quarantined");
    } else if (what == MIG__SCREEN_SKIP) {
        f.decision = MIG_SCAN_SKIPPED;
    }
    describe(&f, &words);
    if (failed == 0 && what == MIG__SCREEN_FAIL) {
        mig__settle_failed(run, job, message, &words);
    } else if (failed == 0 && result->verdict != MIG_SCAN_CLEAN) {
        failed = record(&f, &words, err);
        mig__run_problem(run, job, message->uid, false, &words);
    }
    if (failed == 0) {
        count(&f, what == MIG__SCREEN_FAIL);
    }
    free(f.kept);
    return failed;
}

/* ---- a batch ---- */

static void fill(const mig__batch *batch, mig__scanner_item *items)
{
    for (size_t i = 0; i < batch->count; i++) {
        const mig__transit *message = batch->messages[i];
        items[i] = (mig__scanner_item){
            .octets = message->octets, .fd = message->spool, .size = message->size, .done = message->screened};
    }
}

static int settle_all(mig__run *run, mig__batch *batch, const mig__scanner_item *items, bool *leaves, mig_error *err)
{
    bool any = false;
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < batch->count; i++) {
        if (!batch->messages[i]->screened) {
            failed = settle(run, batch->job, batch->messages[i], &items[i].result, &leaves[i], err);
            leaves[i] = leaves[i] && failed == 0;
        }
        any = any || leaves[i];
    }
    if (any) {
        mig__lanes_messages_done(run, batch, leaves);
    }
    return failed;
}

int mig__screen_batch(mig__run *run, mig__batch *batch, mig_error *err)
{
    if (run->screen == NULL || batch->count == 0) {
        return 0;
    }
    mig__scanner_item *items = calloc(batch->count, sizeof *items);
    bool *leaves = calloc(batch->count, sizeof *leaves);
    int failed = items == NULL || leaves == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    if (failed == 0) {
        fill(batch, items);
        failed = mig__scanner_look(run->screen->scanner, items, batch->count, err);
        failed = failed != 0 ? failed : settle_all(run, batch, items, leaves, err);
    }
    free(items);
    free(leaves);
    if (failed != 0 && err->code != MIG_E_INTERRUPTED) {
        mig__run_fail(run, err);
    }
    return failed;
}
