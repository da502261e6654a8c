/* cli/option_table.c - popt's tables, made of the library's one; here is only which title stands over which options */
#include "cli/option_table.h"
#include "cli/help.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define OF(group) (1u << (group))

typedef struct section {
    const char *title;
    unsigned groups; /* OF(MIG_OPTIONS_*), joined */
    int side;        /* of MIG_OPTIONS_SIDE */
} section;

#define SIDES                                                                                                          \
    {"Source:", OF(MIG_OPTIONS_SIDE), MIG_SOURCE},                                                                     \
    {                                                                                                                  \
        "Target:", OF(MIG_OPTIONS_SIDE), MIG_TARGET                                                                    \
    }
#define SERVERS                                                                                                        \
    {                                                                                                                  \
        "Both servers:", OF(MIG_OPTIONS_SERVERS), 0                                                                    \
    }
#define SELECTION                                                                                                      \
    {                                                                                                                  \
        "Folders and messages:", OF(MIG_OPTIONS_FOLDERS) | OF(MIG_OPTIONS_MESSAGES), 0                                 \
    }
#define PACE                                                                                                           \
    {                                                                                                                  \
        "Pace:", OF(MIG_OPTIONS_PACE), 0                                                                               \
    }
#define COPYING                                                                                                        \
    {                                                                                                                  \
        "Copying:", OF(MIG_OPTIONS_COPY), 0                                                                            \
    }
#define MANY                                                                                                           \
    {                                                                                                                  \
        "Many accounts:", OF(MIG_OPTIONS_MANY), 0                                                                      \
    }
#define REPORTS                                                                                                        \
    {                                                                                                                  \
        "Reports:", OF(MIG_OPTIONS_REPORTS), 0                                                                         \
    }
#define OUTPUT                                                                                                         \
    {                                                                                                                  \
        "Output:", OF(MIG_OPTIONS_OUTPUT), 0                                                                           \
    }

enum { MOST_SECTIONS = 12, MOST_ENTRIES = 256 };

static const section sections[MIG_VERB_COUNT][MOST_SECTIONS] = {
    [MIG_VERB_COPY] = {SIDES, SERVERS, SELECTION, PACE, COPYING, MANY, OUTPUT},
    [MIG_VERB_VERIFY] = {SIDES,
                         SERVERS,
                         SELECTION,
                         PACE,
                         {"Verifying:", OF(MIG_OPTIONS_VERIFY) | OF(MIG_OPTIONS_COPY), 0},
                         MANY,
                         REPORTS,
                         OUTPUT},
    [MIG_VERB_RUN] = {SIDES,
                      SERVERS,
                      {"The run:", OF(MIG_OPTIONS_STEPS) | OF(MIG_OPTIONS_MANY), 0},
                      SELECTION,
                      PACE,
                      COPYING,
                      {"Verifying:", OF(MIG_OPTIONS_VERIFY), 0},
                      {"Filters:", OF(MIG_OPTIONS_FILTERS), 0},
                      REPORTS,
                      OUTPUT},
    [MIG_VERB_INVENTORY] = {SIDES,
                            SERVERS,
                            SELECTION,
                            {"Taking stock:", OF(MIG_OPTIONS_STOCK) | OF(MIG_OPTIONS_PACE) | OF(MIG_OPTIONS_COPY), 0},
                            MANY,
                            REPORTS,
                            OUTPUT},
    [MIG_VERB_PROBE] = {{"The account:", OF(MIG_OPTIONS_SIDE), MIG_SOURCE},
                        {"The server:", OF(MIG_OPTIONS_SERVERS), 0},
                        {"What is tried:", OF(MIG_OPTIONS_PROBE), 0},
                        OUTPUT},
    [MIG_VERB_ARCHIVE] = {{"Source, of an export:", OF(MIG_OPTIONS_SIDE), MIG_SOURCE},
                          {"The server:", OF(MIG_OPTIONS_SERVERS), 0},
                          SELECTION,
                          PACE,
                          {"The archive:", OF(MIG_OPTIONS_ARCHIVE), 0},
                          OUTPUT},
    [MIG_VERB_FILTERS] = {SIDES,
                          SERVERS,
                          {"Filters:", OF(MIG_OPTIONS_FILTERS) | OF(MIG_OPTIONS_FOLDERS) | OF(MIG_OPTIONS_COPY), 0},
                          OUTPUT},
    [MIG_VERB_DEDUP] = {SIDES, SERVERS, SELECTION, {"Doubles:", OF(MIG_OPTIONS_COPY), 0}, OUTPUT},
};

struct cli_option_table {
    struct poptOption top[MOST_SECTIONS + 1];
    struct poptOption entries[MOST_ENTRIES]; /* section by section, each with its end */
    char names[MOST_ENTRIES][MIG_OPTION_NAME];
    size_t count;
};

static void add(cli_option_table *table, const mig_option *option, int side)
{
    struct poptOption *entry = &table->entries[table->count];
    char *name = table->names[table->count];
    const char *of = side == MIG_SOURCE ? "source" : "target";
    if (option->scope == MIG_OPTION_OF_SIDE) {
        snprintf(name, MIG_OPTION_NAME, "%s%s%s", of, option->name[0] != '\0' ? "-" : "", option->name);
    } else {
        snprintf(name, MIG_OPTION_NAME, "%s", option->name);
    }
    *entry = (struct poptOption){.longName = name,
                                 .shortName = option->letter,
                                 .argInfo = option->kind == MIG_OPTION_SWITCH ? POPT_ARG_NONE
                                            : option->without != NULL         ? POPT_ARG_STRING | POPT_ARGFLAG_OPTIONAL
                                                                              : POPT_ARG_STRING,
                                 .val = CLI_OPT_FIRST + (int)table->count,
                                 .descrip = option->help,
                                 .argDescrip = option->argument};
    table->count++;
}

static void add_own(cli_option_table *table)
{
    table->entries[table->count++] = (struct poptOption)CLI_HELP_ROW(CLI_OPT_HELP);
    table->entries[table->count++] =
        (struct poptOption){"version", 'V', POPT_ARG_NONE, NULL, CLI_OPT_VERSION, "the version", NULL};
}

static const struct poptOption *add_section(cli_option_table *table, mig_verb verb, const section *one)
{
    const struct poptOption *first = &table->entries[table->count];
    const mig_option *option = NULL;
    for (size_t i = 0; (option = mig_option_at(i)) != NULL; i++) {
        if ((OF(option->group) & one->groups) != 0 && (option->verbs & 1u << verb) != 0) {
            add(table, option, one->side);
        }
    }
    if ((one->groups & OF(MIG_OPTIONS_OUTPUT)) != 0) {
        add_own(table);
    }
    table->count++; /* the end is all zero */
    return first;
}

cli_option_table *cli_option_table_new(mig_verb verb)
{
    cli_option_table *table = calloc(1, sizeof *table);
    for (size_t i = 0; table != NULL && i < MOST_SECTIONS && sections[verb][i].title != NULL; i++) {
        const section *one = &sections[verb][i];
        table->top[i] = (struct poptOption){.argInfo = POPT_ARG_INCLUDE_TABLE,
                                            .arg = (void *)(uintptr_t)add_section(table, verb, one),
                                            .descrip = one->title};
    }
    return table;
}

void cli_option_table_free(cli_option_table **table)
{
    free(*table);
    *table = NULL;
}

const struct poptOption *cli_option_table_popt(const cli_option_table *table)
{
    return table->top;
}

const char *cli_option_table_name(const cli_option_table *table, int value)
{
    return table->names[value - CLI_OPT_FIRST];
}
