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

typedef struct mig__dialogue {
    mig_store *store;
    int fd;
    char *in; /* MIG__INPUT octets */
    size_t in_from, in_to;
    mig__buffer out;
    bool broken; /* the other side is gone, or did not keep to the protocol */
    char tag[MIG__TAG_MOST];
    mig__store_folder *selected; /* NULL: none */
    bool writable;
} mig__dialogue;

/* ---- dialogue.c: octets and tokens. Each returns 0, or -1 and the connection is broken. ---- */

int mig__dialogue_peek(mig__dialogue *talk); /* the next octet, which stays; -1: there is none any more */
int mig__dialogue_expect(mig__dialogue *talk, char c);
int mig__dialogue_line_end(mig__dialogue *talk);
int mig__dialogue_atom(mig__dialogue *talk, char *out, size_t size);
/* An astring (an atom with "*" and "%" as well), quoted or literal. NUL is refused. `out` is cleared first. */
int mig__dialogue_string(mig__dialogue *talk, mig__buffer *out);
int mig__dialogue_set(mig__dialogue *talk, mig__uidset *out);
/* "(a b c)" as "a b c". */
int mig__dialogue_list(mig__dialogue *talk, mig__buffer *out);
/* The rest of the line. */
int mig__dialogue_rest(mig__dialogue *talk, mig__buffer *out);
/* "{n}" or "{n+}" and its line end; the octets follow. */
int mig__dialogue_literal(mig__dialogue *talk, uint64_t *size);
/* Some of the octets that follow, at most `most`. How many; -1: broken. */
int64_t mig__dialogue_take(mig__dialogue *talk, const char **octets, uint64_t most);

void mig__dialogue_say(mig__dialogue *talk, const char *format, ...) MIG_PRINTF(2, 3);
void mig__dialogue_say_octets(mig__dialogue *talk, const char *octets, size_t length);
void mig__dialogue_say_string(mig__dialogue *talk, const char *text); /* quoted, or a literal */
void mig__dialogue_say_delimiter(mig__dialogue *talk);                /* a blank and the store's delimiter, quoted */
int mig__dialogue_flush(mig__dialogue *talk);
int mig__dialogue_ok(mig__dialogue *talk, const char *text); /* tagged */
int mig__dialogue_no(mig__dialogue *talk, const mig_error *error);
int mig__dialogue_break(mig__dialogue *talk); /* returns -1 */

/* ---- the commands: the line was read up to the command's name ---- */

int mig__respond_list(mig__dialogue *talk);
int mig__respond_status(mig__dialogue *talk);
int mig__respond_select(mig__dialogue *talk, bool writable);
int mig__respond_fetch(mig__dialogue *talk);
int mig__respond_search(mig__dialogue *talk);
int mig__respond_append(mig__dialogue *talk);
int mig__respond_store(mig__dialogue *talk);
int mig__respond_move(mig__dialogue *talk);
int mig__respond_expunge(mig__dialogue *talk);
int mig__respond_create(mig__dialogue *talk);
int mig__respond_rename(mig__dialogue *talk);
int mig__respond_subscribe(mig__dialogue *talk);

void mig__dialogue_unselect(mig__dialogue *talk);
/* The folder of that name, which can be opened. NULL: `err` says why not. */
mig__store_folder *mig__dialogue_folder(mig__dialogue *talk, const char *wire, mig_error *err);

#endif
