/* base/error.c - what went wrong, whose fault it is, and when to try again */
#include "base/buffer.h"
#include <errno.h>
#include <migrate/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The one table of codes: stable name, exit status, and the grade that a code has unless who sets it knows better. */
static const struct {
    const char *name;
    int exit_status;
    mig_scope scope;
    mig_retry retry;
} codes[MIG_CODE_COUNT] = {
    [MIG_OK] = {"ok", 0, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER},
    [MIG_E_USAGE] = {"usage", 2, MIG_SCOPE_RUN, MIG_RETRY_NEVER},
    [MIG_E_PLAN] = {"plan", 2, MIG_SCOPE_RUN, MIG_RETRY_NEVER},
    [MIG_E_NOMEM] = {"no-memory", 4, MIG_SCOPE_RUN, MIG_RETRY_LATER},
    [MIG_E_IO] = {"io", 6, MIG_SCOPE_RUN, MIG_RETRY_NEVER},
    [MIG_E_DISK_FULL] = {"disk-full", 6, MIG_SCOPE_RUN, MIG_RETRY_NEVER},
    [MIG_E_STATE] = {"state", 6, MIG_SCOPE_RUN, MIG_RETRY_NEVER},
    [MIG_E_STATE_LOCKED] = {"state-locked", 6, MIG_SCOPE_RUN, MIG_RETRY_NEVER},
    [MIG_E_PAIR_LOCKED] = {"account-locked", 6, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER},
    [MIG_E_DNS] = {"dns", 4, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER},
    [MIG_E_CONNECT] = {"connect", 4, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER},
    [MIG_E_TIMEOUT] = {"timeout", 4, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER},
    [MIG_E_CLOSED] = {"closed", 4, MIG_SCOPE_ACCOUNT, MIG_RETRY_NOW},
    [MIG_E_TLS] = {"tls", 4, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER},
    [MIG_E_CERTIFICATE] = {"certificate", 4, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER},
    [MIG_E_CLEARTEXT] = {"cleartext", 2, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER},
    [MIG_E_PROTOCOL] = {"protocol", 4, MIG_SCOPE_ACCOUNT, MIG_RETRY_NOW},
    [MIG_E_BOUNDS] = {"bounds", 4, MIG_SCOPE_ACCOUNT, MIG_RETRY_NOW},
    [MIG_E_AUTH] = {"auth", 3, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER},
    [MIG_E_SECRET] = {"secret", 3, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER},
    [MIG_E_NO] = {"no", 1, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER},
    [MIG_E_BAD] = {"bad", 1, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER},
    [MIG_E_UNAVAILABLE] = {"unavailable", 4, MIG_SCOPE_ACCOUNT, MIG_RETRY_LATER},
    [MIG_E_TOO_BIG] = {"too-big", 1, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER},
    [MIG_E_OVERQUOTA] = {"overquota", 5, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER},
    [MIG_E_MISSING] = {"missing", 1, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER},
    [MIG_E_EXISTS] = {"exists", 1, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER},
    [MIG_E_CANNOT] = {"cannot", 1, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER},
    [MIG_E_NOPERM] = {"no-permission", 1, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER},
    [MIG_E_NOT_SENT] = {"not-sent", 1, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER},
    [MIG_E_FLAG] = {"flag", 1, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER},
    [MIG_E_NAME] = {"name", 1, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER},
    [MIG_E_LOST] = {"lost", 1, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER},
    [MIG_E_GONE] = {"gone", 1, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER},
    [MIG_E_UIDVALIDITY] = {"uidvalidity", 4, MIG_SCOPE_FOLDER, MIG_RETRY_NOW},
    [MIG_E_SAME] = {"same-account", 2, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER},
    [MIG_E_SWAPPED] = {"swapped", 2, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER},
    [MIG_E_REFUSED] = {"refused", 2, MIG_SCOPE_FOLDER, MIG_RETRY_NEVER},
    [MIG_E_INTERRUPTED] = {"interrupted", 130, MIG_SCOPE_RUN, MIG_RETRY_NEVER},
    [MIG_E_DIFFERENT] = {"different", 1, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER},
    [MIG_E_INTERNAL] = {"internal", 4, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER},
    [MIG_E_LIMIT] = {"limit", 6, MIG_SCOPE_RUN, MIG_RETRY_NEVER},
    [MIG_E_SCANNER] = {"scanner", 4, MIG_SCOPE_ACCOUNT, MIG_RETRY_NEVER},
    [MIG_E_INFECTED] = {"infected", 1, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER},
    [MIG_E_UNSCANNED] = {"not-scanned", 1, MIG_SCOPE_MESSAGE, MIG_RETRY_NEVER},
};

/* The arguments may point into `err` itself: so it is written last. */
static void set(mig_error *err, mig_code code, const char *reason, const char *format, va_list arguments)
    MIG_PRINTF(4, 0);
static void set(mig_error *err, mig_code code, const char *reason, const char *format, va_list arguments)
{
    char raw[MIG_ERROR_TEXT + 128];
    if (vsnprintf(raw, MIG_ERROR_TEXT, format, arguments) < 0) {
        raw[0] = '\0';
    }
    size_t length = strlen(raw);
    snprintf(raw + length, sizeof raw - length, "%s%s", reason[0] != '\0' ? ": " : "", reason);
    err->code = code;
    err->scope = codes[code].scope;
    err->retry = codes[code].retry;
    err->retry_after_ms = 0;
    err->server[0] = '\0';
    err->hint[0] = '\0';
    mig__inert(raw, strlen(raw), err->text, sizeof err->text);
}

int mig_error_set(mig_error *err, mig_code code, const char *format, ...)
{
    if (err == NULL) {
        return -1;
    }
    va_list arguments;
    va_start(arguments, format);
    set(err, code, "", format, arguments);
    va_end(arguments);
    return -1;
}

static mig_code code_of_errno(int errnum, mig_code otherwise)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
        return MIG_E_DISK_FULL;
    case ENOMEM:
        return MIG_E_NOMEM;
    case EMFILE:
    case ENFILE:
        return MIG_E_LIMIT;
    default:
        return otherwise;
    }
}

int mig_error_errno(mig_error *err, mig_code code, int errnum, const char *format, ...)
{
    if (err == NULL) {
        return -1;
    }
    char reason[120];
    if (strerror_r(errnum, reason, sizeof reason) != 0) {
        snprintf(reason, sizeof reason, "error %d", errnum);
    }
    va_list arguments;
    va_start(arguments, format);
    set(err, code_of_errno(errnum, code), reason, format, arguments);
    va_end(arguments);
    if (err->code == MIG_E_LIMIT) {
        mig_error_hint(err,
                       errnum == EMFILE
                           ? "raise the limit of open files of this process (ulimit -n; LimitNOFILE= of a systemd "
                             "unit), or use fewer --connections and accounts at once, then run again"
                           : "this machine has too many open files (fs.file-max): end other programs, or raise it, "
                             "then run again");
    }
    return -1;
}

int mig_error_context(mig_error *err, const char *format, ...)
{
    if (err == NULL) {
        return -1;
    }
    char raw[2 * MIG_ERROR_TEXT + 2];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(raw, MIG_ERROR_TEXT, format, arguments) < 0) {
        raw[0] = '\0';
    }
    va_end(arguments);
    size_t length = strlen(raw);
    snprintf(raw + length, sizeof raw - length, ": %s", err->text);
    mig__inert(raw, strlen(raw), err->text, sizeof err->text);
    return -1;
}

int mig_error_hint(mig_error *err, const char *format, ...)
{
    if (err == NULL || (err->code == MIG_E_LIMIT && err->hint[0] != '\0')) {
        return -1;
    }
    char raw[MIG_ERROR_HINT];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(raw, sizeof raw, format, arguments) < 0) {
        raw[0] = '\0';
    }
    va_end(arguments);
    mig__inert(raw, strlen(raw), err->hint, sizeof err->hint);
    return -1;
}

int mig_error_server(mig_error *err, const char *words, size_t length)
{
    if (err != NULL) {
        mig__inert(words, length, err->server, sizeof err->server);
    }
    return -1;
}

const char *mig_code_name(mig_code code)
{
    return (unsigned)code < MIG_CODE_COUNT ? codes[code].name : "unknown";
}

int mig_code_exit_status(mig_code code)
{
    return (unsigned)code < MIG_CODE_COUNT ? codes[code].exit_status : 4;
}

int mig_exit_status_worse(int a, int b)
{
    static const int worst_first[] = {130, 6, 2, 3, 5, 4, 1, 0};
    for (size_t i = 0; i < sizeof worst_first / sizeof worst_first[0]; i++) {
        if (a == worst_first[i] || b == worst_first[i]) {
            return worst_first[i];
        }
    }
    return a;
}

char *mig_error_line(const mig_error *err, char *out, size_t size)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT + 64];
    snprintf(line, sizeof line, "%s%s%s%s%s%s", err->text, err->server[0] != '\0' ? " (the server says: \"" : "",
             err->server, err->server[0] != '\0' ? "\")" : "", err->hint[0] != '\0' ? "; " : "", err->hint);
    return mig__inert(line, strlen(line), out, size);
}
