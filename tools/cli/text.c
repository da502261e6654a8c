/* cli/text.c - a line that is put together piece by piece */
#include "cli/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cli_text_add(char *out, size_t size, const char *format, ...)
{
    const size_t used = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out + used, size - used, format, arguments);
    va_end(arguments);
}
