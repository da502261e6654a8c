/*
 * imap/namespace.c - RFC 2342: whose mailboxes are whose, by what their names begin with
 */
#include "imap/list_private.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A quoted string (the guard has made literals into them); `at` ends behind it. */
static bool take_quoted(const char **at, mig__buffer *out)
{
    mig__buffer_clear(out);
    if (**at != '"') {
        return false;
    }
    for (++*at; **at != '\0' && **at != '"'; ++*at) {
        *at += **at == '\\' && (*at)[1] != '\0';
        mig__buffer_add_char(out, **at);
    }
    if (**at != '"') {
        return false;
    }
    ++*at;
    return true;
}

/* Past everything up to the parenthesis that closes the one before `at`, that one included. */
static bool skip_rest(const char **at, mig__buffer *scratch)
{
    for (int depth = 1; **at != '\0';) {
        if (**at == '"') {
            if (!take_quoted(at, scratch)) {
                return false;
            }
            continue;
        }
        depth += **at == '(' ? 1 : **at == ')' ? -1 : 0;
        ++*at;
        if (depth == 0) {
            return true;
        }
    }
    return false;
}

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " ");
}

/* What follows "(": a prefix, and its separator or NIL. */
static bool take_pair(const char **at, mig__buffer *prefix, char *delimiter)
{
    mig__buffer separator = MIG__BUFFER_INIT;
    bool found = take_quoted(at, prefix) && **at == ' ';
    skip_blanks(at);
    *delimiter = '\0';
    if (found && take_quoted(at, &separator)) {
        found = separator.length <= 1;
        *delimiter = separator.length == 1 ? separator.data[0] : '\0';
    } else if (found) {
        found = strncasecmp(*at, "NIL", 3) == 0;
    }
    mig__buffer_free(&separator);
    return found;
}

bool mig__namespaces(const char *text, mig__namespace_fn *take, void *context)
{
    mig__buffer prefix = MIG__BUFFER_INIT, scratch = MIG__BUFFER_INIT;
    bool well_formed = true, more = true;
    for (mig__owner owner = MIG__OWNER_SELF; well_formed && more && owner <= MIG__OWNER_SHARED; owner++) {
        skip_blanks(&text);
        if (strncasecmp(text, "NIL", 3) == 0) {
            text += 3;
            continue;
        }
        well_formed = *text == '(';
        text += well_formed;
        while (well_formed && more && *text == '(') {
            char delimiter;
            text++;
            well_formed = take_pair(&text, &prefix, &delimiter) && !prefix.failed;
            more = well_formed && take(owner, prefix.data != NULL ? prefix.data : "", delimiter, context);
            well_formed = well_formed && (!more || skip_rest(&text, &scratch));
        }
        if (well_formed && more) {
            well_formed = *text == ')';
            text += well_formed;
        }
    }
    mig__buffer_free(&prefix);
    mig__buffer_free(&scratch);
    return well_formed;
}

typedef struct personal {
    mig__buffer *prefix;
    char *delimiter;
    bool found;
} personal;

static bool take_personal(mig__owner owner, const char *prefix, char delimiter, void *context)
{
    personal *p = context;
    if (owner == MIG__OWNER_SELF) {
        mig__buffer_add_text(p->prefix, prefix);
        *p->delimiter = delimiter;
        p->found = true;
    }
    return false; /* the first is enough */
}

bool mig__namespace_personal(const char *text, mig__buffer *prefix, char *delimiter)
{
    personal p = {.prefix = prefix, .delimiter = delimiter};
    mig__namespaces(text, take_personal, &p);
    return p.found;
}

typedef struct marking {
    mig__mailbox_list *list;
    size_t *longest; /* of the prefixes that each name begins with, and 1 */
} marking;

/* "Public/x" is below "Public/", and "Public" is where that begins; INBOX is always one's own. */
static bool is_below(const char *wire, const char *prefix, char delimiter)
{
    size_t length = strlen(prefix);
    if (strncasecmp(wire, "INBOX", 5) == 0 && (wire[5] == '\0' || (delimiter != '\0' && wire[5] == delimiter))) {
        return strncasecmp(prefix, "INBOX", 5) == 0 && (strlen(wire) >= length || wire[5] == '\0');
    }
    bool whole = length > 0 && prefix[length - 1] == delimiter && strncmp(wire, prefix, length - 1) == 0 &&
                 wire[length - 1] == '\0';
    return whole || strncmp(wire, prefix, length) == 0;
}

static bool mark(mig__owner owner, const char *prefix, char delimiter, void *context)
{
    marking *m = context;
    size_t length = strlen(prefix) + 1;
    for (size_t i = 0; i < m->list->count; i++) {
        mig__mailbox *mailbox = &m->list->items[i];
        if (length > m->longest[i] && is_below(mailbox->wire, prefix, delimiter)) {
            m->longest[i] = length;
            mailbox->owner = owner;
        }
    }
    return true;
}

int mig__namespace_mark(const char *text, mig__mailbox_list *list, mig_error *err)
{
    mig__buffer prefix = MIG__BUFFER_INIT;
    char delimiter;
    bool known = mig__namespace_personal(text, &prefix, &delimiter); /* else nothing could be told from one's own */
    mig__buffer_free(&prefix);
    if (!known) {
        return 0;
    }
    marking m = {list, calloc(list->count + 1, sizeof *m.longest)};
    if (m.longest == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    mig__namespaces(text, mark, &m);
    free(m.longest);
    return 0;
}
