/* inventory/content.h - what in a message's octets a server may refuse or rewrite, seen as they stream by */
#ifndef MIG_INVENTORY_CONTENT_H
#define MIG_INVENTORY_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mig__content {
    bool nul;          /* a NUL octet */
    bool bare_newline; /* LF without CR before it, or CR without LF behind it */
    uint64_t line;     /* octets of the line so far, without its end */
    uint64_t longest;  /* of all lines */
    bool after_cr;
} mig__content;

void mig__content_begin(mig__content *content);
void mig__content_add(mig__content *content, const char *octets, size_t length); /* in pieces of any size */
void mig__content_end(mig__content *content);

#endif
