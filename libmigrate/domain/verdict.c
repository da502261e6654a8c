/* domain/verdict.c - a list of verdicts that grows */
#include "domain/verdict.h"
#include "base/buffer.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *mig_domain_phase_name(mig_domain_phase phase)
{
    static const char *const names[] = {"before", "now", "after"};
    return names[phase];
}

const char *mig_verdict_name(mig_verdict verdict)
{
    static const char *const names[] = {"pass", "unknown", "warn", "fail"};
    return names[verdict];
}

/* Format into the string at `place`, behind what stands there and a line end. Line ends in the new part are made inert.
 */
static void MIG_PRINTF(3, 0) add(mig__verdicts *list, char **place, const char *format, va_list arguments)
{
    mig__buffer raw = MIG__BUFFER_INIT, out = MIG__BUFFER_INIT;
    mig__buffer_addv(&raw, format, arguments);
    if (*place != NULL && (*place)[0] != '\0') {
        mig__buffer_addf(&out, "%s\n", *place);
    }
    if (!raw.failed && raw.data != NULL && mig__buffer_reserve(&out, raw.length + 1)) {
        mig__inert(raw.data, raw.length, out.data + out.length, raw.length + 1);
        out.length += strlen(out.data + out.length);
    }
    char *text = raw.failed || out.failed ? NULL : mig__buffer_steal(&out);
    if (text == NULL) {
        list->failed = true;
        mig__buffer_free(&out);
    } else {
        free(*place);
        *place = text;
    }
    mig__buffer_free(&raw);
}

static void MIG_PRINTF(3, 4) addf(mig__verdicts *list, char **place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(list, place, format, arguments);
    va_end(arguments);
}

static mig_domain_check *last(mig__verdicts *list)
{
    return list->failed || list->count == 0 ? NULL : &list->checks[list->count - 1];
}

void mig__verdict(mig__verdicts *list, const char *check, const char *subject, mig_verdict verdict, const char *format,
                  ...)
{
    mig_domain_check *more = realloc(list->checks, (list->count + 1) * sizeof *more);
    if (more == NULL) {
        list->failed = true;
        return;
    }
    list->checks = more;
    more += list->count++;
    *more = (mig_domain_check){.verdict = verdict};
    addf(list, &more->check, "%s", check);
    addf(list, &more->subject, "%s", subject);
    addf(list, &more->record, "%s", "");
    addf(list, &more->server, "%s", "");
    addf(list, &more->rule, "%s", "");
    addf(list, &more->advice, "%s", "");
    addf(list, &more->publish, "%s", "");
    va_list arguments;
    va_start(arguments, format);
    add(list, &more->text, format, arguments);
    va_end(arguments);
}

void mig__verdict_rule(mig__verdicts *list, const char *rule)
{
    mig_domain_check *check = last(list);
    if (check != NULL) {
        addf(list, &check->rule, "%s", rule);
    }
}

void mig__verdict_server(mig__verdicts *list, const char *server)
{
    mig_domain_check *check = last(list);
    if (check != NULL && check->server[0] == '\0') {
        addf(list, &check->server, "%s", server);
    }
}

void mig__verdict_advise(mig__verdicts *list, const char *format, ...)
{
    mig_domain_check *check = last(list);
    va_list arguments;
    va_start(arguments, format);
    if (check != NULL) {
        add(list, &check->advice, format, arguments);
    }
    va_end(arguments);
}

void mig__verdict_publish(mig__verdicts *list, const char *format, ...)
{
    mig_domain_check *check = last(list);
    va_list arguments;
    va_start(arguments, format);
    if (check != NULL) {
        add(list, &check->publish, format, arguments);
    }
    va_end(arguments);
}

void mig__verdict_saw(mig__verdicts *list, const char *format, ...)
{
    mig_domain_check *check = last(list);
    va_list arguments;
    va_start(arguments, format);
    if (check != NULL) {
        add(list, &check->record, format, arguments);
    }
    va_end(arguments);
}

void mig__verdict_answer(mig__verdicts *list, const char *name, const mig__answer *answer)
{
    char text[1024], type[16];
    for (size_t i = 0; i < answer->count && i < 16; i++) {
        const mig__record *record = &answer->records[i];
        mig__verdict_saw(list, "%s. %u IN %s %s", answer->canonical != NULL ? answer->canonical : name,
                         (unsigned)record->ttl, mig__rr_name(record->type, type),
                         mig__record_text(record, text, sizeof text));
    }
    if (answer->count > 16) {
        mig__verdict_saw(list, "and %zu more", answer->count - 16);
    }
    if (answer->status != MIG__DNS_OK) {
        mig__verdict_saw(list, "%s: %s%s%s", name, mig__dns_status_words(answer->status),
                         answer->why[0] != '\0' ? ": " : "", answer->why);
    }
    mig__verdict_server(list, answer->server);
}

void mig__verdicts_clear(mig__verdicts *list)
{
    for (size_t i = 0; i < list->count; i++) {
        mig_domain_check *check = &list->checks[i];
        free(check->check);
        free(check->subject);
        free(check->text);
        free(check->record);
        free(check->server);
        free(check->rule);
        free(check->advice);
        free(check->publish);
    }
    free(list->checks);
    *list = (mig__verdicts){.count = 0};
}
