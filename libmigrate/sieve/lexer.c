/* sieve/lexer.c - the words of a Sieve script: names, tags, numbers, strings in both forms, comments (RFC 5228) */
#include "sieve/lexer.h"
#include <string.h>
#include <strings.h>

void mig__sieve_lexer_init(mig__sieve_lexer *lexer, const char *octets, size_t length)
{
    *lexer = (mig__sieve_lexer){.octets = octets, .length = length, .line = 1, .value = MIG__BUFFER_INIT};
    if (length >= 3 && memcmp(octets, "\xef\xbb\xbf", 3) == 0) { /* editors on Windows begin so */
        lexer->at = 3;
    }
}

void mig__sieve_lexer_free(mig__sieve_lexer *lexer)
{
    mig__buffer_free(&lexer->value);
}

static int invalid(unsigned line, const char *what, mig_error *err)
{
    return mig_error_set(err, MIG_E_PROTOCOL, "line %u: %s", line, what);
}

static int here(const mig__sieve_lexer *lexer)
{
    return lexer->at < lexer->length ? (unsigned char)lexer->octets[lexer->at] : -1;
}

static int ahead(const mig__sieve_lexer *lexer)
{
    return lexer->at + 1 < lexer->length ? (unsigned char)lexer->octets[lexer->at + 1] : -1;
}

static void step(mig__sieve_lexer *lexer)
{
    lexer->line += lexer->octets[lexer->at] == '\n';
    lexer->at++;
}

static bool is_name_start(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* Blanks and comments. */
static int skip(mig__sieve_lexer *lexer, mig_error *err)
{
    for (int c = here(lexer); c >= 0; c = here(lexer)) {
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            step(lexer);
        } else if (c == '#') {
            while (here(lexer) >= 0 && here(lexer) != '\n') {
                step(lexer);
            }
        } else if (c == '/' && ahead(lexer) == '*') {
            const unsigned line = lexer->line;
            step(lexer);
            step(lexer);
            while (here(lexer) >= 0 && !(here(lexer) == '*' && ahead(lexer) == '/')) {
                step(lexer);
            }
            if (here(lexer) < 0) {
                return invalid(line, "a comment without its end", err);
            }
            step(lexer);
            step(lexer);
        } else {
            break;
        }
    }
    return 0;
}

static void take_name(mig__sieve_lexer *lexer)
{
    for (int c = here(lexer); is_name_start(c) || is_digit(c); c = here(lexer)) {
        mig__buffer_add_char(&lexer->value, (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
        step(lexer);
    }
}

static int take_number(mig__sieve_lexer *lexer, mig_error *err)
{
    unsigned shift = 0;
    lexer->kind = MIG__SIEVE_WORD_NUMBER;
    lexer->number = 0;
    for (int c = here(lexer); is_digit(c); c = here(lexer)) {
        if (lexer->number > UINT32_MAX) {
            return invalid(lexer->word_line, "a number that is too large", err);
        }
        lexer->number = 10 * lexer->number + (uint64_t)(c - '0');
        step(lexer);
    }
    switch (here(lexer)) {
    case 'k':
    case 'K':
        shift = 10;
        break;
    case 'm':
    case 'M':
        shift = 20;
        break;
    case 'g':
    case 'G':
        shift = 30;
        break;
    default:
        break;
    }
    if (shift > 0) {
        step(lexer);
        lexer->number <<= shift;
    }
    return is_name_start(here(lexer)) ? invalid(lexer->word_line, "a number with letters behind it", err) : 0;
}

static int take_quoted(mig__sieve_lexer *lexer, mig_error *err)
{
    lexer->kind = MIG__SIEVE_WORD_STRING;
    step(lexer);
    for (int c = here(lexer); c >= 0; c = here(lexer)) {
        step(lexer);
        if (c == '"') {
            return 0;
        }
        if (c == '\\' && here(lexer) >= 0) {
            c = here(lexer);
            step(lexer);
        }
        mig__buffer_add_char(&lexer->value, (char)c);
    }
    return invalid(lexer->word_line, "a string without its closing quote", err);
}

/* "text:" and lines up to one with a dot alone; a dot in front of a line stands twice. */
static int take_lines(mig__sieve_lexer *lexer, mig_error *err)
{
    lexer->kind = MIG__SIEVE_WORD_STRING;
    mig__buffer_clear(&lexer->value);
    step(lexer); /* the colon */
    while (here(lexer) == ' ' || here(lexer) == '\t') {
        step(lexer);
    }
    if (here(lexer) == '#') {
        while (here(lexer) >= 0 && here(lexer) != '\n' && here(lexer) != '\r') {
            step(lexer);
        }
    }
    if (here(lexer) == '\r') {
        step(lexer);
    }
    if (here(lexer) != '\n') {
        return invalid(lexer->word_line, "\"text:\" has to end its line", err);
    }
    step(lexer);
    while (lexer->at < lexer->length) {
        const char *line = lexer->octets + lexer->at;
        const char *end = memchr(line, '\n', lexer->length - lexer->at);
        size_t length = end != NULL ? (size_t)(end - line) + 1 : lexer->length - lexer->at;
        size_t bare = length - (end != NULL);
        bare -= bare > 0 && line[bare - 1] == '\r';
        if (bare == 1 && line[0] == '.') {
            lexer->at += length;
            lexer->line += end != NULL;
            return 0;
        }
        const size_t stuffed = line[0] == '.' && bare > 1 && line[1] == '.';
        mig__buffer_add(&lexer->value, line + stuffed, length - stuffed);
        lexer->at += length;
        lexer->line += end != NULL;
    }
    return invalid(lexer->word_line, "a text without the line with a dot that ends it", err);
}

static int take_word(mig__sieve_lexer *lexer, mig_error *err)
{
    const int c = here(lexer);
    if (c < 0) {
        lexer->kind = MIG__SIEVE_WORD_END;
        return 0;
    }
    if (is_digit(c)) {
        return take_number(lexer, err);
    }
    if (c == '"') {
        return take_quoted(lexer, err);
    }
    if (is_name_start(c)) {
        lexer->kind = MIG__SIEVE_WORD_NAME;
        take_name(lexer);
        return here(lexer) == ':' && lexer->value.length == 4 && lexer->value.data != NULL &&
                       memcmp(lexer->value.data, "text", 4) == 0
                   ? take_lines(lexer, err)
                   : 0;
    }
    if (c == ':' && is_name_start(ahead(lexer))) {
        lexer->kind = MIG__SIEVE_WORD_TAG;
        step(lexer);
        take_name(lexer);
        return 0;
    }
    if (memchr(";,()[]{}", c, 8) != NULL) {
        lexer->kind = MIG__SIEVE_WORD_SIGN;
        lexer->sign = (char)c;
        step(lexer);
        return 0;
    }
    return invalid(lexer->line, "an octet that has no place there", err);
}

int mig__sieve_lexer_next(mig__sieve_lexer *lexer, mig_error *err)
{
    mig__buffer_clear(&lexer->value);
    if (skip(lexer, err) != 0) {
        return -1;
    }
    lexer->word_line = lexer->line;
    lexer->from = lexer->at;
    lexer->sign = '\0';
    if (take_word(lexer, err) != 0) {
        return -1;
    }
    lexer->to = lexer->at;
    return mig__buffer_ok(&lexer->value, err);
}
