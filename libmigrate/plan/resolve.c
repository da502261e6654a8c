/* plan/resolve.c - what a plan says of one account, as options: URLs, logins, paths */
#include "plan/plan_private.h"
#include "base/memory.h"
#include <migrate/endpoint.h>
#include <migrate/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const side_names[] = {"source", "target"};

typedef struct resolving {
    mig_plan *plan;
    mig_plan_account *out;
    const mig__raw_plan *raw;
    const mig__raw_account *account;
} resolving;

char *mig__plan_path(const mig_plan *plan, const char *path)
{
    const char *slash = strrchr(plan->path, '/');
    mig__buffer out = MIG__BUFFER_INIT;
    if (slash != NULL && path[0] != '/' && strcmp(path, "-") != 0) {
        mig__buffer_add(&out, plan->path, (size_t)(slash - plan->path) + 1);
    }
    mig__buffer_add_text(&out, path);
    return mig__buffer_steal(&out);
}

/* ---- where a value stands ---- */

static mig_origin account_origin(const resolving *r)
{
    return (mig_origin){MIG_LEVEL_ACCOUNT, r->out->from.file, r->out->from.line};
}

/* What the account says of a side, else what holds for all; NULL: nothing. */
static const mig__said *said_of(const resolving *r, int side, const char *key)
{
    const mig__said *own = mig__said_of(&r->account->sides[side], key);
    return own != NULL ? own : mig__said_of(&r->raw->sides[side], key);
}

static mig_origin origin_of(const resolving *r, int side, const char *key)
{
    const mig__said *own = mig__said_of(&r->account->sides[side], key);
    const mig__said *above = own == NULL ? mig__said_of(&r->raw->sides[side], key) : NULL;
    return own != NULL     ? (mig_origin){MIG_LEVEL_ACCOUNT, r->out->from.file, own->line}
           : above != NULL ? (mig_origin){MIG_LEVEL_PLAN, r->plan->path, above->line}
                           : account_origin(r);
}

static int add(resolving *r, const char *name, const char *value, mig_origin from)
{
    mig_plan_account *out = r->out;
    mig_plan_option *grown = mig__grow(out->options, out->option_count, sizeof *grown, NULL);
    if (grown == NULL) {
        return -1;
    }
    out->options = grown;
    mig_plan_option *option = &grown[out->option_count++];
    *option = (mig_plan_option){.name = mig__strdup(name), .value = mig__strdup(value), .from = from};
    return option->name == NULL || option->value == NULL ? -1 : 0;
}

/* ---- one side ---- */

static const char *value_of(const resolving *r, int side, const char *key)
{
    const mig__said *said = said_of(r, side, key);
    return said != NULL ? said->value : NULL;
}

static bool is_port(const char *text)
{
    unsigned long port = 0;
    size_t length = strspn(text, "0123456789");
    for (size_t i = 0; i < length && port < 100000; i++) {
        port = port * 10 + (unsigned long)(text[i] - '0');
    }
    return length > 0 && text[length] == '\0' && port >= 1 && port <= 65535;
}

/* 0 implicit, 1 starttls, 2 none; -1: something else */
static int tls_of(const char *text, const mig_provider *provider)
{
    static const char *const names[] = {"implicit", "starttls", "none"};
    if (text == NULL) {
        return provider != NULL ? (int)provider->tls : 0;
    }
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static int bad_value(resolving *r, int side, const char *key, const char *wanted)
{
    mig_origin at = origin_of(r, side, key);
    return mig__plan_problem(r->plan, at.file, at.line, "%s %s: \"%s\" is not %s", side_names[side], key,
                             value_of(r, side, key), wanted);
}

typedef struct place {
    const char *host, *port;
    int tls;
    const mig_provider *provider;
    bool sound; /* false: something is wrong, and was told */
} place;

static int no_host(resolving *r, int side)
{
    return mig__plan_problem(r->plan, r->out->from.file, r->out->from.line,
                             "the %s has no host: give one, or a provider that has", side_names[side]);
}

/* A plan without any word on the target is for taking stock of the source: who needs a target will say so. */
static bool has_no_target(const resolving *r, int side)
{
    return side == 1 && !r->raw->sides[1].bad && r->account->users[1] == NULL && r->raw->sides[1].count == 0 &&
           r->account->sides[1].count == 0;
}

/* Tells all that is wrong. -1: no memory. */
static int find_place(resolving *r, int side, place *out)
{
    const char *name = value_of(r, side, "provider"), *tls = value_of(r, side, "tls");
    *out = (place){.host = value_of(r, side, "host"), .port = value_of(r, side, "port"), .sound = true};
    int failed = 0;
    if (name != NULL && (out->provider = mig_provider_find(name)) == NULL) {
        out->sound = false;
        failed |= bad_value(r, side, "provider", "the name of a profile that is known; the manual lists them");
    }
    if (out->host == NULL && out->provider != NULL) {
        out->host = out->provider->host;
    }
    if (out->host == NULL || out->host[0] == '\0') {
        bool untold = out->sound && !r->raw->sides[side].bad; /* a provider that is known might have had one */
        out->sound = false;
        failed |= untold ? no_host(r, side) : 0;
    }
    if (out->port != NULL && !is_port(out->port)) {
        out->sound = false;
        failed |= bad_value(r, side, "port", "a number from 1 to 65535");
    }
    if ((out->tls = tls_of(tls, out->provider)) < 0) {
        out->sound = false;
        failed |= bad_value(r, side, "tls", "one of implicit, starttls, none");
    }
    return failed;
}

static int add_url(resolving *r, int side, const place *where, const char *user)
{
    const char *master = value_of(r, side, "master"), *admin = value_of(r, side, "admin");
    const char *separator = value_of(r, side, "master-separator");
    mig__buffer url = MIG__BUFFER_INIT;
    mig__buffer_addf(&url, "%s://", where->tls == 0 ? "imaps" : "imap");
    mig__buffer_add_percent(&url, admin != NULL ? admin : user);
    if (master != NULL) {
        mig__buffer_add_percent(&url, separator != NULL ? separator : "*");
        mig__buffer_add_percent(&url, master);
    }
    bool bare_ipv6 = strchr(where->host, ':') != NULL && where->host[0] != '[';
    mig__buffer_addf(&url, bare_ipv6 ? "@[%s]" : "@%s", where->host);
    if (where->port != NULL) {
        mig__buffer_addf(&url, ":%s", where->port);
    } else if (where->provider != NULL && where->host == where->provider->host &&
               where->tls == (int)where->provider->tls) {
        mig__buffer_addf(&url, ":%u", (unsigned)where->provider->port);
    }
    mig_error error = MIG_ERROR_INIT;
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    int failed = url.failed ? -1 : add(r, side_names[side], url.data, account_origin(r));
    if (failed == 0 && mig_endpoint_parse_url(&endpoint, url.data, &error) != 0) {
        mig_origin at = origin_of(r, side, "host");
        failed = mig__plan_problem(r->plan, at.file, at.line, "the %s: %s", side_names[side], error.text);
    }
    mig_endpoint_clear(&endpoint);
    mig__buffer_free(&url);
    return failed;
}

/* "%u" in a path is the user's name, "%%" a percent sign. NULL with `failed` unset: the name would lead elsewhere. */
static char *expand(const char *path, const char *user, bool *failed)
{
    mig__buffer out = MIG__BUFFER_INIT;
    for (; *path != '\0'; path++) {
        if (path[0] == '%' && path[1] == 'u') {
            if (user[0] == '.' || strchr(user, '/') != NULL) {
                mig__buffer_free(&out);
                return NULL;
            }
            mig__buffer_add_text(&out, user);
            path++;
        } else {
            path += path[0] == '%' && path[1] == '%' ? 1 : 0;
            mig__buffer_add_char(&out, *path);
        }
    }
    char *text = mig__buffer_steal(&out);
    *failed = text == NULL;
    return text;
}

static int add_side_value(resolving *r, int side, const char *key, const char *value, const char *user)
{
    char name[64];
    bool failed = false;
    mig_origin at = origin_of(r, side, key);
    snprintf(name, sizeof name, "%s-%s", side_names[side], key);
    if (!mig__plan_is_path(key, true)) {
        return add(r, name, value, at);
    }
    char *path = mig__plan_path(r->plan, value);
    char *expanded = path != NULL ? expand(path, user, &failed) : NULL;
    int result = -1;
    if (expanded != NULL) {
        result = add(r, name, expanded, at);
    } else if (path != NULL && !failed) {
        result = mig__plan_problem(r->plan, r->out->from.file, r->out->from.line,
                                   "%s: %%u would lead out of its directory for the user \"%s\"", name, user);
    }
    free(path);
    free(expanded);
    return result;
}

static int add_login(resolving *r, int side, const place *where, const char *user)
{
    const char *admin = value_of(r, side, "admin"), *master = value_of(r, side, "master");
    char name[32];
    snprintf(name, sizeof name, "%s-authzid", side_names[side]);
    if (admin != NULL && master != NULL) {
        mig_origin at = origin_of(r, side, "admin");
        return mig__plan_problem(r->plan, at.file, at.line,
                                 "%s: admin (SASL) and master (in the user name) exclude each other", side_names[side]);
    }
    if (admin != NULL && add(r, name, user, account_origin(r)) != 0) {
        return -1;
    }
    snprintf(name, sizeof name, "%s-auth", side_names[side]);
    if (where->provider != NULL && where->provider->auth == MIG_AUTH_XOAUTH2 && value_of(r, side, "auth") == NULL) {
        return add(r, name, "xoauth2", account_origin(r));
    }
    return 0;
}

/* "maildir:mail/%u" and the like (migrate/store.h): the path is the plan's, and takes the user's name. */
static int add_files(resolving *r, int side, const char *user)
{
    const char *value = value_of(r, side, "files"), *colon = strchr(value, ':');
    mig_origin at = origin_of(r, side, "files");
    bool failed = false;
    if (value_of(r, side, "host") != NULL || value_of(r, side, "provider") != NULL) {
        return mig__plan_problem(r->plan, at.file, at.line, "%s: files, and host or provider, exclude each other",
                                 side_names[side]);
    }
    if (colon == NULL || colon[1] == '\0') {
        return bad_value(r, side, "files", "a scheme, a colon and a path, as maildir:/srv/mail/%u");
    }
    char *path = mig__plan_path(r->plan, colon + 1);
    char *expanded = path != NULL ? expand(path, user, &failed) : NULL;
    mig__buffer url = MIG__BUFFER_INIT;
    int result = -1;
    if (expanded != NULL) {
        mig__buffer_add(&url, value, (size_t)(colon - value) + 1);
        mig__buffer_add_text(&url, expanded);
        result = url.failed ? -1 : add(r, side_names[side], url.data, at);
    } else if (path != NULL && !failed) {
        result =
            mig__plan_problem(r->plan, at.file, at.line, "%s: %%u would lead out of its directory for the user \"%s\"",
                              side_names[side], user);
    }
    mig__buffer_free(&url);
    free(expanded);
    free(path);
    return result;
}

static bool makes_url(const char *key)
{
    static const char *const keys[] = {"host",  "port",  "tls",     "provider", "master", "master-separator",
                                       "admin", "files", "discover"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Each with where it stands, so that what the account says replaces what stands above (migrate/options.h). */
static int add_side_values(resolving *r, int side, const char *user)
{
    const mig__sayings *levels[] = {&r->raw->sides[side], &r->account->sides[side]};
    for (size_t level = 0; level < 2; level++) {
        for (size_t i = 0; i < levels[level]->count; i++) {
            const mig__said *said = &levels[level]->items[i];
            const mig__said *own = level == 0 ? mig__said_of(levels[1], said->name) : NULL;
            if (!makes_url(said->name) && own == NULL && add_side_value(r, side, said->name, said->value, user) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* The address itself stands where a URL would: its server is looked for before the run (mig_settings_find). */
static int add_address(resolving *r, int side, const char *user)
{
    static const char *const others[] = {"host", "port", "tls", "master", "admin", "files"};
    mig_origin at = origin_of(r, side, "discover");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (value_of(r, side, others[i]) != NULL) {
            return mig__plan_problem(r->plan, at.file, at.line, "%s: discover and %s exclude each other",
                                     side_names[side], others[i]);
        }
    }
    if (!mig_settings_is_address(user)) {
        return mig__plan_problem(r->plan, r->out->from.file, r->out->from.line,
                                 "%s: discover needs an address, and \"%s\" is none", side_names[side], user);
    }
    return add(r, side_names[side], user, account_origin(r));
}

static int resolve_side(resolving *r, int side, const char *user)
{
    place where;
    char name[32];
    if (has_no_target(r, side)) {
        return 0;
    }
    const char *discover = value_of(r, side, "discover");
    if (discover != NULL && strcmp(discover, "true") == 0) {
        return add_address(r, side, user) != 0 ? -1 : add_side_values(r, side, user);
    }
    if (discover != NULL && strcmp(discover, "false") != 0 && bad_value(r, side, "discover", "true or false") != 0) {
        return -1;
    }
    if (value_of(r, side, "files") != NULL) {
        return add_files(r, side, user) != 0 ? -1 : add_side_values(r, side, user);
    }
    if (find_place(r, side, &where) != 0) {
        return -1;
    }
    snprintf(name, sizeof name, "%s-tls", side_names[side]);
    if (where.sound &&
        (add_url(r, side, &where, user) != 0 || (where.tls == 2 && add(r, name, "none", account_origin(r)) != 0))) {
        return -1;
    }
    if (add_login(r, side, &where, user) != 0) {
        return -1;
    }
    snprintf(name, sizeof name, "%s-provider", side_names[side]);
    if (where.provider != NULL && add(r, name, where.provider->name, account_origin(r)) != 0) {
        return -1;
    }
    return add_side_values(r, side, user);
}

/* ---- the account ---- */

static int add_own_options(resolving *r)
{
    const mig__sayings *own = &r->account->options;
    for (size_t i = 0; i < own->count; i++) {
        const mig__said *said = &own->items[i];
        char *path = mig__plan_says_path(said->name, said->value) ? mig__plan_path(r->plan, said->value) : NULL;
        int failed = add(r, said->name, path != NULL ? path : said->value,
                         (mig_origin){MIG_LEVEL_ACCOUNT, r->out->from.file, said->line});
        free(path);
        if (failed != 0) {
            return -1;
        }
    }
    return 0;
}

int mig__plan_account(mig_plan *plan, const mig__raw_plan *raw, const mig__raw_account *account, const char *file,
                      mig_error *err)
{
    const char *source = account->users[0];
    const char *target = account->users[1] != NULL ? account->users[1] : source;
    if (source == NULL || source[0] == '\0' || target[0] == '\0') {
        return mig__plan_problem(plan, file, account->line, "an account needs the name of its source user");
    }
    mig_plan_account *grown = mig__grow(plan->accounts, plan->account_count, sizeof *grown, NULL);
    if (grown == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    plan->accounts = grown;
    mig_plan_account *out = &grown[plan->account_count++];
    *out = (mig_plan_account){
        .source = mig__strdup(source), .target = mig__strdup(target), .from = {MIG_LEVEL_ACCOUNT, file, account->line}};
    resolving r = {.plan = plan, .out = out, .raw = raw, .account = account};
    if (out->source == NULL || out->target == NULL || resolve_side(&r, 0, source) != 0 ||
        resolve_side(&r, 1, target) != 0 || add_own_options(&r) != 0) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return 0;
}

static const char *option_of(const mig_plan_account *account, const char *name)
{
    for (size_t i = 0; i < account->option_count; i++) {
        if (strcmp(account->options[i].name, name) == 0) {
            return account->options[i].value;
        }
    }
    return "";
}

static int by_pair(const void *a, const void *b)
{
    const mig_plan_account *const *x = a, *const *y = b;
    int order = strcmp((*x)->source, (*y)->source);
    order = order != 0 ? order : strcmp((*x)->target, (*y)->target);
    order = order != 0 ? order : strcmp(option_of(*x, "source"), option_of(*y, "source"));
    order = order != 0 ? order : strcmp(option_of(*x, "target"), option_of(*y, "target"));
    return order != 0 ? order : *x < *y ? -1 : *x > *y;
}

static bool same_pair(const mig_plan_account *a, const mig_plan_account *b)
{
    return strcmp(a->source, b->source) == 0 && strcmp(a->target, b->target) == 0 &&
           strcmp(option_of(a, "source"), option_of(b, "source")) == 0 &&
           strcmp(option_of(a, "target"), option_of(b, "target")) == 0;
}

int mig__plan_check_repeated(mig_plan *plan, mig_error *err)
{
    const mig_plan_account **sorted = calloc(plan->account_count + 1, sizeof *sorted);
    if (sorted == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < plan->account_count; i++) {
        sorted[i] = &plan->accounts[i];
    }
    qsort(sorted, plan->account_count, sizeof *sorted, by_pair);
    for (size_t i = 1; i < plan->account_count; i++) {
        if (same_pair(sorted[i], sorted[i - 1])) {
            mig__plan_problem(plan, sorted[i]->from.file, sorted[i]->from.line,
                              "the account %s is here already, in %s:%u", sorted[i]->source, sorted[i - 1]->from.file,
                              sorted[i - 1]->from.line);
        }
    }
    free(sorted);
    return 0;
}
