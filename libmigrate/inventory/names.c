/* inventory/names.c - names of the verdicts of an inventory */
#include <migrate/inventory.h>

const char *mig_fits_name(mig_fits fits)
{
    static const char *const names[] = {"unknown", "yes", "no"};
    return (unsigned)fits < sizeof names / sizeof names[0] ? names[fits] : "unknown";
}
