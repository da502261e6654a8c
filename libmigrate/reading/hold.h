/*
 * reading/hold.h - what is put off, and what breaks connections: the server's trouble, the line's, or one message's?
 *
 * A server may put off one message, or one folder, each time and take everything else. Then waiting does not help: a
 * command about several messages is narrowed down to the one, and that is listed. Where nothing passes at all, it is
 * the account that is put off, and waiting is right.
 *
 * What speaks against a message on which connections break is that it happens again at the same place of it, and to no
 * other connection meanwhile. A break somewhere else in it is what a bad line does, and counts little; but it counts,
 * so that no message holds up its account for ever.
 */
#ifndef MIG_READING_HOLD_H
#define MIG_READING_HOLD_H

#include <stdbool.h>
#include <stdint.h>

typedef enum mig__hold {
    MIG__HOLD_AGAIN, /* the same once more, after a pause */
    MIG__HOLD_SPLIT, /* in halves */
    MIG__HOLD_LIST   /* it is this one */
} mig__hold;

enum {
    MIG__HOLD_TOGETHER = 2, /* times that several are put off before they are asked for in halves */
    MIG__HOLD_ALONE = 4,    /* times that one is, with those before it stood alone */
    MIG__HOLD_FOLDER = 3    /* messages of a folder in a row, after which it is the folder */
};

/*
 * Pure: put off for the `put_off`th time, so many messages; `others_pass`: others did since, or there are none left;
 * `weary`: the patience is over.
 */
mig__hold mig__hold_of(unsigned put_off, uint64_t messages, bool others_pass, bool weary);

typedef struct mig__held {
    mig__hold hold;
    bool others; /* pass: a pause need not grow because of this one */
} mig__held;

enum {
    MIG__BLAME_SAME = 3,
    MIG__BLAME_OTHER = 1,
    MIG__BLAME_MOST = 12 /* four times at the same place, ten times at other ones */
};

typedef struct mig__blame { /* of one message; zeroed: none */
    unsigned points;
    uint64_t place;  /* how much of it had passed when a connection broke on it last */
    unsigned breaks; /* connections of that side that had broken by then, with that one */
} mig__blame;

/*
 * Pure. A connection broke at that place of the message, `breaks` did before in this run. True: the message is to
 * blame.
 */
bool mig__blame_add(mig__blame *blame, uint64_t place, unsigned breaks);

#endif
