/* copy/refused.c - what a refusal of CREATE is about, and the name that follows from it */
#include "copy/refused.h"
#include "copy/decide_name.h"
#include "account/sides.h"
#include "imap/names.h"
#include <stdlib.h>
#include <string.h>

enum { SUFFIXES = 100 };

static bool is_taken(const mig__run *run, const char *name)
{
    for (size_t i = 0; i < run->job_count; i++) {
        if (run->jobs[i].target != NULL && strcmp(run->jobs[i].target, name) == 0) {
            return true;
        }
    }
    return false;
}

static char *to_wire(const char *name, bool as_it_is)
{
    mig__buffer wire = MIG__BUFFER_INIT;
    if (as_it_is) {
        mig__buffer_add_text(&wire, name);
    } else if (!mig__name_encode(name, &wire)) {
        mig__buffer_free(&wire);
        return NULL;
    }
    return mig__buffer_steal(&wire);
}

char *mig__refused_name(const mig__run *run, const mig__folder_job *job, const mig_error *why)
{
    mig__buffer shown = MIG__BUFFER_INIT, plainer = MIG__BUFFER_INIT;
    char *wire = NULL;
    bool as_it_is = run->sides[MIG_TARGET].utf8 || !mig__name_decode(job->target, &shown);
    if (as_it_is) { /* UTF-8, or octets that are no mUTF-7 */
        mig__buffer_clear(&shown);
        mig__buffer_add_text(&shown, job->target);
    }
    const char *prefix = run->sides[MIG_TARGET].mailboxes.prefix != NULL ? run->sides[MIG_TARGET].mailboxes.prefix : "";
    if (shown.failed ||
        !mig__decide_name(shown.data, prefix, run->sides[MIG_TARGET].mailboxes.delimiter, why, &plainer)) {
        goto cleanup;
    }
    size_t length = plainer.length;
    for (unsigned suffix = 2; !plainer.failed && suffix < SUFFIXES; suffix++) {
        if ((wire = to_wire(plainer.data, as_it_is)) == NULL || !is_taken(run, wire)) {
            break;
        }
        free(wire);
        wire = NULL;
        plainer.length = length;
        mig__buffer_addf(&plainer, " (%u)", suffix);
    }
cleanup:
    mig__buffer_free(&shown);
    mig__buffer_free(&plainer);
    return wire;
}

static int rename_job(mig__run *run, mig__folder_job *job, const char *name, mig_error *err)
{
    char *target = mig__strdup(name), *recorded = mig__strdup(name), *shown = mig__sides_decoded(name);
    if (target == NULL || recorded == NULL || shown == NULL) {
        free(target);
        free(recorded);
        free(shown);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    free(job->target);
    free(job->record.target);
    job->target = target;
    job->record.target = recorded;
    job->existing = mig__mailbox_alike(&run->sides[MIG_TARGET].mailboxes, name);
    job->renamed = true;
    pthread_mutex_lock(&run->lock);
    free(job->result->target);
    job->result->target = shown;
    pthread_mutex_unlock(&run->lock);
    return 0;
}

int mig__refused_rename(mig__run *run, const mig__folder_job *job, char *name, mig_error *err)
{
    char *from = mig__strdup(job->target);
    int failed = from == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    for (size_t i = 0; failed == 0 && i < run->job_count; i++) {
        if (run->jobs[i].copy && strcmp(run->jobs[i].target, from) == 0) {
            failed = rename_job(run, &run->jobs[i], name, err);
        }
    }
    free(from);
    free(name);
    return failed;
}
