/*
 * live/page.h - the live page: an overview, or one account, as HTML
 *
 * One writer for all: the script asks for the same page again and puts its parts (elements with an id and `data-live`)
 * in place of the old ones, so that what works without JavaScript is what is shown with it.
 */
#ifndef MIG_LIVE_PAGE_H
#define MIG_LIVE_PAGE_H

#include "base/buffer.h"
#include "live/view.h"

/* The page of many accounts, as the view asks. 0, or -1: out of memory. */
int mig__live_page(const mig_overview *overview, const mig__view *view, mig__buffer *out);

/*
 * The page of one account. `detail` NULL: nothing is recorded of it, or `error` says why it could not be read. The
 * overview's time and kind are shown, not its other accounts. 0, or -1: out of memory.
 */
int mig__live_account_page(const mig_overview *overview, const mig_overview_account *account,
                           const mig_overview_detail *detail, const mig_error *error, mig__buffer *out);

/* A page that says that something is not to be had: "Not found" and a sentence. */
int mig__live_plain_page(const char *title, const char *text, mig__buffer *out);

enum { MIG__LIVE_PROBLEMS = 500 }; /* that an account's page shows at most */

#endif
