/* verify/summary.c - the canonical form has each header field on one line, its name in lower case: that is read here */
#include "verify/summary.h"
#include <stdlib.h>
#include <string.h>

/* The first field of a name counts. */
static void end_line(mig__summary *summary)
{
    static const char id[] = "message-id:", subject[] = "subject:";
    summary->line[summary->length] = '\0';
    if (summary->length == 0) {
        summary->done = true;
    } else if (strncmp(summary->line, id, sizeof id - 1) == 0 && !summary->message_id[0]) {
        memcpy(summary->message_id, summary->line + sizeof id - 1, summary->length - (sizeof id - 1) + 1);
    } else if (strncmp(summary->line, subject, sizeof subject - 1) == 0 && !summary->subject[0]) {
        memcpy(summary->subject, summary->line + sizeof subject - 1, summary->length - (sizeof subject - 1) + 1);
    }
    summary->length = 0;
}

static int take(const void *data, size_t length, void *context, mig_error *err)
{
    mig__summary *summary = context;
    const char *at = data;
    (void)err;
    for (size_t i = 0; i < length && !summary->done; i++) {
        if (at[i] == '\n') {
            end_line(summary);
        } else if (at[i] != '\r' && summary->length < sizeof summary->line - 1) {
            summary->line[summary->length++] = at[i];
        }
    }
    return 0;
}

void mig__summary_begin(mig__summary *summary)
{
    mig__canonical_begin(&summary->form, MIG_RULES_ALL, take, summary);
    summary->done = false;
    summary->length = 0;
    summary->message_id[0] = summary->subject[0] = '\0';
}

void mig__summary_add(mig__summary *summary, const void *data, size_t length)
{
    if (!summary->done) {
        mig__canonical_add(&summary->form, data, length, NULL);
    }
}

int mig__summary_end(mig__summary *summary, char **message_id, char **subject, mig_error *err)
{
    mig__buffer id = MIG__BUFFER_INIT, words = MIG__BUFFER_INIT;
    *message_id = *subject = NULL;
    if (!summary->done) {
        mig__canonical_end(&summary->form, NULL);
    }
    mig__decode_words(summary->subject, &words);
    mig__decode_words(summary->message_id, &id);
    bool failed = words.failed || id.failed;
    if (!failed && summary->message_id[0]) {
        *message_id = mig__buffer_steal(&id);
        failed = !*message_id;
    }
    if (!failed && summary->subject[0]) {
        *subject = mig__buffer_steal(&words);
        failed = !*subject;
    }
    mig__buffer_free(&id);
    mig__buffer_free(&words);
    if (failed) {
        free(*message_id);
        *message_id = NULL;
        return mig_error_set(err, MIG_E_NOMEM, "no memory for the subject of a message");
    }
    return 0;
}
