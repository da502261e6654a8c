/* cli/standing.h - mailmigrate-status: which state files, and how their accounts are shown */
#ifndef CLI_STANDING_H
#define CLI_STANDING_H

#include <migrate/error.h>
#include <migrate/standing.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct cli_standing_options {
    bool answered; /* --help or --version */
    char *path;    /* a state file, a directory of them, or a plan; NULL: the usual directory */
    bool is_plan;  /* it is the plan */
    bool watch;
    bool all, forget;
    int interval;    /* seconds */
    bool serve;
    char *serve_at, *cert_path, *key_path; /* NULL: not said */
    char *json_path, *metrics_path; /* both NULL: for people */
} cli_standing_options;

/* Errors: MIG_E_USAGE, MIG_E_NOMEM, MIG_E_IO. Release with cli_standing_options_clear in any case. */
int cli_standing_options_parse(cli_standing_options *options, int argc, const char **argv, mig_error *err);
void cli_standing_options_clear(cli_standing_options *options);

typedef struct cli_standing {
    mig_standing_account *accounts;
    size_t count;
    size_t unreadable;     /* state files that could not be read... */
    mig_error first_error; /* ...and why the first of them */
} cli_standing;

/* Read them all. Errors: MIG_E_IO (the place cannot be read), MIG_E_STATE, MIG_E_PLAN, MIG_E_NOMEM. */
int cli_standing_read(cli_standing *standing, const cli_standing_options *options, mig_error *err);
void cli_standing_clear(cli_standing *standing);

/* How much of it is shown. */
typedef struct cli_standing_view {
    size_t lines, columns; /* columns 0: as long as they are */
    bool all;              /* also what is history */
} cli_standing_view;

/* It failed before it copied anything, more than a day ago. */
bool cli_standing_is_history(const mig_standing_account *account, int64_t now);

/*
 * Remove the state files in which nothing is recorded but runs that failed before they copied anything, and say which.
 * Errors: MIG_E_IO.
 */
int cli_standing_forget(const cli_standing *standing, FILE *out, mig_error *err);

/*
 * One line, of an account at work two: "ann@old.example -> ann@new.example", and below it "  41%  copy runs since
 * 3 min 20 s: 1,234 of 6,000 messages, 1.1 MiB/s, 12 min left; 9,000 on the target, 32 MiB". Returns out.
 */
char *cli_standing_line(const mig_standing_account *account, int64_t now, char *out, size_t size);

/* All of it, `lines` at most, those at work first; returns how many lines were written. */
size_t cli_standing_print(const cli_standing *standing, int64_t now, const cli_standing_view *view, FILE *out);

#endif
