/* inventory/content.c - what in a message's octets a server may refuse or rewrite, seen as they stream by */
#include "inventory/content.h"
#include <string.h>

void mig__content_begin(mig__content *content)
{
    *content = (mig__content){.nul = false};
}

static void end_line(mig__content *content)
{
    content->longest = content->line > content->longest ? content->line : content->longest;
    content->line = 0;
}

void mig__content_add(mig__content *content, const char *octets, size_t length)
{
    content->nul = content->nul || memchr(octets, '\0', length) != NULL;
    for (size_t i = 0; i < length; i++) {
        const char octet = octets[i];
        if (octet == '\n') {
            content->bare_newline = content->bare_newline || !content->after_cr;
            end_line(content);
        } else if (content->after_cr) {
            content->bare_newline = true;
        }
        if (octet != '\n' && octet != '\r') {
            content->line++;
        }
        content->after_cr = octet == '\r';
    }
}

void mig__content_end(mig__content *content)
{
    content->bare_newline = content->bare_newline || content->after_cr;
    end_line(content);
}
