/* folders/rules.h - the rules that a person gives: which mailboxes, and where to */
#ifndef MIG_FOLDERS_RULES_H
#define MIG_FOLDERS_RULES_H

#include "folders/map.h"

typedef struct mig__rule { /* one "FROM=TO", unescaped */
    char *from;
    char *to;
    bool pattern; /* one '*' in both */
} mig__rule;

typedef struct mig__rules {
    const mig__map_rules *given;
    mig__rule *maps;
    size_t count;
} mig__rules;

/* Read and check the rules. `given` may be NULL (no rules) and is borrowed. Errors: MIG_E_USAGE, MIG_E_NOMEM. */
int mig__rules_read(mig__rules *rules, const mig__map_rules *given, mig_error *err);
void mig__rules_free(mig__rules *rules);

/* False when --folder or --exclude leaves the mailbox out. */
bool mig__rules_take(const mig__rules *rules, const char *name);

/* True when a --folder pattern without '*' names the mailbox: it is meant, and not just caught. */
bool mig__rules_named(const mig__rules *rules, const char *name);

/* True when the mailbox is left out for the one reason that it is not this account's own. */
bool mig__rules_foreign(const mig__rules *rules, const char *name, bool foreign);

/* True when the pattern of --folder or --exclude matches the name; in NFC both, and INBOX in any spelling. */
bool mig__rules_match(const char *pattern, const char *name);

/*
 * Where the first rule that matches sends the mailbox, as a source name; NULL when none does. The result is in `*to`,
 * the caller frees it. Returns 0, or -1 with MIG_E_NOMEM.
 */
int mig__rules_target(const mig__rules *rules, const char *name, char **to, mig_error *err);

#endif
