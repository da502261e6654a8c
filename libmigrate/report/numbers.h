/* report/numbers.h - numbers in sentences (within report/) */
#ifndef MIG_REPORT_NUMBERS_H
#define MIG_REPORT_NUMBERS_H

#include "base/buffer.h"
#include <stdint.h>

/* What a noun ends with behind that number: "" or "s". */
const char *mig__plural(uint64_t count);

/* "1,234" and "3.2 MiB" */
void mig__add_count(mig__buffer *out, uint64_t count);
void mig__add_octets(mig__buffer *out, uint64_t octets);

#endif
