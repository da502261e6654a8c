/* report/numbers.c - numbers in sentences (within report/) */
#include "report/numbers.h"
#include <migrate/format.h>

const char *mig__plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

void mig__add_count(mig__buffer *out, uint64_t count)
{
    char text[MIG_FORMAT_SIZE];
    mig__buffer_add_text(out, mig_format_count(count, text, sizeof text));
}

void mig__add_octets(mig__buffer *out, uint64_t octets)
{
    char text[MIG_FORMAT_SIZE];
    mig__buffer_add_text(out, mig_format_octets(octets, text, sizeof text));
}
