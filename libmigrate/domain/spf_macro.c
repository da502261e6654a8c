/* domain/spf_macro.c - macros of SPF (RFC 7208 section 7) */
#include "base/buffer.h"
#include "domain/name.h"
#include "domain/spf.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct macro {
    char letter; /* lower case; '%', '_', '-' for the ones without a value */
    bool escaped, reversed;
    size_t parts; /* labels on the right; 0: all */
    char delimiters[16];
} macro;

/* Read the macro at `text` ("%..."). Its length, or 0 when it is none. */
static size_t read_macro(const char *text, bool explanation, macro *out)
{
    *out = (macro){.letter = '%'};
    if (text[1] == '%' || text[1] == '_' || text[1] == '-') {
        out->letter = text[1];
        return 2;
    }
    if (text[1] != '{' || !isalpha((unsigned char)text[2])) {
        return 0;
    }
    const char letter = (char)tolower((unsigned char)text[2]);
    if (strchr(explanation ? "slodipvhcrt" : "slodipvh", letter) == NULL) {
        return 0;
    }
    out->letter = letter;
    out->escaped = isupper((unsigned char)text[2]);
    size_t at = 3, digits = strspn(text + at, "0123456789");
    if (digits > 0) {
        out->parts = (size_t)strtoul(text + at, NULL, 10);
        if (out->parts == 0) {
            return 0;
        }
        at += digits;
    }
    if (text[at] == 'r' || text[at] == 'R') {
        out->reversed = true;
        at++;
    }
    size_t delimiters = strspn(text + at, ".-+,/_=");
    snprintf(out->delimiters, sizeof out->delimiters, "%.*s", (int)(delimiters < 15 ? delimiters : 15), text + at);
    if (delimiters == 0) {
        out->delimiters[0] = '.';
        out->delimiters[1] = '\0';
    }
    at += delimiters;
    return text[at] == '}' ? at + 1 : 0;
}

bool mig__spf_macros_valid(const char *text, bool explanation)
{
    macro ignored;
    while (*text != '\0') {
        size_t length = *text == '%' ? read_macro(text, explanation, &ignored) : 1;
        const unsigned char c = (unsigned char)*text;
        if (length == 0 || c > 0x7e || c < (explanation ? 0x20 : 0x21)) {
            return false;
        }
        text += length;
    }
    return true;
}

bool mig__spf_has_macro(const char *text)
{
    for (const char *at = strchr(text, '%'); at != NULL; at = strchr(at + 2, '%')) {
        if (at[1] == '{') {
            return true;
        }
        if (at[1] == '\0') {
            break;
        }
    }
    return false;
}

static bool is_top_label(const char *label, size_t length)
{
    bool letter = false;
    if (length == 0 || label[0] == '-' || label[length - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)label[i]) && label[i] != '-') {
            return false;
        }
        letter = letter || !isdigit((unsigned char)label[i]);
    }
    return letter;
}

bool mig__spf_domain_valid(const char *text)
{
    macro ignored;
    const char *tail = text; /* what follows the last macro */
    if (*text == '\0' || !mig__spf_macros_valid(text, false)) {
        return false;
    }
    for (const char *at = text; *at != '\0';) {
        if (*at == '%') {
            at += read_macro(at, false, &ignored);
            tail = at;
        } else {
            at++;
        }
    }
    size_t length = strlen(tail);
    if (length == 0) {
        return true;
    }
    if (tail[length - 1] == '.') {
        length--;
    }
    size_t dot = length;
    while (dot > 0 && tail[dot - 1] != '.') {
        dot--;
    }
    return dot > 0 && is_top_label(tail + dot, length - dot);
}

/* ---- values ---- */

static void add_address(mig__buffer *out, const mig__spf_macros *macros)
{
    for (size_t i = 0; i < macros->address_length; i++) {
        const unsigned octet = macros->address[i];
        if (macros->address_length == 4) {
            mig__buffer_addf(out, "%s%u", i > 0 ? "." : "", octet);
        } else {
            mig__buffer_addf(out, "%s%X.%X", i > 0 ? "." : "", octet >> 4, octet & 15u);
        }
    }
}

static void add_value(mig__buffer *out, char letter, mig__spf_macros *macros)
{
    char address[INET6_ADDRSTRLEN];
    switch (letter) {
    case 's':
        mig__buffer_add_text(out, macros->sender);
        break;
    case 'l':
        mig__buffer_add_text(out, macros->local);
        break;
    case 'o':
        mig__buffer_add_text(out, macros->origin);
        break;
    case 'd':
        mig__buffer_add_text(out, macros->domain);
        break;
    case 'i':
        add_address(out, macros);
        break;
    case 'p':
        macros->needs_validated = macros->needs_validated || macros->validated == NULL;
        mig__buffer_add_text(out, macros->validated != NULL ? macros->validated : "unknown");
        break;
    case 'v':
        mig__buffer_add_text(out, macros->address_length == 4 ? "in-addr" : "ip6");
        break;
    case 'h':
        mig__buffer_add_text(out, macros->helo);
        break;
    case 'c':
        if (inet_ntop(macros->address_length == 4 ? AF_INET : AF_INET6, macros->address, address, sizeof address)) {
            mig__buffer_add_text(out, address);
        }
        break;
    case 'r':
        mig__buffer_add_text(out, macros->receiver != NULL ? macros->receiver : "unknown");
        break;
    default: /* 't' */
        mig__buffer_addf(out, "%" PRId64, macros->now);
        break;
    }
}

static void add_escaped(mig__buffer *out, const char *text, size_t length, bool escaped)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (escaped && !isalnum(c) && (c == '\0' || strchr("-._~", c) == NULL)) {
            mig__buffer_addf(out, "%%%02X", c);
        } else {
            mig__buffer_add_char(out, (char)c);
        }
    }
}

/* Split the value, turn it, keep the parts on the right, join with dots (section 7.3). */
static void add_transformed(mig__buffer *out, const char *value, const macro *how)
{
    size_t count = 1;
    for (const char *c = value; *c != '\0'; c++) {
        count += strchr(how->delimiters, *c) != NULL;
    }
    size_t kept = how->parts > 0 && how->parts < count ? how->parts : count;
    for (size_t i = count - kept; i < count; i++) {
        size_t wanted = how->reversed ? count - 1 - i : i;
        const char *part = value;
        for (size_t skip = 0; skip < wanted; skip++) {
            part += strcspn(part, how->delimiters) + 1;
        }
        if (i > count - kept) {
            mig__buffer_add_char(out, '.');
        }
        add_escaped(out, part, strcspn(part, how->delimiters), how->escaped);
    }
}

char *mig__spf_expand(const char *text, mig__spf_macros *macros)
{
    mig__buffer out = MIG__BUFFER_INIT, value = MIG__BUFFER_INIT;
    macro found;
    while (*text != '\0') {
        size_t length = *text == '%' ? read_macro(text, true, &found) : 0;
        if (length == 0) {
            mig__buffer_add_char(&out, *text++);
            continue;
        }
        text += length;
        if (found.letter == '%') {
            mig__buffer_add_char(&out, '%');
        } else if (found.letter == '_') {
            mig__buffer_add_char(&out, ' ');
        } else if (found.letter == '-') {
            mig__buffer_add_text(&out, "%20");
        } else {
            mig__buffer_clear(&value);
            add_value(&value, found.letter, macros);
            add_transformed(&out, value.data != NULL ? value.data : "", &found);
        }
    }
    const bool good = !value.failed;
    mig__buffer_free(&value);
    if (!good) {
        mig__buffer_free(&out);
        return NULL;
    }
    return mig__buffer_steal(&out);
}

void mig__spf_fit(char *name)
{
    size_t length = strlen(name);
    if (length > 0 && name[length - 1] == '.') {
        name[--length] = '\0';
    }
    const char *start = name;
    while (length >= MIG__DN_SIZE) {
        const char *dot = strchr(start, '.');
        if (dot == NULL) {
            return;
        }
        length -= (size_t)(dot + 1 - start);
        start = dot + 1;
    }
    memmove(name, start, length + 1);
}
