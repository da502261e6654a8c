/* folders/rules.c - the rules that a person gives: which mailboxes, and where to */
#include "folders/rules.h"
#include "base/unicode.h"
#include "base/buffer.h"
#include "folders/fold.h"
#include <stdlib.h>
#include <string.h>

/* The octets of the UTF-8 character at `text`; 1 where there is none. */
static size_t character_size(const char *text)
{
    unsigned char lead = (unsigned char)*text;
    size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return strnlen(text, size) == size && mig__utf8_valid(text, size) ? size : 1;
}

bool mig__glob(const char *pattern, const char *name)
{
    /* After a mismatch only the last '*' has to take one character more: what an earlier one took can stay. */
    const char *star = NULL, *resume = NULL;
    while (*name != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            resume = name;
        } else if (*pattern == '?') {
            pattern++;
            name += character_size(name);
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star;
            resume += character_size(resume);
            name = resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

/* People type one form of a name, servers have the other: both in NFC. */
static bool glob_normal(const char *pattern, const char *name)
{
    mig__buffer a = MIG__BUFFER_INIT, b = MIG__BUFFER_INIT;
    mig__nfc(pattern, strlen(pattern), &a);
    mig__nfc(name, strlen(name), &b);
    bool matches = a.data != NULL && b.data != NULL && !a.failed && !b.failed && mig__glob(a.data, b.data);
    mig__buffer_free(&a);
    mig__buffer_free(&b);
    return matches;
}

/* INBOX matches as "INBOX", however the server spells it, and by its own spelling. */
bool mig__rules_match(const char *pattern, const char *name)
{
    if (mig__glob(pattern, name)) {
        return true;
    }
    return mig__is_inbox(name, strlen(name)) ? mig__is_inbox(pattern, strlen(pattern)) || mig__glob(pattern, "INBOX")
                                             : glob_normal(pattern, name);
}

bool mig__rules_take(const mig__rules *rules, const char *name)
{
    if (rules->given == NULL) {
        return true;
    }
    const char *const *only = rules->given->folders;
    bool taken = only == NULL || *only == NULL;
    for (const char *const *glob = only; !taken && *glob != NULL; glob++) {
        taken = mig__rules_match(*glob, name);
    }
    for (const char *const *glob = rules->given->excludes; taken && glob != NULL && *glob != NULL; glob++) {
        taken = !mig__rules_match(*glob, name);
    }
    return taken;
}

bool mig__rules_named(const mig__rules *rules, const char *name)
{
    const char *const *glob = rules->given == NULL ? NULL : rules->given->folders;
    for (; glob != NULL && *glob != NULL; glob++) {
        if (strchr(*glob, '*') == NULL && mig__rules_match(*glob, name)) {
            return true;
        }
    }
    return false;
}

bool mig__rules_foreign(const mig__rules *rules, const char *name, bool foreign)
{
    bool asked = (rules->given != NULL && rules->given->shared) || mig__rules_named(rules, name);
    return foreign && !asked && mig__rules_take(rules, name);
}

/* Unescape `length` octets of "FROM" or "TO": "\=" is "=", any other backslash is itself (a separator at Domino). */
static char *unescape(const char *text, size_t length)
{
    char *out = malloc(length + 1);
    if (out == NULL) {
        return NULL;
    }
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\' && i + 1 < length && text[i + 1] == '=') {
            i++;
        }
        out[written++] = text[i];
    }
    out[written] = '\0';
    return out;
}

static size_t stars(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += *text == '*';
    }
    return count;
}

static int bad_rule(mig_error *err, const char *text, const char *what)
{
    mig_error_set(err, MIG_E_USAGE, "folder rule \"%s\": %s", text, what);
    return mig_error_hint(err,
                          "write FROM=TO with names as the source has them, for example 'Work/Old=Archive/Work' or "
                          "'Work/*=Job/*'; an equals sign in a name is written \\=");
}

static int read_rule(mig__rule *rule, const char *text, mig_error *err)
{
    const char *equals = strchr(text, '=');
    while (equals != NULL && equals > text && equals[-1] == '\\') {
        equals = strchr(equals + 1, '=');
    }
    if (equals == NULL) {
        return bad_rule(err, text, "there is no \"=\" in it");
    }
    for (const char *rest = equals + 1; *rest != '\0'; rest++) {
        if (*rest == '=' && rest[-1] != '\\') {
            return bad_rule(err, text, "there is more than one \"=\" in it");
        }
    }
    rule->from = unescape(text, (size_t)(equals - text));
    rule->to = unescape(equals + 1, strlen(equals + 1));
    if (rule->from == NULL || rule->to == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (*rule->from == '\0' || *rule->to == '\0') {
        return bad_rule(err, text, "a name is missing");
    }
    if (!mig__utf8_valid(text, strlen(text))) {
        return bad_rule(err, text, "it is not UTF-8");
    }
    size_t from = stars(rule->from), to = stars(rule->to);
    if (from > 1 || from != to) {
        return bad_rule(err, text, "there must be one \"*\" on both sides, or none");
    }
    rule->pattern = from == 1;
    mig__buffer normal = MIG__BUFFER_INIT;
    mig__nfc(rule->from, strlen(rule->from), &normal);
    free(rule->from);
    rule->from = mig__buffer_steal(&normal);
    return rule->from != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

int mig__rules_read(mig__rules *rules, const mig__map_rules *given, mig_error *err)
{
    *rules = (mig__rules){.given = given};
    size_t count = 0;
    while (given != NULL && given->maps != NULL && given->maps[count] != NULL) {
        count++;
    }
    if (count == 0) {
        return 0;
    }
    rules->maps = calloc(count, sizeof *rules->maps);
    if (rules->maps == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (; rules->count < count; rules->count++) {
        if (read_rule(&rules->maps[rules->count], given->maps[rules->count], err) != 0) {
            rules->count++; /* its strings as well */
            mig__rules_free(rules);
            return -1;
        }
    }
    return 0;
}

void mig__rules_free(mig__rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        free(rules->maps[i].from);
        free(rules->maps[i].to);
    }
    free(rules->maps);
    *rules = (mig__rules){0};
}

/* What the '*' of a pattern stands for in `name`; false when it does not match. */
static bool match_star(const char *pattern, const char *name, const char **found, size_t *length)
{
    size_t head = (size_t)(strchr(pattern, '*') - pattern);
    size_t tail = strlen(pattern) - head - 1;
    size_t total = strlen(name);
    if (total < head + tail || memcmp(pattern, name, head) != 0 ||
        memcmp(pattern + head + 1, name + total - tail, tail) != 0) {
        return false;
    }
    *found = name + head;
    *length = total - head - tail;
    return true;
}

static bool same_mailbox(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || (mig__is_inbox(a, strlen(a)) && mig__is_inbox(b, strlen(b)));
}

int mig__rules_target(const mig__rules *rules, const char *name, char **to, mig_error *err)
{
    *to = NULL;
    mig__buffer normal = MIG__BUFFER_INIT;
    int failed = 0;
    mig__nfc(name, strlen(name), &normal);
    name = normal.data != NULL ? normal.data : "";
    for (size_t i = 0; i < rules->count && !normal.failed && *to == NULL && failed == 0; i++) {
        const mig__rule *rule = &rules->maps[i];
        const char *middle = "";
        size_t length = 0;
        if (rule->pattern ? !match_star(rule->from, name, &middle, &length) : !same_mailbox(rule->from, name)) {
            continue;
        }
        mig__buffer text = MIG__BUFFER_INIT;
        size_t head = rule->pattern ? (size_t)(strchr(rule->to, '*') - rule->to) : strlen(rule->to);
        mig__buffer_add(&text, rule->to, head);
        mig__buffer_add(&text, middle, length);
        if (rule->pattern) {
            mig__buffer_add_text(&text, rule->to + head + 1);
        }
        *to = mig__buffer_steal(&text);
        failed = *to != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    failed = failed != 0 ? failed : mig__buffer_ok(&normal, err);
    mig__buffer_free(&normal);
    return failed;
}
