/*
 * store/emlx.h - messages as Apple Mail keeps them: a line with their length, the octets, and a property list
 *
 *     1234      \n  ...1234 octets...  <?xml ...> ... <key>flags</key><integer>8590195713</integer> ...
 */
#ifndef MIG_STORE_EMLX_H
#define MIG_STORE_EMLX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mig__emlx {
    uint64_t from, length; /* of the message's octets */
    bool has_flags, has_date;
    uint64_t flags; /* bits, as they stand there */
    int64_t date;   /* when it was received */
} mig__emlx;

/* The first octets of a file of `size` octets. False: it is none, or shorter than it says. */
bool mig__emlx_head(const char *head, size_t length, uint64_t size, mig__emlx *out);
/* The property list behind the message. */
void mig__emlx_list(const char *text, size_t length, mig__emlx *out);
/* Both, of an open file. */
bool mig__emlx_read(int fd, uint64_t size, mig__emlx *out);

/* Flags by the bits, not joined: NULL-terminated, at most MIG__EMLX_FLAGS of them. */
enum { MIG__EMLX_FLAGS = 8 };
void mig__emlx_flags(const mig__emlx *emlx, const char *out[MIG__EMLX_FLAGS + 1]);

#endif
