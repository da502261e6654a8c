/*
 * options/prepare.c - what a run needs beyond words: passwords and tokens from where the options say, stores their
 * place
 */
#include "base/buffer.h"
#include "options/private.h"
#include <migrate/format.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FINAL_PASSES = 5 };

static const mig_helper nobody = {.ask = NULL};

static const char *const side_names[] = {"source", "target"};

typedef struct preparing {
    mig__settings *own;
    const mig_helper *helper;
    mig_error *err;
} preparing;

static int no_memory(preparing *p)
{
    return mig_error_set(p->err, MIG_E_NOMEM, "out of memory");
}

static void warn_if_exposed(const preparing *p, const mig_secret *secret, const char *path)
{
    char inert[512], line[640];
    if (p->helper->warn == NULL || !mig_secret_exposed(secret)) {
        return;
    }
    snprintf(line, sizeof line, "warning: other users can read the password file %s: chmod 600 it",
             mig_format_text(path, inert, sizeof inert));
    p->helper->warn(line, p->helper->context);
}

/* ---- tokens ---- */

/* Tokens of a person who signed in are kept beside the state: "STATE.source.token". NULL without one: none are kept. */
static char *token_path(const preparing *p, int which, bool *failed)
{
    const char *state = p->own->is.copy.state_path;
    mig__buffer path = MIG__BUFFER_INIT;
    *failed = false;
    if (state == NULL) {
        return NULL;
    }
    mig__buffer_addf(&path, "%s.%s.token", state, side_names[which]);
    char *made = mig__buffer_steal(&path);
    *failed = made == NULL;
    return made;
}

static int first_token(preparing *p, mig_oauth2 *oauth2)
{
    char *token = malloc(MIG_OAUTH2_TOKEN_MAX);
    if (token == NULL) {
        return no_memory(p);
    }
    int failed = mig_oauth2_give(token, MIG_OAUTH2_TOKEN_MAX, false, oauth2, p->err);
    explicit_bzero(token, MIG_OAUTH2_TOKEN_MAX);
    free(token);
    return failed;
}

static int prepare_oauth2(preparing *p, int which)
{
    bool failed = false;
    mig_settings_side *side = &p->own->is.sides[which];
    mig_oauth2_options options = side->oauth2;
    char *cache = token_path(p, which, &failed);
    if (failed) {
        return no_memory(p);
    }
    options.cache_file = cache;
    options.stop = p->helper->stop;
    options.show = p->helper->show;
    options.show_context = p->helper->context;
    options.proxy_secret = side->endpoint.proxy_secret;
    options.proxy_secret_context = side->endpoint.proxy_secret_context;
    p->own->oauth2[which] = mig_oauth2_new(&options, p->err);
    free(cache);
    if (p->own->oauth2[which] != NULL) {
        side->endpoint.secret = mig_oauth2_give;
        side->endpoint.secret_context = p->own->oauth2[which];
    }
    if (p->own->oauth2[which] == NULL || first_token(p, p->own->oauth2[which]) != 0) {
        return mig_error_context(p->err, "the access token for the %s", side_names[which]);
    }
    return 0;
}

/* ---- passwords ---- */

/* A side that needs no secret gets none: NULL and MIG_OK. */
static mig_secret *secret_of(preparing *p, int which, mig_error *err)
{
    const mig_settings_side *side = &p->own->is.sides[which];
    if (side->token_command != NULL) {
        return mig_secret_from_command(side->token_command, err);
    }
    if (side->password_file != NULL) {
        return mig_secret_from_file(side->password_file, err);
    }
    if (side->password_command != NULL) {
        return mig_secret_from_command(side->password_command, err);
    }
    bool needed = side->cert == NULL && side->tunnel == NULL;
    if (p->helper->ask != NULL) {
        return p->helper->ask((mig_side)which, &side->endpoint, needed, p->helper->context, err);
    }
    if (needed) {
        mig_error_set(err, MIG_E_SECRET, "no option tells it");
        mig_error_hint(err, "give %s-password-file or %s-password-command", side_names[which], side_names[which]);
    }
    return NULL;
}

static int prepare_login(preparing *p, int which)
{
    mig_error error = MIG_ERROR_INIT;
    mig_settings_side *side = &p->own->is.sides[which];
    if (side->to_find) { /* a password must not go anywhere then */
        return mig_error_set(p->err, MIG_E_INTERNAL, "the server of the %s was not looked for", side_names[which]);
    }
    if (p->own->proxy != NULL && side->endpoint.proxy != NULL) {
        side->endpoint.proxy_secret = mig_secret_give;
        side->endpoint.proxy_secret_context = p->own->proxy;
    }
    if (side->grant != NULL) {
        return prepare_oauth2(p, which);
    }
    mig_secret *secret = secret_of(p, which, &error);
    p->own->secrets[which] = secret;
    if (secret != NULL) {
        side->endpoint.secret = mig_secret_give;
        side->endpoint.secret_context = secret;
        warn_if_exposed(p, secret, side->password_file);
    } else if (error.code != MIG_OK) {
        *p->err = error;
        return mig_error_context(p->err, "the password of the %s", side_names[which]);
    }
    return 0;
}

/* Where a store keeps its UIDs, and the password of an encrypted archive. */
static int prepare_store(preparing *p, int which)
{
    const mig_settings *is = &p->own->is;
    const mig_settings_side *side = &is->sides[which];
    /* Only a run that holds the state may say what a UID stands for from now on. */
    bool keep = (is->verb == MIG_VERB_COPY || is->verb == MIG_VERB_RUN) && !is->copy.dry_run;
    mig_store_as_self(side->store, is->files_as == MIG_FILES_AS_SELF);
    if (mig_store_place(side->store, is->copy.state_path, keep, p->err) != 0) {
        return -1;
    }
    if (side->password_file == NULL && side->password_command == NULL) {
        return 0;
    }
    mig_secret *secret = side->password_file != NULL ? mig_secret_from_file(side->password_file, p->err)
                                                     : mig_secret_from_command(side->password_command, p->err);
    p->own->secrets[which] = secret;
    if (secret == NULL) {
        return mig_error_context(p->err, "the password of the archive");
    }
    mig_store_secret(side->store, mig_secret_give, secret);
    return 0;
}

static int prepare_proxy(preparing *p)
{
    const char *path = p->own->is.proxy_password_file;
    if (path == NULL) {
        return 0;
    }
    p->own->proxy = mig_secret_from_file(path, p->err);
    if (p->own->proxy == NULL) {
        return mig_error_context(p->err, "the password of the proxy");
    }
    warn_if_exposed(p, p->own->proxy, path);
    return 0;
}

int mig_settings_prepare(mig_settings *settings, const mig_helper *helper, mig_error *err)
{
    mig_error unheard = MIG_ERROR_INIT;
    preparing p = {
        .own = mig__own(settings), .helper = helper != NULL ? helper : &nobody, .err = err != NULL ? err : &unheard};
    if (prepare_proxy(&p) != 0) {
        return -1;
    }
    for (int which = 0; which < 2; which++) {
        const mig_settings_side *side = &settings->sides[which];
        if (side->only_named) {
            continue;
        }
        if ((side->store != NULL ? prepare_store(&p, which) : prepare_login(&p, which)) != 0) {
            return -1;
        }
    }
    return 0;
}

void mig_settings_account(const mig_settings *settings, mig_run_account *out)
{
    *out = (mig_run_account)MIG_RUN_ACCOUNT_INIT;
    out->copy = &settings->copy;
    out->verify = &settings->verify;
    out->replace = settings->mend.replace;
    out->mend = settings->mend;
    out->depth = settings->stock_depth;
    out->filters = &settings->filters;
}

void mig_settings_run(const mig_settings *settings, unsigned steps, mig_run_options *out)
{
    *out = (mig_run_options)MIG_RUN_OPTIONS_INIT;
    out->steps = settings->steps != 0 ? settings->steps : steps;
    out->steps |= settings->final ? MIG_STEP_MEND : 0;
    out->final_passes = !settings->final ? 0 : settings->final_passes > 0 ? settings->final_passes : FINAL_PASSES;
    out->keep_going = settings->keep_going;
    out->jobs = settings->jobs;
    out->host_connections = settings->host_connections;
}
