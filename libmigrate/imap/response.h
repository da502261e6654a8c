/*
 * imap/response.h - one response, parsed: the only file of the project that includes libetpan's headers is response.c
 *
 * libetpan reads each response on its own, out of memory: the guard has framed and filtered it, BODY[] octets never
 * pass through it. So its buffer never grows beyond one response, a response that it cannot parse costs only itself,
 * and the stream cannot get out of step. All strings are borrowed until the next call on the same decoder or the next
 * push into the guard that made the frame, whichever comes first.
 */
#ifndef MIG_IMAP_RESPONSE_H
#define MIG_IMAP_RESPONSE_H

#include "base/clock.h"
#include "imap/guard.h"
#include "mail/uidset.h"
#include <migrate/error.h>
#include <migrate/folder.h>

typedef enum mig__response_kind {
    MIG__RESPONSE_CONTINUE, /* text (inert, at most 1 KiB); words_text has it whole and as sent */
    MIG__RESPONSE_TAGGED,   /* condition and code are set */
    MIG__RESPONSE_OK,       /* untagged, code is set */
    MIG__RESPONSE_NO,
    MIG__RESPONSE_BAD,
    MIG__RESPONSE_BYE,
    MIG__RESPONSE_PREAUTH,
    MIG__RESPONSE_CAPABILITY, /* words */
    MIG__RESPONSE_ENABLED,    /* words */
    MIG__RESPONSE_LIST,       /* list */
    MIG__RESPONSE_LSUB,       /* list */
    MIG__RESPONSE_STATUS,     /* status */
    MIG__RESPONSE_FLAGS,      /* words */
    MIG__RESPONSE_EXISTS,     /* number */
    MIG__RESPONSE_RECENT,     /* number */
    MIG__RESPONSE_EXPUNGE,    /* number */
    MIG__RESPONSE_VANISHED,   /* uids, earlier */
    MIG__RESPONSE_FETCH,      /* fetch */
    MIG__RESPONSE_SEARCH,     /* uids, also for ESEARCH */
    MIG__RESPONSE_NAMESPACE,  /* raw text in words_text */
    MIG__RESPONSE_ID,         /* raw text in words_text */
    MIG__RESPONSE_QUOTA,      /* raw text in words_text */
    MIG__RESPONSE_QUOTAROOT,  /* raw text in words_text */
    MIG__RESPONSE_METADATA,   /* raw text in words_text */
    MIG__RESPONSE_ODD         /* a FETCH that makes no sense, or that libetpan could not parse: of it only fetch.uid,
                                 fetch.body and fetch.has_header are known; others that libetpan could not parse */
} mig__response_kind;

typedef enum mig__condition { MIG__OK, MIG__NO, MIG__BAD } mig__condition;

/* Response codes that somebody acts on (RFC 3501 7.1, 4315, 5530, 7162, 8474, 9738, and Gmail's THROTTLED). */
typedef enum mig__code {
    MIG__CODE_NONE,
    MIG__CODE_OTHER, /* one that we do not know: see code_text */
    MIG__CODE_ALERT,
    MIG__CODE_ALREADYEXISTS,
    MIG__CODE_APPENDUID, /* number = UIDVALIDITY, uid_text = the new UIDs in order of the messages */
    MIG__CODE_AUTHENTICATIONFAILED,
    MIG__CODE_AUTHORIZATIONFAILED,
    MIG__CODE_CANNOT,
    MIG__CODE_CAPABILITY, /* words */
    MIG__CODE_CLOSED,
    MIG__CODE_CONTACTADMIN,
    MIG__CODE_COPYUID, /* number = UIDVALIDITY, from_uid_text, uid_text */
    MIG__CODE_CORRUPTION,
    MIG__CODE_EXPIRED,
    MIG__CODE_HIGHESTMODSEQ, /* modseq */
    MIG__CODE_INUSE,
    MIG__CODE_LIMIT,
    MIG__CODE_MAILBOXID, /* mailbox_id */
    MIG__CODE_MESSAGELIMIT,
    MIG__CODE_NOMODSEQ,
    MIG__CODE_NONEXISTENT,
    MIG__CODE_NOPERM,
    MIG__CODE_OVERQUOTA,
    MIG__CODE_PERMANENTFLAGS, /* words; "\\*" is one of them where new keywords can be made */
    MIG__CODE_PRIVACYREQUIRED,
    MIG__CODE_READ_ONLY,
    MIG__CODE_READ_WRITE,
    MIG__CODE_SERVERBUG,
    MIG__CODE_THROTTLED,
    MIG__CODE_TOOBIG,
    MIG__CODE_TRYCREATE,
    MIG__CODE_UIDNEXT,     /* number */
    MIG__CODE_UIDVALIDITY, /* number */
    MIG__CODE_UNAVAILABLE,
    MIG__CODE_UNSEEN /* number */
} mig__code;

typedef struct mig__list_item {
    const char *name; /* as the server wrote it: mUTF-7, or UTF-8 where UTF8 was accepted; never empty of meaning: "" is
                         possible */
    char delimiter;   /* '\0' for NIL */
    unsigned attributes; /* MIG_ATTR_* */
    mig_role role;       /* by SPECIAL-USE attributes, MIG_ROLE_NONE else */
    const char *old_name;
} mig__list_item;

typedef struct mig__status_item {
    const char *name; /* as the server wrote it */
    bool has_messages, has_uidnext, has_uidvalidity, has_unseen, has_modseq, has_size;
    uint32_t messages, uidnext, uidvalidity, unseen;
    uint64_t modseq;
    uint64_t size;
    const char *mailbox_id; /* NULL when absent */
} mig__status_item;

typedef struct mig__fetch_item {
    uint32_t sequence; /* message sequence number */
    uint32_t uid;      /* 0 when the response has none */
    bool has_flags;
    const char *const *flags; /* "\\Seen", "$Forwarded", ...; NULL-terminated; without \Recent */
    unsigned odd_flags;       /* how many were left out, being no flags (RFC 3501 section 9) */
    bool has_size;
    uint32_t size; /* RFC822.SIZE: a hint, never trusted */
    bool has_modseq;
    uint64_t modseq;
    mig__datetime internaldate; /* valid = false when absent or senseless */
    bool internaldate_bad;      /* it was there, and made no sense */
    mig__body_state body;       /* the octets went to the guard's sink */
    bool has_header;            /* that body is BODY[HEADER..] or RFC822.HEADER, not the whole message */
    const char *email_id;       /* NULL when absent */
    const char *labels;         /* X-GM-LABELS raw list, NULL when absent */
} mig__fetch_item;

typedef struct mig__response {
    mig__response_kind kind;
    unsigned tag;             /* TAGGED */
    mig__condition condition; /* TAGGED */
    mig__code code;           /* TAGGED, OK, NO, BAD, BYE, PREAUTH */
    const char *code_text;    /* the code as sent, inert, "" for none */
    const char *text;         /* the human-readable text, inert */
    bool throttled;           /* [THROTTLED], as the code or at the end of the text */
    uint32_t number; /* EXISTS, RECENT, EXPUNGE; UIDNEXT, UIDVALIDITY, UNSEEN; UIDVALIDITY of APPENDUID, COPYUID */
    uint64_t modseq; /* HIGHESTMODSEQ; SEARCH and ESEARCH: MODSEQ */
    const char *mailbox_id;
    const mig__uidset *uids;   /* VANISHED, SEARCH, ESEARCH; sorted, so not for APPENDUID with several ranges */
    const char *uid_text;      /* APPENDUID and COPYUID: the (destination) set as sent, in its own order */
    const char *from_uid_text; /* COPYUID: the source set as sent */
    bool vanished_earlier;
    const char *const *words; /* NULL-terminated: capabilities in upper case, flags as sent */
    mig__list_item list;
    mig__status_item status;
    mig__fetch_item fetch;
    const char *words_text; /* raw text of NAMESPACE, ID, QUOTA, QUOTAROOT, METADATA, continuations; literals as quoted
                               strings */
    bool search_has_modseq; /* SEARCH, ESEARCH: modseq is set */
    bool search_has_count;  /* ESEARCH COUNT */
    uint64_t search_count;
    unsigned search_tag; /* ESEARCH (TAG "n"), 0 when absent */
} mig__response;

typedef struct mig__decoder mig__decoder;

mig__decoder *mig__decoder_new(mig_error *err);

/* Parse a frame. 0, or -1 with MIG_E_NOMEM. Everything else that goes wrong gives kind ODD. */
int mig__decoder_parse(mig__decoder *decoder, const mig__frame *frame, mig__response *out, mig_error *err);

void mig__decoder_free(mig__decoder **decoder);

#endif
