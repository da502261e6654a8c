/* live/view.c - what a viewer asks for: words, a filter, an order, a page; and which accounts that means */
#include "live/view.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PAGE = 1000000 };

const char *mig__view_order_name(mig__view_order order)
{
    static const char *const names[] = {"state", "name", "failed", "size"};
    return names[order];
}

/* What is larger than any page is MOST_PAGE; 0: no number. */
static size_t number(const char *text)
{
    size_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (size_t)(*text - '0');
        value = value < MOST_PAGE ? value : MOST_PAGE;
    }
    return *text == '\0' ? value : 0;
}

void mig__view_take(mig__view *view, const char *name, const char *value)
{
    value = value != NULL ? value : "";
    if (strcmp(name, "q") == 0 && strlen(value) <= MIG__VIEW_WORDS) {
        snprintf(view->words, sizeof view->words, "%s", value);
    } else if (strcmp(name, "state") == 0) {
        for (int state = 0; state < (int)MIG_OVERVIEW_STATES; state++) {
            if (strcmp(value, mig_overview_state_name((mig_overview_state)state)) == 0) {
                view->state = state;
            }
        }
    } else if (strcmp(name, "order") == 0) {
        for (int order = 0; order < (int)MIG__ORDER_COUNT; order++) {
            if (strcmp(value, mig__view_order_name((mig__view_order)order)) == 0) {
                view->order = (mig__view_order)order;
            }
        }
    } else if (strcmp(name, "page") == 0 && number(value) > 0) {
        view->page = number(value);
    }
}

static void add_parameter(mig__buffer *out, bool *first, const char *name, const char *value)
{
    mig__buffer_addf(out, "%c%s=", *first ? '?' : '&', name);
    mig__buffer_add_percent(out, value);
    *first = false;
}

void mig__view_address(const mig__view *view, size_t page, mig__buffer *out)
{
    bool first = true;
    char text[24];
    mig__buffer_add_char(out, '/');
    if (view->words[0] != '\0') {
        add_parameter(out, &first, "q", view->words);
    }
    if (view->state >= 0) {
        add_parameter(out, &first, "state", mig_overview_state_name((mig_overview_state)view->state));
    }
    if (view->order != MIG__ORDER_STATE) {
        add_parameter(out, &first, "order", mig__view_order_name(view->order));
    }
    if (page > 1) {
        snprintf(text, sizeof text, "%zu", page);
        add_parameter(out, &first, "page", text);
    }
}

/* ---- which accounts ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Letters of ASCII in either case; all others as they are. */
static bool holds(const char *text, const char *words)
{
    const size_t length = strlen(words);
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (i < length && lower(text[i]) == lower(words[i])) {
            i++;
        }
        if (i == length) {
            return true;
        }
    }
    return length == 0;
}

static bool wanted(const mig__view *view, const mig_overview_account *account)
{
    if (view->state >= 0 && (int)account->state != view->state) {
        return false;
    }
    return view->words[0] == '\0' || holds(account->source, view->words) || holds(account->target, view->words) ||
           holds(account->folder, view->words) || holds(account->reason, view->words);
}

typedef const mig_overview_account *account_pointer;

static int by_place(const void *a, const void *b)
{
    const account_pointer x = *(const account_pointer *)a, y = *(const account_pointer *)b;
    return x < y ? -1 : x > y;
}

static int by_state(const void *a, const void *b)
{
    const account_pointer x = *(const account_pointer *)a, y = *(const account_pointer *)b;
    return x->state != y->state ? (int)x->state - (int)y->state : by_place(a, b);
}

static int by_name(const void *a, const void *b)
{
    const account_pointer x = *(const account_pointer *)a, y = *(const account_pointer *)b;
    const int order = strcmp(x->source, y->source);
    return order != 0 ? order : by_place(a, b);
}

static int by_failed(const void *a, const void *b)
{
    const account_pointer x = *(const account_pointer *)a, y = *(const account_pointer *)b;
    const uint64_t of_x = x->failed + x->differences, of_y = y->failed + y->differences;
    return of_x != of_y ? (of_x < of_y ? 1 : -1) : by_place(a, b);
}

static int by_size(const void *a, const void *b)
{
    const account_pointer x = *(const account_pointer *)a, y = *(const account_pointer *)b;
    return x->bytes != y->bytes ? (x->bytes < y->bytes ? 1 : -1) : by_place(a, b);
}

int mig__view_choose(const mig__view *view, const mig_overview *overview, mig__chosen *out)
{
    static int (*const orders[MIG__ORDER_COUNT])(const void *, const void *) = {by_state, by_name, by_failed, by_size};
    *out = (mig__chosen){.accounts = calloc(overview->count + 1, sizeof(account_pointer))};
    if (out->accounts == NULL) {
        return -1;
    }
    for (size_t i = 0; i < overview->count; i++) {
        if (wanted(view, &overview->accounts[i])) {
            out->accounts[out->count++] = &overview->accounts[i];
        }
    }
    qsort(out->accounts, out->count, sizeof(account_pointer), orders[view->order]);
    out->pages = out->count > 0 ? (out->count + MIG__VIEW_ROWS - 1) / MIG__VIEW_ROWS : 1;
    const size_t page = view->page < out->pages ? view->page : out->pages;
    out->first = (page - 1) * MIG__VIEW_ROWS;
    out->last = out->first + MIG__VIEW_ROWS < out->count ? out->first + MIG__VIEW_ROWS : out->count;
    return 0;
}

void mig__chosen_clear(mig__chosen *chosen)
{
    free(chosen->accounts);
    *chosen = (mig__chosen){.accounts = NULL};
}

/* ---- ids ---- */

/* FNV-1a: nobody gains by two accounts of one id but the sight of the other, which is on the same page. */
static uint64_t add_to_hash(uint64_t hash, const char *text)
{
    do {
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    } while (*text++ != '\0');
    return hash;
}

char *mig__account_id(const mig_overview_account *account, char out[MIG__VIEW_ID])
{
    const uint64_t hash = add_to_hash(add_to_hash(14695981039346656037u, account->source), account->target);
    snprintf(out, MIG__VIEW_ID, "%016" PRIx64, hash);
    return out;
}

const mig_overview_account *mig__account_by_id(const mig_overview *overview, const char *id)
{
    char own[MIG__VIEW_ID];
    for (size_t i = 0; i < overview->count; i++) {
        if (strcmp(mig__account_id(&overview->accounts[i], own), id) == 0) {
            return &overview->accounts[i];
        }
    }
    return NULL;
}
