/* sieve/words.c - tests and commands of a script in words; what has none of its own is shown as it is written */
#include "sieve/words.h"
#include <string.h>

/* Tags of tests and commands that have a value. */
static const char *const valued[] = {
    "comparator", "flags",   "specialuse", "mailboxid", "days",     "seconds", "subject", "from",  "addresses",
    "handle",     "fcc",     "notify",     "ret",       "zone",     "content", "value",   "count", "importance",
    "options",    "message", "quotes",     "header",    "uniqueid", "index",   NULL};

static void add_strings(const mig__sieve_script *s, const mig__sieve_argument *argument, const char *between,
                        mig__buffer *out)
{
    for (size_t i = 0; i < argument->count; i++) {
        mig__buffer_addf(out, "%s\"%s\"", i == 0 ? "" : between, mig__sieve_value(s, &s->strings[argument->first + i]));
    }
    mig__buffer_add_text(out, argument->count == 0 ? "(nothing)" : "");
}

/* An argument as the script has it. */
static void add_argument(const mig__sieve_script *s, const mig__sieve_argument *argument, mig__buffer *out)
{
    switch (argument->kind) {
    case MIG__SIEVE_ARGUMENT_TAG:
        mig__buffer_addf(out, ":%s", mig__sieve_tag(s, argument));
        break;
    case MIG__SIEVE_ARGUMENT_NUMBER:
        mig__buffer_addf(out, "%llu", (unsigned long long)argument->number);
        break;
    default:
        add_strings(s, argument, ", ", out);
    }
}

static void add_as_written(const mig__sieve_script *s, const mig__sieve_node *node, mig__buffer *out)
{
    mig__buffer_add_text(out, mig__sieve_name(s, node));
    for (size_t i = node->first; i < node->first + node->count; i++) {
        mig__buffer_add_char(out, ' ');
        add_argument(s, &s->arguments[i], out);
    }
}

static const mig__sieve_argument *strings_at(const mig__sieve_script *s, const mig__sieve_node *node, size_t n)
{
    const mig__sieve_argument *argument = mig__sieve_positional(s, node, n, valued);
    return argument != NULL && argument->kind == MIG__SIEVE_ARGUMENT_STRINGS ? argument : NULL;
}

/* ---- tests ---- */

static const char *match_words(const mig__sieve_script *s, const mig__sieve_node *test)
{
    return mig__sieve_has_tag(s, test, "contains")  ? "contains"
           : mig__sieve_has_tag(s, test, "matches") ? "matches"
           : mig__sieve_has_tag(s, test, "regex")   ? "matches the expression"
                                                    : "is"; /* also without a tag (RFC 5228 section 2.7.1) */
}

/* Relations (RFC 5231), lists and comparators say too much for a plain sentence. */
static bool is_plain_match(const mig__sieve_script *s, const mig__sieve_node *test)
{
    static const char *const odd[] = {"value", "count", "list",   "comparator", "index",
                                      "last",  "user",  "detail", "mime",       "anychild"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        if (mig__sieve_has_tag(s, test, odd[i])) {
            return false;
        }
    }
    return true;
}

static bool add_header_test(const mig__sieve_script *s, const mig__sieve_node *test, const char *what, mig__buffer *out)
{
    const mig__sieve_argument *headers = strings_at(s, test, 0), *keys = strings_at(s, test, 1);
    if (headers == NULL || keys == NULL || !is_plain_match(s, test)) {
        return false;
    }
    mig__buffer_addf(out, "%s ", what);
    add_strings(s, headers, " or ", out);
    mig__buffer_addf(out, "%s %s ",
                     mig__sieve_has_tag(s, test, "domain")      ? ", behind the @,"
                     : mig__sieve_has_tag(s, test, "localpart") ? ", before the @,"
                                                                : "",
                     match_words(s, test));
    add_strings(s, keys, " or ", out);
    return true;
}

static bool add_size(const mig__sieve_script *s, const mig__sieve_node *test, mig__buffer *out)
{
    const mig__sieve_argument *size = mig__sieve_positional(s, test, 0, valued);
    if (size == NULL || size->kind != MIG__SIEVE_ARGUMENT_NUMBER) {
        return false;
    }
    mig__buffer_addf(out, "it is %s than %llu octets", mig__sieve_has_tag(s, test, "over") ? "larger" : "smaller",
                     (unsigned long long)size->number);
    return true;
}

static bool add_exists(const mig__sieve_script *s, const mig__sieve_node *test, mig__buffer *out)
{
    const mig__sieve_argument *headers = strings_at(s, test, 0);
    if (headers == NULL) {
        return false;
    }
    mig__buffer_add_text(out, headers->count == 1 ? "there is a header " : "there are the headers ");
    add_strings(s, headers, " and ", out);
    return true;
}

static void add_several(const mig__sieve_script *s, const mig__sieve_node *test, const char *between, mig__buffer *out)
{
    mig__buffer_add_char(out, '(');
    for (size_t i = test->tests; i != MIG__SIEVE_NONE; i = s->nodes[i].next) {
        mig__buffer_add_text(out, i == test->tests ? "" : between);
        mig__sieve_test_words(s, &s->nodes[i], out);
    }
    mig__buffer_add_char(out, ')');
}

static bool add_known_test(const mig__sieve_script *s, const mig__sieve_node *test, mig__buffer *out)
{
    const char *name = mig__sieve_name(s, test);
    if (strcmp(name, "header") == 0) {
        return add_header_test(s, test, "the header", out);
    }
    if (strcmp(name, "address") == 0) {
        return add_header_test(s, test, "an address in", out);
    }
    if (strcmp(name, "envelope") == 0) {
        return add_header_test(s, test, "the envelope's", out);
    }
    if (strcmp(name, "size") == 0) {
        return add_size(s, test, out);
    }
    if (strcmp(name, "exists") == 0) {
        return add_exists(s, test, out);
    }
    if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0) {
        mig__buffer_add_text(out, name[0] == 't' ? "always" : "never");
        return true;
    }
    return false;
}

void mig__sieve_test_words(const mig__sieve_script *s, const mig__sieve_node *test, mig__buffer *out)
{
    if (mig__sieve_named(s, test, "not") && test->tests != MIG__SIEVE_NONE) {
        mig__buffer_add_text(out, "not (");
        mig__sieve_test_words(s, &s->nodes[test->tests], out);
        mig__buffer_add_char(out, ')');
    } else if (mig__sieve_named(s, test, "allof")) {
        add_several(s, test, " and ", out);
    } else if (mig__sieve_named(s, test, "anyof")) {
        add_several(s, test, " or ", out);
    } else if (!add_known_test(s, test, out)) {
        mig__buffer_add_text(out, "the test ");
        add_as_written(s, test, out);
    }
}

/* ---- commands ---- */

typedef struct phrase {
    const char *command, *before;
} phrase;

void mig__sieve_command_words(const mig__sieve_script *s, const mig__sieve_node *command, mig__buffer *out)
{
    static const phrase plain[] = {{"keep", "leave it in the inbox"},
                                   {"discard", "throw it away"},
                                   {"stop", "go no further"},
                                   {"return", "go back to the script that included this one"}};
    static const phrase with_text[] = {{"redirect", "forward it to "},        {"reject", "refuse it with "},
                                       {"ereject", "refuse it with "},        {"vacation", "answer it with "},
                                       {"addflag", "mark it with "},          {"setflag", "mark it with nothing but "},
                                       {"removeflag", "take the mark off: "}, {"include", "go through the script "}};
    const mig__sieve_argument *text = strings_at(s, command, 0);
    const bool copy = mig__sieve_has_tag(s, command, "copy");
    if (mig__sieve_named(s, command, "fileinto") && text != NULL) {
        mig__buffer_add_text(out, copy ? "file a copy into " : "file it into ");
        add_strings(s, text, ", ", out);
        return;
    }
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (mig__sieve_named(s, command, plain[i].command) && command->count == 0) {
            mig__buffer_add_text(out, plain[i].before);
            return;
        }
    }
    for (size_t i = 0; i < sizeof with_text / sizeof with_text[0]; i++) {
        if (mig__sieve_named(s, command, with_text[i].command) && text != NULL && strings_at(s, command, 1) == NULL) {
            mig__buffer_add_text(out, with_text[i].before);
            add_strings(s, text, ", ", out);
            mig__buffer_add_text(out, copy ? ", and go on as if it had not been" : "");
            return;
        }
    }
    mig__buffer_add_text(out, "do: ");
    add_as_written(s, command, out);
}
