/* cli/prompt.h - ask a person for a password */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include <migrate/error.h>
#include <stddef.h>

/*
 * Ask on the controlling terminal, without echo, and write the answer to `out` without its line end. The terminal is
 * put back as it was also when a signal ends or suspends the tool. Errors: MIG_E_SECRET (no terminal, nothing typed,
 * too long), MIG_E_INTERRUPTED.
 */
int cli_prompt_password(const char *question, char *out, size_t size, mig_error *err);

/*
 * Ask a question on the controlling terminal: 1 for "y" or "yes", 0 for anything else; -1 with MIG_E_SECRET (no
 * terminal) or MIG_E_INTERRUPTED.
 */
int cli_prompt_yes(const char *question, mig_error *err);

#endif
