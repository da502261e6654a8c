/* domain/client.h - what mail programs ask for their settings: autoconfig and autodiscover files */
#ifndef MIG_DOMAIN_CLIENT_H
#define MIG_DOMAIN_CLIENT_H

#include "domain/name.h"
#include <stdbool.h>
#include <stddef.h>

#define MIG__CLIENT_SERVERS 12

typedef struct mig__client_server {
    char type[16]; /* "imap", "smtp", "pop3", in lower case */
    char host[MIG__DN_SIZE];
    unsigned port;
    char socket[12];     /* "ssl", "starttls", "plain"; "": not said */
    char user[256];      /* the login name, with %EMAILADDRESS% and the like as they are; inert; "": not said */
    bool token, encrypt; /* autoconfig: a way to log in is OAuth 2; a way is one that shows no password */
} mig__client_server;

typedef struct mig__client_config {
    mig__client_server servers[MIG__CLIENT_SERVERS];
    size_t count;
    bool parsed;                 /* it is XML of one of the two kinds */
    char redirect[MIG__DN_SIZE]; /* autodiscover: the domain of RedirectAddr, or the host of RedirectUrl; "" for none */
} mig__client_config;

/*
 * Read an answer of autoconfig (config-v1.1.xml) or autodiscover (MS-OXDSCLI), by libxml2 without network, external
 * entities or substitution. Never fails but by out->parsed.
 */
void mig__client_parse(const char *text, size_t length, mig__client_config *out);

#endif
