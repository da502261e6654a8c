/* account/profile.c - what is known of a server: from the table of providers, and from what it says */
#include "account/profile.h"

void mig__profile_find(mig__profile *out, const char *named, const mig_endpoint *endpoint, const mig__session *session)
{
    *out = (mig__profile){.labels = mig__session_can(session, MIG__CAP_GMAIL)};
    if (named != NULL) {
        out->provider = mig_provider_find(named);
        out->reason = "named";
    } else if ((out->provider = mig_provider_of(NULL, endpoint)) != NULL) {
        out->reason = "host name";
    } else if (out->labels) {
        out->provider = mig_provider_find("gmail");
        out->reason = "capabilities";
    } else if (mig__session_loses_flagged(session)) {
        out->provider = mig_provider_find("exchange");
        out->reason = "greeting";
    }
}
