/* domain/name.h - domain names as text: lower case, labels parted by dots, without the dot of the root */
#ifndef MIG_DOMAIN_NAME_H
#define MIG_DOMAIN_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define MIG__DN_SIZE 254 /* the longest name (RFC 1035 section 2.3.4) as text, and its NUL */

/*
 * Copy `text` in lower case without a dot at its end. False: it is no name that can be asked for (empty, over 253
 * octets, an empty label or one over 63 octets); `out` is "" then.
 */
bool mig__dn_clean(const char *text, char out[MIG__DN_SIZE]);

/* What a host or mail domain looks like: at least two labels of letters, digits, '-' and '_'. */
bool mig__dn_is_host(const char *name);

/* True when `name` is `suffix` or below it, on the borders of labels; case does not matter. */
bool mig__dn_under(const char *name, const char *suffix);

/* True when both are the same name, whatever the case and a dot at the end. */
bool mig__dn_equal(const char *a, const char *b);

/* How many labels. */
size_t mig__dn_labels(const char *name);

/* The name without its first label; NULL beyond the last one. Borrowed from `name`. */
const char *mig__dn_parent(const char *name);

/* True when `pattern`, whose first label may be "*" for exactly one label, fits the name (RFC 8461 4.1, RFC 6125). */
bool mig__dn_matches(const char *pattern, const char *name);

#endif
