/* report/verify_page.h - style and script of the HTML report (within report/) */
#ifndef MIG_REPORT_VERIFY_PAGE_H
#define MIG_REPORT_VERIFY_PAGE_H

/* Lines with their line ends, up to a NULL. Neither contains "</". */
extern const char *const mig__page_style[];
extern const char *const mig__page_script[];

#endif
