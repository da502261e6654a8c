/* state/selection.h - which folders and messages a run was told to look at, on record beside it */
#ifndef MIG_STATE_SELECTION_H
#define MIG_STATE_SELECTION_H

#include "base/buffer.h"
#include "state/state.h"
#include <migrate/selection.h>

/* Add what the selection leaves out or takes in besides, in one form for the same meaning; nothing for everything. */
void mig__selection_text(const mig_selection *selection, mig__buffer *out);

/* Record it as the event "selection" of the run, unless it is everything. Queued. */
int mig__state_run_selection(mig__state *state, int64_t run, const mig_selection *selection, mig_error *err);

#endif
