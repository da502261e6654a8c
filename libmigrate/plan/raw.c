/* plan/raw.c - what the lines of a plan say, sorted by whom they say it of */
#include "plan/plan_private.h"
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int mig__say(mig__sayings *sayings, const char *name, const char *value, unsigned line)
{
    mig__said *grown = mig__grow(sayings->items, sayings->count, sizeof *grown, NULL);
    char *copy = mig__strdup(value);
    sayings->items = grown != NULL ? grown : sayings->items;
    if (grown == NULL || copy == NULL) {
        free(copy);
        return -1;
    }
    grown[sayings->count++] = (mig__said){.name = name, .value = copy, .line = line};
    return 0;
}

const mig__said *mig__said_of(const mig__sayings *sayings, const char *name)
{
    for (size_t i = 0; i < sayings->count; i++) {
        if (strcmp(sayings->items[i].name, name) == 0) {
            return &sayings->items[i];
        }
    }
    return NULL;
}

static void clear(mig__sayings *sayings)
{
    for (size_t i = 0; i < sayings->count; i++) {
        free(sayings->items[i].value);
    }
    free(sayings->items);
    *sayings = (mig__sayings){.items = NULL};
}

void mig__raw_account_clear(mig__raw_account *account)
{
    for (int side = 0; side < 2; side++) {
        free(account->users[side]);
        clear(&account->sides[side]);
    }
    clear(&account->options);
    *account = (mig__raw_account){.line = 0};
}

void mig__raw_plan_clear(mig__raw_plan *raw)
{
    for (size_t i = 0; i < raw->account_count; i++) {
        mig__raw_account_clear(&raw->accounts[i]);
    }
    free(raw->accounts);
    free(raw->version);
    free(raw->accounts_file);
    clear(&raw->sides[0]);
    clear(&raw->sides[1]);
    clear(&raw->options);
    *raw = (mig__raw_plan){.version = NULL};
}

/* "exclude" and, of a list, "exclude.1": the values, not the list itself. */
static int take_option(mig__sayings *out, const mig__line *line, const char *key)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(key, "."), key);
    const mig_option *option = mig__plan_option(name);
    return option == NULL || line->value == NULL ? 0 : mig__say(out, option->name, line->value, line->line);
}

static int take_side(mig__sayings *out, const mig__line *line, const char *key)
{
    const char *name = mig__plan_side_key(key);
    return name == NULL || line->value == NULL ? 0 : mig__say(out, name, line->value, line->line);
}

static int set_text(char **out, const char *value)
{
    free(*out);
    *out = mig__strdup(value != NULL ? value : "");
    return *out != NULL ? 0 : -1;
}

static int take_account_key(mig__raw_account *account, const mig__line *line, const char *key)
{
    const char *rest;
    if (strcmp(key, "source") == 0 || strcmp(key, "target") == 0) {
        return set_text(&account->users[key[0] == 't'], line->value);
    }
    int side = mig__plan_side_of(key, &rest);
    return side >= 0 ? take_side(&account->sides[side], line, rest) : take_option(&account->options, line, key);
}

/* Behind "accounts.": "3", where an account begins, or "3.source". */
static int take_account(mig__raw_plan *raw, const mig__line *line, const char *rest)
{
    const char *dot = strchr(rest, '.');
    if (dot != NULL) {
        return raw->account_count == 0 ? 0 : take_account_key(&raw->accounts[raw->account_count - 1], line, dot + 1);
    }
    mig__raw_account *grown = mig__grow(raw->accounts, raw->account_count, sizeof *grown, NULL);
    if (grown == NULL) {
        return -1;
    }
    raw->accounts = grown;
    grown[raw->account_count++] = (mig__raw_account){.line = line->line};
    return 0;
}

static int take_line(mig__raw_plan *raw, const mig__line *line)
{
    const char *path = line->path;
    if (strcmp(path, "version") == 0) {
        raw->version_line = line->line;
        return set_text(&raw->version, line->value);
    }
    if (strcmp(path, "accounts-file") == 0) {
        return set_text(&raw->accounts_file, line->value);
    }
    if (strncmp(path, "source.", 7) == 0 || strncmp(path, "target.", 7) == 0) {
        return take_side(&raw->sides[path[0] == 't'], line, path + 7);
    }
    if (strncmp(path, "options.", 8) == 0) {
        return take_option(&raw->options, line, path + 8);
    }
    return strncmp(path, "accounts.", 9) == 0 ? take_account(raw, line, path + 9) : 0;
}

/* What is bad says nothing, and nothing below it does. */
static void note_bad(mig__raw_plan *raw, const mig__line *line)
{
    raw->version_bad = raw->version_bad || strcmp(line->path, "version") == 0;
    raw->sides[0].bad = raw->sides[0].bad || strcmp(line->path, "source") == 0;
    raw->sides[1].bad = raw->sides[1].bad || strcmp(line->path, "target") == 0;
}

int mig__raw_plan_take(mig__raw_plan *raw, const mig__lines *lines, mig_error *err)
{
    const char *below = NULL; /* a path that is bad */
    for (size_t i = 0; i < lines->count; i++) {
        const mig__line *line = &lines->items[i];
        size_t length = below != NULL ? strlen(below) : 0;
        if (below != NULL && strncmp(line->path, below, length) == 0 && line->path[length] == '.') {
            continue;
        }
        below = line->bad ? line->path : NULL;
        if (line->bad) {
            note_bad(raw, line);
        } else if (take_line(raw, line) != 0) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
    }
    return 0;
}
