/* domain/tags.c - lists of tags and values */
#include "domain/tags.h"
#include <stdlib.h>
#include <string.h>

static char *trim(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL) {
        text[--length] = '\0';
    }
    return text;
}

static void take(mig__tags *out, char *part)
{
    part = trim(part);
    char *equal = strchr(part, '=');
    if (part[0] == '\0') {
        return; /* the one behind the last semicolon */
    }
    if (equal == NULL || equal == part || out->count == MIG__TAGS_MOST) {
        out->malformed = true;
        return;
    }
    *equal = '\0';
    mig__tag *tag = &out->tags[out->count++];
    *tag = (mig__tag){trim(part), trim(equal + 1)};
    out->malformed = out->malformed || tag->name[0] == '\0';
}

bool mig__tags_parse(const unsigned char *text, size_t length, mig__tags *out)
{
    *out = (mig__tags){.text = malloc(length + 1)};
    if (out->text == NULL) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        const bool plain = (text[i] >= ' ' && text[i] <= '~') || (text[i] != '\0' && strchr("\t\r\n", text[i]) != NULL);
        out->malformed = out->malformed || !plain;
        out->text[i] = plain ? (char)text[i] : '?';
    }
    out->text[length] = '\0';
    for (char *part = out->text; part != NULL;) {
        char *end = strchr(part, ';');
        if (end != NULL) {
            *end = '\0';
        }
        take(out, part);
        part = end != NULL ? end + 1 : NULL;
    }
    return true;
}

void mig__tags_clear(mig__tags *tags)
{
    free(tags->text);
    *tags = (mig__tags){.text = NULL};
}

const char *mig__tags_value(const mig__tags *tags, const char *name)
{
    for (size_t i = 0; i < tags->count; i++) {
        if (strcmp(tags->tags[i].name, name) == 0) {
            return tags->tags[i].value;
        }
    }
    return NULL;
}

bool mig__tags_twice(const mig__tags *tags, const char *name)
{
    size_t found = 0;
    for (size_t i = 0; i < tags->count; i++) {
        found += strcmp(tags->tags[i].name, name) == 0;
    }
    return found > 1;
}
