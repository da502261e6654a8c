/* cli/filters_names.h - who looks names up for the work on filters: the library's looks at domains, where they are
 * built */
#ifndef CLI_FILTERS_NAMES_H
#define CLI_FILTERS_NAMES_H

#include <migrate/options.h>

typedef struct cli_filters_names {
    mig_filters_names names;
    const char *resolver;
    const mig_stop *stop;
} cli_filters_names;

/* Returns what goes into mig_filters_options; NULL: this build has no looks at domains. `out` outlives the work. */
const mig_filters_names *cli_filters_names_make(cli_filters_names *out, const mig_settings *settings,
                                                const mig_stop *stop);

#endif
