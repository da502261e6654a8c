/* report/domain_common.c - sentences that all reports of a look at domains have */
#include "report/domain_common.h"
#include "report/verify_common.h"
#include <inttypes.h>

void mig__domain_add_counts(mig__buffer *out, const size_t counts[4])
{
    static const struct {
        mig_verdict verdict;
        const char *one, *more;
    } words[] = {{MIG_VERDICT_FAIL, "fails", "fail"},
                 {MIG_VERDICT_WARN, "warns", "warn"},
                 {MIG_VERDICT_UNKNOWN, "is not known", "are not known"},
                 {MIG_VERDICT_PASS, "passes", "pass"}};
    bool any = false;
    for (size_t i = 0; i < 4; i++) {
        const size_t count = counts[words[i].verdict];
        if (count > 0) {
            mig__buffer_addf(out, "%s%zu %s", any ? ", " : "", count, count == 1 ? words[i].one : words[i].more);
            any = true;
        }
    }
    mig__buffer_add_text(out, any ? "" : "nothing was looked at");
}

void mig__domain_add_verdict(mig__buffer *out, const mig_domain_result *result)
{
    static const char *const words[3][4] = {
        {"Nothing that was looked at is in the way of the switch.",
         "Nothing is wrong, but not everything could be looked at.",
         "The switch can be made; some things should be put right before.",
         "Something has to be put right before the switch."},
        {"The switch has reached everybody who was asked.", "Nothing is wrong, but not everything could be looked at.",
         "The switch is under way: not everybody has the new MX.", "Something is wrong with the switch."},
        {"All is as it should be after the switch.", "Nothing is wrong, but not everything could be looked at.",
         "The switch is made; some things are left to do.", "Something is wrong after the switch."}};
    mig__buffer_add_text(out, result->interrupted ? "Stopped before the end: what follows is not the whole."
                                                  : words[result->phase][result->verdict]);
}

void mig__domain_add_earliest(mig__buffer *out, const mig_domain_result *result, const mig_domain_report *report)
{
    char moment[MIG__ISO_SIZE];
    if (result->phase == MIG_DOMAIN_BEFORE && report->earliest != 0) {
        mig__buffer_addf(
            out, "The longest TTL is %" PRIu32 " seconds: if TTLs are lowered now, the switch is safe from %s on.",
            report->longest_ttl, mig__iso_time(report->earliest, true, moment));
    }
}
