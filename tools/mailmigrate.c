/* mailmigrate VERB - runs the program mailmigrate-VERB that lies beside this one */
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

static int print_and_end(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return status;
    }
    fputs("mailmigrate: standard output cannot be written\n", stderr);
    return mig_code_exit_status(MIG_E_IO);
}

int main(int argc, char **argv)
{
    char directory[4096];
    static char help[] = "--help";
    const char *beside = cli_own_directory(directory, sizeof directory) == 0 ? directory : NULL;
    cli_verbs verbs = {.count = 0};
    if (beside) {
        cli_verbs_find(&verbs, beside);
    }

    if (argc < 2) {
        cli_verbs_print(&verbs, stderr);
        return mig_code_exit_status(MIG_E_USAGE);
    }
    const char *verb = argv[1];
    if (strcmp(verb, "--version") == 0 || strcmp(verb, "-V") == 0) {
        printf("mailmigrate %s\n", MIG_VERSION);
        return print_and_end(0);
    }
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 || (strcmp(verb, "help") == 0 && argc == 2)) {
        cli_verbs_print(&verbs, stdout);
        return print_and_end(0);
    }
    if (strcmp(verb, "help") == 0) {
        verb = argv[2];
        argv[2] = help;
    }
    mig_error err = MIG_ERROR_INIT;
    char line[MIG_ERROR_TEXT + MIG_ERROR_HINT];
    cli_verbs_exec(&verbs, beside, verb, argv + 1, &err);
    fprintf(stderr, "mailmigrate: %s\n", mig_error_line(&err, line, sizeof line));
    return mig_code_exit_status(err.code);
}
