/*
 * imap/failure.c - the table of failures: RFC 5530 (response codes), RFC 4978, RFC 9738, and what providers say in
 * words
 *
 * The first row that fits decides. Words come before codes where a provider uses a code for something else: Gmail's
 * OVERQUOTA for its daily traffic limit, Yahoo's LIMIT for its request rate.
 */
#include "imap/failure.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ON_NO = 1u << MIG__NO, ON_BAD = 1u << MIG__BAD, ON_BOTH = ON_NO | ON_BAD };

#define ANY_CODE MIG__CODE_NONE

typedef struct failure_rule {
    unsigned conditions;
    mig__code code;   /* ANY_CODE: whatever code */
    const char *text; /* somewhere in the words, in any case; NULL: whatever words */
    mig_code result;
    mig_scope scope;
    mig_retry retry;
    const char *what;
    const char *hint; /* "" for none */
} failure_rule;

#define SLOWER                                                                                                         \
    "it is tried again later, with fewer connections; --connections 1 and --max-rate slow down from the start"
#define ROOM "free or buy space on the target, then run again to go on"

static const failure_rule rules[] = {
    /* A store of this process says what is wrong with this process: no server refused anything. */
    {ON_BOTH, ANY_CODE, MIG__FAILURE_OWN_LIMIT, MIG_E_LIMIT, MIG_SCOPE_RUN, MIG_RETRY_NEVER,
     "a limit of this process or machine is reached", "raise the limits (ulimit -a), then run again to go on"},

    /* Traffic and connection limits, in the providers' own words. */
    {ON_BOTH, ANY_CODE, "suggested backoff time", MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER,
     "the server throttles", SLOWER},
    {ON_BOTH, ANY_CODE, "request is throttled", MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER,
     "the server throttles", SLOWER},
    {ON_BOTH, ANY_CODE, "exceeded command or bandwidth limits", MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the provider's daily traffic limit is reached", "run again tomorrow; --daily-limit keeps below it"},
    {ON_BOTH, ANY_CODE, "too many simultaneous connections", MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER,
     "too many connections to the server", "close other mail programs, or use --connections 1"},
    {ON_BOTH, ANY_CODE, "maximum number of connections", MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER,
     "too many connections to the server", "close other mail programs, or use --connections 1"},
    {ON_BOTH, ANY_CODE, "too many connections", MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER,
     "too many connections to the server", "close other mail programs, or use --connections 1"},
    {ON_BOTH, ANY_CODE, "rate limit", MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER,
     "the server limits the rate of requests", SLOWER},
    {ON_BOTH, ANY_CODE, "authenticated but not connected", MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER,
     "the login works, but the server does not open the mailbox",
     "when this stays so: does the mailbox exist, has it a licence, and may this login open it (FullAccess)?"},
    {ON_BOTH, ANY_CODE, "command argument error 11", MIG_E_TOO_BIG, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER,
     "the server does not take the message: too big, mailbox full, or lines too long",
     "look at the mailbox's quota and at the greatest message size of the target"},
    {ON_BOTH, ANY_CODE, "command argument error. 11", MIG_E_TOO_BIG, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER,
     "the server does not take the message: too big, mailbox full, or lines too long",
     "look at the mailbox's quota and at the greatest message size of the target"},

    /* Logins. */
    {ON_NO, ANY_CODE, "web login required", MIG_E_AUTH, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER, "the login was refused",
     "log in once with a web browser, as the server says"},
    {ON_NO, ANY_CODE, "log in via your web browser", MIG_E_AUTH, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the login was refused", "log in once with a web browser, as the server says"},
    {ON_NO, ANY_CODE, "application-specific password", MIG_E_AUTH, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the login was refused", "this account wants an app password, or OAuth 2"},
    {ON_NO, MIG__CODE_AUTHENTICATIONFAILED, NULL, MIG_E_AUTH, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the login was refused", "check user name and password; many providers want an app password or OAuth 2 instead"},
    {ON_NO, MIG__CODE_AUTHORIZATIONFAILED, NULL, MIG_E_AUTH, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the login is right, but may not act as this user",
     "check the authorization identity and the administrator's rights"},
    {ON_NO, MIG__CODE_EXPIRED, NULL, MIG_E_AUTH, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER, "the password has expired",
     "set a new password at the provider"},
    {ON_NO, MIG__CODE_PRIVACYREQUIRED, NULL, MIG_E_CLEARTEXT, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the server wants an encrypted connection", "use imaps://, or imap:// with STARTTLS"},

    /* The message. */
    {ON_BOTH, MIG__CODE_TOOBIG, NULL, MIG_E_TOO_BIG, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER,
     "the message exceeds the server's limit", ""},
    {ON_BOTH, ANY_CODE, "message too large", MIG_E_TOO_BIG, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER,
     "the message exceeds the server's limit", ""},
    {ON_BOTH, ANY_CODE, "maximum message size", MIG_E_TOO_BIG, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER,
     "the message exceeds the server's limit", ""},
    {ON_BOTH, ANY_CODE, "message contains nul", MIG_E_CANNOT, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER,
     "the server does not take messages with a NUL octet", ""},
    {ON_BOTH, ANY_CODE, "message contains bare newlines", MIG_E_CANNOT, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER,
     "the server does not take messages with bare line feeds", ""},
    {ON_BOTH, ANY_CODE, "message contains invalid header", MIG_E_CANNOT, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER,
     "the server does not take the message's header", ""},

    /* Space. */
    {ON_BOTH, MIG__CODE_OVERQUOTA, NULL, MIG_E_OVERQUOTA, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the mailbox's quota is used up", ROOM},
    {ON_BOTH, ANY_CODE, "over quota", MIG_E_OVERQUOTA, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the mailbox's quota is used up", ROOM},
    {ON_BOTH, ANY_CODE, "quota exceeded", MIG_E_OVERQUOTA, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the mailbox's quota is used up", ROOM},
    {ON_BOTH, ANY_CODE, "exceeded your mail quota", MIG_E_OVERQUOTA, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the mailbox's quota is used up", ROOM},
    {ON_BOTH, ANY_CODE, "exceeded the quota", MIG_E_OVERQUOTA, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the mailbox's quota is used up", ROOM},
    {ON_BOTH, ANY_CODE, "mailbox is full", MIG_E_OVERQUOTA, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the mailbox's quota is used up", ROOM},

    /* Flags and limits: RFC 5530 has LIMIT for the number of flags as well. */
    {ON_BOTH, MIG__CODE_LIMIT, "keyword", MIG_E_FLAG, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER,
     "the mailbox has no room for further keywords", ""},
    {ON_BOTH, MIG__CODE_LIMIT, "flag", MIG_E_FLAG, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER,
     "the mailbox has no room for further keywords", ""},
    {ON_BOTH, MIG__CODE_LIMIT, NULL, MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER,
     "a limit of the server is reached", SLOWER},
    {ON_BOTH, MIG__CODE_MESSAGELIMIT, NULL, MIG_E_UNAVAILABLE, MIG_SCOPE_FOLDER, MIG_RETRY_NOW,
     "the server takes fewer messages in one command", ""},

    /* Busy or broken. */
    {ON_BOTH, MIG__CODE_THROTTLED, NULL, MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER, "the server throttles",
     SLOWER},
    {ON_BOTH, ANY_CODE, "[throttled]", MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER, "the server throttles",
     SLOWER},
    {ON_BOTH, MIG__CODE_UNAVAILABLE, NULL, MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER,
     "the server is not available at the moment", ""},
    {ON_BOTH, MIG__CODE_INUSE, NULL, MIG_E_UNAVAILABLE, MIG_SCOPE_FOLDER, MIG_RETRY_LATER,
     "something else uses the mailbox at the moment", ""},
    {ON_BOTH, MIG__CODE_SERVERBUG, NULL, MIG_E_UNAVAILABLE, MIG_SCOPE_FOLDER, MIG_RETRY_LATER,
     "the server has an internal error", "its administrator finds more in the server's log"},
    {ON_BOTH, ANY_CODE, "try again later", MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER,
     "the server is not available at the moment", ""},
    {ON_BOTH, ANY_CODE, "temporary", MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER,
     "the server is not available at the moment", ""},
    {ON_BOTH, ANY_CODE, "temporarily", MIG_E_UNAVAILABLE, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER,
     "the server is not available at the moment", ""},

    /* The mailbox. */
    {ON_BOTH, MIG__CODE_NONEXISTENT, NULL, MIG_E_MISSING, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER,
     "the mailbox does not exist", ""},
    {ON_BOTH, MIG__CODE_TRYCREATE, NULL, MIG_E_MISSING, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER, "the mailbox does not exist",
     ""},
    {ON_NO, ANY_CODE, "mailbox does not exist", MIG_E_MISSING, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER,
     "the mailbox does not exist", ""},
    {ON_NO, ANY_CODE, "mailbox doesn't exist", MIG_E_MISSING, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER,
     "the mailbox does not exist", ""},
    {ON_BOTH, MIG__CODE_ALREADYEXISTS, NULL, MIG_E_EXISTS, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER,
     "the mailbox exists already", ""},
    {ON_NO, ANY_CODE, "mailbox already exists", MIG_E_EXISTS, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER,
     "the mailbox exists already", ""},
    {ON_BOTH, MIG__CODE_CANNOT, NULL, MIG_E_CANNOT, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER, "the server never does this",
     "another name may do: --map 'FROM=TO'"},
    {ON_BOTH, MIG__CODE_NOPERM, NULL, MIG_E_NOPERM, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER, "no permission on the server",
     "check the mailbox's access rights"},
    {ON_BOTH, ANY_CODE, "permission denied", MIG_E_NOPERM, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER,
     "no permission on the server", "check the mailbox's access rights"},
    {ON_BOTH, MIG__CODE_CORRUPTION, NULL, MIG_E_NO, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER,
     "the server finds its own data damaged", "its administrator has to repair the mailbox"},
    {ON_BOTH, MIG__CODE_CONTACTADMIN, NULL, MIG_E_NOPERM, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER,
     "the server refers to its administrator", "contact the provider's support"},

    /* No better word. */
    {ON_NO, ANY_CODE, NULL, MIG_E_NO, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER, "the server refused", ""},
    {ON_BAD, ANY_CODE, NULL, MIG_E_BAD, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER, "the server did not understand", ""},
};

/* strcasestr is not in POSIX; both are short. */
static const char *find_words(const char *text, const char *words)
{
    size_t length = strlen(words);
    for (; *text != '\0'; text++) {
        if (strncasecmp(text, words, length) == 0) {
            return text;
        }
    }
    return NULL;
}

/* "Request is throttled. Suggested Backoff Time: 15000 milliseconds" (Microsoft 365); at most a day. */
static int64_t suggested_backoff_ms(const char *text)
{
    static const char words[] = "suggested backoff time:";
    const char *found = find_words(text, words);
    if (found == NULL) {
        return 0;
    }
    found += sizeof words - 1;
    found += strspn(found, " ");
    const int64_t day_ms = 24 * 60 * 60 * 1000;
    int64_t ms = 0;
    for (; *found >= '0' && *found <= '9' && ms < day_ms; found++) {
        ms = ms * 10 + (*found - '0');
    }
    return ms < day_ms ? ms : day_ms;
}

void mig__failure_classify(mig__condition condition, mig__code code, const char *text, mig_error *err)
{
    const failure_rule *rule = rules;
    while ((rule->conditions & 1u << condition) == 0 || (rule->code != ANY_CODE && rule->code != code) ||
           (rule->text != NULL && find_words(text, rule->text) == NULL)) {
        if (rule == &rules[sizeof rules / sizeof rules[0] - 1]) {
            break;
        }
        rule++;
    }
    mig_error_set(err, rule->result, "%s", rule->what);
    err->scope = rule->scope;
    err->retry = rule->retry;
    if (rule->result == MIG_E_LIMIT) { /* of this process, and its own words: no server said them */
        mig_error_set(err, MIG_E_LIMIT, "%s",
                      find_words(text, MIG__FAILURE_OWN_LIMIT) + strlen(MIG__FAILURE_OWN_LIMIT));
        return;
    }
    err->retry_after_ms = suggested_backoff_ms(text);
    mig_error_server(err, text, strlen(text));
    mig_error_hint(err, "%s", rule->hint);
}

void mig__failure_classify_bye(mig__code code, const char *text, mig_error *err)
{
    mig__failure_classify(MIG__NO, code, text, err);
    if (err->scope != MIG_SCOPE_ACCOUNT) {
        mig_error_set(err, MIG_E_CLOSED, "the server ended the connection");
        mig_error_server(err, text, strlen(text));
    }
}
