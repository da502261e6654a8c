/* domain/sts.c - MTA-STS and TLS-RPT */
#include "domain/sts.h"
#include "base/buffer.h"
#include "domain/tags.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool begins(const unsigned char *text, size_t length, const char *version)
{
    const size_t size = strlen(version);
    return length >= size && memcmp(text, version, size) == 0 && (length == size || strchr("; \t", text[size]) != NULL);
}

bool mig__sts_is_record(const unsigned char *text, size_t length)
{
    return begins(text, length, "v=STSv1");
}

bool mig__tlsrpt_is_record(const unsigned char *text, size_t length)
{
    return begins(text, length, "v=TLSRPTv1");
}

bool mig__sts_record_id(const unsigned char *text, size_t length, char id[33])
{
    mig__tags tags;
    id[0] = '\0';
    if (!mig__sts_is_record(text, length) || !mig__tags_parse(text, length, &tags)) {
        return false;
    }
    const char *value = mig__tags_value(&tags, "id");
    bool good = value != NULL && value[0] != '\0' && strlen(value) <= 32 && !mig__tags_twice(&tags, "id");
    for (size_t i = 0; good && value[i] != '\0'; i++) {
        good = isalnum((unsigned char)value[i]) != 0;
    }
    if (good) {
        snprintf(id, 33, "%s", value);
    }
    mig__tags_clear(&tags);
    return good;
}

void mig__tlsrpt_rua(const unsigned char *text, size_t length, char *out, size_t size)
{
    mig__tags tags;
    out[0] = '\0';
    if (!mig__tlsrpt_is_record(text, length) || !mig__tags_parse(text, length, &tags)) {
        return;
    }
    const char *value = mig__tags_value(&tags, "rua");
    if (value != NULL && (strncasecmp(value, "mailto:", 7) == 0 || strncasecmp(value, "https:", 6) == 0)) {
        mig__inert(value, strlen(value), out, size);
    }
    mig__tags_clear(&tags);
}

/* ---- the policy file ---- */

static void refuse(mig__sts_policy *out, const char *what, const char *value)
{
    char inert[80];
    if (out->problem[0] == '\0') {
        snprintf(out->problem, sizeof out->problem, "%s%s", what,
                 mig__inert(value, strlen(value), inert, sizeof inert));
    }
}

static void take_mx(mig__sts_policy *out, const char *value)
{
    const char *host = strncmp(value, "*.", 2) == 0 ? value + 2 : value;
    char clean[MIG__DN_SIZE];
    if (!mig__dn_is_host(host) || !mig__dn_clean(value, clean)) {
        refuse(out, "an mx line does not name a host: ", value);
    } else if (out->count == MIG__STS_MOST_MX) {
        refuse(out, "there are too many mx lines", "");
    } else {
        snprintf(out->mx[out->count++], MIG__DN_SIZE, "%s", clean);
    }
}

/* `seen`: bits of version, mode, max_age; the first of each counts. */
static void take_field(mig__sts_policy *out, const char *name, const char *value, unsigned *seen)
{
    static const struct {
        const char *name;
        mig__sts_mode mode;
    } modes[] = {{"enforce", MIG__STS_ENFORCE}, {"testing", MIG__STS_TESTING}, {"none", MIG__STS_MODE_NONE}};
    if (strcmp(name, "version") == 0 && (*seen & 1u) == 0) {
        *seen |= 1u;
        if (strcmp(value, "STSv1") != 0) {
            refuse(out, "version is not STSv1: ", value);
        }
    } else if (strcmp(name, "mode") == 0 && (*seen & 2u) == 0) {
        *seen |= 2u;
        for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
            out->mode = strcmp(value, modes[i].name) == 0 ? modes[i].mode : out->mode;
        }
        if (out->mode == MIG__STS_NO_MODE) {
            refuse(out, "mode is none of enforce, testing, none: ", value);
        }
    } else if (strcmp(name, "max_age") == 0 && (*seen & 4u) == 0) {
        *seen |= 4u;
        if (value[0] == '\0' || strlen(value) > 10 || strspn(value, "0123456789") != strlen(value)) {
            refuse(out, "max_age is not a number of seconds: ", value);
        } else if ((out->max_age = strtoul(value, NULL, 10)) > 31557600) {
            refuse(out, "max_age is more than a year: ", value);
        }
    } else if (strcmp(name, "mx") == 0) {
        take_mx(out, value);
    }
}

void mig__sts_policy_parse(const char *text, size_t length, mig__sts_policy *out)
{
    unsigned seen = 0;
    char line[512];
    *out = (mig__sts_policy){.mode = MIG__STS_NO_MODE};
    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t size = end != NULL ? (size_t)(end - text) - at : length - at;
        mig__inert(text + at, size > 0 && text[at + size - 1] == '\r' ? size - 1 : size, line, sizeof line);
        at += size + 1;
        char *colon = strchr(line, ':');
        if (colon == NULL) {
            if (line[strspn(line, " \t")] != '\0') {
                refuse(out, "a line without a colon: ", line);
            }
            continue;
        }
        *colon = '\0';
        char *value = colon + 1 + strspn(colon + 1, " \t");
        size_t tail = strlen(value);
        while (tail > 0 && (value[tail - 1] == ' ' || value[tail - 1] == '\t')) {
            value[--tail] = '\0';
        }
        line[strcspn(line, " \t")] = '\0';
        take_field(out, line, value, &seen);
    }
    if (seen != 7u) {
        refuse(out,
               (seen & 1u) == 0   ? "version is missing"
               : (seen & 2u) == 0 ? "mode is missing"
                                  : "max_age is missing",
               "");
    } else if (out->count == 0 && out->mode != MIG__STS_MODE_NONE) {
        refuse(out, "there is no mx line", "");
    }
}

bool mig__sts_policy_allows(const mig__sts_policy *policy, const char *host)
{
    for (size_t i = 0; i < policy->count; i++) {
        if (mig__dn_matches(policy->mx[i], host)) {
            return true;
        }
    }
    return false;
}
