/* base/kept.c - errors that are kept where most have none */
#include "base/kept.h"
#include <stdint.h>
#include <stdlib.h>

static const mig_error no_room = {
    MIG_E_NOMEM, MIG_SCOPE_RUN, MIG_RETRY_NEVER, 0, "something is wrong here, and there was no memory to keep what", "",
    ""};

void mig__error_keep(mig_error **kept, const mig_error *error)
{
    mig_error *copy = malloc(sizeof *copy);
    mig__error_forget(kept);
    if (copy == NULL) {
        *kept = (mig_error *)(uintptr_t)&no_room; /* nobody writes to what is kept */
        return;
    }
    *copy = *error;
    *kept = copy;
}

void mig__error_forget(mig_error **kept)
{
    if (*kept != &no_room) {
        free(*kept);
    }
    *kept = NULL;
}
