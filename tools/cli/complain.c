/* cli/complain.c - one line on standard error for what went wrong */
#include "cli/complain.h"

#include <stdio.h>

int cli_complain(const char *tool, const mig_error *err)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    fprintf(stderr, "%s: %s\n", tool, mig_error_line(err, line, sizeof line));
    return mig_code_exit_status(err->code);
}
