/* imap/session_rest.c - a session that one user of it puts down and another one takes up: RFC 3691 (UNSELECT) */
#include "imap/session_private.h"

/* The next one has not asked for what QRESYNC (RFC 7162) changes: VANISHED where EXPUNGE would stand. */
enum { CHANGES_ANSWERS = MIG__CAP_QRESYNC };

/*
 * UNSELECT goes out without waiting. What a server says of a mailbox that is open is what the session has seen of it,
 * and not what is there: STATUS is asked only where none is.
 */
static bool leave_mailbox(mig__session *session)
{
    if (!session->in_mailbox) {
        return true;
    }
    mig_error ignored;
    return mig__session_can(session, MIG__CAP_UNSELECT) &&
           mig__session_send_aside(session, "UNSELECT", NULL, &ignored) == 0 &&
           mig__session_flush(session, &ignored) == 0;
}

bool mig__session_rest(mig__session *session)
{
    if (session->state != MIG__SESSION_READY || session->first != NULL || session->open != NULL ||
        session->endpoint->dial != NULL || (session->enabled & CHANGES_ANSWERS) != 0) {
        return false;
    }
    session->stop = NULL;
    session->log = NULL;
    session->account = NULL;
    session->unsolicited = NULL;
    mig__stream_watch(session->stream, NULL);
    mig__session_set_sink(session, NULL);
    const char *last;
    mig__stream_stats_get(session->stream, &session->counted);
    session->dropped_before = mig__guard_dropped(session->guard, &last);
    return leave_mailbox(session);
}

void mig__session_wake(mig__session *session, const mig__session_options *options)
{
    session->stop = options->stop;
    session->log = options->log;
    session->account = options->account;
    session->labels = options->labels_as_keywords && mig__session_can(session, MIG__CAP_GMAIL);
    mig__guard_labels_as_keywords(session->guard, session->labels);
    mig__stream_watch(session->stream, options->stop);
    mig__talk_progress(&session->talk);
    session->exists = 0;
}
