/* domain/spf_parse.c - the syntax of an SPF record (RFC 7208 sections 4.5, 4.6.1, 5, 6, 12) */
#include "base/buffer.h"
#include "domain/spf.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool mig__spf_is_record(const unsigned char *text, size_t length)
{
    return length >= 6 && strncasecmp((const char *)text, "v=spf1", 6) == 0 && (length == 6 || text[6] == ' ');
}

int mig__spf_select(const mig__answer *answer, const mig__record **record)
{
    int found = 0;
    for (size_t i = 0; i < answer->count; i++) {
        const mig__record *each = &answer->records[i];
        if (each->type == MIG__RR_TXT && mig__spf_is_record(each->data, each->length)) {
            *record = each;
            found++;
        }
    }
    return found > 1 ? 2 : found;
}

static bool refuse(mig__spf_record *record, const char *what, const char *term)
{
    char inert[96];
    if (record->problem[0] == '\0') {
        snprintf(record->problem, sizeof record->problem, "%s: %s", what,
                 mig__inert(term, strlen(term), inert, sizeof inert));
    }
    return false;
}

/* "/24" at `text`: its number, without leading zeros; false for anything else. */
static bool read_length(const char *text, int most, int *out)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 3 || text[digits] != '\0' || (digits > 1 && text[0] == '0')) {
        return false;
    }
    *out = (int)strtol(text, NULL, 10);
    return *out <= most;
}

/*
 * Take a dual-cidr-length off the end of `text`. False: there is one that is wrong. What looks like none is left for
 * the domain-spec, in which a slash may stand.
 */
static bool take_cidr(char *text, mig__spf_term *term)
{
    char *slash = strrchr(text, '/');
    if (slash != NULL && slash > text && slash[-1] == '/' && strspn(slash + 1, "0123456789") == strlen(slash + 1)) {
        if (!read_length(slash + 1, 128, &term->cidr6)) {
            return false;
        }
        slash[-1] = '\0';
        slash = strrchr(text, '/');
    }
    if (slash != NULL && slash[1] != '\0' && strspn(slash + 1, "0123456789") == strlen(slash + 1)) {
        if (!read_length(slash + 1, 32, &term->cidr4)) {
            return false;
        }
        slash[0] = '\0';
    }
    return true;
}

static bool read_network(char *text, mig__spf_term *term)
{
    const bool six = term->kind == MIG__SPF_IP6;
    int *length = six ? &term->cidr6 : &term->cidr4;
    char *slash = strchr(text, '/');
    if (slash != NULL) {
        if (!read_length(slash + 1, six ? 128 : 32, length)) {
            return false;
        }
        *slash = '\0';
    }
    return inet_pton(six ? AF_INET6 : AF_INET, text, term->address) == 1;
}

static const struct {
    const char *name;
    mig__spf_kind kind;
    enum { NOTHING, MAYBE_DOMAIN, DOMAIN, NETWORK } takes;
    bool cidr;
} mechanisms[] = {{"all", MIG__SPF_ALL, NOTHING, false},      {"include", MIG__SPF_INCLUDE, DOMAIN, false},
                  {"a", MIG__SPF_A, MAYBE_DOMAIN, true},      {"mx", MIG__SPF_MX, MAYBE_DOMAIN, true},
                  {"ptr", MIG__SPF_PTR, MAYBE_DOMAIN, false}, {"ip4", MIG__SPF_IP4, NETWORK, false},
                  {"ip6", MIG__SPF_IP6, NETWORK, false},      {"exists", MIG__SPF_EXISTS, DOMAIN, false}};

/* Read what follows the name of the mechanism: "", ":domain", "/24". `rest` is changed. */
static bool read_arguments(mig__spf_record *record, size_t which, char *rest, mig__spf_term *term)
{
    if (mechanisms[which].cidr && !take_cidr(rest, term)) {
        return refuse(record, "a prefix length is wrong", term->text);
    }
    if (mechanisms[which].takes == NETWORK) {
        return (rest[0] == ':' && read_network(rest + 1, term)) || refuse(record, "an address is wrong", term->text);
    }
    if (rest[0] == '\0') {
        return mechanisms[which].takes != DOMAIN || refuse(record, "a domain is missing", term->text);
    }
    if (rest[0] != ':' || mechanisms[which].takes == NOTHING) {
        return refuse(record, "there is something behind the mechanism that does not belong there", term->text);
    }
    if (!mig__spf_domain_valid(rest + 1)) {
        return refuse(record, "the domain is not one", term->text);
    }
    term->domain = mig__strdup(rest + 1);
    return term->domain != NULL || refuse(record, "out of memory", "");
}

static bool read_mechanism(mig__spf_record *record, char *text)
{
    mig__spf_term *more = realloc(record->terms, (record->count + 1) * sizeof *more);
    if (more == NULL) {
        return refuse(record, "out of memory", "");
    }
    record->terms = more;
    mig__spf_term *term = &more[record->count++];
    *term = (mig__spf_term){.qualifier = '+', .cidr4 = 32, .cidr6 = 128, .text = mig__strdup(text)};
    if (term->text == NULL) {
        return refuse(record, "out of memory", "");
    }
    if (text[0] != '\0' && strchr("+-~?", text[0]) != NULL) {
        term->qualifier = *text++;
    }
    size_t length = strcspn(text, ":/");
    for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
        if (strlen(mechanisms[i].name) == length && strncasecmp(text, mechanisms[i].name, length) == 0) {
            term->kind = mechanisms[i].kind;
            return read_arguments(record, i, text + length, term);
        }
    }
    return refuse(record, "there is no such mechanism", term->text);
}

/* "name=value" with a name of the grammar; the length of the name, or 0. */
static size_t modifier_name(const char *text)
{
    size_t length = 0;
    if (!isalpha((unsigned char)text[0])) {
        return 0;
    }
    while (isalnum((unsigned char)text[length]) || (text[length] != '\0' && strchr("-_.", text[length]) != NULL)) {
        length++;
    }
    return text[length] == '=' ? length : 0;
}

static bool read_modifier(mig__spf_record *record, const char *text, size_t name)
{
    const char *value = text + name + 1;
    char **place = NULL;
    if (name == 8 && strncasecmp(text, "redirect", 8) == 0) {
        place = &record->redirect;
    } else if (name == 3 && strncasecmp(text, "exp", 3) == 0) {
        place = &record->exp;
    }
    if (place == NULL) {
        return mig__spf_macros_valid(value, true) || refuse(record, "a macro is wrong", text);
    }
    if (*place != NULL) {
        return refuse(record, "a modifier stands there twice", text);
    }
    if (!mig__spf_domain_valid(value)) {
        return refuse(record, "the domain is not one", text);
    }
    *place = mig__strdup(value);
    return *place != NULL || refuse(record, "out of memory", "");
}

bool mig__spf_parse(const unsigned char *text, size_t length, mig__spf_record *record)
{
    *record = (mig__spf_record){.count = 0};
    for (size_t i = 0; i < length; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e) {
            return refuse(record, "there is an octet that is no printable ASCII", (const char *)text);
        }
    }
    if (!mig__spf_is_record(text, length)) {
        return refuse(record, "it does not begin with v=spf1", (const char *)text);
    }
    char *copy = strndup((const char *)text + 6, length - 6), *next = NULL;
    bool good = copy != NULL || refuse(record, "out of memory", "");
    for (char *term = copy != NULL ? strtok_r(copy, " ", &next) : NULL; term != NULL && good;
         term = strtok_r(NULL, " ", &next)) {
        size_t name = modifier_name(term);
        good = name > 0 ? read_modifier(record, term, name) : read_mechanism(record, term);
    }
    free(copy);
    return good;
}

void mig__spf_record_clear(mig__spf_record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        free(record->terms[i].domain);
        free(record->terms[i].text);
    }
    free(record->terms);
    free(record->redirect);
    free(record->exp);
    *record = (mig__spf_record){.count = 0};
}
