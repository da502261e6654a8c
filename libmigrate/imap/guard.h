/*
 * imap/guard.h - between the octets a server sends and libetpan: framing, bounds, filtering
 *
 * The guard is a push parser. It frames one response at a time (RFC 3501 section 7, RFC 9051 section 7): lines joined
 * by literals up to the line end that ends it. It knows nothing of commands. What comes out is
 *   - the response's text, written anew from what was parsed and so harmless for libetpan: of a FETCH only the items
 *     that we use, each checked; response codes that libetpan breaks on taken out; the free text of a status response
 *     replaced; numbers within their range;
 *   - the octets of BODY[...] on their own, passed to a sink as they arrive, never gathered (the text then holds an
 *     empty string in their place);
 *   - what libetpan does not know but we use, parsed here (mig__guard_extra).
 * Everything out of bounds is one error that ends the connection. A response that is well framed but makes no sense is
 * not an error: it is dropped and counted, so that one odd response never costs the account.
 *
 * Framing, where servers differ: a bare LF ends a line as CR LF does; empty lines between responses are skipped;
 * status responses (OK, NO, BAD, BYE, PREAUTH) and continuations have no literals, whatever their text ends in;
 * "{n}", "{n+}" and "~{n}" are literals when outside of quotes, at the end of a line and after a blank, a parenthesis
 * or a section. NUL in a line ends the connection (MIG_E_PROTOCOL), NUL in a literal other than a body drops the
 * response.
 */
#ifndef MIG_IMAP_GUARD_H
#define MIG_IMAP_GUARD_H

#include "base/buffer.h"
#include "mail/uidset.h"
#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct mig__guard mig__guard;

typedef struct mig__guard_limits {
    size_t line;      /* octets of one line; 1 MiB. SEARCH, ESEARCH and VANISHED, never gathered, may use `response` */
    size_t response;  /* octets of one response without BODY[] literals; 8 MiB */
    unsigned nesting; /* parentheses and brackets; 64 */
    uint64_t literal; /* octets of one BODY[] literal; 2^32 - 2 */
} mig__guard_limits;

#define MIG__GUARD_LIMITS_INIT                                                                                         \
    {                                                                                                                  \
        1u << 20, 8u << 20, 64, 4294967294u                                                                            \
    }

/*
 * Where BODY[] goes. `begin` is called once for each message body with its exact size (of the literal, or of the quoted
 * string), `data` with its octets in pieces, not at all for an empty body. Returning -1 with `err` filled ends the
 * connection. The UID may come before or after the body: the FETCH response that follows says whose it was; a response
 * that turns out senseless after its body still becomes a frame (odd), so that each `begin` is followed by one.
 *
 * What counts as a body: BODY[], BINARY[] and RFC822 (whole, or from octet 0), and BODY[HEADER], BODY[HEADER.FIELDS ..]
 * and RFC822.HEADER (mig__guard_extra.header). Of other sections the octets are dropped. A response has one body: the
 * first literal, else the first that is a quoted string or NIL; further ones are dropped.
 */
typedef struct mig__body_sink {
    int (*begin)(uint64_t size, void *context, mig_error *err);
    int (*data)(const char *octets, size_t length, void *context, mig_error *err);
    void *context;
} mig__body_sink;

typedef enum mig__frame_kind {
    MIG__FRAME_CONTINUE, /* "+ ..." */
    MIG__FRAME_UNTAGGED, /* "* ..." */
    MIG__FRAME_TAGGED
} mig__frame_kind;

typedef enum mig__body_state {
    MIG__BODY_NONE,  /* the response had no BODY[] item */
    MIG__BODY_GIVEN, /* it had one, and the sink got it */
    MIG__BODY_NIL    /* BODY[] NIL: the server has no content to give */
} mig__body_state;

/* What the guard parsed itself, since libetpan cannot. Zero or NULL where absent. Borrowed until the next push. */
typedef struct mig__guard_extra {
    mig__body_state body;
    bool header;            /* that body is a header section, not the whole message */
    uint32_t uid;           /* UID of a FETCH; also "* n UIDFETCH" (RFC 9586), which comes out as FETCH number 0 */
    unsigned odd_flags;     /* flags of a FETCH that are no flags (RFC 3501 section 9): they are not in the text */
    const char *email_id;   /* FETCH EMAILID (RFC 8474), or X-GM-MSGID in decimal, without parentheses */
    const char *mailbox;    /* STATUS: the name (libetpan hands it on unparsed) */
    const char *mailbox_id; /* STATUS MAILBOXID, or [MAILBOXID (..)] of a SELECT or CREATE */
    bool has_size;          /* STATUS SIZE (RFC 8438) */
    uint64_t size;
    bool has_modseq; /* STATUS HIGHESTMODSEQ, FETCH MODSEQ, [HIGHESTMODSEQ n], SEARCH ... (MODSEQ n) */
    uint64_t modseq;
    bool internaldate_bad;    /* INTERNALDATE was there and made no sense (or lay before 1970); it is not in the text */
    const char *list_oldname; /* LIST ... ("OLDNAME" (name)) (RFC 9051 section 7.3.1), NULL else */
    bool vanished_earlier;    /* VANISHED (EARLIER) */
    mig__uidset *uids;        /* VANISHED, SEARCH, ESEARCH ALL or PARTIAL: the set; NULL for other responses */
    bool esearch_count_given;
    uint64_t esearch_count;    /* ESEARCH COUNT */
    unsigned esearch_tag;      /* of "(TAG "n")", 0 when absent */
    const char *labels;        /* X-GM-LABELS: the raw list with parentheses, literals written as quoted strings */
    uint32_t uidvalidity;      /* [APPENDUID ..] and [COPYUID ..], with well-formed sets; 0 else */
    const char *uid_text;      /* the destination set as sent */
    const char *from_uid_text; /* COPYUID: the source set as sent */
    bool throttled;            /* [THROTTLED] as the code or at the end of the text (Gmail) */
    const char *raw;           /* NAMESPACE, ID, QUOTA, QUOTAROOT, METADATA and continuations: what follows, unfiltered
                                  but for literals, which are written as quoted strings */
} mig__guard_extra;

typedef struct mig__frame {
    mig__frame_kind kind;
    bool odd;            /* a FETCH that makes no sense but had a body or an UID: text is NULL */
    unsigned tag;        /* of a tagged response (our tags are decimal numbers) */
    const char *keyword; /* of an untagged response: "FETCH", "LIST", "OK", ... in upper case; of a tagged one its
                            condition. Static storage */
    uint32_t number;     /* of "* 12 EXISTS" and the like, else 0 */
    const char *text;    /* the response with its CRLF, safe for libetpan; NULL when libetpan must not see it (BAD, BYE,
                            PREAUTH, continuations, numbers, sets, raw kinds, and lists where nothing is left) */
    size_t length;
    const char *code;  /* response code without brackets as the server sent it, inert, at most 1 KiB; "" when none */
    const char *words; /* the human-readable text of a status response or continuation, the same; "" when none */
    mig__guard_extra extra;
} mig__frame;

mig__guard *mig__guard_new(const mig__guard_limits *limits, mig_error *err);

/* The sink for bodies from now on (copied). NULL: bodies are read and dropped. */
void mig__guard_set_sink(mig__guard *guard, const mig__body_sink *sink);

/*
 * From now on the FLAGS of a FETCH have its X-GM-LABELS besides, as keywords; FLAGS without labels are dropped, since
 * they do not tell all. A keyword is the label with "_" for what an atom cannot hold, at most 50 octets of it (what
 * Dovecot takes), without the backslash of Gmail's own ones; \Starred and \Draft are flags already, \Important is
 * $Important (RFC 8457).
 */
void mig__guard_labels_as_keywords(mig__guard *guard, bool on);

/*
 * Take octets up to the end of one response. Sets *used to how many were taken (<= length). Returns 1 when a response
 * is complete and stands in *frame (borrowed until the next push), 0 when more octets are needed, -1 with `err` filled
 * (MIG_E_BOUNDS, MIG_E_PROTOCOL, MIG_E_NOMEM, or what the sink said); the guard then refuses everything.
 * Responses that are dropped (unknown, unsolicited kinds that nobody uses) never become a frame.
 * Any way of cutting the same octets into pushes gives the same frames and sink octets.
 */
int mig__guard_push(mig__guard *guard, const char *octets, size_t length, size_t *used, mig__frame *frame,
                    mig_error *err);

/* True while the octets of a literal go to the sink, or are passed over in its place. */
bool mig__guard_in_body(const mig__guard *guard);

/* True when nothing of a response was taken yet: the only place where STARTTLS or COMPRESS may begin. */
bool mig__guard_at_start(const mig__guard *guard);

/* Responses dropped so far, and the first words of the last one ("" for none). */
uint64_t mig__guard_dropped(const mig__guard *guard, const char **last);

/* Of these the LIST responses: mailboxes that the server has, and nobody knows which. */
uint64_t mig__guard_dropped_lists(const mig__guard *guard, const char **last);

void mig__guard_free(mig__guard **guard);

#endif
