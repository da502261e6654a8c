/*
 * fuzz_oauth2.c - whatever a token endpoint may answer, and whatever may stand in a file that is given as Google's key
 *
 * The first octet chooses the HTTP status. What must hold: a token that is taken holds printable ASCII alone, since it
 * becomes part of a line to a server; what is shown holds no control character; nothing leaks, nothing overruns.
 */
#include "net/oauth2_private.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void insist_printable(const char *text, bool ascii)
{
    for (; *text != '\0'; text++) {
        insist((unsigned char)*text >= 0x20 && *text != 0x7f && (!ascii || (unsigned char)*text < 0x7f));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {400, 401, 302, 404, 429, 503};
    static mig__oauth2_token token;
    mig__oauth2_device device;
    mig__oauth2_key key;
    char code[MIG__OAUTH2_CODE_MAX];
    mig_error err = MIG_ERROR_INIT;

    if (size < 1) {
        return 0;
    }
    const char *text = (const char *)data + 1;
    if (mig__oauth2_parse_token(text, size - 1, &token, &err) == 0) {
        insist(token.access[0] != '\0' && token.lifetime >= 0);
        insist_printable(token.access, true);
        insist_printable(token.refresh, true);
    }
    if (mig__oauth2_parse_device(text, size - 1, &device, &err) == 0) {
        insist(device.lifetime > 0 && device.interval > 0);
        insist_printable(device.device_code, true);
        insist_printable(device.user_code, false);
        insist_printable(device.url, true);
    }
    insist(mig__oauth2_refusal(statuses[data[0] % 6], text, size - 1, "host.example", code, &err) == -1);
    insist_printable(err.server, false);
    insist_printable(err.text, false);
    if (mig__oauth2_parse_google(text, size - 1, "FILE", &key, &err) == 0) {
        mig__oauth2_key_clear(&key);
    }
    return 0;
}
