/* store/store.c - a store's life: the URL, opening at the first connection, and the end */
#include "store/store.h"
#include "base/spool.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

static const mig__store_ops *const backends[] = {&mig__store_maildir, &mig__store_mbox, &mig__store_eml,
                                                 &mig__store_archive};

/* What follows the scheme and its colon; NULL: the scheme of no store. */
static const char *path_of(const char *url, const mig__store_ops **ops)
{
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
        size_t length = strlen(backends[i]->scheme);
        if (strncasecmp(url, backends[i]->scheme, length) == 0 && url[length] == ':') {
            *ops = backends[i];
            return url + length + 1;
        }
    }
    return NULL;
}

bool mig_store_is_url(const char *url)
{
    const mig__store_ops *ops;
    return path_of(url, &ops) != NULL;
}

/* The path made absolute, without slashes at its end: the state knows the account by it. */
static char *absolute(const char *path, mig_error *err)
{
    mig__buffer out = MIG__BUFFER_INIT;
    if (path[0] != '/') {
        char *here = getcwd(NULL, 0);
        if (here == NULL) {
            mig_error_errno(err, MIG_E_IO, errno, "the working directory");
            return NULL;
        }
        mig__buffer_add_text(&out, here);
        mig__buffer_add_text(&out, here[1] == '\0' ? "" : "/");
        free(here);
        path += strncmp(path, "./", 2) == 0 ? 2 : 0;
    }
    mig__buffer_add_text(&out, path);
    char *text = mig__buffer_steal(&out);
    if (text == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    for (size_t length = strlen(text); length > 1 && text[length - 1] == '/'; length--) {
        text[length - 1] = '\0';
    }
    return text;
}

/* While we hold it nobody else gives out UIDs for this state; who does not get it only reads. */
static void lock_map(mig_store *store, const char *path)
{
    mig__buffer lock = MIG__BUFFER_INIT;
    mig__buffer_addf(&lock, "%s.lock", path);
    store->map_lock = lock.failed ? -1 : open(lock.data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    store->keep = store->map_lock >= 0 && flock(store->map_lock, LOCK_EX | LOCK_NB) == 0;
    mig__buffer_free(&lock);
}

/* A source keeps its UIDs beside the state; a target has them in its own files. */
static int open_map(mig_store *store, mig_error *err)
{
    mig__buffer path = MIG__BUFFER_INIT;
    if (store->side == MIG_TARGET) {
        return 0;
    }
    mig__uidmap_free(&store->map);
    if (store->state_path != NULL) {
        mig__buffer_addf(&path, "%s.source.uids", store->state_path);
    }
    if (path.length > 0 && store->keep) {
        lock_map(store, path.data);
    }
    store->map = mig__buffer_ok(&path, err) == 0 ? mig__uidmap_open(path.data, err) : NULL;
    mig__buffer_free(&path);
    return store->map != NULL ? 0 : -1;
}

int mig__store_spool(mig_store *store, mig_error *err)
{
    if (store->spool >= 0) {
        return 0;
    }
    bool again = mig__identity_leave(&store->identity); /* it is ours, and nobody else's to read */
    const char *slash = store->state_path != NULL ? strrchr(store->state_path, '/') : NULL;
    char *directory = slash != NULL ? strndup(store->state_path, (size_t)(slash - store->state_path) + 1) : NULL;
    store->spool = directory != NULL ? mig__spool_file(directory) : -1;
    store->spool = store->spool >= 0 ? store->spool : mig__spool_file(NULL);
    int failed = store->spool < 0 ? mig_error_errno(err, MIG_E_IO, errno, "making a temporary file") : 0;
    free(directory);
    return again && mig__identity_take(&store->identity, failed == 0 ? err : NULL) != 0 ? -1 : failed;
}

int mig__store_identify(mig_store *store, mig_error *err)
{
    if (store->as_self) {
        return 0;
    }
    return mig__identity_of(&store->identity, store->root.owner, store->root.group, err) != 0
               ? -1
               : mig__identity_take(&store->identity, err);
}

/* Once; what goes wrong is said to every connection. */
static void open_store(mig_store *store)
{
    mig_error *failure = &store->failure;
    int failed = open_map(store, failure) != 0 || store->ops->open(store, failure) != 0 ? -1 : 0;
    (void)mig__identity_leave(&store->identity); /* this thread is the caller's */
    if (failed != 0) {
        mig_error_context(failure, "%s", store->url);
    } else if (mig__store_keep_uids(store, failure) == 0) {
        failure->code = MIG_OK;
    }
    store->opened = true;
}

/* The store answers a connection: called for each, from any thread. */
static int dial(void *context, const mig_stop *stop, const mig_log *log, mig_error *err)
{
    const mig_log silent = MIG_LOG_INIT;
    mig_store *store = context;
    int pair[2];
    pthread_mutex_lock(&store->lock);
    store->log = log != NULL ? *log : silent;
    store->stop = stop;
    if (!store->opened) {
        open_store(store);
    }
    mig_error failure = store->failure;
    pthread_mutex_unlock(&store->lock);
    if (failure.code != MIG_OK) {
        *err = failure;
        return -1;
    }
    mig__responder_reap(store, false);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "connecting to %s", store->url);
    }
    if (mig__responder_start(store, pair[1], err) != 0) {
        close(pair[0]);
        return -1;
    }
    return pair[0];
}

static int check_path(const char *url, const char *path, const mig__store_ops *ops, mig_side side, mig_error *err)
{
    if (path[0] == '\0') {
        mig_error_set(err, MIG_E_USAGE, "there is no path in \"%s\"", url);
        return mig_error_hint(err, "write the path behind the colon: %s:/srv/mail/ann", ops->scheme);
    }
    if (strncmp(path, "//", 2) == 0) {
        mig_error_set(err, MIG_E_USAGE, "\"%s\" looks like the URL of a server", url);
        return mig_error_hint(err, "write the path behind the colon, with one slash: %s:/srv/mail/ann", ops->scheme);
    }
    for (const char *c = path; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            return mig_error_set(err, MIG_E_USAGE, "there is a control character in the path of a store");
        }
    }
    if (side == MIG_TARGET && ops->create == NULL) {
        mig_error_set(err, MIG_E_USAGE, "%s: can only be read", ops->scheme);
        return mig_error_hint(err, "a target is imaps://user@host or maildir:/path");
    }
    return 0;
}

/* Fill the endpoint; what it held of another place goes. */
static int fill_endpoint(mig_store *store, mig_endpoint *endpoint, mig_error *err)
{
    char *user = strdup(store->path), *host = strdup(store->ops->scheme);
    if (user == NULL || host == NULL) {
        free(user);
        free(host);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    free(endpoint->user);
    free(endpoint->host);
    endpoint->user = user;
    endpoint->host = host;
    endpoint->port = 0;
    endpoint->tls = MIG_TLS_NONE;
    endpoint->dial = dial;
    endpoint->dial_context = store;
    return 0;
}

mig_store *mig_store_new(const char *url, mig_side side, mig_endpoint *endpoint, mig_error *err)
{
    const mig__store_ops *ops = NULL;
    const char *path = path_of(url, &ops);
    if (path == NULL) {
        mig_error_set(err, MIG_E_USAGE, "not the URL of a store");
        return NULL;
    }
    if (check_path(url, path, ops, side, err) != 0) {
        return NULL;
    }
    mig_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    store->ops = ops;
    store->side = side;
    store->crlf = side == MIG_SOURCE;
    store->delimiter = '/';
    store->map_lock = -1;
    store->root.fd = -1;
    store->spool = -1;
    pthread_mutex_init(&store->lock, NULL);
    mig__buffer label = MIG__BUFFER_INIT;
    store->path = absolute(path, err);
    if (store->path != NULL) {
        mig__buffer_addf(&label, "%s:%s", ops->scheme, store->path);
        store->url = mig__buffer_steal(&label);
        if (store->url == NULL) {
            mig_error_set(err, MIG_E_NOMEM, "out of memory");
        } else if (fill_endpoint(store, endpoint, err) == 0) {
            return store;
        }
    }
    mig_store_free(&store);
    return NULL;
}

int mig_store_place(mig_store *store, const char *state_path, bool keep, mig_error *err)
{
    char *path = mig__strdup(state_path);
    if (state_path != NULL && path == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    free(store->state_path);
    store->state_path = path;
    store->keep = keep;
    return 0;
}

void mig_store_as_self(mig_store *store, bool self)
{
    store->as_self = self;
}

void mig_store_secret(mig_store *store, mig_secret_fn *secret, void *context)
{
    store->secret = secret;
    store->secret_context = context;
}

void mig__store_log(const mig_store *store, mig_log_level level, const char *format, ...)
{
    const mig_log *log = &store->log;
    if (log->write == NULL || level > log->level) {
        return;
    }
    char raw[1024], text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    const mig_log_event event = {
        .level = level, .account = store->url, .text = mig__inert(raw, strlen(raw), text, sizeof text)};
    log->write(&event, log->context);
}

bool mig__store_stopped(const mig_store *store, mig_error *err)
{
    if (mig_stop_level(store->stop) == 0) {
        return false;
    }
    mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    return true;
}

static void free_folder(mig__store_folder *folder)
{
    mig__store_folder_clear(folder);
    for (size_t i = 0; folder->keywords != NULL && folder->keywords[i] != NULL; i++) {
        free(folder->keywords[i]);
    }
    free(folder->keywords);
    mig__uid_list_free(&folder->uids);
    free(folder->wire);
    free(folder->path);
    free(folder->problem);
    pthread_mutex_destroy(&folder->writing);
    free(folder);
}

void mig_store_free(mig_store **store)
{
    mig_store *old = *store;
    if (old == NULL) {
        return;
    }
    mig__responder_reap(old, true);
    if (old->ops->close != NULL) {
        old->ops->close(old);
    }
    for (size_t i = 0; i < old->count; i++) {
        free_folder(old->folders[i]);
    }
    for (size_t i = 0; i < old->file_count; i++) {
        free(old->files[i].path);
    }
    for (size_t i = 0; i < old->flag_count; i++) {
        free(old->flags[i]);
    }
    free(old->folders);
    free(old->files);
    free(old->flags);
    free(old->flag_order);
    mig__uidmap_free(&old->map);
    mig__root_close(&old->root);
    if (old->spool >= 0) {
        close(old->spool);
    }
    mig__identity_free(&old->identity);
    if (old->map_lock >= 0) {
        close(old->map_lock);
    }
    pthread_mutex_destroy(&old->lock);
    free(old->state_path);
    free(old->prefix);
    free(old->path);
    free(old->url);
    free(old);
    *store = NULL;
}
