/* Opening one account and two at once, against scripted servers: what is listed, tried again, and told when it fails.
 */
#include "account/check.h"
#include "account/pair.h"
#include "imap/wire_server.h"
#include <stdatomic.h>

enum { DIALS_MOST = 4 };

/* A server behind mig_endpoint.dial: one script for each connection. */
typedef struct scripted {
    const wire_step *scripts[DIALS_MOST]; /* NULL: refuses to connect */
    wire_server servers[DIALS_MOST];
    unsigned dials;
    mig_endpoint endpoint;
} scripted;

static int dial(void *context, const mig_stop *stop, const mig_log *log, mig_error *err)
{
    scripted *s = context;
    (void)stop;
    (void)log;
    assert_true(s->dials < DIALS_MOST);
    const wire_step *script = s->scripts[s->dials];
    wire_server *server = &s->servers[s->dials++];
    if (script == NULL) {
        mig_error_set(err, MIG_E_CONNECT, "refused by the test");
        err->retry = MIG_RETRY_NEVER;
        return -1;
    }
    wire_begin(server, script);
    return server->client;
}

static void play(scripted *s, char *user, const wire_step *first, const wire_step *second)
{
    *s = (scripted){.scripts = {first, second}, .endpoint = wire_endpoint()};
    s->endpoint.user = user;
    s->endpoint.dial = dial;
    s->endpoint.dial_context = s;
}

static void stop_playing(scripted *s)
{
    for (unsigned i = 0; i < s->dials; i++) {
        if (s->scripts[i] != NULL) {
            wire_end(&s->servers[i]);
        }
    }
}

#define IN                                                                                                             \
    SEND("* PREAUTH hi\r\n"), EXPECT("1 CAPABILITY\r\n"), SEND("* CAPABILITY IMAP4rev1\r\n1 OK\r\n"),                  \
        EXPECT("2 LIST \"\" \"*\"\r\n3 LSUB \"\" \"*\"\r\n")

static const wire_step lists_one[] = {IN, SEND("* LIST () \"/\" INBOX\r\n2 OK\r\n3 OK\r\n"), EXPECT("4 LOGOUT\r\n"),
                                      END};
static const wire_step lists_two[] = {IN, SEND("* LIST () \"/\" INBOX\r\n* LIST () \"/\" Sent\r\n2 OK\r\n3 OK\r\n"),
                                      EXPECT("4 LOGOUT\r\n"), END};
static const wire_step breaks[] = {IN, HANG_UP};
static const wire_step refuses[] = {IN, SEND("2 NO [NOPERM] not for you\r\n3 OK\r\n"), EXPECT("4 LOGOUT\r\n"), END};
static const wire_step puts_off[] = {IN,
                                     SEND("2 NO [UNAVAILABLE] later\r\n3 OK\r\n"),
                                     EXPECT("4 LIST \"\" \"*\"\r\n5 LSUB \"\" \"*\"\r\n"),
                                     SEND("* LIST () \"/\" INBOX\r\n4 OK\r\n5 OK\r\n"),
                                     EXPECT("6 LOGOUT\r\n"),
                                     END};

static char anna[] = "anna", bert[] = "bert";
static const mig_log no_log = MIG_LOG_INIT;

static void begin(mig__account *account, const scripted *s)
{
    mig__account_init(account, &(mig__account_options){.endpoint = s != NULL ? &s->endpoint : NULL, .log = &no_log});
}

static void open_one(const wire_step *first, const wire_step *second, mig_code code, size_t mailboxes)
{
    scripted s;
    mig__account account;
    mig__session *session = NULL;
    mig_error error = MIG_ERROR_INIT;
    play(&s, anna, first, second);
    begin(&account, &s);
    int failed = mig__account_open(&account, MIG__PATIENCE_FIRST, false, &session, &error);
    if (error.code != code) {
        print_error("%s\n", error.text);
    }
    assert_int_equal(failed, code == MIG_OK ? 0 : -1);
    if (failed == 0) {
        assert_non_null(session);
    } else {
        assert_int_equal(error.code, code);
        assert_null(session);
        assert_non_null(strstr(error.text, "127.0.0.1:anna"));
    }
    assert_int_equal(account.mailboxes.count, mailboxes);
    mig__gate_close(&account.gate, &session);
    mig__account_clear(&account);
    stop_playing(&s);
}

static void test_one(void **state)
{
    (void)state;
    open_one(lists_two, NULL, MIG_OK, 2);
    open_one(refuses, NULL, MIG_E_NOPERM, 0);
}

/* What may pass at LIST is tried again: over another connection, or over this one after a pause. */
static void test_tried_again(void **state)
{
    (void)state;
    open_one(breaks, lists_one, MIG_OK, 1);
    open_one(puts_off, NULL, MIG_OK, 1);
}

typedef struct seen {
    atomic_uint opened[2];
    unsigned meanwhile, failed;
    bool refuse;
} seen;

static int on_opened(mig_side side, mig__session **session, void *context, mig_error *err)
{
    seen *told = context;
    assert_non_null(*session);
    (void)err;
    told->opened[side]++;
    return 0;
}

static int on_meanwhile(void *context, mig_error *err)
{
    seen *told = context;
    told->meanwhile++;
    return told->refuse ? mig_error_set(err, MIG_E_STATE, "the state is damaged") : 0;
}

static void on_failed(void *context, const mig_error *error)
{
    seen *told = context;
    assert_int_equal(error->code, MIG_E_STATE);
    told->failed++;
}

/* Open two and close them again. Scripts NULL: that side refuses; `with_target` false: there is none. */
static int open_two(const wire_step *source, const wire_step *target, bool with_target, bool without_source, seen *told,
                    mig__account pair[2], mig_error *err)
{
    scripted from, to;
    mig__session *sessions[2] = {NULL, NULL};
    const mig__pair_opening how = {.patience = MIG__PATIENCE_FIRST,
                                   .without_source = without_source,
                                   .meanwhile = on_meanwhile,
                                   .failed = on_failed,
                                   .opened = on_opened,
                                   .context = told};
    play(&from, anna, source, NULL);
    play(&to, bert, target, NULL);
    begin(&pair[MIG_SOURCE], &from);
    begin(&pair[MIG_TARGET], with_target ? &to : NULL);
    int failed = mig__pair_open(pair, &how, sessions, err);
    assert_int_equal(sessions[MIG_SOURCE] != NULL, told->opened[MIG_SOURCE]);
    assert_int_equal(sessions[MIG_TARGET] != NULL, told->opened[MIG_TARGET]);
    for (int side = 0; side < 2; side++) {
        mig__gate_close(&pair[side].gate, &sessions[side]);
    }
    stop_playing(&from);
    stop_playing(&to);
    return failed;
}

static void clear(mig__account pair[2])
{
    mig__account_clear(&pair[MIG_SOURCE]);
    mig__account_clear(&pair[MIG_TARGET]);
}

static void test_two_at_once(void **state)
{
    (void)state;
    seen told = {.meanwhile = 0};
    mig__account pair[2];
    mig_error error = MIG_ERROR_INIT;
    mig__map map = {0};
    const mig_selection all = MIG_SELECTION_INIT;
    mig__stream_stats stats = {0};
    assert_int_equal(open_two(lists_two, lists_one, true, false, &told, pair, &error), 0);
    assert_int_equal(told.opened[MIG_SOURCE], 1);
    assert_int_equal(told.opened[MIG_TARGET], 1);
    assert_int_equal(told.meanwhile, 1);
    assert_int_equal(told.failed, 0);
    assert_string_equal(pair[MIG_SOURCE].label, "127.0.0.1:anna");
    assert_int_equal(mig__pair_map(pair, &all, &map, &error), 0);
    assert_int_equal(map.count, 2);
    assert_int_not_equal(map.entries[0].existing, MIG__NO_FOLDER);
    assert_int_equal(map.entries[1].existing, MIG__NO_FOLDER);
    assert_string_equal(map.entries[1].target, "Sent");
    mig__map_free(&map);
    mig__pair_stats(pair, &stats);
    assert_true(stats.octets_in > 100);
    clear(pair);
}

static void test_sides_left_out(void **state)
{
    (void)state;
    seen told = {.meanwhile = 0};
    mig__account pair[2];
    mig_error error = MIG_ERROR_INIT;
    assert_int_equal(open_two(lists_one, NULL, false, false, &told, pair, &error), 0);
    assert_int_equal(told.opened[MIG_SOURCE], 1);
    mig__session *const none[2] = {NULL, NULL};
    assert_int_equal(mig__pair_check(pair, none, false, false, &error), 0); /* nothing to be confused with */
    clear(pair);
    told = (seen){.meanwhile = 0};
    assert_int_equal(open_two(NULL, lists_one, true, true, &told, pair, &error), 0);
    assert_int_equal(told.opened[MIG_SOURCE], 0);
    assert_int_equal(told.opened[MIG_TARGET], 1);
    clear(pair);
}

/* One side's failure is told as it is; what went wrong on both is told of both. */
static void test_failures(void **state)
{
    (void)state;
    mig__account pair[2];
    static const struct {
        const wire_step *source, *target;
        const char *words, *lacks;
    } cases[] = {
        {refuses, lists_one, ":anna", ":bert"},
        {lists_one, refuses, ":bert", ":anna"},
        {NULL, refuses, "both sides failed; the target: ", "no such words"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        seen told = {.meanwhile = 0};
        mig_error error = MIG_ERROR_INIT;
        assert_int_equal(open_two(cases[i].source, cases[i].target, true, false, &told, pair, &error), -1);
        assert_int_equal(error.code, cases[i].source == NULL ? MIG_E_CONNECT : MIG_E_NOPERM);
        if (strstr(error.text, cases[i].words) == NULL || strstr(error.text, cases[i].lacks) != NULL) {
            print_error("%s\n", error.text);
        }
        assert_non_null(strstr(error.text, cases[i].words));
        assert_null(strstr(error.text, cases[i].lacks));
        clear(pair);
    }
}

/* What there was to do meanwhile fails: the source is not asked, and that is the reason told. */
static void test_meanwhile_fails(void **state)
{
    (void)state;
    seen told = {.refuse = true};
    mig__account pair[2];
    mig_error error = MIG_ERROR_INIT;
    assert_int_equal(open_two(NULL, lists_one, true, false, &told, pair, &error), -1);
    assert_int_equal(error.code, MIG_E_STATE);
    assert_int_equal(told.failed, 1);
    assert_int_equal(told.opened[MIG_SOURCE], 0);
    clear(pair);
}

/* Nothing on the source, more than a welcome on the target: swapped, unless something was copied before. */
static void test_swapped(void **state)
{
    (void)state;
    mig__account pair[2] = {{.endpoint = NULL}};
    mig__session *const none[2] = {NULL, NULL};
    mig_endpoint endpoint = wire_endpoint();
    mig__mailbox full = {.wire = anna, .name = anna, .messages = 4, .has_status = true};
    mig_error error = MIG_ERROR_INIT;
    pair[MIG_SOURCE].endpoint = pair[MIG_TARGET].endpoint = &endpoint;
    pair[MIG_TARGET].mailboxes = (mig__mailbox_list){.items = &full, .count = 1};
    assert_int_equal(mig__pair_check(pair, none, false, false, &error), -1);
    assert_int_equal(error.code, MIG_E_SWAPPED);
    assert_int_equal(mig__pair_check(pair, none, false, true, &error), 0);
    full.messages = 3;
    assert_int_equal(mig__pair_check(pair, none, false, false, &error), 0);
}

/* Full on one side and empty on the other looks swapped; a side whose numbers were refused is not empty. */
static void test_looks_swapped(void **state)
{
    (void)state;
    mig__mailbox source[] = {{.wire = "INBOX", .has_status = true}, {.wire = "Work", .has_status = true}};
    mig__mailbox target[] = {{.wire = "INBOX", .has_status = true, .messages = 20}};
    const mig__mailbox_list from = {.items = source, .count = 2}, to = {.items = target, .count = 1};
    assert_true(mig__sides_look_swapped(&from, &to));
    source[1].status_failed = true;
    assert_false(mig__sides_look_swapped(&from, &to));
    source[1].status_failed = false;
    source[1].closes = true;
    assert_false(mig__sides_look_swapped(&from, &to));
    source[1].closes = false;
    target[0].messages = 3; /* what a provider greets with */
    assert_false(mig__sides_look_swapped(&from, &to));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),         cmocka_unit_test(test_tried_again),
        cmocka_unit_test(test_two_at_once), cmocka_unit_test(test_sides_left_out),
        cmocka_unit_test(test_failures),    cmocka_unit_test(test_meanwhile_fails),
        cmocka_unit_test(test_swapped),     cmocka_unit_test(test_looks_swapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
