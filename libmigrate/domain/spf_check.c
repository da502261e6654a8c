/* domain/spf_check.c - check_host() of RFC 7208 section 4: what a domain's record says of an address */
#include "base/buffer.h"
#include "domain/name.h"
#include "domain/spf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_MX   10 /* hosts of an mx mechanism, names of a ptr mechanism or %{p} (section 4.6.4) */
#define MOST_DEEP 20 /* the limit of ten terms ends any loop before */

typedef struct check {
    const mig__asker *asker;
    mig__spf_outcome *out;
    mig__spf_macros macros;
    char *validated; /* of %{p}, for the domain that macros.domain is */
    unsigned depth;
} check;

/* What a mechanism comes to: whether it matches, or a result that ends everything. */
typedef enum match { NO_MATCH, MATCH, ENDS_PENDING, ENDS_TEMPERROR, ENDS_PERMERROR } match;

const char *mig__spf_result_name(mig__spf_result result)
{
    static const char *const names[] = {"pending", "none",     "neutral",   "pass",
                                        "fail",    "softfail", "temperror", "permerror"};
    return names[result];
}

/* Keep the first reason, with whatever stands in it made inert. */
static void MIG_PRINTF(2, 3) explain(check *c, const char *format, ...)
{
    if (c->out->why[0] == '\0') {
        mig__buffer text = MIG__BUFFER_INIT;
        va_list arguments;
        va_start(arguments, format);
        mig__buffer_addv(&text, format, arguments);
        va_end(arguments);
        mig__inert(text.data != NULL ? text.data : "", text.length, c->out->why, sizeof c->out->why);
        mig__buffer_free(&text);
    }
}

static match count_void(check *c, const mig__answer *answer, const char *name)
{
    if ((answer->status == MIG__DNS_NXDOMAIN || answer->status == MIG__DNS_NODATA) &&
        ++c->out->voids > MIG__SPF_MOST_VOIDS) {
        explain(c, "more than two look-ups find nothing; the third is %s", name);
        return ENDS_PERMERROR;
    }
    return NO_MATCH;
}

/* Ask, with everything but records and their absence already turned into how it ends. */
static match ask(check *c, const char *name, mig__rr type, bool counts, const mig__answer **answer)
{
    *answer = mig__ask(c->asker, name, type);
    if (*answer == NULL) {
        return ENDS_PENDING;
    }
    if (!mig__answer_known(*answer)) {
        explain(c, "%s could not be looked up", name);
        return ENDS_TEMPERROR;
    }
    return counts ? count_void(c, *answer, name) : NO_MATCH;
}

/* ---- addresses ---- */

static bool same_prefix(const unsigned char *a, const unsigned char *b, int bits)
{
    const size_t whole = (size_t)bits / 8;
    const unsigned mask = 0xff00u >> (bits % 8) & 0xffu;
    return memcmp(a, b, whole) == 0 && (bits % 8 == 0 || ((unsigned)(a[whole] ^ b[whole]) & mask) == 0);
}

static mig__rr address_type(const check *c)
{
    return c->macros.address_length == 4 ? MIG__RR_A : MIG__RR_AAAA;
}

static bool any_fits(const check *c, const mig__answer *answer, const mig__spf_term *term)
{
    const int bits = c->macros.address_length == 4 ? term->cidr4 : term->cidr6;
    for (size_t i = 0; i < answer->count; i++) {
        const mig__record *record = &answer->records[i];
        if (record->type == address_type(c) && record->length == c->macros.address_length &&
            same_prefix(record->data, c->macros.address, bits)) {
            return true;
        }
    }
    return false;
}

/* ---- validated names, for ptr and %{p} (section 5.5) ---- */

/*
 * The best name of the address: the domain itself, one below it, else (`any`) any that leads back to the address. *name
 * stays NULL when there is none. Look-ups that fail here only mean that a name is not used.
 */
static match find_validated(check *c, const char *domain, bool any, bool counts, char **name)
{
    char reverse[80];
    int best = 0;
    mig__reverse_name(c->macros.address, c->macros.address_length, NULL, reverse, sizeof reverse);
    const mig__answer *names = mig__ask(c->asker, reverse, MIG__RR_PTR);
    if (names == NULL) {
        return ENDS_PENDING;
    }
    match counted = counts ? count_void(c, names, reverse) : NO_MATCH;
    if (counted != NO_MATCH) {
        return counted;
    }
    bool pending = false;
    static const mig__spf_term whole = {.cidr4 = 32, .cidr6 = 128};
    for (size_t i = 0; i < names->count && i < MOST_MX; i++) {
        const char *each = names->records[i].name;
        const int rank = mig__dn_equal(each, domain) ? 3 : mig__dn_under(each, domain) ? 2 : any ? 1 : 0;
        if (rank <= best) {
            continue;
        }
        const mig__answer *back = mig__ask(c->asker, each, address_type(c));
        pending = pending || back == NULL;
        if (back != NULL && any_fits(c, back, &whole)) {
            free(*name);
            *name = mig__strdup(each);
            best = rank;
        }
    }
    return pending ? ENDS_PENDING : NO_MATCH;
}

/* Expand a domain-spec to a name; NULL in *out: it is none that can be asked for. The caller frees it. */
static match expand(check *c, const char *spec, bool is_name, char **out)
{
    *out = mig__spf_expand(spec, &c->macros);
    if (*out != NULL && c->macros.needs_validated) {
        free(*out);
        *out = NULL;
        char *found = NULL;
        match how = find_validated(c, c->macros.domain, true, false, &found);
        c->macros.needs_validated = false;
        if (how != NO_MATCH) {
            free(found);
            return how;
        }
        free(c->validated);
        c->validated = found != NULL ? found : mig__strdup("unknown");
        c->macros.validated = c->validated;
        *out = mig__spf_expand(spec, &c->macros);
    }
    if (*out == NULL) {
        explain(c, "out of memory");
        return ENDS_TEMPERROR;
    }
    if (is_name) {
        char clean[MIG__DN_SIZE];
        mig__spf_fit(*out);
        if (!mig__dn_clean(*out, clean)) {
            free(*out);
            *out = NULL;
        }
    }
    return NO_MATCH;
}

/* ---- mechanisms ---- */

static mig__spf_result evaluate(check *c, const char *domain, bool outermost);

static match match_include(check *c, const char *name, const mig__spf_term *term)
{
    switch (evaluate(c, name, false)) {
    case MIG__SPF_PASS:
        return MATCH;
    case MIG__SPF_PENDING:
        return ENDS_PENDING;
    case MIG__SPF_TEMPERROR:
        return ENDS_TEMPERROR;
    case MIG__SPF_NONE:
        c->out->why[0] = '\0';
        explain(c, "%s leads to no SPF record", term->text);
        return ENDS_PERMERROR;
    case MIG__SPF_PERMERROR:
        return ENDS_PERMERROR;
    default:
        return NO_MATCH;
    }
}

static match match_mx(check *c, const char *name, const mig__spf_term *term)
{
    const mig__answer *hosts;
    match how = ask(c, name, MIG__RR_MX, true, &hosts);
    if (how != NO_MATCH) {
        return how;
    }
    if (hosts->count > MOST_MX) {
        explain(c, "%s has more than ten MX hosts", name);
        return ENDS_PERMERROR;
    }
    bool pending = false;
    for (size_t i = 0; i < hosts->count; i++) {
        const mig__answer *addresses;
        how = ask(c, hosts->records[i].name, address_type(c), false, &addresses);
        if (how == NO_MATCH && any_fits(c, addresses, term)) {
            return pending ? ENDS_PENDING : MATCH;
        }
        if (how == NO_MATCH && addresses->status == MIG__DNS_NXDOMAIN) {
            how = count_void(c, addresses, hosts->records[i].name);
        }
        if (how == ENDS_PENDING) {
            pending = true;
        } else if (how != NO_MATCH) {
            return how;
        }
    }
    return pending ? ENDS_PENDING : NO_MATCH;
}

static match match_ptr(check *c, const char *name)
{
    char *found = NULL;
    match how = find_validated(c, name, false, true, &found);
    if (how == NO_MATCH && found != NULL) {
        how = MATCH;
    }
    free(found);
    return how;
}

static match match_address(check *c, const char *name, const mig__spf_term *term)
{
    const mig__answer *answer;
    const bool exists = term->kind == MIG__SPF_EXISTS;
    match how = ask(c, name, exists ? MIG__RR_A : address_type(c), true, &answer);
    if (how != NO_MATCH) {
        return how;
    }
    return (exists ? answer->status == MIG__DNS_OK : any_fits(c, answer, term)) ? MATCH : NO_MATCH;
}

static match match_named(check *c, const mig__spf_term *term)
{
    char *name = NULL;
    if (++c->out->terms > MIG__SPF_MOST_TERMS) {
        explain(c, "more than ten terms ask the DNS; the eleventh is %s", term->text);
        return ENDS_PERMERROR;
    }
    match how = term->domain != NULL ? expand(c, term->domain, true, &name) : NO_MATCH;
    if (term->domain == NULL) {
        name = mig__strdup(c->macros.domain);
    }
    if (how == NO_MATCH && name == NULL) {
        /* No name that can be asked for: an include of nothing is an error, anything else does not match. */
        if (term->kind == MIG__SPF_INCLUDE) {
            explain(c, "%s leads to no name", term->text);
            how = ENDS_PERMERROR;
        }
    } else if (how == NO_MATCH) {
        how = term->kind == MIG__SPF_INCLUDE ? match_include(c, name, term)
              : term->kind == MIG__SPF_MX    ? match_mx(c, name, term)
              : term->kind == MIG__SPF_PTR   ? match_ptr(c, name)
                                             : match_address(c, name, term);
    }
    free(name);
    return how;
}

static match match_term(check *c, const mig__spf_term *term)
{
    const size_t length = term->kind == MIG__SPF_IP4 ? 4 : 16;
    switch (term->kind) {
    case MIG__SPF_ALL:
        return MATCH;
    case MIG__SPF_IP4:
    case MIG__SPF_IP6:
        return length == c->macros.address_length &&
                       same_prefix(term->address, c->macros.address, length == 4 ? term->cidr4 : term->cidr6)
                   ? MATCH
                   : NO_MATCH;
    default:
        return match_named(c, term);
    }
}

/* ---- records ---- */

/* Problems of the explanation leave the result as it is (section 6.2). False: an answer is missing. */
static bool fetch_explanation(check *c, const char *spec)
{
    char *name = NULL;
    match how = expand(c, spec, true, &name);
    const mig__answer *answer = how == NO_MATCH && name != NULL ? mig__ask(c->asker, name, MIG__RR_TXT) : NULL;
    const bool pending = how == ENDS_PENDING || (how == NO_MATCH && name != NULL && answer == NULL);
    free(name);
    if (answer == NULL || answer->status != MIG__DNS_OK || answer->count != 1) {
        return !pending;
    }
    const char *text = (const char *)answer->records[0].data;
    if (strlen(text) != answer->records[0].length || !mig__spf_macros_valid(text, true)) {
        return true;
    }
    return expand(c, text, false, &c->out->explanation) != ENDS_PENDING;
}

/* What a matching term means. Within an include only the result counts. */
static mig__spf_result finish(check *c, const mig__spf_term *term, bool outermost, const char *exp)
{
    if (term->qualifier == '-' && outermost && exp != NULL && !fetch_explanation(c, exp)) {
        return MIG__SPF_PENDING;
    }
    if (outermost) {
        explain(c, "%s matches", term->text);
    }
    switch (term->qualifier) {
    case '+':
        return MIG__SPF_PASS;
    case '~':
        return MIG__SPF_SOFTFAIL;
    case '?':
        return MIG__SPF_NEUTRAL;
    default:
        return MIG__SPF_FAIL;
    }
}

static mig__spf_result follow_redirect(check *c, const mig__spf_record *record, bool outermost)
{
    char *name = NULL;
    if (++c->out->terms > MIG__SPF_MOST_TERMS) {
        explain(c, "more than ten terms ask the DNS; the eleventh is redirect=%s", record->redirect);
        return MIG__SPF_PERMERROR;
    }
    match how = expand(c, record->redirect, true, &name);
    mig__spf_result result = how == ENDS_PENDING ? MIG__SPF_PENDING : MIG__SPF_TEMPERROR;
    if (how == NO_MATCH) {
        result = name != NULL ? evaluate(c, name, outermost) : MIG__SPF_NONE;
        if (result == MIG__SPF_NONE) {
            c->out->why[0] = '\0';
            explain(c, "redirect=%s leads to no SPF record", record->redirect);
            result = MIG__SPF_PERMERROR;
        }
    }
    free(name);
    return result;
}

static mig__spf_result follow(check *c, const mig__spf_record *record, bool outermost)
{
    for (size_t i = 0; i < record->count; i++) {
        switch (match_term(c, &record->terms[i])) {
        case MATCH:
            return finish(c, &record->terms[i], outermost, record->exp);
        case ENDS_PENDING:
            return MIG__SPF_PENDING;
        case ENDS_TEMPERROR:
            return MIG__SPF_TEMPERROR;
        case ENDS_PERMERROR:
            return MIG__SPF_PERMERROR;
        default:
            break;
        }
    }
    return record->redirect != NULL ? follow_redirect(c, record, outermost) : MIG__SPF_NEUTRAL;
}

static mig__spf_result evaluate(check *c, const char *domain, bool outermost)
{
    const mig__record *text = NULL;
    mig__spf_record record;
    const mig__answer *answer = mig__ask(c->asker, domain, MIG__RR_TXT);
    if (answer == NULL) {
        return MIG__SPF_PENDING;
    }
    if (!mig__answer_known(answer)) {
        explain(c, "%s could not be looked up", domain);
        return MIG__SPF_TEMPERROR;
    }
    switch (mig__spf_select(answer, &text)) {
    case 0:
        explain(c, "%s has no SPF record", domain);
        return MIG__SPF_NONE;
    case 2:
        explain(c, "%s has more than one SPF record", domain);
        return MIG__SPF_PERMERROR;
    default:
        break;
    }
    mig__spf_result result = MIG__SPF_PERMERROR;
    const char *before = c->macros.domain;
    if (mig__spf_parse(text->data, text->length, &record) && c->depth < MOST_DEEP) {
        c->macros.domain = domain;
        c->macros.validated = NULL;
        c->depth++;
        result = follow(c, &record, outermost);
        c->depth--;
        c->macros.domain = before;
        c->macros.validated = NULL;
    } else {
        explain(c, "%s", record.problem);
    }
    mig__spf_record_clear(&record);
    return result;
}

/* An IPv4 address mapped into IPv6 counts as IPv4 (section 5). */
static void take_address(const mig__spf_query *query, mig__spf_macros *macros)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const bool is_mapped = query->address_length == 16 && memcmp(query->address, mapped, 12) == 0;
    macros->address = query->address + (is_mapped ? 12 : 0);
    macros->address_length = is_mapped ? 4 : query->address_length;
}

void mig__spf_check(const mig__spf_query *query, const mig__asker *asker, mig__spf_outcome *out)
{
    char domain[MIG__DN_SIZE];
    mig__buffer sender = MIG__BUFFER_INIT;
    *out = (mig__spf_outcome){.result = MIG__SPF_NONE};
    const char *at = strrchr(query->mail_from, '@');
    const char *origin = query->mail_from[0] == '\0' ? query->helo : at != NULL ? at + 1 : query->mail_from;
    const bool named = at != NULL && at > query->mail_from;
    char *local = named ? strndup(query->mail_from, (size_t)(at - query->mail_from)) : mig__strdup("postmaster");
    mig__buffer_addf(&sender, "%s@%s", local != NULL ? local : "", origin);
    if (local == NULL || sender.failed) {
        out->result = MIG__SPF_TEMPERROR;
        snprintf(out->why, sizeof out->why, "out of memory");
    } else if (!mig__dn_clean(origin, domain) || strchr(domain, '.') == NULL) {
        snprintf(out->why, sizeof out->why, "the sender has no domain that can be asked");
    } else {
        check c = {.asker = asker, .out = out};
        c.macros = (mig__spf_macros){.sender = sender.data,
                                     .local = local,
                                     .origin = origin,
                                     .domain = domain,
                                     .helo = query->helo,
                                     .receiver = query->receiver,
                                     .now = query->now};
        take_address(query, &c.macros);
        out->result = evaluate(&c, domain, true);
        free(c.validated);
    }
    mig__buffer_free(&sender);
    free(local);
}
