/* mail/header.c - the fields of a header that name a message in reports */
#include "mail/header.h"
#include <string.h>
#include <strings.h>

enum { VALUE_SIZE = 2048 }; /* octets of a field that are looked at */

static size_t line_length(const char *octets, size_t length)
{
    const char *end = memchr(octets, '\n', length);
    return end == NULL ? length : (size_t)(end - octets) + 1;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The length of the field at `octets` with its continuation lines; 0 at the empty line that ends the header. */
static size_t field_length(const char *octets, size_t length)
{
    size_t used = line_length(octets, length);
    if (used == 0 || octets[0] == '\n' || (octets[0] == '\r' && used == 2)) {
        return 0;
    }
    while (used < length && (octets[used] == ' ' || octets[used] == '\t')) {
        used += line_length(octets + used, length - used);
    }
    return used;
}

/* Line ends go (RFC 5322 section 2.2.3), outer blanks as well. NUL would end the text: it goes too. */
static void unfold(const char *value, size_t length, char out[VALUE_SIZE])
{
    size_t used = 0;
    while (length > 0 && blank(*value)) {
        value++;
        length--;
    }
    while (length > 0 && blank(value[length - 1])) {
        length--;
    }
    for (size_t i = 0; i < length && used < VALUE_SIZE - 1; i++) {
        if (value[i] != '\r' && value[i] != '\n' && value[i] != '\0') {
            out[used++] = value[i] == '\t' ? ' ' : value[i];
        }
    }
    out[used] = '\0';
}

static int take(const char *value, size_t length, char out[MIG__SUMMARY_SIZE], mig_error *err)
{
    char text[VALUE_SIZE];
    mig__buffer words = MIG__BUFFER_INIT;
    unfold(value, length, text);
    mig__decode_words(text, &words);
    int failed = mig__buffer_ok(&words, err);
    if (failed == 0) {
        mig__inert(words.data != NULL ? words.data : "", words.length, out, MIG__SUMMARY_SIZE);
    }
    mig__buffer_free(&words);
    return failed;
}

int mig__summarize(const char *octets, size_t length, mig__summary *out, mig_error *err)
{
    static const struct {
        const char *name;
        size_t length;
    } fields[] = {{"message-id:", 11}, {"subject:", 8}};
    char *const values[] = {out->message_id, out->subject};
    bool seen[] = {false, false};
    out->message_id[0] = out->subject[0] = '\0';
    while (length > 0 && !(seen[0] && seen[1])) {
        size_t used = field_length(octets, length);
        if (used == 0) {
            break;
        }
        for (size_t i = 0; i < 2; i++) {
            if (!seen[i] && used >= fields[i].length && strncasecmp(octets, fields[i].name, fields[i].length) == 0) {
                seen[i] = true;
                if (take(octets + fields[i].length, used - fields[i].length, values[i], err) != 0) {
                    return -1;
                }
            }
        }
        octets += used;
        length -= used;
    }
    return 0;
}
