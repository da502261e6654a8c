/* copy/whereabouts.c - see whereabouts.h */
#include "copy/whereabouts.h"
#include "account/sides.h"
#include "imap/digests.h"
#include <stdlib.h>
#include <string.h>

typedef struct looking {
    mig__run *run;
    const mig__mailbox *mailbox;
    mig__wanted *wanted;
    size_t count;
    const int64_t *sizes, *dates; /* of what is wanted, sorted */
    const mig__uidset *ours;
    mig__uidset candidates;
    bool home; /* this mailbox's own ones only */
} looking;

static int compare_numbers(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static bool has_number(const int64_t *numbers, size_t count, int64_t number)
{
    return bsearch(&number, numbers, count, sizeof *numbers, compare_numbers) != NULL;
}

static int on_summary(const mig__response *response, void *context, mig_error *err)
{
    looking *l = context;
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH || item->uid == 0 || mig__uidset_has(l->ours, item->uid)) {
        return 0;
    }
    bool fits = has_number(l->sizes, l->count, (int64_t)item->size) ||
                (item->internaldate.valid && has_number(l->dates, l->count, item->internaldate.utc));
    return fits ? mig__uidset_add(&l->candidates, item->uid, item->uid, err) : 0;
}

static bool same_content(const mig__wanted *w, const mig__message_digest *digest, bool canonical)
{
    return canonical ? memcmp(w->digest.canonical, digest->canonical, MIG__DIGEST_SIZE) == 0
                     : memcmp(w->digest.raw, digest->raw, MIG__DIGEST_SIZE) == 0;
}

static int on_content(const mig__fetch_item *item, const mig__message_digest *digest, void *context, mig_error *err)
{
    looking *l = context;
    (void)err;
    for (int canonical = 0; canonical < 2; canonical++) {
        for (size_t i = 0; i < l->count; i++) {
            mig__wanted *w = &l->wanted[i];
            bool mine = strcmp(w->home, l->mailbox->wire) == 0;
            if (w->uid == 0 && mine == l->home && same_content(w, digest, canonical != 0)) {
                w->uid = item->uid;
                w->mailbox = l->mailbox;
                return 0;
            }
        }
    }
    return 0;
}

static void pass_over(looking *l, const mig_error *why)
{
    mig_error error = *why;
    mig_error_context(&error, "what is missing could not be looked for in '%s' on the target", l->mailbox->name);
    pthread_mutex_lock(&l->run->lock);
    mig__result_problem(l->run->account, "", 0, true, &error);
    pthread_mutex_unlock(&l->run->lock);
}

static int look_into(looking *l, mig__session *session, mig_error *err)
{
    mig__selected selected = {0};
    mig__uidset all = MIG__UIDSET_INIT;
    mig__uidset_clear(&l->candidates);
    int outcome = mig__command_outcome(session, mig__select(session, l->mailbox->wire, true, &selected, err), err);
    bool any = selected.exists > 0;
    mig__selected_free(&selected);
    if (outcome == 0 && any) {
        outcome = mig__uidset_add(&all, 1, UINT32_MAX, err) != 0
                      ? -1
                      : mig__command_outcome(
                            session,
                            mig__fetch(session, &all, MIG__FETCH_SIZE | MIG__FETCH_DATE, 0, on_summary, l, err), err);
    }
    if (outcome == 0 && l->candidates.count > 0) {
        outcome = mig__fetch_digests(session, &l->candidates, MIG__FETCH_BODY, on_content, l, err);
    }
    if (outcome > 0) {
        pass_over(l, err);
    }
    mig__uidset_free(&all);
    return outcome < 0 ? -1 : 0;
}

/* Does anything that is not found yet belong here (home), or does anything at all miss? */
static bool worth_a_look(const looking *l)
{
    for (size_t i = 0; i < l->count; i++) {
        if (l->wanted[i].uid == 0 && (strcmp(l->wanted[i].home, l->mailbox->wire) == 0) == l->home) {
            return true;
        }
    }
    return false;
}

int mig__whereabouts(mig__run *run, mig__session *session, mig__wanted *wanted, size_t count, mig_error *err)
{
    int64_t *sizes = calloc(count + 1, sizeof *sizes), *dates = calloc(count + 1, sizeof *dates);
    looking l = {.run = run, .wanted = wanted, .count = count, .sizes = sizes, .dates = dates};
    int failed = sizes == NULL || dates == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    for (size_t i = 0; failed == 0 && i < count; i++) {
        sizes[i] = (int64_t)wanted[i].digest.octets;
        dates[i] = wanted[i].date.valid ? wanted[i].date.utc : INT64_MIN;
    }
    if (failed == 0) {
        qsort(sizes, count, sizeof *sizes, compare_numbers);
        qsort(dates, count, sizeof *dates, compare_numbers);
    }
    for (size_t round = 0; round < 2; round++) { /* each message in its own mailbox first */
        l.home = round == 0;
        for (size_t i = 0; failed == 0 && i < run->sides[MIG_TARGET].mailboxes.count; i++) {
            mig__uidset ours = MIG__UIDSET_INIT;
            l.mailbox = &run->sides[MIG_TARGET].mailboxes.items[i];
            l.ours = &ours;
            if (!mig__sides_selectable(l.mailbox) || !worth_a_look(&l)) {
                continue;
            }
            failed = mig__state_ours_in(run->state, run->state_account, l.mailbox->wire, &ours, err);
            failed = failed != 0 ? -1 : look_into(&l, session, err);
            mig__uidset_free(&ours);
        }
    }
    mig__uidset_free(&l.candidates);
    free(sizes);
    free(dates);
    return failed;
}
