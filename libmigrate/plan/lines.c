/* plan/lines.c - walk a YAML file, event by event */
#include "plan/lines.h"
#include "base/buffer.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DEEPEST = 8 };

typedef struct level {
    bool mapping;
    bool has_key;  /* a key was read, its value is next */
    size_t length; /* of the path up to here */
    size_t index;  /* in a list */
    size_t first;  /* of the lines within it */
} level;

typedef struct walk {
    mig__lines *lines;
    mig__buffer path;
    level levels[DEEPEST];
    size_t depth;
    mig_error *err;
} walk;

static int keep_value(walk *w, mig__line *line, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    if (strlen(value) != event->data.scalar.length) {
        return mig_error_set(w->err, MIG_E_PLAN, "a value holds a NUL");
    }
    line->value = mig__strdup(value);
    return line->value != NULL ? 0 : mig_error_set(w->err, MIG_E_NOMEM, "out of memory");
}

static int add_line(walk *w, mig__yaml_kind kind, const yaml_event_t *event)
{
    mig__lines *lines = w->lines;
    mig__line *grown = mig__grow(lines->items, lines->count, sizeof *grown, NULL);
    char *path = mig__strdup(w->path.data != NULL ? w->path.data : "");
    if (grown == NULL || path == NULL || w->path.failed) {
        lines->items = grown != NULL ? grown : lines->items;
        free(path);
        return mig_error_set(w->err, MIG_E_NOMEM, "out of memory");
    }
    lines->items = grown;
    bool twice = false;
    for (size_t i = w->depth > 0 ? w->levels[w->depth - 1].first : 0; i < lines->count && !twice; i++) {
        twice = strcmp(grown[i].path, path) == 0;
    }
    grown[lines->count] = (mig__line){.path = path,
                                      .kind = kind,
                                      .line = (unsigned)event->start_mark.line + 1,
                                      .in_list = w->depth > 0 && !w->levels[w->depth - 1].mapping,
                                      .twice = twice};
    lines->count++;
    return kind == MIG__YAML_SCALAR ? keep_value(w, &grown[lines->count - 1], event) : 0;
}

static void cut_path(walk *w, size_t length)
{
    w->path.length = length;
    if (w->path.data != NULL) {
        w->path.data[length] = '\0';
    }
}

/* The path of the value that comes now; false: it is a key. */
static bool at_value(walk *w)
{
    if (w->depth == 0) {
        return true;
    }
    level *top = &w->levels[w->depth - 1];
    if (top->mapping) {
        return top->has_key;
    }
    cut_path(w, top->length);
    mig__buffer_addf(&w->path, "%s%zu", top->length > 0 ? "." : "", top->index++);
    return true;
}

/* A key with a dot would look like two, one in the other; no key of a plan has any. */
static int take_key(walk *w, const yaml_event_t *event)
{
    level *top = &w->levels[w->depth - 1];
    const char *key = (const char *)event->data.scalar.value;
    if (strchr(key, '.') != NULL) {
        return mig_error_set(w->err, MIG_E_PLAN, "there is no key \"%s\": keys hold no dot", key);
    }
    cut_path(w, top->length);
    mig__buffer_addf(&w->path, "%s%s", top->length > 0 ? "." : "", key);
    top->has_key = true;
    return 0;
}

static void value_done(walk *w)
{
    if (w->depth > 0) {
        w->levels[w->depth - 1].has_key = false;
    }
}

static int open_level(walk *w, bool mapping, const yaml_event_t *event)
{
    if (w->depth == DEEPEST) {
        return mig_error_set(w->err, MIG_E_PLAN, "nested too deeply");
    }
    if (!at_value(w)) {
        return mig_error_set(w->err, MIG_E_PLAN, "a key must be a word");
    }
    if (add_line(w, mapping ? MIG__YAML_MAPPING : MIG__YAML_LIST, event) != 0) {
        return -1;
    }
    w->levels[w->depth++] = (level){.mapping = mapping, .length = w->path.length, .first = w->lines->count};
    return 0;
}

static void close_level(walk *w)
{
    cut_path(w, w->levels[--w->depth].length);
    value_done(w);
}

static int take_event(walk *w, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        return open_level(w, event->type == YAML_MAPPING_START_EVENT, event);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        close_level(w);
        return 0;
    case YAML_ALIAS_EVENT:
        return mig_error_set(w->err, MIG_E_PLAN, "aliases (*name) have no place in a plan: write the value out");
    case YAML_SCALAR_EVENT:
        if (!at_value(w)) {
            return take_key(w, event);
        }
        value_done(w);
        return add_line(w, MIG__YAML_SCALAR, event);
    default:
        return 0;
    }
}

/* libyaml speaks of tokens; most often it is a tab in front of a key. */
static const char *reason_of(const yaml_parser_t *parser, const char *text, size_t length)
{
    size_t at = parser->problem_mark.index;
    if (at < length && text[at] == '\t') {
        return "there is a tab; indent with spaces";
    }
    return parser->problem != NULL ? parser->problem : "it cannot be read";
}

int mig__lines_read(mig__lines *lines, const char *text, size_t length, unsigned *line, mig_error *err)
{
    walk w = {.lines = lines, .path = MIG__BUFFER_INIT, .err = err};
    yaml_parser_t parser;
    bool over = false;
    int failed = 0;
    *lines = (mig__lines){NULL, 0};
    *line = 0;
    if (yaml_parser_initialize(&parser) == 0) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    while (failed == 0 && !over) {
        yaml_event_t event;
        if (yaml_parser_parse(&parser, &event) == 0) {
            *line = (unsigned)parser.problem_mark.line + 1;
            failed = mig_error_set(err, MIG_E_PLAN, "this is not YAML: %s", reason_of(&parser, text, length));
            break;
        }
        over = event.type == YAML_STREAM_END_EVENT;
        *line = (unsigned)event.start_mark.line + 1;
        failed = take_event(&w, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    mig__buffer_free(&w.path);
    return failed;
}

void mig__lines_free(mig__lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->items[i].path);
        free(lines->items[i].value);
    }
    free(lines->items);
    *lines = (mig__lines){NULL, 0};
}
