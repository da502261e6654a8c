/* net/mail.c - a mail that says how a run ended, handed to a server by libcurl (SMTP, RFC 5321; MIME by libcurl) */
#include "net/mail.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "net/https.h"
#include <migrate/notify.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAIL_MS = 60000, MOST_ADDRESS = 254, MOST_SECRET = 4096 };

bool mig__mail_address(const char *text)
{
    const char *at = strchr(text, '@');
    if (at == NULL || at == text || at[1] == '\0' || strchr(at + 1, '@') != NULL || strlen(text) > MOST_ADDRESS) {
        return false;
    }
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f || strchr("<>()[]\\,;:\"", *text) != NULL) {
            return false;
        }
    }
    return true;
}

int mig__mail_server(const char *url, bool *loopback)
{
    char *host = NULL, *scheme = NULL, *user = NULL, *path = NULL;
    CURLU *parts = curl_url();
    int result = -1;
    if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_PATH, &path, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_USER, &user, 0) != CURLUE_OK && strcmp(path, "/") == 0 &&
        (strcmp(scheme, "smtp") == 0 || strcmp(scheme, "smtps") == 0)) {
        *loopback = strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0;
        result = 0;
    }
    curl_free(host);
    curl_free(scheme);
    curl_free(user);
    curl_free(path);
    curl_url_cleanup(parts);
    return result;
}

int mig_mail_check(const mig_mail *mail, mig_error *err)
{
    bool loopback = false;
    if (!mig__mail_address(mail->to) || (mail->from != NULL && !mig__mail_address(mail->from))) {
        return mig_error_set(err, MIG_E_USAGE, "\"%s\" is no address for a mail: give one as name@example.org",
                             mig__mail_address(mail->to) ? mail->from : mail->to);
    }
    if (mig__mail_server(mail->server, &loopback) != 0) {
        mig_error_set(err, MIG_E_USAGE, "the server for mails makes no sense");
        return mig_error_hint(err, "give smtp://host[:port] or smtps://host[:port], without a user or password");
    }
    return 0;
}

/* ---- the message ---- */

static bool add(struct curl_slist **list, const char *line)
{
    struct curl_slist *grown = curl_slist_append(*list, line);
    *list = grown != NULL ? grown : *list;
    return grown != NULL;
}

/* "Mon, 30 Nov 2026 17:00:00 +0000" (RFC 5322 section 3.3), whatever the locale. */
static void add_date(char *out, size_t size)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const time_t now = (time_t)mig__wall_seconds();
    struct tm utc = {0};
    (void)gmtime_r(&now, &utc);
    snprintf(out, size, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000", days + 3 * utc.tm_wday, utc.tm_mday,
             months + 3 * utc.tm_mon, utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

static struct curl_slist *headers_of(const mig_mail *mail, const char *from)
{
    char line[2 * MOST_ADDRESS + 64], subject[200];
    unsigned char octets[12] = {0};
    struct curl_slist *list = NULL;
    mig__inert(mail->subject, strlen(mail->subject), subject, sizeof subject);
    add_date(line, sizeof line);
    bool good = add(&list, line);
    snprintf(line, sizeof line, "From: <%s>", from);
    good = good && add(&list, line);
    snprintf(line, sizeof line, "To: <%s>", mail->to);
    good = good && add(&list, line);
    snprintf(line, sizeof line, "Subject: %s", subject);
    good = good && add(&list, line) && RAND_bytes(octets, sizeof octets) == 1;
    int length = snprintf(line, sizeof line, "Message-ID: <");
    for (size_t i = 0; i < sizeof octets; i++) {
        length += snprintf(line + length, sizeof line - (size_t)length, "%02x", octets[i]);
    }
    snprintf(line + length, sizeof line - (size_t)length, "%s>", strchr(from, '@'));
    good = good && add(&list, line) && add(&list, "Auto-Submitted: auto-generated");
    if (!good) {
        curl_slist_free_all(list);
    }
    return good ? list : NULL;
}

static bool add_text(CURL *curl, curl_mime *mime, const mig_mail *mail, struct curl_slist *headers)
{
    curl_mimepart *part = curl_mime_addpart(mime);
    return part != NULL && curl_mime_data(part, mail->text, mail->length) == CURLE_OK &&
           curl_mime_type(part, "text/plain; charset=utf-8") == CURLE_OK &&
           curl_mime_encoder(part, "quoted-printable") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime) == CURLE_OK;
}

/* ---- the server ---- */

static CURLcode log_in(CURL *curl, const mig_mail *mail, mig_error *err)
{
    char *secret = mig__locked_new(MOST_SECRET);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (secret != NULL && mail->secret(secret, MOST_SECRET, false, mail->secret_context, err) == 0) {
        code = curl_easy_setopt(curl, CURLOPT_USERNAME, mail->user);
        code |= curl_easy_setopt(curl, CURLOPT_PASSWORD, secret);
    }
    mig__locked_free(secret, MOST_SECRET);
    return code;
}

static CURLcode configure(CURL *curl, const mig_mail *mail, const char *from, struct curl_slist *to, char *detail,
                          mig_error *err)
{
    bool loopback = false;
    (void)mig__mail_server(mail->server, &loopback);
    CURLcode code = mig__https_prepare(curl, mail->ca_file, detail);
    code |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    code |= curl_easy_setopt(curl, CURLOPT_URL, mail->server);
    code |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)MAIL_MS);
    /* STARTTLS or nothing, but to this machine itself. */
    code |= curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(loopback ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    code |= curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
    code |= curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    return code == CURLE_OK && mail->user != NULL ? log_in(curl, mail, err) : code;
}

static int judge(CURL *curl, CURLcode code, const char *detail, mig_error *err)
{
    long status = 0;
    if (code == CURLE_OK) {
        return 0;
    }
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    mig_error_set(err,
                  code == CURLE_PEER_FAILED_VERIFICATION ? MIG_E_CERTIFICATE
                  : code == CURLE_LOGIN_DENIED           ? MIG_E_AUTH
                                                         : MIG_E_CONNECT,
                  "the mail was not sent: %s", detail[0] != '\0' ? detail : curl_easy_strerror(code));
    if (status >= 400) {
        mig_error_context(err, "the server answered with %ld", status);
    }
    return mig_error_hint(err,
                          "see mail-server, mail-from and mail-to; the reports of the run are written all the same");
}

int mig_notify_mail(const mig_mail *mail, mig_error *err)
{
    char detail[CURL_ERROR_SIZE] = "", host[256] = "localhost", own[MOST_ADDRESS + 16];
    int result = -1;
    if (mig_mail_check(mail, err) != 0) {
        return -1;
    }
    (void)gethostname(host, sizeof host - 1);
    snprintf(own, sizeof own, "mailmigrate@%.200s", host);
    const char *from = mail->from != NULL ? mail->from : own;
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    curl_mime *mime = curl != NULL ? curl_mime_init(curl) : NULL;
    struct curl_slist *headers = headers_of(mail, from), *to = curl_slist_append(NULL, mail->to);
    mig_error_set(err, MIG_E_NOMEM, "out of memory");
    if (mime != NULL && headers != NULL && to != NULL && add_text(curl, mime, mail, headers) &&
        configure(curl, mail, from, to, detail, err) == CURLE_OK) {
        *err = (mig_error)MIG_ERROR_INIT;
        result = judge(curl, curl_easy_perform(curl), detail, err);
    }
    curl_mime_free(mime);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    curl_slist_free_all(to);
    return result;
}
