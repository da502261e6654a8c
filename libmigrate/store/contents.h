/*
 * store/contents.h - what a file holds, by its first octets: a message, an mbox, something compressed, or what is no
 * mail and would be damaged by line ends
 */
#ifndef MIG_STORE_CONTENTS_H
#define MIG_STORE_CONTENTS_H

#include "store/root.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mig__contents {
    MIG__CONTENTS_PLAIN, /* nothing that is known: text, most likely */
    MIG__CONTENTS_MBOX,  /* begins with "From ", or with the marks of MMDF */
    MIG__CONTENTS_PACKED,
    MIG__CONTENTS_CLOSED, /* mail that cannot be read here: encrypted, or in a format of one program's own */
    MIG__CONTENTS_FOREIGN /* no mail: a picture, a program, ... */
} mig__contents;

/* Of the first octets of a file; *words says what it is ("it is ..."), NULL where there is nothing to be said. */
mig__contents mig__contents_of(const char *head, size_t length, const char **words);
mig__contents mig__contents_in(int fd, const char **words);
bool mig__contents_is(const mig__root *root, const char *path, mig__contents contents);
/*
 * The same of a message's file of `size` octets: plain (also when a From_ line is in front), or packed and plain
 * inside; -1 with MIG_E_IO and what it is instead, or as mig__unpack_open.
 */
int mig__contents_message(int fd, uint64_t size, bool *packed, mig_error *err);

/* The octets could be the head of a message: a header field, or "From ". */
bool mig__contents_mail(const char *head, size_t length);

/* The directory is a Maildir, whose messages are no files of another store. */
bool mig__contents_maildir(const mig__root *root, const char *directory);

/* Why a file that is not read is not, in a sentence: "it is no `wanted`", or what it is instead. */
void mig__contents_why(const mig__root *root, const char *path, const char *wanted, char *out, size_t size);

#endif
