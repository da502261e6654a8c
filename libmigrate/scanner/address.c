/* scanner/address.c - see address.h */
#include "scanner/address.h"
#include <migrate/scan.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int malformed(const char *text, mig_error *err)
{
    mig_error_set(err, MIG_E_USAGE, "\"%.200s\" names no scanner", text);
    return mig_error_hint(err, "name clamd's socket, as in clamd:/run/clamav/clamd.ctl or clamd://127.0.0.1:3310");
}

/* HOST:PORT or [HOST]:PORT; the host is none of what could end its name early. */
static bool parse_host(const char *text, mig__scanner_address *out)
{
    bool bracket = text[0] == '[';
    const char *begin = text + bracket;
    const char *end = bracket ? strchr(begin, ']') : strchr(begin, ':');
    if (end == NULL || end == begin || (size_t)(end - begin) >= sizeof out->host) {
        return false;
    }
    memcpy(out->host, begin, (size_t)(end - begin));
    out->host[end - begin] = '\0';
    const char *port = end + bracket;
    char *rest = NULL;
    if (*port != ':' || port[1] < '1' || port[1] > '9' || strpbrk(out->host, "/@ \t\r\n[]") != NULL) {
        return false;
    }
    unsigned long number = strtoul(port + 1, &rest, 10);
    out->port = (uint16_t)number;
    return *rest == '\0' && number <= UINT16_MAX;
}

int mig__scanner_address_parse(const char *text, mig__scanner_address *out, mig_error *err)
{
    static const char scheme[] = "clamd:";
    *out = (mig__scanner_address){.port = 0};
    if (strncmp(text, scheme, sizeof scheme - 1) != 0) {
        return malformed(text, err);
    }
    const char *place = text + sizeof scheme - 1;
    if (strncmp(place, "//", 2) == 0) {
        return parse_host(place + 2, out) ? 0 : malformed(text, err);
    }
    if (place[0] != '/' || strlen(place) >= sizeof out->path) {
        return malformed(text, err);
    }
    memcpy(out->path, place, strlen(place) + 1);
    return 0;
}

int mig_scan_check(const char *scanner, mig_error *err)
{
    mig__scanner_address address;
    return mig__scanner_address_parse(scanner, &address, err);
}
