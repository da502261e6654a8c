/* net/https.c - what every request by libcurl has in common (within net/) */
#include "net/https.h"

CURLcode mig__https_prepare(CURL *curl, const char *ca_file, char detail[CURL_ERROR_SIZE])
{
    CURLcode code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    code |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    code |= curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    code |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    code |= curl_easy_setopt(curl, CURLOPT_PROXY, "");
    code |= curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    code |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "mailmigrate/" MIG_VERSION);
    code |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    if (ca_file != NULL) {
        code |= curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
        code |= curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    return code;
}
