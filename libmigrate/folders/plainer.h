/* folders/plainer.h - a name that a server which refused the real one may take */
#ifndef MIG_FOLDERS_PLAINER_H
#define MIG_FOLDERS_PLAINER_H

#include "base/buffer.h"

/*
 * Append `name` with "_" for every ASCII character that some server refuses: quotes, wildcards, slashes, brackets and
 * the like, and blanks and dots at the ends of a component. Letters, digits, "-", "_", "+", ",", "=", "@", "&", "'",
 * "(", ")", inner blanks and dots, the separator ('\0': none) and everything beyond ASCII stay. False when nothing had
 * to be changed.
 */
bool mig__plainer_name(const char *name, char separator, mig__buffer *out);

#endif
