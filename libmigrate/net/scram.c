/* net/scram.c - SCRAM's costly step: how many iterations the server may ask for, and PBKDF2 with an ear for a stop */
#include "net/scram.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define STEPS 4096u /* iterations between two looks at the stop: some milliseconds */

static int no_server_first(mig_error *err)
{
    return mig_error_set(err, MIG_E_PROTOCOL, "the server's first message is not valid (RFC 5802 section 7)");
}

/* The value of the attribute at the start of [*at, end), up to the next comma; *at moves behind that. NULL: another. */
static const char *attribute(char name, const char **at, const char *end, size_t *length)
{
    const char *value = *at + 2;
    if (end - *at < 2 || (*at)[0] != name || (*at)[1] != '=') {
        return NULL;
    }
    const char *comma = memchr(value, ',', (size_t)(end - value));
    const char *stop = comma != NULL ? comma : end;
    *length = (size_t)(stop - value);
    *at = comma != NULL ? comma + 1 : end;
    return value;
}

/* Base64 with padding (RFC 5802 section 7, "base64"). */
static int read_salt(const char *text, size_t length, mig__scram_offer *out)
{
    unsigned char octets[MIG__SCRAM_SALT + 4];
    if (length == 0 || length % 4 != 0 || length / 4 * 3 > MIG__SCRAM_SALT) {
        return -1;
    }
    int count = EVP_DecodeBlock(octets, (const unsigned char *)text, (int)length);
    size_t padding = (size_t)(text[length - 1] == '=') + (size_t)(text[length - 2] == '=');
    if (count < (int)padding) {
        return -1;
    }
    out->salt_length = (size_t)count - padding;
    memcpy(out->salt, octets, out->salt_length);
    return 0;
}

static int check_iterations(unsigned iterations, mig_error *err)
{
    if (iterations < MIG__SCRAM_LEAST) {
        mig_error_set(err, MIG_E_AUTH,
                      "the server asks for %u iterations of SCRAM; with fewer than %u the password could be guessed "
                      "from the proof, which was not sent",
                      iterations, MIG__SCRAM_LEAST);
        return mig_error_hint(err, "check that this is the server; its administrator can raise the number (RFC 7677 "
                                   "section 4); over TLS another way does too: auth plain");
    }
    mig_error_set(err, MIG_E_AUTH, "the server asks for more than %u iterations of SCRAM: that would take too long",
                  MIG__SCRAM_MOST);
    return mig_error_hint(err, "check that this is the server; over TLS another way to log in may do: auth plain");
}

int mig__scram_read(const char *text, size_t length, mig__scram_offer *out, mig_error *err)
{
    const char *at = text, *end = text + length;
    size_t nonce = 0, salt_length = 0, digits = 0;
    const char *salt = NULL, *number = NULL;
    *out = (mig__scram_offer){0};
    if (attribute('r', &at, end, &nonce) == NULL || nonce == 0 ||
        (salt = attribute('s', &at, end, &salt_length)) == NULL || read_salt(salt, salt_length, out) != 0 ||
        (number = attribute('i', &at, end, &digits)) == NULL || digits == 0 || number[0] == '0') {
        return no_server_first(err);
    }
    for (size_t i = 0; i < digits; i++) {
        if (number[i] < '0' || number[i] > '9') {
            return no_server_first(err);
        }
        if (out->iterations <= MIG__SCRAM_MOST) { /* beyond that the rest does not matter */
            out->iterations = 10 * out->iterations + (unsigned)(number[i] - '0');
        }
    }
    return out->iterations >= MIG__SCRAM_LEAST && out->iterations <= MIG__SCRAM_MOST
               ? 0
               : check_iterations(out->iterations, err);
}

/* One HMAC with the key that the context has. */
static bool hmac(EVP_MAC_CTX *context, const unsigned char *data, size_t length, const unsigned char *more,
                 size_t more_length, unsigned char *out, size_t *out_length)
{
    return EVP_MAC_init(context, NULL, 0, NULL) == 1 && EVP_MAC_update(context, data, length) == 1 &&
           (more_length == 0 || EVP_MAC_update(context, more, more_length) == 1) &&
           EVP_MAC_final(context, out, out_length, MIG__SCRAM_HASH) == 1;
}

/* RFC 5802 section 2.2: Hi(). 0, 1 when it was stopped, -1 when OpenSSL fails. */
static int iterate(EVP_MAC_CTX *context, const mig__scram_offer *offer, const mig_stop *stop,
                   unsigned char sum[MIG__SCRAM_HASH], size_t *length)
{
    static const unsigned char one[4] = {0, 0, 0, 1};
    unsigned char last[MIG__SCRAM_HASH];
    bool good = hmac(context, offer->salt, offer->salt_length, one, sizeof one, last, length);
    bool stopped = false;
    if (good) {
        memcpy(sum, last, *length);
    }
    for (unsigned i = 1; good && !stopped && i < offer->iterations; i++) {
        good = hmac(context, last, *length, NULL, 0, last, length);
        for (size_t octet = 0; octet < *length; octet++) {
            sum[octet] ^= last[octet];
        }
        stopped = i % STEPS == 0 && mig_stop_level(stop) >= 2;
    }
    explicit_bzero(last, sizeof last);
    return !good ? -1 : stopped;
}

int mig__scram_salted(const char *hash, const char *password, const mig__scram_offer *offer, const mig_stop *stop,
                      char out[2 * MIG__SCRAM_HASH + 1], mig_error *err)
{
    static const char digits[] = "0123456789abcdef";
    char name[16];
    unsigned char sum[MIG__SCRAM_HASH];
    size_t length = 0;
    snprintf(name, sizeof name, "%s", hash);
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                     OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    int result = -1;
    if (context != NULL && EVP_MAC_init(context, (const unsigned char *)password, strlen(password), parameters) == 1) {
        result = iterate(context, offer, stop, sum, &length);
    }
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    for (size_t i = 0; result == 0 && i < length; i++) {
        out[2 * i] = digits[sum[i] >> 4];
        out[2 * i + 1] = digits[sum[i] & 15];
    }
    out[result == 0 ? 2 * length : 0] = '\0';
    explicit_bzero(sum, sizeof sum);
    if (result > 0) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped while logging in");
    }
    return result == 0
               ? 0
               : mig_error_set(err, MIG_E_NOMEM, "SCRAM cannot be computed: OpenSSL gives no HMAC with %s", hash);
}
