/* state/keyindex.c - a table an account and kind */
#include "state/keyindex.h"
#include <stdlib.h>

uint64_t mig__key(const void *data, size_t length)
{
    return mig__hash(0, data, length);
}

mig__keyindex *mig__keyindex_get(mig__keyindex **list, int64_t account, mig__key_kind kind, mig_error *err)
{
    for (mig__keyindex *index = *list; index != NULL; index = index->next) {
        if (index->account == account && index->kind == kind) {
            return index;
        }
    }
    mig__keyindex *index = calloc(1, sizeof *index);
    if (index == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory for looking up messages by content");
        return NULL;
    }
    *index = (mig__keyindex){.next = *list, .account = account, .kind = kind, .rows = MIG__TABLE_INIT(sizeof(int64_t))};
    *list = index;
    return index;
}

int mig__keyindex_add(mig__keyindex *index, uint64_t key, int64_t id, mig_error *err)
{
    int64_t *row = mig__table_add(&index->rows, key, err);
    if (row == NULL) {
        return -1;
    }
    *row = id;
    return 0;
}

int64_t mig__keyindex_next(const mig__keyindex *index, uint64_t key, size_t *at)
{
    const int64_t *row = mig__table_next(&index->rows, key, at);
    return row != NULL ? *row : 0;
}

void mig__keyindex_free(mig__keyindex **list)
{
    while (*list != NULL) {
        mig__keyindex *index = *list;
        *list = index->next;
        mig__table_free(&index->rows);
        free(index);
    }
}
