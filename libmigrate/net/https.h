/* net/https.h - what every request by libcurl has in common (within net/) */
#ifndef MIG_NET_HTTPS_H
#define MIG_NET_HTTPS_H

#include <curl/curl.h>

/*
 * HTTPS alone, with TLS 1.2 or newer, without redirections, signals and netrc, and without a proxy: libcurl would else
 * heed variables such as https_proxy. `ca_file` NULL: the system's authorities. `detail` gets the reason of a failure.
 */
CURLcode mig__https_prepare(CURL *curl, const char *ca_file, char detail[CURL_ERROR_SIZE]);

#endif
