/* Parts of OAuth 2 that need no network: assertions, answers, refusals, forms, the cache file, options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "net/oauth2_private.h"
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- helpers ---- */

static int unbase64(const char *text, unsigned char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned bits = 0, held = 0;
    int length = 0;

    for (; *text != '\0'; text++) {
        bits = bits << 6 | (unsigned)(strchr(digits, *text) - digits);
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[length++] = (unsigned char)(bits >> held);
        }
    }
    return length;
}

static BIGNUM *number(const char *text)
{
    unsigned char octets[512];
    int length = unbase64(text, octets);

    return BN_bin2bn(octets, length, NULL);
}

/* RFC 7515 appendix A.2.1 */
static EVP_PKEY *rfc7515_key(void)
{
    BIGNUM *n =
        number("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql"
               "L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs"
               "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoud"
               "F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ");
    BIGNUM *e = number("AQAB");
    BIGNUM *d =
        number("Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe"
               "46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9J"
               "YanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuh"
               "LhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ");
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params;

    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d);
    params = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(context);
    BN_free(n);
    BN_free(e);
    BN_free(d);
    return key;
}

/* Does `signature` (base64url, after the last dot) belong to the text before it? */
static bool confirmed(EVP_PKEY *key, const char *jwt, bool pss)
{
    const char *dot = strrchr(jwt, '.');
    unsigned char signature[1024];
    int length = unbase64(dot + 1, signature);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_PKEY_CTX *context = NULL;
    bool right;

    assert_int_equal(EVP_DigestVerifyInit(digest, &context, EVP_sha256(), NULL, key), 1);
    if (pss) {
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32);
    }
    right = EVP_DigestVerify(digest, signature, (size_t)length, (const unsigned char *)jwt, (size_t)(dot - jwt)) == 1;
    EVP_MD_CTX_free(digest);
    return right;
}

static char *pem_of(EVP_PKEY *key, X509 *certificate, size_t *length)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *data, *copy;
    long size;

    if (key) {
        assert_int_equal(PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    }
    if (certificate) {
        assert_int_equal(PEM_write_bio_X509(out, certificate), 1);
    }
    size = BIO_get_mem_data(out, &data);
    copy = calloc(1, (size_t)size + 1);
    memcpy(copy, data, (size_t)size);
    *length = (size_t)size;
    BIO_free(out);
    return copy;
}

static X509 *certificate_of(EVP_PKEY *key)
{
    X509 *made = X509_new();

    X509_gmtime_adj(X509_getm_notBefore(made), 0);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, key);
    assert_true(X509_sign(made, key, EVP_sha256()) > 0);
    return made;
}

/* ---- assertions ---- */

static void test_base64url(void **state)
{
    /* RFC 4648 section 10, without padding; and the two characters that differ from plain Base64 */
    static const struct {
        const char *plain, *coded;
    } vectors[] = {{"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
                   {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"}};
    (void)state;

    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        mig__buffer out = MIG__BUFFER_INIT;
        mig__base64url(vectors[i].plain, strlen(vectors[i].plain), &out);
        assert_string_equal(out.data ? out.data : "", vectors[i].coded);
        mig__buffer_free(&out);
    }
}

static void test_rs256_as_in_rfc7515(void **state)
{
    static const char expected[] =
        "eyJhbGciOiJSUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr"
        "7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--x"
        "i12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_Ioy"
        "pGlUPQGe77Rw";
    EVP_PKEY *key = rfc7515_key();
    mig__buffer out = MIG__BUFFER_INIT;
    (void)state;

    assert_int_equal(mig__jwt_sign(key, MIG__JWT_RS256, "{\"alg\":\"RS256\"}",
                                   "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}",
                                   &out, NULL),
                     0);
    assert_string_equal(out.data, expected);
    mig__buffer_free(&out);
    EVP_PKEY_free(key);
}

static void test_ps256(void **state)
{
    EVP_PKEY *key = rfc7515_key();
    mig__buffer out = MIG__BUFFER_INIT;
    (void)state;

    assert_int_equal(mig__jwt_sign(key, MIG__JWT_PS256, "{}", "{}", &out, NULL), 0);
    assert_true(confirmed(key, out.data, true));
    assert_false(confirmed(key, out.data, false));
    mig__buffer_free(&out);
    EVP_PKEY_free(key);
}

static void test_keys_that_do_not_do(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    EVP_PKEY *small = EVP_RSA_gen(1024), *curve = EVP_EC_gen("P-256");
    EVP_PKEY *const keys[] = {small, curve};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        size_t length;
        char *pem = pem_of(keys[i], NULL, &length);
        assert_null(mig__jwt_key(pem, length, "KEY", &err));
        assert_int_equal(err.code, MIG_E_SECRET);
        assert_non_null(strstr(err.text, "KEY"));
        assert_non_null(strstr(err.text, "RSA"));
        free(pem);
    }
    assert_null(mig__jwt_key("no key", 6, "KEY", &err));
    assert_non_null(strstr(err.hint, "PEM"));
    EVP_PKEY_free(small);
    EVP_PKEY_free(curve);
}

static void test_thumbprint(void **state)
{
    EVP_PKEY *key = rfc7515_key(), *other = EVP_RSA_gen(2048);
    X509 *certificate = certificate_of(key);
    unsigned char digest[32], *der = NULL;
    mig_error err = MIG_ERROR_INIT;
    mig__buffer out = MIG__BUFFER_INIT, wanted = MIG__BUFFER_INIT;
    size_t length;
    char *pem = pem_of(NULL, certificate, &length);
    int size = i2d_X509(certificate, &der);
    (void)state;

    assert_int_equal(EVP_Digest(der, (size_t)size, digest, NULL, EVP_sha256(), NULL), 1);
    mig__base64url(digest, sizeof digest, &wanted);
    assert_int_equal(mig__jwt_thumbprint(pem, length, key, "CERT", &out, NULL), 0);
    assert_string_equal(out.data, wanted.data);
    assert_int_equal(mig__jwt_thumbprint(pem, length, other, "CERT", &out, &err), -1);
    assert_non_null(strstr(err.text, "another certificate's"));
    assert_int_equal(mig__jwt_thumbprint("x", 1, key, "CERT", &out, &err), -1);
    mig__buffer_free(&out);
    mig__buffer_free(&wanted);
    OPENSSL_free(der);
    free(pem);
    X509_free(certificate);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

static void test_google_assertion(void **state)
{
    EVP_PKEY *rsa = rfc7515_key();
    char id[] = "kid-1", email[] = "mover@project.example";
    const mig__oauth2_key key = {rsa, id, email, NULL};
    mig__buffer out = MIG__BUFFER_INIT;
    unsigned char claims[1024];
    (void)state;

    assert_int_equal(mig__oauth2_google_assertion(&key, "ann\"@x", "https://mail.google.com/",
                                                  "https://t.example/token", 1700000000, &out, NULL),
                     0);
    assert_true(confirmed(rsa, out.data, false));
    *strrchr(out.data, '.') = '\0';
    claims[unbase64(strchr(out.data, '.') + 1, claims)] = '\0';
    assert_string_equal((char *)claims, "{\"iss\":\"mover@project.example\",\"sub\":\"ann\\\"@x\",\"scope\":"
                                        "\"https://mail.google.com/\",\"aud\":\"https://t.example/token\","
                                        "\"iat\":1700000000,\"exp\":1700003600}");
    mig__buffer_clear(&out);
    assert_int_equal(mig__oauth2_google_assertion(&key, "not UTF-8: \xff", "s", "u", 0, &out, NULL), -1);
    mig__buffer_free(&out);
    EVP_PKEY_free(rsa);
}

/* ---- answers ---- */

static int parse(const char *text, mig__oauth2_token *token, mig_error *err)
{
    return mig__oauth2_parse_token(text, strlen(text), token, err);
}

static void test_tokens(void **state)
{
    static const struct {
        const char *answer, *access, *refresh;
        int64_t lifetime;
    } good[] = {
        {"{\"access_token\":\"a.b-c\",\"token_type\":\"Bearer\",\"expires_in\":3599}", "a.b-c", "", 3599},
        {"{\"access_token\":\"a\",\"token_type\":\"bearer\",\"expires_in\":\"3600\"}", "a", "", 3600},
        {"{\"access_token\":\"a\",\"refresh_token\":\"r\",\"expires_in\":1e30}", "a", "r", INT64_C(366) * 86400},
        {"{\"access_token\":\"a\",\"expires_in\":-5}", "a", "", 0},
        {"{\"access_token\":\"a\",\"expires_in\":{}}", "a", "", 0},
    };
    static const char *const bad[] = {
        "",
        "[]",
        "\"x\"",
        "{}",
        "{\"access_token\":\"\"}",
        "{\"access_token\":7}",
        "{\"access_token\":\"a\\nb\"}",
        "{\"access_token\":\"a\\u0001\"}",
        "{\"access_token\":\"a\\u0000\"}",
        "{\"access_token\":\"\\u00e9\"}",
        "{\"access_token\":\"a\",\"token_type\":\"mac\"}",
        "{\"access_token\":\"a\",\"refresh_token\":\"\\r\\n\"}",
        "{\"access_token\":\"a\",\"access_token\":\"b\"}",
        "{\"access_token\":\"a\"} x",
    };
    mig__oauth2_token *token = calloc(1, sizeof *token);
    mig_error err = MIG_ERROR_INIT;
    (void)state;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(parse(good[i].answer, token, NULL), 0);
        assert_string_equal(token->access, good[i].access);
        assert_string_equal(token->refresh, good[i].refresh);
        assert_int_equal(token->lifetime, good[i].lifetime);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        strcpy(token->access, "kept");
        assert_int_equal(parse(bad[i], token, &err), -1);
        assert_int_equal(err.code, MIG_E_SECRET);
        assert_string_equal(token->access, "kept");
    }
    free(token);
}

static void test_longest_token(void **state)
{
    mig__oauth2_token *token = calloc(1, sizeof *token);
    mig__buffer text = MIG__BUFFER_INIT;
    (void)state;

    for (size_t length = MIG_OAUTH2_TOKEN_MAX - 1; length <= MIG_OAUTH2_TOKEN_MAX; length++) {
        mig__buffer_clear(&text);
        mig__buffer_add_text(&text, "{\"access_token\":\"");
        for (size_t i = 0; i < length; i++) {
            mig__buffer_add_char(&text, 'x');
        }
        mig__buffer_add_text(&text, "\"}");
        assert_int_equal(mig__oauth2_parse_token(text.data, text.length, token, NULL),
                         length < MIG_OAUTH2_TOKEN_MAX ? 0 : -1);
    }
    mig__buffer_free(&text);
    free(token);
}

static void test_device_codes(void **state)
{
    static const char google[] = "{\"device_code\":\"d\",\"user_code\":\"A\\u001b[1mB\",\"verification_url\":"
                                 "\"https://www.google.example/device\",\"expires_in\":1800,\"interval\":7}";
    static const char short_one[] =
        "{\"device_code\":\"d\",\"user_code\":\"C\",\"verification_uri\":\"https://x.example\"}";
    static const char plain[] = "{\"device_code\":\"d\",\"user_code\":\"C\",\"verification_uri\":\"http://x.example\"}";
    static const char none[] = "{\"user_code\":\"C\",\"verification_uri\":\"https://x.example\"}";
    mig__oauth2_device device;
    (void)state;

    assert_int_equal(mig__oauth2_parse_device(google, strlen(google), &device, NULL), 0);
    assert_string_equal(device.user_code, "A?[1mB");
    assert_string_equal(device.url, "https://www.google.example/device");
    assert_int_equal(device.lifetime, 1800);
    assert_int_equal(device.interval, 7);
    assert_int_equal(mig__oauth2_parse_device(short_one, strlen(short_one), &device, NULL), 0);
    assert_int_equal(device.interval, 5); /* RFC 8628 section 3.2 */
    assert_int_equal(mig__oauth2_parse_device(plain, strlen(plain), &device, NULL), -1);
    assert_int_equal(mig__oauth2_parse_device(none, strlen(none), &device, NULL), -1);
}

static void test_refusals(void **state)
{
    static const struct {
        int status;
        const char *body;
        mig_code code;
        const char *error, *server, *hint;
    } cases[] = {
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT Signature.\"}", MIG_E_AUTH,
         "invalid_grant", "invalid_grant: Invalid JWT Signature.", "new JSON key"},
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"Bad Request\"}", MIG_E_AUTH, "invalid_grant",
         "Bad Request", "sign in again"},
        {401, "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret\"}",
         MIG_E_AUTH, "invalid_client", "AADSTS7000215", "not its ID"},
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS700082: The refresh token has expired\"}",
         MIG_E_AUTH, "invalid_grant", "AADSTS700082", "not used for too long"},
        {400, "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS70008: expired\"}", MIG_E_AUTH,
         "invalid_grant", "AADSTS70008", "has run out"},
        {400, "{\"error\":\"something_new\"}", MIG_E_AUTH, "something_new", "something_new", "settings"},
        {503, "<html>", MIG_E_UNAVAILABLE, "", "", ""},
        {429, "", MIG_E_UNAVAILABLE, "", "", ""},
        {400, "{\"error\":\"temporarily_unavailable\"}", MIG_E_UNAVAILABLE, "temporarily_unavailable", "", ""},
        {302, "", MIG_E_SECRET, "", "", "URL"},
        {404, "not found", MIG_E_SECRET, "", "", "URL"},
        {400, "{\"error\":7}", MIG_E_SECRET, "", "", "URL"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char code[MIG__OAUTH2_CODE_MAX];
        mig_error err = MIG_ERROR_INIT;

        assert_int_equal(
            mig__oauth2_refusal(cases[i].status, cases[i].body, strlen(cases[i].body), "login.example", code, &err),
            -1);
        assert_int_equal(err.code, cases[i].code);
        assert_string_equal(code, cases[i].error);
        assert_non_null(strstr(err.server, cases[i].server));
        assert_non_null(strstr(err.hint, cases[i].hint));
        assert_non_null(strstr(err.text, "login.example"));
    }
}

/* ---- requests ---- */

static void test_urls(void **state)
{
    static const char *const good[] = {"https://a", "HTTPS://a/b?c=d", "https://localhost:8443/token",
                                       "https://[::1]/x"};
    static const char *const bad[] = {"",
                                      "http://a",
                                      "https://",
                                      "https:///x",
                                      "https://u@a/",
                                      "https://a b",
                                      "https://a/\r\nX",
                                      "file:///etc",
                                      "https://a/\xc3\xa9"};
    char host[64];
    (void)state;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(mig__oauth2_url_valid(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(mig__oauth2_url_valid(bad[i]));
    }
    assert_string_equal(mig__oauth2_host(good[2], host, sizeof host), "localhost:8443");
}

static void test_forms(void **state)
{
    mig__buffer body = MIG__BUFFER_INIT;
    (void)state;

    mig__oauth2_field(&body, "a", "x y&z=1+\xc3\xa4");
    mig__oauth2_field(&body, "b", "-._~");
    assert_string_equal(body.data, "a=x%20y%26z%3D1%2B%C3%A4&b=-._~");
    mig__buffer_free(&body);
}

/* ---- files ---- */

static void test_cache(void **state)
{
    char directory[] = "/tmp/mig-oauth2-XXXXXX", path[64];
    mig__oauth2_token *token = calloc(2, sizeof *token);
    struct stat about;
    int64_t ends = 0;
    (void)state;

    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/t", directory);
    assert_int_equal(mig__oauth2_cache_read(path, "id", token, &ends), 1);
    strcpy(token->access, "access");
    strcpy(token->refresh, "re\"fresh");
    assert_int_equal(mig__oauth2_cache_write(path, "id", token, 1700000000, NULL), 0);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(mig__oauth2_cache_read(path, "id", token + 1, &ends), 0);
    assert_string_equal(token[1].access, "access");
    assert_string_equal(token[1].refresh, "re\"fresh");
    assert_int_equal(ends, 1700000000);
    assert_int_equal(mig__oauth2_cache_read(path, "another", token + 1, &ends), 1);
    chmod(path, 0640);
    assert_int_equal(mig__oauth2_cache_read(path, "id", token + 1, &ends), 1);
    unlink(path);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(mig__oauth2_cache_read(path, "id", token + 1, &ends), 1);
    unlink(path);
    rmdir(directory);
    assert_int_equal(mig__oauth2_cache_write(path, "id", token, 0, NULL), -1);
    free(token);
}

static void test_lines(void **state)
{
    static const struct {
        const char *content, *line; /* NULL: refused */
    } cases[] = {
        {"secret\n", "secret"},   {"secret\r\nmore\n", "secret"}, {"secret", "secret"}, {"\nsecret", NULL}, {"", NULL},
        {"much too long\n", NULL}};
    char path[] = "/tmp/mig-oauth2-XXXXXX";
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[8] = "";
        mig_error err = MIG_ERROR_INIT;
        int fd = i == 0 ? mkstemp(path) : open(path, O_WRONLY | O_TRUNC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, cases[i].content, strlen(cases[i].content)), (ssize_t)strlen(cases[i].content));
        close(fd);
        assert_int_equal(mig__oauth2_read_line(path, "the file", line, sizeof line, &err), cases[i].line ? 0 : -1);
        if (cases[i].line) {
            assert_string_equal(line, cases[i].line);
        } else {
            assert_int_equal(err.code, MIG_E_SECRET);
        }
    }
    unlink(path);
}

static void test_tenants(void **state)
{
    static const char *const bad[] = {"", "a/b", "../x", "a b", "evil.example/x?", "a@b"};
    char path[] = "/tmp/mig-oauth2-XXXXXX";
    mig_oauth2_options options = MIG_OAUTH2_OPTIONS_INIT;
    mig_error err = MIG_ERROR_INIT;
    int fd = mkstemp(path);
    mig_oauth2 *oauth2;
    (void)state;

    assert_int_equal(write(fd, "secret\n", 7), 7);
    close(fd);
    options.grant = MIG_OAUTH2_MICROSOFT;
    options.client_id = "id";
    options.secret_file = path;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.tenant = bad[i];
        assert_null(mig_oauth2_new(&options, &err));
        assert_int_equal(err.code, MIG_E_USAGE);
    }
    options.tenant = "contoso.onmicrosoft.example";
    oauth2 = mig_oauth2_new(&options, NULL);
    assert_non_null(oauth2);
    assert_string_equal(oauth2->token_url,
                        "https://login.microsoftonline.com/contoso.onmicrosoft.example/oauth2/v2.0/token");
    assert_string_equal(oauth2->scope, "https://outlook.office365.com/.default");
    mig_oauth2_free(&oauth2);
    assert_null(oauth2);
    mig_oauth2_free(&oauth2);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64url),    cmocka_unit_test(test_rs256_as_in_rfc7515),
        cmocka_unit_test(test_ps256),        cmocka_unit_test(test_keys_that_do_not_do),
        cmocka_unit_test(test_thumbprint),   cmocka_unit_test(test_google_assertion),
        cmocka_unit_test(test_tokens),       cmocka_unit_test(test_longest_token),
        cmocka_unit_test(test_device_codes), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_urls),         cmocka_unit_test(test_forms),
        cmocka_unit_test(test_cache),        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_tenants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
