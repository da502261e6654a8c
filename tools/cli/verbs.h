/* cli/verbs.h - `mailmigrate VERB` is the program mailmigrate-VERB, as git does it */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include <migrate/error.h>
#include <stddef.h>
#include <stdio.h>

#define CLI_MOST_VERBS 32
#define CLI_VERB_SIZE  32

typedef struct cli_verbs {
    char names[CLI_MOST_VERBS][CLI_VERB_SIZE]; /* in alphabetical order */
    size_t count;
} cli_verbs;

/* The directory that this program lies in. Returns 0, or -1 when the system does not tell. */
int cli_own_directory(char *out, size_t size);

/* The programs mailmigrate-VERB in a directory. */
void cli_verbs_find(cli_verbs *verbs, const char *directory);

/* What `mailmigrate --help` prints. */
void cli_verbs_print(const cli_verbs *verbs, FILE *out);

/*
 * Become mailmigrate-VERB, from `directory`, else from the PATH; argv[0] is replaced. Returns only on failure, with
 * MIG_E_USAGE for a verb that does not exist (and a hint at one that does) or MIG_E_IO.
 */
int cli_verbs_exec(const cli_verbs *verbs, const char *directory, const char *verb, char **argv, mig_error *err);

#endif
