/*
 * domain/answer.h - what a name server said, as plain records, and how judges ask for it
 *
 * A judge asks for facts. What is not known yet comes back as NULL and is looked up, together with everything else that
 * is missing; then the judges are asked again. So they are pure functions, and all questions of all domains are in
 * flight at once.
 */
#ifndef MIG_DOMAIN_ANSWER_H
#define MIG_DOMAIN_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Types of records by their numbers (IANA, DNS parameters). */
typedef enum mig__rr {
    MIG__RR_A = 1,
    MIG__RR_NS = 2,
    MIG__RR_CNAME = 5,
    MIG__RR_SOA = 6,
    MIG__RR_PTR = 12,
    MIG__RR_MX = 15,
    MIG__RR_TXT = 16,
    MIG__RR_AAAA = 28,
    MIG__RR_SRV = 33,
    MIG__RR_DS = 43,
    MIG__RR_RRSIG = 46,
    MIG__RR_DNSKEY = 48,
    MIG__RR_TLSA = 52,
    MIG__RR_CAA = 257
} mig__rr;

typedef enum mig__dns_status {
    MIG__DNS_OK,        /* there are records of the type asked for */
    MIG__DNS_NODATA,    /* the name is there, the type is not */
    MIG__DNS_NXDOMAIN,  /* the name is not there */
    MIG__DNS_SERVFAIL,  /* the server could not answer */
    MIG__DNS_REFUSED,   /* it did not want to, or is not responsible */
    MIG__DNS_TIMEOUT,   /* nothing came */
    MIG__DNS_BOGUS,     /* DNSSEC: the answer does not fit its signatures */
    MIG__DNS_MALFORMED, /* what came is no answer to the question */
    MIG__DNS_NO_NAME    /* not asked: no name that can be asked for */
} mig__dns_status;

typedef enum mig__dns_security {
    MIG__DNS_UNCHECKED, /* nobody validated */
    MIG__DNS_INSECURE,
    MIG__DNS_SECURE
} mig__dns_security;

typedef struct mig__record {
    mig__rr type;
    uint32_t ttl;
    char *name; /* MX, CNAME, PTR, NS, SRV: the target; SOA: the primary; "": the root; else NULL */
    uint16_t preference, weight,
        port;            /* MX; SRV (preference: its priority); TLSA: usage, selector, matching type; CAA: flags */
    uint32_t serial;     /* SOA */
    char tag[16];        /* CAA */
    unsigned char *data; /* A, AAAA: octets; TXT: strings joined; TLSA: association; CAA: value; with a NUL behind */
    size_t length;
    unsigned strings; /* TXT: of how many */
} mig__record;

typedef struct mig__answer {
    mig__dns_status status;
    mig__dns_security security;
    char why[256];        /* of BOGUS, SERVFAIL, MALFORMED: what is known; "" else; inert */
    char server[128];     /* who said it */
    bool authoritative;   /* AA was set */
    mig__record *records; /* of the type asked for, behind all CNAMEs */
    size_t count;
    char *canonical;       /* the name behind all CNAMEs; NULL: the one asked for */
    unsigned cnames;       /* how many there were */
    uint32_t negative_ttl; /* NODATA, NXDOMAIN: how long that is remembered (RFC 2308 section 5); 0: not known */
    int64_t signed_until;  /* the earliest end of a signature that came along, seconds since 1970; 0: none came */
} mig__answer;

void mig__answer_clear(mig__answer *answer);

/* Room for one more record of that type, all else 0; NULL: out of memory. */
mig__record *mig__answer_add(mig__answer *answer, mig__rr type);
bool mig__record_set_name(mig__record *record, const char *name);
bool mig__record_set_data(mig__record *record, const void *data, size_t length);

/* "MX", "TXT"; "TYPE65" for others goes to `out`. Returns out or static storage. */
const char *mig__rr_name(mig__rr type, char out[16]);

/* "10 mx.example.org.", "\"v=spf1 -all\"": as in a zone file. Returns out. */
char *mig__record_text(const mig__record *record, char *out, size_t size);

/* True when the answer can be built on: records, or certainly none. */
bool mig__answer_known(const mig__answer *answer);

/* What came in place of an answer, in words: "the server failed", "no answer came". */
const char *mig__dns_status_words(mig__dns_status status);

/* Give the answer to a question, NULL: not known yet. */
typedef const mig__answer *mig__ask_fn(void *context, const char *name, mig__rr type);

typedef struct mig__asker {
    mig__ask_fn *ask;
    void *context;
} mig__asker;

/* Ask; a name that cannot be asked for is answered here, with MIG__DNS_NO_NAME. */
const mig__answer *mig__ask(const mig__asker *asker, const char *name, mig__rr type);

/* "4.3.2.1.in-addr.arpa" of 4 or 16 octets (RFC 1035 3.5, RFC 3596 2.5), or the name in a blocklist's `zone`. */
char *mig__reverse_name(const unsigned char *octets, size_t length, const char *zone, char *out, size_t size);

#endif
