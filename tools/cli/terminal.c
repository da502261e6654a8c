/* cli/terminal.c - standard error, shared by messages and progress (a line or several) that is rewritten in place */
#include "cli/terminal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool cli_terminal_capable(FILE *file)
{
    const char *kind = getenv("TERM");
    return isatty(fileno(file)) && kind && kind[0] != '\0' && strcmp(kind, "dumb") != 0;
}

void cli_terminal_init(cli_terminal *terminal, FILE *file)
{
    terminal->file = file;
    terminal->line_shown = false;
    terminal->rows_above = 0;
    pthread_mutex_init(&terminal->lock, NULL);
}

void cli_terminal_destroy(cli_terminal *terminal)
{
    cli_terminal_line(terminal, "");
    pthread_mutex_destroy(&terminal->lock);
}

size_t cli_terminal_width(const cli_terminal *terminal)
{
    struct winsize size;
    if (ioctl(fileno(terminal->file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return 80;
}

size_t cli_terminal_height(const cli_terminal *terminal)
{
    struct winsize size;
    if (ioctl(fileno(terminal->file), TIOCGWINSZ, &size) == 0 && size.ws_row > 0) {
        return size.ws_row;
    }
    return 24;
}

/* Back to the first column and erase to the end of the line, or of the screen (ECMA-48: CR, CUU, EL, ED). */
static void take_away(cli_terminal *terminal)
{
    if (terminal->line_shown && terminal->rows_above > 0) {
        fprintf(terminal->file, "\r\x1b[%zuA\x1b[J", terminal->rows_above);
    } else if (terminal->line_shown) {
        fputs("\r\x1b[K", terminal->file);
    }
    terminal->line_shown = false;
    terminal->rows_above = 0;
}

void cli_terminal_line(cli_terminal *terminal, const char *text)
{
    pthread_mutex_lock(&terminal->lock);
    take_away(terminal);
    if (text[0] != '\0') {
        fputs(text, terminal->file);
        terminal->line_shown = true;
        for (; (text = strchr(text, '\n')); text++) {
            terminal->rows_above++;
        }
    }
    fflush(terminal->file);
    pthread_mutex_unlock(&terminal->lock);
}

void cli_terminal_message(cli_terminal *terminal, const char *text)
{
    pthread_mutex_lock(&terminal->lock);
    take_away(terminal);
    fprintf(terminal->file, "%s\n", text);
    fflush(terminal->file);
    pthread_mutex_unlock(&terminal->lock);
}

typedef struct range {
    uint32_t first, last;
} range;

static bool within(uint32_t code, const range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/*
 * Columns of a character. wcwidth() would need the user's locale to be a UTF-8 one; mailbox names are UTF-8 in any
 * locale, and these blocks (combining marks; East Asian wide and fullwidth, emoji) are those that occur in them.
 */
static size_t columns_of(uint32_t code)
{
    static const range none[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x064b, 0x065f},
                                 {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
                                 {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
    static const range two[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
                                {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
                                {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    if (within(code, none, sizeof none / sizeof none[0])) {
        return 0;
    }
    return within(code, two, sizeof two / sizeof two[0]) ? 2 : 1;
}

/* One character of well-formed UTF-8 (mig_format_text leaves nothing else); returns its octets. */
static size_t next_character(const char *text, uint32_t *code)
{
    const unsigned char *octets = (const unsigned char *)text;
    const size_t length = octets[0] < 0x80 ? 1 : octets[0] < 0xe0 ? 2 : octets[0] < 0xf0 ? 3 : 4;
    *code = length == 1 ? octets[0] : octets[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if (octets[i] == '\0') {
            return i;
        }
        *code = *code << 6 | (octets[i] & 0x3fu);
    }
    return length;
}

size_t cli_text_width(const char *text)
{
    size_t width = 0;
    while (*text != '\0') {
        uint32_t code = 0;
        text += next_character(text, &code);
        width += columns_of(code);
    }
    return width;
}

char *cli_text_fit(const char *text, size_t columns, char *out, size_t size)
{
    static const char ellipsis[] = "\xe2\x80\xa6"; /* U+2026, one column */
    const bool whole = cli_text_width(text) <= columns && strlen(text) < size;
    size_t used = 0, width = 0;
    while (*text != '\0') {
        uint32_t code = 0;
        const size_t octets = next_character(text, &code);
        if (!whole && (width + columns_of(code) + 1 > columns || used + octets + sizeof ellipsis > size)) {
            break;
        }
        memcpy(out + used, text, octets);
        used += octets;
        width += columns_of(code);
        text += octets;
    }
    out[used] = '\0';
    if (!whole && columns > 0 && used + sizeof ellipsis <= size) {
        memcpy(out + used, ellipsis, sizeof ellipsis);
    }
    return out;
}
