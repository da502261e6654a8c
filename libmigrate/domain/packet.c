/* domain/packet.c - DNS messages to and from plain records */
#include "domain/packet.h"
#include "base/buffer.h"
#include "domain/name.h"
#include <ctype.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CNAMES  16
#define MOST_RECORDS 256

size_t mig__packet_name(const char *name, unsigned char out[255])
{
    size_t used = 0;
    while (*name != '\0') {
        const size_t label = strcspn(name, ".");
        if (label == 0 || label > 63 || used + label + 2 > 255) {
            return 0;
        }
        out[used++] = (unsigned char)label;
        memcpy(out + used, name, label);
        used += label;
        name += label + (name[label] == '.');
    }
    out[used++] = 0;
    return used;
}

char *mig__packet_escape(const char *name, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (; *name != '\0' && used + 5 < size; name++) {
        const unsigned char c = (unsigned char)*name;
        used += (size_t)snprintf(out + used, size - used, isalnum(c) || strchr("-_.", c) != NULL ? "%c" : "\\%03u", c);
    }
    return out;
}

static void put16(unsigned char *out, unsigned value)
{
    out[0] = (unsigned char)(value >> 8);
    out[1] = (unsigned char)value;
}

size_t mig__packet_query(const char *name, mig__rr type, uint16_t id, bool recursive, bool plain,
                         unsigned char out[MIG__PACKET_QUERY])
{
    static const unsigned char edns[] = {0, 0, 41, 0x04, 0xd0, 0, 0, 0x80, 0, 0, 0}; /* OPT, 1232 octets, DO */
    memset(out, 0, MIG__PACKET_QUERY);
    put16(out, id);
    out[2] = recursive ? 1 : 0;
    out[5] = 1;
    size_t length = mig__packet_name(name, out + 12);
    if (length == 0) {
        return 0;
    }
    length += 12;
    put16(out + length, (unsigned)type);
    put16(out + length + 2, 1);
    length += 4;
    if (!plain) {
        out[11] = 1;
        memcpy(out + length, edns, sizeof edns);
        length += sizeof edns;
    }
    return length;
}

bool mig__packet_fits(const unsigned char *query, size_t query_length, const unsigned char *message, size_t length)
{
    size_t end = 12;
    if (length < 12 || query_length < 12 || memcmp(query, message, 2) != 0 || (message[2] & 0x80) == 0) {
        return false;
    }
    while (end < query_length && query[end] != 0) {
        end += query[end] + 1u;
    }
    end += 5;
    if (message[4] == 0 && message[5] == 0) { /* some refuse without repeating the question */
        return (message[3] & 0x0f) != 0;
    }
    if (end > query_length || end > length || message[4] != 0 || message[5] != 1) {
        return false;
    }
    for (size_t i = 12; i < end; i++) {
        if (tolower(query[i]) != tolower(message[i])) {
            return false;
        }
    }
    return true;
}

/* ---- reading ---- */

/* The text of a name in a record; false: out of memory. */
static bool take_name(mig__record *record, const ldns_rdf *name)
{
    char *text = name != NULL && ldns_rdf_get_type(name) == LDNS_RDF_TYPE_DNAME ? ldns_rdf2str(name) : NULL;
    const bool good = text != NULL && mig__record_set_name(record, text);
    free(text);
    return good;
}

static uint16_t number(const ldns_rr *rr, size_t field)
{
    const ldns_rdf *rdf = field < ldns_rr_rd_count(rr) ? ldns_rr_rdf(rr, field) : NULL;
    if (rdf == NULL) {
        return 0;
    }
    return ldns_rdf_size(rdf) == 1   ? ldns_rdf2native_int8(rdf)
           : ldns_rdf_size(rdf) == 2 ? ldns_rdf2native_int16(rdf)
                                     : 0;
}

static const ldns_rdf *field_of(const ldns_rr *rr, size_t field)
{
    return field < ldns_rr_rd_count(rr) ? ldns_rr_rdf(rr, field) : NULL;
}

static bool take_octets(mig__record *record, const ldns_rdf *rdf, size_t skip)
{
    const size_t size = rdf != NULL ? ldns_rdf_size(rdf) : 0;
    return mig__record_set_data(record, size > skip ? ldns_rdf_data(rdf) + skip : (const unsigned char *)"",
                                size > skip ? size - skip : 0);
}

/* Strings joined without anything between them. */
static bool take_text(mig__record *record, const ldns_rr *rr)
{
    mig__buffer text = MIG__BUFFER_INIT;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *rdf = ldns_rr_rdf(rr, i);
        if (ldns_rdf_size(rdf) > 1) {
            mig__buffer_add(&text, ldns_rdf_data(rdf) + 1, ldns_rdf_size(rdf) - 1);
        }
        record->strings++;
    }
    const bool good = !text.failed && mig__record_set_data(record, text.data != NULL ? text.data : "", text.length);
    mig__buffer_free(&text);
    return good;
}

static bool take_fields(mig__record *record, const ldns_rr *rr)
{
    char *text;
    switch (record->type) {
    case MIG__RR_A:
    case MIG__RR_AAAA:
        return take_octets(record, field_of(rr, 0), 0);
    case MIG__RR_TXT:
        return take_text(record, rr);
    case MIG__RR_MX:
        record->preference = number(rr, 0);
        return take_name(record, field_of(rr, 1));
    case MIG__RR_SRV:
        record->preference = number(rr, 0);
        record->weight = number(rr, 1);
        record->port = number(rr, 2);
        return take_name(record, field_of(rr, 3));
    case MIG__RR_TLSA:
        record->preference = number(rr, 0);
        record->weight = number(rr, 1);
        record->port = number(rr, 2);
        return take_octets(record, field_of(rr, 3), 0);
    case MIG__RR_CAA:
        record->preference = number(rr, 0);
        text = field_of(rr, 1) != NULL ? ldns_rdf2str(field_of(rr, 1)) : NULL;
        if (text != NULL) {
            mig__inert(text, strlen(text), record->tag, sizeof record->tag);
        }
        free(text);
        return take_octets(record, field_of(rr, 2), 0);
    case MIG__RR_SOA:
        record->serial =
            field_of(rr, 2) != NULL && ldns_rdf_size(field_of(rr, 2)) == 4 ? ldns_rdf2native_int32(field_of(rr, 2)) : 0;
        return take_name(record, field_of(rr, 0));
    case MIG__RR_NS:
    case MIG__RR_CNAME:
    case MIG__RR_PTR:
        return take_name(record, field_of(rr, 0));
    default: /* DS, DNSKEY: that they are there is all that is asked */
        return mig__record_set_data(record, "", 0);
    }
}

static bool take_record(mig__answer *out, const ldns_rr *rr, mig__rr type)
{
    mig__record *record = mig__answer_add(out, type);
    if (record == NULL) {
        return false;
    }
    record->ttl = ldns_rr_ttl(rr);
    if (!take_fields(record, rr)) { /* a record that makes no sense is left out */
        free(record->name);
        free(record->data);
        out->count--;
    }
    return true;
}

/* Follow aliases from *name, which is borrowed from the packet at the end. False: they go round, or are too many. */
static bool follow(const ldns_rr_list *answers, const ldns_rdf **name, mig__rr type, mig__answer *out)
{
    for (bool again = type != MIG__RR_CNAME; again;) {
        again = false;
        for (size_t i = 0; i < ldns_rr_list_rr_count(answers) && !again; i++) {
            const ldns_rr *rr = ldns_rr_list_rr(answers, i);
            if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME && ldns_rr_rd_count(rr) == 1 &&
                ldns_dname_compare(ldns_rr_owner(rr), *name) == 0) {
                *name = ldns_rr_rdf(rr, 0);
                again = true;
                if (++out->cnames > MOST_CNAMES) {
                    return false;
                }
            }
        }
    }
    return true;
}

static void take_signature(mig__answer *out, const ldns_rr *rr, const ldns_rdf *owner, mig__rr type)
{
    const ldns_rdf *covered = ldns_rr_rrsig_typecovered(rr), *end = ldns_rr_rrsig_expiration(rr);
    if (covered == NULL || end == NULL || ldns_rdf_size(end) != 4 || ldns_rdf2native_int16(covered) != (uint16_t)type ||
        ldns_dname_compare(ldns_rr_owner(rr), owner) != 0) {
        return;
    }
    const int64_t until = (int64_t)ldns_rdf2native_int32(end);
    if (out->signed_until == 0 || until < out->signed_until) {
        out->signed_until = until;
    }
}

static void take_negative(mig__answer *out, const ldns_pkt *packet)
{
    const ldns_rr_list *list = ldns_pkt_authority(packet);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA && ldns_rr_rd_count(rr) == 7 &&
            ldns_rdf_size(ldns_rr_rdf(rr, 6)) == 4) {
            const uint32_t least = ldns_rdf2native_int32(ldns_rr_rdf(rr, 6));
            out->negative_ttl = least < ldns_rr_ttl(rr) ? least : ldns_rr_ttl(rr);
        }
    }
}

static bool take_answers(const ldns_pkt *packet, const ldns_rdf *question, mig__rr type, mig__answer *out)
{
    const ldns_rr_list *answers = ldns_pkt_answer(packet);
    const ldns_rdf *owner = question;
    if (!follow(answers, &owner, type, out)) {
        out->status = MIG__DNS_MALFORMED;
        snprintf(out->why, sizeof out->why, "the aliases lead in a circle, or there are too many of them");
        return true;
    }
    for (size_t i = 0; i < ldns_rr_list_rr_count(answers) && out->count < MOST_RECORDS; i++) {
        const ldns_rr *rr = ldns_rr_list_rr(answers, i);
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG) {
            take_signature(out, rr, owner, type);
        } else if (ldns_rr_get_type(rr) == (ldns_rr_type)type && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
                   ldns_dname_compare(ldns_rr_owner(rr), owner) == 0 && !take_record(out, rr, type)) {
            return false;
        }
    }
    if (out->cnames > 0) {
        char clean[MIG__DN_SIZE], *text = ldns_rdf2str(owner);
        out->canonical = mig__strdup(text != NULL && mig__dn_clean(text, clean) ? clean : "");
        free(text);
        if (out->canonical == NULL) {
            return false;
        }
    }
    return true;
}

static void take_status(mig__answer *out, const ldns_pkt *packet)
{
    switch (ldns_pkt_get_rcode(packet)) {
    case LDNS_RCODE_NOERROR:
        out->status = out->count > 0 ? MIG__DNS_OK : MIG__DNS_NODATA;
        break;
    case LDNS_RCODE_NXDOMAIN:
        out->status = MIG__DNS_NXDOMAIN;
        break;
    case LDNS_RCODE_SERVFAIL:
        out->status = MIG__DNS_SERVFAIL;
        break;
    case LDNS_RCODE_REFUSED:
    case LDNS_RCODE_NOTAUTH:
        out->status = MIG__DNS_REFUSED;
        break;
    default:
        out->status = MIG__DNS_MALFORMED;
        snprintf(out->why, sizeof out->why, "the code of the answer is %d", (int)ldns_pkt_get_rcode(packet));
        break;
    }
}

bool mig__packet_read(const unsigned char *message, size_t length, const char *name, mig__rr type, mig__answer *out)
{
    unsigned char wire[255];
    ldns_pkt *packet = NULL;
    const size_t size = mig__packet_name(name, wire);
    if (size == 0 || ldns_wire2pkt(&packet, message, length) != LDNS_STATUS_OK) {
        out->status = MIG__DNS_MALFORMED;
        snprintf(out->why, sizeof out->why, "the message cannot be taken apart");
        ldns_pkt_free(packet);
        return true;
    }
    ldns_rdf *question = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, size, wire);
    bool good = question != NULL;
    out->authoritative = ldns_pkt_aa(packet);
    if (good) {
        good = take_answers(packet, question, type, out);
    }
    if (good && out->status != MIG__DNS_MALFORMED) {
        take_status(out, packet);
        take_negative(out, packet);
    }
    ldns_rdf_deep_free(question);
    ldns_pkt_free(packet);
    return good;
}
