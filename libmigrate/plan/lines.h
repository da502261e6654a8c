/*
 * plan/lines.h - a YAML file as the list of its values: each with its path, its kind, its line (libyaml)
 *
 * What is wrong with one of them is told with its line, and all the others are looked at.
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
    char *value;   /* of a scalar; NULL: it has others in it, or a NUL */
    bool twice;    /* the key was there before, in the same mapping */
    bool in_list;  /* it has no key of its own */
    bool bad;      /* not to be looked at, nor what is in it */
} mig__line;

typedef struct mig__lines {
    mig__line *items; /* in the order of the file */
    size_t count;
} mig__lines;

/* 0, or -1 with MIG_E_PLAN: not YAML; `line` gets where. MIG_E_NOMEM. Release with mig__lines_free in any case. */
int mig__lines_read(mig__lines *lines, const char *text, size_t length, unsigned *line, mig_error *err);

void mig__lines_free(mig__lines *lines);

#endif
