/* mail/rule.c - names and words for the rules of the canonical form */
#include "mail/canonical.h"
#include <stdio.h>
#include <string.h>

static const struct {
    unsigned rule;
    const char *name;
    const char *text;
} rules_known[MIG_RULE_COUNT] = {
    {MIG_RULE_LINE_ENDS, "line-ends", "line ends were rewritten"},
    {MIG_RULE_FINAL_LINE, "final-line", "line ends at the end of the message were added or removed"},
    {MIG_RULE_NUL, "nul", "NUL octets became 0x80"},
    {MIG_RULE_BLANKS, "header-blanks", "header fields were folded in another way, or blanks in them changed"},
    {MIG_RULE_NAME_CASE, "header-case", "names of header fields were written in other letters (upper or lower case)"},
    {MIG_RULE_LEFT_OUT, "server-header",
     "a header field that servers keep for themselves was added, removed or changed"},
};

static int find(unsigned rule)
{
    for (int i = 0; i < MIG_RULE_COUNT; i++) {
        if (rules_known[i].rule == rule) {
            return i;
        }
    }
    return -1;
}

const char *mig_rule_name(unsigned rule)
{
    int at = find(rule);
    return at < 0 ? NULL : rules_known[at].name;
}

const char *mig_rule_text(unsigned rule)
{
    int at = find(rule);
    return at < 0 ? NULL : rules_known[at].text;
}

char *mig_rules_join(unsigned rules, const char *separator, char *out, size_t size)
{
    size_t used = 0;
    if (size) {
        out[0] = '\0';
    }
    for (int i = 0; i < MIG_RULE_COUNT && used < size; i++) {
        if (rules & rules_known[i].rule) {
            int wrote = snprintf(out + used, size - used, "%s%s", used ? separator : "", rules_known[i].name);
            used += wrote > 0 ? (size_t)wrote : 0;
        }
    }
    return out;
}
