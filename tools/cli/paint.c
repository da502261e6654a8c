/*
 * cli/paint.c - a summary on a terminal: the verdict and the next step stand out, what needs attention is coloured
 *
 * A line is told by how it begins. Its text is inert (it holds no escapes), and every line that is painted is ended
 * with the plain state, so that nothing of foreign origin can go on with a colour.
 */
#include "cli/paint.h"
#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>

#define BOLD   "\x1b[1m" /* ECMA-48, SGR */
#define RED    "\x1b[31m"
#define YELLOW "\x1b[33m"
#define PLAIN  "\x1b[0m"

bool cli_paint_wanted(FILE *file)
{
    const char *no_color = getenv("NO_COLOR");
    return (no_color == NULL || no_color[0] == '\0') && cli_terminal_capable(file);
}

static int send(cli_paint *paint, const char *text, size_t length)
{
    return length > 0 ? paint->sink(text, length, paint->context) : 0;
}

/* "" for a line that is shown as it is. */
static const char *colour_of(const cli_paint *paint)
{
    size_t indent = 0;
    while (indent < paint->held && paint->head[indent] == ' ') {
        indent++;
    }
    const bool marked = indent > 0 && indent + 1 < paint->held && paint->head[indent + 1] == ' ';
    const char mark = marked ? paint->head[indent] : ' ';
    if (mark == '!' || mark == '?') {
        return mark == '!' ? RED : YELLOW;
    }
    if (!paint->later || (paint->held == CLI_PAINT_HEAD && memcmp(paint->head, "Next: ", CLI_PAINT_HEAD) == 0)) {
        return BOLD;
    }
    return "";
}

/* The line's beginning is known, or the line is shorter: it is shown, and what is held goes out. */
static int decide(cli_paint *paint)
{
    const char *colour = paint->held > 0 ? colour_of(paint) : "";
    paint->decided = true;
    paint->painted = colour[0] != '\0';
    if (send(paint, colour, strlen(colour)) != 0 || send(paint, paint->head, paint->held) != 0) {
        return -1;
    }
    paint->held = 0;
    return 0;
}

static int end_line(cli_paint *paint)
{
    if (!paint->decided && decide(paint) != 0) {
        return -1;
    }
    const bool painted = paint->painted;
    paint->decided = paint->painted = false;
    paint->later = true;
    return painted ? send(paint, PLAIN, strlen(PLAIN)) : 0;
}

int cli_paint_sink(const char *text, size_t length, void *context)
{
    cli_paint *paint = context;
    while (length > 0) {
        if (*text == '\n') {
            if (end_line(paint) != 0 || send(paint, text, 1) != 0) {
                return -1;
            }
            text++, length--;
        } else if (!paint->decided) {
            paint->head[paint->held++] = *text++;
            length--;
            if (paint->held == CLI_PAINT_HEAD && decide(paint) != 0) {
                return -1;
            }
        } else {
            const char *newline = memchr(text, '\n', length);
            const size_t rest = newline != NULL ? (size_t)(newline - text) : length;
            if (send(paint, text, rest) != 0) {
                return -1;
            }
            text += rest;
            length -= rest;
        }
    }
    return 0;
}

int cli_paint_end(cli_paint *paint)
{
    return paint->held > 0 || paint->painted ? end_line(paint) : 0;
}
