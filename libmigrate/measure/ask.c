/* measure/ask.c - what a server says of itself when it is asked: ID, NAMESPACE, quota; and how long it takes to answer
 */
#include "imap/command.h"
#include "inventory/quota.h"
#include "measure/measure.h"
#include <stdlib.h>

enum { ROUND_TRIPS = 5 };

typedef struct words {
    mig__response_kind kind;
    mig__buffer text;
} words;

static int take_words(const mig__response *response, void *context, mig_error *err)
{
    words *w = context;
    (void)err;
    if (response->kind == w->kind && response->words_text != NULL && w->text.length == 0) {
        mig__buffer_add_text(&w->text, response->words_text);
    }
    return 0;
}

/* The words of the one answer; *out stays NULL when it is refused or says nothing. */
static int ask_words(mig__measure *m, const char *command, mig__response_kind kind, char **out, mig_error *err)
{
    words w = {.kind = kind, .text = MIG__BUFFER_INIT};
    mig_error why = MIG_ERROR_INIT;
    mig__command *sent = mig__command_begin(m->session, command, take_words, &w, err);
    sent = sent != NULL && mig__command_end(sent, err) == 0 ? sent : NULL;
    const int failed = mig__command_settle(m->session, sent, &why, err);
    if (failed == 0 && w.text.length > 0) {
        *out = mig__buffer_steal(&w.text);
    }
    mig__buffer_free(&w.text);
    return failed;
}

static int on_quota(const mig__response *response, void *context, mig_error *err)
{
    (void)err;
    if (response->kind == MIG__RESPONSE_QUOTA) {
        mig__quota_add(context, response->words_text);
    }
    return 0;
}

static int ask_quota(mig__measure *m, mig_error *err)
{
    mig_error why = MIG_ERROR_INIT;
    mig__command *command = mig__command_begin(m->session, "GETQUOTAROOT", on_quota, &m->result->quota, err);
    if (command != NULL) {
        mig__command_mailbox(command, "INBOX");
        command = mig__command_end(command, err) == 0 ? command : NULL;
    }
    return mig__command_settle(m->session, command, &why, err);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static int time_round_trips(mig__measure *m, mig_error *err)
{
    double each[ROUND_TRIPS];
    for (int i = 0; i < ROUND_TRIPS; i++) {
        const double since = mig__now_seconds();
        if (mig__command_simple(m->session, "NOOP", NULL, NULL, err) != 0) {
            return -1;
        }
        each[i] = 1000 * (mig__now_seconds() - since);
    }
    qsort(each, ROUND_TRIPS, sizeof each[0], by_size);
    m->result->round_trip_ms[0] = each[0];
    m->result->round_trip_ms[1] = each[ROUND_TRIPS / 2];
    return 0;
}

int mig__measure_ask(mig__measure *m, mig_error *err)
{
    mig_measure_result *r = m->result;
    int failed = 0;
    if (mig__session_can(m->session, MIG__CAP_ID)) {
        failed = ask_words(m, "ID NIL", MIG__RESPONSE_ID, &r->id, err);
    }
    if (failed == 0 && mig__session_can(m->session, MIG__CAP_NAMESPACE)) {
        failed = ask_words(m, "NAMESPACE", MIG__RESPONSE_NAMESPACE, &r->namespaces, err);
    }
    if (failed == 0 && mig__session_can(m->session, MIG__CAP_QUOTA)) {
        failed = ask_quota(m, err);
    }
    return failed != 0 ? failed : time_round_trips(m, err);
}
