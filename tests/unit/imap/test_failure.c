/* The table of failures, a row at a time: what servers say, and what it means for a migration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "imap/failure.h"
#include <string.h>

typedef struct sample {
    mig__condition condition;
    mig__code code;
    const char *text;
    mig_code expected;
    mig_scope scope;
    mig_retry retry;
    bool hint;
} sample;

#define ACCOUNT MIG_SCOPE_ACCOUNT
#define FOLDER  MIG_SCOPE_FOLDER
#define MESSAGE MIG_SCOPE_MESSAGE
#define LATER   MIG_RETRY_LATER
#define NEVER   MIG_RETRY_NEVER

static const sample samples[] = {
    {MIG__BAD, MIG__CODE_NONE, "Request is throttled. Suggested Backoff Time: 92415 milliseconds", MIG_E_UNAVAILABLE,
     ACCOUNT, LATER, true},
    {MIG__BAD, MIG__CODE_NONE, "request is throttled.", MIG_E_UNAVAILABLE, ACCOUNT, LATER, true},
    {MIG__NO, MIG__CODE_OVERQUOTA, "[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)",
     MIG_E_UNAVAILABLE, ACCOUNT, NEVER, true},
    {MIG__NO, MIG__CODE_ALERT, "[ALERT] Too many simultaneous connections. (Failure)", MIG_E_UNAVAILABLE, ACCOUNT,
     LATER, true},
    {MIG__NO, MIG__CODE_UNAVAILABLE, "[UNAVAILABLE] Maximum number of connections from user+IP exceeded",
     MIG_E_UNAVAILABLE, ACCOUNT, LATER, true},
    {MIG__NO, MIG__CODE_NONE, "Too many connections", MIG_E_UNAVAILABLE, ACCOUNT, LATER, true},
    {MIG__NO, MIG__CODE_LIMIT, "[LIMIT] UID FETCH Rate limit hit.", MIG_E_UNAVAILABLE, ACCOUNT, LATER, true},
    {MIG__BAD, MIG__CODE_NONE, "User is authenticated but not connected.", MIG_E_UNAVAILABLE, ACCOUNT, LATER, true},
    {MIG__BAD, MIG__CODE_NONE, "Command Argument Error. 11", MIG_E_TOO_BIG, MESSAGE, NEVER, true},
    {MIG__BAD, MIG__CODE_NONE, "Command Argument Error. 12", MIG_E_BAD, MESSAGE, NEVER, false},
    {MIG__BAD, MIG__CODE_NONE, "Command Argument Error 11", MIG_E_TOO_BIG, MESSAGE, NEVER, true},
    {MIG__NO, MIG__CODE_OTHER, "[WEBALERT https://accounts.example/] Web login required.", MIG_E_AUTH, ACCOUNT, NEVER,
     true},
    {MIG__NO, MIG__CODE_ALERT, "[ALERT] Please log in via your web browser: https://x.example", MIG_E_AUTH, ACCOUNT,
     NEVER, true},
    {MIG__NO, MIG__CODE_ALERT, "[ALERT] Application-specific password required", MIG_E_AUTH, ACCOUNT, NEVER, true},
    {MIG__NO, MIG__CODE_AUTHENTICATIONFAILED, "[AUTHENTICATIONFAILED] Invalid credentials", MIG_E_AUTH, ACCOUNT, NEVER,
     true},
    {MIG__NO, MIG__CODE_AUTHORIZATIONFAILED, "[AUTHORIZATIONFAILED] no", MIG_E_AUTH, ACCOUNT, NEVER, true},
    {MIG__NO, MIG__CODE_EXPIRED, "[EXPIRED] no", MIG_E_AUTH, ACCOUNT, NEVER, true},
    {MIG__NO, MIG__CODE_PRIVACYREQUIRED, "[PRIVACYREQUIRED] TLS first", MIG_E_CLEARTEXT, ACCOUNT, NEVER, true},
    {MIG__NO, MIG__CODE_TOOBIG, "[TOOBIG] no", MIG_E_TOO_BIG, MESSAGE, NEVER, false},
    {MIG__BAD, MIG__CODE_TOOBIG, "[TOOBIG] Message too large.", MIG_E_TOO_BIG, MESSAGE, NEVER, false},
    {MIG__NO, MIG__CODE_NONE, "Message too large", MIG_E_TOO_BIG, MESSAGE, NEVER, false},
    {MIG__NO, MIG__CODE_NONE, "Exceeds the maximum message size", MIG_E_TOO_BIG, MESSAGE, NEVER, false},
    {MIG__NO, MIG__CODE_NONE, "Message contains NUL characters", MIG_E_CANNOT, MESSAGE, NEVER, false},
    {MIG__NO, MIG__CODE_NONE, "Message contains bare newlines", MIG_E_CANNOT, MESSAGE, NEVER, false},
    {MIG__NO, MIG__CODE_NONE, "Message contains invalid header", MIG_E_CANNOT, MESSAGE, NEVER, false},
    {MIG__NO, MIG__CODE_OVERQUOTA, "[OVERQUOTA] no", MIG_E_OVERQUOTA, ACCOUNT, NEVER, true},
    {MIG__NO, MIG__CODE_NONE, "Over quota", MIG_E_OVERQUOTA, ACCOUNT, NEVER, true},
    {MIG__NO, MIG__CODE_NONE, "Quota exceeded (mailbox for user is full)", MIG_E_OVERQUOTA, ACCOUNT, NEVER, true},
    {MIG__NO, MIG__CODE_ALERT, "[ALERT] You exceeded your mail quota.", MIG_E_OVERQUOTA, ACCOUNT, NEVER, true},
    {MIG__NO, MIG__CODE_NONE, "APPEND has exceeded the quota", MIG_E_OVERQUOTA, ACCOUNT, NEVER, true},
    {MIG__NO, MIG__CODE_NONE, "The mailbox is full", MIG_E_OVERQUOTA, ACCOUNT, NEVER, true},
    {MIG__NO, MIG__CODE_LIMIT, "[LIMIT] too many keywords", MIG_E_FLAG, MESSAGE, NEVER, false},
    {MIG__NO, MIG__CODE_LIMIT, "[LIMIT] Too many flags in mailbox", MIG_E_FLAG, MESSAGE, NEVER, false},
    {MIG__NO, MIG__CODE_LIMIT, "[LIMIT] slower", MIG_E_UNAVAILABLE, ACCOUNT, LATER, true},
    {MIG__NO, MIG__CODE_MESSAGELIMIT, "[MESSAGELIMIT 1000] no", MIG_E_UNAVAILABLE, FOLDER, MIG_RETRY_NOW, false},
    {MIG__NO, MIG__CODE_THROTTLED, "[THROTTLED] no", MIG_E_UNAVAILABLE, ACCOUNT, LATER, true},
    {MIG__NO, MIG__CODE_NONE, "Failure [THROTTLED]", MIG_E_UNAVAILABLE, ACCOUNT, LATER, true},
    {MIG__NO, MIG__CODE_UNAVAILABLE, "[UNAVAILABLE] no", MIG_E_UNAVAILABLE, ACCOUNT, LATER, false},
    {MIG__NO, MIG__CODE_INUSE, "[INUSE] no", MIG_E_UNAVAILABLE, FOLDER, LATER, false},
    {MIG__NO, MIG__CODE_SERVERBUG, "[SERVERBUG] Internal error occurred.", MIG_E_UNAVAILABLE, FOLDER, LATER, true},
    {MIG__NO, MIG__CODE_NONE, "Please try again later", MIG_E_UNAVAILABLE, ACCOUNT, LATER, false},
    {MIG__NO, MIG__CODE_NONE, "Temporary authentication failure.", MIG_E_UNAVAILABLE, ACCOUNT, LATER, false},
    {MIG__NO, MIG__CODE_NONE, "Service temporarily unavailable", MIG_E_UNAVAILABLE, ACCOUNT, LATER, false},
    {MIG__NO, MIG__CODE_NONEXISTENT, "[NONEXISTENT] no", MIG_E_MISSING, FOLDER, NEVER, false},
    {MIG__NO, MIG__CODE_TRYCREATE, "[TRYCREATE] no", MIG_E_MISSING, FOLDER, NEVER, false},
    {MIG__NO, MIG__CODE_NONE, "Mailbox does not exist", MIG_E_MISSING, FOLDER, NEVER, false},
    {MIG__NO, MIG__CODE_NONE, "Mailbox doesn't exist: Old (0.001 + 0.000 secs).", MIG_E_MISSING, FOLDER, NEVER, false},
    {MIG__NO, MIG__CODE_ALREADYEXISTS, "[ALREADYEXISTS] no", MIG_E_EXISTS, FOLDER, NEVER, false},
    {MIG__NO, MIG__CODE_NONE, "Mailbox already exists", MIG_E_EXISTS, FOLDER, NEVER, false},
    {MIG__NO, MIG__CODE_CANNOT, "[CANNOT] no", MIG_E_CANNOT, FOLDER, NEVER, true},
    {MIG__NO, MIG__CODE_NOPERM, "[NOPERM] no", MIG_E_NOPERM, FOLDER, NEVER, true},
    {MIG__NO, MIG__CODE_NONE, "Permission denied", MIG_E_NOPERM, FOLDER, NEVER, true},
    {MIG__NO, MIG__CODE_CORRUPTION, "[CORRUPTION] no", MIG_E_NO, FOLDER, NEVER, true},
    {MIG__NO, MIG__CODE_CONTACTADMIN, "[CONTACTADMIN] no", MIG_E_NOPERM, ACCOUNT, NEVER, true},
    {MIG__NO, MIG__CODE_NONE, "no", MIG_E_NO, MESSAGE, NEVER, false},
    {MIG__NO, MIG__CODE_NONE, "", MIG_E_NO, MESSAGE, NEVER, false},
    {MIG__BAD, MIG__CODE_NONE, "what?", MIG_E_BAD, MESSAGE, NEVER, false},
    {MIG__BAD, MIG__CODE_AUTHENTICATIONFAILED, "[AUTHENTICATIONFAILED] what?", MIG_E_BAD, MESSAGE, NEVER, false},
};

static void test_each_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const sample *s = &samples[i];
        mig_error error = MIG_ERROR_INIT;
        mig__failure_classify(s->condition, s->code, s->text, &error);
        if (error.code != s->expected || error.scope != s->scope || error.retry != s->retry) {
            print_error("\"%s\" gives %s\n", s->text, mig_code_name(error.code));
        }
        assert_int_equal(error.code, s->expected);
        assert_int_equal(error.scope, s->scope);
        assert_int_equal(error.retry, s->retry);
        assert_string_equal(error.server, s->text);
        assert_true(error.text[0] != '\0');
        assert_int_equal(error.hint[0] != '\0', s->hint);
    }
}

static int64_t pause_of(const char *text)
{
    mig_error error = MIG_ERROR_INIT;
    mig__failure_classify(MIG__BAD, MIG__CODE_NONE, text, &error);
    return error.retry_after_ms;
}

static void test_suggested_pause(void **state)
{
    (void)state;
    assert_int_equal(pause_of("Request is throttled. Suggested Backoff Time: 92415 milliseconds"), 92415);
    assert_int_equal(pause_of("SUGGESTED BACKOFF TIME:7 milliseconds"), 7);
    assert_int_equal(pause_of("Request is throttled."), 0);
    assert_int_equal(pause_of("Suggested Backoff Time: soon"), 0);
    assert_int_equal(pause_of("Suggested Backoff Time: 99999999999999999999999 milliseconds"), 24 * 60 * 60 * 1000);
}

static void test_bye(void **state)
{
    (void)state;
    mig_error error = MIG_ERROR_INIT;
    mig__failure_classify_bye(MIG__CODE_NONE, "Server shutting down.", &error);
    assert_int_equal(error.code, MIG_E_CLOSED);
    assert_int_equal(error.scope, ACCOUNT);
    assert_int_equal(error.retry, MIG_RETRY_NOW);
    assert_string_equal(error.server, "Server shutting down.");
    mig__failure_classify_bye(MIG__CODE_AUTHENTICATIONFAILED, "[AUTHENTICATIONFAILED] no", &error);
    assert_int_equal(error.code, MIG_E_AUTH);
    mig__failure_classify_bye(MIG__CODE_NONE, "Suggested Backoff Time: 5 milliseconds", &error);
    assert_int_equal(error.retry_after_ms, 5);
    /* A single mailbox is never the reason to be thrown out. */
    mig__failure_classify_bye(MIG__CODE_INUSE, "[INUSE] replaced", &error);
    assert_int_equal(error.scope, ACCOUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_row),
        cmocka_unit_test(test_suggested_pause),
        cmocka_unit_test(test_bye),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
