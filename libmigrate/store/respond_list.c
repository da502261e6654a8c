/* store/respond_list.c - LIST with STATUS and subscriptions, STATUS, EXAMINE and SELECT */
#include "store/responder.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const uses[MIG_ROLE_COUNT] = {
    [MIG_ROLE_SENT] = "\\Sent",       [MIG_ROLE_DRAFTS] = "\\Drafts",       [MIG_ROLE_JUNK] = "\\Junk",
    [MIG_ROLE_TRASH] = "\\Trash",     [MIG_ROLE_ARCHIVE] = "\\Archive",     [MIG_ROLE_ALL] = "\\All",
    [MIG_ROLE_FLAGGED] = "\\Flagged", [MIG_ROLE_IMPORTANT] = "\\Important",
};

mig__store_folder *mig__dialogue_folder(mig__dialogue *talk, const char *wire, mig_error *err)
{
    pthread_mutex_lock(&talk->store->lock);
    mig__store_folder *folder = mig__store_find(talk->store, wire);
    pthread_mutex_unlock(&talk->store->lock);
    if (folder == NULL || !folder->selectable) {
        mig_error_set(err, MIG_E_MISSING, "there is no folder of that name in %s", talk->store->path);
        return NULL;
    }
    if (folder->problem != NULL) {
        mig_error_set(err, MIG_E_IO, "%s cannot be read: %s", folder->path, folder->problem);
        return NULL;
    }
    return folder;
}

void mig__dialogue_unselect(mig__dialogue *talk)
{
    talk->selected = NULL;
}

typedef struct numbers {
    uint32_t messages, unseen, uidvalidity, uidnext;
} numbers;

static int count(mig_store *store, mig__store_folder *folder, numbers *out, mig_error *err)
{
    *out = (numbers){0};
    if (mig__store_hold(store, folder, err) != 0) {
        return -1;
    }
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < folder->count; i++) {
        out->unseen += strstr(store->flags[folder->messages[i].flags], "\\Seen") == NULL;
    }
    out->messages = (uint32_t)folder->count;
    out->uidvalidity = folder->uidvalidity;
    out->uidnext = folder->uidnext;
    pthread_mutex_unlock(&store->lock);
    mig__store_let_go(store, folder);
    return 0;
}

static void say_status(mig__dialogue *talk, const char *wire, const numbers *n)
{
    mig__dialogue_say(talk, "* STATUS ");
    mig__dialogue_say_string(talk, wire);
    mig__dialogue_say(talk, " (MESSAGES %u UIDNEXT %u UIDVALIDITY %u UNSEEN %u)\r\n", n->messages, n->uidnext,
                      n->uidvalidity, n->unseen);
}

static int keep_uids(mig__dialogue *talk, mig_error *err)
{
    pthread_mutex_lock(&talk->store->lock);
    int failed = mig__store_keep_uids(talk->store, err);
    pthread_mutex_unlock(&talk->store->lock);
    return failed;
}

static void say_folder(mig__dialogue *talk, const mig__store_folder *folder)
{
    const char *use = uses[folder->role];
    mig__dialogue_say(talk, "* LIST (%s%s%s%s)", folder->selectable ? "" : "\\Noselect ",
                      folder->subscribed ? "\\Subscribed" : "", folder->subscribed && use != NULL ? " " : "",
                      use != NULL ? use : "");
    mig__dialogue_say_delimiter(talk);
    mig__dialogue_say(talk, " ");
    mig__dialogue_say_string(talk, folder->wire);
    mig__dialogue_say(talk, "\r\n");
}

static mig__store_folder *folder_at(mig_store *store, size_t i)
{
    pthread_mutex_lock(&store->lock);
    mig__store_folder *folder = i < store->count ? store->folders[i] : NULL;
    pthread_mutex_unlock(&store->lock);
    return folder;
}

/*
 * The UIDs that this gives out are kept before any is told, all at once. A folder whose files cannot be read has no
 * numbers: STATUS, which is asked for it then, says why.
 */
static int count_all(mig_store *store, numbers **all, size_t *known, mig_error *err)
{
    mig__store_folder *folder;
    size_t room = 0;
    for (*known = 0; (folder = folder_at(store, *known)) != NULL; (*known)++) {
        mig_error ignored = MIG_ERROR_INIT;
        if (*known == room) {
            room = room == 0 ? 64 : 2 * room;
            numbers *grown = realloc(*all, room * sizeof *grown);
            if (grown == NULL) {
                return mig_error_set(err, MIG_E_NOMEM, "out of memory");
            }
            *all = grown;
        }
        numbers *n = &(*all)[*known];
        *n = (numbers){0};
        if (folder->selectable && folder->problem == NULL && count(store, folder, n, &ignored) != 0) {
            n->uidvalidity = 0;
        }
    }
    return 0;
}

static int list_all(mig__dialogue *talk, bool status, mig_error *err)
{
    numbers *all = NULL;
    size_t known = 0;
    mig__store_folder *folder;
    int failed = status ? count_all(talk->store, &all, &known, err) : 0;
    failed = failed == 0 ? keep_uids(talk, err) : failed;
    for (size_t i = 0; failed == 0 && (folder = folder_at(talk->store, i)) != NULL; i++) {
        say_folder(talk, folder);
        if (i < known && all[i].uidvalidity != 0) {
            say_status(talk, folder->wire, &all[i]);
        }
    }
    free(all);
    return failed;
}

int mig__respond_list(mig__dialogue *talk)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig_error error = MIG_ERROR_INIT;
    int failed = mig__dialogue_expect(talk, ' ');
    failed = failed == 0 ? mig__dialogue_string(talk, &text) : failed;
    failed = failed == 0 ? mig__dialogue_expect(talk, ' ') : failed;
    failed = failed == 0 ? mig__dialogue_string(talk, &text) : failed;
    failed = failed == 0 ? mig__dialogue_rest(talk, &text) : failed;
    bool status = failed == 0 && strstr(text.data, "STATUS (") != NULL;
    mig__buffer_free(&text);
    if (failed != 0) {
        return -1;
    }
    return list_all(talk, status, &error) == 0 ? mig__dialogue_ok(talk, "done") : mig__dialogue_no(talk, &error);
}

int mig__respond_status(mig__dialogue *talk)
{
    mig__buffer wire = MIG__BUFFER_INIT, items = MIG__BUFFER_INIT;
    mig_error error = MIG_ERROR_INIT;
    numbers n;
    int failed = mig__dialogue_expect(talk, ' ');
    failed = failed == 0 ? mig__dialogue_string(talk, &wire) : failed;
    failed = failed == 0 ? mig__dialogue_expect(talk, ' ') : failed;
    failed = failed == 0 ? mig__dialogue_list(talk, &items) : failed;
    failed = failed == 0 ? mig__dialogue_line_end(talk) : failed;
    if (failed == 0) {
        mig__store_folder *folder = mig__dialogue_folder(talk, wire.data, &error);
        if (folder != NULL && count(talk->store, folder, &n, &error) == 0 && keep_uids(talk, &error) == 0) {
            say_status(talk, wire.data, &n);
            failed = mig__dialogue_ok(talk, "done");
        } else {
            failed = mig__dialogue_no(talk, &error);
        }
    }
    mig__buffer_free(&wire);
    mig__buffer_free(&items);
    return failed;
}

static void say_keywords(mig__dialogue *talk, const mig__store_folder *folder)
{
    for (size_t i = 0; folder->keywords != NULL && folder->keywords[i] != NULL; i++) {
        if (folder->keywords[i][0] != '\0') {
            mig__dialogue_say(talk, " ");
            mig__dialogue_say_octets(talk, folder->keywords[i], strlen(folder->keywords[i]));
        }
    }
}

static bool keywords_fit(const mig__store_folder *folder)
{
    size_t known = 0;
    while (folder->keywords != NULL && folder->keywords[known] != NULL) {
        known++;
    }
    return known < 26; /* letters that a Maildir has for them */
}

static int select_folder(mig__dialogue *talk, const char *wire, bool writable, mig_error *err)
{
    mig_store *store = talk->store;
    mig__store_folder *folder = mig__dialogue_folder(talk, wire, err);
    if (folder == NULL || mig__store_hold(store, folder, err) != 0) {
        return -1;
    }
    if ((store->ops->current != NULL && !store->ops->current(store, folder) &&
         mig__store_refresh(store, folder, err) != 0) ||
        keep_uids(talk, err) != 0) {
        mig__store_let_go(store, folder);
        return -1;
    }
    talk->selected = folder;
    talk->writable = writable && store->side == MIG_TARGET;
    return 0;
}

int mig__respond_select(mig__dialogue *talk, bool writable)
{
    static const char system[] = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";
    mig__buffer wire = MIG__BUFFER_INIT;
    mig_error error = MIG_ERROR_INIT;
    int failed = mig__dialogue_expect(talk, ' ');
    failed = failed == 0 ? mig__dialogue_string(talk, &wire) : failed;
    failed = failed == 0 ? mig__dialogue_line_end(talk) : failed;
    mig__dialogue_unselect(talk);
    if (failed != 0 || select_folder(talk, wire.data, writable, &error) != 0) {
        mig__buffer_free(&wire);
        return failed != 0 ? -1 : mig__dialogue_no(talk, &error);
    }
    mig__buffer_free(&wire);
    mig__store_folder *folder = talk->selected;
    pthread_mutex_lock(&talk->store->lock);
    mig__dialogue_say(talk, "* FLAGS (%s", system);
    say_keywords(talk, folder);
    mig__dialogue_say(talk, ")\r\n* %zu EXISTS\r\n* OK [UIDVALIDITY %u] done\r\n* OK [UIDNEXT %u] done\r\n",
                      folder->count, folder->uidvalidity, folder->uidnext);
    if (talk->writable) {
        mig__dialogue_say(talk, "* OK [PERMANENTFLAGS (%s", system);
        say_keywords(talk, folder);
        mig__dialogue_say(talk, "%s)] done\r\n", keywords_fit(folder) ? " \\*" : "");
    }
    pthread_mutex_unlock(&talk->store->lock);
    mig__store_let_go(talk->store, folder);
    return mig__dialogue_ok(talk, talk->writable ? "[READ-WRITE] done" : "[READ-ONLY] done");
}
