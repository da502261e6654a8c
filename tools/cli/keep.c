/* cli/keep.c - a report that is kept as one text, to be handed on */
#include "cli/keep.h"

#include <stdlib.h>
#include <string.h>

int cli_keep(const char *text, size_t length, void *context)
{
    cli_kept *kept = context;
    char *grown = realloc(kept->text, kept->length + length + 1);
    if (!grown) {
        return -1;
    }
    memcpy(grown + kept->length, text, length);
    kept->text = grown;
    kept->length += length;
    grown[kept->length] = '\0';
    return 0;
}
