/* domain/facts.h - what was found out by asking and probing, and how judges get at it */
#ifndef MIG_DOMAIN_FACTS_H
#define MIG_DOMAIN_FACTS_H

#include "domain/answer.h"
#include "net/peek.h"
#include <stdbool.h>
#include <stdint.h>

/* What an SMTP server is to be asked. Strings are borrowed for the call. */
typedef struct mig__smtp_question {
    const char *address; /* as text */
    const char *host;    /* whose certificate it should show; "" for none in particular */
    const char *rcpt;    /* would it take mail for postmaster@ this domain? "" asks nothing */
    bool relay;          /* would it take mail from a stranger to a stranger? */
} mig__smtp_question;

typedef struct mig__smtp_fact {
    mig__peek_reach reach;
    char why[160];      /* it was not reached, or went away: why */
    char greeting[160]; /* the first line, without its code */
    bool greeted;       /* with 220 */
    bool offers_tls;    /* STARTTLS stands among what it offers */
    bool tls;           /* and began */
    mig__peek_tls peer; /* of tls: the certificate */
    int rcpt, relay;    /* codes of the answers; 0: not asked, or none came */
    char rcpt_text[160], relay_text[160];
} mig__smtp_fact;

typedef struct mig__web_fact {
    int status;       /* of HTTP; 0: there was no answer, `why` says why */
    bool certificate; /* `why` is about the certificate */
    char why[200];
    char type[80];      /* Content-Type without parameters, in lower case */
    char location[200]; /* of a redirection */
    char *body;         /* may be cut, see `cut`; never NULL with a status */
    size_t length;
    bool cut;
} mig__web_fact;

/* Each gives NULL for what is not known yet. `server` is "ADDRESS@PORT"; NULL: the resolver. */
typedef struct mig__facts {
    const mig__answer *(*dns)(void *context, const char *server, const char *name, mig__rr type);
    const mig__smtp_fact *(*smtp)(void *context, const mig__smtp_question *question);
    const mig__web_fact *(*web)(void *context, const char *host, const char *path);
    const mig__web_fact *(*post)(void *context, const char *host, const char *path, const char *xml);
    void *context;
} mig__facts;

#endif
