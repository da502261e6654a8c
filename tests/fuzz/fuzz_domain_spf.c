/*
 * fuzz_domain_spf.c - SPF: the syntax, macros, and a check against a zone made of the input
 *
 * What must hold: a record that parses has valid domain-specs; the check ends with a result, within the limits; what it
 * explains has no control characters in `why`.
 */
#include "domain/name.h"
#include "domain/spf.h"
#include "fuzz.h"

typedef struct zone {
    const char *texts[8];
    size_t count;
    mig__answer answers[64];
    size_t given;
} zone;

/* Names are told apart by their length, so that includes of the input lead somewhere. */
static const mig__answer *serve(void *context, const char *name, mig__rr type)
{
    static const mig__answer none = {.status = MIG__DNS_NXDOMAIN}, pending = {.status = MIG__DNS_TIMEOUT};
    zone *z = context;
    char clean[MIG__DN_SIZE];
    INSIST(mig__dn_clean(name, clean));
    if (z->given == 64 || z->count == 0) {
        return z->given == 64 ? &pending : &none;
    }
    mig__answer *answer = &z->answers[z->given++];
    const char *text = z->texts[strlen(name) % z->count];
    answer->status = MIG__DNS_NODATA;
    if (type == MIG__RR_TXT) {
        mig__record_set_data(mig__answer_add(answer, type), text, strlen(text));
        answer->status = MIG__DNS_OK;
    } else if (type == MIG__RR_MX || type == MIG__RR_PTR) {
        mig__record_set_name(mig__answer_add(answer, type), "host.example.org");
        answer->status = MIG__DNS_OK;
    }
    return answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    zone z = {.count = 0};
    char *texts[8];
    mig__spf_query query = {.address_length = (fuzz_octet(&in) & 1) != 0 ? 16 : 4, .now = 1};
    while (z.count < 8 && in.size > 0) {
        texts[z.count] = fuzz_text(&in);
        z.texts[z.count] = texts[z.count];
        z.count++;
    }
    for (size_t i = 0; i < z.count; i++) {
        mig__spf_record record;
        const bool good = mig__spf_parse((const unsigned char *)texts[i], strlen(texts[i]), &record);
        INSIST(good == (record.problem[0] == '\0'));
        for (size_t k = 0; good && k < record.count; k++) {
            INSIST(record.terms[k].domain == NULL || mig__spf_domain_valid(record.terms[k].domain));
            INSIST(record.terms[k].cidr4 >= 0 && record.terms[k].cidr4 <= 32 && record.terms[k].cidr6 <= 128);
        }
        mig__spf_record_clear(&record);
    }
    query.mail_from = z.count > 0 ? texts[0] : "";
    query.helo = z.count > 1 ? texts[1] : "helo.example";
    mig__spf_outcome outcome;
    const mig__asker asker = {serve, &z};
    mig__spf_check(&query, &asker, &outcome);
    INSIST(outcome.result != MIG__SPF_PENDING);
    INSIST(outcome.terms <= MIG__SPF_MOST_TERMS + 1 && outcome.voids <= MIG__SPF_MOST_VOIDS + 1);
    for (const char *c = outcome.why; *c != '\0'; c++) {
        INSIST((unsigned char)*c >= ' ');
    }
    free(outcome.explanation);
    query.mail_from = "user@example.org";
    mig__spf_check(&query, &asker, &outcome);
    free(outcome.explanation);
    mig__spf_tree tree;
    mig__spf_walk("example.org", &asker, &tree);
    mig__spf_tree_clear(&tree);
    for (size_t i = 0; i < z.given; i++) {
        mig__answer_clear(&z.answers[i]);
    }
    for (size_t i = 0; i < z.count; i++) {
        free(texts[i]);
    }
    return 0;
}
