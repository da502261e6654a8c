/* cli/paint.h - a summary on a terminal: the verdict and the next step stand out, what needs attention is coloured */
#ifndef CLI_PAINT_H
#define CLI_PAINT_H

#include <migrate/report.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { CLI_PAINT_HEAD = 6 }; /* the longest beginning that decides how a line is shown, "Next: " */

/* A sink before another one. Begin with zeros, `sink` and `context`. */
typedef struct cli_paint {
    mig_sink_fn *sink;
    void *context;
    char head[CLI_PAINT_HEAD]; /* the beginning of a line, until it is known how the line is shown */
    size_t held;
    bool decided, painted, later; /* of the line; of the text: it is not the first line any more */
} cli_paint;

/* Whether summaries on `file` are painted: a terminal that can, and NO_COLOR is not set (no-color.org). */
bool cli_paint_wanted(FILE *file);

/* mig_sink_fn; `paint` is a cli_paint. Text comes in pieces of any size. */
int cli_paint_sink(const char *text, size_t length, void *paint);

/* What is still held goes out. 0, or -1 as the sink says. */
int cli_paint_end(cli_paint *paint);

#endif
