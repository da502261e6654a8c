/*
 * store/responder.h - what the files of the responder share: one connection, its input and its answers
 *
 * The responder speaks the part of IMAP (RFC 3501, 2342, 3502, 3691, 4315, 4731, 5258, 5819, 6154, 6851, 7888) that
 * imap/ and its users send, and nothing else: a command that it does not know, or that is not well formed, ends the
 * connection. Sequence numbers are not kept, since nobody asks by them: those in FETCH answers are made up, and EXPUNGE
 * is not told.
 */
#ifndef MIG_STORE_RESPONDER_H
#define MIG_STORE_RESPONDER_H

#include "store/store.h"

enum { MIG__TAG_MOST = 64, MIG__STRING_MOST = 64 * 1024, MIG__INPUT = 16 * 1024 };

typedef struct mig__talk {
    mig_store *store;
    int fd;
    char *in; /* MIG__INPUT octets */
    size_t in_from, in_to;
    mig__buffer out;
    bool broken; /* the other side is gone, or did not keep to the protocol */
    char tag[MIG__TAG_MOST];
    mig__store_folder *selected; /* NULL: none */
    bool writable;
} mig__talk;

/* ---- talk.c: octets and tokens. Each returns 0, or -1 and the connection is broken. ---- */

int mig__talk_peek(mig__talk *talk); /* the next octet, which stays; -1: there is none any more */
int mig__talk_expect(mig__talk *talk, char c);
int mig__talk_line_end(mig__talk *talk);
int mig__talk_atom(mig__talk *talk, char *out, size_t size);
/* An astring (an atom with "*" and "%" as well), quoted or literal. NUL is refused. `out` is cleared first. */
int mig__talk_string(mig__talk *talk, mig__buffer *out);
int mig__talk_set(mig__talk *talk, mig__uidset *out);
/* "(a b c)" as "a b c". */
int mig__talk_list(mig__talk *talk, mig__buffer *out);
/* The rest of the line. */
int mig__talk_rest(mig__talk *talk, mig__buffer *out);
/* "{n}" or "{n+}" and its line end; the octets follow. */
int mig__talk_literal(mig__talk *talk, uint64_t *size);
/* Some of the octets that follow, at most `most`. How many; -1: broken. */
int64_t mig__talk_take(mig__talk *talk, const char **octets, uint64_t most);

void mig__talk_say(mig__talk *talk, const char *format, ...) MIG_PRINTF(2, 3);
void mig__talk_say_octets(mig__talk *talk, const char *octets, size_t length);
void mig__talk_say_string(mig__talk *talk, const char *text); /* quoted, or a literal */
void mig__talk_say_delimiter(mig__talk *talk);                /* a blank and the store's delimiter, quoted */
int mig__talk_flush(mig__talk *talk);
int mig__talk_ok(mig__talk *talk, const char *text); /* tagged */
int mig__talk_no(mig__talk *talk, const mig_error *error);
int mig__talk_break(mig__talk *talk); /* returns -1 */

/* ---- the commands: the line was read up to the command's name ---- */

int mig__answer_list(mig__talk *talk);
int mig__answer_status(mig__talk *talk);
int mig__answer_select(mig__talk *talk, bool writable);
int mig__answer_fetch(mig__talk *talk);
int mig__answer_search(mig__talk *talk);
int mig__answer_append(mig__talk *talk);
int mig__answer_store(mig__talk *talk);
int mig__answer_move(mig__talk *talk);
int mig__answer_expunge(mig__talk *talk);
int mig__answer_create(mig__talk *talk);
int mig__answer_rename(mig__talk *talk);
int mig__answer_subscribe(mig__talk *talk);

void mig__talk_unselect(mig__talk *talk);
/* The folder of that name, which can be opened. NULL: `err` says why not. */
mig__store_folder *mig__talk_folder(mig__talk *talk, const char *wire, mig_error *err);

#endif
