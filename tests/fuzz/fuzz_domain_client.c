/*
 * fuzz_domain_client.c - autoconfig and autodiscover files
 *
 * What must hold: names of hosts are inert; nothing is found in what is not one of the two kinds.
 */
#include "domain/client.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mig__client_config config;
    char *text = malloc(size + 1);
    if (text == NULL) {
        abort();
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    mig__client_parse(text, size, &config);
    INSIST(config.parsed || config.count == 0);
    for (size_t i = 0; i < config.count; i++) {
        for (const char *c = config.servers[i].host; *c != '\0'; c++) {
            INSIST((unsigned char)*c > ' ');
        }
        INSIST(config.servers[i].port <= 65535);
    }
    free(text);
    return 0;
}
