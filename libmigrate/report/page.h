/* report/page.h - a report as one HTML file (within report/) */
#ifndef MIG_REPORT_PAGE_H
#define MIG_REPORT_PAGE_H

#include "report/verify_common.h"

typedef struct mig__page {
    mig__paper paper;
    mig__buffer text; /* of one value before it is escaped */
} mig__page;

#define MIG__PAGE_INIT(sink, context)                                                                                  \
    {                                                                                                                  \
        MIG__PAPER_INIT(sink, context), MIG__BUFFER_INIT                                                               \
    }

/* Markup of ours. */
void mig__page_add(mig__page *p, const char *markup);
void mig__page_count(mig__page *p, uint64_t count);

/* Foreign text, made inert and escaped: as HTML text or attribute value, or as a JSON string inside a script element.
 */
void mig__page_html(mig__page *p, const char *text);
void mig__page_json(mig__page *p, const char *text);
/* The same of what stands in p->text. */
void mig__page_end_html(mig__page *p);
void mig__page_end_json(mig__page *p);

/* A paragraph with the error, if there is one. */
void mig__page_error(mig__page *p, const mig_error *error);

/*
 * Everything up to the body's start tag. `title` and `body_class` are ours; style and script are texts
 * without "</"; the script (NULL: none) is written by the caller, as it is. 0, or -1 with `err`.
 */
int mig__page_head(mig__page *p, const char *title, const char *body_class, const char *style, const char *script,
                   mig_error *err);

#endif
