/*
 * domain/spf.h - the Sender Policy Framework (RFC 7208): reading a record, asking what it says of an address, and
 * walking through all that it includes
 */
#ifndef MIG_DOMAIN_SPF_H
#define MIG_DOMAIN_SPF_H

#include "domain/answer.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIG__SPF_MOST_TERMS 10 /* that ask the DNS (section 4.6.4) */
#define MIG__SPF_MOST_VOIDS 2  /* look-ups that find nothing */

/* ---- a record ---- */

typedef enum mig__spf_kind {
    MIG__SPF_ALL,
    MIG__SPF_INCLUDE,
    MIG__SPF_A,
    MIG__SPF_MX,
    MIG__SPF_PTR,
    MIG__SPF_IP4,
    MIG__SPF_IP6,
    MIG__SPF_EXISTS
} mig__spf_kind;

typedef struct mig__spf_term {
    mig__spf_kind kind;
    char qualifier;            /* '+', '-', '~', '?' */
    char *domain;              /* the domain-spec; NULL: none is given */
    int cidr4, cidr6;          /* lengths of the prefixes */
    unsigned char address[16]; /* IP4: the first four octets */
    char *text;                /* as it stands in the record */
} mig__spf_term;

typedef struct mig__spf_record {
    mig__spf_term *terms;
    size_t count;
    char *redirect, *exp; /* domain-specs; NULL: none */
    char problem[160];    /* what breaks the syntax; "": nothing does */
} mig__spf_record;

/* True when the text begins as an SPF record does (section 4.5): "v=spf1", then a space or the end. */
bool mig__spf_is_record(const unsigned char *text, size_t length);

/*
 * Read a record. False when its syntax is broken anywhere (section 4.6: permerror), with record->problem, or when
 * memory runs out. Release with mig__spf_record_clear in any case.
 */
bool mig__spf_parse(const unsigned char *text, size_t length, mig__spf_record *record);
void mig__spf_record_clear(mig__spf_record *record);

/* ---- what it says of an address: check_host() ---- */

typedef enum mig__spf_result {
    MIG__SPF_PENDING, /* an answer is missing that was asked for */
    MIG__SPF_NONE,
    MIG__SPF_NEUTRAL,
    MIG__SPF_PASS,
    MIG__SPF_FAIL,
    MIG__SPF_SOFTFAIL,
    MIG__SPF_TEMPERROR,
    MIG__SPF_PERMERROR
} mig__spf_result;

/* "none", "pass", ... Static storage. */
const char *mig__spf_result_name(mig__spf_result result);

typedef struct mig__spf_query {
    unsigned char address[16];
    size_t address_length; /* 4 or 16; an IPv4 address mapped into IPv6 counts as IPv4 */
    const char *mail_from; /* "user@domain"; "": the null sender, postmaster@helo is checked */
    const char *helo;
    const char *receiver; /* %{r}; NULL: "unknown" */
    int64_t now;          /* %{t}, seconds since 1970-01-01 UTC */
} mig__spf_query;

typedef struct mig__spf_outcome {
    mig__spf_result result;
    char why[256];         /* of temperror, permerror and none, and which term matched */
    char *explanation;     /* of fail: what exp= gives; NULL: nothing. The caller frees it */
    unsigned terms, voids; /* look-ups that count */
} mig__spf_outcome;

void mig__spf_check(const mig__spf_query *query, const mig__asker *asker, mig__spf_outcome *out);

/* ---- macros (section 7) ---- */

typedef struct mig__spf_macros {
    const char *sender; /* with its local part */
    const char *local;  /* local part of the sender */
    const char *origin; /* domain of the sender */
    const char *domain; /* the one being checked */
    const char *helo;
    const char *receiver;
    const char *validated; /* %{p}; NULL: not known, `needs_validated` is set when it is asked for */
    const unsigned char *address;
    size_t address_length;
    int64_t now;
    bool needs_validated;
} mig__spf_macros;

/* True when the macros in it are well formed; `explanation` allows c, r, t and spaces. */
bool mig__spf_macros_valid(const char *text, bool explanation);

/* True when it is a domain-spec: macros are well formed, and it ends in one or in a top label (section 7.1). */
bool mig__spf_domain_valid(const char *text);

/* True when there is a macro that depends on who sends. */
bool mig__spf_has_macro(const char *text);

/* Expand; NULL: out of memory. The caller frees it. */
char *mig__spf_expand(const char *text, mig__spf_macros *macros);

/* Cut labels off the left until at most 253 octets are left (section 7.3), and the dot at the end. */
void mig__spf_fit(char *name);

/* ---- everything that a record includes, without an address ---- */

typedef struct mig__spf_node {
    char *domain; /* whose record it is */
    char *via;    /* the term that led there; NULL: the record itself */
    char *record; /* its text; NULL: none, see problem */
    unsigned depth;
    unsigned terms, voids; /* that this record adds, its includes counted at themselves */
    char problem[200];     /* "": none */
} mig__spf_node;

typedef struct mig__spf_tree {
    mig__spf_node *nodes; /* in the order in which a receiver comes to them */
    size_t count;
    unsigned terms, voids; /* of all */
    bool pending;          /* an answer is missing: not whole yet */
    bool uncertain;        /* a look-up failed, or a macro hides a branch: the numbers are the least */
    bool has_ptr, failed;  /* failed: out of memory */
    char last_all;         /* qualifier of the "all" that ends it; 0: there is none */
    char what[200];        /* the first problem; "": none */
} mig__spf_tree;

void mig__spf_walk(const char *domain, const mig__asker *asker, mig__spf_tree *tree);
void mig__spf_tree_clear(mig__spf_tree *tree);

/*
 * The one SPF record of an answer to TXT. 1: *record is it (borrowed); 0: there is none; 2: there is more than one.
 */
int mig__spf_select(const mig__answer *answer, const mig__record **record);

#endif
