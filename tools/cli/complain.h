/* cli/complain.h - one line on standard error for what went wrong */
#ifndef CLI_COMPLAIN_H
#define CLI_COMPLAIN_H

#include <migrate/error.h>

/* "tool: text ...". Returns the exit status of the error. */
int cli_complain(const char *tool, const mig_error *err);

#endif
