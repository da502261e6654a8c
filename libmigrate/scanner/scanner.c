/*
 * scanner/scanner.c - who may use which connection, what is asked again, and how long a scanner is waited for
 *
 * Messages go out together. When a connection breaks, those without an answer go one by one, so that one that breaks it
 * each time is found, and is "not scanned" alone. That the scanner itself is well is seen by its answer to VERSION,
 * with which each connection begins.
 */
#include "scanner/scanner.h"
#include "base/clock.h"
#include "scanner/clamd.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_CONNECTIONS = 8,
    PATIENCE_MS = 180000, /* longer than clamd works on one message (MaxScanTime: two minutes) */
    IDLE_MS = 10000,      /* clamd ends a session after 30 seconds (IdleTimeout) */
    BREAKS = 3,           /* by a message alone, before it is given up */
    PAUSE_MS = 100,       /* before the second attempt to connect; longer each time */
    PAUSE_MOST_MS = 3000,
    AWAY_MS = 60000 /* an optional scanner that was away is not waited for again this soon */
};

struct mig__scanner {
    mig__scanner_options options;
    mig__scanner_address address;
    int64_t patience_ms;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    mig__clamd *idle[MOST_CONNECTIONS]; /* [lock] */
    size_t idle_count, open_count;      /* [lock] open: also those in use */
    uint64_t taken;                     /* [lock] octets of the largest message that was shown to be within its limit */
    uint64_t refused;                   /* [lock] of the smallest one above; 0: none */
    bool no_descriptors;                /* [lock] it cannot read files that are handed to it */
    int64_t away_until;                 /* [lock] mig__now_ms */
};

mig__scanner *mig__scanner_new(const mig__scanner_options *options, mig_error *err)
{
    mig__scanner *s = calloc(1, sizeof *s);
    if (s == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    if (mig__scanner_address_parse(options->scan->scanner, &s->address, err) != 0) {
        free(s);
        return NULL;
    }
    s->options = *options;
    s->patience_ms = options->patience_ms > 0 ? options->patience_ms : PATIENCE_MS;
    pthread_mutex_init(&s->lock, NULL);
    mig__cond_init(&s->changed);
    return s;
}

void mig__scanner_free(mig__scanner **scanner)
{
    mig__scanner *s = *scanner;
    if (s == NULL) {
        return;
    }
    while (s->idle_count > 0) {
        mig__clamd_close(&s->idle[--s->idle_count]);
    }
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
    *scanner = NULL;
}

static bool stopping(const mig__scanner *s)
{
    return mig_stop_level(s->options.stop) > 0 ||
           (s->options.stopping != NULL && s->options.stopping(s->options.context));
}

/* ---- connections ---- */

/* A place for one, and a connection that is there already; *open NULL: the caller makes one. */
static int take_place(mig__scanner *s, mig__clamd **open, mig_error *err)
{
    *open = NULL;
    pthread_mutex_lock(&s->lock);
    while (s->open_count - s->idle_count == MOST_CONNECTIONS) {
        mig__cond_wait_ms(&s->changed, &s->lock, 100);
        if (stopping(s)) {
            pthread_mutex_unlock(&s->lock);
            return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
        }
    }
    while (s->idle_count > 0 && *open == NULL) {
        *open = s->idle[--s->idle_count];
        if (mig__now_ms() - mig__clamd_used(*open) > IDLE_MS) {
            mig__clamd_close(open);
            s->open_count--;
        }
    }
    s->open_count += *open == NULL ? 1 : 0;
    pthread_mutex_unlock(&s->lock);
    return 0;
}

static void give_back(mig__scanner *s, mig__clamd **clamd, bool sound)
{
    if (!sound) {
        mig__clamd_close(clamd);
    }
    pthread_mutex_lock(&s->lock);
    if (*clamd != NULL) {
        s->idle[s->idle_count++] = *clamd;
    } else {
        s->open_count--;
    }
    *clamd = NULL;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/* What another attempt cannot change. */
static bool final(const mig_error *error)
{
    return error->scope == MIG_SCOPE_RUN || error->code == MIG_E_CLEARTEXT || error->code == MIG_E_NOPERM;
}

static mig__clamd *connect_now(mig__scanner *s, mig_error *err)
{
    const mig__clamd_options options = {.address = &s->address,
                                        .cleartext = s->options.scan->cleartext,
                                        .silence_ms = s->patience_ms,
                                        .stop = s->options.stop};
    mig__clamd *clamd = NULL;
    if (take_place(s, &clamd, err) != 0 || clamd != NULL) {
        return clamd;
    }
    clamd = mig__clamd_open(&options, err);
    if (clamd == NULL) {
        give_back(s, &clamd, false);
    }
    return clamd;
}

/* ---- patience ---- */

typedef struct look { /* at some messages, by one thread */
    mig__scanner *scanner;
    int64_t since; /* when it last got on */
    unsigned attempts;
    bool told;
} look;

/* The scanner is not to be had: wait a little. False: the patience is over. */
static bool wait_a_little(look *l, const mig_error *why)
{
    mig__scanner *s = l->scanner;
    int64_t pause = PAUSE_MS;
    for (unsigned i = 0; i < l->attempts && pause < PAUSE_MOST_MS; i++) {
        pause *= 2;
    }
    l->attempts++;
    pthread_mutex_lock(&s->lock);
    bool given_up = s->options.scan->optional && mig__now_ms() < s->away_until;
    pthread_mutex_unlock(&s->lock);
    if (given_up || final(why) || why->code == MIG_E_TIMEOUT || mig__now_ms() - l->since + pause > s->patience_ms) {
        return false;
    }
    if (!l->told && s->options.waiting != NULL) {
        s->options.waiting(why, s->options.context);
    }
    l->told = true;
    for (int64_t until = mig__now_ms() + pause; mig__now_ms() < until && !stopping(s);) {
        mig__sleep_ms(20);
    }
    return true;
}

static int tell_away(const mig__scanner *s, mig_error *err)
{
    if (err->scope == MIG_SCOPE_RUN || err->code == MIG_E_CLEARTEXT) {
        return -1;
    }
    mig_error why = *err;
    mig_error_set(err, MIG_E_SCANNER, "the scanner %s cannot be used: %s", s->options.scan->scanner, why.text);
    if (why.server[0] != '\0') {
        mig_error_server(err, why.server, strlen(why.server));
    }
    return mig_error_hint(err, why.code == MIG_E_NOPERM
                                   ? "give the user of this program access to it: on Debian the group "
                                     "clamav, or AddToGroup"
                                   : "look whether clamd runs and listens there (systemctl status "
                                     "clamav-daemon), and run again; --scan-optional goes on without it");
}

static void mark_away(mig__scanner *s, mig__scanner_item *const *items, size_t count)
{
    pthread_mutex_lock(&s->lock);
    s->away_until = mig__now_ms() + AWAY_MS;
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < count; i++) {
        items[i]->result = (mig__scanner_result){
            .verdict = MIG_SCAN_NOT_SCANNED, .name = "the scanner cannot be reached", .away = true};
        items[i]->done = true;
    }
}

/* ---- how each goes ---- */

/*
 * A descriptor passes clamd's StreamMaxLength by, and above its MaxFileSize it says "OK" without a look. So the first
 * message of a size goes as octets, which clamd refuses when they are too many; then files up to that size are handed
 * over. What is larger than one that was refused is not asked about again.
 */
static void choose_way(mig__scanner *s, mig__scanner_item *item)
{
    pthread_mutex_lock(&s->lock);
    item->by_descriptor =
        item->octets == NULL && s->address.path[0] != '\0' && !s->no_descriptors && item->size <= s->taken;
    bool refused = s->refused > 0 && item->size >= s->refused;
    pthread_mutex_unlock(&s->lock);
    if (refused || item->size > UINT32_MAX) {
        item->result = (mig__scanner_result){.verdict = MIG_SCAN_NOT_SCANNED,
                                             .name = "too big: the scanner took none of this size"};
        item->done = true;
    }
}

static void learn(mig__scanner *s, mig__scanner_item *item)
{
    const mig__scanner_result *result = &item->result;
    pthread_mutex_lock(&s->lock);
    if (item->by_descriptor && strncmp(result->name, "error: ", 7) == 0 && result->verdict == MIG_SCAN_NOT_SCANNED) {
        s->no_descriptors = true; /* confined, perhaps: once more by its octets */
        item->done = false;
    } else if (strncmp(result->name, "too big: INSTREAM", 17) == 0 && (s->refused == 0 || item->size < s->refused)) {
        s->refused = item->size;
    } else if (!item->by_descriptor && result->verdict != MIG_SCAN_NOT_SCANNED && item->size > s->taken) {
        s->taken = item->size;
    }
    pthread_mutex_unlock(&s->lock);
}

/* What an exchange left: those with an answer are done, the others stay, in order. */
static size_t sort_out(mig__scanner *s, mig__scanner_item **items, size_t count, size_t shown, bool broke,
                       const mig_error *why)
{
    size_t kept = 0;
    bool ended = false; /* by the answer that one of them was too big */
    for (size_t i = 0; i < shown; i++) {
        ended = ended || (items[i]->done && strncmp(items[i]->result.name, "too big: INSTREAM", 17) == 0);
    }
    for (size_t i = 0; i < count; i++) {
        mig__scanner_item *item = items[i];
        if (i < shown && item->done) {
            learn(s, item);
        } else if (i < shown && broke && !ended) {
            item->breaks++;
        }
        if (!item->done && item->breaks > BREAKS) {
            item->result = (mig__scanner_result){.verdict = MIG_SCAN_NOT_SCANNED};
            snprintf(item->result.name, sizeof item->result.name, "error: %.100s", why->text);
            item->done = true;
        }
        if (!item->done) {
            items[kept++] = item;
        }
    }
    return kept;
}

/* How many go together: up to the first one that a connection broke on, which goes alone. */
static size_t together(mig__scanner_item *const *items, size_t count)
{
    size_t some = 0;
    while (some < count && items[some]->breaks == 0) {
        some++;
    }
    return some > 0 ? some : 1;
}

static size_t drop_done(mig__scanner_item **items, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!items[i]->done) {
            items[kept++] = items[i];
        }
    }
    return kept;
}

static int scan_all(look *l, mig__scanner_item **items, size_t *left, mig_error *err)
{
    mig__scanner *s = l->scanner;
    while (*left > 0) {
        for (size_t i = 0; i < *left; i++) {
            choose_way(s, items[i]);
        }
        if ((*left = drop_done(items, *left)) == 0) {
            break;
        }
        mig_error why = MIG_ERROR_INIT;
        mig__clamd *clamd = connect_now(s, &why);
        bool reached = clamd != NULL;
        size_t shown = together(items, *left), before = *left;
        bool broke = !reached || mig__clamd_exchange(clamd, items, shown, &why) != 0;
        if (reached) {
            give_back(s, &clamd, !broke);
            bool silent = broke && why.code == MIG_E_TIMEOUT;
            *left = sort_out(s, items, *left, shown, broke && !silent && !final(&why), &why);
        }
        if (*left < before) {
            l->since = mig__now_ms();
            l->attempts = 0;
        }
        if (broke && *left > 0 && (stopping(s) || why.code == MIG_E_INTERRUPTED)) {
            return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
        }
        if (broke && *left > 0 && (!reached || final(&why) || why.code == MIG_E_TIMEOUT) && !wait_a_little(l, &why)) {
            *err = why;
            return tell_away(s, err);
        }
    }
    return 0;
}

int mig__scanner_look(mig__scanner *scanner, mig__scanner_item *items, size_t count, mig_error *err)
{
    mig__scanner_item **list = calloc(count > 0 ? count : 1, sizeof *list);
    look l = {.scanner = scanner, .since = mig__now_ms()};
    size_t left = 0;
    if (list == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        if (!items[i].done) {
            list[left++] = &items[i];
        }
    }
    int failed = scan_all(&l, list, &left, err);
    if (failed != 0 && err->code == MIG_E_SCANNER && scanner->options.scan->optional) {
        mark_away(scanner, list, left);
        failed = 0;
    }
    free(list);
    return failed;
}
