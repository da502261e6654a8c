/* base/version.c - which libmigrate this is */
#include <migrate/version.h>

const char *mig_version(void)
{
    return MIG_VERSION;
}
