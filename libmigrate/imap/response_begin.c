/* imap/response_begin.c - what is known of a response without libetpan: names of kinds and codes, the guard's findings
 */
#include "imap/response_internal.h"
#include <string.h>
#include <strings.h>

static mig__response_kind kind_of(const char *keyword)
{
    static const struct {
        const char *keyword;
        mig__response_kind kind;
    } kinds[] = {
        {"FETCH", MIG__RESPONSE_FETCH},
        {"OK", MIG__RESPONSE_OK},
        {"NO", MIG__RESPONSE_NO},
        {"BAD", MIG__RESPONSE_BAD},
        {"BYE", MIG__RESPONSE_BYE},
        {"PREAUTH", MIG__RESPONSE_PREAUTH},
        {"CAPABILITY", MIG__RESPONSE_CAPABILITY},
        {"ENABLED", MIG__RESPONSE_ENABLED},
        {"LIST", MIG__RESPONSE_LIST},
        {"LSUB", MIG__RESPONSE_LSUB},
        {"STATUS", MIG__RESPONSE_STATUS},
        {"FLAGS", MIG__RESPONSE_FLAGS},
        {"EXISTS", MIG__RESPONSE_EXISTS},
        {"RECENT", MIG__RESPONSE_RECENT},
        {"EXPUNGE", MIG__RESPONSE_EXPUNGE},
        {"VANISHED", MIG__RESPONSE_VANISHED},
        {"SEARCH", MIG__RESPONSE_SEARCH},
        {"ESEARCH", MIG__RESPONSE_SEARCH},
        {"NAMESPACE", MIG__RESPONSE_NAMESPACE},
        {"ID", MIG__RESPONSE_ID},
        {"QUOTA", MIG__RESPONSE_QUOTA},
        {"QUOTAROOT", MIG__RESPONSE_QUOTAROOT},
        {"METADATA", MIG__RESPONSE_METADATA},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(keyword, kinds[i].keyword) == 0) {
            return kinds[i].kind;
        }
    }
    return MIG__RESPONSE_ODD;
}

static const struct {
    const char *name;
    mig__code code;
} codes[] = {
    {"ALERT", MIG__CODE_ALERT},
    {"ALREADYEXISTS", MIG__CODE_ALREADYEXISTS},
    {"APPENDUID", MIG__CODE_APPENDUID},
    {"AUTHENTICATIONFAILED", MIG__CODE_AUTHENTICATIONFAILED},
    {"AUTHORIZATIONFAILED", MIG__CODE_AUTHORIZATIONFAILED},
    {"CANNOT", MIG__CODE_CANNOT},
    {"CAPABILITY", MIG__CODE_CAPABILITY},
    {"CLOSED", MIG__CODE_CLOSED},
    {"CONTACTADMIN", MIG__CODE_CONTACTADMIN},
    {"COPYUID", MIG__CODE_COPYUID},
    {"CORRUPTION", MIG__CODE_CORRUPTION},
    {"EXPIRED", MIG__CODE_EXPIRED},
    {"HIGHESTMODSEQ", MIG__CODE_HIGHESTMODSEQ},
    {"INUSE", MIG__CODE_INUSE},
    {"LIMIT", MIG__CODE_LIMIT},
    {"MAILBOXID", MIG__CODE_MAILBOXID},
    {"MESSAGELIMIT", MIG__CODE_MESSAGELIMIT},
    {"NOMODSEQ", MIG__CODE_NOMODSEQ},
    {"NONEXISTENT", MIG__CODE_NONEXISTENT},
    {"NOPERM", MIG__CODE_NOPERM},
    {"OVERQUOTA", MIG__CODE_OVERQUOTA},
    {"PERMANENTFLAGS", MIG__CODE_PERMANENTFLAGS},
    {"PRIVACYREQUIRED", MIG__CODE_PRIVACYREQUIRED},
    {"READ-ONLY", MIG__CODE_READ_ONLY},
    {"READ-WRITE", MIG__CODE_READ_WRITE},
    {"SERVERBUG", MIG__CODE_SERVERBUG},
    {"THROTTLED", MIG__CODE_THROTTLED},
    {"TOOBIG", MIG__CODE_TOOBIG},
    {"TRYCREATE", MIG__CODE_TRYCREATE},
    {"UIDNEXT", MIG__CODE_UIDNEXT},
    {"UIDVALIDITY", MIG__CODE_UIDVALIDITY},
    {"UNAVAILABLE", MIG__CODE_UNAVAILABLE},
    {"UNSEEN", MIG__CODE_UNSEEN},
};

static mig__code code_of(const char *text)
{
    size_t length = strcspn(text, " ");
    if (*text == '\0') {
        return MIG__CODE_NONE;
    }
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strlen(codes[i].name) == length && strncasecmp(codes[i].name, text, length) == 0) {
            return codes[i].code;
        }
    }
    return MIG__CODE_OTHER;
}

static mig__needs begin_condition(const mig__frame *frame, mig__response *out)
{
    const mig__guard_extra *extra = &frame->extra;
    out->code = code_of(frame->code);
    out->throttled = extra->throttled;
    switch (out->code) {
    case MIG__CODE_CAPABILITY:
    case MIG__CODE_PERMANENTFLAGS:
    case MIG__CODE_UIDNEXT:
    case MIG__CODE_UIDVALIDITY:
    case MIG__CODE_UNSEEN:
        return MIG__NEEDS_CODE;
    case MIG__CODE_APPENDUID:
    case MIG__CODE_COPYUID:
        out->number = extra->uidvalidity;
        out->uid_text = extra->uid_text;
        out->from_uid_text = extra->from_uid_text;
        out->code = extra->uid_text != NULL ? out->code : MIG__CODE_OTHER;
        return MIG__NEEDS_NOTHING;
    case MIG__CODE_HIGHESTMODSEQ:
        out->modseq = extra->modseq;
        out->code = extra->has_modseq ? out->code : MIG__CODE_OTHER;
        return MIG__NEEDS_NOTHING;
    case MIG__CODE_MAILBOXID:
        out->mailbox_id = extra->mailbox_id;
        out->code = extra->mailbox_id != NULL ? out->code : MIG__CODE_OTHER;
        return MIG__NEEDS_NOTHING;
    default:
        return MIG__NEEDS_NOTHING;
    }
}

void mig__list_attribute(const char *name, mig__list_item *item)
{
    static const struct {
        const char *name;
        unsigned attributes;
        mig_role role;
    } known[] = {
        {"NonExistent", MIG_ATTR_NONEXISTENT | MIG_ATTR_NOSELECT, MIG_ROLE_NONE},
        {"HasChildren", MIG_ATTR_HASCHILDREN, MIG_ROLE_NONE},
        {"HasNoChildren", MIG_ATTR_HASNOCHILDREN, MIG_ROLE_NONE},
        {"Subscribed", MIG_ATTR_SUBSCRIBED, MIG_ROLE_NONE},
        {"All", 0, MIG_ROLE_ALL},
        {"Archive", 0, MIG_ROLE_ARCHIVE},
        {"Drafts", 0, MIG_ROLE_DRAFTS},
        {"Flagged", 0, MIG_ROLE_FLAGGED},
        {"Important", 0, MIG_ROLE_IMPORTANT},
        {"Junk", 0, MIG_ROLE_JUNK},
        {"Sent", 0, MIG_ROLE_SENT},
        {"Trash", 0, MIG_ROLE_TRASH},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcasecmp(name, known[i].name) == 0) {
            item->attributes |= known[i].attributes;
            item->role = item->role == MIG_ROLE_NONE ? known[i].role : item->role;
        }
    }
}

static void begin_status(const mig__frame *frame, mig__response *out)
{
    const mig__guard_extra *extra = &frame->extra;
    out->status.name = extra->mailbox != NULL ? extra->mailbox : "";
    out->status.has_modseq = extra->has_modseq;
    out->status.modseq = extra->modseq;
    out->status.has_size = extra->has_size;
    out->status.size = extra->size;
    out->status.mailbox_id = extra->mailbox_id;
}

static void begin_fetch(const mig__frame *frame, mig__response *out)
{
    const mig__guard_extra *extra = &frame->extra;
    out->fetch.sequence = frame->number;
    out->fetch.uid = extra->uid;
    out->fetch.odd_flags = extra->odd_flags;
    out->fetch.has_modseq = extra->has_modseq;
    out->fetch.modseq = extra->modseq;
    out->fetch.internaldate_bad = extra->internaldate_bad;
    out->fetch.body = extra->body;
    out->fetch.has_header = extra->header;
    out->fetch.email_id = extra->email_id;
    out->fetch.labels = extra->labels;
}

static void begin_set(const mig__frame *frame, mig__response *out)
{
    const mig__guard_extra *extra = &frame->extra;
    out->uids = extra->uids;
    out->vanished_earlier = extra->vanished_earlier;
    out->search_has_modseq = extra->has_modseq;
    out->modseq = extra->modseq;
    out->search_has_count = extra->esearch_count_given;
    out->search_count = extra->esearch_count;
    out->search_tag = extra->esearch_tag;
}

mig__needs mig__response_begin(const mig__frame *frame, mig__response *out)
{
    const mig__guard_extra *extra = &frame->extra;
    memset(out, 0, sizeof *out);
    out->code_text = frame->code;
    out->text = frame->words;
    out->words_text = extra->raw;
    if (frame->kind == MIG__FRAME_CONTINUE) {
        out->kind = MIG__RESPONSE_CONTINUE;
        return MIG__NEEDS_NOTHING;
    }
    out->kind = kind_of(frame->keyword);
    if (frame->kind == MIG__FRAME_TAGGED) {
        out->condition = out->kind == MIG__RESPONSE_OK ? MIG__OK : out->kind == MIG__RESPONSE_NO ? MIG__NO : MIG__BAD;
        out->kind = MIG__RESPONSE_TAGGED;
        out->tag = frame->tag;
        return begin_condition(frame, out);
    }
    switch (out->kind) {
    case MIG__RESPONSE_OK:
    case MIG__RESPONSE_NO:
    case MIG__RESPONSE_BAD:
    case MIG__RESPONSE_BYE:
    case MIG__RESPONSE_PREAUTH:
        return begin_condition(frame, out);
    case MIG__RESPONSE_EXISTS:
    case MIG__RESPONSE_RECENT:
    case MIG__RESPONSE_EXPUNGE:
        out->number = frame->number;
        return MIG__NEEDS_NOTHING;
    case MIG__RESPONSE_VANISHED:
    case MIG__RESPONSE_SEARCH:
        begin_set(frame, out);
        return MIG__NEEDS_NOTHING;
    case MIG__RESPONSE_NAMESPACE:
    case MIG__RESPONSE_ID:
    case MIG__RESPONSE_QUOTA:
    case MIG__RESPONSE_QUOTAROOT:
    case MIG__RESPONSE_METADATA:
        return MIG__NEEDS_NOTHING;
    case MIG__RESPONSE_FETCH:
        begin_fetch(frame, out);
        break;
    case MIG__RESPONSE_STATUS:
        begin_status(frame, out);
        break;
    default:
        break;
    }
    if (frame->odd) {
        out->kind = MIG__RESPONSE_ODD;
        return MIG__NEEDS_NOTHING;
    }
    return MIG__NEEDS_DATA;
}
