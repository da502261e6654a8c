/* imap/response_internal.h - between response.c, where libetpan is, and response_begin.c, where it is not */
#ifndef MIG_IMAP_RESPONSE_INTERNAL_H
#define MIG_IMAP_RESPONSE_INTERNAL_H

#include "imap/response.h"

/* What of a response libetpan has to read. */
typedef enum mig__needs { MIG__NEEDS_NOTHING, MIG__NEEDS_CODE, MIG__NEEDS_DATA } mig__needs;

/* Fill `out` with all that the guard found: kind, condition, code, numbers, sets, texts. */
mig__needs mig__response_begin(const mig__frame *frame, mig__response *out);

/* Add an attribute of LIST, without its backslash. Those that nobody uses are passed over. */
void mig__list_attribute(const char *name, mig__list_item *item);

#endif
