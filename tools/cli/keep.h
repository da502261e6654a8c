/* cli/keep.h - a report that is kept as one text, to be handed on */
#ifndef CLI_KEEP_H
#define CLI_KEEP_H

#include <stddef.h>

typedef struct cli_kept {
    char *text; /* the caller frees it; NULL: nothing came yet */
    size_t length;
} cli_kept;

#define CLI_KEPT_INIT                                                                                                  \
    {                                                                                                                  \
        NULL, 0                                                                                                        \
    }

/* A sink of the library's reports; the context is a cli_kept. -1: no memory. */
int cli_keep(const char *text, size_t length, void *context);

#endif
