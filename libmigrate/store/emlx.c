/* store/emlx.c - the files of Apple Mail */
#include "store/emlx.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD = 64, LIST_MOST = 64 * 1024 };

bool mig__emlx_head(const char *head, size_t length, uint64_t size, mig__emlx *out)
{
    size_t at = 0;
    uint64_t octets = 0;
    *out = (mig__emlx){.from = 0};
    while (at < length && (head[at] == ' ' || head[at] == '\t')) {
        at++;
    }
    size_t first = at;
    for (; at < length && head[at] >= '0' && head[at] <= '9' && at - first < 18; at++) {
        octets = octets * 10 + (uint64_t)(head[at] - '0');
    }
    size_t digits = at - first;
    while (at < length && (head[at] == ' ' || head[at] == '\t' || head[at] == '\r')) {
        at++;
    }
    if (digits == 0 || at == length || head[at] != '\n') {
        return false;
    }
    out->from = at + 1;
    out->length = octets;
    return octets <= size && out->from <= size - octets;
}

/* The integer that follows a key. */
static bool integer_of(const char *text, const char *key, uint64_t *out)
{
    static const char opening[] = "<integer>";
    const char *at = strstr(text, key);
    at = at != NULL ? at + strlen(key) : NULL;
    at = at != NULL ? at + strspn(at, " \t\r\n") : NULL;
    if (at == NULL || strncmp(at, opening, sizeof opening - 1) != 0) {
        return false;
    }
    char *end;
    at += sizeof opening - 1;
    *out = strtoull(at, &end, 10);
    return end > at && *end == '<';
}

void mig__emlx_list(const char *text, size_t length, mig__emlx *out)
{
    uint64_t date;
    char *copy = strndup(text, length); /* with a NUL behind; what lies behind a NUL in it is no list */
    if (copy == NULL) {
        return; /* a message without its flags: what it says of them counts, if anything */
    }
    out->has_flags = integer_of(copy, "<key>flags</key>", &out->flags);
    out->has_date = integer_of(copy, "<key>date-received</key>", &date) && date < UINT32_MAX;
    out->date = out->has_date ? (int64_t)date : 0;
    free(copy);
}

bool mig__emlx_read(int fd, uint64_t size, mig__emlx *out)
{
    char head[HEAD];
    ssize_t got = pread(fd, head, sizeof head, 0);
    if (got <= 0 || !mig__emlx_head(head, (size_t)got, size, out)) {
        return false;
    }
    char *list = malloc(LIST_MOST);
    got = list != NULL ? pread(fd, list, LIST_MOST, (off_t)(out->from + out->length)) : 0;
    if (got > 0) {
        mig__emlx_list(list, (size_t)got, out);
    }
    free(list);
    return true;
}

void mig__emlx_flags(const mig__emlx *emlx, const char *out[MIG__EMLX_FLAGS + 1])
{
    static const struct {
        unsigned bit;
        const char *flag;
    } bits[MIG__EMLX_FLAGS] = {{0, "\\Seen"},  {1, "\\Deleted"},  {2, "\\Answered"}, {4, "\\Flagged"},
                               {6, "\\Draft"}, {8, "$Forwarded"}, {24, "$Junk"},     {25, "$NotJunk"}};
    size_t count = 0;
    for (size_t i = 0; i < MIG__EMLX_FLAGS; i++) {
        if (emlx->has_flags && (emlx->flags >> bits[i].bit & 1) != 0) {
            out[count++] = bits[i].flag;
        }
    }
    out[count] = NULL;
}
