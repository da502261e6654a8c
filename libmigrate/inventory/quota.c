/* inventory/quota.c - QUOTA answers (RFC 9208 section 5.1): a pure function of the text */
#include "inventory/quota.h"
#include <string.h>
#include <strings.h>

/* Behind the root's name: an atom, or a quoted string with its escapes. NULL: there is none. */
static const char *after_root(const char *text)
{
    if (*text != '"') {
        size_t length = strcspn(text, " ");
        return length > 0 || *text == ' ' ? text + length : NULL;
    }
    for (text++; *text != '"'; text++) {
        if (*text == '\\' && text[1] != '\0') {
            text++;
        }
        if (*text == '\0') {
            return NULL;
        }
    }
    return text + 1;
}

static const char *number(const char *text, uint64_t *out)
{
    const char *start = text += strspn(text, " ");
    *out = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (*out > (UINT64_MAX >> 11) / 10) { /* leaves room for the factor 1024 */
            return NULL;
        }
        *out = *out * 10 + (uint64_t)(*text - '0');
    }
    return text == start ? NULL : text;
}

static uint64_t room(uint64_t used, uint64_t limit)
{
    return limit == 0 ? UINT64_MAX : limit > used ? limit - used : 0;
}

static void take(uint64_t *used, uint64_t *limit, uint64_t new_used, uint64_t new_limit)
{
    if (*limit == 0 || room(new_used, new_limit) < room(*used, *limit)) {
        *used = new_used;
        *limit = new_limit;
    }
}

bool mig__quota_add(mig_quota *quota, const char *text)
{
    const char *at = after_root(text);
    if (at == NULL || *(at += strspn(at, " ")) != '(') {
        return false;
    }
    for (at++; *(at += strspn(at, " ")) != ')';) {
        uint64_t used, limit;
        const char *name = at;
        size_t length = strcspn(at, " ()");
        if (length == 0 || (at = number(at + length, &used)) == NULL || (at = number(at, &limit)) == NULL) {
            return false;
        }
        quota->known = true;
        if (length == 7 && strncasecmp(name, "STORAGE", 7) == 0) {
            take(&quota->used, &quota->limit, used * 1024, limit * 1024);
        } else if (length == 7 && strncasecmp(name, "MESSAGE", 7) == 0) {
            take(&quota->messages_used, &quota->messages_limit, used, limit);
        }
    }
    return true;
}
