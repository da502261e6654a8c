/* report/verify_check.c - a JSON report held against itself: sums, findings, roots, exit status */
#include "base/buffer.h"
#include "mail/merkle.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <migrate/verify_report.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct check {
    mig_sink_fn *sink;
    void *context;
    bool contradicts, refused;
    uint64_t totals[MIG_FOUND_COUNT]; /* over the folders, as they say it */
    uint64_t messages, found, read, bytes;
    bool incomplete; /* an account or folder has an error */
} check;

static void contradiction(check *c, const char *format, ...) MIG_PRINTF(2, 3);

static void contradiction(check *c, const char *format, ...)
{
    char text[512], inert[512], line[sizeof inert + 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    mig__inert(text, strlen(text), inert, sizeof inert);
    snprintf(line, sizeof line, "%s\n", inert);
    c->contradicts = true;
    c->refused = c->refused || c->sink(line, strlen(line), c->context) != 0;
}

/* ---- members; what is not there, or of another type, is a contradiction as well ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static uint64_t number_of(check *c, const json_t *object, const char *key, const char *where)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        contradiction(c, "Content: %s: there is no number \"%s\".", where, key);
        return 0;
    }
    return (uint64_t)json_integer_value(value);
}

static void expect(check *c, const char *where, const char *what, uint64_t said, uint64_t counted)
{
    if (said != counted) {
        contradiction(c, "Content: %s: \"%s\" is %" PRIu64 ", but it should be %" PRIu64 ".", where, what, said,
                      counted);
    }
}

static mig_found kind_of(const char *name)
{
    for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
        if (strcmp(mig_found_name((mig_found)kind), name) == 0) {
            return (mig_found)kind;
        }
    }
    return MIG_FOUND_COUNT;
}

/* ---- an account ---- */

typedef struct folder {
    const char *source, *target, *root;
    uint64_t said[MIG_FOUND_COUNT], counted[MIG_FOUND_COUNT];
} folder;

static int by_names(const void *a, const void *b)
{
    const folder *x = a, *y = b;
    int source = strcmp(x->source, y->source);
    return source != 0 ? source : strcmp(x->target, y->target);
}

/* Each message that should be there is of exactly one of these kinds. */
static bool is_of_the_copy(mig_found kind)
{
    return kind <= MIG_FOUND_NOT_COPIED && kind != MIG_FOUND_EXTRA && kind != MIG_FOUND_ARRIVED &&
           kind != MIG_FOUND_DUPLICATED;
}

static void read_folder(check *c, const json_t *object, folder *out)
{
    char where[256];
    uint64_t of_the_copy = 0;
    *out = (folder){text_of(object, "source"), text_of(object, "target"), text_of(object, "root"), {0}, {0}};
    snprintf(where, sizeof where, "folder %.200s", out->source[0] != '\0' ? out->source : out->target);
    for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
        out->said[kind] = number_of(c, object, mig_found_name((mig_found)kind), where);
        c->totals[kind] += out->said[kind];
        of_the_copy += is_of_the_copy((mig_found)kind) ? out->said[kind] : 0;
    }
    uint64_t messages = number_of(c, object, "messages", where);
    if (json_is_null(json_object_get(object, "error"))) {
        expect(c, where, "messages", messages, of_the_copy);
    } else {
        c->incomplete = true;
    }
    c->messages += messages;
    c->found += number_of(c, object, "found", where);
    c->read += number_of(c, object, "read", where);
    c->bytes += number_of(c, object, "bytes", where);
}

static void count_finding(check *c, const json_t *finding, folder *folders, size_t count)
{
    folder key = {.source = text_of(finding, "folder"), .target = text_of(finding, "target_folder")};
    mig_found kind = kind_of(text_of(finding, "kind"));
    folder *at = count == 0 ? NULL : bsearch(&key, folders, count, sizeof key, by_names);
    if (at == NULL || kind == MIG_FOUND_COUNT) {
        contradiction(c, "Content: a finding of kind \"%.60s\" in folder %.200s belongs to nothing.",
                      text_of(finding, "kind"), key.source[0] != '\0' ? key.source : key.target);
        return;
    }
    at->counted[kind] += number_of(c, finding, "messages", key.source);
    at->counted[MIG_FOUND_ARRIVED] += kind == MIG_FOUND_EXTRA && json_is_true(json_object_get(finding, "after_copy"));
}

static void compare_counts(check *c, const folder *folders, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char where[256];
        snprintf(where, sizeof where, "folder %.200s", folders[i].source[0] ? folders[i].source : folders[i].target);
        for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
            if (kind != MIG_FOUND_IDENTICAL && kind != MIG_FOUND_PRESENT && kind != MIG_FOUND_UNPROVEN) {
                expect(c, where, mig_found_name((mig_found)kind), folders[i].said[kind], folders[i].counted[kind]);
            }
        }
    }
}

static int compare_root(check *c, const json_t *account, const folder *folders, size_t count, mig_error *err)
{
    char root[MIG__HEX_SIZE];
    mig__merkle_folder *list = calloc(count + 1, sizeof *list);
    if (list == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        list[i] = (mig__merkle_folder){folders[i].target, folders[i].root};
    }
    int failed = mig__merkle_account(list, count, root, err);
    if (failed == 0 && strcmp(root, text_of(account, "root")) != 0) {
        contradiction(c, "Content: account %.200s: its Merkle root is not that of its folders.",
                      text_of(account, "target"));
    }
    free(list);
    return failed;
}

static int check_account(check *c, const json_t *account, mig_error *err)
{
    const json_t *list = json_object_get(account, "folders"), *findings = json_object_get(account, "findings");
    size_t count = json_array_size(list);
    folder *folders = calloc(count + 1, sizeof *folders);
    if (folders == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    c->incomplete = c->incomplete || !json_is_null(json_object_get(account, "error"));
    for (size_t i = 0; i < count; i++) {
        read_folder(c, json_array_get(list, i), &folders[i]);
    }
    qsort(folders, count, sizeof *folders, by_names);
    for (size_t i = 0; i < json_array_size(findings); i++) {
        count_finding(c, json_array_get(findings, i), folders, count);
    }
    compare_counts(c, folders, count);
    int failed = compare_root(c, account, folders, count, err);
    free(folders);
    return failed;
}

/* ---- the whole ---- */

static void compare_totals(check *c, const json_t *report)
{
    const json_t *totals = json_object_get(report, "totals");
    uint64_t differences = 0;
    for (int kind = 0; kind < MIG_FOUND_COUNT; kind++) {
        const char *name = mig_found_name((mig_found)kind);
        expect(c, "totals", name, number_of(c, totals, name, "totals"), c->totals[kind]);
        differences += mig_found_grade((mig_found)kind) >= MIG_GRADE_DIFFERENCE ? c->totals[kind] : 0;
    }
    expect(c, "totals", "messages", number_of(c, totals, "messages", "totals"), c->messages);
    expect(c, "totals", "found", number_of(c, totals, "found", "totals"), c->found);
    expect(c, "totals", "read", number_of(c, totals, "read", "totals"), c->read);
    expect(c, "totals", "bytes", number_of(c, totals, "bytes", "totals"), c->bytes);
    bool good = number_of(c, report, "exit", "report") == 0;
    if (good && (differences > 0 || c->incomplete)) {
        contradiction(c, "Content: the exit status says that all is well, but it is not.");
    }
    if (!good && differences == 0 && !c->incomplete) {
        contradiction(c, "Content: the exit status says that something is wrong, but nothing is.");
    }
}

static int check_report(check *c, const json_t *report, mig_error *err)
{
    const json_t *accounts = json_object_get(report, "accounts");
    if (strcmp(text_of(report, "schema"), "mailmigrate.verify/1") != 0 || !json_is_array(accounts)) {
        contradiction(c, "Content: this is no report of mailmigrate verify.");
        return 0;
    }
    for (size_t i = 0; i < json_array_size(accounts); i++) {
        if (check_account(c, json_array_get(accounts, i), err) != 0) {
            return -1;
        }
    }
    compare_totals(c, report);
    return 0;
}

/* The verification in a report of another kind, as that of a run; NULL: there is none. */
static const json_t *verification_in(const json_t *report)
{
    static const char *const others[] = {"mailmigrate.run/1", "mailmigrate.copy/1", "mailmigrate.inventory/1"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(text_of(report, "schema"), others[i]) == 0) {
            return json_object_get(report, "verify");
        }
    }
    return report;
}

int mig_report_verify_check(const char *path, mig_report_state *state, mig_sink_fn *sink, void *context, mig_error *err)
{
    check c = {.sink = sink, .context = context};
    json_error_t where;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be read", path);
    }
    int first = getc(file);
    *state = MIG_REPORT_OTHER;
    if (first != '{' || ungetc(first, file) == EOF) {
        bool unread = ferror(file) != 0;
        fclose(file);
        return unread ? mig_error_set(err, MIG_E_IO, "%s cannot be read", path) : 0;
    }
    json_t *report = json_loadf(file, JSON_REJECT_DUPLICATES, &where);
    fclose(file);
    int failed = 0;
    const json_t *verification = report != NULL ? verification_in(report) : NULL;
    if (report == NULL) {
        contradiction(&c, "Content: line %d is no JSON: %s", where.line, where.text);
    } else if (verification != NULL) {
        failed = check_report(&c, verification, err);
    }
    bool other = report != NULL && verification == NULL;
    json_decref(report);
    if (failed == 0 && c.refused) {
        failed = mig_error_set(err, MIG_E_IO, "the contradictions could not be written");
    }
    *state = other ? MIG_REPORT_OTHER : c.contradicts ? MIG_REPORT_CONTRADICTORY : MIG_REPORT_CONSISTENT;
    return failed;
}
