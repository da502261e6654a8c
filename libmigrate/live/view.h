/*
 * live/view.h - what a viewer asks for: words, a filter, an order, a page; and which accounts that means. Pure
 */
#ifndef MIG_LIVE_VIEW_H
#define MIG_LIVE_VIEW_H

#include "base/buffer.h"
#include <migrate/overview.h>

enum {
    MIG__VIEW_ROWS = 50,   /* accounts of a page */
    MIG__VIEW_WORDS = 200, /* octets of what is searched for, at most */
    MIG__VIEW_ID = 17      /* octets of an account's id, with the NUL */
};

typedef enum mig__view_order {
    MIG__ORDER_STATE, /* those at work first, then what wants a person */
    MIG__ORDER_NAME,
    MIG__ORDER_FAILED,
    MIG__ORDER_SIZE,
    MIG__ORDER_COUNT
} mig__view_order;

/* "state", "name", "failed", "size". */
const char *mig__view_order_name(mig__view_order order);

typedef struct mig__view {
    char words[MIG__VIEW_WORDS + 1]; /* in the names, the folder or the reason; "": any */
    int state;                       /* a mig_overview_state; -1: any */
    mig__view_order order;
    size_t page; /* from 1 */
} mig__view;

#define MIG__VIEW_INIT                                                                                                 \
    {                                                                                                                  \
        "", -1, MIG__ORDER_STATE, 1                                                                                    \
    }

/* Take a parameter of the query, decoded; NULL is "". What is unknown, or no value of it, is left out. */
void mig__view_take(mig__view *view, const char *name, const char *value);

/* "/?q=ann&state=failed&page=2": the address of the same with another page. */
void mig__view_address(const mig__view *view, size_t page, mig__buffer *out);

typedef struct mig__chosen {
    const mig_overview_account **accounts; /* of all pages, in order; borrowed from the overview */
    size_t count, pages;                   /* pages: at least 1 */
    size_t first, last;                    /* those of the page: first <= i < last */
} mig__chosen;

/* 0, or -1: out of memory. A page beyond the last is the last. Release with mig__chosen_clear. */
int mig__view_choose(const mig__view *view, const mig_overview *overview, mig__chosen *out);
void mig__chosen_clear(mig__chosen *chosen);

/* A name for the account in addresses: 16 hexadecimal digits, from both its names. Returns out. */
char *mig__account_id(const mig_overview_account *account, char out[MIG__VIEW_ID]);

/* The account of this id; NULL: there is none. */
const mig_overview_account *mig__account_by_id(const mig_overview *overview, const char *id);

#endif
