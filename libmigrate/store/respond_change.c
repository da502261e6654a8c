/* store/respond_change.c - APPEND, CREATE, RENAME, SUBSCRIBE, UID STORE, UID MOVE, UID EXPUNGE */
#include "base/clock.h"
#include "mail/flags.h"
#include "store/responder.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- APPEND (RFC 3501 section 6.3.11), with several messages (RFC 3502) ---- */

typedef struct appending {
    mig__dialogue *talk;
    mig__store_batch batch;
    mig_error error; /* the first; what follows is read and dropped, since the literals do not wait */
} appending;

static int read_flags(mig__dialogue *talk, mig__buffer *list, char **out)
{
    if (mig__dialogue_list(talk, list) != 0) {
        return -1;
    }
    const char **split = mig__flags_split(list->data);
    *out = split != NULL ? mig__flags_join(split) : NULL;
    free(split);
    return *out != NULL ? 0 : mig__dialogue_break(talk);
}

static int read_octets(appending *a, uint64_t size)
{
    mig_store *store = a->talk->store;
    while (size > 0) {
        const char *octets;
        int64_t got = mig__dialogue_take(a->talk, &octets, size);
        if (got < 0) {
            return -1;
        }
        if (a->error.code == MIG_OK) {
            (void)store->ops->append_data(store, &a->batch, octets, (size_t)got, &a->error);
        }
        size -= (uint64_t)got;
    }
    if (a->error.code == MIG_OK) {
        (void)store->ops->append_end(store, &a->batch, &a->error);
    }
    return 0;
}

/* " (flags) "date" {n+}" and n octets. */
static int read_message(appending *a)
{
    mig__dialogue *talk = a->talk;
    mig__buffer text = MIG__BUFFER_INIT;
    char *flags = NULL;
    uint64_t size = 0;
    int64_t date = 0;
    bool dated = false;
    int failed = mig__dialogue_expect(talk, ' ');
    if (failed == 0 && mig__dialogue_peek(talk) == '(') {
        failed = read_flags(talk, &text, &flags);
        failed = failed == 0 ? mig__dialogue_expect(talk, ' ') : failed;
    }
    if (failed == 0 && mig__dialogue_peek(talk) == '"') {
        mig__datetime moment;
        failed = mig__dialogue_string(talk, &text);
        if (failed == 0 && mig__datetime_parse(text.data, &moment)) {
            date = moment.utc;
            dated = true;
        }
        failed = failed == 0 ? mig__dialogue_expect(talk, ' ') : failed;
    }
    failed = failed == 0 ? mig__dialogue_literal(talk, &size) : failed;
    if (failed == 0) {
        if (a->error.code == MIG_OK) {
            (void)talk->store->ops->append_begin(talk->store, &a->batch, flags != NULL ? flags : "",
                                                 dated ? &date : NULL, &a->error);
        }
        failed = read_octets(a, size);
    }
    free(flags);
    mig__buffer_free(&text);
    return failed;
}

static int commit(appending *a)
{
    mig__dialogue *talk = a->talk;
    mig_store *store = talk->store;
    mig__buffer set = MIG__BUFFER_INIT;
    mig__uidset uids = MIG__UIDSET_INIT;
    uint32_t *given = calloc(a->batch.count + 1, sizeof *given);
    if (given == NULL) {
        return mig_error_set(&a->error, MIG_E_NOMEM, "out of memory");
    }
    int failed = store->ops->append_commit(store, &a->batch, given, &a->error);
    for (size_t i = 0; failed == 0 && i < a->batch.count; i++) {
        failed = mig__uidset_add(&uids, given[i], given[i], &a->error);
    }
    if (failed == 0) {
        mig__uidset_format(&uids, &set);
        mig__dialogue_say(talk, "%s OK [APPENDUID %u ", talk->tag, a->batch.folder->uidvalidity);
        mig__dialogue_say_octets(talk, set.data, set.length);
        mig__dialogue_say(talk, "] done\r\n");
    }
    mig__buffer_free(&set);
    mig__uidset_free(&uids);
    free(given);
    return failed;
}

int mig__respond_append(mig__dialogue *talk)
{
    mig_store *store = talk->store;
    mig__buffer wire = MIG__BUFFER_INIT;
    appending a = {.talk = talk, .batch = {.fd = -1}, .error = MIG_ERROR_INIT};
    int failed = mig__dialogue_expect(talk, ' ');
    failed = failed == 0 ? mig__dialogue_string(talk, &wire) : failed;
    if (failed == 0) {
        a.batch.folder = mig__dialogue_folder(talk, wire.data, &a.error);
    }
    do {
        failed = failed == 0 ? read_message(&a) : failed;
    } while (failed == 0 && mig__dialogue_peek(talk) == ' ');
    failed = failed == 0 ? mig__dialogue_line_end(talk) : failed;
    if (failed == 0 && (a.error.code != MIG_OK || commit(&a) != 0)) {
        failed = mig__dialogue_no(talk, &a.error);
    }
    store->ops->append_abort(store, &a.batch);
    mig__buffer_free(&wire);
    return failed;
}

/* ---- folders ---- */

/* " name", and for CREATE perhaps " (USE (...))", which a Maildir has no place for. */
static int read_name(mig__dialogue *talk, mig__buffer *wire)
{
    mig__buffer rest = MIG__BUFFER_INIT;
    int failed = mig__dialogue_expect(talk, ' ');
    failed = failed == 0 ? mig__dialogue_string(talk, wire) : failed;
    failed = failed == 0 ? mig__dialogue_rest(talk, &rest) : failed;
    mig__buffer_free(&rest);
    return failed;
}

static int change_folder(mig__dialogue *talk, int (*change)(mig_store *store, const char *wire, mig_error *err))
{
    mig__buffer wire = MIG__BUFFER_INIT;
    mig_error error = MIG_ERROR_INIT;
    int failed = read_name(talk, &wire);
    if (failed == 0) {
        pthread_mutex_lock(&talk->store->lock);
        int done = change(talk->store, wire.data, &error);
        pthread_mutex_unlock(&talk->store->lock);
        failed = done == 0 ? mig__dialogue_ok(talk, "done") : mig__dialogue_no(talk, &error);
    }
    mig__buffer_free(&wire);
    return failed;
}

int mig__respond_create(mig__dialogue *talk)
{
    return change_folder(talk, talk->store->ops->create);
}

int mig__respond_subscribe(mig__dialogue *talk)
{
    return change_folder(talk, talk->store->ops->subscribe);
}

int mig__respond_rename(mig__dialogue *talk)
{
    mig_store *store = talk->store;
    mig__buffer from = MIG__BUFFER_INIT, to = MIG__BUFFER_INIT;
    mig_error error = MIG_ERROR_INIT;
    int failed = mig__dialogue_expect(talk, ' ');
    failed = failed == 0 ? mig__dialogue_string(talk, &from) : failed;
    failed = failed == 0 ? mig__dialogue_expect(talk, ' ') : failed;
    failed = failed == 0 ? mig__dialogue_string(talk, &to) : failed;
    failed = failed == 0 ? mig__dialogue_line_end(talk) : failed;
    if (failed == 0) {
        mig__store_folder *folder = mig__dialogue_folder(talk, from.data, &error);
        int done = -1;
        if (folder != NULL) {
            pthread_mutex_lock(&folder->writing);
            pthread_mutex_lock(&store->lock);
            done = store->ops->rename(store, folder, to.data, &error);
            pthread_mutex_unlock(&store->lock);
            pthread_mutex_unlock(&folder->writing);
        }
        failed = done == 0 ? mig__dialogue_ok(talk, "done") : mig__dialogue_no(talk, &error);
    }
    mig__buffer_free(&from);
    mig__buffer_free(&to);
    return failed;
}

/* ---- messages ---- */

typedef int change_fn(mig__dialogue *talk, const mig__store_item *item, void *context, mig_error *err);

/* Between begin and end of the selected folder: `change` for each message of the set. */
static int change_messages(mig__dialogue *talk, const mig__uidset *uids, change_fn *change, void *context,
                           mig_error *err)
{
    mig_store *store = talk->store;
    int failed = 0;
    if (store->ops->begin(store, talk->selected, err) != 0) {
        return -1;
    }
    for (size_t i = 0; failed == 0 && i < uids->count; i++) {
        for (uint64_t uid = uids->ranges[i].first; failed == 0 && uid <= uids->ranges[i].last;) {
            mig__store_item item;
            int found = mig__store_take(store, talk->selected, (uint32_t)uid, &item, err);
            if (found != 0) {
                failed = found < 0 ? -1 : 0;
                break;
            }
            uid = (uint64_t)item.message.uid + 1;
            if (item.message.uid <= uids->ranges[i].last) {
                failed = change(talk, &item, context, err);
            }
            mig__store_item_clear(&item);
        }
    }
    mig_error ignored = MIG_ERROR_INIT;
    int ended = store->ops->end(store, talk->selected, failed != 0 ? &ignored : err);
    return failed != 0 || ended != 0 ? -1 : 0;
}

typedef struct storing {
    char way; /* '+', '-', or '=' */
    char *flags;
} storing;

/* Flags that a message has afterwards, joined. */
static char *stored(const char *now, const storing *s)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "%s %s", s->way == '=' ? "" : now, s->way == '-' ? "" : s->flags);
    char *plain = mig__buffer_steal(&text);
    const char **split = plain != NULL ? mig__flags_split(plain) : NULL;
    char *joined = split != NULL ? mig__flags_join(split) : NULL;
    free(split);
    free(plain);
    const char **gone = joined != NULL && s->way == '-' ? mig__flags_split(s->flags) : NULL;
    for (size_t i = 0; gone != NULL && gone[i] != NULL && joined != NULL; i++) {
        char *less = mig__flags_without(joined, gone[i]);
        free(joined);
        joined = less;
    }
    free(gone);
    return joined;
}

static int store_flags(mig__dialogue *talk, const mig__store_item *item, void *context, mig_error *err)
{
    char *flags = stored(item->flags, context);
    if (flags == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int failed = strcmp(flags, item->flags) == 0
                     ? 0
                     : talk->store->ops->flag(talk->store, talk->selected, item->message.uid, flags, err);
    free(flags);
    return failed;
}

int mig__respond_store(mig__dialogue *talk)
{
    mig__uidset uids = MIG__UIDSET_INIT;
    mig__buffer list = MIG__BUFFER_INIT;
    mig_error error = MIG_ERROR_INIT;
    storing s = {.way = '='};
    char words[32] = "";
    int failed = mig__dialogue_expect(talk, ' ');
    failed = failed == 0 ? mig__dialogue_set(talk, &uids) : failed;
    failed = failed == 0 ? mig__dialogue_expect(talk, ' ') : failed;
    failed = failed == 0 ? mig__dialogue_atom(talk, words, sizeof words) : failed;
    s.way = words[0] == '+' || words[0] == '-' ? words[0] : '=';
    if (failed == 0 && strcasecmp(words + (s.way != '='), "FLAGS.SILENT") != 0) {
        failed = mig__dialogue_break(talk);
    }
    failed = failed == 0 ? mig__dialogue_expect(talk, ' ') : failed;
    failed = failed == 0 ? read_flags(talk, &list, &s.flags) : failed;
    failed = failed == 0 ? mig__dialogue_line_end(talk) : failed;
    if (failed == 0) {
        failed = change_messages(talk, &uids, store_flags, &s, &error) == 0 ? mig__dialogue_ok(talk, "done")
                                                                            : mig__dialogue_no(talk, &error);
    }
    free(s.flags);
    mig__uidset_free(&uids);
    mig__buffer_free(&list);
    return failed;
}

/* RFC 4315 section 2.1: those of the set that are flagged \Deleted. */
static int expunge(mig__dialogue *talk, const mig__store_item *item, void *context, mig_error *err)
{
    (void)context;
    return strstr(item->flags, "\\Deleted") == NULL
               ? 0
               : talk->store->ops->expunge(talk->store, talk->selected, item->message.uid, err);
}

int mig__respond_expunge(mig__dialogue *talk)
{
    mig__uidset uids = MIG__UIDSET_INIT;
    mig_error error = MIG_ERROR_INIT;
    int failed = mig__dialogue_expect(talk, ' ');
    failed = failed == 0 ? mig__dialogue_set(talk, &uids) : failed;
    failed = failed == 0 ? mig__dialogue_line_end(talk) : failed;
    if (failed == 0) {
        failed = change_messages(talk, &uids, expunge, NULL, &error) == 0 ? mig__dialogue_ok(talk, "done")
                                                                          : mig__dialogue_no(talk, &error);
    }
    mig__uidset_free(&uids);
    return failed;
}

/* One by one, since each changes two folders; COPYUID tells of each (RFC 6851 section 4.3). */
static int move_all(mig__dialogue *talk, const mig__uidset *uids, const char *wire, mig_error *err)
{
    mig__store_folder *to = mig__dialogue_folder(talk, wire, err);
    if (to == NULL) {
        return -1;
    }
    for (size_t i = 0; i < uids->count; i++) {
        for (uint64_t uid = uids->ranges[i].first; uid <= uids->ranges[i].last;) {
            mig__store_item item;
            uint32_t moved = 0;
            int found = mig__store_take(talk->store, talk->selected, (uint32_t)uid, &item, err);
            mig__store_item_clear(&item);
            if (found != 0 || item.message.uid > uids->ranges[i].last) {
                if (found < 0) {
                    return -1;
                }
                break;
            }
            uid = (uint64_t)item.message.uid + 1;
            if (talk->store->ops->move(talk->store, talk->selected, item.message.uid, to, &moved, err) != 0) {
                return -1;
            }
            if (moved != 0) {
                mig__dialogue_say(talk, "* OK [COPYUID %u %u %u] done\r\n", to->uidvalidity, item.message.uid, moved);
            }
        }
    }
    return 0;
}

int mig__respond_move(mig__dialogue *talk)
{
    mig__uidset uids = MIG__UIDSET_INIT;
    mig__buffer wire = MIG__BUFFER_INIT;
    mig_error error = MIG_ERROR_INIT;
    int failed = mig__dialogue_expect(talk, ' ');
    failed = failed == 0 ? mig__dialogue_set(talk, &uids) : failed;
    failed = failed == 0 ? mig__dialogue_expect(talk, ' ') : failed;
    failed = failed == 0 ? mig__dialogue_string(talk, &wire) : failed;
    failed = failed == 0 ? mig__dialogue_line_end(talk) : failed;
    if (failed == 0) {
        failed = move_all(talk, &uids, wire.data, &error) == 0 ? mig__dialogue_ok(talk, "done")
                                                               : mig__dialogue_no(talk, &error);
    }
    mig__uidset_free(&uids);
    mig__buffer_free(&wire);
    return failed;
}
