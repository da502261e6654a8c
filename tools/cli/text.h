/* cli/text.h - a line that is put together piece by piece */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <migrate/error.h>
#include <stddef.h>

/* Add to the text in `out`, an array of `size`, what fits. */
void cli_text_add(char *out, size_t size, const char *format, ...) MIG_PRINTF(3, 4);

#endif
