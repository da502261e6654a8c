/* domain/result.c - what a look gave: releasing it, and what changed since an earlier one */
#include "base/buffer.h"
#include "domain/verdict.h"
#include <stdlib.h>
#include <string.h>

void mig_domain_result_free(mig_domain_result **result)
{
    mig_domain_result *r = *result;
    if (r == NULL) {
        return;
    }
    for (size_t i = 0; i < r->domain_count; i++) {
        mig_domain_report *report = &r->domains[i];
        mig__verdicts list = {.checks = report->checks, .count = report->check_count};
        mig__verdicts_clear(&list);
        free(report->name);
        free(report->alias_of);
        free(report->old_provider);
        free(report->new_provider);
    }
    free(r->domains);
    free(r->resolver);
    free(r->changes);
    free(r);
    *result = NULL;
}

static const mig_domain_check *find(const mig_domain_report *in, const mig_domain_check *like, size_t nth)
{
    for (size_t i = 0; i < in->check_count; i++) {
        if (strcmp(in->checks[i].check, like->check) == 0 && strcmp(in->checks[i].subject, like->subject) == 0 &&
            nth-- == 0) {
            return &in->checks[i];
        }
    }
    return NULL;
}

/* How many checks before this one are about the same. */
static size_t nth(const mig_domain_report *in, size_t index)
{
    size_t count = 0;
    for (size_t i = 0; i < index; i++) {
        count += strcmp(in->checks[i].check, in->checks[index].check) == 0 &&
                 strcmp(in->checks[i].subject, in->checks[index].subject) == 0;
    }
    return count;
}

static void compare(mig__buffer *out, const mig_domain_report *now, const mig_domain_report *then)
{
    for (size_t i = 0; i < now->check_count; i++) {
        const mig_domain_check *check = &now->checks[i], *was = find(then, check, nth(now, i));
        if (was == NULL) {
            mig__buffer_addf(out, "%s: %s %s: new: %s, %s\n", now->name, check->check, check->subject,
                             mig_verdict_name(check->verdict), check->text);
        } else if (was->verdict != check->verdict || strcmp(was->text, check->text) != 0) {
            mig__buffer_addf(out, "%s: %s %s: %s, was %s: %s\n", now->name, check->check, check->subject,
                             mig_verdict_name(check->verdict), mig_verdict_name(was->verdict), check->text);
        }
    }
    for (size_t i = 0; i < then->check_count; i++) {
        const mig_domain_check *was = &then->checks[i];
        if (find(now, was, nth(then, i)) == NULL) {
            mig__buffer_addf(out, "%s: %s %s: no longer there, was %s\n", now->name, was->check, was->subject,
                             mig_verdict_name(was->verdict));
        }
    }
}

int mig_domain_compare(mig_domain_result *result, const mig_domain_result *earlier, mig_error *err)
{
    mig__buffer out = MIG__BUFFER_INIT;
    for (size_t i = 0; i < result->domain_count; i++) {
        for (size_t k = 0; k < earlier->domain_count; k++) {
            if (strcmp(result->domains[i].name, earlier->domains[k].name) == 0) {
                compare(&out, &result->domains[i], &earlier->domains[k]);
            }
        }
    }
    if (mig__buffer_ok(&out, err) != 0) {
        mig__buffer_free(&out);
        return -1;
    }
    free(result->changes);
    result->changes = mig__buffer_steal(&out);
    return result->changes != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

static bool says(const mig_domain_report *report, const char *check, mig_verdict verdict)
{
    for (size_t i = 0; i < report->check_count; i++) {
        if (strcmp(report->checks[i].check, check) == 0 && report->checks[i].verdict == verdict) {
            return true;
        }
    }
    return false;
}

bool mig_domain_settled(const mig_domain_report *report, char **open)
{
    static const char *const needed[] = {"switch.authorities", "switch.resolvers", "mx.exists"};
    mig__buffer out = MIG__BUFFER_INIT;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!says(report, needed[i], MIG_VERDICT_PASS)) {
            mig__buffer_addf(&out, "%s%s does not pass", out.length > 0 ? "\n" : "", needed[i]);
        }
    }
    for (size_t i = 0; i < report->check_count; i++) {
        const mig_domain_check *check = &report->checks[i];
        if (check->verdict == MIG_VERDICT_FAIL) {
            mig__buffer_addf(&out, "%s%s %s: %s", out.length > 0 ? "\n" : "", check->check, check->subject,
                             check->text);
        }
    }
    /* A server that was not reached may still take mail: only a refusal, a closed port or no address is proof. */
    if (!says(report, "old.accepts", MIG_VERDICT_PASS) && !says(report, "old.port", MIG_VERDICT_PASS)) {
        mig__buffer_addf(&out, "%swhether the old server still takes mail is not known", out.length > 0 ? "\n" : "");
    } else if (says(report, "old.accepts", MIG_VERDICT_UNKNOWN) || says(report, "old.port", MIG_VERDICT_UNKNOWN)) {
        mig__buffer_addf(&out, "%sof one address of the old server it is not known whether it takes mail",
                         out.length > 0 ? "\n" : "");
    }
    const bool settled = out.length == 0 && !out.failed;
    *open = out.failed ? NULL : mig__buffer_steal(&out);
    mig__buffer_free(&out);
    return settled && *open != NULL;
}
