/*
 * fuzz_domain_records.c - the records of DKIM keys, DMARC, MTA-STS and TLS-RPT, and the policy file of MTA-STS
 *
 * What must hold: a good key has its size; a DMARC record falls back as it should; a policy without a problem has a
 * mode, and MX lines that are names.
 */
#include "domain/dkim.h"
#include "domain/dmarc.h"
#include "domain/sts.h"
#include "fuzz.h"

static void read_policy(const char *text, size_t size)
{
    mig__sts_policy policy;
    mig__sts_policy_parse(text, size, &policy);
    if (policy.problem[0] == '\0') {
        INSIST(policy.mode != MIG__STS_NO_MODE && policy.max_age <= 31557600);
        INSIST(policy.count > 0 || policy.mode == MIG__STS_MODE_NONE);
    }
    for (size_t i = 0; i < policy.count; i++) {
        INSIST(mig__dn_is_host(policy.mx[i][0] == '*' ? policy.mx[i] + 2 : policy.mx[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mig__dkim_key key;
    mig__dkim_parse(data, size, &key);
    if (key.state == MIG__DKIM_GOOD) {
        INSIST(key.what[0] == '\0' && (key.ed25519 || key.bits >= 2048));
    }
    INSIST(mig__dkim_rsa_bits(data, size) <= 8 * size);

    mig__dmarc record;
    mig__dmarc_parse(data, size, &record);
    INSIST(record.valid || !mig__dmarc_is_record(data, size));
    for (size_t i = 0; i < record.rua_count; i++) {
        INSIST(record.rua[i].text != NULL);
    }
    mig__dmarc_clear(&record);

    char id[33], rua[64];
    if (mig__sts_record_id(data, size, id)) {
        INSIST(strlen(id) > 0 &&
               strspn(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == strlen(id));
    }
    mig__tlsrpt_rua(data, size, rua, sizeof rua);
    read_policy((const char *)data, size);
    return 0;
}
