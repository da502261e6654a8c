/* domain/client.c - autoconfig and autodiscover files, by libxml2 */
#include "domain/client.h"
#include "base/buffer.h"
#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_OCTETS (256 * 1024)

static bool named(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcasecmp((const char *)node->name, name) == 0;
}

/* The text of the first child of that name; false: there is none. */
static bool child_text(xmlNode *node, const char *name, char *out, size_t size)
{
    out[0] = '\0';
    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        if (named(child, name)) {
            xmlChar *text = xmlNodeGetContent(child);
            const char *at = text != NULL ? (const char *)text : "";
            at += strspn(at, " \t\r\n");
            mig__inert(at, strcspn(at, " \t\r\n"), out, size);
            xmlFree(text);
            return true;
        }
    }
    return false;
}

static mig__client_server *add(mig__client_config *out, const char *type, const char *host, const char *port)
{
    if (out->count == MIG__CLIENT_SERVERS) {
        return NULL;
    }
    mig__client_server *server = &out->servers[out->count++];
    *server = (mig__client_server){.port = (unsigned)strtoul(port, NULL, 10) & 0xffffu};
    for (size_t i = 0; type[i] != '\0' && i + 1 < sizeof server->type; i++) {
        server->type[i] = (char)tolower((unsigned char)type[i]);
    }
    if (!mig__dn_clean(host, server->host)) {
        snprintf(server->host, sizeof server->host, "%.200s", host);
    }
    return server;
}

static void lower(const char *text, char *out, size_t size)
{
    size_t i = 0;
    for (; text[i] != '\0' && i + 1 < size; i++) {
        out[i] = (char)tolower((unsigned char)text[i]);
    }
    out[i] = '\0';
}

/* What autoconfig says beyond the host: there may be several ways to log in. */
static void take_login(xmlNode *node, mig__client_server *server)
{
    char text[32];
    child_text(node, "socketType", text, sizeof text);
    lower(text, server->socket, sizeof server->socket);
    child_text(node, "username", server->user, sizeof server->user);
    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        if (named(child, "authentication")) {
            xmlChar *content = xmlNodeGetContent(child);
            const char *way = content != NULL ? (const char *)content : "";
            way += strspn(way, " \t\r\n");
            server->token = server->token || strncasecmp(way, "OAuth2", 6) == 0;
            server->encrypt = server->encrypt || strncasecmp(way, "password-encrypted", 18) == 0;
            xmlFree(content);
        }
    }
}

static void take_autoconfig(xmlNode *node, mig__client_config *out)
{
    char host[300], port[16];
    if (named(node, "incomingServer") || named(node, "outgoingServer")) {
        xmlChar *type = xmlGetProp(node, (const xmlChar *)"type");
        child_text(node, "hostname", host, sizeof host);
        child_text(node, "port", port, sizeof port);
        char shown[16];
        mig__inert(type != NULL ? (const char *)type : "", type != NULL ? strlen((const char *)type) : 0, shown,
                   sizeof shown);
        mig__client_server *server = add(out, shown, host, port);
        if (server != NULL) {
            take_login(node, server);
        }
        xmlFree(type);
    }
}

/* The host of "https://host/path". */
static void take_url(const char *url, char out[MIG__DN_SIZE])
{
    char host[300];
    const char *start = strstr(url, "://");
    if (start != NULL) {
        snprintf(host, sizeof host, "%.*s", (int)strcspn(start + 3, "/:?#"), start + 3);
        mig__dn_clean(host, out);
    }
}

static void take_autodiscover(xmlNode *node, mig__client_config *out)
{
    char type[16], host[300], port[16];
    if (named(node, "Protocol") && child_text(node, "Type", type, sizeof type)) {
        child_text(node, "Server", host, sizeof host);
        child_text(node, "Port", port, sizeof port);
        mig__client_server *server = add(out, type, host, port);
        if (server != NULL) {
            char text[16];
            child_text(node, "LoginName", server->user, sizeof server->user);
            const bool said = child_text(node, "SSL", text, sizeof text);
            const char *is = !said ? "" : strcasecmp(text, "off") == 0 ? "plain" : "ssl";
            snprintf(server->socket, sizeof server->socket, "%s", is);
            if (child_text(node, "Encryption", text, sizeof text)) { /* wins over SSL (MS-OXDSCLI, 2.2.4.1.1.2.6) */
                snprintf(server->socket, sizeof server->socket, "%s",
                         strcasecmp(text, "TLS") == 0    ? "starttls"
                         : strcasecmp(text, "None") == 0 ? "plain"
                                                         : "ssl");
            }
        }
    } else if (named(node, "Account")) {
        if (child_text(node, "RedirectAddr", host, sizeof host) && strrchr(host, '@') != NULL) {
            mig__dn_clean(strrchr(host, '@') + 1, out->redirect);
        } else if (child_text(node, "RedirectUrl", host, sizeof host)) {
            take_url(host, out->redirect);
        }
    }
}

static void walk(xmlNode *node, bool autoconfig, mig__client_config *out, unsigned depth)
{
    for (; node != NULL && depth < 16; node = node->next) {
        if (node->type == XML_ELEMENT_NODE) {
            if (autoconfig) {
                take_autoconfig(node, out);
            } else {
                take_autodiscover(node, out);
            }
            walk(node->children, autoconfig, out, depth + 1);
        }
    }
}

static void forget(void *context, const char *message, ...)
{
    (void)context;
    (void)message;
}

void mig__client_parse(const char *text, size_t length, mig__client_config *out)
{
    *out = (mig__client_config){.count = 0};
    xmlParserCtxt *parser = length <= MOST_OCTETS ? xmlNewParserCtxt() : NULL;
    if (parser == NULL) {
        return;
    }
    if (parser->sax != NULL) {
        parser->sax->error = forget;
        parser->sax->warning = forget;
        parser->sax->serror = NULL;
    }
    xmlDoc *document = xmlCtxtReadMemory(parser, text, (int)length, NULL, NULL,
                                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
    xmlNode *root = document != NULL ? xmlDocGetRootElement(document) : NULL;
    if (root != NULL && (named(root, "clientConfig") || named(root, "Autodiscover"))) {
        out->parsed = true;
        walk(root, named(root, "clientConfig"), out, 0);
    }
    xmlFreeDoc(document);
    xmlFreeParserCtxt(parser);
}
