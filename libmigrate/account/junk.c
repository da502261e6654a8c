/* account/junk.c - see junk.h */
#include "account/junk.h"
#include "account/sides.h"
#include "base/clock.h"
#include "folders/map.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* A name counts at the top level and directly below INBOX, as in the map of folders. */
bool mig__junk_folder(const mig__mailbox *mailbox)
{
    const char *name = mailbox->name;
    if (mailbox->role != MIG_ROLE_NONE) {
        return mailbox->role == MIG_ROLE_JUNK;
    }
    if (mailbox->delimiter != '\0' && strncasecmp(name, "INBOX", 5) == 0 && name[5] == mailbox->delimiter) {
        name += 6;
    }
    return (mailbox->delimiter == '\0' || strchr(name, mailbox->delimiter) == NULL) &&
           mig__role_by_name(name) == MIG_ROLE_JUNK;
}

bool mig__junk_narrows(const mig_selection *selection)
{
    return selection->junk.what == MIG_JUNK_SKIP || selection->junk.what == MIG_JUNK_MAX_AGE;
}

static void add_since(mig__buffer *out, unsigned days, int64_t now)
{
    struct tm day;
    time_t when = (time_t)(now - (int64_t)days * 86400);
    gmtime_r(&when, &day);
    mig__buffer_add_text(out, "SINCE ");
    mig__sides_add_day(out, day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
}

int mig__junk_criteria(const mig_selection *selection, bool junk_folder, int64_t now, mig__buffer *out, mig_error *err)
{
    mig__buffer dates = MIG__BUFFER_INIT;
    int failed = mig__sides_criteria(selection->since, selection->before, &dates, err);
    if (failed == 0 && (!mig__junk_narrows(selection) || strcmp(dates.data, "ALL") != 0)) {
        mig__buffer_addf(out, "%s%s", dates.data, mig__junk_narrows(selection) ? " " : "");
    }
    mig__buffer_free(&dates);
    if (failed == 0 && selection->junk.what == MIG_JUNK_SKIP) {
        mig__buffer_add_text(out, junk_folder ? "NOT ALL" : "UNKEYWORD " MIG__JUNK_KEYWORD);
    } else if (failed == 0 && selection->junk.what == MIG_JUNK_MAX_AGE) {
        mig__buffer_add_text(out, junk_folder ? "" : "OR UNKEYWORD " MIG__JUNK_KEYWORD " ");
        add_since(out, selection->junk.days, now);
    }
    return failed != 0 ? -1 : mig__buffer_ok(out, err);
}

int mig__junk_both(const mig_selection *selection, char *out[2], mig_error *err)
{
    int64_t now = mig__wall_seconds(); /* the same for both: a day may begin in between */
    out[0] = out[1] = NULL;
    for (int junk = 0; junk < 2; junk++) {
        mig__buffer criteria = MIG__BUFFER_INIT;
        int failed = mig__junk_criteria(selection, junk == 1, now, &criteria, err);
        if (failed == 0 && (out[junk] = mig__buffer_steal(&criteria)) == NULL) {
            failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        mig__buffer_free(&criteria);
        if (failed != 0) {
            free(out[0]);
            out[0] = NULL;
            return -1;
        }
    }
    return 0;
}
