/* plan/gather.c - users and aliases out of the lists that administrators have */
#include "base/memory.h"
#include "plan/plan_private.h"
#include <csv.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_PERSON = 1000, NOBODY = 65534 };

static const char *const from_names[] = {"imapsync", "doveadm",       "passwd",  "virtual",
                                         "mailcow",  "mail-in-a-box", "iredmail"};

bool mig_plan_from_name(const char *name, mig_plan_from *out)
{
    for (size_t i = 0; i < sizeof from_names / sizeof from_names[0]; i++) {
        if (strcmp(name, from_names[i]) == 0) {
            *out = (mig_plan_from)i;
            return true;
        }
    }
    return false;
}

void mig__intake_clear(mig__intake *g)
{
    for (size_t i = 0; i < g->user_count; i++) {
        free(g->users[i]);
    }
    for (size_t i = 0; i < 2 * g->alias_count; i++) {
        free(g->aliases[i]);
    }
    free(g->users);
    free(g->aliases);
    *g = (mig__intake){.users = NULL};
}

/* ---- what comes out ---- */

static int no_memory(mig_error *err)
{
    return mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

/* A control character or a blank within a name is a list of another kind. */
static bool plausible(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '"') {
            return false;
        }
    }
    return name[0] != '\0' && strlen(name) < 320;
}

static int add_user(mig__intake *out, const char *name, size_t line, mig_error *err)
{
    if (!plausible(name)) {
        return mig_error_set(err, MIG_E_PLAN, "entry %zu is no user's name", line);
    }
    for (size_t i = 0; i < out->user_count; i++) {
        if (strcasecmp(out->users[i], name) == 0) {
            out->left_out++;
            return 0;
        }
    }
    char **grown = mig__grow(out->users, out->user_count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    out->users = grown;
    grown[out->user_count] = mig__strdup(name);
    return grown[out->user_count++] != NULL ? 0 : no_memory(err);
}

static int add_alias(mig__intake *out, const char *address, const char *target, mig_error *err)
{
    for (int i = 0; i < 2; i++) {
        char **grown = mig__grow(out->aliases, 2 * out->alias_count + (size_t)i, sizeof *grown, err);
        if (grown == NULL) {
            return -1;
        }
        out->aliases = grown;
    }
    char **pair = &out->aliases[2 * out->alias_count++];
    pair[0] = mig__strdup(address);
    pair[1] = mig__strdup(target);
    return pair[0] != NULL && pair[1] != NULL ? 0 : no_memory(err);
}

/* "a@x, b@y": one line for each; what leads to itself is the mailbox, and no alias. `targets` is cut up. */
static int add_aliases(mig__intake *out, const char *address, char *targets, mig_error *err)
{
    for (char *at = targets; *at != '\0';) {
        at += strspn(at, ", \t");
        size_t width = strcspn(at, ", \t");
        const bool more = at[width] != '\0';
        at[width] = '\0';
        if (width > 0 && strcasecmp(at, address) != 0 && add_alias(out, address, at, err) != 0) {
            return -1;
        }
        at += width + (more ? 1 : 0);
    }
    return 0;
}

/* ---- lists of lines ---- */

typedef int line_fn(mig__intake *out, char *line, size_t number, mig_error *err);

static int take_name(mig__intake *out, char *line, size_t number, mig_error *err)
{
    return add_user(out, line, number, err);
}

/* Of a file of the system those below 1000 are no people; a passwd-file of Dovecot mostly has addresses. */
static int take_passwd(mig__intake *out, char *line, size_t number, mig_error *err)
{
    char *field[4] = {line, NULL, NULL, NULL};
    for (int i = 1; i < 4 && field[i - 1] != NULL; i++) {
        field[i] = strchr(field[i - 1], ':');
        if (field[i] != NULL) {
            *field[i]++ = '\0';
        }
    }
    if (field[1] == NULL) {
        return mig_error_set(err, MIG_E_PLAN, "line %zu has no colon", number);
    }
    const unsigned long uid =
        field[2] != NULL && field[2][0] >= '0' && field[2][0] <= '9' ? strtoul(field[2], NULL, 10) : FIRST_PERSON;
    if (strchr(line, '@') == NULL && (uid < FIRST_PERSON || uid == NOBODY)) {
        out->left_out++;
        return 0;
    }
    return add_user(out, line, number, err);
}

/* "ann@example.org  example.org/ann/"; "@example.org" is for everything else, and no mailbox. */
static int take_virtual(mig__intake *out, char *line, size_t number, mig_error *err)
{
    const size_t width = strcspn(line, " \t");
    if (line[width] == '\0') {
        return mig_error_set(err, MIG_E_PLAN, "line %zu has a name and nothing behind it", number);
    }
    line[width] = '\0';
    if (line[0] == '@') {
        out->left_out++;
        return 0;
    }
    return add_user(out, line, number, err);
}

static int take_virtual_alias(mig__intake *out, char *line, size_t number, mig_error *err)
{
    const size_t width = strcspn(line, " \t:");
    if (line[width] == '\0') {
        return mig_error_set(err, MIG_E_PLAN, "line %zu has a name and nothing behind it", number);
    }
    line[width] = '\0';
    return add_aliases(out, line, line + width + 1, err);
}

/* Comments and empty lines are passed over; a line that begins with a blank goes on with the one before (Postfix). */
static int take_lines(mig__intake *out, line_fn *take, char *text, mig_error *err)
{
    size_t number = 0;
    for (char *at = text; at != NULL && *at != '\0';) {
        char *newline = strchr(at, '\n');
        while (newline != NULL && (newline[1] == ' ' || newline[1] == '\t')) {
            *newline = ' ';
            number++;
            newline = strchr(newline, '\n');
        }
        if (newline != NULL) {
            *newline = '\0';
        }
        number++;
        size_t length = strlen(at);
        while (length > 0 && strchr("\r \t", at[length - 1]) != NULL) {
            at[--length] = '\0';
        }
        at += strspn(at, " \t");
        if (*at != '\0' && *at != '#' && take(out, at, number, err) != 0) {
            return -1;
        }
        at = newline != NULL ? newline + 1 : NULL;
    }
    return 0;
}

/* ---- JSON ---- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static int alias_of_object(mig__intake *out, const json_t *object, mig_error *err)
{
    const json_t *list = json_object_get(object, "forwards_to");
    const char *address = text_of(object, "address");
    if (!json_is_array(list)) {
        char *targets = mig__strdup(text_of(object, "goto"));
        const int failed = targets != NULL ? add_aliases(out, address, targets, err) : no_memory(err);
        free(targets);
        return failed;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *target = json_string_value(json_array_get(list, i));
        if (target != NULL && add_alias(out, address, target, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* mailcow: a list of mailboxes; Mail-in-a-Box: a list of domains, each with its `users` or `aliases`. */
static int take_objects(mig__intake *out, const json_t *list, bool aliases, const char *inner, const char *name,
                        mig_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *object = json_array_get(list, i);
        if (inner != NULL) {
            if (take_objects(out, json_object_get(object, inner), aliases, NULL, name, err) != 0) {
                return -1;
            }
        } else if (aliases ? alias_of_object(out, object, err) != 0
                           : add_user(out, text_of(object, name), i + 1, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int take_json(mig__intake *out, mig_plan_from from, bool aliases, const char *text, size_t length,
                     mig_error *err)
{
    json_error_t where;
    json_t *list = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    const bool box = from == MIG_FROM_MAILINABOX;
    int failed = json_is_array(list) ? take_objects(out, list, aliases,
                                                    !box      ? NULL
                                                    : aliases ? "aliases"
                                                              : "users",
                                                    box ? "email" : "username", err)
                                     : mig_error_set(err, MIG_E_PLAN, "line %d: this is no list in JSON",
                                                     list == NULL ? where.line : 1);
    json_decref(list);
    return failed;
}

/* ---- CSV ---- */

typedef struct table {
    mig__intake *out;
    mig_error *err;
    bool aliases, failed;
    size_t row, at, columns[2]; /* of the names that are wanted, SIZE_MAX: not there */
    char cells[2][512];
} table;

static void on_cell(void *octets, size_t length, void *context)
{
    static const char *const users[] = {"username", "email", "mail", NULL};
    static const char *const sources[] = {"address", NULL};
    static const char *const targets[] = {"forwarding", "goto", NULL};
    table *t = context;
    char cell[512] = "";
    if (length < sizeof cell && length > 0 && memchr(octets, '\0', length) == NULL) {
        memcpy(cell, octets, length);
    }
    for (size_t i = 0; i < 2 && t->row == 0; i++) {
        const char *const *names = i == 1 ? targets : t->aliases ? sources : users;
        for (; *names != NULL; names++) {
            if (strcasecmp(cell, *names) == 0 && t->columns[i] == SIZE_MAX) {
                t->columns[i] = t->at;
            }
        }
    }
    for (size_t i = 0; i < 2 && t->row > 0; i++) {
        if (t->columns[i] == t->at) {
            memcpy(t->cells[i], cell, sizeof cell);
        }
    }
    t->at++;
}

static void on_row(int end, void *context)
{
    table *t = context;
    (void)end;
    if (t->row == 0 && (t->columns[0] == SIZE_MAX || (t->aliases && t->columns[1] == SIZE_MAX))) {
        mig_error_set(t->err, MIG_E_PLAN, "the first line names no column \"%s\"",
                      t->aliases ? "address, and forwarding or goto" : "username");
        t->failed = true;
    } else if (t->row > 0 && !t->failed) {
        t->failed = (t->aliases ? add_aliases(t->out, t->cells[0], t->cells[1], t->err)
                                : add_user(t->out, t->cells[0], t->row + 1, t->err)) != 0;
    }
    t->cells[0][0] = t->cells[1][0] = '\0';
    t->row++;
    t->at = 0;
}

static int take_csv(mig__intake *out, bool aliases, const char *text, size_t length, mig_error *err)
{
    struct csv_parser parser;
    table t = {.out = out, .err = err, .aliases = aliases, .columns = {SIZE_MAX, SIZE_MAX}};
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        return no_memory(err);
    }
    if (csv_parse(&parser, text, length, on_cell, on_row, &t) != length ||
        csv_fini(&parser, on_cell, on_row, &t) != 0) {
        t.failed = t.failed || mig_error_set(err, MIG_E_PLAN, "line %zu: this is not CSV", t.row + 1) != 0;
    }
    csv_free(&parser);
    return t.failed ? -1 : 0;
}

/* ---- which is which ---- */

static int check_text(const char *text, size_t length, mig_error *err)
{
    return length > 0 && memchr(text, '\0', length) == NULL
               ? 0
               : mig_error_set(err, MIG_E_PLAN, length == 0 ? "the list is empty" : "the list holds a NUL");
}

int mig__intake_users(mig__intake *out, mig_plan_from from, char *text, size_t length, mig_error *err)
{
    line_fn *const takes[] = {take_name, take_name, take_passwd, take_virtual};
    if (check_text(text, length, err) != 0) {
        return -1;
    }
    const bool lines = from <= MIG_FROM_VIRTUAL || (from == MIG_FROM_MAILINABOX && text[0] != '[');
    int failed = lines ? take_lines(out, from <= MIG_FROM_VIRTUAL ? takes[from] : take_name, text, err)
                 : from == MIG_FROM_IREDMAIL ? take_csv(out, false, text, length, err)
                                             : take_json(out, from, false, text, length, err);
    return failed == 0 && out->user_count == 0 ? mig_error_set(err, MIG_E_PLAN, "the list names no user") : failed;
}

int mig__intake_aliases(mig__intake *out, mig_plan_from from, char *text, size_t length, mig_error *err)
{
    if (check_text(text, length, err) != 0) {
        return -1;
    }
    return from <= MIG_FROM_VIRTUAL    ? take_lines(out, take_virtual_alias, text, err)
           : from == MIG_FROM_IREDMAIL ? take_csv(out, true, text, length, err)
                                       : take_json(out, from, true, text, length, err);
}
