/* report/csv.h - cells of RFC 4180 that do nothing in a spreadsheet (within report/) */
#ifndef MIG_REPORT_CSV_H
#define MIG_REPORT_CSV_H

#include "report/verify_common.h"

/* Write what stands in `cell`, made inert before, and clear it; `behind` is the comma or the line end. */
void mig__csv_end_cell(mig__paper *paper, mig__buffer *cell, const char *behind);

/* Write foreign text and a comma. */
void mig__csv_cell(mig__paper *paper, mig__buffer *cell, const char *text);

/* Write a number and a comma; nothing before the comma when it is not known. */
void mig__csv_number(mig__paper *paper, bool known, uint64_t number);

#endif
