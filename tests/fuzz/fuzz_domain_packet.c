/*
 * fuzz_domain_packet.c - answers of name servers
 *
 * What must hold: reading ends, with a status; records are of the type asked for and whole; each can be shown.
 */
#include "domain/packet.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const mig__rr types[] = {MIG__RR_A,    MIG__RR_MX,  MIG__RR_TXT, MIG__RR_SRV,
                                    MIG__RR_TLSA, MIG__RR_CAA, MIG__RR_SOA, MIG__RR_NS};
    fuzz_input in = {data, size};
    const mig__rr type = types[fuzz_octet(&in) % 8];
    mig__answer answer = {.status = MIG__DNS_TIMEOUT};
    char shown[600];
    INSIST(mig__packet_read(in.data, in.size, "mx.example", type, &answer));
    INSIST(answer.status != MIG__DNS_TIMEOUT);
    INSIST((answer.status == MIG__DNS_OK) <= (answer.count > 0));
    for (size_t i = 0; i < answer.count; i++) {
        INSIST(answer.records[i].type == type);
        mig__record_text(&answer.records[i], shown, sizeof shown);
        for (const char *c = shown; *c != '\0'; c++) {
            INSIST((unsigned char)*c >= ' ');
        }
    }
    mig__answer_clear(&answer);
    return 0;
}
