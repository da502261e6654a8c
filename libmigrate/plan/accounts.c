/* plan/accounts.c - the list of accounts as CSV with a header (libcsv; RFC 4180) */
#include "plan/plan_private.h"
#include <csv.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 128, LARGEST_CELL = 4096 };

/* What a column says: a user, an option of a side, or an option. */
typedef struct column {
    int user;         /* 0 source, 1 target, -1 */
    int side;         /* with `name` an option of a side, -1 */
    const char *name; /* of the option; NULL: not known, told once */
} column;

typedef struct reading {
    mig_plan *plan;
    const mig__raw_plan *raw;
    mig_error *err;
    column columns[MOST_COLUMNS];
    size_t column_count, at;
    bool header_done, failed;
    unsigned line;      /* of the row */
    unsigned next_line; /* of the next one */
    bool too_many;
    size_t problems_before; /* the header */
    mig__raw_account account;
    bool semicolons; /* the header is one cell with ";" in it */
} reading;

static void fail(reading *r)
{
    if (!r->failed) {
        mig_error_set(r->err, MIG_E_NOMEM, "out of memory");
    }
    r->failed = true;
}

static column column_of(const char *name)
{
    const char *rest;
    column c = {-1, -1, NULL};
    int side = mig__plan_side_of(name, &rest);
    if (strcmp(name, "source") == 0 || strcmp(name, "target") == 0) {
        c.user = name[0] == 't';
    } else if (side >= 0 && strcmp(rest, "user") == 0) {
        c.user = side;
    } else if (side >= 0) {
        c.side = side;
        c.name = mig__plan_side_key(rest);
    } else {
        const mig_option *option = mig__plan_option(name);
        c.name = option != NULL ? option->name : NULL;
    }
    return c;
}

static void take_header(reading *r, const char *name)
{
    r->semicolons =
        r->semicolons || (r->column_count == 0 && strchr(name, ';') != NULL && strstr(name, "source") != NULL);
    if (r->column_count == MOST_COLUMNS) {
        r->too_many = true;
        return;
    }
    column c = column_of(name);
    for (size_t i = 0; i < r->column_count; i++) {
        const column *other = &r->columns[i];
        bool same = other->user == c.user && other->side == c.side && other->name == c.name; /* names are static */
        if (same && (c.user >= 0 || c.name != NULL)) {
            mig__plan_problem(r->plan, r->plan->accounts_path, 1, "the column \"%s\" is here for the second time",
                              name);
        }
    }
    if (c.user < 0 && c.name == NULL && strstr(name, "password") != NULL) {
        mig__plan_problem(
            r->plan, r->plan->accounts_path, 1,
            "there is no column \"%s\": passwords do not stand in a list; put each into a file and name that "
            "under source_password_file or target_password_file",
            name);
    } else if (c.user < 0 && c.name == NULL) {
        mig__plan_unknown(r->plan, r->plan->accounts_path, 1, "column", name, false);
    }
    r->columns[r->column_count++] = c;
}

static void take_cell(reading *r, const char *value)
{
    const column *c = &r->columns[r->at];
    if (value[0] == '\0') {
        return;
    }
    if (c->user >= 0) {
        free(r->account.users[c->user]);
        if ((r->account.users[c->user] = mig__strdup(value)) == NULL) {
            fail(r);
        }
        return;
    }
    mig__sayings *out = c->side >= 0 ? &r->account.sides[c->side] : &r->account.options;
    if (c->name != NULL && mig__say(out, c->name, value, r->line) != 0) {
        fail(r);
    }
}

static void on_cell(void *octets, size_t length, void *context)
{
    reading *r = context;
    char value[LARGEST_CELL];
    if (r->failed) {
        return;
    }
    if (length >= sizeof value || (length > 0 && memchr(octets, '\0', length) != NULL)) {
        mig__plan_problem(r->plan, r->plan->accounts_path, r->line,
                          "a cell is longer than 4,095 octets or holds a NUL");
        length = 0;
    }
    memcpy(value, octets != NULL ? octets : "", length);
    value[length] = '\0';
    const char *text = r->line == 1 && r->at == 0 && strncmp(value, "\xef\xbb\xbf", 3) == 0 ? value + 3 : value;
    if (!r->header_done) {
        take_header(r, text);
    } else if (r->at < r->column_count) {
        take_cell(r, text);
    } else {
        r->too_many = true;
    }
    r->at++;
}

static void check_header(reading *r)
{
    bool found = false;
    for (size_t i = 0; i < r->column_count; i++) {
        found = found || r->columns[i].user == 0;
    }
    if (!found) {
        /* No header at all, perhaps a list for another tool: what stands there may be passwords. */
        while (r->plan->problem_count > r->problems_before) {
            mig_plan_problem *last = &r->plan->problems[--r->plan->problem_count];
            free(last->file);
            free(last->text);
        }
        mig__plan_problem(r->plan, r->plan->accounts_path, 1,
                          r->semicolons
                              ? "the columns are separated by \";\", and not by \",\": save it as CSV with commas"
                              : "the first line names the columns; one of them must be source_user");
    }
}

static void end_account(reading *r)
{
    if (r->at < r->column_count || r->too_many) {
        mig__plan_problem(r->plan, r->plan->accounts_path, r->line, "there are %s cells than in the header",
                          r->too_many ? "more" : "fewer");
        return;
    }
    r->account.line = r->line;
    if (mig__plan_account(r->plan, r->raw, &r->account, r->plan->accounts_path, r->err) != 0) {
        r->failed = true;
    }
}

static void on_row(int end, void *context)
{
    reading *r = context;
    (void)end;
    if (r->failed) {
        return;
    }
    if (!r->header_done) {
        r->header_done = true;
        check_header(r);
    } else {
        end_account(r);
    }
    mig__raw_account_clear(&r->account);
    r->at = 0;
    r->too_many = false;
    r->line = r->next_line;
}

/* libcsv counts no lines: each is given to it on its own. */
static int parse(reading *r, struct csv_parser *parser, const mig__buffer *text)
{
    const char *at = text->data, *end = text->data + text->length;
    while (at < end && !r->failed) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = newline != NULL ? (size_t)(newline - at) + 1 : (size_t)(end - at);
        r->next_line++;
        if (r->at == 0 && !r->too_many) {
            r->line = r->next_line - 1;
        }
        if (csv_parse(parser, at, length, on_cell, on_row, r) != length) {
            mig__plan_problem(r->plan, r->plan->accounts_path, r->next_line - 1, "this is not CSV: %s",
                              csv_strerror(csv_error(parser)));
            return 0;
        }
        at += length;
    }
    if (!r->failed && csv_fini(parser, on_cell, on_row, r) != 0) {
        mig__plan_problem(r->plan, r->plan->accounts_path, r->line, "a quote is not closed");
    }
    return r->failed ? -1 : 0;
}

int mig__plan_accounts(mig_plan *plan, const mig__raw_plan *raw, mig_error *err)
{
    struct csv_parser parser;
    mig__buffer text = MIG__BUFFER_INIT;
    mig_error problem = MIG_ERROR_INIT;
    reading *r = calloc(1, sizeof *r);
    int failed = -1;
    if (r == NULL || csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        free(r);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    r->plan = plan;
    r->raw = raw;
    r->err = err;
    r->line = r->next_line = 1;
    r->problems_before = plan->problem_count;
    if (mig__plan_read(plan->accounts_path, &text, &problem) != 0) {
        failed =
            problem.code == MIG_E_PLAN ? mig_plan_add_problem(plan, plan->accounts_path, 0, problem.text, err) : -1;
    } else if (text.length == 0) {
        failed = mig__plan_problem(plan, plan->accounts_path, 0, "the list of accounts is empty");
    } else {
        failed = parse(r, &parser, &text);
    }
    mig__raw_account_clear(&r->account);
    csv_free(&parser);
    mig__buffer_free(&text);
    free(r);
    return failed;
}
