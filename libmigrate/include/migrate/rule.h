/*
 * migrate/rule.h - the rules of the canonical form: what a server may do to a message without changing its content
 *
 * A set of rules is an unsigned with these bits. The form that the copy records (mail/canonical.h) applies all of them;
 * verify names those that explain a difference.
 */
#ifndef MIGRATE_RULE_H
#define MIGRATE_RULE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MIG_RULE_LINE_ENDS = 1 << 0,  /* bare LF and runs of CR before LF are CRLF, other CRs are left out */
    MIG_RULE_FINAL_LINE = 1 << 1, /* a missing last line end is added, empty lines at the end are dropped */
    MIG_RULE_NUL = 1 << 2,        /* NUL is 0x80 */
    MIG_RULE_BLANKS = 1 << 3,    /* header fields are unfolded, runs of blanks in them are one space, outer ones none */
    MIG_RULE_NAME_CASE = 1 << 4, /* names of header fields are in lower case */
    MIG_RULE_LEFT_OUT = 1 << 5,  /* header fields that servers and copying tools keep for themselves are left out */
    MIG_RULES_ALL = (1 << 6) - 1
};

#define MIG_RULE_COUNT 6

/* "line-ends", "final-line", "nul", "header-blanks", "header-case", "server-header" for one bit, NULL for anything
 * else. Stable, used in JSON and CSV. Static storage. */
const char *mig_rule_name(unsigned rule);

/* What a server did, for people: "line ends were rewritten", ... NULL for anything but one bit. Static storage. */
const char *mig_rule_text(unsigned rule);

/* The names of all bits of `rules`, joined by `separator`. Writes at most `size` octets with the NUL. Returns out. */
char *mig_rules_join(unsigned rules, const char *separator, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
