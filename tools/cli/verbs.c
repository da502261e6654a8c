/* cli/verbs.c - `mailmigrate VERB` is the program mailmigrate-VERB, as git does it */
#include "cli/verbs.h"

#include <migrate/options.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX    "mailmigrate-"
#define PATH_SIZE 4096

static const struct {
    const char *verb;
    const char *meaning;
} meanings[] = {
    {"archive", "keep a mailbox as one file, and bring it back"},
    {"copy", "copy mailboxes: incremental, resumable, safe to run every night"},
    {"filters", "mail filters go along: Sieve scripts, and rules in words"},
    {"inventory", "take stock: what is there, does it fit, how long will it take"},
    {"login", "sign in at a provider once, by OAuth 2, and keep the token"},
    {"plan", "write and check a plan for many accounts"},
    {"probe", "what a server can do, and where its limits are"},
    {"run", "all of it in one go: check, inventory, copy, verify, report"},
    {"status", "look at a run from another terminal"},
    {"discover", "find the IMAP server of an address, and who vouches for it"},
    {"domain", "look at the DNS of a domain: before, at and after the switch"},
    {"certificate", "say whether the old server may be switched off"},
    {"verify", "compare by content, also when the source is gone"},
    {"dedup", "move away what is on the target once too often"},
};

int cli_own_directory(char *out, size_t size)
{
    const ssize_t length = readlink("/proc/self/exe", out, size - 1);
    if (length <= 0) {
        return -1;
    }
    out[length] = '\0';
    char *slash = strrchr(out, '/');
    if (!slash) {
        return -1;
    }
    *slash = '\0';
    return 0;
}

/* A verb is lower-case letters and dashes: nothing that could leave the directory. */
static bool is_verb(const char *name)
{
    const size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz-");
    return length > 0 && length < CLI_VERB_SIZE && name[length] == '\0' && name[0] != '-';
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

void cli_verbs_find(cli_verbs *verbs, const char *directory)
{
    verbs->count = 0;
    DIR *listing = opendir(directory);
    if (!listing) {
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(listing)) && verbs->count < CLI_MOST_VERBS) {
        char path[PATH_SIZE];
        const char *verb = entry->d_name + strlen(PREFIX);
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 || !is_verb(verb)) {
            continue;
        }
        const int length = snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (length > 0 && (size_t)length < sizeof path && access(path, X_OK) == 0) {
            snprintf(verbs->names[verbs->count++], CLI_VERB_SIZE, "%s", verb);
        }
    }
    closedir(listing);
    qsort(verbs->names, verbs->count, sizeof verbs->names[0], by_name);
}

void cli_verbs_print(const cli_verbs *verbs, FILE *out)
{
    fputs("Usage: mailmigrate VERB [OPTION...]\n\n", out);
    for (size_t i = 0; i < verbs->count; i++) {
        const char *meaning = "";
        for (size_t m = 0; m < sizeof meanings / sizeof meanings[0]; m++) {
            if (strcmp(meanings[m].verb, verbs->names[i]) == 0) {
                meaning = meanings[m].meaning;
            }
        }
        fprintf(out, "  %-11s %s\n", verbs->names[i], meaning);
    }
    fputs("\n  --help      this text; `mailmigrate help VERB` for a verb's options\n"
          "  --version   the version\n",
          out);
}

static int unknown_verb(const cli_verbs *verbs, const char *verb, mig_error *err)
{
    const char *names[CLI_MOST_VERBS];
    for (size_t i = 0; i < verbs->count; i++) {
        names[i] = verbs->names[i];
    }
    mig_error_set(err, MIG_E_USAGE, "there is no verb \"%s\"", verb);
    static const char *const elsewhere[][2] = {{"sync", "copy"},       {"migrate", "run"},    {"check", "verify"},
                                               {"backup", "archive"},  {"list", "inventory"}, {"diff", "verify"},
                                               {"dsync", "copy"},      {"imapsync", "copy"},  {"mbsync", "copy"},
                                               {"restore", "archive"}, {"sieve", "filters"},  {"rules", "filters"}};
    const char *near = NULL;
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        near = strcmp(verb, elsewhere[i][0]) == 0 ? elsewhere[i][1] : near;
    }
    near = near ? near : mig_option_nearest(verb, names, verbs->count);
    return near ? mig_error_hint(err, "did you mean `mailmigrate %s`?", near)
                : mig_error_hint(err, "`mailmigrate --help` lists the verbs");
}

int cli_verbs_exec(const cli_verbs *verbs, const char *directory, const char *verb, char **argv, mig_error *err)
{
    char program[sizeof PREFIX + CLI_VERB_SIZE];
    char path[PATH_SIZE];
    if (!is_verb(verb)) {
        return unknown_verb(verbs, verb, err);
    }
    snprintf(program, sizeof program, "%s%s", PREFIX, verb);
    argv[0] = program;
    const int length = directory ? snprintf(path, sizeof path, "%s/%s", directory, program) : -1;
    if (length > 0 && (size_t)length < sizeof path) {
        execv(path, argv);
        if (errno != ENOENT) {
            return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be started", path);
        }
    }
    execvp(program, argv);
    if (errno != ENOENT) {
        return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be started", program);
    }
    return unknown_verb(verbs, verb, err);
}
