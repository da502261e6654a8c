/* net/login_answer.c - what comes back from the browser: its parameters, whose answer it is, and what it means */
#include "net/login_private.h"
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* One value of application/x-www-form-urlencoded. False: not well-formed, a NUL, or too long. */
static bool decode(const char *text, size_t length, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        int c = (unsigned char)text[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            if (i + 2 >= length || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) {
                return false;
            }
            c = hex(text[i + 1]) * 16 + hex(text[i + 2]);
            i += 2;
        }
        if (c == 0 || used + 1 >= size) {
            return false;
        }
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return true;
}

static bool printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < 0x20 || *text > 0x7e) {
            return false;
        }
    }
    return true;
}

static bool take(const char *name, size_t name_length, const char *value, size_t length, mig__login_answer *out)
{
    char words[1024];
    const struct {
        const char *name;
        char *place;
        size_t size;
        bool words;
    } all[] = {{"code", out->code, sizeof out->code, false},
               {"state", out->state, sizeof out->state, false},
               {"iss", out->issuer, sizeof out->issuer, false},
               {"error", out->error, sizeof out->error, true},
               {"error_description", out->description, sizeof out->description, true}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strlen(all[i].name) != name_length || strncmp(all[i].name, name, name_length) != 0) {
            continue;
        }
        if (all[i].place[0] != '\0') {
            return false; /* RFC 6749 section 3.1: not more than once */
        }
        if (all[i].words) {
            if (!decode(value, length, words, sizeof words)) {
                return false;
            }
            mig__inert(words, strlen(words), all[i].place, all[i].size);
            return true;
        }
        return decode(value, length, all[i].place, all[i].size) && printable(all[i].place);
    }
    return true;
}

bool mig__login_parse(const char *text, size_t length, mig__login_answer *out)
{
    *out = (mig__login_answer){.code = ""};
    const char *end = text + length, *at = memchr(text, '?', length);
    at = at != NULL ? at + 1 : text;
    const char *fragment = memchr(at, '#', (size_t)(end - at));
    end = fragment != NULL ? fragment : end;
    while (at < end) {
        const char *next = memchr(at, '&', (size_t)(end - at));
        const char *stop = next != NULL ? next : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        if (equals != NULL && !take(at, (size_t)(equals - at), equals + 1, (size_t)(stop - equals - 1), out)) {
            *out = (mig__login_answer){.code = ""};
            return false;
        }
        at = next != NULL ? next + 1 : end;
    }
    return out->code[0] != '\0' || out->error[0] != '\0';
}

bool mig__login_is_ours(const mig__login_answer *answer, const char *state)
{
    const size_t length = strlen(state);
    return strlen(answer->state) == length && CRYPTO_memcmp(answer->state, state, length) == 0;
}

/* "https://login.example/" stands for all that begin with it. */
static bool issuer_fits(const char *issuer, const char *wanted)
{
    const size_t length = strlen(wanted);
    return length > 0 && wanted[length - 1] == '/' ? strncmp(issuer, wanted, length) == 0 : strcmp(issuer, wanted) == 0;
}

int mig__login_judge(const mig__login_answer *answer, const char *issuer, bool required, mig_error *err)
{
    if (issuer != NULL && answer->issuer[0] != '\0' && !issuer_fits(answer->issuer, issuer)) {
        mig_error_set(err, MIG_E_AUTH, "the answer is from %s, and not from %s", answer->issuer, issuer);
        return mig_error_hint(err, "nothing was sent there: it may be an attempt to get hold of your login (RFC 9207)");
    }
    if (issuer != NULL && required && answer->issuer[0] == '\0') {
        mig_error_set(err, MIG_E_AUTH, "the answer does not say whose it is (RFC 9207)");
        return mig_error_hint(err, "leave --issuer out if the provider does not name itself");
    }
    if (answer->error[0] != '\0') {
        mig_error_set(err, MIG_E_AUTH, "the sign-in was refused: %s", answer->error);
        mig_error_server(err, answer->description, strlen(answer->description));
        const char *hint = mig__oauth2_hint(answer->error, answer->description);
        return hint != NULL ? mig_error_hint(err, "%s", hint) : -1;
    }
    return answer->code[0] != '\0' ? 0 : mig_error_set(err, MIG_E_AUTH, "the answer has no code");
}

static int encode(const unsigned char octets[32], char out[44], mig_error *err)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__base64url(octets, 32, &text);
    const int failed = mig__buffer_ok(&text, err);
    if (failed == 0) {
        snprintf(out, 44, "%s", text.data);
    }
    mig__buffer_wipe(&text);
    return failed;
}

int mig__login_random(char out[44], mig_error *err)
{
    unsigned char octets[32];
    if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets) {
        return mig_error_set(err, MIG_E_IO, "the system gives no random numbers");
    }
    return encode(octets, out, err);
}

int mig__login_challenge(const char *verifier, char out[44], mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    return mig__digest(verifier, strlen(verifier), digest, err) != 0 ? -1 : encode(digest, out, err);
}
