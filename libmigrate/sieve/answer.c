/* sieve/answer.c - the framing of what a ManageSieve server says, see answer.h */
#include "sieve/answer.h"
#include <string.h>
#include <strings.h>

enum { BETWEEN, ATOM, QUOTED, SIZE, SIZE_CR, SIZE_LF, LITERAL, END_LF };

void mig__sieve_reader_init(mig__sieve_reader *reader)
{
    memset(reader, 0, sizeof *reader);
}

void mig__sieve_reader_free(mig__sieve_reader *reader)
{
    mig__buffer_wipe(&reader->answer.octets);
    mig__sieve_reader_init(reader);
}

static int invalid(const char *what, mig_error *err)
{
    mig_error_set(err, MIG_E_PROTOCOL, "the server's answer is not ManageSieve: %s", what);
    return mig_error_hint(err, "check host and port");
}

static int too_large(const char *what, mig_error *err)
{
    return mig_error_set(err, MIG_E_BOUNDS, "the server's answer is too large: %s", what);
}

static int begin_token(mig__sieve_answer *answer, mig__sieve_kind kind, mig_error *err)
{
    if (answer->count == MIG__SIEVE_TOKENS) {
        return too_large("too many words in a line", err);
    }
    answer->tokens[answer->count++] = (mig__sieve_token){kind, answer->octets.length, 0};
    return 0;
}

static mig__sieve_token *last(mig__sieve_answer *answer)
{
    return &answer->tokens[answer->count - 1];
}

static void end_token(mig__sieve_answer *answer)
{
    last(answer)->length = answer->octets.length - last(answer)->at;
    mig__buffer_add_char(&answer->octets, '\0');
}

static int add(mig__sieve_answer *answer, char c, mig_error *err)
{
    if (answer->octets.length - last(answer)->at >= MIG__SIEVE_WORD) {
        return too_large("a word is too long", err);
    }
    mig__buffer_add_char(&answer->octets, c);
    return mig__buffer_ok(&answer->octets, err);
}

static bool is_atom_char(unsigned char c)
{
    return c > 0x20 && c != 0x7f && c != '(' && c != ')' && c != '{' && c != '"' && c != '\\';
}

static int between(mig__sieve_reader *reader, char c, mig_error *err)
{
    mig__sieve_answer *answer = &reader->answer;
    switch (c) {
    case ' ':
    case '\t':
        return 0;
    case '\r':
        reader->state = END_LF;
        return 0;
    case '\n':
        reader->done = true;
        return 0;
    case '"':
        reader->state = QUOTED;
        reader->slash = false;
        return begin_token(answer, MIG__SIEVE_STRING, err);
    case '{':
        reader->state = SIZE;
        reader->left = 0;
        reader->digits = reader->plus = false;
        return begin_token(answer, MIG__SIEVE_STRING, err);
    case '(':
    case ')':
        if (begin_token(answer, c == '(' ? MIG__SIEVE_OPEN : MIG__SIEVE_CLOSE, err) != 0) {
            return -1;
        }
        end_token(answer);
        return mig__buffer_ok(&answer->octets, err);
    default:
        if (!is_atom_char((unsigned char)c)) {
            return invalid("a control character or a backslash between words", err);
        }
        reader->state = ATOM;
        return begin_token(answer, MIG__SIEVE_ATOM, err) != 0 ? -1 : add(answer, c, err);
    }
}

static int quoted(mig__sieve_reader *reader, char c, mig_error *err)
{
    if (c == '\0' || c == '\r' || c == '\n') {
        return invalid("a quoted string without its end", err);
    }
    if (!reader->slash && c == '\\') {
        reader->slash = true;
        return 0;
    }
    if (!reader->slash && c == '"') {
        end_token(&reader->answer);
        reader->state = BETWEEN;
        return mig__buffer_ok(&reader->answer.octets, err);
    }
    reader->slash = false;
    return add(&reader->answer, c, err);
}

/* "{123}" or, from servers that copy what clients may send, "{123+}". */
static int size(mig__sieve_reader *reader, char c, mig_error *err)
{
    if (c >= '0' && c <= '9' && !reader->plus) {
        reader->digits = true;
        reader->left = 10 * reader->left + (uint64_t)(c - '0');
        return reader->left > MIG__SIEVE_LITERAL ? too_large("a script of more than 4 MiB", err) : 0;
    }
    if (c == '+' && reader->digits && !reader->plus) {
        reader->plus = true;
        return 0;
    }
    if (c != '}' || !reader->digits) {
        return invalid("the size of a literal", err);
    }
    reader->literals += reader->left;
    if (reader->literals > MIG__SIEVE_LITERAL) {
        return too_large("literals of more than 4 MiB together", err);
    }
    reader->state = SIZE_CR;
    return 0;
}

static int end_size(mig__sieve_reader *reader, char c, mig_error *err)
{
    if (reader->state == SIZE_CR && c == '\r') {
        reader->state = SIZE_LF;
        return 0;
    }
    if (c != '\n') {
        return invalid("a literal does not begin on a line of its own", err);
    }
    if (reader->left == 0) {
        end_token(&reader->answer);
        reader->state = BETWEEN;
        return mig__buffer_ok(&reader->answer.octets, err);
    }
    reader->state = LITERAL;
    return 0;
}

static int take(mig__sieve_reader *reader, char c, mig_error *err)
{
    switch (reader->state) {
    case ATOM:
        if (is_atom_char((unsigned char)c)) {
            return add(&reader->answer, c, err);
        }
        end_token(&reader->answer);
        reader->state = BETWEEN;
        return mig__buffer_ok(&reader->answer.octets, err) != 0 ? -1 : between(reader, c, err);
    case QUOTED:
        return quoted(reader, c, err);
    case SIZE:
        return size(reader, c, err);
    case SIZE_CR:
    case SIZE_LF:
        return end_size(reader, c, err);
    case END_LF:
        reader->done = c == '\n';
        return reader->done ? 0 : invalid("CR without LF", err);
    default:
        return between(reader, c, err);
    }
}

static size_t take_literal(mig__sieve_reader *reader, const char *data, size_t length)
{
    size_t count = reader->left < length ? (size_t)reader->left : length;
    mig__buffer_add(&reader->answer.octets, data, count);
    reader->left -= count;
    if (reader->left == 0) {
        end_token(&reader->answer);
        reader->state = BETWEEN;
    }
    return count;
}

int mig__sieve_reader_push(mig__sieve_reader *reader, const char *data, size_t length, size_t *used, mig_error *err)
{
    *used = 0;
    if (reader->done) {
        mig__buffer_clear(&reader->answer.octets);
        reader->answer.count = 0;
        reader->literals = 0;
        reader->state = BETWEEN;
        reader->done = false;
    }
    while (*used < length && !reader->done) {
        if (reader->state == LITERAL) {
            *used += take_literal(reader, data + *used, length - *used);
            if (mig__buffer_ok(&reader->answer.octets, err) != 0) {
                return -1;
            }
        } else if (take(reader, data[(*used)++], err) != 0) {
            return -1;
        }
    }
    return reader->done;
}

bool mig__sieve_reader_at_start(const mig__sieve_reader *reader)
{
    return reader->done || (reader->state == BETWEEN && reader->answer.count == 0);
}

const char *mig__sieve_text(const mig__sieve_answer *answer, size_t token)
{
    return token < answer->count ? answer->octets.data + answer->tokens[token].at : "";
}

bool mig__sieve_is_atom(const mig__sieve_answer *answer, size_t token, const char *word)
{
    return token < answer->count && answer->tokens[token].kind == MIG__SIEVE_ATOM &&
           strcasecmp(mig__sieve_text(answer, token), word) == 0;
}

bool mig__sieve_is_string(const mig__sieve_answer *answer, size_t token)
{
    return token < answer->count && answer->tokens[token].kind == MIG__SIEVE_STRING;
}
