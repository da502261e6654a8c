/* inventory/stock.c - what is counted over the messages of a folder, in bounded memory */
#include "inventory/stock.h"
#include "account/junk.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "inventory/total.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static void forget_keywords(mig_inventory_folder *folder)
{
    for (size_t i = 0; i < folder->keyword_count; i++) {
        free(folder->keywords[i].name);
    }
    free(folder->keywords);
    folder->keywords = NULL;
    folder->keyword_count = 0;
}

void mig__stock_begin(mig__stock *stock, mig_inventory_folder *folder, uint64_t limit)
{
    stock->folder = folder;
    stock->limit = limit;
    stock->key_count = stock->year_count = 0;
    stock->keys_full = false;
    folder->messages = folder->bytes = folder->largest = folder->too_big = folder->too_big_bytes = 0;
    folder->duplicates = folder->with_nul = folder->bare_newline = folder->long_lines = 0;
    folder->oldest = folder->newest = 0;
    folder->junk_messages = folder->junk_bytes = 0;
    forget_keywords(folder);
}

static int year_of(const mig__stock_item *item)
{
    time_t moment = (time_t)item->date;
    struct tm parts;
    return item->has_date && gmtime_r(&moment, &parts) != NULL ? parts.tm_year + 1900 : 0;
}

/* Two messages of one size and one second are taken for the same one: headers would cost a read of each message. */
static void add_key(mig__stock *stock, const mig__stock_item *item)
{
    if (!item->has_date || stock->keys_full) {
        return;
    }
    if (stock->key_count == stock->key_capacity) {
        size_t capacity = stock->key_capacity == 0 ? 256 : stock->key_capacity * 2;
        uint64_t *grown = capacity > MIG__STOCK_MOST_KEYS ? NULL : realloc(stock->keys, capacity * sizeof *grown);
        if (grown == NULL) {
            stock->keys_full = true;
            return;
        }
        stock->keys = grown;
        stock->key_capacity = capacity;
    }
    stock->keys[stock->key_count++] = item->size * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)item->date;
}

static void add_keyword(mig__stock *stock, const char *name)
{
    mig_inventory_folder *folder = stock->folder;
    size_t at = 0;
    while (at < folder->keyword_count && strcmp(folder->keywords[at].name, name) < 0) {
        at++;
    }
    if (at < folder->keyword_count && strcmp(folder->keywords[at].name, name) == 0) {
        folder->keywords[at].messages++;
        return;
    }
    if (folder->keyword_count == MIG__STOCK_MOST_KEYWORDS) {
        return;
    }
    mig_inventory_keyword *grown = mig__grow(folder->keywords, folder->keyword_count, sizeof *grown, NULL);
    char *copy = mig__strdup(name);
    folder->keywords = grown != NULL ? grown : folder->keywords;
    if (grown == NULL || copy == NULL) {
        free(copy);
        stock->failed = true;
        return;
    }
    memmove(grown + at + 1, grown + at, (folder->keyword_count - at) * sizeof *grown);
    grown[at] = (mig_inventory_keyword){.name = copy, .messages = 1};
    folder->keyword_count++;
}

void mig__stock_add(mig__stock *stock, const mig__stock_item *item)
{
    mig_inventory_folder *folder = stock->folder;
    folder->messages++;
    folder->bytes += item->size;
    folder->largest = item->size > folder->largest ? item->size : folder->largest;
    if (stock->limit > 0 && item->size > stock->limit && !item->copied) {
        folder->too_big++;
        folder->too_big_bytes += item->size;
    }
    if (item->has_date) {
        bool first = folder->oldest == 0 && folder->newest == 0;
        folder->oldest = first || item->date < folder->oldest ? item->date : folder->oldest;
        folder->newest = first || item->date > folder->newest ? item->date : folder->newest;
    }
    const mig_inventory_year one = {.year = year_of(item), .messages = 1, .bytes = item->size};
    if (mig__years_add(&stock->years, &stock->year_count, &one) != 0) {
        stock->failed = true;
    }
    add_key(stock, item);
    for (const char *const *flag = item->flags; flag != NULL && *flag != NULL; flag++) {
        if ((*flag)[0] != '\\') {
            add_keyword(stock, *flag);
        }
        if (strcasecmp(*flag, MIG__JUNK_KEYWORD) == 0 && folder->role != MIG_ROLE_JUNK) {
            folder->junk_messages++;
            folder->junk_bytes += item->size;
        }
    }
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

int mig__stock_end(mig__stock *stock, mig_inventory_account *account, mig_error *err)
{
    mig_inventory_folder *folder = stock->folder;
    folder->examined = folder->has_bytes = true;
    folder->duplicates_known = !stock->keys_full;
    if (!stock->keys_full && stock->key_count > 1) {
        qsort(stock->keys, stock->key_count, sizeof *stock->keys, compare_keys);
        for (size_t i = 1; i < stock->key_count; i++) {
            folder->duplicates += stock->keys[i] == stock->keys[i - 1];
        }
    }
    for (size_t i = 0; i < stock->year_count && !stock->failed; i++) {
        stock->failed = mig__years_add(&account->years, &account->year_count, &stock->years[i]) != 0;
    }
    return stock->failed ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
}

void mig__stock_free(mig__stock *stock)
{
    free(stock->keys);
    free(stock->years);
    *stock = (mig__stock){0};
}
