/* cli/help.c - --help: what most people need, on one screen; --help=all: everything, by popt */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 80, COLUMN = 31, MOST_SHOWN = 12 }; /* columns, and lines of options (one may be a line more) */

/* The options that people ask for most, in the order in which they are shown; each program shows those that it has. */
static const char *const common[] = {
    "phase",     "provider", "new-mx",      "old-host",    "final",   "steps",      "against",      "depth", "sample",
    "dry-run",   "watch",    "folder",      "exclude",     "since",   "until",      "daily-limit",  "jobs",  "state",
    "client-id", "file",     "secret-file", "check",       "device",  "no-browser", "save-command", "write", "html",
    "json",      "sign",     "connections", "incremental", "encrypt", "progress",   "keep-going"};

/* Shown whatever else there is, behind the first line: without them nothing goes. */
static const char *const needed[] = {"source-password-file", "target-password-file"};

static const struct {
    const char *program, *lines;
} examples[] = {
    {"mailmigrate-copy", "  mailmigrate copy --source imaps://ann%40old.example@mail.old.example \\\n"
                         "                   --target imaps://ann%40new.example@imap.new.example\n"},
    {"mailmigrate-run", "  mailmigrate run plan.yaml --html report.html\n"},
    {"mailmigrate-verify", "  mailmigrate verify plan.yaml --html report.html --sign key.pem\n"},
    {"mailmigrate-inventory", "  mailmigrate inventory plan.yaml --html inventory.html\n"},
    {"mailmigrate-archive", "  mailmigrate archive export ann.tar.zst --source imaps://ann%40a.example@mail.a.example\n"
                            "  mailmigrate archive check ann.tar.zst\n"},
    {"mailmigrate-login", "  mailmigrate login google ann@example.org --client-id ID\n"},
    {"mailmigrate-domain", "  mailmigrate domain example.org --phase before --provider fastmail\n"},
};

static const struct poptOption *find(const struct poptOption *table, const char *name)
{
    const struct poptOption *found = NULL;
    for (; found == NULL && (table->longName != NULL || table->arg != NULL || table->argInfo != 0); table++) {
        if ((table->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE) {
            found = find(table->arg, name);
        } else if (table->longName != NULL && strcmp(table->longName, name) == 0) {
            found = table;
        }
    }
    return found;
}

static size_t count_of(const struct poptOption *table)
{
    size_t count = 0;
    for (; table->longName != NULL || table->arg != NULL || table->argInfo != 0; table++) {
        count += (table->argInfo & POPT_ARG_MASK) == POPT_ARG_INCLUDE_TABLE ? count_of(table->arg) : 1;
    }
    return count;
}

/* How much of a text goes on a line: to the last blank before the edge. */
static size_t piece_of(const char *text)
{
    size_t length = strlen(text);
    if (length > WIDTH - COLUMN) {
        for (length = WIDTH - COLUMN; length > 0 && text[length] != ' '; length--) {
        }
    }
    return length;
}

/* Returns how many lines it took. */
static size_t show(const struct poptOption *option)
{
    char words[2 * COLUMN];
    size_t lines = 0;
    snprintf(words, sizeof words, "  --%s%s%s", option->longName, option->argDescrip != NULL ? "=" : "",
             option->argDescrip != NULL ? option->argDescrip : "");
    for (const char *rest = option->descrip; *rest != '\0'; lines++) {
        const size_t length = piece_of(rest);
        printf("%-*s%.*s\n", COLUMN, lines == 0 ? words : "", (int)length, rest);
        rest += length + strspn(rest + length, " ");
    }
    return lines;
}

static void show_common(const struct poptOption *table)
{
    size_t shown = 0;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        const struct poptOption *option = find(table, needed[i]);
        shown += option != NULL ? show(option) : 0;
    }
    for (size_t i = 0; i < sizeof common / sizeof common[0] && shown < MOST_SHOWN; i++) {
        const struct poptOption *option = find(table, common[i]);
        shown += option != NULL ? show(option) : 0;
    }
}

static void brief(const cli_help_of *of)
{
    const char *verb = strchr(of->name, '-');
    printf("Usage: mailmigrate %s %s\n\n", verb != NULL ? verb + 1 : "", of->synopsis);
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        if (strcmp(examples[i].program, of->name) == 0) {
            printf("%s\n", examples[i].lines);
        }
    }
    if (find(of->table, "source") != NULL) {
        puts("A URL is imaps://user%40domain@host, imap:// for STARTTLS, or mail in files:\n"
             "maildir:PATH, mbox:PATH, eml:PATH, archive:PATH.\n");
    }
    show_common(of->table);
    printf("\n--help=all: all %zu options; the manual, %s(1), has examples.\n", count_of(of->table), of->name);
}

int cli_help(poptContext context, const cli_help_of *of, const char *which, mig_error *err)
{
    if (which == NULL) {
        brief(of);
    } else if (strcmp(which, "all") == 0) {
        poptPrintHelp(context, stdout, 0);
        printf("\nThe manual, %s(1), says more.\n", of->name);
    } else {
        mig_error_set(err, MIG_E_USAGE, "--help takes no value but \"all\"");
        return mig_error_hint(err, "--help=all lists every option");
    }
    return fflush(stdout) != 0 || ferror(stdout) ? mig_error_set(err, MIG_E_IO, "standard output cannot be written")
                                                 : 0;
}
