/* sieve/rules.c - a script as a list of rules: each block with all that has to be so for it */
#include "base/memory.h"
#include "sieve/words.h"
#include <stdlib.h>
#include <string.h>

typedef struct listing {
    const mig__sieve_script *script;
    mig_filter_rule *rules;
    size_t count;
    mig_error *err;
} listing;

void mig__sieve_rules_free(mig_filter_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (char **one = rules[i].gmail; one != NULL && *one != NULL; one++) {
            free(*one);
        }
        free(rules[i].gmail);
        free(rules[i].gmail_why);
        free(rules[i].when);
        free(rules[i].then);
    }
    free(rules);
}

/* What stands in `text`, made inert; lines become one. NULL: no memory. */
static char *shown(mig__buffer *text)
{
    const size_t size = text->length + 1;
    char *out = text->failed ? NULL : malloc(size);
    for (size_t i = 0; i < text->length; i++) {
        const char c = text->data[i];
        text->data[i] = c == '\r' || c == '\n' || c == '\t' ? ' ' : c;
    }
    return out != NULL ? mig__inert(text->data != NULL ? text->data : "", size - 1, out, size) : NULL;
}

static int add_rule(listing *l, unsigned line, mig__buffer *when, mig__buffer *then)
{
    mig_filter_rule *rules = mig__grow(l->rules, l->count, sizeof *rules, l->err);
    if (rules == NULL) {
        return -1;
    }
    l->rules = rules;
    rules[l->count] = (mig_filter_rule){.line = line, .when = shown(when), .then = shown(then)};
    l->count++;
    return rules[l->count - 1].when != NULL && rules[l->count - 1].then != NULL
               ? 0
               : mig_error_set(l->err, MIG_E_NOMEM, "out of memory");
}

static bool is_branch(const mig__sieve_script *s, const mig__sieve_node *node)
{
    return mig__sieve_named(s, node, "if") || mig__sieve_named(s, node, "elsif") || mig__sieve_named(s, node, "else");
}

static int add_block(listing *l, size_t first, const mig__buffer *when, unsigned line, bool top);

/* What has to be so for a branch: all around it, nothing of the branches before it, and its own test. */
static int add_branch(listing *l, const mig__sieve_node *node, const mig__buffer *around)
{
    mig__buffer when = MIG__BUFFER_INIT;
    if (around->length > 0) {
        mig__buffer_addf(&when, "%s, and ", around->data);
    }
    mig__buffer_add_text(&when, mig__sieve_named(l->script, node, "if")     ? ""
                                : mig__sieve_named(l->script, node, "else") ? "none of the rules just before"
                                                                            : "none of the rules just before, but ");
    if (node->tests != MIG__SIEVE_NONE) {
        mig__sieve_test_words(l->script, &l->script->nodes[node->tests], &when);
    }
    int status = mig__buffer_ok(&when, l->err) == 0 ? add_block(l, node->block, &when, node->line, false) : -1;
    mig__buffer_free(&when);
    return status;
}

static int flush(listing *l, unsigned *line, const mig__buffer *when, mig__buffer *then)
{
    mig__buffer all = MIG__BUFFER_INIT;
    if (then->length == 0) {
        return 0;
    }
    mig__buffer_add_text(&all, when->length > 0 ? when->data : "always");
    int status = add_rule(l, *line, &all, then);
    mig__buffer_free(&all);
    mig__buffer_clear(then);
    *line = 0;
    return status;
}

/* Commands in a row are one rule, branches between them are others. */
static int add_block(listing *l, size_t first, const mig__buffer *when, unsigned line, bool top)
{
    mig__buffer then = MIG__BUFFER_INIT;
    const size_t before = l->count;
    unsigned at = line;
    int status = 0;
    for (size_t i = first; status == 0 && i != MIG__SIEVE_NONE; i = l->script->nodes[i].next) {
        const mig__sieve_node *node = &l->script->nodes[i];
        if (mig__sieve_named(l->script, node, "require")) {
            continue;
        }
        if (is_branch(l->script, node)) {
            status = flush(l, &at, when, &then) != 0 ? -1 : add_branch(l, node, when);
            continue;
        }
        at = at == 0 ? node->line : at;
        mig__buffer_add_text(&then, then.length > 0 ? "; " : "");
        mig__sieve_command_words(l->script, node, &then);
    }
    if (status == 0 && !top && l->count == before && then.length == 0) {
        mig__buffer_add_text(&then, "do nothing");
    }
    if (status == 0) {
        status = flush(l, &at, when, &then);
    }
    mig__buffer_free(&then);
    return status;
}

/* ---- Gmail ---- */

static int take_pairs(mig_filter_rule *rule, const mig__buffer *pairs, mig_error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < pairs->length; i++) {
        count += pairs->data[i] == '\0';
    }
    rule->gmail = calloc(count + 1, sizeof *rule->gmail);
    const char *at = pairs->data;
    for (size_t i = 0; rule->gmail != NULL && i < count; i++) {
        rule->gmail[i] = strdup(at);
        if (rule->gmail[i] == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        at += strlen(at) + 1;
    }
    return rule->gmail != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static int explain(mig_filter_rule *rule, mig__buffer *why, mig_error *err)
{
    rule->gmail_why = shown(why);
    return rule->gmail_why != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* The first line of a `stop` in a block, however deep; 0: there is none. */
static unsigned stop_in(const mig__sieve_script *s, size_t first)
{
    unsigned found = 0;
    for (size_t i = first; found == 0 && i != MIG__SIEVE_NONE; i = s->nodes[i].next) {
        const mig__sieve_node *node = &s->nodes[i];
        found = mig__sieve_named(s, node, "stop") ? node->line : stop_in(s, node->block);
    }
    return found;
}

/* The `if` at the top of the script that begins on this line, when nothing else at the top does. */
static const mig__sieve_node *rule_at(const mig__sieve_script *s, unsigned line, bool *alone)
{
    const mig__sieve_node *found = NULL;
    for (size_t i = s->commands; i != MIG__SIEVE_NONE; i = s->nodes[i].next) {
        const mig__sieve_node *node = &s->nodes[i];
        if (node->line != line) {
            continue;
        }
        if (found != NULL || !mig__sieve_named(s, node, "if")) {
            return NULL;
        }
        const mig__sieve_node *next = node->next != MIG__SIEVE_NONE ? &s->nodes[node->next] : NULL;
        *alone = next == NULL || !is_branch(s, next) || mig__sieve_named(s, next, "if");
        found = node;
    }
    return found;
}

/* Gmail's filters know no order and no end: what comes after a stop is not the same there. */
static int map_one(listing *l, mig_filter_rule *rule, unsigned stopped)
{
    mig__buffer pairs = MIG__BUFFER_INIT, why = MIG__BUFFER_INIT;
    bool alone = false, same = false;
    const mig__sieve_node *node = rule_at(l->script, rule->line, &alone);
    if (node == NULL) {
        mig__buffer_add_text(&why, "it is no condition on lines of its own");
    } else if (!alone) {
        mig__buffer_add_text(&why, "it goes together with else or elsif");
    } else if (stopped > 0) {
        mig__buffer_addf(&why, "line %u can end the script before it", stopped);
    } else {
        same = mig__sieve_gmail(l->script, node, &pairs, &why);
    }
    int status = mig__buffer_ok(&pairs, l->err) != 0 ? -1
                 : same                              ? take_pairs(rule, &pairs, l->err)
                                                     : explain(rule, &why, l->err);
    mig__buffer_free(&pairs);
    mig__buffer_free(&why);
    return status;
}

/* The line of the first stop at the top of the script or below an `if` there that begins before this line. */
static unsigned stop_before(const mig__sieve_script *s, unsigned line)
{
    unsigned found = 0;
    for (size_t i = s->commands; found == 0 && i != MIG__SIEVE_NONE && s->nodes[i].line < line; i = s->nodes[i].next) {
        const mig__sieve_node *node = &s->nodes[i];
        const bool leaves = mig__sieve_named(s, node, "stop") || mig__sieve_named(s, node, "include");
        found = leaves ? node->line : stop_in(s, node->block);
    }
    return found;
}

int mig__sieve_rules(const mig__sieve_script *script, mig_filter_rule **out, size_t *count, mig_error *err)
{
    const mig__buffer always = MIG__BUFFER_INIT;
    listing l = {.script = script, .err = err};
    int status = add_block(&l, script->commands, &always, 0, true);
    for (size_t i = 0; status == 0 && i < l.count; i++) {
        status = map_one(&l, &l.rules[i], stop_before(script, l.rules[i].line));
    }
    *out = l.rules;
    *count = l.count;
    return status;
}
