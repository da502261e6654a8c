/* domain/dmarc.c - reading DMARC records, and finding the one of a name */
#include "domain/dmarc.h"
#include "base/buffer.h"
#include "domain/tags.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool mig__dmarc_is_record(const unsigned char *text, size_t length)
{
    const char *at = (const char *)text;
    size_t used = 0;
    if (length == 0 || at[0] != 'v') {
        return false;
    }
    for (used = 1; used < length && (at[used] == ' ' || at[used] == '\t'); used++) {
    }
    if (used == length || at[used++] != '=') {
        return false;
    }
    while (used < length && (at[used] == ' ' || at[used] == '\t')) {
        used++;
    }
    if (length - used < 6 || memcmp(at + used, "DMARC1", 6) != 0) {
        return false;
    }
    for (used += 6; used < length && (at[used] == ' ' || at[used] == '\t'); used++) {
    }
    return used == length || at[used] == ';';
}

const char *mig__dmarc_policy_name(mig__dmarc_policy policy)
{
    static const char *const names[] = {"none", "quarantine", "reject"};
    return names[policy];
}

static void remark(mig__dmarc *out, const char *what, const char *value)
{
    const size_t used = strlen(out->remark);
    char inert[64];
    snprintf(out->remark + used, sizeof out->remark - used, "%s%s%s", used > 0 ? "; " : "", what,
             mig__inert(value, strlen(value), inert, sizeof inert));
}

static mig__dmarc_policy read_policy(mig__dmarc *out, const mig__tags *tags, const char *name, mig__dmarc_policy other,
                                     bool *given)
{
    const char *value = mig__tags_value(tags, name);
    *given = false;
    for (int i = MIG__DMARC_NONE; value != NULL && i <= MIG__DMARC_REJECT; i++) {
        if (strcasecmp(value, mig__dmarc_policy_name((mig__dmarc_policy)i)) == 0) {
            *given = true;
            return (mig__dmarc_policy)i;
        }
    }
    if (value != NULL) {
        remark(out, "a policy that does not exist: ", value);
    }
    return other;
}

static void read_uris(mig__dmarc *out, const char *list)
{
    while (*list != '\0' && out->rua_count < MIG__DMARC_URIS) {
        list += strspn(list, ", \t");
        size_t length = strcspn(list, ",");
        if (length == 0) {
            return;
        }
        mig__dmarc_uri *uri = &out->rua[out->rua_count];
        uri->text = strndup(list, length);
        if (uri->text == NULL) {
            return;
        }
        uri->text[strcspn(uri->text, " \t")] = '\0';
        char *limit = strrchr(uri->text, '!');
        if (limit != NULL && strspn(limit + 1, "0123456789kmgtKMGT") == strlen(limit + 1)) {
            *limit = '\0';
            remark(out, "a size limit in rua= is of the past: ", limit + 1);
        }
        const char *at = strrchr(uri->text, '@');
        if (strncasecmp(uri->text, "mailto:", 7) == 0 && at != NULL) {
            mig__dn_clean(at + 1, uri->domain);
        }
        if (uri->domain[0] == '\0' && strncasecmp(uri->text, "https:", 6) != 0) {
            remark(out, "an address that no report can go to: ", uri->text);
        }
        out->rua_count++;
        list += length;
    }
}

static bool is_strict(mig__dmarc *out, const mig__tags *tags, const char *name)
{
    const char *value = mig__tags_value(tags, name);
    if (value != NULL && strcasecmp(value, "r") != 0 && strcasecmp(value, "s") != 0) {
        remark(out, "adkim= and aspf= take r or s, not ", value);
    }
    return value != NULL && strcasecmp(value, "s") == 0;
}

void mig__dmarc_parse(const unsigned char *text, size_t length, mig__dmarc *out)
{
    static const char *const gone[] = {"pct", "rf", "ri"};
    mig__tags tags;
    bool given;
    *out = (mig__dmarc){.psd = 'u'};
    if (!mig__dmarc_is_record(text, length) || !mig__tags_parse(text, length, &tags)) {
        return;
    }
    out->valid = true;
    if (tags.malformed) {
        remark(out, "a part of it is not tag=value", "");
    }
    out->policy = read_policy(out, &tags, "p", MIG__DMARC_NONE, &out->has_policy);
    out->sub = read_policy(out, &tags, "sp", out->policy, &given);
    out->none = read_policy(out, &tags, "np", out->sub, &given);
    out->strict_dkim = is_strict(out, &tags, "adkim");
    out->strict_spf = is_strict(out, &tags, "aspf");
    const char *testing = mig__tags_value(&tags, "t"), *psd = mig__tags_value(&tags, "psd");
    out->testing = testing != NULL && strcasecmp(testing, "y") == 0;
    if (psd != NULL && strlen(psd) == 1 && strchr("ynuYNU", psd[0]) != NULL) {
        out->psd = (char)(psd[0] | 0x20);
    }
    const char *reports = mig__tags_value(&tags, "rua");
    if (reports != NULL) {
        read_uris(out, reports);
    }
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        if (mig__tags_value(&tags, gone[i]) != NULL) {
            remark(out, "a tag that RFC 9989 no longer has: ", gone[i]);
        }
    }
    mig__tags_clear(&tags);
}

void mig__dmarc_clear(mig__dmarc *record)
{
    for (size_t i = 0; i < record->rua_count; i++) {
        free(record->rua[i].text);
    }
    *record = (mig__dmarc){.psd = 'u'};
}

/* ---- the tree walk ---- */

/* The one DMARC record at a name; more than one, or none: NULL. */
static const mig__record *record_at(const char *name, const mig__asker *asker, mig__dmarc_found *out, unsigned *several,
                                    const mig__answer **answer)
{
    char question[MIG__DN_SIZE + 8];
    const mig__record *found = NULL;
    snprintf(question, sizeof question, "_dmarc.%s", name);
    *several = 0;
    *answer = mig__ask(asker, question, MIG__RR_TXT);
    if (*answer == NULL) {
        out->pending = true;
        return NULL;
    }
    out->failed = out->failed || !mig__answer_known(*answer);
    for (size_t i = 0; i < (*answer)->count; i++) {
        if (mig__dmarc_is_record((*answer)->records[i].data, (*answer)->records[i].length)) {
            found = &(*answer)->records[i];
            ++*several;
        }
    }
    return *several == 1 ? found : NULL;
}

static char psd_of(const mig__record *record)
{
    mig__dmarc parsed;
    mig__dmarc_parse(record->data, record->length, &parsed);
    const char psd = parsed.psd;
    mig__dmarc_clear(&parsed);
    return psd;
}

void mig__dmarc_find(const char *domain, const mig__asker *asker, mig__dmarc_found *out)
{
    const char *name = domain, *before = domain;
    unsigned several;
    const mig__answer *answer;
    *out = (mig__dmarc_found){.record = NULL};
    snprintf(out->organization, sizeof out->organization, "%s", domain);
    for (int question = 0; question < 8 && name != NULL; question++) {
        const mig__record *record = record_at(name, asker, out, &several, &answer);
        if (question == 0) {
            out->several = several;
            out->answer = answer;
        }
        if (record != NULL) {
            const char psd = psd_of(record);
            if (out->record == NULL) {
                out->record = record;
                out->answer = answer;
                snprintf(out->at, sizeof out->at, "%s", name);
            }
            snprintf(out->organization, sizeof out->organization, "%s", psd == 'y' ? before : name);
            if (psd != 'u') {
                return;
            }
        }
        before = name;
        name = mig__dn_parent(name);
        while (question == 0 && name != NULL && mig__dn_labels(name) > 7) {
            before = name;
            name = mig__dn_parent(name);
        }
    }
}
