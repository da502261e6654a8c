/* report/csv.c - cells of RFC 4180 that do nothing in a spreadsheet (within report/) */
#include "report/csv.h"
#include <inttypes.h>
#include <string.h>

/* Spreadsheets take a cell that begins like this for a formula. (Tab, CR and other controls are made inert before.) */
static bool is_formula(const char *text)
{
    static const char *const starts[] = {"=",           "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                         "\xef\xbc\xa0"};
    text += strspn(text, " ?");
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (strncmp(text, starts[i], strlen(starts[i])) == 0) {
            return true;
        }
    }
    return false;
}

void mig__csv_end_cell(mig__paper *paper, mig__buffer *cell, const char *behind)
{
    const char *text = cell->data ? cell->data : "";
    mig__buffer_add_text(&paper->line, is_formula(text) ? "\"'" : "\"");
    for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
        mig__buffer_add(&paper->line, text, (size_t)(quote - text));
        mig__buffer_add_text(&paper->line, "\"\"");
    }
    mig__buffer_addf(&paper->line, "%s\"%s", text, behind);
    paper->line.failed |= cell->failed;
    mig__buffer_clear(cell);
}

void mig__csv_cell(mig__paper *paper, mig__buffer *cell, const char *text)
{
    mig__add_inert(cell, text);
    mig__csv_end_cell(paper, cell, ",");
}

void mig__csv_number(mig__paper *paper, bool known, uint64_t number)
{
    if (known) {
        mig__buffer_addf(&paper->line, "%" PRIu64, number);
    }
    mig__buffer_add_char(&paper->line, ',');
}
