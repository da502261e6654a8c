/*
 * sieve/script.h - a Sieve script as a tree: the grammar of RFC 5228 section 8, which all extensions keep
 *
 * Commands and tests have one form (name, arguments, tests, block), so that a script is read whatever extensions it
 * uses; what the words mean is for those who walk the tree. Each word knows its line, and each string also its octets
 * in the script, so that a name can be named, and replaced, where it stands.
 */
#ifndef MIG_SIEVE_SCRIPT_H
#define MIG_SIEVE_SCRIPT_H

#include "base/buffer.h"
#include <migrate/error.h>
#include <stdint.h>

#define MIG__SIEVE_NESTING 64     /* of blocks and tests; RFC 5228 section 8.2 asks for 15 */
#define MIG__SIEVE_WORDS   200000 /* commands, tests, arguments and strings */
#define MIG__SIEVE_NONE    ((size_t)-1)

typedef struct mig__sieve_string {
    size_t text, length; /* the value, decoded: in `text` of the script, followed by a NUL */
    unsigned line;       /* where it begins, from 1 */
    size_t from, to;     /* its octets in the script, with quotes */
} mig__sieve_string;

typedef enum mig__sieve_argument_kind {
    MIG__SIEVE_ARGUMENT_STRINGS, /* one string, or a list */
    MIG__SIEVE_ARGUMENT_NUMBER,
    MIG__SIEVE_ARGUMENT_TAG
} mig__sieve_argument_kind;

typedef struct mig__sieve_argument {
    mig__sieve_argument_kind kind;
    unsigned line;
    uint64_t number;     /* of a number, with K, M, G counted in */
    size_t tag;          /* of a tag: its name without the colon, in lower case, in `text` */
    size_t first, count; /* of strings */
} mig__sieve_argument;

typedef struct mig__sieve_node { /* a command or a test */
    size_t name;                 /* in lower case, in `text` */
    unsigned line;
    size_t first, count; /* arguments */
    size_t tests;        /* the first one below it, or MIG__SIEVE_NONE */
    size_t block;        /* the first command of its block, or MIG__SIEVE_NONE */
    size_t next;         /* the sibling behind it, or MIG__SIEVE_NONE */
    bool has_block;
} mig__sieve_node;

typedef struct mig__sieve_script {
    mig__buffer text;
    mig__sieve_node *nodes;
    size_t node_count;
    mig__sieve_argument *arguments;
    size_t argument_count;
    mig__sieve_string *strings;
    size_t string_count;
    size_t commands; /* the first one, or MIG__SIEVE_NONE */
} mig__sieve_script;

#define MIG__SIEVE_SCRIPT_INIT                                                                                         \
    {                                                                                                                  \
        MIG__BUFFER_INIT, NULL, 0, NULL, 0, NULL, 0, MIG__SIEVE_NONE                                                   \
    }

/*
 * Read a script. 0; -1 with MIG_E_PROTOCOL ("line 7: ..."), MIG_E_BOUNDS or MIG_E_NOMEM, and `out` is empty. Release
 * with mig__sieve_script_clear.
 */
int mig__sieve_parse(const char *octets, size_t length, mig__sieve_script *out, mig_error *err);
void mig__sieve_script_clear(mig__sieve_script *script);

/* ---- walking ---- */

const char *mig__sieve_name(const mig__sieve_script *script, const mig__sieve_node *node);
bool mig__sieve_named(const mig__sieve_script *script, const mig__sieve_node *node, const char *name);
const char *mig__sieve_tag(const mig__sieve_script *script, const mig__sieve_argument *argument);
const char *mig__sieve_value(const mig__sieve_script *script, const mig__sieve_string *string);

/* Whether one of the node's arguments is this tag ("copy"). */
bool mig__sieve_has_tag(const mig__sieve_script *script, const mig__sieve_node *node, const char *tag);

/* The n-th argument that is no tag and no value of one of `valued` (tags that take a value, ends with NULL); NULL: it
 * has not so many. */
const mig__sieve_argument *mig__sieve_positional(const mig__sieve_script *script, const mig__sieve_node *node, size_t n,
                                                 const char *const *valued);

/* Each node of the script, those above before those below: in the order of the script. */
int mig__sieve_walk(const mig__sieve_script *script,
                    int (*each)(const mig__sieve_script *script, const mig__sieve_node *node, void *context),
                    void *context);

#endif
