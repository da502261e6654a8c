/* Many dialogues at once with a server that refuses some, puts some off, and hangs up on some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "account/each.h"
#include "imap/command.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ITEMS = 150, LINE = 512 };

typedef struct server {
    pthread_t thread;
    int listener;
    uint16_t port;
    unsigned connections, asked[ITEMS];
    bool over;
} server;

typedef struct item {
    char name[16];
    mig__command *command;
    unsigned sent, done;
    int outcome;
    mig_code code;
} item;

/* STATUS of mN: the hundreds digit of what it does is in the table of the test. */
typedef enum deed { FINE, REFUSE, PUT_OFF_ONCE, HANG_UP_ONCE, HANG_UP_ALWAYS } deed;
static deed deeds[ITEMS];

/* False: hang up. */
static bool answer(server *s, int fd, const char *line)
{
    char out[LINE];
    const char *name = strstr(line, " m");
    unsigned which = name != NULL ? (unsigned)strtoul(name + 2, NULL, 10) : ITEMS;
    const char *words = "OK [CAPABILITY IMAP4rev1] done";
    if (which < ITEMS) {
        bool first = s->asked[which]++ == 0;
        deed what = deeds[which];
        if (what == HANG_UP_ALWAYS || (what == HANG_UP_ONCE && first)) {
            return false;
        }
        words = what == REFUSE ? "NO no" : what == PUT_OFF_ONCE && first ? "NO [UNAVAILABLE] later" : "OK done";
    }
    int size = snprintf(out, sizeof out, "%.*s %s\r\n", (int)strcspn(line, " "), line, words);
    return write(fd, out, (size_t)size) == size;
}

static void serve_one(server *s, int fd)
{
    static const char greeting[] = "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n";
    char line[LINE];
    size_t length = 0;
    bool going = write(fd, greeting, sizeof greeting - 1) > 0;
    while (going && length < sizeof line - 1 && read(fd, line + length, 1) == 1) {
        if (line[length++] == '\n') {
            line[length] = '\0';
            going = answer(s, fd, line);
            length = 0;
        }
    }
}

static void *serve(void *argument)
{
    server *s = argument;
    for (int fd; (fd = accept(s->listener, NULL, NULL)) >= 0; close(fd)) {
        if (s->over) {
            close(fd);
            break;
        }
        s->connections++;
        serve_one(s, fd);
    }
    return NULL;
}

static void start(server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &length), 0);
    s->port = ntohs(address.sin_port);
    assert_int_equal(listen(s->listener, 5), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(server *s)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(s->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    s->over = true;
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    pthread_join(s->thread, NULL);
    close(fd);
    close(s->listener);
}

static int secret(char *out, size_t size, bool fresh, void *context, mig_error *err)
{
    (void)fresh;
    (void)context;
    (void)err;
    (void)snprintf(out, size, "%s", "secret");
    return 0;
}

static int send_item(mig__session *session, void *context, mig_error *err)
{
    item *it = context;
    it->sent++;
    it->command = mig__command_begin(session, "STATUS", NULL, NULL, err);
    if (it->command == NULL) {
        return -1;
    }
    mig__command_mailbox(it->command, it->name);
    mig__command_raw(it->command, "(MESSAGES)");
    return mig__command_end(it->command, err);
}

static int settle_item(mig__session *session, void *context, mig_error *err)
{
    return mig__command_outcome(session, ((item *)context)->command, err);
}

static int finish_item(void *context, int outcome, const mig_error *why, mig_error *err)
{
    item *it = context;
    (void)err;
    it->done++;
    it->outcome = outcome;
    it->code = why->code;
    return 0;
}

static int ask_all(server *s, item *items)
{
    static const mig__each each = {send_item, settle_item, finish_item};
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    mig__gate gate;
    mig_error error = MIG_ERROR_INIT;
    mig__session *session = NULL;
    void *pointers[ITEMS];
    for (unsigned i = 0; i < ITEMS; i++) {
        items[i] = (item){.outcome = -1};
        snprintf(items[i].name, sizeof items[i].name, "m%u", i);
        pointers[i] = &items[i];
    }
    start(s);
    endpoint.host = (char *)"127.0.0.1";
    endpoint.user = (char *)"user";
    endpoint.port = s->port;
    endpoint.tls = MIG_TLS_NONE;
    endpoint.secret = secret;
    mig__gate_options options = {.session = {.endpoint = &endpoint, .account = "user@old"}, .patience_ms = 60000};
    mig__gate_init(&gate, &options);
    int failed = mig__gate_ask_each(&gate, &session, &each, pointers, ITEMS, &error);
    mig__gate_close(&gate, &session);
    mig__gate_clear(&gate);
    stop(s);
    return failed;
}

static void all_is_well_over_one_connection(void **state)
{
    (void)state;
    static item items[ITEMS];
    server s = {.connections = 0};
    memset(deeds, 0, sizeof deeds);
    assert_int_equal(ask_all(&s, items), 0);
    for (unsigned i = 0; i < ITEMS; i++) {
        assert_int_equal(items[i].done, 1);
        assert_int_equal(items[i].outcome, 0);
        assert_int_equal(items[i].sent, 1);
    }
    assert_int_equal(s.connections, 1);
}

static void one_that_fails_does_not_keep_the_others(void **state)
{
    (void)state;
    static item items[ITEMS];
    server s = {.connections = 0};
    memset(deeds, 0, sizeof deeds);
    deeds[3] = REFUSE;
    deeds[70] = PUT_OFF_ONCE;
    deeds[0] = HANG_UP_ONCE;
    deeds[100] = HANG_UP_ALWAYS;
    deeds[149] = HANG_UP_ALWAYS;
    assert_int_equal(ask_all(&s, items), 0);
    for (unsigned i = 0; i < ITEMS; i++) {
        bool refused = deeds[i] == REFUSE || deeds[i] == HANG_UP_ALWAYS;
        assert_int_equal(items[i].done, 1);
        assert_int_equal(items[i].outcome, refused);
    }
    assert_int_equal(items[3].code, MIG_E_NO);
    assert_int_equal(items[100].code, MIG_E_CLOSED);
    assert_true(s.asked[100] >= 3 && s.asked[100] < 16); /* a reset may hide which one it was, but not for long */
    assert_true(s.asked[70] >= 2);
    assert_true(s.connections < 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_well_over_one_connection),
        cmocka_unit_test(one_that_fails_does_not_keep_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
