/* account/account.c - one mail account: the way in, its mailboxes, and what is known of its server */
#include "account/account.h"
#include "account/listing.h"

void mig__account_init(mig__account *account, const mig__account_options *options)
{
    *account = (mig__account){.endpoint = options->endpoint, .provider = options->provider, .meant = options->meant};
    if (options->endpoint != NULL) {
        mig_endpoint_label(options->endpoint, account->label, sizeof account->label);
    }
    const mig__gate_options gate = {.session = {.endpoint = options->endpoint,
                                                .stop = options->stop,
                                                .log = options->log,
                                                .account = account->label,
                                                .labels_as_keywords = options->labels_as_keywords},
                                    .kept = options->kept,
                                    .patience_ms = options->patience_ms,
                                    .stopping = options->stopping,
                                    .progress = options->progress,
                                    .waiting = options->waiting,
                                    .context = options->context};
    mig__gate_init(&account->gate, &gate);
}

void mig__account_clear(mig__account *account)
{
    mig__mailbox_list_free(&account->mailboxes);
    mig__gate_clear(&account->gate);
}

int mig__account_open(mig__account *account, mig__patience patience, bool status, mig__session **session,
                      mig_error *err)
{
    *session = mig__gate_open(&account->gate, patience, err);
    if (*session == NULL) {
        return -1;
    }
    mig__mailbox_list_free(&account->mailboxes);
    if (mig__listing(&account->gate, session, status, account->meant, &account->mailboxes, err) != 0) {
        mig__gate_close(&account->gate, session);
        return mig_error_context(err, "listing the mailboxes of %s", account->label);
    }
    mig__profile_find(&account->profile, account->provider, account->endpoint, *session);
    account->utf8 = mig__session_utf8_names(*session);
    account->wraps = mig__session_utf8_enabled(*session);
    account->flagged_later = mig__session_loses_flagged(*session);
    return 0;
}
