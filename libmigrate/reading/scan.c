/* reading/scan.c - EXAMINE and UID SEARCH of a mailbox, and the doubt whether that was all */
#include "reading/scan.h"
#include <string.h>

enum {
    MESSAGES_MOST = 50000000, /* nobody has a folder of so many; asking for each would take for ever */
    MESSAGES_GRACE = 10000    /* may have arrived since the server said how many there are */
};

static int on_search(const mig__response *response, void *context, mig_error *err)
{
    mig__scan *scan = context;
    if (response->kind == MIG__RESPONSE_EXISTS) {
        scan->now->exists = response->number;
    }
    scan->answered = scan->answered || response->kind == MIG__RESPONSE_SEARCH;
    bool named = response->kind == MIG__RESPONSE_SEARCH && response->uids != NULL;
    return named ? mig__uidset_add_all(scan->found, response->uids, err) : 0;
}

static int on_uid(const mig__response *response, void *context, mig_error *err)
{
    uint32_t uid = response->fetch.uid;
    return response->kind == MIG__RESPONSE_FETCH && uid > 0 ? mig__uidset_add(context, uid, uid, err) : 0;
}

int mig__scan_send(mig__session *session, mig__scan *scan, mig_error *err)
{
    scan->select = scan->search = NULL;
    scan->answered = scan->partial = false;
    mig__uidset_clear(scan->found);
    if (!scan->opened) {
        mig__selected_free(scan->now);
        if ((scan->select = mig__select(session, scan->mailbox, true, scan->now, err)) == NULL) {
            return -1;
        }
    }
    scan->search = mig__search(session, scan->criteria, on_search, scan, err);
    return scan->search == NULL ? -1 : 0;
}

static bool unconditional(const mig__scan *scan)
{
    return strcmp(scan->criteria, "ALL") == 0;
}

/* A server may name messages without end, which cost nothing to name and much to ask for. */
static int believe(const mig__scan *scan, mig_error *err)
{
    uint64_t named = mig__uidset_size(scan->found), exists = scan->now->exists;
    if (!scan->answered && !unconditional(scan)) { /* else EXISTS tells how many there must be */
        mig_error_set(err, MIG_E_PROTOCOL, "the server answers OK to a search and tells no result");
    } else if (named > MESSAGES_MOST || named > 2 * exists + MESSAGES_GRACE) {
        mig_error_set(err, MIG_E_BOUNDS, "the server says that there are %llu messages and names %llu",
                      (unsigned long long)exists, (unsigned long long)named);
    } else {
        return 0;
    }
    err->retry = MIG_RETRY_NEVER;
    return 1;
}

int mig__scan_wait(mig__session *session, mig__scan *scan, mig_error *err)
{
    mig_error opened = MIG_ERROR_INIT;
    mig__command_result result = {.error = MIG_ERROR_INIT};
    if ((scan->select != NULL && mig__command_settle(session, scan->select, &opened, err) != 0) ||
        mig__command_wait(session, scan->search, &result, err) != 0) {
        return -1;
    }
    scan->select = scan->search = NULL;
    mig_error searched = result.error;
    scan->partial = result.code == MIG__CODE_MESSAGELIMIT;
    mig__command_result_clear(&result);
    if (opened.code != MIG_OK || searched.code != MIG_OK) {
        *err = opened.code != MIG_OK ? opened : searched;
        return 1;
    }
    return believe(scan, err);
}

uint64_t mig__scan_hidden(const mig__scan *scan)
{
    uint64_t named = mig__uidset_size(scan->found);
    return unconditional(scan) && named < scan->now->exists ? scan->now->exists - named : 0;
}

/* It is not the last mailbox that was opened. */
static int open_again(mig__session *session, const mig__scan *scan, mig_error *err)
{
    mig__selected again = {0};
    int outcome = mig__command_outcome(session, mig__select(session, scan->mailbox, true, &again, err), err);
    mig__selected_free(&again);
    return outcome;
}

int mig__scan_complete(mig__session *session, mig__scan *scan, mig_error *err)
{
    int outcome = scan->partial || mig__scan_hidden(scan) > 0 ? open_again(session, scan, err) : 0;
    bool limited = scan->partial || mig__session_can(session, MIG__CAP_MESSAGELIMIT);
    if (outcome == 0 && limited && (scan->partial || mig__scan_hidden(scan) > 0)) {
        outcome = mig__search_rest(session, scan->criteria, scan->found, on_search, scan, err);
    }
    if (outcome == 0 && mig__scan_hidden(scan) > 0) {
        mig__uidset all = MIG__UIDSET_INIT;
        outcome = mig__uidset_add(&all, 1, UINT32_MAX, err);
        mig__command *fetch = outcome != 0 ? NULL : mig__fetch(session, &all, 0, 0, on_uid, scan->found, err);
        outcome = mig__command_outcome(session, fetch, err);
        mig__uidset_free(&all);
    }
    return outcome;
}

void mig__scan_hidden_error(const mig__scan *scan, const char *place, mig_error *err)
{
    mig_error_set(err, MIG_E_PROTOCOL, "the server says that %s holds %u messages and shows %llu", place,
                  scan->now->exists, (unsigned long long)mig__uidset_size(scan->found));
    mig_error_hint(err, "run again; if it stays so, the server hides messages: look at the folder there");
}
