/* measure/measure.c - what an IMAP server can do and where its limits are: log in, ask, try, advise */
#include "measure/measure.h"
#include "base/sized.h"
#include "measure/advise.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAUSE_MS = 100 }; /* between two connections: a server that counts logins by time is not to be alarmed */

static int no_memory(mig_error *err)
{
    return mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static bool stopping(const mig__measure *m)
{
    return mig_stop_level(m->options->stop) > 0;
}

static int take_roles(mig__measure *m, mig_error *err)
{
    mig_measure_result *r = m->result;
    const mig__mailbox_list *list = &m->account.mailboxes;
    r->roles = calloc(list->count + 1, sizeof *r->roles);
    if (r->roles == NULL) {
        return no_memory(err);
    }
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].role != MIG_ROLE_NONE && list->items[i].role != MIG_ROLE_INBOX) {
            mig_measure_role *role = &r->roles[r->role_count++];
            *role = (mig_measure_role){.role = list->items[i].role, .folder = mig__strdup(list->items[i].name)};
            if (role->folder == NULL) {
                return no_memory(err);
            }
        }
    }
    return 0;
}

/* What the login and the list told. */
static int take_account(mig__measure *m, mig_error *err)
{
    mig_measure_result *r = m->result;
    mig__buffer words = MIG__BUFFER_INIT;
    const char *prefix = m->account.mailboxes.prefix;
    mig__session_capabilities(m->session, &words);
    r->capabilities = mig__buffer_steal(&words);
    r->prefix = mig__strdup(prefix != NULL ? prefix : "");
    if (r->capabilities == NULL || r->prefix == NULL) {
        return no_memory(err);
    }
    r->delimiter = m->account.mailboxes.delimiter;
    r->folders = m->account.mailboxes.count;
    r->append_limit = mig__session_append_limit(m->session);
    r->message_limit = mig__measure_number(r->capabilities, "MESSAGELIMIT=");
    r->save_limit = mig__measure_number(r->capabilities, "SAVELIMIT=");
    r->provider = m->account.profile.provider;
    r->provider_reason = m->account.profile.reason;
    return take_roles(m, err);
}

/* ---- connections ---- */

static int how_many(const mig__measure *m)
{
    const mig_provider *provider = m->result->provider;
    const int known = provider != NULL && provider->connections > 0 ? provider->connections : MIG_MEASURE_CONNECTIONS;
    return m->options->connections > 0       ? m->options->connections
           : known < MIG_MEASURE_CONNECTIONS ? known
                                             : MIG_MEASURE_CONNECTIONS;
}

/* One after the other, until one is refused; all but the first are closed again. */
static void try_connections(mig__measure *m)
{
    mig__session *more[MIG_MEASURE_CONNECTIONS] = {NULL};
    mig_measure_result *r = m->result;
    r->connections = 1;
    r->connections_tried = how_many(m);
    while (r->connections < r->connections_tried && !stopping(m)) {
        mig__sleep_ms(PAUSE_MS);
        more[r->connections] = mig__gate_open(&m->account.gate, MIG__PATIENCE_NONE, &r->connections_error);
        if (more[r->connections] == NULL) {
            break;
        }
        r->connections++;
    }
    for (int i = 1; i < r->connections; i++) {
        mig__gate_close(&m->account.gate, &more[i]);
    }
}

/* ---- from the beginning ---- */

static int work(mig__measure *m, mig_error *err)
{
    mig_measure_result *r = m->result;
    const double since = mig__now_seconds();
    if (mig__account_open(&m->account, MIG__PATIENCE_NONE, true, &m->session, err) != 0) {
        return -1;
    }
    r->login_ms = (int64_t)(1000 * (mig__now_seconds() - since));
    int failed = take_account(m, err) != 0 || mig__measure_ask(m, err) != 0 ? -1 : 0;
    if (failed == 0 && !stopping(m)) {
        failed = m->options->write ? mig__measure_write(m, err) : mig__measure_fetch(m, err);
    }
    if (failed == 0) { /* last: a server that is offended by it answers no more */
        try_connections(m);
    }
    return failed;
}

static int judge(mig__measure *m, mig_error *err)
{
    mig_measure_result *r = m->result;
    const bool failed = r->fetch.error.code != MIG_OK || r->append.error.code != MIG_OK || r->left_behind;
    r->interrupted = stopping(m);
    r->exit_status = r->interrupted ? mig_code_exit_status(MIG_E_INTERRUPTED) : failed ? 1 : 0;
    return mig__measure_advise(r, err);
}

static mig_measure_result *new_result(const mig_endpoint *endpoint, mig_error *err)
{
    char label[320];
    mig_measure_result *r = calloc(1, sizeof *r);
    if (r == NULL || (r->label = mig__strdup(mig_endpoint_label(endpoint, label, sizeof label))) == NULL) {
        free(r);
        no_memory(err);
        return NULL;
    }
    r->fetch.error = r->append.error = r->connections_error = (mig_error)MIG_ERROR_INIT;
    r->round_trip_ms[0] = r->round_trip_ms[1] = -1;
    return r;
}

mig_measure_result *mig_measure(const mig_measure_options *given, mig_error *err)
{
    mig_measure_options own;
    mig_error unheard = MIG_ERROR_INIT;
    err = err != NULL ? err : &unheard;
    if (mig__sized_take(&own, sizeof own, given, "mig_measure_options", err) != 0) {
        return NULL;
    }
    if (own.connections < 0 || own.connections > MIG_MEASURE_CONNECTIONS) {
        mig_error_set(err, MIG_E_USAGE, "from 1 to %d connections can be tried", MIG_MEASURE_CONNECTIONS);
        return NULL;
    }
    mig__measure m = {.options = &own, .result = new_result(own.endpoint, err)};
    if (m.result == NULL) {
        return NULL;
    }
    const mig__account_options account = {
        .endpoint = own.endpoint, .provider = own.provider, .log = &own.log, .stop = own.stop};
    mig__account_init(&m.account, &account);
    const int failed = work(&m, err) != 0 || judge(&m, err) != 0 ? -1 : 0;
    mig__gate_close(&m.account.gate, &m.session);
    mig__account_clear(&m.account);
    if (failed != 0) { /* what was left on the server must not be kept back */
        if (m.result->left_behind) {
            mig_error_hint(err, "the folder \"%s\" may still be there: remove it", m.result->append.where);
        }
        mig_measure_result_free(&m.result);
    }
    return m.result;
}

static void clear_rate(mig_measure_rate *rate)
{
    free(rate->where);
    free(rate->why);
}

void mig_measure_result_free(mig_measure_result **result)
{
    mig_measure_result *r = *result;
    *result = NULL;
    if (r == NULL) {
        return;
    }
    for (size_t i = 0; i < r->role_count; i++) {
        free(r->roles[i].folder);
    }
    for (size_t i = 0; i < r->setting_count; i++) {
        free(r->settings[i].name);
        free(r->settings[i].value);
        free(r->settings[i].why);
    }
    clear_rate(&r->fetch);
    clear_rate(&r->append);
    free(r->roles);
    free(r->settings);
    free(r->label);
    free(r->capabilities);
    free(r->id);
    free(r->namespaces);
    free(r->prefix);
    free(r);
}
