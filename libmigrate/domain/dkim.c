/* domain/dkim.c - what the record of a DKIM key is worth */
#include "domain/dkim.h"
#include "domain/tags.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- base64, with the blanks that a zone file may leave in it ---- */

static int digit(char c)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(letters, c) : NULL;
    return at != NULL ? (int)(at - letters) : -1;
}

/* Decode in place of `out`, which has room for strlen(text) octets. -1: it is no base64. */
static long decode(const char *text, unsigned char *out)
{
    unsigned long group = 0;
    long length = 0;
    int digits = 0, padding = 0;
    for (; *text != '\0'; text++) {
        if (strchr(" \t\r\n", *text) != NULL) {
            continue;
        }
        if (*text == '=') {
            padding++;
            continue;
        }
        const int value = digit(*text);
        if (value < 0 || padding > 0) {
            return -1;
        }
        group = group << 6 | (unsigned long)value;
        if (++digits == 4) {
            out[length++] = (unsigned char)(group >> 16);
            out[length++] = (unsigned char)(group >> 8);
            out[length++] = (unsigned char)group;
            group = 0;
            digits = 0;
        }
    }
    if (digits == 1 || padding > 2 || (padding > 0 && digits + padding != 4)) {
        return -1;
    }
    for (int i = 0; i + 1 < digits; i++) {
        out[length++] = (unsigned char)(group >> (digits == 2 ? 4 : 10 - 8 * i));
    }
    return length;
}

/* ---- DER ---- */

typedef struct der {
    const unsigned char *at;
    size_t left;
} der;

/* Enter or skip one element of that tag: *inner is its content, `in` stands behind it. */
static bool take(der *in, unsigned tag, der *inner)
{
    if (in->left < 2 || in->at[0] != tag) {
        return false;
    }
    size_t length = in->at[1], head = 2;
    if (length >= 0x80) {
        size_t octets = length & 0x7f;
        if (octets == 0 || octets > 4 || in->left < 2 + octets) {
            return false;
        }
        length = 0;
        for (size_t i = 0; i < octets; i++) {
            length = length << 8 | in->at[2 + i];
        }
        head += octets;
    }
    if (length > in->left - head) {
        return false;
    }
    *inner = (der){in->at + head, length};
    in->at += head + length;
    in->left -= head + length;
    return true;
}

static unsigned modulus_bits(der key)
{
    der sequence, modulus, exponent;
    if (!take(&key, 0x30, &sequence) || !take(&sequence, 0x02, &modulus) || !take(&sequence, 0x02, &exponent) ||
        exponent.left == 0) {
        return 0;
    }
    while (modulus.left > 0 && modulus.at[0] == 0) {
        modulus.at++;
        modulus.left--;
    }
    if (modulus.left == 0 || modulus.left > 4096) {
        return 0;
    }
    unsigned bits = (unsigned)modulus.left * 8;
    for (unsigned top = modulus.at[0]; (top & 0x80) == 0; top <<= 1) {
        bits--;
    }
    return bits;
}

unsigned mig__dkim_rsa_bits(const unsigned char *data, size_t length)
{
    static const unsigned char rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
    der whole = {data, length}, outer, algorithm, name, string;
    der again = whole;
    if (!take(&whole, 0x30, &outer)) {
        return 0;
    }
    if (!take(&outer, 0x30, &algorithm)) {
        return modulus_bits(again);
    }
    if (!take(&algorithm, 0x06, &name) || name.left != sizeof rsa || memcmp(name.at, rsa, sizeof rsa) != 0 ||
        !take(&outer, 0x03, &string) || string.left < 2 || string.at[0] != 0) {
        return 0;
    }
    return modulus_bits((der){string.at + 1, string.left - 1});
}

/* ---- the record ---- */

static void judge(mig__dkim_key *out, mig__dkim_state state, const char *what)
{
    if (state > out->state) {
        out->state = state;
        snprintf(out->what, sizeof out->what, "%s", what);
    }
}

/* True when `word` is in a list parted by colons. */
static bool lists(const char *list, const char *word)
{
    const size_t length = strlen(word);
    while (*list != '\0') {
        list += strspn(list, " \t:");
        size_t part = strcspn(list, " \t:");
        if (part == length && strncasecmp(list, word, length) == 0) {
            return true;
        }
        list += part;
    }
    return false;
}

static void read_key(const char *type, const char *text, mig__dkim_key *out)
{
    unsigned char *octets = malloc(strlen(text) + 1);
    if (octets == NULL) {
        judge(out, MIG__DKIM_BROKEN, "out of memory");
        return;
    }
    long length = decode(text, octets);
    if (length <= 0) {
        judge(out, MIG__DKIM_BROKEN, "p= is not base64");
    } else if (strcasecmp(type, "ed25519") == 0) {
        out->ed25519 = true;
        if (length != 32) {
            judge(out, MIG__DKIM_BROKEN, "an Ed25519 key has 32 octets, this one does not");
        }
    } else if (strcasecmp(type, "rsa") != 0) {
        judge(out, MIG__DKIM_USELESS, "k= names a kind of key that verifiers do not know");
    } else if ((out->bits = mig__dkim_rsa_bits(octets, (size_t)length)) == 0) {
        judge(out, MIG__DKIM_BROKEN, "p= holds no RSA key");
    } else if (out->bits < 1024) {
        judge(out, MIG__DKIM_USELESS, "verifiers must not accept RSA keys below 1024 bits");
    } else if (out->bits < 2048) {
        judge(out, MIG__DKIM_WEAK, "2048 bits are advised for RSA");
    }
    free(octets);
}

void mig__dkim_parse(const unsigned char *text, size_t length, mig__dkim_key *out)
{
    mig__tags tags;
    *out = (mig__dkim_key){.state = MIG__DKIM_GOOD};
    if (!mig__tags_parse(text, length, &tags)) {
        judge(out, MIG__DKIM_BROKEN, "out of memory");
        return;
    }
    const char *version = mig__tags_value(&tags, "v"), *key = mig__tags_value(&tags, "p");
    const char *hashes = mig__tags_value(&tags, "h"), *service = mig__tags_value(&tags, "s");
    const char *type = mig__tags_value(&tags, "k"), *flags = mig__tags_value(&tags, "t");
    out->testing = flags != NULL && lists(flags, "y");
    if (tags.malformed) {
        judge(out, MIG__DKIM_BROKEN, "it is not a list of tags");
    } else if (version != NULL && (strcmp(version, "DKIM1") != 0 || strcmp(tags.tags[0].name, "v") != 0)) {
        judge(out, MIG__DKIM_BROKEN, "v= is there, but is not DKIM1 or does not stand first");
    } else if (key == NULL) {
        judge(out, MIG__DKIM_BROKEN, "p= is missing");
    } else if (mig__tags_twice(&tags, "p") || mig__tags_twice(&tags, "k")) {
        judge(out, MIG__DKIM_BROKEN, "a tag stands there twice");
    } else if (key[0] == '\0') {
        judge(out, MIG__DKIM_REVOKED, "the key is revoked: p= is empty");
    } else {
        if (hashes != NULL && !lists(hashes, "sha256")) {
            judge(out, MIG__DKIM_USELESS, "h= does not allow sha256");
        }
        if (service != NULL && !lists(service, "email") && !lists(service, "*")) {
            judge(out, MIG__DKIM_USELESS, "s= does not allow email");
        }
        read_key(type != NULL ? type : "rsa", key, out);
    }
    mig__tags_clear(&tags);
}
