/*
 * copy/mark.h - a mark on the target that says that a run of these two accounts is under way, for other machines
 *
 * On one machine a lock keeps a second run away (state/lock.h). Where the target has METADATA (RFC 5464), what runs on
 * other machines sees an entry that only this user can read, named by a digest of both accounts; nothing is left in the
 * mail. It says who set it, and when it was renewed. A mark that was not renewed for an hour, or that this machine set
 * while its lock is ours, was left by a run that died. Where the server has no METADATA, or refuses it, copy/contest.h
 * is all there is.
 */
#ifndef MIG_COPY_MARK_H
#define MIG_COPY_MARK_H

#include "imap/session.h"
#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>

struct mig__run;

enum {
    MIG__MARK_RENEW = 600,  /* seconds until a mark is renewed */
    MIG__MARK_STALE = 3600, /* and until it counts no more */
    MIG__MARK_ID = 32,
    MIG__MARK_TEXT = 256
};

typedef struct mig__mark_text { /* what a mark says */
    char id[MIG__MARK_ID + 1];  /* of the run: random */
    char host[65];
    long pid;
    int64_t since, renewed; /* seconds since 1970, by that machine's clock */
} mig__mark_text;

typedef struct mig__mark {
    char entry[96]; /* its name; "": no mark is set */
    mig__mark_text own;
    mig__mark_text found;
    bool is_found; /* the last look met one that can be read */
} mig__mark;

/* Pure. The words of a mark, and back; false: it is not one of ours. */
void mig__mark_format(const mig__mark_text *mark, char *out, size_t size);
bool mig__mark_parse(const char *words, mig__mark_text *out);

/* Pure. The value of `entry` in what follows METADATA in a response; false: there is none, or it is NIL. */
bool mig__mark_value(const char *raw, const char *entry, char *out, size_t size);

/*
 * Pure. Does `found` keep `own` from working? `locked`: this machine's lock is ours, so that a mark of this machine
 * was left behind.
 */
bool mig__mark_holds(const mig__mark_text *found, const mig__mark_text *own, bool locked, int64_t now);

/* GETMETADATA, into `found`; SETMETADATA with our words, or (away) NIL. 0; 1: the server refuses (`err`), -1. */
int mig__mark_look(mig__session *session, mig__mark *mark, mig_error *err);
int mig__mark_put(mig__session *session, const mig__mark *mark, bool away, mig_error *err);

/*
 * Before anything is changed: set the mark. 0, also when there can be none; -1: another run is under way
 * (MIG_E_PAIR_LOCKED), or nothing goes on.
 */
int mig__mark_take(struct mig__run *run, mig__session **target, mig_error *err);
/* From time to time: renew it, over a connection of its own. When another run has set its own the run ends. */
void mig__mark_renew(struct mig__run *run);
/* At the end: take it away, if it is ours. What fails is not said: the mark counts no more after an hour. */
void mig__mark_release(struct mig__run *run, mig__session **target);

#endif
