/* sieve/script.c - from words to a tree, see script.h */
#include "sieve/script.h"
#include "base/memory.h"
#include "sieve/lexer.h"
#include <stdlib.h>
#include <string.h>

typedef struct parser {
    mig__sieve_lexer lexer;
    mig__sieve_script *out;
    unsigned depth;
    mig_error *err;
} parser;

static int invalid(const parser *p, const char *what)
{
    return mig_error_set(p->err, MIG_E_PROTOCOL, "line %u: %s", p->lexer.word_line, what);
}

static int next(parser *p)
{
    return mig__sieve_lexer_next(&p->lexer, p->err);
}

static bool at_sign(const parser *p, char sign)
{
    return p->lexer.kind == MIG__SIEVE_WORD_SIGN && p->lexer.sign == sign;
}

static int expect(parser *p, char sign, const char *what)
{
    return at_sign(p, sign) ? next(p) : invalid(p, what);
}

/* The word's value, kept; its place. */
static size_t keep(parser *p)
{
    const size_t at = p->out->text.length;
    mig__buffer_add(&p->out->text, p->lexer.value.data != NULL ? p->lexer.value.data : "", p->lexer.value.length);
    mig__buffer_add_char(&p->out->text, '\0');
    return at;
}

static bool room(parser *p)
{
    const mig__sieve_script *s = p->out;
    if (s->node_count + s->argument_count + s->string_count < MIG__SIEVE_WORDS) {
        return true;
    }
    mig_error_set(p->err, MIG_E_BOUNDS, "line %u: the script has more than %d words", p->lexer.word_line,
                  MIG__SIEVE_WORDS);
    return false;
}

static int add_string(parser *p)
{
    mig__sieve_script *s = p->out;
    mig__sieve_string *strings = room(p) ? mig__grow(s->strings, s->string_count, sizeof *strings, p->err) : NULL;
    if (strings == NULL) {
        return -1;
    }
    s->strings = strings;
    const size_t length = p->lexer.value.length;
    strings[s->string_count++] = (mig__sieve_string){
        .text = keep(p), .length = length, .line = p->lexer.word_line, .from = p->lexer.from, .to = p->lexer.to};
    return next(p);
}

static int string_list(parser *p, mig__sieve_argument *argument)
{
    if (next(p) != 0) {
        return -1;
    }
    while (!at_sign(p, ']')) {
        if (argument->count > 0 && expect(p, ',', "a comma is missing between strings") != 0) {
            return -1;
        }
        if (p->lexer.kind != MIG__SIEVE_WORD_STRING) {
            return invalid(p, "a string is missing in a list");
        }
        if (add_string(p) != 0) {
            return -1;
        }
        argument->count++;
    }
    return next(p);
}

/* 1: an argument was taken; 0: there is none; -1. */
static int take_argument(parser *p)
{
    mig__sieve_script *s = p->out;
    const mig__sieve_word_kind kind = p->lexer.kind;
    const bool list = at_sign(p, '[');
    mig__sieve_argument argument = {.line = p->lexer.word_line, .first = s->string_count};
    if (kind != MIG__SIEVE_WORD_STRING && kind != MIG__SIEVE_WORD_NUMBER && kind != MIG__SIEVE_WORD_TAG && !list) {
        return 0;
    }
    mig__sieve_argument *all = room(p) ? mig__grow(s->arguments, s->argument_count, sizeof *all, p->err) : NULL;
    int status = all == NULL ? -1 : 0;
    if (all != NULL) {
        s->arguments = all;
    }
    if (status == 0 && list) {
        status = string_list(p, &argument);
    } else if (status == 0 && kind == MIG__SIEVE_WORD_STRING) {
        argument.count = 1;
        status = add_string(p);
    } else if (status == 0) {
        argument.kind = kind == MIG__SIEVE_WORD_TAG ? MIG__SIEVE_ARGUMENT_TAG : MIG__SIEVE_ARGUMENT_NUMBER;
        argument.number = p->lexer.number;
        argument.tag = kind == MIG__SIEVE_WORD_TAG ? keep(p) : 0;
        status = next(p);
    }
    if (status != 0) {
        return -1;
    }
    s->arguments[s->argument_count++] = argument;
    return 1;
}

static size_t begin_node(parser *p)
{
    mig__sieve_script *s = p->out;
    if (p->lexer.kind != MIG__SIEVE_WORD_NAME) {
        invalid(p, "a command or test is missing");
        return MIG__SIEVE_NONE;
    }
    mig__sieve_node *nodes = room(p) ? mig__grow(s->nodes, s->node_count, sizeof *nodes, p->err) : NULL;
    if (nodes == NULL) {
        return MIG__SIEVE_NONE;
    }
    s->nodes = nodes;
    nodes[s->node_count] = (mig__sieve_node){.name = keep(p),
                                             .line = p->lexer.word_line,
                                             .first = s->argument_count,
                                             .tests = MIG__SIEVE_NONE,
                                             .block = MIG__SIEVE_NONE,
                                             .next = MIG__SIEVE_NONE};
    return next(p) == 0 ? s->node_count++ : MIG__SIEVE_NONE;
}

static int deeper(parser *p)
{
    if (++p->depth <= MIG__SIEVE_NESTING) {
        return 0;
    }
    return mig_error_set(p->err, MIG_E_BOUNDS, "line %u: nested deeper than %d levels", p->lexer.word_line,
                         MIG__SIEVE_NESTING);
}

static int take_test(parser *p, size_t *out);

/* Recursion is bounded by deeper(). */
static int test_list(parser *p, size_t *first)
{
    size_t last = MIG__SIEVE_NONE;
    do {
        size_t test = MIG__SIEVE_NONE;
        if (next(p) != 0 || take_test(p, &test) != 0) {
            return -1;
        }
        if (last == MIG__SIEVE_NONE) {
            *first = test;
        } else {
            p->out->nodes[last].next = test;
        }
        last = test;
    } while (at_sign(p, ','));
    return expect(p, ')', "a list of tests is not closed");
}

/* What follows the name: arguments, then a test or several in parentheses. */
static int take_arguments(parser *p, size_t node)
{
    int taken;
    while ((taken = take_argument(p)) > 0) {
        p->out->nodes[node].count++;
    }
    if (taken < 0) {
        return -1;
    }
    size_t tests = MIG__SIEVE_NONE;
    int status = 0;
    if (at_sign(p, '(')) {
        status = deeper(p) != 0 ? -1 : test_list(p, &tests);
        p->depth--;
    } else if (p->lexer.kind == MIG__SIEVE_WORD_NAME) {
        status = take_test(p, &tests);
    }
    p->out->nodes[node].tests = tests;
    return status;
}

static int take_test(parser *p, size_t *out)
{
    *out = begin_node(p);
    if (*out == MIG__SIEVE_NONE || deeper(p) != 0) {
        return -1;
    }
    int status = take_arguments(p, *out);
    p->depth--;
    return status;
}

/* Commands up to "}" or, at the top, the end. */
static int take_commands(parser *p, bool top, size_t *first)
{
    size_t last = MIG__SIEVE_NONE;
    while (top ? p->lexer.kind != MIG__SIEVE_WORD_END : !at_sign(p, '}')) {
        size_t node = begin_node(p);
        if (node == MIG__SIEVE_NONE || take_arguments(p, node) != 0) {
            return -1;
        }
        if (at_sign(p, '{')) {
            size_t block = MIG__SIEVE_NONE;
            if (next(p) != 0 || deeper(p) != 0 || take_commands(p, false, &block) != 0 || next(p) != 0) {
                return -1;
            }
            p->depth--;
            p->out->nodes[node].block = block;
            p->out->nodes[node].has_block = true;
        } else if (expect(p, ';', "a semicolon is missing at the end of a command") != 0) {
            return -1;
        }
        if (last == MIG__SIEVE_NONE) {
            *first = node;
        } else {
            p->out->nodes[last].next = node;
        }
        last = node;
    }
    return 0;
}

void mig__sieve_script_clear(mig__sieve_script *script)
{
    mig__buffer_free(&script->text);
    free(script->nodes);
    free(script->arguments);
    free(script->strings);
    *script = (mig__sieve_script)MIG__SIEVE_SCRIPT_INIT;
}

int mig__sieve_parse(const char *octets, size_t length, mig__sieve_script *out, mig_error *err)
{
    *out = (mig__sieve_script)MIG__SIEVE_SCRIPT_INIT;
    parser p = {.out = out, .err = err};
    mig__sieve_lexer_init(&p.lexer, octets, length);
    int status = next(&p) != 0 || take_commands(&p, true, &out->commands) != 0 ? -1 : mig__buffer_ok(&out->text, err);
    mig__sieve_lexer_free(&p.lexer);
    if (status != 0) {
        mig__sieve_script_clear(out);
    }
    return status;
}

/* ---- walking ---- */

const char *mig__sieve_name(const mig__sieve_script *script, const mig__sieve_node *node)
{
    return script->text.data + node->name;
}

bool mig__sieve_named(const mig__sieve_script *script, const mig__sieve_node *node, const char *name)
{
    return strcmp(mig__sieve_name(script, node), name) == 0;
}

const char *mig__sieve_tag(const mig__sieve_script *script, const mig__sieve_argument *argument)
{
    return argument->kind == MIG__SIEVE_ARGUMENT_TAG ? script->text.data + argument->tag : "";
}

const char *mig__sieve_value(const mig__sieve_script *script, const mig__sieve_string *string)
{
    return script->text.data + string->text;
}

bool mig__sieve_has_tag(const mig__sieve_script *script, const mig__sieve_node *node, const char *tag)
{
    for (size_t i = node->first; i < node->first + node->count; i++) {
        if (strcmp(mig__sieve_tag(script, &script->arguments[i]), tag) == 0) {
            return true;
        }
    }
    return false;
}

static bool takes_value(const char *tag, const char *const *valued)
{
    for (; valued != NULL && *valued != NULL; valued++) {
        if (strcmp(*valued, tag) == 0) {
            return true;
        }
    }
    return false;
}

const mig__sieve_argument *mig__sieve_positional(const mig__sieve_script *script, const mig__sieve_node *node, size_t n,
                                                 const char *const *valued)
{
    for (size_t i = node->first; i < node->first + node->count; i++) {
        const mig__sieve_argument *argument = &script->arguments[i];
        if (argument->kind == MIG__SIEVE_ARGUMENT_TAG) {
            i += takes_value(mig__sieve_tag(script, argument), valued);
        } else if (n-- == 0) {
            return argument;
        }
    }
    return NULL;
}

/* Nodes were added as they were read. */
int mig__sieve_walk(const mig__sieve_script *script,
                    int (*each)(const mig__sieve_script *script, const mig__sieve_node *node, void *context),
                    void *context)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < script->node_count; i++) {
        status = each(script, &script->nodes[i], context);
    }
    return status;
}
