/*
 * imap/guard_internal.h - what the files of the guard share
 *
 * guard.c frames; while it does, it writes each literal that it gathers into the response as a quoted string, so that
 * the parsers below, which run on the whole response, meet atoms, quoted strings and lists only.
 */
#ifndef MIG_IMAP_GUARD_INTERNAL_H
#define MIG_IMAP_GUARD_INTERNAL_H

#include "imap/guard.h"

/* A place in the response. */
typedef struct mig__cursor {
    const char *at;
    const char *end;
} mig__cursor;

typedef struct mig__span {
    const char *at;
    size_t length;
} mig__span;

typedef enum mig__value_kind {
    MIG__VALUE_NONE, /* there is none, or it is not well formed */
    MIG__VALUE_ATOM,
    MIG__VALUE_QUOTED, /* the span includes the quotes */
    MIG__VALUE_LIST    /* the span includes the parentheses */
} mig__value_kind;

void mig__cursor_skip_blanks(mig__cursor *cursor);
bool mig__cursor_take_char(mig__cursor *cursor, char c);
mig__span mig__cursor_atom(mig__cursor *cursor); /* up to a blank, parenthesis or quote; may be empty */
mig__value_kind mig__cursor_value(mig__cursor *cursor, mig__span *out);
bool mig__span_is(mig__span span, const char *word); /* ASCII case does not matter */
bool mig__span_starts(mig__span span, const char *word);
bool mig__span_number(mig__span span, uint64_t most, uint64_t *out);       /* digits only, at most `most` */
bool mig__is_atom(mig__span span);                                         /* 1*ATOM-CHAR, RFC 3501 section 9 */
void mig__unquote(mig__span quoted, mig__buffer *out);                     /* appends without quotes and backslashes */
void mig__add_number(mig__buffer *out, uint64_t number);                   /* in decimal */
void mig__add_string(mig__buffer *out, const char *octets, size_t length); /* quoted, or a literal where it must be */
/* Appends the words that are capabilities, each after a blank; false when there are none. */
bool mig__filter_capabilities(mig__cursor *cursor, mig__buffer *out);
/* Appends the flags of a list that are flags, joined by blanks, to `out`; returns how many were left out. */
unsigned mig__filter_flags(mig__span list, bool star, mig__buffer *out);

/*
 * libetpan needs some hundred octets for each flag, word or attribute: more of them than any server has in one list are
 * left out. Names beyond MIG__NAME_MAX are none.
 */
#define MIG__LIST_MAX 4096
#define MIG__NAME_MAX 65536

#define MIG__GUARD_WORDS 1024
#define MIG__GUARD_ID    256

/* "(M6d99)" or "M6d99": letters, digits, "-" and "_" only, at most 255 (RFC 8474 section 7). NULL for others. */
const char *mig__object_id(mig__span value, char out[MIG__GUARD_ID]);

#define MIG__MODSEQ_MAX INT64_MAX /* RFC 7162 section 7: 63 bits */

typedef enum mig__keyword {
    MIG__KW_UNKNOWN,
    MIG__KW_OK,
    MIG__KW_NO,
    MIG__KW_BAD,
    MIG__KW_BYE,
    MIG__KW_PREAUTH,
    MIG__KW_CAPABILITY,
    MIG__KW_ENABLED,
    MIG__KW_LIST,
    MIG__KW_LSUB,
    MIG__KW_STATUS,
    MIG__KW_FLAGS,
    MIG__KW_EXISTS,
    MIG__KW_RECENT,
    MIG__KW_EXPUNGE,
    MIG__KW_FETCH,
    MIG__KW_UIDFETCH,
    MIG__KW_SEARCH,
    MIG__KW_ESEARCH,
    MIG__KW_VANISHED,
    MIG__KW_NAMESPACE,
    MIG__KW_ID,
    MIG__KW_QUOTA,
    MIG__KW_QUOTAROOT,
    MIG__KW_METADATA
} mig__keyword;

/* Reads SEARCH, ESEARCH and VANISHED as they arrive (guard_sets.c). */
typedef struct mig__set_reader {
    mig__keyword keyword;
    char word[32];
    size_t word_length;
    unsigned depth;
    int expect;                    /* what the next value is: enum in guard_sets.c */
    unsigned position;             /* of a value inside PARTIAL (...) */
    bool have_first, colon, comma; /* inside of a set */
    bool value_done;               /* ESEARCH: what `expect` says was met */
    bool bad;
    uint32_t first;
    bool unsorted;
    mig__uid_range *ranges; /* as they came; kept from response to response */
    size_t count, capacity;
    mig__guard_extra found; /* all but the set */
} mig__set_reader;

typedef enum mig__guard_state {
    MIG__STATE_LINE,
    MIG__STATE_NUMBERS, /* a line of SEARCH, ESEARCH or VANISHED: read as it comes */
    MIG__STATE_GATHER,  /* the octets of a literal: kept, dropped, or for the sink */
    MIG__STATE_SKIP,
    MIG__STATE_BODY
} mig__guard_state;

#define MIG__GUARD_BUFFERS 8

struct mig__guard {
    union { /* by name, and all of them */
        struct {
            mig__buffer raw;  /* the lines so far, literals as quoted strings, body literals as "" */
            mig__buffer text; /* the frame's */
            mig__buffer mailbox, old_name, labels, uid_text, from_uid_text, scratch;
        };
        mig__buffer buffers[MIG__GUARD_BUFFERS];
    };
    mig__guard_limits limits;
    mig__body_sink sink;
    mig_error error; /* code other than MIG_OK: refuses everything */
    mig__guard_state state;

    /* the response being read */
    size_t segment;  /* where the current line begins in raw */
    size_t line;     /* octets of the current line */
    size_t octets;   /* octets of the response without bodies */
    uint64_t left;   /* octets of the literal still to come */
    bool complete;   /* the last push ended a response */
    bool malformed;  /* well framed, but makes no sense */
    bool head_known; /* the next ones are set */
    mig__frame_kind kind;
    mig__keyword keyword;
    unsigned tag;
    uint32_t number;
    size_t arguments; /* where they begin in raw */
    unsigned depth, brackets;
    bool streamed; /* a body literal went to the sink */
    bool streamed_header;
    mig__set_reader sets;

    /* the frame that was handed out */
    char code[MIG__GUARD_WORDS];
    char words[MIG__GUARD_WORDS];
    char email_id[MIG__GUARD_ID];
    bool labels_as_keywords;
    char mailbox_id[MIG__GUARD_ID];
    mig__uidset uids;

    uint64_t dropped, dropped_lists;
    char last_dropped[128], last_list[128];
};

/* guard_literal.c: the end of a line. *quoted: it ends inside of quotes. */
int mig__guard_scan_line(mig__guard *guard, bool *quoted, mig_error *err);
int mig__guard_take_announcement(mig__guard *guard, uint64_t *size, mig_error *err);
int mig__guard_begin_literal(mig__guard *guard, uint64_t size, mig_error *err);
int mig__guard_take_literal(mig__guard *guard, const char *octets, size_t length, size_t *used, mig_error *err);
const char *mig__guard_beginning(const mig__guard *guard, char *out, size_t size); /* of the response, inert */
int mig__guard_out_of_bounds(mig__guard *guard, mig_error *err, const char *what, uint64_t limit); /* both return -1 */
int mig__guard_broken(mig__guard *guard, mig_error *err, const char *what);

/* Parsers of a whole response: `at` stands behind the keyword. They fill guard->text and frame->extra. */
typedef enum mig__verdict {
    MIG__VERDICT_FRAME, /* a frame */
    MIG__VERDICT_DROP,  /* senseless or of no use */
    MIG__VERDICT_FAILED /* `err` is filled: the sink's error */
} mig__verdict;

mig__verdict mig__guard_fetch(mig__guard *guard, mig__cursor at, mig__frame *frame, mig_error *err);
mig__verdict mig__guard_list(mig__guard *guard, mig__cursor at, mig__frame *frame);
mig__verdict mig__guard_status(mig__guard *guard, mig__cursor at, mig__frame *frame);
mig__verdict mig__guard_words(mig__guard *guard, mig__cursor at, mig__frame *frame); /* CAPABILITY, ENABLED */
mig__verdict mig__guard_flags(mig__guard *guard, mig__cursor at, mig__frame *frame);
void mig__guard_condition(mig__guard *guard, mig__cursor at, mig__frame *frame); /* OK, NO, BAD, BYE, PREAUTH */
void mig__guard_continue(mig__guard *guard, mig__cursor at, mig__frame *frame);

/* What a body item of a FETCH is, by its name with section and origin: "BODY[HEADER]<0>". */
typedef enum mig__body_item { MIG__ITEM_OTHER, MIG__ITEM_WHOLE, MIG__ITEM_HEADER, MIG__ITEM_SECTION } mig__body_item;
mig__body_item mig__guard_body_item(mig__span name);

void mig__sets_begin(mig__set_reader *sets, mig__keyword keyword);
int mig__sets_feed(mig__guard *guard, const char *octets, size_t length, mig_error *err);
mig__verdict mig__sets_end(mig__guard *guard, mig__frame *frame, mig_error *err);

#endif
