/*
 * report/embedded.h - style sheets and script of the pages, from the files beside this one
 *
 * The build makes constants of them (libmigrate/CMakeLists.txt), so that editors, browsers and linters see files. None
 * contains "</", which would end the element that it stands in.
 */
#ifndef MIG_REPORT_EMBEDDED_H
#define MIG_REPORT_EMBEDDED_H

extern const char mig__report_css[]; /* verification, inventory */
extern const char mig__report_js[];  /* findings of a verification: a page at a time, sorted and filtered */
extern const char mig__certificate_css[];
extern const char mig__domain_css[];

#endif
