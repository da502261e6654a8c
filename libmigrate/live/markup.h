/* live/markup.h - what the pages share: frame, states, numbers (within live/) */
#ifndef MIG_LIVE_MARKUP_H
#define MIG_LIVE_MARKUP_H

#include "report/page.h"
#include <migrate/overview.h>

/* From the doctype to <main>; `overview` NULL: the page does not change. */
void mig__live_begin(mig__page *p, const char *title, const mig_overview *overview);
/* From </main> to the end, moved to `out`. 0, or -1: out of memory. */
int mig__live_end(mig__page *p, const mig_overview *overview, mig__buffer *out);

/* "running" as a mark and a word that do not depend on colour. */
void mig__live_state(mig__page *p, mig_overview_state state);

/* "1.1 MiB/s", "4 min 10 s", "3 Mar 2024 ..." as text. */
void mig__live_octets(mig__page *p, uint64_t octets);
void mig__live_duration(mig__page *p, double seconds);
void mig__live_moment(mig__page *p, int64_t seconds); /* <time>; "-" for 0 */

/* <progress> with its share in words; nothing when `to_do` is 0. */
void mig__live_progress(mig__page *p, const char *id, uint64_t done, uint64_t to_do);

/* A term and what follows it: <dt>name</dt><dd>, to be ended by mig__live_term_end. */
void mig__live_term(mig__page *p, const char *name);
void mig__live_term_end(mig__page *p);

/* A head of a column, a cell and its end; `name` labels the cell where there is no room for heads. */
void mig__live_column(mig__page *p, const char *name, bool number);
void mig__live_cell(mig__page *p, const char *name, bool number);
void mig__live_cell_end(mig__page *p);

#endif
