/* account/listing.c - LIST and STATUS until there is a list */
#include "account/listing.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/retry.h"
#include "folders/rules.h"
#include <stdlib.h>
#include <string.h>

enum { AVOID_MOST = 100 }; /* mailboxes that break connections: more are not single ones any more */

typedef struct listing {
    mig__list_options options;
    mig__mailbox_list *out;
    char *avoid[AVOID_MOST];
    char *reasons[AVOID_MOST];
    char *suspect; /* that the last session broke over */
    bool broke;
} listing;

static int ask(mig__session *session, void *context, mig_error *err)
{
    listing *l = context;
    int outcome = mig__list_all(session, &l->options, l->out, err);
    free(l->suspect);
    l->suspect = l->options.suspect;
    l->broke = outcome < 0;
    if (outcome < 0 && l->suspect == NULL && l->options.plainer < 2) {
        l->options.plainer++;
    }
    return outcome;
}

/* From now on the suspect is left alone. False: there is none. */
static bool avoid_suspect(listing *l, const mig_error *why)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    size_t count = l->options.avoid_count;
    if (l->suspect == NULL || count == AVOID_MOST) {
        return false;
    }
    if ((l->reasons[count] = mig__strdup(mig_error_line(why, line, sizeof line))) == NULL) {
        return false;
    }
    l->avoid[count] = l->suspect;
    l->suspect = NULL;
    l->options.avoid_count++;
    return true;
}

typedef struct meaning {
    mig__rules rules;
    bool shared; /* other people's mailboxes as well */
} meaning;

static bool is_meant(const mig__mailbox *mailbox, void *context)
{
    const meaning *m = context;
    return mig__rules_take(&m->rules, mailbox->name) && (m->shared || mailbox->owner == MIG__OWNER_SELF);
}

/*
 * One after the other is left alone; what is put off beyond the patience, by a server that does answer, is refused. The
 * list may be had all the same: the mailbox that this is about shows when it is opened.
 */
static int have_out(mig__gate *gate, mig__session **session, listing *l, mig_error *err)
{
    for (;;) {
        int outcome = mig__gate_ask(gate, session, ask, l, err);
        bool refused = outcome > 0 && !l->broke && mig__retry_wanted(err) && !l->options.whatever;
        l->options.whatever = l->options.whatever || refused;
        if (!refused && (outcome <= 0 || !avoid_suspect(l, err))) {
            return outcome;
        }
    }
}

int mig__listing(mig__gate *gate, mig__session **session, bool status, const mig_selection *meant,
                 mig__mailbox_list *out, mig_error *err)
{
    meaning m = {.shared = meant == NULL || meant->shared};
    mig__map_rules given = {.folders = meant != NULL ? meant->folders : NULL,
                            .excludes = meant != NULL ? meant->excludes : NULL};
    if (mig__rules_read(&m.rules, &given, err) != 0) {
        return -1;
    }
    listing l = {.options = {.status = status, .wanted = is_meant, .context = &m}, .out = out};
    l.options.avoid = l.avoid;
    l.options.reasons = (const char *const *)l.reasons;
    int outcome = have_out(gate, session, &l, err);
    mig__rules_free(&m.rules);
    for (size_t i = 0; i < l.options.avoid_count; i++) {
        free(l.avoid[i]);
        free(l.reasons[i]);
    }
    free(l.suspect);
    return outcome == 0 ? 0 : -1;
}
