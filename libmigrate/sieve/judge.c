/*
 * sieve/judge.c - a script held against what the target can and has: RFC 5228 (require, fileinto, redirect), RFC 5230
 * (vacation), RFC 6609 (include), RFC 5490 (mailboxexists), RFC 8580 (fcc), RFC 6134 (lists), RFC 5435 (notify)
 */
#include "sieve/judge.h"
#include "base/memory.h"
#include "base/unicode.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct judging {
    const mig__sieve_facts *facts;
    mig__sieve_judgement *out;
    mig_error *err;
    bool computes; /* "${...}" in a string means something */
} judging;

/* ---- notes ---- */

static char *inert_copy(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy != NULL ? mig__inert(text, size - 1, copy, size) : NULL;
}

int mig__sieve_note(mig_filter_note **notes, size_t *count, mig_filter_concern concern, mig_filter_weight weight,
                    unsigned line, mig_error *err, const char *format, ...)
{
    mig__buffer text = MIG__BUFFER_INIT;
    va_list arguments;
    va_start(arguments, format);
    mig__buffer_addv(&text, format, arguments);
    va_end(arguments);
    mig_filter_note *all = mig__grow(*notes, *count, sizeof *all, err);
    char *copy = NULL;
    if (all != NULL) {
        *notes = all;
        copy = mig__buffer_ok(&text, err) == 0 ? inert_copy(text.data) : NULL;
    }
    mig__buffer_free(&text);
    if (copy == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    all[(*count)++] = (mig_filter_note){concern, weight, line, copy};
    return 0;
}

void mig__sieve_notes_free(mig_filter_note *notes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(notes[i].text);
    }
    free(notes);
}

#define NOTE(j, concern, weight, line, ...)                                                                            \
    mig__sieve_note(&(j)->out->notes, &(j)->out->note_count, concern, weight, line, (j)->err, __VA_ARGS__)

/* ---- require ---- */

static bool has_word(const char *words, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = words; *at != '\0';) {
        at += strspn(at, " ");
        const size_t found = strcspn(at, " ");
        if (found == length && length > 0 && strncasecmp(at, word, length) == 0) {
            return true;
        }
        at += found;
    }
    return false;
}

/* RFC 5228 section 2.7.3: these comparators are always there, and need not be announced. */
static bool always_there(const char *word)
{
    return strcasecmp(word, "comparator-i;octet") == 0 || strcasecmp(word, "comparator-i;ascii-casemap") == 0;
}

static int judge_require(judging *j, const mig__sieve_script *s, const mig__sieve_node *node)
{
    const mig__sieve_argument *names = mig__sieve_positional(s, node, 0, NULL);
    int status = 0;
    for (size_t i = 0; names != NULL && status == 0 && i < names->count; i++) {
        const mig__sieve_string *string = &s->strings[names->first + i];
        const char *word = mig__sieve_value(s, string);
        j->computes = j->computes || strcmp(word, "variables") == 0 || strcmp(word, "encoded-character") == 0;
        if (j->facts->capability != NULL && !always_there(word) && !has_word(j->facts->capability, word)) {
            status = NOTE(j, MIG_FILTER_REQUIRE, MIG_FILTER_BLOCKS, string->line, "the target lacks \"%s\"", word);
        }
    }
    return status;
}

/* ---- folders ---- */

/* INBOX is INBOX in any spelling. */
static bool same_folder(const char *a, const char *b)
{
    return (strcasecmp(a, "INBOX") == 0 && strcasecmp(b, "INBOX") == 0) || mig__nfc_equal(a, b);
}

const mig__sieve_folder *mig__sieve_folder_find(const mig__sieve_facts *facts, const char *name)
{
    const mig__sieve_folder *of_target = NULL;
    for (size_t i = 0; i < facts->folder_count; i++) {
        const mig__sieve_folder *folder = &facts->folders[i];
        if (folder->source != NULL && same_folder(folder->source, name)) {
            return folder;
        }
        if (folder->source == NULL && same_folder(folder->target, name)) {
            of_target = folder;
        }
    }
    return of_target;
}

static int add_edit(judging *j, const mig__sieve_string *string, const char *name)
{
    mig__sieve_judgement *out = j->out;
    mig__sieve_edit *edits = mig__grow(out->edits, out->edit_count, sizeof *edits, j->err);
    char *copy = edits != NULL ? strdup(name) : NULL;
    if (edits != NULL) {
        out->edits = edits;
    }
    if (copy == NULL) {
        return mig_error_set(j->err, MIG_E_NOMEM, "out of memory");
    }
    edits[out->edit_count++] = (mig__sieve_edit){string->from, string->to, copy};
    return 0;
}

static int judge_folder(judging *j, const mig__sieve_script *s, const mig__sieve_string *string, bool makes)
{
    const char *name = mig__sieve_value(s, string);
    if (j->computes && strstr(name, "${") != NULL) {
        return NOTE(j, MIG_FILTER_COMPUTED, MIG_FILTER_ATTENTION, string->line,
                    "the folder's name is \"%s\", which is known only when mail comes: look at it yourself", name);
    }
    if (!j->facts->folders_known) {
        return 0;
    }
    const mig__sieve_folder *folder = mig__sieve_folder_find(j->facts, name);
    if (folder == NULL && makes) {
        return 0;
    }
    if (folder == NULL) {
        return NOTE(j, MIG_FILTER_FOLDER, MIG_FILTER_ATTENTION, string->line,
                    "no folder \"%s\" is on the source or the target", name);
    }
    if (folder->target == NULL) {
        return NOTE(j, MIG_FILTER_FOLDER, MIG_FILTER_ATTENTION, string->line,
                    "the folder \"%s\" is not carried to the target", name);
    }
    const bool renamed = !same_folder(folder->target, name);
    if (renamed && j->facts->map_folders) {
        return add_edit(j, string, folder->target) != 0
                   ? -1
                   : NOTE(j, MIG_FILTER_MAPPED, folder->exists ? MIG_FILTER_NOTE : MIG_FILTER_ATTENTION, string->line,
                          "\"%s\" is \"%s\" on the target%s", name, folder->target,
                          folder->exists ? "" : ", where it is still missing");
    }
    if (renamed) {
        return NOTE(j, MIG_FILTER_FOLDER, MIG_FILTER_ATTENTION, string->line,
                    "the folder \"%s\" is \"%s\" on the target: --map-folders rewrites it", name, folder->target);
    }
    return folder->exists || makes
               ? 0
               : NOTE(j, MIG_FILTER_FOLDER, MIG_FILTER_ATTENTION, string->line,
                      "the folder \"%s\" is still missing on the target: copy the mail first", name);
}

static int judge_folders(judging *j, const mig__sieve_script *s, const mig__sieve_argument *names, bool makes)
{
    int status = 0;
    for (size_t i = 0; names != NULL && status == 0 && i < names->count; i++) {
        status = judge_folder(j, s, &s->strings[names->first + i], makes);
    }
    return status;
}

/* The value behind a tag. */
static const mig__sieve_argument *tag_value(const mig__sieve_script *s, const mig__sieve_node *node, const char *tag)
{
    for (size_t i = node->first; i + 1 < node->first + node->count; i++) {
        if (strcmp(mig__sieve_tag(s, &s->arguments[i]), tag) == 0) {
            return &s->arguments[i + 1];
        }
    }
    return NULL;
}

static int judge_file(judging *j, const mig__sieve_script *s, const mig__sieve_node *node)
{
    static const char *const valued[] = {"flags", "specialuse", "mailboxid", NULL};
    return judge_folders(j, s, mig__sieve_positional(s, node, 0, valued), mig__sieve_has_tag(s, node, "create"));
}

/* ---- what sends mail ---- */

static bool is_own(const mig__sieve_facts *facts, const char *address)
{
    for (const char *const *own = facts->own; own != NULL && *own != NULL; own++) {
        if (strcasecmp(*own, address) == 0) {
            return true;
        }
    }
    return false;
}

static int judge_redirect(judging *j, const mig__sieve_script *s, const mig__sieve_node *node)
{
    static const char *const valued[] = {"notify", "ret", "bytimerelative", "bytimeabsolute", "bymode", NULL};
    const mig__sieve_argument *to = mig__sieve_positional(s, node, 0, valued);
    if (to == NULL || to->count != 1) {
        return 0;
    }
    const char *address = mig__sieve_value(s, &s->strings[to->first]);
    return is_own(j->facts, address)
               ? NOTE(j, MIG_FILTER_LOOP, MIG_FILTER_ATTENTION, node->line,
                      "mail is redirected to %s, which is this account: it would go round in a circle", address)
               : 0;
}

static int judge_vacation(judging *j, const mig__sieve_script *s, const mig__sieve_node *node)
{
    return NOTE(j, MIG_FILTER_VACATION, MIG_FILTER_NOTE, node->line,
                "it answers mail: active on both servers it could answer twice") != 0
               ? -1
               : judge_folders(j, s, tag_value(s, node, "fcc"), mig__sieve_has_tag(s, node, "create"));
}

/* ---- what lies outside of the script ---- */

static int add_include(judging *j, const char *name, unsigned line)
{
    mig__sieve_judgement *out = j->out;
    char **names = mig__grow(out->includes, out->include_count, sizeof *names, j->err);
    if (names == NULL) {
        return -1;
    }
    out->includes = names;
    unsigned *lines = mig__grow(out->include_lines, out->include_count, sizeof *lines, j->err);
    if (lines == NULL) {
        return -1;
    }
    out->include_lines = lines;
    names[out->include_count] = strdup(name);
    if (names[out->include_count] == NULL) {
        return mig_error_set(j->err, MIG_E_NOMEM, "out of memory");
    }
    lines[out->include_count++] = line;
    return 0;
}

static int judge_include(judging *j, const mig__sieve_script *s, const mig__sieve_node *node)
{
    const mig__sieve_argument *name = mig__sieve_positional(s, node, 0, NULL);
    if (name == NULL || name->count != 1) {
        return 0;
    }
    const char *text = mig__sieve_value(s, &s->strings[name->first]);
    return mig__sieve_has_tag(s, node, "global")
               ? NOTE(j, MIG_FILTER_OUTSIDE, MIG_FILTER_ATTENTION, node->line,
                      "it includes the server's global script \"%s\", which ManageSieve does not show", text)
               : add_include(j, text, node->line);
}

static int judge_program(judging *j, const mig__sieve_script *s, const mig__sieve_node *node)
{
    const mig__sieve_argument *name = mig__sieve_positional(s, node, 0, NULL);
    const char *text = name != NULL && name->count > 0 ? mig__sieve_value(s, &s->strings[name->first]) : "";
    return NOTE(j, MIG_FILTER_OUTSIDE, MIG_FILTER_ATTENTION, node->line,
                "it runs the program \"%s\" of the old server (%s)", text, mig__sieve_name(s, node));
}

static int judge_lists(judging *j, const mig__sieve_script *s, const mig__sieve_node *node)
{
    return mig__sieve_has_tag(s, node, "list")
               ? NOTE(j, MIG_FILTER_OUTSIDE, MIG_FILTER_ATTENTION, node->line,
                      "it looks into a list of the old server, which has to be on the new one as well")
               : 0;
}

static int judge_exists(judging *j, const mig__sieve_script *s, const mig__sieve_node *node)
{
    return judge_folders(j, s, mig__sieve_positional(s, node, 0, NULL), false);
}

static int judge_node(const mig__sieve_script *s, const mig__sieve_node *node, void *context)
{
    static const struct {
        const char *name;
        int (*judge)(judging *j, const mig__sieve_script *s, const mig__sieve_node *node);
    } words[] = {{"require", judge_require},   {"fileinto", judge_file},   {"redirect", judge_redirect},
                 {"vacation", judge_vacation}, {"include", judge_include}, {"pipe", judge_program},
                 {"filter", judge_program},    {"execute", judge_program}, {"mailboxexists", judge_exists}};
    judging *j = context;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (mig__sieve_named(s, node, words[i].name) && words[i].judge(j, s, node) != 0) {
            return -1;
        }
    }
    return judge_lists(j, s, node);
}

int mig__sieve_judge(const mig__sieve_script *script, const mig__sieve_facts *facts, mig__sieve_judgement *out,
                     mig_error *err)
{
    *out = (mig__sieve_judgement)MIG__SIEVE_JUDGEMENT_INIT;
    judging j = {.facts = facts, .out = out, .err = err};
    return mig__sieve_walk(script, judge_node, &j);
}

void mig__sieve_judgement_clear(mig__sieve_judgement *judgement)
{
    mig__sieve_notes_free(judgement->notes, judgement->note_count);
    for (size_t i = 0; i < judgement->edit_count; i++) {
        free(judgement->edits[i].name);
    }
    for (size_t i = 0; i < judgement->include_count; i++) {
        free(judgement->includes[i]);
    }
    free(judgement->edits);
    free(judgement->includes);
    free(judgement->include_lines);
    *judgement = (mig__sieve_judgement)MIG__SIEVE_JUDGEMENT_INIT;
}

/* ---- rewriting ---- */

int mig__sieve_rewrite(const char *octets, size_t length, const mig__sieve_judgement *judgement, mig__buffer *out,
                       mig_error *err)
{
    size_t at = 0;
    for (size_t i = 0; i < judgement->edit_count; i++) {
        const mig__sieve_edit *edit = &judgement->edits[i];
        mig__buffer_add(out, octets + at, edit->from - at);
        mig__buffer_add_char(out, '"');
        for (const char *c = edit->name; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\') {
                mig__buffer_add_char(out, '\\');
            }
            mig__buffer_add_char(out, *c);
        }
        mig__buffer_add_char(out, '"');
        at = edit->to;
    }
    mig__buffer_add(out, octets + at, length - at);
    return mig__buffer_ok(out, err);
}
