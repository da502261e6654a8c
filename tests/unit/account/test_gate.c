/* Opening sessions with patience, against a server on loopback that is there, is busy, or is not there at all */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "account/spare.h"
#include "base/clock.h"
#include "imap/command.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct server {
    pthread_t thread;
    int listener;
    uint16_t port;
    unsigned busy;     /* connections that are sent away first */
    unsigned serve;    /* connections in all, after which it ends */
    unsigned commands; /* of a connection, after which it hangs up; 0: never */
} server;

/* Every command is answered with OK. */
static void serve_one(const server *s, int fd)
{
    static const char greeting[] = "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n";
    char line[2048], answer[64];
    size_t length = 0;
    unsigned commands = 0;
    (void)!write(fd, greeting, sizeof greeting - 1);
    while (length < sizeof line - 1 && read(fd, line + length, 1) == 1) {
        if (line[length++] != '\n') {
            continue;
        }
        line[length] = '\0';
        int size =
            snprintf(answer, sizeof answer, "%.*s OK [CAPABILITY IMAP4rev1] done\r\n", (int)strcspn(line, " "), line);
        (void)!write(fd, answer, (size_t)size);
        length = 0;
        if (++commands == s->commands) {
            break;
        }
    }
}

static void *serve(void *argument)
{
    server *s = argument;
    for (unsigned i = 0; i < s->serve; i++) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0) {
            break;
        }
        if (i < s->busy) {
            static const char away[] = "* BYE too many connections\r\n";
            (void)!write(fd, away, sizeof away - 1);
        } else {
            serve_one(s, fd);
        }
        close(fd);
    }
    return NULL;
}

static void bind_port(server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &length), 0);
    s->port = ntohs(address.sin_port);
}

static void start(server *s)
{
    bind_port(s);
    assert_int_equal(listen(s->listener, 5), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static int secret(char *out, size_t size, bool fresh, void *context, mig_error *err)
{
    (void)fresh;
    (void)context;
    (void)err;
    (void)snprintf(out, size, "%s", "secret");
    return 0;
}

typedef struct watcher {
    unsigned pauses;
    unsigned stop_after; /* pauses; 0: never */
} watcher;

static void count_pause(const mig_error *error, void *context)
{
    watcher *w = context;
    assert_int_not_equal(error->code, MIG_OK);
    w->pauses++;
}

static bool enough(void *context)
{
    const watcher *w = context;
    return w->stop_after > 0 && w->pauses >= w->stop_after;
}

static mig_endpoint endpoint_of(const server *s)
{
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    endpoint.host = (char *)"127.0.0.1";
    endpoint.user = (char *)"user";
    endpoint.port = s->port;
    endpoint.tls = MIG_TLS_NONE;
    endpoint.secret = secret;
    return endpoint;
}

static void init_gate(mig__gate *gate, const mig_endpoint *endpoint, watcher *w, unsigned attempts)
{
    mig__gate_options options = {.session = {.endpoint = endpoint, .account = "user@old"},
                                 .attempts = attempts,
                                 .stopping = enough,
                                 .waiting = count_pause,
                                 .context = w};
    mig__gate_init(gate, &options);
}

static void a_busy_server_is_waited_for_at_the_start(void **state)
{
    (void)state;
    server s = {.busy = 1, .serve = 2};
    watcher w = {0};
    mig__gate gate;
    mig_error error;
    mig__stream_stats stats = {0};
    start(&s);
    mig_endpoint endpoint = endpoint_of(&s);
    init_gate(&gate, &endpoint, &w, 0);
    mig__session *session = mig__gate_open(&gate, MIG__PATIENCE_FIRST, &error);
    assert_non_null(session);
    assert_int_equal(w.pauses, 1);
    mig__gate_stats(&gate, &stats);
    assert_int_equal(stats.octets_in, 0); /* counted when it is closed */
    mig__gate_close(&gate, &session);
    assert_null(session);
    mig__gate_close(&gate, &session);
    mig__gate_stats(&gate, &stats);
    assert_true(stats.octets_in > 0 && stats.octets_out > 0);
    mig__gate_clear(&gate);
    pthread_join(s.thread, NULL);
    close(s.listener);
}

static void without_patience_the_first_failure_is_the_last(void **state)
{
    (void)state;
    server s = {.busy = 1, .serve = 1};
    watcher w = {0};
    mig__gate gate;
    mig_error error;
    start(&s);
    mig_endpoint endpoint = endpoint_of(&s);
    init_gate(&gate, &endpoint, &w, 0);
    assert_null(mig__gate_open(&gate, MIG__PATIENCE_NONE, &error));
    assert_int_equal(error.code, MIG_E_UNAVAILABLE);
    assert_int_equal(w.pauses, 0);
    mig__gate_clear(&gate);
    pthread_join(s.thread, NULL);
    close(s.listener);
}

/* Nobody listens on the port. */
static void expect_refusal(mig__patience patience, unsigned attempts, unsigned stop_after, mig_code code,
                           unsigned pauses)
{
    server s = {0};
    watcher w = {.stop_after = stop_after};
    mig__gate gate;
    mig_error error;
    bind_port(&s);
    mig_endpoint endpoint = endpoint_of(&s);
    init_gate(&gate, &endpoint, &w, attempts);
    assert_null(mig__gate_open(&gate, patience, &error));
    assert_int_equal(error.code, code);
    assert_int_equal(w.pauses, pauses);
    mig__gate_clear(&gate);
    close(s.listener);
}

static void a_server_that_is_not_there(void **state)
{
    (void)state;
    expect_refusal(MIG__PATIENCE_FIRST, 0, 0, MIG_E_CONNECT, 0);
    expect_refusal(MIG__PATIENCE_AGAIN, 3, 0, MIG_E_CONNECT, 2);
    expect_refusal(MIG__PATIENCE_AGAIN, 0, 1, MIG_E_CONNECT, 1); /* stopped in the pause: the reason is the failure */
}

static void a_stop_comes_first(void **state)
{
    (void)state;
    server s = {0};
    mig_stop stop = MIG_STOP_INIT;
    mig__gate gate;
    mig_error error;
    bind_port(&s);
    mig_endpoint endpoint = endpoint_of(&s);
    mig__gate_options options = {.session = {.endpoint = &endpoint, .account = "user@old", .stop = &stop}};
    mig__gate_init(&gate, &options);
    mig_stop_request(&stop);
    assert_null(mig__gate_open(&gate, MIG__PATIENCE_AGAIN, &error));
    assert_int_equal(error.code, MIG_E_INTERRUPTED);
    mig__gate_clear(&gate);
    close(s.listener);
}

/* What was closed is there for the next one, also of another gate; what is gone meanwhile is opened anew. */
static void what_is_closed_is_kept(void **state)
{
    (void)state;
    server s = {.serve = 2, .commands = 2};
    mig__gate gate, other;
    mig_error error;
    start(&s);
    mig_endpoint endpoint = endpoint_of(&s);
    mig_kept *kept = mig_kept_new(4, &error);
    mig__gate_options options = {.session = {.endpoint = &endpoint, .account = "user@old"}, .kept = kept};
    mig__gate_init(&gate, &options);
    mig__gate_init(&other, &options);
    mig__session *first = mig__gate_open(&gate, MIG__PATIENCE_NONE, &error), *session = first;
    assert_non_null(first);
    mig__gate_close(&gate, &session);
    assert_null(session);
    session = mig__gate_open(&other, MIG__PATIENCE_NONE, &error);
    assert_ptr_equal(session, first);
    assert_int_equal(mig__command_simple(session, "NOOP", NULL, NULL, NULL), 0); /* the server's last word */
    mig__gate_close(&other, &session);
    mig__sleep_ms(2100); /* too long to be sure */
    session = mig__gate_open(&gate, MIG__PATIENCE_NONE, &error);
    assert_non_null(session);
    assert_int_equal(mig__command_simple(session, "NOOP", NULL, NULL, NULL), 0); /* of the second connection */
    mig__gate_close(&gate, &session);
    mig__gate_clear(&gate);
    mig__gate_clear(&other);
    mig_kept_free(&kept);
    assert_null(kept);
    assert_int_equal(pthread_join(s.thread, NULL), 0);
    close(s.listener);
}

/* Who stops leaves nothing open, and what broke is not kept. */
static void not_all_is_kept(void **state)
{
    (void)state;
    server s = {.serve = 2, .commands = 1};
    mig__gate gate;
    mig_error error;
    mig_stop stop = MIG_STOP_INIT;
    start(&s);
    mig_endpoint endpoint = endpoint_of(&s);
    mig_kept *kept = mig_kept_new(4, &error);
    mig__gate_options options = {.session = {.endpoint = &endpoint, .account = "user@old", .stop = &stop},
                                 .kept = kept};
    mig__gate_init(&gate, &options);
    mig__session *session = mig__gate_open(&gate, MIG__PATIENCE_NONE, &error);
    assert_int_not_equal(mig__command_simple(session, "NOOP", NULL, NULL, NULL), 0);
    mig__gate_close(&gate, &session);
    assert_null(mig__kept_take(kept, &options.session));
    session = mig__gate_open(&gate, MIG__PATIENCE_NONE, &error);
    assert_non_null(session);
    mig_stop_request(&stop);
    mig__gate_close(&gate, &session);
    assert_null(mig__kept_take(kept, &options.session));
    mig__gate_clear(&gate);
    mig_kept_free(&kept);
    assert_int_equal(pthread_join(s.thread, NULL), 0);
    close(s.listener);
}

static void ask_to_stop(const mig_error *error, void *context)
{
    (void)error;
    mig_stop_request(context);
}

/* A stop in the pause between two attempts is why it ends, not the failure before. */
static void a_stop_in_the_pause(void **state)
{
    (void)state;
    server s = {0};
    mig_stop stop = MIG_STOP_INIT;
    mig__gate gate;
    mig_error error;
    bind_port(&s);
    close(s.listener); /* refuses */
    mig_endpoint endpoint = endpoint_of(&s);
    mig__gate_options options = {.session = {.endpoint = &endpoint, .account = "user@old", .stop = &stop},
                                 .waiting = ask_to_stop,
                                 .context = &stop};
    mig__gate_init(&gate, &options);
    assert_null(mig__gate_open(&gate, MIG__PATIENCE_AGAIN, &error));
    assert_int_equal(error.code, MIG_E_INTERRUPTED);
    mig__gate_clear(&gate);
}

/* ---- dialogues ---- */

typedef struct told { /* what a dialogue meets, one after the other; '.': OK */
    const char *story;
    unsigned asked;
    mig__session *last;
    unsigned sessions;
} told;

static int live(mig__session *session, void *context, mig_error *err)
{
    told *t = context;
    char what = t->story[t->asked];
    t->asked += t->story[t->asked + 1] != '\0';
    t->sessions += session != t->last;
    t->last = session;
    switch (what) {
    case '.':
        return 0;
    case 'l': /* later */
        mig_error_set(err, MIG_E_UNAVAILABLE, "not now");
        return 1;
    case 'f': /* another form of the command */
        mig_error_set(err, MIG_E_BAD, "not so");
        err->retry = MIG_RETRY_NOW;
        return 1;
    case 'n':
        mig_error_set(err, MIG_E_NO, "no");
        return 1;
    case 'r':
        mig_error_set(err, MIG_E_UIDVALIDITY, "replaced");
        return 1;
    case 'b': /* broken */
        t->last = NULL;
        mig_error_set(err, MIG_E_CLOSED, "gone");
        return -1;
    default: /* ours */
        mig_error_set(err, MIG_E_STATE, "disk");
        return -1;
    }
}

static void expect_story(const char *story, int outcome, mig_code code, unsigned connections, unsigned pauses,
                         int64_t patience_ms)
{
    server s = {.serve = connections + (strcmp(story, "bbb") == 0)}; /* there is a session afterwards, for others */
    watcher w = {0};
    mig__gate gate;
    mig_error error = MIG_ERROR_INIT;
    told t = {.story = story};
    mig__session *session = NULL;
    start(&s);
    mig_endpoint endpoint = endpoint_of(&s);
    init_gate(&gate, &endpoint, &w, 0);
    gate.options.patience_ms = patience_ms;
    assert_int_equal(mig__gate_ask(&gate, &session, live, &t, &error), outcome);
    assert_int_equal(error.code == MIG_OK ? MIG_OK : error.code, code);
    assert_int_equal(t.sessions, connections);
    assert_int_equal(w.pauses, pauses);
    assert_true((session != NULL) == (outcome >= 0));
    mig__gate_close(&gate, &session);
    mig__gate_clear(&gate);
    pthread_join(s.thread, NULL);
    close(s.listener);
}

static void a_dialogue_is_had_out(void **state)
{
    (void)state;
    expect_story(".", 0, MIG_OK, 1, 0, 10000);
    expect_story("n", 1, MIG_E_NO, 1, 0, 10000);
    expect_story("r", 1, MIG_E_UIDVALIDITY, 1, 0, 10000); /* asking again does not bring it back */
    expect_story("ff.", 0, MIG_E_BAD, 1, 0, 10000);
    expect_story("l.", 0, MIG_E_UNAVAILABLE, 1, 1, 10000);
    expect_story("b.", 0, MIG_E_CLOSED, 2, 1, 10000);
    expect_story("bn", 1, MIG_E_NO, 2, 1, 10000);
    expect_story("bbb", 1, MIG_E_CLOSED, 3, 2, 10000); /* it breaks each connection: this one thing is left alone */
    expect_story("x", -1, MIG_E_STATE, 1, 0, 10000);
    expect_story("l", 1, MIG_E_UNAVAILABLE, 1, 1, 1); /* beyond the patience */
    expect_story("bb", -1, MIG_E_CLOSED, 2, 1, 1);    /* nothing gets on any more: this is not about one thing */
}

static void spares_are_there_when_they_are_wanted(void **state)
{
    (void)state;
    server s = {.busy = 1, .serve = 3};
    watcher w = {0};
    mig__gate gate;
    mig__spares spares;
    mig__session *session = NULL;
    unsigned opened = 0, failed = 0;
    start(&s);
    mig_endpoint endpoint = endpoint_of(&s);
    init_gate(&gate, &endpoint, &w, 0);
    mig__spares_begin(&spares, &gate, 1); /* sent away: that is no error, and not waited out */
    while (mig__spares_take(&spares, &session)) {
        failed += session == NULL;
    }
    mig__spares_end(&spares);
    mig__spares_begin(&spares, &gate, 1);
    while (mig__spares_take(&spares, &session)) {
        opened += session != NULL;
        mig__gate_close(&gate, &session);
    }
    mig__spares_end(&spares);
    mig__spares_begin(&spares, &gate, 1);
    mig__spares_end(&spares); /* nobody took it: closed, or the server would wait for ever */
    assert_int_equal(failed, 1);
    assert_int_equal(opened, 1);
    assert_int_equal(w.pauses, 0);
    mig__spares_begin(&spares, &gate, 0);
    assert_false(mig__spares_take(&spares, &session));
    mig__spares_end(&spares);
    mig__gate_clear(&gate);
    pthread_join(s.thread, NULL);
    close(s.listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_busy_server_is_waited_for_at_the_start),
        cmocka_unit_test(without_patience_the_first_failure_is_the_last),
        cmocka_unit_test(a_server_that_is_not_there),
        cmocka_unit_test(what_is_closed_is_kept),
        cmocka_unit_test(not_all_is_kept),
        cmocka_unit_test(a_stop_comes_first),
        cmocka_unit_test(a_stop_in_the_pause),
        cmocka_unit_test(a_dialogue_is_had_out),
        cmocka_unit_test(spares_are_there_when_they_are_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
