/*
 * plan/lines.h - where each key of a YAML file stands, and of which kind it is
 *
 * libcyaml loads YAML into structures and names the line of what it cannot load, but of that only the first, and of
 * values that turn out to be wrong later it knows no line. So the file is walked once before, and what libcyaml would
 * not load is cut out, so that all else can be loaded and looked at.
 */
#ifndef MIG_PLAN_LINES_H
#define MIG_PLAN_LINES_H

#include "base/buffer.h"
#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum mig__yaml_kind { MIG__YAML_SCALAR, MIG__YAML_LIST, MIG__YAML_MAPPING } mig__yaml_kind;

typedef struct mig__line {
    char *path; /* keys joined by '.', places in lists by their number: "accounts.3.source" */
    mig__yaml_kind kind;
    unsigned line; /* from 1 */
    bool twice;    /* the key was there before, in the same mapping */
    bool bad;      /* to be cut out */
    /* where they stand in the file, in characters from its beginning; key_length 0: a place in a list */
    size_t key_at, key_length, at, length;
} mig__line;

typedef struct mig__lines {
    mig__line *items; /* in the order of the file */
    size_t count;
    size_t cursor; /* where the last one was found: they are asked for in about the order of the file */
} mig__lines;

/* 0, or -1 with MIG_E_PLAN: not YAML; `line` gets where. MIG_E_NOMEM. Release with mig__lines_free in any case. */
int mig__lines_read(mig__lines *lines, const char *text, size_t length, unsigned *line, mig_error *err);

/* The line of a path, 0 when it is not there or is bad. */
unsigned mig__lines_find(mig__lines *lines, const char *path);

/* Was it cut out? */
bool mig__lines_bad(mig__lines *lines, const char *path);

/*
 * The text without what is bad: of a mapping the key becomes one that nothing has, of an account in the list everything
 * in it goes. Errors show in `out`.
 */
void mig__lines_cut(const mig__lines *lines, const char *text, size_t length, mig__buffer *out);

void mig__lines_free(mig__lines *lines);

#endif
