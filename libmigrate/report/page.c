/*
 * report/page.c - a report as one HTML file: escaping, and a head whose policy allows the page's own style and script
 * by digest and nothing else, so that even markup that slipped through could load or run nothing
 */
#include "report/page.h"
#include "mail/digest.h"
#include <migrate/format.h>
#include <string.h>

static void add_escaped(mig__buffer *out, const char *text, const char *special, const char *const *replacements)
{
    for (size_t plain; *text; text++) {
        plain = strcspn(text, special);
        mig__buffer_add(out, text, plain);
        text += plain;
        if (!*text) {
            return;
        }
        mig__buffer_add_text(out, replacements[strchr(special, *text) - special]);
    }
}

/* Takes what stands in `page->text`, as HTML text or attribute value. */
void mig__page_end_html(mig__page *p)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    add_escaped(&p->paper.line, p->text.data ? p->text.data : "", "&<>\"'", entities);
    p->paper.line.failed |= p->text.failed;
    mig__buffer_clear(&p->text);
}

void mig__page_html(mig__page *p, const char *text)
{
    mig__add_inert(&p->text, text);
    mig__page_end_html(p);
}

/* The same as a JSON string that is safe inside a script element. */
void mig__page_end_json(mig__page *p)
{
    static const char *const escapes[] = {"\\\"", "\\\\", "\\u003c", "\\u003e", "\\u0026"};
    mig__buffer_add_char(&p->paper.line, '"');
    add_escaped(&p->paper.line, p->text.data ? p->text.data : "", "\"\\<>&", escapes);
    mig__buffer_add_char(&p->paper.line, '"');
    p->paper.line.failed |= p->text.failed;
    mig__buffer_clear(&p->text);
}

void mig__page_json(mig__page *p, const char *text)
{
    mig__add_inert(&p->text, text);
    mig__page_end_json(p);
}

void mig__page_add(mig__page *p, const char *markup)
{
    mig__buffer_add_text(&p->paper.line, markup);
}

void mig__page_count(mig__page *p, uint64_t count)
{
    char number[MIG_FORMAT_SIZE];
    mig__page_add(p, mig_format_count(count, number, sizeof number));
}

static void base64(const uint8_t digest[MIG__DIGEST_SIZE], char out[45])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t at = 0;
    for (size_t i = 0; i < MIG__DIGEST_SIZE; i += 3) { /* 32 octets: the last group has two */
        bool full = i + 2 < MIG__DIGEST_SIZE;
        uint32_t group = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 | (full ? digest[i + 2] : 0U);
        out[at++] = letters[group >> 18];
        out[at++] = letters[group >> 12 & 63];
        out[at++] = letters[group >> 6 & 63];
        out[at++] = full ? letters[group & 63] : '=';
    }
    out[at] = '\0';
}

/* The source expression of a style or script element of this text (CSP Level 3, section 2.3.1). */
static int add_hash(mig__page *p, const char *content, mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    char text[45];
    mig__sha256 *sha256 = mig__sha256_new(err);
    int result = sha256 ? mig__sha256_begin(sha256, err) : -1;
    result = result == 0 ? mig__sha256_add(sha256, content, strlen(content), err) : -1;
    if (result == 0 && (result = mig__sha256_end(sha256, digest, err)) == 0) {
        base64(digest, text);
        mig__buffer_addf(&p->paper.line, "'sha256-%s'", text);
    }
    mig__sha256_free(&sha256);
    return result;
}

int mig__page_head(mig__page *p, const char *title, const char *body_class, const char *style, const char *script,
                   mig_error *err)
{
    mig__page_add(p, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ");
    if (add_hash(p, style, err) < 0) {
        return -1;
    }
    if (script != NULL) {
        mig__page_add(p, "; script-src ");
        if (add_hash(p, script, err) < 0) {
            return -1;
        }
    }
    mig__page_add(p, "; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, "
                     "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    mig__page_add(p, title);
    mig__page_add(p, "</title>\n<style>");
    mig__page_add(p, style);
    mig__buffer_addf(&p->paper.line, "</style>\n</head>\n<body class=\"%s\">\n", body_class);
    mig__paper_send(&p->paper);
    return 0;
}

void mig__page_error(mig__page *p, const mig_error *error)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT + 64];
    if (error != NULL && error->code != MIG_OK) {
        mig__page_add(p, "<p class=\"error\">");
        mig__page_html(p, mig_error_line(error, line, sizeof line));
        mig__page_add(p, "</p>");
    }
}
