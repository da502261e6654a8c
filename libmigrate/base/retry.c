/* base/retry.c - how long to wait before trying again: pure functions */
#include "base/retry.h"

enum { LONGEST_MS = 60000, SOON_MS = 250, LATER_MS = 1000 };

bool mig__retry_wanted(const mig_error *error)
{
    return error->code != MIG_OK && error->code != MIG_E_UIDVALIDITY && error->retry != MIG_RETRY_NEVER &&
           error->scope < MIG_SCOPE_RUN;
}

bool mig__retry_pointless(const mig_error *error)
{
    return error->scope == MIG_SCOPE_RUN || (error->code == MIG_E_BOUNDS && error->retry == MIG_RETRY_NEVER);
}

bool mig__retry_fatal(const mig_error *error)
{
    return error->scope >= MIG_SCOPE_ACCOUNT && error->retry == MIG_RETRY_NEVER;
}

int64_t mig__retry_delay(const mig_error *error, unsigned attempt, uint32_t random)
{
    if (error->retry == MIG_RETRY_NEVER) {
        return -1;
    }
    if (error->retry_after_ms > 0) {
        return error->retry_after_ms + (int64_t)((uint64_t)error->retry_after_ms * random / UINT32_MAX / 10);
    }
    int64_t ceiling = error->retry == MIG_RETRY_NOW ? SOON_MS : LATER_MS;
    for (unsigned i = 1; i < attempt && ceiling < LONGEST_MS; i++) {
        ceiling *= 2;
    }
    if (ceiling > LONGEST_MS) {
        ceiling = LONGEST_MS;
    }
    return ceiling / 2 + (int64_t)((uint64_t)(ceiling / 2) * random / UINT32_MAX);
}
