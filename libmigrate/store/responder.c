/* store/responder.c - a connection from its greeting to its end, and the table of commands */
#include "store/responder.h"
#include "base/thread.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define CAPABILITIES                                                                                                   \
    "IMAP4rev1 LITERAL+ UIDPLUS LIST-EXTENDED LIST-STATUS SPECIAL-USE UNSELECT ESEARCH NAMESPACE MULTIAPPEND MOVE"

struct mig__store_connection {
    mig__store_connection *next;
    mig_store *store;
    int fd;
    pthread_t thread;
    atomic_bool over;
};

static int answer_capability(mig__dialogue *talk)
{
    if (mig__dialogue_line_end(talk) != 0) {
        return -1;
    }
    mig__dialogue_say(talk, "* CAPABILITY " CAPABILITIES "\r\n");
    return mig__dialogue_ok(talk, "done");
}

static int answer_namespace(mig__dialogue *talk)
{
    if (mig__dialogue_line_end(talk) != 0) {
        return -1;
    }
    mig__dialogue_say(talk, "* NAMESPACE ((");
    mig__dialogue_say_string(talk, talk->store->prefix != NULL ? talk->store->prefix : "");
    mig__dialogue_say_delimiter(talk);
    mig__dialogue_say(talk, ")) NIL NIL\r\n");
    return mig__dialogue_ok(talk, "done");
}

static int answer_noop(mig__dialogue *talk)
{
    return mig__dialogue_line_end(talk) != 0 ? -1 : mig__dialogue_ok(talk, "done");
}

static int answer_unselect(mig__dialogue *talk)
{
    mig__dialogue_unselect(talk);
    return answer_noop(talk);
}

static int answer_logout(mig__dialogue *talk)
{
    mig__dialogue_say(talk, "* BYE done\r\n");
    (void)answer_noop(talk);
    return -1;
}

static int answer_examine(mig__dialogue *talk)
{
    return mig__respond_select(talk, false);
}

static int answer_select(mig__dialogue *talk)
{
    return mig__respond_select(talk, true);
}

typedef struct command {
    const char *words;
    int (*answer)(mig__dialogue *talk);
    bool selected; /* needs a mailbox */
    bool writing;  /* needs a store that can be written to */
} command;

static const command commands[] = {
    {"CAPABILITY", answer_capability, false, false},
    {"NAMESPACE", answer_namespace, false, false},
    {"NOOP", answer_noop, false, false},
    {"LOGOUT", answer_logout, false, false},
    {"LIST", mig__respond_list, false, false},
    {"STATUS", mig__respond_status, false, false},
    {"EXAMINE", answer_examine, false, false},
    {"SELECT", answer_select, false, false},
    {"UNSELECT", answer_unselect, false, false},
    {"CREATE", mig__respond_create, false, true},
    {"RENAME", mig__respond_rename, false, true},
    {"SUBSCRIBE", mig__respond_subscribe, false, true},
    {"APPEND", mig__respond_append, false, true},
    {"UID FETCH", mig__respond_fetch, true, false},
    {"UID SEARCH", mig__respond_search, true, false},
    {"UID STORE", mig__respond_store, true, true},
    {"UID MOVE", mig__respond_move, true, true},
    {"UID EXPUNGE", mig__respond_expunge, true, true},
};

static const command *find_command(mig__dialogue *talk)
{
    char words[64];
    if (mig__dialogue_atom(talk, words, 32) != 0) {
        return NULL;
    }
    if (strcasecmp(words, "UID") == 0) {
        words[3] = ' ';
        if (mig__dialogue_expect(talk, ' ') != 0 || mig__dialogue_atom(talk, words + 4, 32) != 0) {
            return NULL;
        }
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcasecmp(commands[i].words, words) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* The line is read to its end, and refused. */
static int refuse_line(mig__dialogue *talk, const mig_error *error)
{
    mig__buffer rest = MIG__BUFFER_INIT;
    int failed = mig__dialogue_rest(talk, &rest);
    mig__buffer_free(&rest);
    return failed != 0 ? -1 : mig__dialogue_no(talk, error);
}

/* A command that needs a mailbox: its index is held meanwhile. */
static int answer_in_folder(mig__dialogue *talk, const command *known)
{
    mig_error error = MIG_ERROR_INIT;
    mig__store_folder *folder = talk->selected;
    if (folder == NULL) { /* the SELECT that was sent just before was refused */
        mig_error_set(&error, MIG_E_NO, "no mailbox is open");
        return refuse_line(talk, &error);
    }
    if (mig__store_hold(talk->store, folder, &error) != 0) {
        return refuse_line(talk, &error);
    }
    int failed = known->answer(talk);
    mig__store_let_go(talk->store, folder);
    return failed;
}

/* One command. -1: the connection ends. */
static int converse(mig__dialogue *talk)
{
    if (mig__dialogue_atom(talk, talk->tag, sizeof talk->tag) != 0 || mig__dialogue_expect(talk, ' ') != 0) {
        return -1;
    }
    const command *known = find_command(talk);
    bool refused = known == NULL || (known->writing && talk->store->side != MIG_TARGET) ||
                   (known->selected && known->writing && talk->selected != NULL && !talk->writable);
    if (refused) {
        if (!talk->broken || talk->in_from < talk->in_to) {
            talk->broken = false;
            mig__dialogue_say(talk, "%s BAD there is no such command for these files\r\n", talk->tag);
            (void)mig__dialogue_flush(talk);
        }
        return -1;
    }
    return known->selected ? answer_in_folder(talk, known) : known->answer(talk);
}

static void *serve(void *argument)
{
    mig__store_connection *connection = argument;
    mig__dialogue talk = {.store = connection->store, .fd = connection->fd, .in = malloc(MIG__INPUT)};
    mig_error error = MIG_ERROR_INIT;
    if (talk.in != NULL && mig__identity_take(&connection->store->identity, &error) != 0) {
        mig__dialogue_say(&talk, "* BYE %s\r\n", error.text);
        (void)mig__dialogue_flush(&talk);
    } else if (talk.in != NULL) {
        mig__dialogue_say(&talk, "* PREAUTH %s is open\r\n", connection->store->ops->scheme);
        while (converse(&talk) == 0 && !talk.broken) {
        }
        if (!talk.broken) {
            (void)mig__dialogue_flush(&talk);
        }
    }
    mig__dialogue_unselect(&talk);
    mig__buffer_free(&talk.out);
    free(talk.in);
    close(connection->fd);
    atomic_store(&connection->over, true);
    return NULL;
}

int mig__responder_start(mig_store *store, int fd, mig_error *err)
{
    mig__store_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        close(fd);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    connection->store = store;
    connection->fd = fd;
    atomic_init(&connection->over, false);
    if (mig__thread_start(&connection->thread, serve, connection, err) != 0) {
        close(fd);
        free(connection);
        return mig_error_context(err, "%s", store->url);
    }
    pthread_mutex_lock(&store->lock);
    connection->next = store->connections;
    store->connections = connection;
    pthread_mutex_unlock(&store->lock);
    return 0;
}

void mig__responder_reap(mig_store *store, bool all)
{
    mig__store_connection *ended = NULL;
    pthread_mutex_lock(&store->lock);
    for (mig__store_connection **at = &store->connections; *at != NULL;) {
        mig__store_connection *connection = *at;
        if (all || atomic_load(&connection->over)) {
            *at = connection->next;
            connection->next = ended;
            ended = connection;
        } else {
            at = &connection->next;
        }
    }
    pthread_mutex_unlock(&store->lock);
    while (ended != NULL) {
        mig__store_connection *next = ended->next;
        pthread_join(ended->thread, NULL);
        free(ended);
        ended = next;
    }
}
