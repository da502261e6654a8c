/* net/oauth2_jwt.c - assertions: JSON Web Tokens that are signed with RSA (RFC 7515, 7518, 7519, 7523) */
#include "net/oauth2_private.h"
#include <jansson.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define GOOGLE_LIFETIME 3600 /* the most that Google takes */
#define CLIENT_LIFETIME 600
#define CLOCK_SLACK     60 /* a clock that goes fast must not make a token that begins in the future */

void mig__base64url(const void *data, size_t length, mig__buffer *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *octets = data;

    for (size_t i = 0; i < length; i += 3) {
        unsigned long group = (unsigned long)octets[i] << 16;
        size_t count = length - i < 3 ? length - i : 3;

        group |= count > 1 ? (unsigned long)octets[i + 1] << 8 : 0;
        group |= count > 2 ? octets[i + 2] : 0;
        for (size_t digit = 0; digit <= count; digit++) {
            mig__buffer_add_char(out, digits[group >> (18 - 6 * digit) & 63]);
        }
    }
}

static int crypto_error(const char *what, mig_error *err)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    mig_error_set(err, MIG_E_SECRET, "%s: %s", what, reason != NULL ? reason : "OpenSSL failed");
    ERR_clear_error();
    return -1;
}

/* RFC 7518 section 3.5: the salt is as long as the digest. */
static int use_pss(EVP_PKEY_CTX *context)
{
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static int sign(EVP_PKEY *key, mig__jwt_algorithm algorithm, const mig__buffer *input, size_t from, mig__buffer *out,
                mig_error *err)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_PKEY_CTX *context = NULL; /* the digest's */
    unsigned char signature[1024];
    size_t length = sizeof signature;
    int result = -1;

    ERR_clear_error();
    if (digest == NULL || EVP_DigestSignInit(digest, &context, EVP_sha256(), NULL, key) != 1 ||
        (algorithm == MIG__JWT_PS256 && use_pss(context) == 0) ||
        EVP_DigestSign(digest, signature, &length, (const unsigned char *)input->data + from, input->length - from) !=
            1) {
        crypto_error("the assertion cannot be signed", err);
        goto cleanup;
    }
    mig__base64url(signature, length, out);
    result = 0;

cleanup:
    EVP_MD_CTX_free(digest);
    return result;
}

int mig__jwt_sign(EVP_PKEY *key, mig__jwt_algorithm algorithm, const char *header, const char *claims, mig__buffer *out,
                  mig_error *err)
{
    mig__buffer signature = MIG__BUFFER_INIT;
    size_t from = out->length;
    int result = -1;

    mig__base64url(header, strlen(header), out);
    mig__buffer_add_char(out, '.');
    mig__base64url(claims, strlen(claims), out);
    if (mig__buffer_ok(out, err) != 0 || sign(key, algorithm, out, from, &signature, err) != 0) {
        goto cleanup;
    }
    mig__buffer_add_char(out, '.');
    mig__buffer_add_text(out, signature.data != NULL ? signature.data : "");
    result = mig__buffer_ok(&signature, err) != 0 ? -1 : mig__buffer_ok(out, err);

cleanup:
    mig__buffer_free(&signature);
    return result;
}

/* A library does not ask on the terminal: an encrypted key is an error. */
static int no_passphrase(char *out, int size, int writing, void *context)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

EVP_PKEY *mig__jwt_key(const char *pem, size_t length, const char *what, mig_error *err)
{
    BIO *source = BIO_new_mem_buf(pem, (int)length);
    EVP_PKEY *key;

    ERR_clear_error();
    key = source != NULL ? PEM_read_bio_PrivateKey(source, NULL, no_passphrase, NULL) : NULL;
    BIO_free(source);
    if (key == NULL) {
        crypto_error(what, err);
        mig_error_hint(err, "it has to hold a private key in PEM form that is not encrypted");
        return NULL;
    }
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key) < 2048 || EVP_PKEY_get_bits(key) > 8192) {
        mig_error_set(err, MIG_E_SECRET, "%s: not an RSA key of 2048 to 8192 bits", what);
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

int mig__jwt_thumbprint(const char *pem, size_t length, const EVP_PKEY *key, const char *what, mig__buffer *out,
                        mig_error *err)
{
    BIO *source = BIO_new_mem_buf(pem, (int)length);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    X509 *certificate;
    int result = -1;

    ERR_clear_error();
    certificate = source != NULL ? PEM_read_bio_X509(source, NULL, no_passphrase, NULL) : NULL;
    if (certificate == NULL) {
        crypto_error(what, err);
        mig_error_hint(err, "it has to hold a certificate in PEM form");
        goto cleanup;
    }
    if (EVP_PKEY_eq(X509_get0_pubkey(certificate), key) != 1) {
        mig_error_set(err, MIG_E_SECRET, "%s: the private key is another certificate's", what);
        goto cleanup;
    }
    if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) {
        crypto_error(what, err);
        goto cleanup;
    }
    mig__base64url(digest, size, out);
    result = mig__buffer_ok(out, err);

cleanup:
    X509_free(certificate);
    BIO_free(source);
    return result;
}

/* Takes the JSON values over. */
static int assertion(const mig__oauth2_key *key, mig__jwt_algorithm algorithm, json_t *header, json_t *claims,
                     mig__buffer *out, mig_error *err)
{
    char *header_text = header != NULL ? json_dumps(header, JSON_COMPACT) : NULL;
    char *claims_text = claims != NULL ? json_dumps(claims, JSON_COMPACT) : NULL;
    int result;

    if (header_text != NULL && claims_text != NULL) {
        result = mig__jwt_sign(key->key, algorithm, header_text, claims_text, out, err);
    } else {
        result = mig_error_set(err, MIG_E_USAGE, "user, scope or client ID cannot be written as JSON (UTF-8 only)");
    }
    free(header_text);
    free(claims_text);
    json_decref(header);
    json_decref(claims);
    return result;
}

int mig__oauth2_google_assertion(const mig__oauth2_key *key, const char *user, const char *scope, const char *url,
                                 int64_t now, mig__buffer *out, mig_error *err)
{
    json_t *header = json_pack("{s:s, s:s, s:s}", "alg", "RS256", "typ", "JWT", "kid", key->id);
    json_t *claims = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "iss", key->email, "sub", user, "scope", scope, "aud",
                               url, "iat", (json_int_t)now, "exp", (json_int_t)(now + GOOGLE_LIFETIME));

    return assertion(key, MIG__JWT_RS256, header, claims, out, err);
}

int mig__oauth2_client_assertion(const mig__oauth2_key *key, const char *client_id, const char *url, int64_t now,
                                 mig__buffer *out, mig_error *err)
{
    unsigned char random[16];
    char id[2 * sizeof random + 1];
    json_t *header, *claims;

    if (RAND_bytes(random, sizeof random) != 1) {
        return crypto_error("no random numbers", err);
    }
    for (size_t i = 0; i < sizeof random; i++) {
        id[2 * i] = "0123456789abcdef"[random[i] >> 4];
        id[2 * i + 1] = "0123456789abcdef"[random[i] & 15];
    }
    id[sizeof id - 1] = '\0';
    header = json_pack("{s:s, s:s, s:s}", "alg", "PS256", "typ", "JWT", "x5t#S256", key->id);
    claims = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "aud", url, "iss", client_id, "sub", client_id, "jti", id,
                       "iat", (json_int_t)now, "nbf", (json_int_t)(now - CLOCK_SLACK), "exp",
                       (json_int_t)(now + CLIENT_LIFETIME));
    return assertion(key, MIG__JWT_PS256, header, claims, out, err);
}

static int bad_google(const char *what, const char *why, mig_error *err)
{
    mig_error_set(err, MIG_E_SECRET, "%s is not the key of a Google service account: %s", what, why);
    return mig_error_hint(err, "download it in the Google Cloud console: service account, Keys, Add key, JSON");
}

/* The secret is overwritten before jansson gives it back to the heap. */
static void forget_key(json_t *file)
{
    const char *pem = json_string_value(json_object_get(file, "private_key"));

    if (pem != NULL) {
        explicit_bzero((char *)(uintptr_t)pem, strlen(pem));
    }
    json_decref(file);
}

int mig__oauth2_parse_google(const char *data, size_t length, const char *what, mig__oauth2_key *out, mig_error *err)
{
    json_t *file = json_loadb(data, length, JSON_REJECT_DUPLICATES, NULL);
    const char *type = json_string_value(json_object_get(file, "type"));
    const char *pem = json_string_value(json_object_get(file, "private_key"));
    const char *id = json_string_value(json_object_get(file, "private_key_id"));
    const char *email = json_string_value(json_object_get(file, "client_email"));
    const char *url = json_string_value(json_object_get(file, "token_uri"));
    mig__oauth2_key key = {NULL, NULL, NULL, NULL};
    int result = -1;

    if (!json_is_object(file)) {
        bad_google(what, "it is not JSON", err);
    } else if (type == NULL || strcmp(type, "service_account") != 0) {
        bad_google(what, "its \"type\" is not \"service_account\"", err);
    } else if (pem == NULL || id == NULL || email == NULL) {
        bad_google(what, "\"private_key\", \"private_key_id\" or \"client_email\" is missing", err);
    } else if ((key.key = mig__jwt_key(pem, strlen(pem), what, err)) != NULL) {
        key.id = mig__strdup(id);
        key.email = mig__strdup(email);
        key.token_url = mig__strdup(url);
        if (key.id != NULL && key.email != NULL && (key.token_url != NULL || url == NULL)) {
            result = 0;
        } else {
            mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
    }
    forget_key(file);
    if (result) {
        mig__oauth2_key_clear(&key);
    } else {
        *out = key;
    }
    return result;
}

void mig__oauth2_key_clear(mig__oauth2_key *key)
{
    EVP_PKEY_free(key->key);
    free(key->id);
    free(key->email);
    free(key->token_url);
    *key = (mig__oauth2_key){NULL, NULL, NULL, NULL};
}
