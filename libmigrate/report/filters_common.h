/* report/filters_common.h - what the reports on filters share, also with those of a run (within report/) */
#ifndef MIG_REPORT_FILTERS_COMMON_H
#define MIG_REPORT_FILTERS_COMMON_H

#include "base/buffer.h"
#include "report/json.h"
#include <migrate/filters.h>

/* The members of one account's result, without the braces around them. */
void mig__filters_json(mig__json *json, const mig_filters_result *result);

/* The same for people: some lines. */
void mig__filters_text(mig__buffer *out, const mig_filters_result *result);

#endif
