/* base/status.c - names of the ways in which a run ends */
#include <migrate/status.h>

const char *mig_status_name(mig_status status)
{
    static const char *const names[] = {"complete", "partial", "interrupted", "failed"};
    return (unsigned)status < sizeof names / sizeof names[0] ? names[status] : "unknown";
}
