/*
 * cli/terminal.h - standard error, shared by messages and progress (a line or several) that is rewritten in place
 *
 * Whoever writes a message takes the line away first; the next update brings it back. Safe from several threads.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct cli_terminal {
    FILE *file;
    pthread_mutex_t lock;
    bool line_shown;
    size_t rows_above; /* of what is shown, those above its last one */
} cli_terminal;

/* True when `file` is a terminal that can move its cursor. */
bool cli_terminal_capable(FILE *file);

void cli_terminal_init(cli_terminal *terminal, FILE *file);
void cli_terminal_destroy(cli_terminal *terminal); /* takes the line away */

/* Columns of the terminal, 80 when it does not say. */
size_t cli_terminal_width(const cli_terminal *terminal);

/* Rows of the terminal, 24 when it does not say. */
size_t cli_terminal_height(const cli_terminal *terminal);

/* Show `text` (inert lines, none wider than the terminal) in place of the last one; "" takes it away. */
void cli_terminal_line(cli_terminal *terminal, const char *text);

/* Write a whole line. */
void cli_terminal_message(cli_terminal *terminal, const char *text);

/* The columns that inert UTF-8 text takes on a terminal. */
size_t cli_text_width(const char *text);

/* Copy inert UTF-8 text, cut to `columns` with an ellipsis for what is missing. Returns out. */
char *cli_text_fit(const char *text, size_t columns, char *out, size_t size);

#endif
