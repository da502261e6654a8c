/* net/tls_verify.c - public key pins, and why a handshake failed in words that help */
#include "base/buffer.h"
#include "base/thread.h"
#include "net/tls.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PIN_PREFIX "sha256//"
#define PIN_LENGTH 44 /* 32 octets in base64 */
#define NAMES      200

int mig__tls_verify_callback(int accepted, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    mig__tls_peer *peer = SSL_get_app_data(ssl);
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);

    if (accepted || peer->verify_error != X509_V_OK) {
        return accepted;
    }
    peer->verify_error = X509_STORE_CTX_get_error(store);
    peer->verify_depth = X509_STORE_CTX_get_error_depth(store);
    peer->certificate = X509_STORE_CTX_get_current_cert(store);
    if (peer->certificate != NULL) {
        X509_up_ref(peer->certificate);
    }
    peer->alone = sent != NULL && sk_X509_num(sent) <= 1;
    return 0;
}

/* Calls for each pin of "sha256//A;sha256//B"; returns false at the first one that is malformed. */
static bool next_pin(const char **rest, const char **pin)
{
    const char *text = *rest;
    size_t prefix = strlen(PIN_PREFIX);
    size_t length = strcspn(text, ";");

    if (length != prefix + PIN_LENGTH || strncmp(text, PIN_PREFIX, prefix) != 0 || text[length - 1] != '=') {
        return false;
    }
    for (size_t i = prefix; i < length - 1; i++) {
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", text[i]) == NULL) {
            return false;
        }
    }
    *pin = text + prefix;
    *rest = text + length + (text[length] == ';');
    return true;
}

int mig__tls_pins_valid(const char *pins, mig_error *err)
{
    const char *pin;

    do {
        if (!next_pin(&pins, &pin)) {
            mig_error_set(err, MIG_E_USAGE, "the pin of the public key is not of the form sha256//BASE64");
            return mig_error_hint(err, "it has 44 characters after sha256//; several pins are joined by semicolons");
        }
    } while (*pins);
    return 0;
}

/* base64(SHA-256(SubjectPublicKeyInfo)) as in RFC 7469 section 2.4. */
static bool key_pin(X509 *certificate, char out[PIN_LENGTH + 1])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char *key = NULL;
    int length = certificate != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key) : -1;
    unsigned size = 0;
    bool ok = length > 0 && EVP_Digest(key, (size_t)length, digest, &size, EVP_sha256(), NULL) == 1 && size == 32;

    if (ok) {
        EVP_EncodeBlock((unsigned char *)out, digest, 32);
    }
    OPENSSL_free(key);
    return ok;
}

int mig__tls_check_pin(const char *pins, X509 *certificate, mig_error *err)
{
    char actual[PIN_LENGTH + 1] = "";
    const char *pin;

    if (!key_pin(certificate, actual)) {
        return mig_error_set(err, MIG_E_TLS, "the public key of the server cannot be read");
    }
    while (*pins && next_pin(&pins, &pin)) {
        if (strncmp(pin, actual, PIN_LENGTH) == 0) {
            return 0;
        }
    }
    mig_error_set(err, MIG_E_CERTIFICATE, "the public key is not the pinned one but " PIN_PREFIX "%s", actual);
    return mig_error_hint(err, "if the server was given a new key, ask its administrator for it and change the pin");
}

/* The text of a DNS name or IP address; NULL for other kinds. `buffer` holds INET6_ADDRSTRLEN octets. */
static const char *name_as_text(const GENERAL_NAME *name, char *buffer, int *length)
{
    const char *text = NULL;

    if (name->type == GEN_DNS) {
        *length = ASN1_STRING_length(name->d.dNSName);
        return (const char *)ASN1_STRING_get0_data(name->d.dNSName);
    }
    if (name->type == GEN_IPADD) {
        const unsigned char *octets = ASN1_STRING_get0_data(name->d.iPAddress);

        *length = ASN1_STRING_length(name->d.iPAddress);
        if (*length == 4 || *length == 16) {
            text = inet_ntop(*length == 4 ? AF_INET : AF_INET6, octets, buffer, INET6_ADDRSTRLEN);
        }
        *length = text != NULL ? (int)strlen(text) : 0;
    }
    return text;
}

/* "mail.example, *.example": the names that a certificate is for. */
static void list_names(X509 *certificate, char *out, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t length = 0;

    out[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        char buffer[INET6_ADDRSTRLEN];
        int text_length = 0;
        const char *text = name_as_text(name, buffer, &text_length);
        int n =
            text != NULL ? snprintf(out + length, size - length, "%s%.*s", length ? ", " : "", text_length, text) : 0;

        if (n < 0 || (size_t)n >= size - length) {
            break;
        }
        length += (size_t)n;
    }
    GENERAL_NAMES_free(names);
    if (!length) {
        (void)snprintf(out, size, "no host");
    }
}

static void name_text(const X509_NAME *name, char *out, size_t size)
{
    out[0] = '\0';
    if (name != NULL) {
        X509_NAME_oneline(name, out, (int)size);
    }
}

static void time_text(const ASN1_TIME *time, char *out, size_t size)
{
    struct tm parts;

    out[0] = '\0';
    if (time != NULL && ASN1_TIME_to_tm(time, &parts) == 1) {
        (void)strftime(out, size, "%Y-%m-%d %H:%M UTC", &parts);
    }
}

/* RFC 9525 section 6.3: a name counts as subjectAltName alone; a common name does not say what kind of name it is. */
static int no_alternative_name(const mig__tls_peer *peer, mig_error *err)
{
    char subject[NAMES];

    name_text(X509_get_subject_name(peer->certificate), subject, sizeof subject);
    mig_error_set(err, MIG_E_CERTIFICATE, "the certificate has no subjectAltName, only the subject %s", subject);
    return mig_error_hint(err, "have the server given a certificate with its host name as subjectAltName (RFC 9525)");
}

static int wrong_name(const mig__tls_peer *peer, mig_error *err)
{
    char names[NAMES];

    if (X509_get_ext_by_NID(peer->certificate, NID_subject_alt_name, -1) < 0) {
        return no_alternative_name(peer, err);
    }
    list_names(peer->certificate, names, sizeof names);
    mig_error_set(err, MIG_E_CERTIFICATE, "the certificate is for %s, not for this host", names);
    return mig_error_hint(err,
                          "connect by one of the names in the certificate, or have the server given one for this name");
}

static int wrong_time(const mig__tls_peer *peer, mig_error *err)
{
    const char *whose = peer->verify_depth ? "a certificate in the chain" : "the certificate";
    char moment[40];

    if (peer->verify_error == X509_V_ERR_CERT_HAS_EXPIRED) {
        time_text(X509_get0_notAfter(peer->certificate), moment, sizeof moment);
        mig_error_set(err, MIG_E_CERTIFICATE, "%s expired on %s", whose, moment);
        return mig_error_hint(err, "renew it on the server, and check the clock of this machine");
    }
    time_text(X509_get0_notBefore(peer->certificate), moment, sizeof moment);
    mig_error_set(err, MIG_E_CERTIFICATE, "%s is not valid before %s", whose, moment);
    return mig_error_hint(err, "check the clock of this machine");
}

static int self_signed(const mig__tls_peer *peer, mig_error *err)
{
    char pin[PIN_LENGTH + 1] = "?";

    (void)key_pin(peer->certificate, pin);
    mig_error_set(err, MIG_E_CERTIFICATE, "the certificate is self-signed (public key " PIN_PREFIX "%s)", pin);
    return mig_error_hint(err, "if that is the server's own key, get its certificate as a PEM file from the server and "
                               "give it with --ca-file");
}

/* A directory of the trust store holds authorities by the hash of their names, "1d3472b9.0" (openssl-rehash(1)). */
static bool holds_authorities(const char *path)
{
    DIR *directory = opendir(path);
    bool found = false;

    for (struct dirent *entry; directory != NULL && !found && (entry = readdir(directory)) != NULL;) {
        found = strspn(entry->d_name, "0123456789abcdef") == 8 && entry->d_name[8] == '.';
    }
    if (directory != NULL) {
        closedir(directory);
    }
    return found;
}

/* A system that was installed without its list of authorities trusts nobody: that is not the server's fault. */
static bool no_trust_store(const mig__tls_peer *peer)
{
    struct stat file;

    return peer->ca_file == NULL && (stat(X509_get_default_cert_file(), &file) != 0 || file.st_size == 0) &&
           !holds_authorities(X509_get_default_cert_dir());
}

static int explain_no_trust_store(mig_error *err)
{
    mig_error_set(err, MIG_E_CERTIFICATE,
                  "this machine has no trusted certificate authorities (%s is empty), so that no certificate can be "
                  "checked",
                  X509_get_default_cert_dir());
    return mig_error_hint(err, "install the package ca-certificates, or give the authorities to trust with --ca-file");
}

static int unknown_issuer(const mig__tls_peer *peer, mig_error *err)
{
    bool root_sent = peer->verify_error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
    const X509_NAME *name =
        root_sent ? X509_get_subject_name(peer->certificate) : X509_get_issuer_name(peer->certificate);
    char issuer[NAMES];

    if (mig__out_of_descriptors(err)) { /* the authority may be in a file that could not be opened */
        return mig_error_context(err, "checking the certificate");
    }
    if (no_trust_store(peer)) {
        return explain_no_trust_store(err);
    }
    name_text(name, issuer, sizeof issuer);
    if (peer->ca_file != NULL) {
        mig_error_set(err, MIG_E_CERTIFICATE,
                      "the certificate comes from %s, which the certificates in %s do not vouch for", issuer,
                      peer->ca_file);
        return mig_error_hint(
            err, peer->alone && !root_sent
                     ? "the server sends no chain: let it send the whole of it (fullchain.pem), or add the "
                       "certificate of that issuer to the file given with --ca-file"
                     : "add the certificate of that issuer to the file given with --ca-file");
    }
    if (peer->alone && !root_sent) {
        mig_error_set(err, MIG_E_CERTIFICATE,
                      "the certificate comes without its chain, and its issuer %s is not trusted here", issuer);
        return mig_error_hint(err,
                              "let the server send its whole chain (fullchain.pem), or give the issuer's certificate "
                              "with --ca-file");
    }
    mig_error_set(err, MIG_E_CERTIFICATE, "the certificate comes from %s, which is not trusted here", issuer);
    return mig_error_hint(err, "if it is your own authority, give its certificate with --ca-file");
}

int mig__tls_verify_error(const mig__tls_peer *peer, mig_error *err)
{
    if (peer->certificate == NULL) {
        return mig_error_set(err, MIG_E_CERTIFICATE, "the certificate was refused: %s",
                             X509_verify_cert_error_string(peer->verify_error));
    }
    switch (peer->verify_error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return wrong_name(peer, err);
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return wrong_time(peer, err);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return self_signed(peer, err);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return unknown_issuer(peer, err);
    default:
        mig_error_set(err, MIG_E_CERTIFICATE, "the certificate was refused: %s",
                      X509_verify_cert_error_string(peer->verify_error));
        return mig_error_hint(err, "have the server given a certificate that current software accepts");
    }
}

static int too_old(mig_error *err)
{
    mig_error_set(err, MIG_E_TLS, "the server speaks no version of TLS that is new enough");
    return mig_error_hint(err, "enable TLS 1.2 or 1.3 on the server, or reach it through a tunnel");
}

/* A TLS record begins with its type, 20 to 23 (RFC 8446 section 5.1). */
static int not_tls(const mig__tls_peer *peer, mig_error *err)
{
    const char *end = memchr(peer->first, '\r', peer->first_length);

    mig_error_set(err, MIG_E_TLS, "port %u answers in plain text, not in TLS", peer->port);
    mig_error_server(err, peer->first, end != NULL ? (size_t)(end - peer->first) : peer->first_length);
    return mig_error_hint(err, "use imap:// (STARTTLS) for this port, or imaps:// with the port for TLS, usually 993");
}

int mig__tls_handshake_error(const mig__tls_peer *peer, const mig__wire *wire, unsigned long code, mig_error *err)
{
    const char *reason = ERR_reason_error_string(code);
    int number = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;

    if (peer->first_length && (peer->first[0] < 20 || peer->first[0] > 23)) {
        return not_tls(peer, err);
    }
    if (number == SSL_R_UNSUPPORTED_PROTOCOL || number == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION ||
        number == SSL_R_WRONG_SSL_VERSION || number == SSL_R_WRONG_VERSION_NUMBER) {
        return too_old(err);
    }
    if (wire->ended || wire->errnum) {
        mig__wire_error(wire, err);
        mig_error_context(err, "TLS handshake");
        return mig_error_hint(err,
                              "check that this port is the one for TLS (usually 993), or use imap:// for STARTTLS");
    }
    mig_error_set(err, MIG_E_TLS, "TLS handshake: %s", reason != NULL ? reason : "failed");
    if (number == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE) {
        return mig_error_hint(err, "the server and this machine have no cipher in common, or a client certificate is "
                                   "required: look into the server's log");
    }
    return mig_error_hint(err, "look into the server's log for the same moment");
}
