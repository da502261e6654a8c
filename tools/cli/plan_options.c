/* cli/plan_options.c - the arguments of mailmigrate-plan */
#include "cli/plan_options.h"

#include "cli/small_options.h"

#include <migrate/options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const verbs[] = {"init", "check", "import", "export"};

static int take_verb(cli_plan_options *options, const char *verb, mig_error *err)
{
    if (!verb) {
        mig_error_set(err, MIG_E_USAGE, "what is to be done with a plan?");
        return mig_error_hint(err, "give init, check, import or export");
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verb, verbs[i]) == 0) {
            options->verb = (cli_plan_verb)(CLI_PLAN_INIT + i);
        }
    }
    if (options->verb != CLI_PLAN_NONE) {
        return 0;
    }
    const char *near = mig_option_nearest(verb, verbs, sizeof verbs / sizeof verbs[0]);
    mig_error_set(err, MIG_E_USAGE, "there is no verb \"%s\"", verb);
    return near ? mig_error_hint(err, "did you mean %s?", near)
                : mig_error_hint(err, "give init, check, import or export");
}

/* An option that was given and belongs to another verb, or NULL. */
static const char *misplaced(const cli_plan_options *o)
{
    const struct {
        const char *name;
        bool given;
        cli_plan_verb verb;
    } all[] = {{"directory belongs to import", o->directory != NULL, CLI_PLAN_IMPORT},
               {"from belongs to import", o->from != NULL, CLI_PLAN_IMPORT},
               {"aliases belongs to import", o->aliases != NULL, CLI_PLAN_IMPORT},
               {"source-host belongs to import", o->source_host != NULL, CLI_PLAN_IMPORT},
               {"target-host belongs to import", o->target_host != NULL, CLI_PLAN_IMPORT},
               {"imapsync belongs to import", o->imapsync != NULL, CLI_PLAN_IMPORT},
               {"for belongs to export", o->provider != NULL, CLI_PLAN_EXPORT},
               {"output belongs to export", o->output != NULL, CLI_PLAN_EXPORT},
               {"passwords belongs to export", o->passwords, CLI_PLAN_EXPORT}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].given && o->verb != all[i].verb) {
            return all[i].name;
        }
    }
    return NULL;
}

static int check_import(cli_plan_options *o, mig_error *err)
{
    o->kind = MIG_FROM_IMAPSYNC;
    if (o->from && !mig_plan_from_name(o->from, &o->kind)) {
        mig_error_set(err, MIG_E_USAGE, "--from: no kind of list is named \"%s\"", o->from);
        return mig_error_hint(err, "give imapsync, doveadm, passwd, virtual, mailcow, mail-in-a-box or iredmail");
    }
    if (o->kind == MIG_FROM_IMAPSYNC && (o->aliases || o->source_host || o->target_host)) {
        return mig_error_set(err, MIG_E_USAGE, "a list for imapsync has its hosts, and no aliases");
    }
    return 0;
}

static int check_export(const cli_plan_options *o, mig_error *err)
{
    if (!o->provider) {
        mig_error_set(err, MIG_E_USAGE, "--for is missing");
        return mig_error_hint(err, "give --for google or --for microsoft");
    }
    return o->passwords && !o->output
               ? mig_error_set(err, MIG_E_USAGE, "--passwords needs --output: a file for you alone")
               : 0;
}

static int take_path(cli_plan_options *o, const cli_names *arguments, mig_error *err)
{
    const char *path = arguments->count > 1 ? arguments->items[1] : NULL, *wrong = misplaced(o);
    if (wrong) {
        return mig_error_set(err, MIG_E_USAGE, "--%s", wrong);
    }
    if (!path && o->verb != CLI_PLAN_INIT && !o->imapsync) {
        return mig_error_set(err, MIG_E_USAGE, "%s needs a file", verbs[o->verb - CLI_PLAN_INIT]);
    }
    if (arguments->count > 2 || (path && o->imapsync)) {
        return mig_error_set(err, MIG_E_USAGE, "one file is enough");
    }
    o->path = strdup(path ? path : "-");
    if (o->path && !o->directory) {
        o->directory = strdup(".");
    }
    if (!o->path || !o->directory) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return o->verb == CLI_PLAN_IMPORT ? check_import(o, err) : o->verb == CLI_PLAN_EXPORT ? check_export(o, err) : 0;
}

int cli_plan_options_parse(cli_plan_options *o, int argc, const char **argv, mig_error *err)
{
    *o = (cli_plan_options){.verb = CLI_PLAN_NONE};
    cli_names arguments = {.items = NULL};
    bool answered = false;
    const cli_small small = {
        .tool = "mailmigrate-plan",
        .synopsis = "init|check|import|export [FILE] [OPTION...]",
        .more = "\nVerbs:\n"
                "  init [FILE]     write a plan with comments (default: standard output)\n"
                "  check FILE      say everything that is wrong with a plan\n"
                "  import FILE     make a plan out of a list of accounts\n"
                "  export PLAN     write the list with which a provider creates the users\n",
        .options = {
            {.name = "directory",
             .text = &o->directory,
             .help = "where import puts its files (default: .)",
             .argument = "DIRECTORY"},
            {.name = "from",
             .text = &o->from,
             .help = "imapsync, doveadm, passwd, virtual, mailcow, ...",
             .argument = "KIND"},
            {.name = "aliases",
             .text = &o->aliases,
             .help = "import the aliases in this file as well",
             .argument = "FILE"},
            {.name = "source-host", .text = &o->source_host, .help = "the old server, for import", .argument = "HOST"},
            {.name = "target-host", .text = &o->target_host, .help = "the new server, for import", .argument = "HOST"},
            {.name = "imapsync",
             .text = &o->imapsync,
             .help = "import: print what this command means",
             .argument = "COMMAND"},
            {.name = "for", .text = &o->provider, .help = "export for google or microsoft", .argument = "PROVIDER"},
            {.name = "passwords", .flag = &o->passwords, .help = "export: make a password for each user"},
            {.name = "output", .text = &o->output, .help = "export to this file, for you alone", .argument = "FILE"},
        }};
    int result = cli_small_parse(&small, argc, argv, &arguments, &answered, err);
    if (result == 0 && !answered) {
        result = take_verb(o, arguments.count > 0 ? arguments.items[0] : NULL, err) != 0
                     ? -1
                     : take_path(o, &arguments, err);
    }
    cli_names_clear(&arguments);
    return result;
}

void cli_plan_options_clear(cli_plan_options *o)
{
    char *texts[] = {o->path,        o->directory, o->from,     o->aliases, o->source_host,
                     o->target_host, o->imapsync,  o->provider, o->output};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        free(texts[i]);
    }
    *o = (cli_plan_options){.verb = CLI_PLAN_NONE};
}

int cli_plan_refuse_existing(const char *path, mig_error *err)
{
    struct stat there;
    if (strcmp(path, "-") == 0 || lstat(path, &there) != 0) {
        return 0;
    }
    mig_error_set(err, MIG_E_REFUSED, "%s is there already", path);
    return mig_error_hint(err, "name another file: nothing that is there is overwritten");
}
