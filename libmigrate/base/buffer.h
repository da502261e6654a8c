/* base/buffer.h - a growing octet string, and strings made inert for people */
#ifndef MIG_BASE_BUFFER_H
#define MIG_BASE_BUFFER_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stdarg.h>

/*
 * Octets in one piece. `data` is NULL while nothing was added, else followed by a NUL that does not count. An addition
 * that fails for lack of memory leaves the content as it was and sets `failed`, which stays set: check it once at the
 * end with mig__buffer_ok.
 */
typedef struct mig__buffer {
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
} mig__buffer;

#define MIG__BUFFER_INIT {NULL, 0, 0, false}

void mig__buffer_add(mig__buffer *buffer, const void *data, size_t length);
void mig__buffer_add_text(mig__buffer *buffer, const char *text);
void mig__buffer_add_char(mig__buffer *buffer, char c);
void mig__buffer_addf(mig__buffer *buffer, const char *format, ...) MIG_PRINTF(2, 3);
void mig__buffer_addv(mig__buffer *buffer, const char *format, va_list arguments) MIG_PRINTF(2, 0);
/* With all but letters, digits and "-._~" as %XX (RFC 3986 section 2.3): part of a URL or of a form. */
void mig__buffer_add_percent(mig__buffer *buffer, const char *text);
bool mig__buffer_reserve(mig__buffer *buffer, size_t more); /* room for `more` octets; false: out of memory */
int mig__buffer_ok(const mig__buffer *buffer, mig_error *err); /* 0, or -1 with MIG_E_NOMEM */
void mig__buffer_clear(mig__buffer *buffer);                   /* length 0, keeps the memory */
void mig__buffer_free(mig__buffer *buffer);                    /* releases the memory */
void mig__buffer_wipe(mig__buffer *buffer);                    /* overwrites, then releases: for secrets */
char *mig__buffer_steal(mig__buffer *buffer);                  /* the caller frees; "" when empty; NULL: no memory */

/*
 * Copy `text` to `out` (at most `size` octets with the NUL) with everything that could act on a terminal replaced by
 * '?': C0 and C1 controls, DEL, bidirectional overrides, octets that are not UTF-8. Cuts at a character boundary.
 * Returns out.
 */
char *mig__inert(const char *text, size_t length, char *out, size_t size);

/* True when the octets are well-formed UTF-8 (RFC 3629). */
bool mig__utf8_valid(const char *text, size_t length);

/* strdup that accepts NULL (returns NULL). */
char *mig__strdup(const char *text);

#endif
