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
    size_t line;   /* its own */
    size_t key_at, key_length;
} level;

typedef struct walk {
    mig__lines *lines;
    mig__buffer path;
    level levels[DEEPEST];
    size_t depth;
    mig_error *err;
} walk;

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
    const level *top = w->depth > 0 && w->levels[w->depth - 1].mapping ? &w->levels[w->depth - 1] : NULL;
    grown[lines->count++] = (mig__line){.path = path,
                                        .kind = kind,
                                        .line = (unsigned)event->start_mark.line + 1,
                                        .twice = twice,
                                        .key_at = top != NULL ? top->key_at : 0,
                                        .key_length = top != NULL ? top->key_length : 0,
                                        .at = event->start_mark.index,
                                        .length = event->end_mark.index - event->start_mark.index};
    return 0;
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

static void take_key(walk *w, const yaml_event_t *event)
{
    level *top = &w->levels[w->depth - 1];
    cut_path(w, top->length);
    mig__buffer_addf(&w->path, "%s%s", top->length > 0 ? "." : "", (const char *)event->data.scalar.value);
    top->has_key = true;
    top->key_at = event->start_mark.index;
    top->key_length = event->end_mark.index - event->start_mark.index;
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
    w->levels[w->depth++] =
        (level){.mapping = mapping, .length = w->path.length, .first = w->lines->count, .line = w->lines->count - 1};
    return 0;
}

static void close_level(walk *w, const yaml_event_t *event)
{
    const level *closed = &w->levels[--w->depth];
    mig__line *line = &w->lines->items[closed->line];
    line->length = event->end_mark.index - line->at;
    cut_path(w, closed->length);
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
        close_level(w, event);
        return 0;
    case YAML_ALIAS_EVENT:
        return mig_error_set(w->err, MIG_E_PLAN, "aliases (*name) have no place in a plan: write the value out");
    case YAML_SCALAR_EVENT:
        if (!at_value(w)) {
            take_key(w, event);
            return 0;
        }
        value_done(w);
        return add_line(w, MIG__YAML_SCALAR, event);
    default:
        return 0;
    }
}

int mig__lines_read(mig__lines *lines, const char *text, size_t length, unsigned *line, mig_error *err)
{
    walk w = {.lines = lines, .path = MIG__BUFFER_INIT, .err = err};
    yaml_parser_t parser;
    bool over = false;
    int failed = 0;
    *lines = (mig__lines){NULL, 0, 0};
    *line = 0;
    if (yaml_parser_initialize(&parser) == 0) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    while (failed == 0 && !over) {
        yaml_event_t event;
        if (yaml_parser_parse(&parser, &event) == 0) {
            *line = (unsigned)parser.problem_mark.line + 1;
            failed = mig_error_set(err, MIG_E_PLAN, "this is not YAML: %s",
                                   parser.problem != NULL ? parser.problem : "it cannot be read");
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

static const mig__line *find(mig__lines *lines, const char *path, bool bad)
{
    for (size_t i = 0; i < lines->count; i++) {
        size_t at = (lines->cursor + i) % lines->count;
        if (lines->items[at].bad == bad && strcmp(lines->items[at].path, path) == 0) {
            lines->cursor = at;
            return &lines->items[at];
        }
    }
    return NULL;
}

unsigned mig__lines_find(mig__lines *lines, const char *path)
{
    const mig__line *line = find(lines, path, false);
    return line != NULL ? line->line : 0;
}

bool mig__lines_bad(mig__lines *lines, const char *path)
{
    return find(lines, path, true) != NULL;
}

/* Octets of the character at `at`. libyaml counts characters (and passes over a byte order mark uncounted). */
static size_t width_at(const char *text, size_t at, size_t length)
{
    size_t width = 1;
    while (at + width < length && ((unsigned char)text[at + width] & 0xc0) == 0x80) {
        width++;
    }
    return width;
}

/* Trailing blanks and line ends of a block belong to what follows it. */
static void add_blanks_before(mig__buffer *out, const char *text, size_t from, size_t end)
{
    size_t start = end;
    while (start > from && strchr(" \r\n", text[start - 1]) != NULL) {
        start--;
    }
    mig__buffer_add(out, text + start, end - start);
}

void mig__lines_cut(const mig__lines *lines, const char *text, size_t length, mig__buffer *out)
{
    static const char unknown_key[] = "cut-out", nothing[] = " {}";
    size_t octet = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0, character = 0;
    mig__buffer_add(out, text, octet);
    for (size_t i = 0; i < lines->count; i++) {
        const mig__line *line = &lines->items[i];
        size_t at = line->key_length > 0 ? line->key_at : line->at;
        size_t most = at + (line->key_length > 0 ? line->key_length : line->length);
        if (!line->bad || at < character) { /* within what is gone already */
            continue;
        }
        for (; octet < length && character < at; character++) {
            size_t width = width_at(text, octet, length);
            mig__buffer_add(out, text + octet, width);
            octet += width;
        }
        size_t from = octet;
        for (; octet < length && character < most; character++) {
            octet += width_at(text, octet, length);
        }
        mig__buffer_add_text(out, line->key_length > 0 ? unknown_key : nothing);
        add_blanks_before(out, text, from, octet);
    }
    mig__buffer_add(out, text + octet, length - octet);
}

void mig__lines_free(mig__lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->items[i].path);
    }
    free(lines->items);
    *lines = (mig__lines){NULL, 0, 0};
}
