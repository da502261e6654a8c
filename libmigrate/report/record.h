/* report/record.h - records of looks at domains (within report/) */
#ifndef MIG_REPORT_RECORD_H
#define MIG_REPORT_RECORD_H

#define MIG__RECORD_SCHEMA "mailmigrate.domain-record/1"

/* DIRECTORY/NAME.json; the caller frees it. NULL: no memory. */
char *mig__record_path(const char *directory, const char *name);

#endif
