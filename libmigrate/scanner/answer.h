/* scanner/answer.h - what clamd says: one answer, without its NUL, as a structure. Pure. */
#ifndef MIG_SCANNER_ANSWER_H
#define MIG_SCANNER_ANSWER_H

#include <migrate/scan.h>
#include <stddef.h>

#define MIG__ANSWER_MOST 1024 /* octets of the longest answer that is read */

typedef enum mig__answer_kind {
    MIG__ANSWER_NONE, /* nothing that clamd says: the dialogue is out of step */
    MIG__ANSWER_CLEAN,
    MIG__ANSWER_FOUND,
    MIG__ANSWER_TOO_BIG, /* for the stream, or a limit of clamd ended the scan: not looked at in full */
    MIG__ANSWER_ERROR,
    MIG__ANSWER_VERSION
} mig__answer_kind;

typedef struct mig__answer {
    mig__answer_kind kind;
    uint32_t id;              /* of the command in the session, from 1 on */
    char text[MIG_SCAN_NAME]; /* the signature's name, clamd's words, or its version; inert, in ASCII */
    int64_t database;         /* VERSION: date of the signatures, seconds since 1970-01-01 UTC; 0: not told */
} mig__answer;

void mig__answer_read(const char *text, size_t length, mig__answer *out);

#endif
