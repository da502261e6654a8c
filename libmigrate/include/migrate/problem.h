/*
 * migrate/problem.h - what a run found in its way: one line for a person, with the place and the code
 */
#ifndef MIGRATE_PROBLEM_H
#define MIGRATE_PROBLEM_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>

/* One message, folder or account-wide matter that a person should know of. */
typedef struct mig_problem {
    char *folder;  /* source name, UTF-8; "" for the account */
    uint32_t uid;  /* on the source; 0: the folder itself */
    mig_code code;
    bool failed;   /* true: something was not copied; false: copied, but with a difference named here */
    char *text;    /* one line with the server's words */
} mig_problem;

#endif
