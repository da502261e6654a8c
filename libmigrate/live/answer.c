/* live/answer.c - a request and its answer: method, host, token, route; headers that hold for all */
#include "live/embedded.h"
#include "live/page.h"
#include "live/server.h"
#include "base/clock.h"
#include <migrate/metrics_report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char policy[] =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

typedef struct request {
    mig_live *live;
    struct MHD_Connection *connection;
    const char *host, *match, *token; /* Host, If-None-Match, ?token= */
    size_t hosts;
    char id[64]; /* ?id= */
    mig__view view;
} request;

/* ---- sending ---- */

static void add_headers(struct MHD_Response *response, const char *type, bool kept)
{
    (void)MHD_add_response_header(response, "Content-Type", type);
    (void)MHD_add_response_header(response, "Content-Security-Policy", policy);
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    (void)MHD_add_response_header(response, "X-Frame-Options", "DENY");
    (void)MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    (void)MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    (void)MHD_add_response_header(response, "Cache-Control", kept ? "private, no-cache" : "no-store");
}

static enum MHD_Result send_off(const request *r, unsigned status, struct MHD_Response *response)
{
    if (response == NULL) {
        return MHD_NO;
    }
    const enum MHD_Result result = MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* The buffer's memory goes along. */
static enum MHD_Result send_buffer(const request *r, unsigned status, const char *type, mig__buffer *content)
{
    const size_t length = content->length;
    char *text = mig__buffer_steal(content);
    if (text == NULL) {
        return MHD_NO;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    add_headers(response, type, false);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        (void)MHD_add_response_header(response, "Allow", "GET, HEAD");
        (void)MHD_add_response_header(response, "Connection", "close"); /* what follows may be a body */
    }
    return send_off(r, status, response);
}

static enum MHD_Result send_plain(const request *r, unsigned status, const char *title, const char *text)
{
    mig__buffer page = MIG__BUFFER_INIT;
    if (mig__live_plain_page(title, text, &page) != 0) {
        mig__buffer_free(&page);
        return MHD_NO;
    }
    return send_buffer(r, status, "text/html; charset=utf-8", &page);
}

/* A file of ours: the browser keeps it, and asks whether it is still the same. */
static enum MHD_Result send_file(const request *r, const char *type, const char *text, const char *tag)
{
    const bool same = r->match != NULL && strstr(r->match, tag) != NULL;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(same ? 0 : strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        return MHD_NO;
    }
    add_headers(response, type, true);
    (void)MHD_add_response_header(response, "ETag", tag);
    return send_off(r, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

/* ---- pages ---- */

typedef struct drawing {
    const request *r;
    mig__buffer *out;
    mig_overview frame;           /* without its accounts */
    mig_overview_account account; /* strings are ours */
    bool found, failed;
} drawing;

static int draw_page(const mig_overview *overview, void *context)
{
    const drawing *d = context;
    return mig__live_page(overview, &d->r->view, d->out);
}

static int take_text(const char *text, size_t length, void *context)
{
    mig__buffer_add(context, text, length);
    return 0;
}

static int draw_metrics(const mig_overview *overview, void *context)
{
    const drawing *d = context;
    return mig_report_metrics(overview, take_text, d->out, NULL);
}

/* One account out of the board, so that its state can be read without holding anybody up. */
static int take_account(const mig_overview *overview, void *context)
{
    drawing *d = context;
    const mig_overview_account *account = mig__account_by_id(overview, d->r->id);
    d->frame = *overview;
    d->frame.accounts = NULL;
    d->frame.count = 0;
    if (account == NULL) {
        return 0;
    }
    d->account = *account;
    d->account.source = mig__strdup(account->source);
    d->account.target = mig__strdup(account->target);
    d->account.path = mig__strdup(account->path);
    d->found = true;
    d->failed = d->account.source == NULL || d->account.target == NULL;
    return 0;
}

static enum MHD_Result send_drawn(const request *r, const char *type, int failed, mig__buffer *out)
{
    if (failed != 0) {
        mig__buffer_free(out);
        return send_plain(r, MHD_HTTP_INTERNAL_SERVER_ERROR, "No page",
                          "There is not enough memory for the page just now.");
    }
    return send_buffer(r, MHD_HTTP_OK, type, out);
}

static enum MHD_Result send_account(const request *r)
{
    mig__buffer out = MIG__BUFFER_INIT;
    mig_error error = MIG_ERROR_INIT;
    drawing d = {.r = r, .out = &out};
    mig_overview_detail *detail = NULL;
    enum MHD_Result result = MHD_NO;
    mig_board_read(r->live->board, take_account, &d);
    if (d.found && !d.failed) {
        if (d.account.path != NULL) {
            detail = mig_overview_detail_read(d.account.path, d.account.source, d.account.target, MIG__LIVE_PROBLEMS,
                                              &error);
        }
        const bool nothing_yet = detail == NULL && d.account.state == MIG_OVERVIEW_WAITING;
        const int failed = mig__live_account_page(&d.frame, &d.account, detail, nothing_yet ? NULL : &error, &out);
        result = send_drawn(r, "text/html; charset=utf-8", failed, &out);
    } else {
        result = send_plain(r, MHD_HTTP_NOT_FOUND, "Not found", "There is no such account in this migration.");
    }
    mig_overview_detail_free(&detail);
    free(d.account.source);
    free(d.account.target);
    free(d.account.path);
    return result;
}

static enum MHD_Result send_board(const request *r, const char *type,
                                  int (*draw)(const mig_overview *overview, void *context))
{
    mig__buffer out = MIG__BUFFER_INIT;
    drawing d = {.r = r, .out = &out};
    const int failed = mig_board_read(r->live->board, draw, &d);
    return send_drawn(r, type, failed, &out);
}

static enum MHD_Result send_events(const request *r)
{
    struct MHD_Response *response = mig__live_events(r->live, r->connection);
    if (response == NULL) {
        return MHD_NO;
    }
    add_headers(response, "text/event-stream", false);
    return send_off(r, MHD_HTTP_OK, response);
}

/* The token goes from the address, where it would be seen, into a cookie. */
static enum MHD_Result send_cookie(const request *r)
{
    char cookie[MIG__TOKEN_SIZE + 96];
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        return MHD_NO;
    }
    add_headers(response, "text/plain", false);
    snprintf(cookie, sizeof cookie, "__Host-mailmigrate=%s; Path=/; Secure; HttpOnly; SameSite=Strict",
             r->live->access.token);
    (void)MHD_add_response_header(response, "Set-Cookie", cookie);
    (void)MHD_add_response_header(response, "Location", "/");
    return send_off(r, MHD_HTTP_SEE_OTHER, response);
}

/* ---- requests ---- */

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    request *r = context;
    (void)kind;
    if (strcasecmp(name, "Host") == 0) {
        r->host = value;
        r->hosts++;
    } else if (strcasecmp(name, "If-None-Match") == 0) {
        r->match = value;
    }
    return MHD_YES;
}

static enum MHD_Result take_argument(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    request *r = context;
    (void)kind;
    if (strcmp(name, "token") == 0) {
        r->token = value;
    } else if (strcmp(name, "id") == 0) {
        snprintf(r->id, sizeof r->id, "%s", value != NULL ? value : "");
    } else {
        mig__view_take(&r->view, name, value);
    }
    return MHD_YES;
}

static bool may_look(const request *r)
{
    const char *cookie = MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, "__Host-mailmigrate");
    const char *authorization = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Authorization");
    return mig__access_token(&r->live->access, cookie, authorization);
}

static enum MHD_Result send_route(const request *r, mig__route route)
{
    switch (route) {
    case MIG__ROUTE_PAGE:
        return send_board(r, "text/html; charset=utf-8", draw_page);
    case MIG__ROUTE_ACCOUNT:
        return send_account(r);
    case MIG__ROUTE_EVENTS:
        return send_events(r);
    case MIG__ROUTE_METRICS:
        return send_board(r, "text/plain; version=0.0.4; charset=utf-8", draw_metrics);
    case MIG__ROUTE_STYLE:
        return send_file(r, "text/css; charset=utf-8", mig__live_css, r->live->style_tag);
    case MIG__ROUTE_SCRIPT:
        return send_file(r, "text/javascript; charset=utf-8", mig__live_js, r->live->script_tag);
    default:
        return send_plain(r, MHD_HTTP_NOT_FOUND, "Not found", "There is no such page.");
    }
}

static enum MHD_Result respond(request *r, const char *url, const char *method)
{
    const mig__access *access = &r->live->access;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        return send_plain(r, MHD_HTTP_METHOD_NOT_ALLOWED, "Not allowed", "This page can only be looked at.");
    }
    (void)MHD_get_connection_values(r->connection, MHD_HEADER_KIND, take_header, r);
    (void)MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, take_argument, r);
    if (r->hosts != 1 || !mig__access_host(access, r->host)) {
        return send_plain(r, MHD_HTTP_MISDIRECTED_REQUEST, "Not here", "This server is not known by that name.");
    }
    const mig__route route = mig__route_of(url);
    if (!access->loopback && route == MIG__ROUTE_PAGE && mig__token_equal(r->token, access->token)) {
        return send_cookie(r);
    }
    if (!may_look(r)) {
        return send_plain(r, MHD_HTTP_UNAUTHORIZED, "A token is needed",
                          "Open the address that the command printed when it began.");
    }
    return send_route(r, route);
}

/* Its request is complete: it may take as long as it likes to read the answer, within the idle time. */
static void note_visit(mig_live *live, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    pthread_mutex_lock(&live->lock);
    for (size_t i = 0; info != NULL && i < sizeof live->visits / sizeof live->visits[0]; i++) {
        if (live->visits[i].fd == info->connect_fd) {
            live->visits[i].since_ms = 0;
        }
    }
    pthread_mutex_unlock(&live->lock);
}

enum MHD_Result mig__live_answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *data, size_t *length, void **request_context)
{
    static const char begun[] = "";
    request r = {.live = context, .connection = connection, .view = MIG__VIEW_INIT};
    (void)version;
    (void)data;
    if (*length > 0) { /* a body: nothing here takes one */
        return MHD_NO;
    }
    const bool looks = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (*request_context == NULL && looks) {
        *request_context = (void *)(uintptr_t)begun;
        return MHD_YES;
    }
    note_visit(r.live, connection);
    return respond(&r, url, method);
}
