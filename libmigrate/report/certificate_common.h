/* report/certificate_common.h - what the forms of a certificate share (within report/) */
#ifndef MIG_REPORT_CERTIFICATE_COMMON_H
#define MIG_REPORT_CERTIFICATE_COMMON_H

#include "report/verify_common.h"
#include <migrate/certificate.h>

/* "The old server may be switched off." */
void mig__certificate_add_verdict(mig__buffer *out, const mig_certificate *certificate);

/* The newest run of that verb, NULL: none is on record. */
const mig_proof_run *mig__certificate_run(const mig_proof *proof, const char *verb);

/* Which run, when, by whom, with which result. */
void mig__certificate_add_run(mig__buffer *out, const mig_proof_run *run);

/* What copy --mend sent again, and whether it was read back since; nothing where there was none. */
void mig__certificate_add_mended(mig__buffer *out, const mig_proof *proof);

/* What is not on the target by decision; nothing where there is none. */
void mig__certificate_add_withheld(mig__buffer *out, const mig_proof *proof);

#endif
