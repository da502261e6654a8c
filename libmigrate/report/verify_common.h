/* report/verify_common.h - what the reports of a verification share (within report/) */
#ifndef MIG_REPORT_VERIFY_COMMON_H
#define MIG_REPORT_VERIFY_COMMON_H

#include "base/buffer.h"
#include <migrate/verify_report.h>

/* A sink that is asked no more after it refused, and a line that grows. */
typedef struct mig__paper {
    mig_sink_fn *sink;
    void *context;
    bool refused;
    mig__buffer line; /* filled by the writer, sent by mig__paper_send */
} mig__paper;

#define MIG__PAPER_INIT(sink, context)                                                                                 \
    {                                                                                                                  \
        (sink), (context), false, MIG__BUFFER_INIT                                                                     \
    }

/* Send and clear the line. Does nothing after a failure. */
void mig__paper_send(mig__paper *paper);
/* Send the rest and release the line. 0, or -1 with MIG_E_IO ("the `what` could not be written") or MIG_E_NOMEM. */
int mig__paper_finish(mig__paper *paper, const char *what, mig_error *err);

#define MIG__ISO_SIZE 24
/* "2024-02-29T23:59:59Z"; "" for 0 when `zero_is_none`. Returns out. */
char *mig__iso_time(int64_t seconds, bool zero_is_none, char out[MIG__ISO_SIZE]);

/* Add a copy of the text in which nothing acts on a display. NULL adds nothing. */
void mig__add_inert(mig__buffer *out, const char *text);

/* How many of the kinds of that grade there are in a row of counts. */
uint64_t mig__count_grade(const uint64_t counts[MIG_FOUND_COUNT], mig_grade grade);

/* "3 missing, 2 altered": all kinds of the grade that occur. */
void mig__add_counts(mig__buffer *out, const uint64_t counts[MIG_FOUND_COUNT], mig_grade grade);

/* The verdict in one or two sentences, without markup. */
void mig__add_verdict(mig__buffer *out, const mig_verify_result *result);

/* What to do now, without markup; nothing when nothing has to be done. */
void mig__add_next(mig__buffer *out, const mig_verify_result *result);

/* How it was checked, in a few sentences, without markup. */
void mig__add_method(mig__buffer *out, const mig_verify_result *result);

/* What the words and the roots mean, in a few sentences, without markup. */
void mig__add_terms(mig__buffer *out, const mig_verify_result *result);

/* What a finding adds to its kind: rules in words, the detail. */
void mig__add_remark(mig__buffer *out, const mig_finding *finding);

#endif
