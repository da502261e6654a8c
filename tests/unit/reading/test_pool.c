/* A pool's reader beside servers that leave messages out, break connections, or do not open a mailbox: what is read,
 * what is called lost, gone and refused, and what is sent for it. */
#include "imap/wire_server.h"
#include "reading/pool.h"

enum { CONNECTIONS = 8 };

typedef struct stage {
    const wire_step *const *scripts; /* one a connection */
    wire_server servers[CONNECTIONS];
    size_t dialled;
    pthread_mutex_t lock;
    mig__buffer told; /* what came out of the sink */
    mig__buffer body; /* arriving */
    mig_error refusal, loss, failure;
    bool failed;
} stage;

static int dial(void *context, const mig_stop *stop, const mig_log *log, mig_error *err)
{
    stage *s = context;
    (void)stop;
    (void)log;
    if (s->scripts[s->dialled] == NULL) {
        return mig_error_set(err, MIG_E_CONNECT, "nobody there");
    }
    wire_server *server = &s->servers[s->dialled];
    wire_begin(server, s->scripts[s->dialled++]);
    return server->client;
}

/* ---- a sink that writes down ---- */

static void *open_reader(void *context, mig_error *err)
{
    (void)err;
    return context;
}

static void close_reader(void *own)
{
    (void)own;
}

static int begin(uint64_t size, void *own, mig_error *err)
{
    stage *s = own;
    (void)size;
    (void)err;
    mig__buffer_clear(&s->body);
    return 0;
}

static int data(const char *octets, size_t length, void *own, mig_error *err)
{
    mig__buffer_add(&((stage *)own)->body, octets, length);
    return mig__buffer_ok(&((stage *)own)->body, err);
}

static int end(mig__reading *of, const mig__fetch_item *item, void *own, mig_error *err)
{
    stage *s = own;
    (void)err;
    mig__buffer_addf(&s->told, "%s/%u=%.*s ", of->name, item->uid, (int)s->body.length, s->body.data);
    return 0;
}

static void drop(void *own)
{
    mig__buffer_add_text(&((stage *)own)->told, "dropped ");
}

static int summary(mig__reading *of, const mig__fetch_item *item, void *own, mig_error *err)
{
    (void)err;
    mig__buffer_addf(&((stage *)own)->told, "%s/%u:%llu ", of->name, item->uid, (unsigned long long)item->size);
    return 0;
}

static int lost(mig__reading *of, uint32_t uid, bool content, const mig_error *why, void *own, mig_error *err)
{
    stage *s = own;
    (void)err;
    s->loss = *why;
    mig__buffer_addf(&s->told, "lost %s/%u%s ", of->name, uid, content ? "" : " and its summary");
    return 0;
}

static void vanished(mig__reading *of, uint32_t uid, void *own)
{
    mig__buffer_addf(&((stage *)own)->told, "gone %s/%u ", of->name, uid);
}

static void refused(mig__reading *of, const mig_error *why, void *context)
{
    stage *s = context;
    s->refusal = *why;
    mig__buffer_addf(&s->told, "refused %s ", of->name);
}

static bool never(void *context)
{
    return ((stage *)context)->failed;
}

static void failed(const mig_error *error, void *context)
{
    stage *s = context;
    s->failed = true;
    s->failure = *error;
}

/* Read two mailboxes by one reader: a with UIDs 1 to `a`, b with 1 to `b`. What the sink was told. */
static const char *read_with(stage *s, const wire_step *const *scripts, uint32_t a, uint32_t b, bool summaries)
{
    static char text[512];
    mig_endpoint endpoint = wire_endpoint();
    endpoint.dial = dial;
    endpoint.dial_context = s;
    *s = (stage){.scripts = scripts, .loss = MIG_ERROR_INIT, .refusal = MIG_ERROR_INIT, .failure = MIG_ERROR_INIT};
    mig__gate gate;
    const mig__gate_options way = {.session = {.endpoint = &endpoint, .account = "user@127.0.0.1"}, .attempts = 1};
    mig__gate_init(&gate, &way);
    mig__reading readings[2] = {{.mailbox = "a", .name = "A", .uidvalidity = 7},
                                {.mailbox = "b", .name = "B", .uidvalidity = 7}};
    mig__reading *list[2] = {&readings[0], &readings[1]};
    assert_int_equal(a > 0 ? mig__uidset_add(&readings[0].todo, 1, a, NULL) : 0, 0);
    assert_int_equal(b > 0 ? mig__uidset_add(&readings[1].todo, 1, b, NULL) : 0, 0);
    const mig__pool_options options = {
        .gate = &gate,
        .sink = {open_reader, close_reader, begin, data, end, drop, summary, lost, vanished, refused},
        .context = s,
        .side = "source",
        .summaries_of_lost = summaries,
        .stopping = never,
        .failed = failed};
    mig__pool pool;
    assert_int_equal(mig__pool_begin(&pool, &options, list, 2, NULL), 0);
    assert_int_equal(mig__pool_add(&pool, NULL, NULL), 0);
    mig__pool_end(&pool);
    assert_int_equal(mig__pool_busy(&pool), 0);
    mig__gate_clear(&gate);
    for (size_t i = 0; i < s->dialled; i++) {
        wire_end(&s->servers[i]);
    }
    snprintf(text, sizeof text, "%s", s->told.data != NULL ? s->told.data : "");
    mig__buffer_free(&s->told);
    mig__buffer_free(&s->body);
    mig__uidset_free(&readings[0].todo);
    mig__uidset_free(&readings[1].todo);
    return text;
}

#define PREAUTH     SEND("* PREAUTH hi\r\n"), EXPECT("1 CAPABILITY\r\n"), SEND("* CAPABILITY IMAP4rev1\r\n1 OK\r\n")
#define OPENED(tag) "* 9 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n" tag " OK\r\n"
#define ITEMS       " (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n"
#define BODY(n, uid)                                                                                                   \
    "* " n " FETCH (UID " uid " FLAGS () INTERNALDATE \"01-Jan-2020 00:00:00 +0000\" BODY[] {2}\r\nx" n ")\r\n"
#define BYE(tag) EXPECT(tag " LOGOUT\r\n"), END

static void test_two_mailboxes(void **state)
{
    (void)state;
    stage s;
    static const wire_step script[] = {
        PREAUTH, EXPECT("2 EXAMINE a\r\n3 UID FETCH 1:2" ITEMS "4 EXAMINE b\r\n5 UID FETCH 1" ITEMS),
        SEND(OPENED("2") BODY("1", "1") BODY("2", "2") "3 OK\r\n"), SEND(OPENED("4") BODY("1", "1") "5 OK\r\n"),
        BYE("6")};
    static const wire_step *const scripts[] = {script, NULL};
    assert_string_equal(read_with(&s, scripts, 2, 1, false), "A/1=x1 A/2=x2 B/1=x1 ");
    assert_false(s.failed);
}

/* What is left out is asked for once more; then a search tells what vanished from what is not given. */
static void test_left_out(void **state)
{
    (void)state;
    stage s;
    static const wire_step script[] = {PREAUTH,
                                       EXPECT("2 EXAMINE a\r\n3 UID FETCH 1:3" ITEMS),
                                       SEND(OPENED("2") BODY("1", "1") "3 OK\r\n"),
                                       EXPECT("4 UID FETCH 2:3" ITEMS),
                                       SEND("4 OK\r\n"),
                                       EXPECT("5 EXAMINE a\r\n6 UID SEARCH UID 2:3\r\n"),
                                       SEND(OPENED("5") "* SEARCH 3\r\n6 OK\r\n"),
                                       EXPECT("7 EXAMINE a\r\n8 UID SEARCH UID 2:3\r\n"),
                                       SEND(OPENED("7") "* SEARCH 3\r\n8 OK\r\n"),
                                       EXPECT("9 EXAMINE a\r\n10 UID FETCH 3 (UID FLAGS INTERNALDATE RFC822.SIZE)\r\n"),
                                       SEND(OPENED("9") "* 3 FETCH (UID 3 FLAGS () RFC822.SIZE 77)\r\n10 OK\r\n"),
                                       BYE("11")};
    static const wire_step *const scripts[] = {script, NULL};
    assert_string_equal(read_with(&s, scripts, 3, 0, true), "A/1=x1 gone A/2 lost A/3 A/3:77 ");
    assert_int_equal(s.loss.code, MIG_E_NOT_SENT);
    assert_non_null(strstr(s.loss.text, "the source gives no content for message 3 of 'A'"));
}

/* One connection breaks within the second message: another reads on from there. */
static void test_broken_connection(void **state)
{
    (void)state;
    stage s;
    static const wire_step first[] = {PREAUTH, EXPECT("2 EXAMINE a\r\n3 UID FETCH 1:3" ITEMS),
                                      SEND(OPENED("2") BODY("1", "1") "* 2 FETCH (UID 2 FLAGS () BODY[] {2}\r\nx"),
                                      HANG_UP};
    static const wire_step second[] = {PREAUTH, EXPECT("2 EXAMINE a\r\n3 UID FETCH 2:3" ITEMS),
                                       SEND(OPENED("2") BODY("2", "2") BODY("3", "3") "3 OK\r\n"), BYE("4")};
    static const wire_step *const scripts[] = {first, second, NULL};
    assert_string_equal(read_with(&s, scripts, 3, 0, false), "A/1=x1 dropped A/2=x2 A/3=x3 ");
    assert_false(s.failed);
}

/* A message on which each connection breaks: the others come first, then it is named. */
static void test_message_that_breaks_connections(void **state)
{
    (void)state;
    stage s;
    static const wire_step both[] = {PREAUTH, EXPECT("2 EXAMINE a\r\n3 UID FETCH 1:2" ITEMS), SEND(OPENED("2")),
                                     HANG_UP};
    static const wire_step other[] = {PREAUTH, EXPECT("2 EXAMINE a\r\n3 UID FETCH 2" ITEMS "4 UID FETCH 1" ITEMS),
                                      SEND(OPENED("2") BODY("2", "2") "3 OK\r\n"), HANG_UP};
    static const wire_step alone[] = {PREAUTH, EXPECT("2 EXAMINE a\r\n3 UID FETCH 1" ITEMS), SEND(OPENED("2")),
                                      HANG_UP};
    static const wire_step rest[] = {PREAUTH, BYE("2")};
    static const wire_step *const scripts[] = {both, both, other, alone, rest, NULL};
    assert_string_equal(read_with(&s, scripts, 2, 0, false), "A/2=x2 lost A/1 ");
    assert_non_null(strstr(s.loss.text, "message 1 of 'A' breaks the connection each time it is read"));
    assert_false(s.failed);
}

static void test_mailbox_that_does_not_open(void **state)
{
    (void)state;
    stage s;
    static const wire_step script[] = {
        PREAUTH, EXPECT("2 EXAMINE a\r\n3 UID FETCH 1:2" ITEMS "4 EXAMINE b\r\n5 UID FETCH 1" ITEMS),
        SEND("2 NO [NOPERM] no\r\n3 BAD what\r\n" OPENED("4") BODY("1", "1") "5 OK\r\n"), BYE("6")};
    static const wire_step *const scripts[] = {script, NULL};
    assert_string_equal(read_with(&s, scripts, 2, 1, false), "refused A B/1=x1 ");
    assert_non_null(strstr(s.refusal.text, "opening 'A' on the source"));
    static const wire_step replaced[] = {PREAUTH, EXPECT("2 EXAMINE a\r\n3 UID FETCH 1" ITEMS),
                                         SEND("* OK [UIDVALIDITY 8] x\r\n2 OK\r\n3 OK\r\n"), BYE("4")};
    static const wire_step *const others[] = {replaced, NULL};
    assert_string_equal(read_with(&s, others, 1, 0, false), "refused A ");
    assert_int_equal(s.refusal.code, MIG_E_UIDVALIDITY);
}

/* Each connection breaks on opening: the messages are not at fault. */
static void test_mailbox_that_breaks_connections(void **state)
{
    (void)state;
    stage s;
    static const wire_step script[] = {PREAUTH, EXPECT("2 EXAMINE a\r\n3 UID FETCH 1:2" ITEMS), HANG_UP};
    static const wire_step rest[] = {PREAUTH, BYE("2")};
    static const wire_step *const scripts[] = {script, script, script, script, rest, NULL};
    assert_string_equal(read_with(&s, scripts, 2, 0, false), "refused A ");
    assert_int_equal(s.loss.code, MIG_OK);
    assert_non_null(strstr(s.refusal.text, "each connection broke on opening 'A' on the source"));
}

static void test_nobody_there(void **state)
{
    (void)state;
    stage s;
    static const wire_step *const scripts[] = {NULL};
    assert_string_equal(read_with(&s, scripts, 1, 0, false), "");
    assert_true(s.failed);
    assert_int_equal(s.failure.code, MIG_E_CONNECT);
}

static void test_connections(void **state)
{
    (void)state;
    assert_int_equal(mig__pool_connections(0, 0, 0), 1);
    assert_int_equal(mig__pool_connections(0, 1000000, 1), MIG_DEFAULT_CONNECTIONS);
    assert_int_equal(mig__pool_connections(2, 1000000, 1), 2);
    assert_int_equal(mig__pool_connections(9, 2500, 10), 4);
    assert_int_equal(mig__pool_connections(1000000, 1000000000, 1), MIG_MOST_CONNECTIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_mailboxes),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_broken_connection),
        cmocka_unit_test(test_message_that_breaks_connections),
        cmocka_unit_test(test_mailbox_that_does_not_open),
        cmocka_unit_test(test_mailbox_that_breaks_connections),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
