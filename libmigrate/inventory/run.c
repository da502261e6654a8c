/*
 * inventory/run.c - the story of a stock-taking: both logins at once, lists, map, quota, each folder, what does not fit
 */
#include "account/check.h"
#include "account/junk.h"
#include "account/notice.h"
#include "base/clock.h"
#include "base/kept.h"
#include "base/sized.h"
#include "inventory/job.h"
#include "inventory/quota.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

bool mig__inventory_stopping(const mig__inventory *run, mig_error *err)
{
    if (mig_stop_level(run->options->observer.stop) == 0) {
        return false;
    }
    mig_error_set(err, MIG_E_INTERRUPTED, "stopped before the end: asked to stop");
    mig_error_hint(err, "nothing was changed; run the same command again");
    return true;
}

void mig__inventory_progress(mig__inventory *run)
{
    const mig_inventory_options *options = run->options;
    if (options->observer.progress == NULL) {
        return;
    }
    mig_progress progress = {.account = run->account->sides[MIG_SOURCE].label,
                             .phase = run->phase,
                             .folder = run->folder,
                             .messages_total = run->narrowed ? 0 : run->account->sides[MIG_SOURCE].messages,
                             .seconds = mig__now_seconds() - run->started};
    for (size_t i = 0; i < run->account->folder_count; i++) {
        const mig_inventory_folder *folder = &run->account->folders[i];
        progress.messages_done += folder->examined ? folder->messages : 0;
    }
    options->observer.progress(&progress, options->observer.context);
}

static void begin_phase(mig__inventory *run, const char *phase)
{
    run->phase = phase;
    run->folder = "";
    mig__inventory_progress(run);
}

/* ---- each side ---- */

static int on_quota(const mig__response *response, void *context, mig_error *err)
{
    (void)err;
    if (response->kind == MIG__RESPONSE_QUOTA && response->words_text != NULL) {
        mig__quota_add(context, response->words_text);
    }
    return 0;
}

/* RFC 9208 section 4.1.2. A server that refuses tells nothing: that is no failure. */
static int ask_quota(mig__session *session, void *context, mig_error *err)
{
    mig_quota *quota = context;
    *quota = (mig_quota){.known = false};
    if (!mig__session_can(session, MIG__CAP_QUOTA)) {
        return 0;
    }
    mig__command *command = mig__command_begin(session, "GETQUOTAROOT", on_quota, quota, err);
    if (command == NULL) {
        return -1;
    }
    mig__command_mailbox(command, "INBOX");
    return mig__command_outcome(session, mig__command_end(command, err) == 0 ? command : NULL, err);
}

/* What there is to say of a side, once it was listed. */
static int take_side(mig_side side, mig__session **session, void *context, mig_error *err)
{
    mig__inventory *run = context;
    mig_inventory_side *out = &run->account->sides[side];
    mig__account *account = &run->sides[side];
    mig__buffer words = MIG__BUFFER_INIT;
    mig__session_capabilities(*session, &words);
    out->append_limit = mig__session_append_limit(*session);
    out->provider = account->profile.provider;
    out->provider_reason = account->profile.reason;
    if ((out->capabilities = mig__buffer_steal(&words)) == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    out->bytes_known = mig__session_can(*session, MIG__CAP_STATUS_SIZE);
    for (size_t i = 0; i < account->mailboxes.count; i++) {
        const mig__mailbox *mailbox = &account->mailboxes.items[i];
        if (mailbox->owner != MIG__OWNER_SELF && !run->options->selection.shared) {
            continue;
        }
        out->folders++;
        out->messages += mailbox->messages;
        out->bytes += mailbox->size;
        out->bytes_known = out->bytes_known && (mailbox->has_status || !mig__sides_selectable(mailbox));
    }
    if (side == MIG_TARGET) {
        return mig__gate_ask(&account->gate, session, ask_quota, &out->quota, err) < 0 ? -1 : 0;
    }
    return 0;
}

static int start_both(mig__inventory *run, mig_error *err)
{
    const mig__pair_opening how = {
        .patience = MIG__PATIENCE_FIRST, .status = true, .opened = take_side, .context = run};
    return mig__pair_open(run->sides, &how, run->sessions, err);
}

/* ---- folders ---- */

static char *copy_text(const char *text)
{
    return mig__strdup(text != NULL ? text : "");
}

static int add_folder(mig__inventory *run, size_t source, const mig__map_entry *entry, mig_error *err)
{
    mig_inventory_account *account = run->account;
    const mig__mailbox *mailbox = &run->sides[MIG_SOURCE].mailboxes.items[source];
    mig_inventory_folder *folder = &account->folders[account->folder_count];
    run->order[account->folder_count++] = source;
    folder->name = copy_text(mailbox->name);
    folder->role = entry != NULL ? entry->role : mailbox->role;
    folder->messages = mailbox->messages;
    folder->unseen = mailbox->unseen;
    folder->bytes = mailbox->size;
    folder->has_bytes =
        (account->sides[MIG_SOURCE].bytes_known && mailbox->has_status) || !mig__sides_selectable(mailbox);
    if (mailbox->status_failed) {
        mig_error why;
        mig_error_set(&why, MIG_E_NO, "the server does not tell about '%s': %s", mailbox->name,
                      mailbox->problem != NULL ? mailbox->problem : "");
        mig__error_keep(&folder->error, &why);
    }
    bool failed = folder->name == NULL;
    if (entry != NULL) {
        folder->target = copy_text(entry->target);
        folder->note = entry->left_out_by_rule ? NULL : mig__strdup(entry->note);
        failed = failed || folder->target == NULL ||
                 (entry->note != NULL && !entry->left_out_by_rule && folder->note == NULL);
    }
    return failed ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
}

static int take_notice(const mig_error *what, bool failed, void *context, mig_error *err)
{
    mig__inventory *run = context;
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    run->overlooked = run->overlooked || failed;
    return mig__inventory_obstacle(run, "", what->code, failed, "%s", mig_error_line(what, line, sizeof line)) == 0
               ? 0
               : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int make_folders(mig__inventory *run, mig_error *err)
{
    const mig_inventory_options *options = run->options;
    const mig__mailbox_list *source = &run->sides[MIG_SOURCE].mailboxes;
    const mig__map_rules rules = mig__pair_rules(&options->selection);
    bool with_target = options->target != NULL;
    size_t most = source->count > 0 ? source->count : 1;
    run->account->folders = calloc(most, sizeof *run->account->folders);
    run->order = calloc(most, sizeof *run->order);
    run->choices = calloc(most, sizeof *run->choices);
    run->existing = calloc(most, sizeof *run->existing);
    run->copied = calloc(most, sizeof *run->copied);
    if (run->account->folders == NULL || run->order == NULL || run->choices == NULL || run->existing == NULL ||
        run->copied == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    const mig__profile *from = &run->sides[MIG_SOURCE].profile;
    if (mig__pair_map(run->sides, &options->selection, &run->map, err) != 0 ||
        mig__labels_make(&run->labels, &run->map, source, err) != 0 ||
        mig__notice_lists(source, with_target ? &run->sides[MIG_TARGET].mailboxes : NULL, &rules, take_notice, run,
                          err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < run->map.count; i++) {
        const mig__map_entry *entry = &run->map.entries[i];
        bool unwanted = entry->target == NULL && entry->left_out_by_rule;
        if (!with_target && unwanted) {
            continue;
        }
        run->existing[run->account->folder_count] = entry->existing;
        run->choices[run->account->folder_count].rest = entry->rest;
        if (from->labels && options->selection.labels == MIG_LABELS_FIRST && !entry->rest) {
            run->choices[run->account->folder_count] = (mig__label_choice){.before = &run->labels, .place = i};
        }
        if (add_folder(run, entry->source, with_target ? entry : NULL, err) != 0) {
            return -1;
        }
        if (!with_target) {
            run->account->folders[run->account->folder_count - 1].role = entry->role;
        }
    }
    return 0;
}

static void sum_up_folders(mig__inventory *run)
{
    mig_inventory_account *account = run->account;
    account->bytes_known = true;
    for (size_t i = 0; i < account->folder_count; i++) {
        const mig_inventory_folder *folder = &account->folders[i];
        if ((folder->target != NULL && folder->target[0] == '\0') ||
            !mig__sides_selectable(&run->sides[MIG_SOURCE].mailboxes.items[run->order[i]])) {
            continue;
        }
        if (!folder->examined && run->choices[i].rest) {
            continue; /* most of it stands in other folders: how much was not asked for */
        }
        account->messages += folder->messages;
        account->bytes += folder->bytes;
        account->copied_messages += run->copied[i].messages;
        account->copied_bytes += run->copied[i].octets;
        account->bytes_known = account->bytes_known && folder->has_bytes;
        account->role_messages[folder->role] += folder->messages;
        account->role_bytes[folder->role] += folder->bytes;
        account->role_messages[MIG_ROLE_JUNK] += folder->junk_messages;
        account->role_bytes[MIG_ROLE_JUNK] += folder->junk_bytes;
    }
}

/* ---- the story ---- */

static int check_sides(const mig__inventory *run, mig_error *err)
{
    return run->options->force ? 0 : mig__pair_check(run->sides, run->sessions, false, run->copied_before, err);
}

/*
 * The check before a run needs sizes only to hold them against a quota, and has them already where STATUS tells; so has
 * a quick stock-taking. No server counts by dates: then each message that they select is looked at. And where all of
 * the mail would be too much, but the largest is to be left out, nothing is refused before that was looked at.
 */
static bool wants_survey(const mig__inventory *run)
{
    const mig_inventory_account *account = run->account;
    if (run->options->depth != MIG_INVENTORY_CHECK && run->options->depth != MIG_INVENTORY_QUICK) {
        return true;
    }
    bool untold = run->options->depth == MIG_INVENTORY_CHECK && account->sides[MIG_TARGET].quota.limit > 0 &&
                  !account->sides[MIG_SOURCE].bytes_known;
    return untold || run->narrowed || (run->options->selection.max_size > 0 && mig__inventory_tight(run));
}

static int work(mig__inventory *run, mig_error *err)
{
    begin_phase(run, "connecting");
    if (mig__inventory_recall(run, err) != 0 || start_both(run, err) != 0 || check_sides(run, err) != 0 ||
        make_folders(run, err) != 0 || mig__inventory_recall_copied(run, err) != 0) {
        return -1;
    }
    begin_phase(run, "counting");
    if ((wants_survey(run) && mig__inventory_survey(run, err) != 0) || mig__inventory_keywords(run, err) != 0 ||
        mig__inventory_stopping(run, err)) {
        return -1;
    }
    sum_up_folders(run);
    mig__inventory_forecast(run);
    return mig__inventory_fit(run, err);
}

static void init_side(mig__inventory *run, mig_side which)
{
    const mig_inventory_options *options = run->options;
    bool source = which == MIG_SOURCE;
    const mig__account_options side = {.endpoint = source ? options->source : options->target,
                                       .provider = options->providers[which],
                                       .log = &options->observer.log,
                                       .stop = options->observer.stop,
                                       .meant = source ? &options->selection : NULL,
                                       .labels_as_keywords = source && options->selection.labels == MIG_LABELS_KEYWORD,
                                       .kept = options->effort.kept,
                                       .patience_ms = options->effort.patience_ms};
    mig__account_init(&run->sides[which], &side);
}

/* What is selected, in words. */
static void add_words(mig__buffer *out, const mig_selection *selection)
{
    const char *before = "";
    const char *const dates[][2] = {{"since ", selection->since}, {"before ", selection->before}};
    for (size_t i = 0; i < 2; i++) {
        if (dates[i][1] != NULL) {
            mig__buffer_addf(out, "%s%s%s", before, dates[i][0], dates[i][1]);
            before = ", ";
        }
    }
    if (selection->junk.what == MIG_JUNK_SKIP) {
        mig__buffer_addf(out, "%swithout junk", before);
    } else if (selection->junk.what == MIG_JUNK_MAX_AGE) {
        mig__buffer_addf(out, "%swithout junk older than %u days", before, selection->junk.days);
    }
}

static int make_criteria(mig__inventory *run, mig_error *err)
{
    const mig_selection *selection = &run->options->selection;
    mig__buffer words = MIG__BUFFER_INIT;
    char *criteria[2];
    int failed = mig__junk_both(selection, criteria, err);
    run->criteria = criteria[0];
    run->junk_criteria = criteria[1];
    run->narrowed = selection->since != NULL || selection->before != NULL || mig__junk_narrows(selection);
    if (failed == 0 && run->narrowed) {
        add_words(&words, selection);
        failed = (run->account->selected = mig__buffer_steal(&words)) != NULL
                     ? 0
                     : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    mig__buffer_free(&words);
    return failed;
}

static int init(mig__inventory *run, const mig_inventory_options *options, mig_error *err)
{
    char label[320];
    *run = (mig__inventory){.options = options, .phase = "connecting", .folder = "", .started = mig__now_seconds()};
    run->result = calloc(1, sizeof *run->result);
    mig_inventory_account *account = calloc(1, sizeof *account);
    if (run->result == NULL || account == NULL) {
        free(account);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    run->account = run->result->accounts = account;
    run->result->account_count = 1;
    run->result->depth = options->depth;
    run->result->started = mig__wall_seconds();
    account->sides[MIG_SOURCE].label = mig__strdup(mig_endpoint_label(options->source, label, sizeof label));
    bool failed = account->sides[MIG_SOURCE].label == NULL;
    if (make_criteria(run, err) != 0) {
        return -1;
    }
    if (options->target != NULL) {
        account->sides[MIG_TARGET].label = mig__strdup(mig_endpoint_label(options->target, label, sizeof label));
        failed = failed || account->sides[MIG_TARGET].label == NULL;
    }
    if (failed) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    init_side(run, MIG_SOURCE);
    init_side(run, MIG_TARGET);
    return 0;
}

static void finish(mig__inventory *run, const mig_error *error)
{
    mig_inventory_account *account = run->account;
    bool partial = run->overlooked;
    for (size_t i = 0; i < account->folder_count; i++) {
        partial = partial || account->folders[i].error != NULL;
        account->scanned += account->folders[i].scanned;
        account->infected += account->folders[i].infected;
        account->not_scanned += account->folders[i].not_scanned;
    }
    partial = partial || (account->not_scanned > 0 && !run->options->scan.optional);
    account->error = *error;
    account->status = error->code == MIG_E_INTERRUPTED ? MIG_INTERRUPTED
                      : error->code != MIG_OK          ? MIG_FAILED
                      : partial                        ? MIG_PARTIAL
                                                       : MIG_COMPLETE;
    run->result->status = account->status;
    run->result->exit_status = error->code != MIG_OK ? mig_code_exit_status(error->code) : partial ? 1 : 0;
    run->result->seconds = account->seconds = mig__now_seconds() - run->started;
}

static int check_options(const mig_inventory_options *options, mig_error *err)
{
    if (options->source == NULL) {
        return mig_error_set(err, MIG_E_USAGE, "a source is needed");
    }
    for (int side = 0; side < 2; side++) {
        if (options->providers[side] != NULL && mig_provider_find(options->providers[side]) == NULL) {
            return mig_error_set(err, MIG_E_USAGE, "there is no profile of a provider '%s'", options->providers[side]);
        }
    }
    return options->target == NULL || options->force
               ? 0
               : mig__sides_check_endpoints(options->source, options->target, err);
}

mig_inventory_result *mig_inventory_run(const mig_inventory_options *given, mig_error *err)
{
    mig_inventory_options own;
    const mig_inventory_options *options = &own;
    mig__inventory run;
    mig__stream_stats stats = {0};
    mig_error error = MIG_ERROR_INIT;
    if (mig__sized_take(&own, sizeof own, given, "mig_inventory_options", err) != 0) {
        return NULL;
    }
    if (check_options(options, err) != 0) {
        return NULL;
    }
    if (init(&run, options, err) != 0) {
        free(run.criteria);
        free(run.junk_criteria);
        mig_inventory_result_free(&run.result);
        return NULL;
    }
    if (work(&run, &error) != 0 && error.code == MIG_OK) {
        mig_error_set(&error, MIG_E_INTERNAL, "the stock-taking failed without a reason");
    }
    for (int side = 0; side < 2; side++) {
        mig__gate_close(&run.sides[side].gate, &run.sessions[side]);
    }
    mig__pair_stats(run.sides, &stats);
    mig__account_clear(&run.sides[MIG_SOURCE]);
    mig__account_clear(&run.sides[MIG_TARGET]);
    run.result->round_trips = stats.waits;
    run.result->bytes_in = stats.octets_in;
    run.result->bytes_out = stats.octets_out;
    mig__map_free(&run.map);
    mig__state_folders_free(&run.known, run.known_count);
    mig__state_close(&run.state, NULL);
    mig__labels_free(&run.labels);
    free(run.choices);
    free(run.copied);
    free(run.criteria);
    free(run.junk_criteria);
    free(run.existing);
    free(run.order);
    finish(&run, &error);
    return run.result;
}
