/* plan/plan.c - read a plan: walk it, load it, and say everything that is wrong */
#include "plan/plan_private.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_FILE = 16 << 20 };

/* ---- problems ---- */

/* In the order of the files, and of the lines in them. */
static bool comes_before(const mig_plan *plan, const mig_plan_problem *a, const char *file, unsigned line)
{
    bool a_in_plan = strcmp(a->file, plan->path) == 0, in_plan = strcmp(file, plan->path) == 0;
    return a_in_plan != in_plan ? a_in_plan : a->line <= line;
}

int mig_plan_add_problem(mig_plan *plan, const char *file, unsigned line, const char *text, mig_error *err)
{
    size_t place = plan->problem_count;
    for (size_t i = 0; i < plan->problem_count; i++) {
        if (plan->problems[i].line == line && strcmp(plan->problems[i].text, text) == 0 &&
            strcmp(plan->problems[i].file, file) == 0) {
            return 0; /* what is wrong above is wrong in every account */
        }
        if (place == plan->problem_count && !comes_before(plan, &plan->problems[i], file, line)) {
            place = i;
        }
    }
    mig_plan_problem problem = {.file = mig__strdup(file), .line = line, .text = mig__strdup(text)};
    mig_plan_problem *grown = mig__grow(plan->problems, plan->problem_count, sizeof *grown, NULL);
    plan->problems = grown != NULL ? grown : plan->problems;
    if (grown == NULL || problem.file == NULL || problem.text == NULL) {
        free(problem.file);
        free(problem.text);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    memmove(grown + place + 1, grown + place, (plan->problem_count - place) * sizeof *grown);
    grown[place] = problem;
    plan->problem_count++;
    return 0;
}

int mig__plan_problem(mig_plan *plan, const char *file, unsigned line, const char *format, ...)
{
    char text[512], inert[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    mig__inert(text, strlen(text), inert, sizeof inert);
    return mig_plan_add_problem(plan, file, line, inert, NULL);
}

int mig__plan_unknown(mig_plan *plan, const char *file, unsigned line, const char *what, const char *name, bool of_side)
{
    const char *near = mig__plan_nearest(name, of_side);
    return near != NULL
               ? mig__plan_problem(plan, file, line, "there is no %s \"%s\"; did you mean \"%s\"?", what, name, near)
               : mig__plan_problem(plan, file, line, "there is no %s \"%s\"", what, name);
}

int mig_plan_refuse(const mig_plan *plan, mig_error *err)
{
    const mig_plan_problem *first = &plan->problems[0];
    if (first->line > 0) {
        mig_error_set(err, MIG_E_PLAN, "%s:%u: %s", first->file, first->line, first->text);
    } else {
        mig_error_set(err, MIG_E_PLAN, "%s: %s", first->file, first->text);
    }
    return plan->problem_count == 1
               ? -1
               : mig_error_hint(err, "`mailmigrate plan check` lists this and %zu more", plan->problem_count - 1);
}

/* ---- the file ---- */

int mig__plan_read(const char *path, mig__buffer *out, mig_error *err)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int failed = -1;
    if (fd < 0 || fstat(fd, &about) != 0) {
        mig_error_errno(err, MIG_E_PLAN, errno, "cannot read %s", path);
    } else if (S_ISDIR(about.st_mode) || about.st_size > LARGEST_FILE) {
        mig_error_set(err, MIG_E_PLAN, "%s is no plan: it is a directory, or larger than 16 MiB", path);
    } else {
        failed = 0;
    }
    while (failed == 0) {
        char piece[16384];
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno != EINTR) {
            failed = mig_error_errno(err, MIG_E_PLAN, errno, "cannot read %s", path);
        } else if (got == 0) {
            break;
        } else if (got > 0) {
            mig__buffer_add(out, piece, (size_t)got);
            failed = out->length > LARGEST_FILE ? mig_error_set(err, MIG_E_PLAN, "%s is larger than 16 MiB", path) : 0;
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return failed == 0 ? mig__buffer_ok(out, err) : -1;
}

/* ---- structure ---- */

static const char *const kinds[] = {"one value", "a list", "a mapping"};

typedef struct checking {
    mig_plan *plan;
    mig__lines *lines;
    bool hopeless;  /* nothing of it can be loaded */
    char skip[256]; /* below this path nothing makes sense */
} checking;

static void skip_below(checking *c, const char *path)
{
    snprintf(c->skip, sizeof c->skip, "%s.", path);
}

/* It says nothing. A value in a list takes the whole list with it, unless it is an account. */
static void give_up(checking *c, const mig__line *line)
{
    mig__line *bad = &c->lines->items[line - c->lines->items];
    while (bad->in_list && strncmp(bad->path, "accounts.", 9) != 0 && bad > c->lines->items) {
        bad--;
    }
    bad->bad = true;
    c->hopeless = c->hopeless || bad->path[0] == '\0';
    skip_below(c, bad->path);
}

static void expect(checking *c, const mig__line *line, mig__yaml_kind kind)
{
    if (line->kind != kind) {
        give_up(c, line);
        if (line->path[0] == '\0') {
            mig__plan_problem(c->plan, c->plan->path, line->line, "a plan is a mapping, here is %s", kinds[line->kind]);
            return;
        }
        mig__plan_problem(c->plan, c->plan->path, line->line, "\"%s\" takes %s, here is %s", line->path, kinds[kind],
                          kinds[line->kind]);
    }
}

static void check_option(checking *c, const mig__line *line, const char *name, const char *what)
{
    const char *dot = strchr(name, '.');
    char plain[64];
    snprintf(plain, sizeof plain, "%.*s", (int)(dot != NULL ? dot - name : (ptrdiff_t)strlen(name)), name);
    const mig_option *option = mig__plan_option(plain);
    if (option == NULL || strcmp(plain, option->name) != 0) {
        skip_below(c, line->path);
        mig__plan_unknown(c->plan, c->plan->path, line->line, what, plain, false);
    } else {
        expect(c, line, option->kind == MIG_OPTION_LIST && dot == NULL ? MIG__YAML_LIST : MIG__YAML_SCALAR);
    }
}

static bool is_side_option(const char *name)
{
    const char *key = mig__plan_side_key(name);
    return key != NULL && strcmp(name, key) == 0;
}

static void check_account_key(checking *c, const mig__line *line, const char *key)
{
    const char *rest;
    if (strcmp(key, "source") == 0 || strcmp(key, "target") == 0 ||
        (mig__plan_side_of(key, &rest) >= 0 && is_side_option(rest))) {
        expect(c, line, MIG__YAML_SCALAR);
    } else {
        check_option(c, line, key, "option of an account");
    }
}

/* "0", "0.source", "0.exclude.1" */
static void check_account(checking *c, const mig__line *line, const char *rest)
{
    const char *dot = strchr(rest, '.');
    if (dot == NULL) {
        expect(c, line, MIG__YAML_MAPPING);
    } else {
        check_account_key(c, line, dot + 1);
    }
}

static void check_side(checking *c, const mig__line *line, const char *name)
{
    if (!is_side_option(name)) {
        skip_below(c, line->path);
        mig__plan_unknown(c->plan, c->plan->path, line->line, "option of a side", name, true);
    } else {
        expect(c, line, MIG__YAML_SCALAR);
    }
}

/* "0", a name or a mapping; "0.provider"; "0.new-mx", one value or a list; "0.new-mx.1" */
static void check_domain(checking *c, const mig__line *line, const char *rest)
{
    const char *key = strchr(rest, '.');
    char plain[64];
    if (key == NULL) {
        if (line->kind != MIG__YAML_SCALAR) {
            expect(c, line, MIG__YAML_MAPPING);
        }
        return;
    }
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(key + 1, "."), key + 1);
    const int takes = mig__plan_domain_key(plain);
    if (takes == 0) {
        skip_below(c, line->path);
        mig__plan_domain_unknown(c->plan, line->line, plain);
    } else if (takes == 1 || line->kind != MIG__YAML_LIST || strchr(key + 1, '.') != NULL) {
        expect(c, line, MIG__YAML_SCALAR);
    }
}

static void check_line(checking *c, const mig__line *line)
{
    static const struct {
        const char *key;
        mig__yaml_kind kind;
        void (*below)(checking *c, const mig__line *line, const char *rest);
    } keys[] = {
        {"version", MIG__YAML_SCALAR, NULL},         {"accounts-file", MIG__YAML_SCALAR, NULL},
        {"source", MIG__YAML_MAPPING, check_side},   {"target", MIG__YAML_MAPPING, check_side},
        {"accounts", MIG__YAML_LIST, check_account}, {"domains", MIG__YAML_LIST, check_domain},
    };
    const char *path = line->path;
    size_t length = strcspn(path, ".");
    if (path[0] == '\0') {
        expect(c, line, MIG__YAML_MAPPING);
        return;
    }
    if (strncmp(path, "options", length) == 0 && length == 7) {
        if (path[7] == '\0') {
            expect(c, line, MIG__YAML_MAPPING);
        } else {
            check_option(c, line, path + 8, "option");
        }
        return;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strncmp(path, keys[i].key, length) == 0 && keys[i].key[length] == '\0') {
            if (path[length] == '\0') {
                expect(c, line, keys[i].kind);
            } else if (keys[i].below != NULL) {
                keys[i].below(c, line, path + length + 1);
            }
            return;
        }
    }
    skip_below(c, path);
    mig__plan_problem(
        c->plan, c->plan->path, line->line,
        "there is no \"%s\"; a plan has version, source, target, options, accounts, accounts-file and domains", path);
}

/* False: nothing of it can be loaded. */
static bool check_lines(mig_plan *plan, mig__lines *lines)
{
    checking c = {.plan = plan, .lines = lines};
    for (size_t i = 0; i < lines->count; i++) {
        const mig__line *line = &lines->items[i];
        if (c.skip[0] != '\0' && strncmp(line->path, c.skip, strlen(c.skip)) == 0) {
            continue;
        }
        if (line->twice) {
            give_up(&c, line);
            mig__plan_problem(plan, plan->path, line->line, "\"%s\" is here for the second time", line->path);
        } else {
            check_line(&c, line);
        }
    }
    return !c.hopeless;
}

/* ---- loading ---- */

static int take_options(mig_plan *plan, const mig__sayings *said)
{
    for (size_t i = 0; i < said->count; i++) {
        const mig__said *one = &said->items[i];
        mig_plan_option *grown = mig__grow(plan->options, plan->option_count, sizeof *grown, NULL);
        if (grown == NULL) {
            return -1;
        }
        plan->options = grown;
        mig_plan_option *option = &grown[plan->option_count++];
        *option =
            (mig_plan_option){.name = mig__strdup(one->name),
                              .value = mig__plan_says_path(one->name, one->value) ? mig__plan_path(plan, one->value)
                                                                                  : mig__strdup(one->value),
                              .from = {MIG_LEVEL_PLAN, plan->path, one->line}};
        if (option->name == NULL || option->value == NULL) {
            return -1;
        }
    }
    return 0;
}

static int take(mig_plan *plan, const mig__raw_plan *raw, mig_error *err)
{
    if (!raw->version_bad && (raw->version == NULL || strcmp(raw->version, "1") != 0)) {
        mig__plan_problem(plan, plan->path, raw->version_line, "\"version: 1\" is expected");
    }
    if (take_options(plan, &raw->options) != 0) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < raw->account_count; i++) {
        if (mig__plan_account(plan, raw, &raw->accounts[i], plan->path, err) != 0) {
            return -1;
        }
    }
    if (raw->accounts_file != NULL) {
        plan->accounts_path = mig__plan_path(plan, raw->accounts_file);
        if (plan->accounts_path == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        if (mig__plan_accounts(plan, raw, err) != 0) {
            return -1;
        }
    }
    if (plan->account_count == 0 && plan->problem_count == 0) {
        mig__plan_problem(plan, plan->path, 0,
                          "there is no account: give them under \"accounts\" or in an \"accounts-file\"");
    }
    return mig__plan_check_repeated(plan, err);
}

static int load(mig_plan *plan, mig_error *err)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__lines lines = {NULL, 0};
    mig__raw_plan raw = {.version = NULL};
    mig_error problem = MIG_ERROR_INIT;
    unsigned line = 0;
    int failed = mig__plan_read(plan->path, &text, err);
    if (failed != 0) {
        goto cleanup;
    }
    if (mig__lines_read(&lines, text.data != NULL ? text.data : "", text.length, &line, &problem) != 0) {
        failed = problem.code == MIG_E_PLAN ? mig_plan_add_problem(plan, plan->path, line, problem.text, err) : -1;
        *err = failed != 0 ? problem : *err;
        goto cleanup;
    }
    if (check_lines(plan, &lines)) {
        failed = mig__raw_plan_take(&raw, &lines, err) != 0 ? -1 : take(plan, &raw, err);
        failed = failed == 0 ? mig__plan_domains(plan, &lines, err) : failed;
    }
cleanup:
    mig__raw_plan_clear(&raw);
    mig__lines_free(&lines);
    mig__buffer_free(&text);
    return failed;
}

mig_plan *mig_plan_load(const char *path, mig_error *err)
{
    mig_error unheard = MIG_ERROR_INIT;
    mig_plan *plan = calloc(1, sizeof *plan);
    err = err != NULL ? err : &unheard;
    if (plan == NULL || (plan->path = mig__strdup(path)) == NULL) {
        mig_plan_free(&plan);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    if (load(plan, err) != 0) {
        mig_plan_free(&plan);
    }
    return plan;
}

static void free_options(mig_plan_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(options[i].name);
        free(options[i].value);
    }
    free(options);
}

void mig_plan_free(mig_plan **pointer)
{
    mig_plan *plan = *pointer;
    *pointer = NULL;
    if (plan == NULL) {
        return;
    }
    free_options(plan->options, plan->option_count);
    for (size_t i = 0; i < plan->account_count; i++) {
        free(plan->accounts[i].source);
        free(plan->accounts[i].target);
        free_options(plan->accounts[i].options, plan->accounts[i].option_count);
    }
    mig__plan_domains_free(plan);
    for (size_t i = 0; i < plan->problem_count; i++) {
        free(plan->problems[i].file);
        free(plan->problems[i].text);
    }
    free(plan->accounts);
    free(plan->problems);
    free(plan->path);
    free(plan->accounts_path);
    free(plan);
}
