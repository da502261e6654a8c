/* domain/answer.c - what a name server said, as plain records */
#include "domain/answer.h"
#include "base/buffer.h"
#include "domain/name.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mig__answer_clear(mig__answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        free(answer->records[i].name);
        free(answer->records[i].data);
    }
    free(answer->records);
    free(answer->canonical);
    *answer = (mig__answer){.status = MIG__DNS_OK};
}

mig__record *mig__answer_add(mig__answer *answer, mig__rr type)
{
    mig__record *more = realloc(answer->records, (answer->count + 1) * sizeof *more);
    if (more == NULL) {
        return NULL;
    }
    answer->records = more;
    more += answer->count++;
    *more = (mig__record){.type = type};
    return more;
}

bool mig__record_set_name(mig__record *record, const char *name)
{
    char clean[MIG__DN_SIZE];
    free(record->name);
    record->name = mig__strdup(mig__dn_clean(name, clean) ? clean : strcmp(name, ".") == 0 ? "" : name);
    return record->name != NULL;
}

bool mig__record_set_data(mig__record *record, const void *data, size_t length)
{
    unsigned char *copy = malloc(length + 1);
    if (copy == NULL) {
        return false;
    }
    if (length > 0) {
        memcpy(copy, data, length);
    }
    copy[length] = '\0';
    free(record->data);
    record->data = copy;
    record->length = length;
    return true;
}

const char *mig__rr_name(mig__rr type, char out[16])
{
    static const struct {
        mig__rr type;
        const char *name;
    } names[] = {{MIG__RR_A, "A"},          {MIG__RR_NS, "NS"}, {MIG__RR_CNAME, "CNAME"}, {MIG__RR_SOA, "SOA"},
                 {MIG__RR_PTR, "PTR"},      {MIG__RR_MX, "MX"}, {MIG__RR_TXT, "TXT"},     {MIG__RR_AAAA, "AAAA"},
                 {MIG__RR_SRV, "SRV"},      {MIG__RR_DS, "DS"}, {MIG__RR_TLSA, "TLSA"},   {MIG__RR_CAA, "CAA"},
                 {MIG__RR_DNSKEY, "DNSKEY"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].type == type) {
            return names[i].name;
        }
    }
    snprintf(out, 16, "TYPE%u", (unsigned)type);
    return out;
}

static void add_quoted(mig__buffer *out, const unsigned char *data, size_t length)
{
    mig__buffer_add_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (data[i] == '"' || data[i] == '\\') {
            mig__buffer_addf(out, "\\%c", data[i]);
        } else if (data[i] < ' ' || data[i] > '~') {
            mig__buffer_addf(out, "\\%03u", data[i]);
        } else {
            mig__buffer_add_char(out, (char)data[i]);
        }
    }
    mig__buffer_add_char(out, '"');
}

static void add_rest(mig__buffer *text, const mig__record *record)
{
    char address[INET6_ADDRSTRLEN];
    switch (record->type) {
    case MIG__RR_A:
    case MIG__RR_AAAA:
        if (record->length == (record->type == MIG__RR_A ? 4 : 16) &&
            inet_ntop(record->type == MIG__RR_A ? AF_INET : AF_INET6, record->data, address, sizeof address) != NULL) {
            mig__buffer_add_text(text, address);
        }
        break;
    case MIG__RR_TXT:
        add_quoted(text, record->data, record->length);
        break;
    case MIG__RR_CAA:
        mig__buffer_addf(text, "%u %s ", record->preference, record->tag);
        add_quoted(text, record->data, record->length);
        break;
    case MIG__RR_TLSA:
        mig__buffer_addf(text, "%u %u %u ", record->preference, record->weight, record->port);
        for (size_t i = 0; i < record->length; i++) {
            mig__buffer_addf(text, "%02x", record->data[i]);
        }
        break;
    case MIG__RR_SRV:
        mig__buffer_addf(text, "%u %u %u %s.", record->preference, record->weight, record->port, record->name);
        break;
    case MIG__RR_MX:
        mig__buffer_addf(text, "%u %s.", record->preference, record->name);
        break;
    case MIG__RR_SOA:
        mig__buffer_addf(text, "%s. serial %lu", record->name, (unsigned long)record->serial);
        break;
    default:
        mig__buffer_addf(text, "%s.", record->name != NULL ? record->name : "");
        break;
    }
}

char *mig__record_text(const mig__record *record, char *out, size_t size)
{
    mig__buffer text = MIG__BUFFER_INIT;
    add_rest(&text, record);
    mig__inert(text.data != NULL ? text.data : "", text.length, out, size);
    mig__buffer_free(&text);
    return out;
}

bool mig__answer_known(const mig__answer *answer)
{
    return answer->status == MIG__DNS_OK || answer->status == MIG__DNS_NODATA || answer->status == MIG__DNS_NXDOMAIN ||
           answer->status == MIG__DNS_NO_NAME;
}

const char *mig__dns_status_words(mig__dns_status status)
{
    static const char *const words[] = {
        [MIG__DNS_OK] = "there are records",
        [MIG__DNS_NODATA] = "there is no such record",
        [MIG__DNS_NXDOMAIN] = "the name does not exist",
        [MIG__DNS_SERVFAIL] = "the name server reports a failure",
        [MIG__DNS_REFUSED] = "the name server refuses to answer",
        [MIG__DNS_TIMEOUT] = "no name server answered in time",
        [MIG__DNS_BOGUS] = "the answer does not fit its DNSSEC signatures",
        [MIG__DNS_MALFORMED] = "what the name server sent is no answer to the question",
        [MIG__DNS_NO_NAME] = "it is not a name that can be asked for",
    };
    return words[status];
}

const mig__answer *mig__ask(const mig__asker *asker, const char *name, mig__rr type)
{
    static const mig__answer none = {.status = MIG__DNS_NO_NAME};
    char clean[MIG__DN_SIZE];
    return mig__dn_clean(name, clean) ? asker->ask(asker->context, clean, type) : &none;
}

char *mig__reverse_name(const unsigned char *octets, size_t length, const char *zone, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = length; i > 0 && used < size; i--) {
        int wrote = length == 4 ? snprintf(out + used, size - used, "%u.", octets[i - 1])
                                : snprintf(out + used, size - used, "%x.%x.", octets[i - 1] & 15u, octets[i - 1] >> 4);
        used += (size_t)wrote;
    }
    if (used < size) {
        snprintf(out + used, size - used, "%s", zone != NULL ? zone : length == 4 ? "in-addr.arpa" : "ip6.arpa");
    }
    return out;
}
