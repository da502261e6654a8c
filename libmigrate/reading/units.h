/*
 * reading/units.h - UIDs on their way to be read: which are asked for next, and what becomes of those that do not come
 *
 * No session is here: readers take units and hand them back. All functions but the pure one take the units' own lock,
 * under which nothing of others is called except the choice.
 */
#ifndef MIG_READING_UNITS_H
#define MIG_READING_UNITS_H

#include "mail/uidset.h"
#include "reading/hold.h"

typedef struct mig__reading { /* a mailbox that is read */
    const char *mailbox;      /* wire; borrowed */
    const char *name;         /* UTF-8, for people; borrowed */
    void *owner;              /* the caller's */
    uint32_t uidvalidity;     /* as scanned */
    mig__uidset todo;         /* to be read; the units' while there are any */

    struct mig__unit *back; /* the rest is the units': handed back, and to be asked for again */
    unsigned out;           /* at readers */
    unsigned listed;        /* messages in a row that were put off each time */
    unsigned shut;          /* connections in a row that broke before it was open */
    bool closed;            /* nothing more of it is read */
} mig__reading;

/* UIDs that one FETCH asks for. Whoever took it has it alone until it is handed back. */
typedef struct mig__unit {
    struct mig__unit *next;
    mig__reading *of;
    mig__uidset uids; /* still to come */
    bool summary;     /* not the content: size, date and flags */
    unsigned asks;    /* FETCHes that were answered and left some of it out */
    unsigned put_off; /* FETCHes that the server put off */
    uint64_t passed;  /* messages that had passed when the first one of those was sent */
    uint32_t suspect; /* its first UID when a connection broke on it last; 0: none did */
    mig__blame blame; /* of that message */
} mig__unit;

typedef struct mig__units_options {
    bool ordered; /* one FETCH at a time for a mailbox: servers work on several at once and mix their answers */
    /* Of `from` those whose content is read, into `content`; of the others a summary. NULL: of all. 0, -1. */
    int (*choose)(const mig__reading *of, const mig__uidset *from, mig__uidset *content, void *context, mig_error *err);
    void *context;
} mig__units_options;

typedef struct mig__units mig__units; /* opaque */

/* `readings` is borrowed, and what is in `todo` of each. NULL: no memory. */
mig__units *mig__units_new(mig__reading *const *readings, size_t count, const mig__units_options *options,
                           mig_error *err);
/* With what was handed back; `todo` stays. NULL is allowed. */
void mig__units_free(mig__units **units);

/*
 * The next UIDs to fetch, so many at most: of `current` if it has any left, else of the mailbox that has the fewest
 * readers. *unit NULL: nothing is left at the moment; *finished says whether anything can come back (another reader's
 * broken unit). 0, -1.
 */
int mig__units_take(mig__units *units, mig__reading *current, uint64_t most, mig__unit **unit, bool *finished,
                    mig_error *err);
/* Wait a moment, or until units come back or all work is done. True: look again; false: nothing will come. */
bool mig__units_wait(mig__units *units);

/* It is asked for now. */
void mig__units_sent(mig__units *units, mig__unit *unit);
/* A message of it came: others pass. 0, -1. */
int mig__units_came(mig__units *units, mig__unit *unit, uint32_t uid, mig_error *err);
/* A message of it will not come. 0, -1. */
int mig__units_lost(mig__units *units, mig__unit *unit, uint32_t uid, mig_error *err);
/* What is known of a message besides its content is wanted, now that the content is not to be had. 0, -1. */
int mig__units_add_summary(mig__units *units, mig__reading *of, uint32_t uid, mig_error *err);

/* The unit is done, whatever is left of it. Frees it. */
void mig__units_done(mig__units *units, mig__unit *unit);
/* The server answered, and left some UIDs out: they are to be fetched again, with `split` the first one by itself. */
void mig__units_again(mig__units *units, mig__unit *unit, bool split);
/* The same in two halves, each asked for by itself: what the server puts off. */
void mig__units_halves(mig__units *units, mig__unit *unit);
/* So many messages of it were put off once more: what now? `weary`: the patience is over. */
mig__held mig__units_hold(mig__units *units, mig__unit *unit, uint64_t messages, bool weary);
/* A message was listed since it is put off each time. True: so many in a row that it is the mailbox. */
bool mig__units_listed(mig__units *units, mig__reading *of);

/*
 * Pure. A connection broke on the unit; servers answer in order, so its first UID is the suspect. `place`: how much of
 * that message had come; `breaks`: connections that broke in this run before. True: it is that message, alone in its
 * unit.
 */
bool mig__unit_blame(mig__unit *unit, uint64_t place, unsigned breaks);

/*
 * The connection broke while this unit was the oldest in flight. True: its only message is to blame; the unit is still
 * the caller's, who lists the message and calls mig__units_done. False: what is left of it will be fetched again,
 * the suspect by itself and last if a connection broke on it before.
 */
bool mig__units_broken(mig__units *units, mig__unit *unit, uint64_t place);
/* It broke before the unit's mailbox was open. True: so many in a row that it is the mailbox; the unit is handed back.
 */
bool mig__units_shut(mig__units *units, mig__unit *unit);
/* The mailbox is open. */
void mig__units_opened(mig__units *units, mig__reading *of);

/* Nothing more of it is read: what is left is forgotten. NULL units: nobody reads yet, or any more. */
void mig__units_close(mig__units *units, mig__reading *of);
/* True when no message of it can come any more. NULL units: as above. */
bool mig__units_drained(mig__units *units, const mig__reading *of);

#endif
