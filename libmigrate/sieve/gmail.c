/*
 * sieve/gmail.c - a rule as a filter of Gmail, where both do the same
 *
 * Gmail compares words, Sieve compares octets: a filter with "contains" is another rule there. What is the same are
 * whole addresses and sizes, labels, and the marks of read and starred.
 */
#include "sieve/words.h"
#include <string.h>
#include <strings.h>

typedef struct mapping {
    const mig__sieve_script *script;
    mig__buffer *pairs, *why;
    bool from, to, size; /* conditions that are there already: Gmail has each once */
} mapping;

static void add_pair(mapping *m, const char *name, const char *value)
{
    mig__buffer_add(m->pairs, name, strlen(name) + 1);
    mig__buffer_add(m->pairs, value, strlen(value) + 1);
}

static bool no(mapping *m, const char *why)
{
    mig__buffer_clear(m->why);
    mig__buffer_add_text(m->why, why);
    return false;
}

/* ---- conditions ---- */

static bool lists(const mapping *m, const mig__sieve_argument *names, const char *word)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcasecmp(mig__sieve_value(m->script, &m->script->strings[names->first + i]), word) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_address(const char *text)
{
    const char *at = strchr(text, '@');
    return at != NULL && at != text && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
           strpbrk(text, " \"'(){}<>,;:*?|\t\r\n") == NULL;
}

static bool add_addresses(mapping *m, const char *property, const mig__sieve_argument *keys)
{
    mig__buffer value = MIG__BUFFER_INIT;
    bool good = keys->count > 0;
    for (size_t i = 0; good && i < keys->count; i++) {
        const char *address = mig__sieve_value(m->script, &m->script->strings[keys->first + i]);
        good = is_address(address);
        mig__buffer_addf(&value, "%s%s", i == 0 ? "" : " OR ", address);
    }
    if (good && !value.failed) {
        add_pair(m, property, value.data);
    }
    m->pairs->failed |= value.failed;
    mig__buffer_free(&value);
    return good ? true : no(m, "only whole addresses are compared alike");
}

static bool map_address(mapping *m, const mig__sieve_node *test)
{
    static const char *const valued[] = {"comparator", NULL};
    const mig__sieve_argument *headers = mig__sieve_positional(m->script, test, 0, valued);
    const mig__sieve_argument *keys = mig__sieve_positional(m->script, test, 1, valued);
    for (size_t i = test->first; i < test->first + test->count; i++) {
        const char *tag = mig__sieve_tag(m->script, &m->script->arguments[i]);
        if (tag[0] != '\0' && strcmp(tag, "is") != 0 && strcmp(tag, "all") != 0) {
            return no(m, "Gmail compares addresses in another way");
        }
    }
    if (headers == NULL || keys == NULL || keys->kind != MIG__SIEVE_ARGUMENT_STRINGS) {
        return no(m, "the test is not understood");
    }
    if (headers->count == 1 && lists(m, headers, "from") && !m->from) {
        m->from = true;
        return add_addresses(m, "from", keys);
    }
    if (headers->count == 2 && lists(m, headers, "to") && lists(m, headers, "cc") && !m->to) {
        m->to = true; /* "to:" looks at both there */
        return add_addresses(m, "to", keys);
    }
    return no(m, "Gmail looks at From, or at To and Cc together, once each");
}

static bool map_size(mapping *m, const mig__sieve_node *test)
{
    const mig__sieve_argument *size = mig__sieve_positional(m->script, test, 0, NULL);
    char number[24];
    if (size == NULL || size->kind != MIG__SIEVE_ARGUMENT_NUMBER || m->size) {
        return no(m, "the test is not understood");
    }
    m->size = true;
    mig__buffer text = MIG__BUFFER_INIT;
    mig__buffer_addf(&text, "%llu", (unsigned long long)size->number);
    m->pairs->failed |= text.failed || text.length >= sizeof number;
    if (!m->pairs->failed) {
        memcpy(number, text.data, text.length + 1);
        add_pair(m, "size", number);
        add_pair(m, "sizeOperator", mig__sieve_has_tag(m->script, test, "over") ? "s_sl" : "s_ss");
        add_pair(m, "sizeUnit", "s_sb");
    }
    mig__buffer_free(&text);
    return true;
}

static bool map_test(mapping *m, const mig__sieve_node *test)
{
    if (mig__sieve_named(m->script, test, "address")) {
        return map_address(m, test);
    }
    if (mig__sieve_named(m->script, test, "size")) {
        return map_size(m, test);
    }
    if (!mig__sieve_named(m->script, test, "allof")) {
        return no(m, "Gmail has no condition that is exactly this one");
    }
    bool good = test->tests != MIG__SIEVE_NONE;
    for (size_t i = test->tests; good && i != MIG__SIEVE_NONE; i = m->script->nodes[i].next) {
        good = !mig__sieve_named(m->script, &m->script->nodes[i], "allof") ? map_test(m, &m->script->nodes[i])
                                                                           : no(m, "conditions within conditions");
    }
    return good;
}

/* ---- actions ---- */

static bool map_flags(mapping *m, const mig__sieve_argument *flags)
{
    for (size_t i = 0; flags != NULL && i < flags->count; i++) {
        const char *flag = mig__sieve_value(m->script, &m->script->strings[flags->first + i]);
        if (strcasecmp(flag, "\\Seen") == 0) {
            add_pair(m, "shouldMarkAsRead", "true");
        } else if (strcasecmp(flag, "\\Flagged") == 0) {
            add_pair(m, "shouldStar", "true");
        } else {
            return no(m, "Gmail has no such mark");
        }
    }
    return flags != NULL ? true : no(m, "the mark is not understood");
}

static bool map_file(mapping *m, const mig__sieve_node *command)
{
    const mig__sieve_argument *name = mig__sieve_positional(m->script, command, 0, NULL);
    for (size_t i = command->first; i < command->first + command->count; i++) {
        const char *tag = mig__sieve_tag(m->script, &m->script->arguments[i]);
        if (tag[0] != '\0' && strcmp(tag, "copy") != 0 && strcmp(tag, "create") != 0) {
            return no(m, "it files with more than a name");
        }
    }
    const char *folder =
        name != NULL && name->count == 1 ? mig__sieve_value(m->script, &m->script->strings[name->first]) : "";
    if (folder[0] == '\0' || strcasecmp(folder, "INBOX") == 0 || strstr(folder, "${") != NULL) {
        return no(m, "the folder is no label");
    }
    add_pair(m, "label", folder);
    if (!mig__sieve_has_tag(m->script, command, "copy")) {
        add_pair(m, "shouldArchive", "true");
    }
    return true;
}

/* One folder, marks before it; a stop at the end ends what has ended anyway, for what comes behind see rules.c. */
static bool map_actions(mapping *m, size_t first)
{
    const mig__sieve_script *s = m->script;
    bool filed = false, marked = false;
    for (size_t i = first; i != MIG__SIEVE_NONE; i = s->nodes[i].next) {
        const mig__sieve_node *command = &s->nodes[i];
        if (mig__sieve_named(s, command, "fileinto") && !filed) {
            filed = map_file(m, command);
        } else if (mig__sieve_named(s, command, "addflag") && !filed && !marked && command->count == 1) {
            marked = map_flags(m, mig__sieve_positional(s, command, 0, NULL));
        } else if (!mig__sieve_named(s, command, "stop")) {
            return no(m, "Gmail has no action that is exactly this one");
        }
        if (!filed && !marked && !mig__sieve_named(s, command, "stop")) {
            return false; /* said already */
        }
    }
    return filed || marked ? true : no(m, "it does nothing that a filter of Gmail does");
}

bool mig__sieve_gmail(const mig__sieve_script *script, const mig__sieve_node *rule, mig__buffer *pairs,
                      mig__buffer *why)
{
    mapping m = {.script = script, .pairs = pairs, .why = why};
    return rule->tests != MIG__SIEVE_NONE && map_test(&m, &script->nodes[rule->tests]) && map_actions(&m, rule->block);
}
