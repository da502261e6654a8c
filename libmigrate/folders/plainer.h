/* folders/plainer.h - a name that a server which refused the real one may take */
#ifndef MIG_FOLDERS_PLAINER_H
#define MIG_FOLDERS_PLAINER_H

#include "base/buffer.h"

/*
 * Append `name` with "_" for every ASCII character that some server refuses: quotes, wildcards, slashes, brackets and
 * the like, and blanks and dots at the ends of a component. Letters, digits, "-", "_", "+", ",", "=", "@", "&", "'",
 * "(", ")", inner blanks and dots, the separator ('\0': none) and everything beyond ASCII stay; with `most` only
 * letters, digits, "-", "_", blanks and dots do. False when nothing had to be changed.
 */
bool mig__plainer_name(const char *name, char separator, bool most, mig__buffer *out);

/*
 * Append `name` with its last two levels joined by " - ", for a server whose mailbox above takes none below it; what is
 * below INBOX goes beside it. `prefix` ("": none) of the personal namespace stays. False when there is nothing to join.
 */
bool mig__joined_name(const char *name, const char *prefix, char separator, mig__buffer *out);

/*
 * True when a server may have made `listed` of `name`: they differ in blanks, case and normal form at most. Which of
 * these a server keeps, only its list tells. False when memory is short.
 */
bool mig__made_of(const char *listed, const char *name);

#endif
