/*
 * inventory/survey.c - EXAMINE, UID SEARCH and UID FETCH of each folder: size, date and flags, in ranges of UIDs
 *
 * With dates in the selection the SEARCH has them, so that what is counted is what a copy would take.
 * What comes back is counted at once and kept nowhere, so that memory does not grow with the mailbox.
 */
#include "account/junk.h"
#include "inventory/content.h"
#include "base/kept.h"
#include "base/retry.h"
#include "inventory/job.h"
#include "inventory/shown.h"
#include "reading/scan.h"
#include <string.h>

enum {
    UIDS_AT_ONCE = 1000, /* in one FETCH: a cut costs little, and servers with RFC 9738 allow as many */
    IN_FLIGHT = 4,       /* commands: enough to hide a long line */
    HALVES_MOST = 200    /* FETCHes that look for the messages that a refusal is about */
};

typedef struct survey {
    mig__inventory *run;
    mig__stock stock;
    mig__content content;
    bool with_content;
    mig__shown *shown;  /* NULL: no scanner is asked */
    size_t line_length; /* longer ones are counted; 0: none */
    const mig__mailbox *mailbox;
    mig_inventory_folder *folder;
    mig__uidset uids;
    mig__uidset seen; /* what was told of */
    mig_error hidden; /* messages that the server does not name, or tells nothing of */
} survey;

/* ---- what the server answers ---- */

static int content_begin(uint64_t size, void *context, mig_error *err)
{
    survey *s = context;
    mig__content_begin(&s->content);
    return s->shown != NULL ? mig__shown_begin(s->shown, size, err) : 0;
}

static int content_data(const char *octets, size_t length, void *context, mig_error *err)
{
    survey *s = context;
    mig__content_add(&s->content, octets, length);
    return s->shown != NULL ? mig__shown_add(s->shown, octets, length, err) : 0;
}

static void add_content(survey *s)
{
    mig_inventory_folder *folder = s->stock.folder;
    mig__content_end(&s->content);
    folder->with_nul += s->content.nul;
    folder->bare_newline += s->content.bare_newline;
    folder->long_lines += s->line_length > 0 && s->content.longest > s->line_length;
}

static int on_fetch(const mig__response *response, void *context, mig_error *err)
{
    survey *s = context;
    const mig__fetch_item *fetch = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH || !fetch->has_size) {
        return 0; /* unsolicited flags, or odd */
    }
    mig__stock_item item = {.size = fetch->size,
                            .has_date = fetch->internaldate.valid,
                            .date = fetch->internaldate.utc,
                            .flags = fetch->flags};
    mig__stock_add(&s->stock, &item);
    if (mig__uidset_add(&s->seen, fetch->uid, fetch->uid, err) != 0) {
        return -1;
    }
    if (fetch->body == MIG__BODY_GIVEN) {
        add_content(s);
        return s->shown != NULL ? mig__shown_end(s->shown, s->folder, fetch->uid, err) : 0;
    }
    return 0;
}

/* ---- one folder ---- */

static int search_folder(survey *s, mig__session *session, const mig__mailbox *mailbox, const char *criteria,
                         uint32_t *uidvalidity, mig_error *err)
{
    mig__selected selected = {0};
    mig__scan scan = {.mailbox = mailbox->wire, .criteria = criteria, .now = &selected, .found = &s->uids};
    int outcome = mig__scan_send(session, &scan, err);
    outcome = outcome != 0 ? outcome : mig__scan_wait(session, &scan, err);
    outcome = outcome != 0 ? outcome : mig__scan_complete(session, &scan, err);
    *uidvalidity = selected.uidvalidity;
    if (outcome == 0 && mig__scan_hidden(&scan) > 0) {
        mig__scan_hidden_error(&scan, "the folder", &s->hidden);
    }
    mig__selected_free(&selected);
    return outcome;
}

static const char *criteria_of(const mig__inventory *run, const mig__mailbox *mailbox)
{
    return mig__junk_folder(mailbox) ? run->junk_criteria : run->criteria;
}

/* STATUS counts the unseen ones of the whole mailbox: of a part of it the server is asked. */
static int count_unseen(survey *s, mig__session *session, const mig__mailbox *mailbox, mig_inventory_folder *folder,
                        mig_error *err)
{
    mig__buffer criteria = MIG__BUFFER_INIT;
    uint32_t uidvalidity = 0;
    mig__buffer_addf(&criteria, "%s UNSEEN", criteria_of(s->run, mailbox));
    int result = mig__buffer_ok(&criteria, err);
    result = result != 0 ? result : search_folder(s, session, mailbox, criteria.data, &uidvalidity, err);
    folder->unseen = result == 0 ? mig__uidset_size(&s->uids) : 0;
    mig__buffer_free(&criteria);
    return result;
}

/* The UIDs that are meant. */
static int open_folder(survey *s, mig__session *session, const mig__mailbox *mailbox, mig_inventory_folder *folder,
                       uint32_t *uidvalidity, mig_error *err)
{
    mig__inventory *run = s->run;
    size_t index = (size_t)(folder - run->account->folders);
    int result = 0;
    if (run->narrowed && run->options->depth != MIG_INVENTORY_CHECK) { /* the check shows no unseen ones */
        result = count_unseen(s, session, mailbox, folder, err);
    }
    result = result != 0 ? result : search_folder(s, session, mailbox, criteria_of(run, mailbox), uidvalidity, err);
    result = result != 0 ? result : mig__labels_choose(session, mailbox->wire, &run->choices[index], &s->uids, err);
    return result != 0 || !run->narrowed ? result
                                         : mig__inventory_known_among(run, index, mailbox, *uidvalidity, &s->uids, err);
}

static mig__command *send_fetch(survey *s, mig__session *session, const mig__uidset *part, mig_error *err)
{
    unsigned items = MIG__FETCH_FLAGS | MIG__FETCH_DATE | MIG__FETCH_SIZE | (s->with_content ? MIG__FETCH_BODY : 0);
    return mig__fetch(session, part, items, 0, on_fetch, s, err);
}

/* Refused for good, and not for something that is the whole folder's: one message may have spoilt the command. */
static bool may_be_a_message(const mig_error *refused)
{
    return !mig__retry_wanted(refused) && refused->scope == MIG_SCOPE_MESSAGE;
}

static void note_untold(survey *s, uint32_t uid, const mig_error *refused)
{
    s->hidden = *refused;
    mig_error_context(&s->hidden, "message %u tells nothing of itself", uid);
}

/* Of what a refused command did not bring: in halves, until the message that is refused stands alone; it is named. */
static int fetch_halves(survey *s, mig__session *session, const mig__uidset *left, unsigned *attempts, mig_error *err)
{
    mig__uidset rest = MIG__UIDSET_INIT, half = MIG__UIDSET_INIT;
    int result = mig__uidset_copy(&rest, left, err);
    uint64_t size = mig__uidset_size(left);
    while (result == 0 && rest.count > 0) {
        result = mig__uidset_take(&rest, size > 1 ? (size + 1) / 2 : 1, &half, err) <= 0 || (*attempts)-- == 0
                     ? -1
                     : mig__command_outcome(session, send_fetch(s, session, &half, err), err);
        if (result > 0 && may_be_a_message(err) && mig__uidset_size(&half) == 1) {
            note_untold(s, half.ranges[0].first, err);
            result = 0;
        } else if (result > 0 && may_be_a_message(err)) {
            result = mig__uidset_subtract(&half, &s->seen, err);
            result = result != 0 ? result : fetch_halves(s, session, &half, attempts, err);
        }
    }
    mig__uidset_free(&rest);
    mig__uidset_free(&half);
    return result;
}

static int fetch_refused(survey *s, mig__session *session, mig__uidset *left, const mig_error *refused, mig_error *err)
{
    unsigned attempts = HALVES_MOST;
    int result = mig__uidset_subtract(left, &s->seen, err);
    if (result == 0 && left->count > 0) {
        result = fetch_halves(s, session, left, &attempts, err);
        if (result < 0 && attempts > HALVES_MOST) { /* too many: it is the folder */
            *err = *refused;
            result = 1;
        }
    }
    return result;
}

static int fetch_all(survey *s, mig__session *session, mig_error *err)
{
    mig__command *commands[IN_FLIGHT];
    size_t sent = 0, done = 0;
    int result = 0;
    mig_error refused = MIG_ERROR_INIT;
    mig__uidset part = MIG__UIDSET_INIT, asked = MIG__UIDSET_INIT;
    mig__uidset_clear(&s->seen);
    result = mig__uidset_copy(&asked, &s->uids, err);
    while (result == 0 && (s->uids.count > 0 || done < sent)) {
        if (s->uids.count > 0 && sent - done < IN_FLIGHT) {
            int64_t taken = mig__uidset_take(&s->uids, UIDS_AT_ONCE, &part, err);
            mig__command *command = taken <= 0 ? NULL : send_fetch(s, session, &part, err);
            result = command == NULL ? -1 : 0;
            commands[sent % IN_FLIGHT] = command;
            sent += command != NULL;
            continue;
        }
        result = mig__command_outcome(session, commands[done % IN_FLIGHT], err);
        if (result > 0 && may_be_a_message(err)) {
            refused = *err;
            result = 0;
        }
        done++;
        mig__inventory_progress(s->run);
        if (result == 0 && mig__inventory_stopping(s->run, err)) {
            result = -1;
        }
    }
    if (result == 0 && refused.code != MIG_OK) {
        result = fetch_refused(s, session, &asked, &refused, err);
    }
    mig__uidset_free(&part);
    mig__uidset_free(&asked);
    return result == 0 && s->shown != NULL ? mig__shown_finish(s->shown, s->folder, err) : result;
}

static int look_at_each(survey *s, mig__session *session, const mig__mailbox *mailbox, uint32_t uidvalidity,
                        mig_error *err)
{
    int result = 0;
    if (!s->with_content) {
        result = mig__inventory_known_some(s->run, &s->stock, mailbox, uidvalidity, &s->uids, err);
    }
    result = result != 0 ? result : fetch_all(s, session, err);
    return result == 0 && mig__stock_end(&s->stock, s->run->account, err) != 0 ? -1 : result;
}

static int survey_folder(mig__session *session, void *context, mig_error *err)
{
    survey *s = context;
    const mig__body_sink sink = {content_begin, content_data, s};
    uint32_t uidvalidity = 0;
    if (mig__inventory_stopping(s->run, err)) {
        return -1;
    }
    mig__session_set_sink(session, &sink);
    s->hidden.code = MIG_OK;
    if (s->shown != NULL) {
        mig__shown_forget(s->shown, s->folder);
    }
    mig__stock_begin(&s->stock, s->folder, mig__inventory_limit(s->run));
    int outcome = open_folder(s, session, s->mailbox, s->folder, &uidvalidity, err);
    outcome = outcome != 0 ? outcome : look_at_each(s, session, s->mailbox, uidvalidity, err);
    if (outcome != 0) { /* answers still to come have nobody to go to */
        mig__command_abandon(session);
    }
    mig__session_set_sink(session, NULL);
    return outcome;
}

static void keep_error(mig_inventory_folder *folder, const mig_error *error)
{
    mig_error why = *error;
    mig_error_context(&why, "looking at '%s'", folder->name);
    mig__error_keep(&folder->error, &why);
}

/* 0, 1 when that one folder could not be looked at, -1 when nothing can. */
static int survey_patiently(survey *s, const mig__mailbox *mailbox, mig_inventory_folder *folder, mig_error *err)
{
    mig__inventory *run = s->run;
    if (mailbox->closes) {
        mig_error_set(err, MIG_E_CLOSED, "the server ends the connection when asked about it: %s", mailbox->problem);
        return 1;
    }
    s->mailbox = mailbox;
    s->folder = folder;
    int outcome = mig__gate_ask(&run->sides[MIG_SOURCE].gate, &run->sessions[MIG_SOURCE], survey_folder, s, err);
    if (outcome == 0 && s->hidden.code != MIG_OK) {
        keep_error(folder, &s->hidden);
    }
    return outcome;
}

/* What the list said of it stands, unless that is more than was asked for; the rest is unknown. */
static void give_up(survey *s, const mig__mailbox *mailbox, mig_inventory_folder *folder, const mig_error *error)
{
    bool whole = !s->run->narrowed;
    mig__stock_begin(&s->stock, folder, 0);
    keep_error(folder, error);
    folder->messages = whole ? mailbox->messages : 0;
    folder->bytes = whole ? mailbox->size : 0;
    folder->has_bytes = mailbox->messages == 0 || (whole && mailbox->size > 0);
}

/* 1: the state tells all of it. */
static int survey_from_state(survey *s, const mig__mailbox *mailbox, mig_inventory_folder *folder, mig_error *err)
{
    const mig__label_choice *choice = &s->run->choices[folder - s->run->account->folders];
    if (s->with_content || s->run->narrowed || choice->rest || choice->before != NULL) {
        return 0;
    }
    mig__stock_begin(&s->stock, folder, mig__inventory_limit(s->run));
    int known = mig__inventory_known_whole(s->run, &s->stock, mailbox, err);
    return known == 1 && mig__stock_end(&s->stock, s->run->account, err) != 0 ? -1 : known;
}

int mig__inventory_survey(mig__inventory *run, mig_error *err)
{
    survey s = {.run = run, .with_content = run->options->depth == MIG_INVENTORY_CONTENT};
    const mig_provider *provider = run->account->sides[MIG_TARGET].provider;
    int result = 0;
    if (s.with_content && run->options->scan.scanner != NULL && (s.shown = mig__shown_new(run, err)) == NULL) {
        return -1;
    }
    run->account->shown = s.shown != NULL;
    s.line_length = provider != NULL ? provider->line_length : 0;
    for (size_t i = 0; i < run->account->folder_count && result >= 0; i++) {
        mig_inventory_folder *folder = &run->account->folders[i];
        const mig__mailbox *mailbox = &run->sides[MIG_SOURCE].mailboxes.items[run->order[i]];
        bool left_out = folder->target != NULL && folder->target[0] == '\0';
        if (left_out || !mig__sides_selectable(mailbox)) {
            continue;
        }
        run->folder = folder->name;
        mig_error error = MIG_ERROR_INIT;
        int known = survey_from_state(&s, mailbox, folder, &error);
        result = known != 0 ? known : survey_patiently(&s, mailbox, folder, &error);
        if (known <= 0 && result != 0) {
            give_up(&s, mailbox, folder, &error);
            *err = error;
        }
    }
    mig__shown_free(&s.shown);
    mig__uidset_free(&s.uids);
    mig__uidset_free(&s.seen);
    mig__stock_free(&s.stock);
    return result < 0 ? -1 : 0;
}
