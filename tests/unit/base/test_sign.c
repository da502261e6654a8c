/* Signatures: what fits, what does not, and keys that are refused. */
#include <migrate/sign.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char directory[] = "/tmp/mig-sign-XXXXXX";
static const char *const names[] = {"key", "public", "other", "file", "sig", "none"};

/* A path in the test's directory; the last few stay valid. */
static const char *at(const char *name)
{
    static char paths[8][64];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, const void *octets, size_t length)
{
    FILE *file = fopen(at(name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(octets, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void write_keys(EVP_PKEY *key, const char *name, const char *public_name)
{
    assert_non_null(key);
    FILE *file = fopen(at(name), "w");
    assert_true(file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
    fclose(file);
    file = fopen(at(public_name), "w");
    assert_true(file && PEM_write_PUBKEY(file, key) == 1);
    fclose(file);
    EVP_PKEY_free(key);
}

static void sign_file(mig_signature *signature)
{
    mig_error err = MIG_ERROR_INIT;
    mig_signer *signer = mig_signer_load(at("key"), &err);
    assert_non_null(signer);
    assert_int_equal(mig_signer_sign(signer, at("file"), signature, &err), 0);
    mig_signer_free(&signer);
    assert_null(signer);
    write_file("sig", signature->octets, signature->length);
}

static int check(const char *key)
{
    mig_error err = MIG_ERROR_INIT;
    return mig_signature_check(at("file"), at("sig"), at(key), &err);
}

static void each_change_is_seen(EVP_PKEY *key, EVP_PKEY *other, size_t length)
{
    static char octets[200000];
    mig_signature signature;
    for (size_t i = 0; i < sizeof octets; i++) {
        octets[i] = (char)(i * 31 % 251);
    }
    write_keys(other, "other", "public");
    rename(at("public"), at("other"));
    write_keys(key, "key", "public");
    write_file("file", octets, sizeof octets);
    sign_file(&signature);
    assert_int_equal(signature.length, length);
    assert_int_equal(check("public"), 1);
    assert_int_equal(check("other"), 0);
    octets[sizeof octets - 1] ^= 1;
    write_file("file", octets, sizeof octets);
    assert_int_equal(check("public"), 0);
    octets[sizeof octets - 1] ^= 1;
    write_file("file", octets, sizeof octets - 1);
    assert_int_equal(check("public"), 0);
    write_file("file", octets, sizeof octets);
    signature.octets[7] ^= 4;
    write_file("sig", signature.octets, signature.length);
    assert_int_equal(check("public"), 0);
    write_file("sig", "", 0);
    assert_int_equal(check("public"), 0);
}

static void ed25519(void **state)
{
    (void)state;
    each_change_is_seen(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), 64);
}

static void rsa(void **state)
{
    (void)state;
    each_change_is_seen(EVP_RSA_gen(2048), EVP_RSA_gen(2048), 256);
}

static void an_empty_file(void **state)
{
    mig_signature signature;
    (void)state;
    write_keys(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "key", "public");
    write_file("file", "", 0);
    sign_file(&signature);
    assert_int_equal(check("public"), 1);
    write_file("file", "x", 1);
    assert_int_equal(check("public"), 0);
}

static void assert_refused(const char *words)
{
    mig_error err = MIG_ERROR_INIT;
    assert_null(mig_signer_load(at("key"), &err));
    assert_int_equal(err.code, MIG_E_IO);
    if (!strstr(err.text, words)) {
        fail_msg("\"%s\" is not in \"%s\"", words, err.text);
    }
}

static void keys_that_do_not_serve(void **state)
{
    (void)state;
    write_keys(EVP_RSA_gen(1024), "key", "public");
    assert_refused("at least 2048 bits");
    write_keys(EVP_EC_gen("P-256"), "key", "public");
    assert_refused("neither Ed25519 nor RSA");
    write_file("key", "no key", 6);
    assert_refused("no private key");
    unlink(at("key"));
    assert_refused("cannot be read");

    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    FILE *file = fopen(at("key"), "w");
    assert_true(file && PEM_write_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(), "secret", 6, NULL, NULL) == 1);
    fclose(file);
    EVP_PKEY_free(key);
    assert_refused("is encrypted");
}

static void files_that_are_not_there(void **state)
{
    mig_error err = MIG_ERROR_INIT;
    mig_signature signature;
    (void)state;
    write_keys(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "key", "public");
    write_file("file", "x", 1);
    write_file("sig", "x", 1);
    assert_int_equal(mig_signature_check(at("none"), at("sig"), at("public"), &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
    assert_int_equal(mig_signature_check(at("file"), at("none"), at("public"), &err), -1);
    assert_int_equal(mig_signature_check(at("file"), at("sig"), at("none"), &err), -1);
    assert_int_equal(mig_signature_check(at("file"), at("sig"), at("key"), &err), -1); /* the private half */
    mig_signer *signer = mig_signer_load(at("key"), &err);
    assert_int_equal(mig_signer_sign(signer, at("none"), &signature, &err), -1);
    assert_int_equal(mig_signer_sign(signer, directory, &signature, &err), -1);
    mig_signer_free(&signer);
    mig_signer_free(&signer); /* nothing happens */
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unlink(at(names[i]));
    }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ed25519),
        cmocka_unit_test(rsa),
        cmocka_unit_test(an_empty_file),
        cmocka_unit_test(keys_that_do_not_serve),
        cmocka_unit_test(files_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
