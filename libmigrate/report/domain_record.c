/* report/domain_record.c - records of looks at domains, as JSON files: writing them, whole or not at all */
#include "base/buffer.h"
#include "base/clock.h"
#include "base/directory.h"
#include "report/json.h"
#include "report/record.h"
#include <errno.h>
#include <fcntl.h>
#include <migrate/certificate.h>
#include <migrate/domain_report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 20, WAITS = 60 };

/* The MX as they were seen. */
static const char *mx_of(const mig_domain_report *report)
{
    for (size_t i = 0; i < report->check_count; i++) {
        if (strcmp(report->checks[i].check, "mx.exists") == 0) {
            return report->checks[i].record;
        }
    }
    return "";
}

static json_t *make(const mig_domain_result *result, const mig_domain_report *report, int64_t since, bool settled,
                    const char *open)
{
    return json_pack("{s:s, s:o, s:b, s:I, s:I, s:o, s:o, s:o, s:s}", "schema", MIG__RECORD_SCHEMA, "domain",
                     mig__json_string(report->name), "settled", settled, "at", (json_int_t)result->finished,
                     "settled_since", (json_int_t)since, "resolver", mig__json_string(result->resolver), "mx",
                     mig__json_string(mx_of(report)), "open", mig__json_string(open), "version", MIG_VERSION);
}

static int put(const char *path, const json_t *object, mig_error *err)
{
    mig__buffer beside = MIG__BUFFER_INIT;
    mig__buffer_addf(&beside, "%s.new", path);
    if (mig__buffer_ok(&beside, err) != 0) {
        return -1;
    }
    int failed = 0;
    const int fd = open(beside.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || json_dumpfd(object, fd, JSON_INDENT(1) | JSON_ENSURE_ASCII) != 0 || write(fd, "\n", 1) != 1 ||
        fsync(fd) != 0) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "cannot write %s", beside.data);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (failed == 0 && rename(beside.data, path) != 0) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "cannot write %s", path);
    }
    mig__buffer_free(&beside);
    return failed;
}

/* Times are in whole seconds: whoever copies after this began in a later one, and the certificate can tell. */
static void outlast(int64_t second)
{
    for (int waits = 0; waits < WAITS && mig__wall_seconds() <= second; waits++) {
        mig__sleep_ms(WAIT_MS);
    }
}

static int write_one(const char *directory, const mig_domain_result *result, const mig_domain_report *report,
                     mig_error *err)
{
    mig_domain_record earlier;
    char *in_the_way = NULL;
    mig_error ignored = MIG_ERROR_INIT; /* a record that makes no sense is replaced */
    const bool settled = mig_domain_settled(report, &in_the_way) && !result->interrupted;
    int64_t since = settled ? result->finished : 0;
    if (mig_domain_record_read(directory, report->name, &earlier, &ignored) == 0) {
        since = settled && earlier.settled_since > 0 ? earlier.settled_since : since;
        mig_domain_record_clear(&earlier);
    }
    char *path = mig__record_path(directory, report->name);
    json_t *object = in_the_way != NULL ? make(result, report, since, settled, in_the_way) : NULL;
    int failed =
        path != NULL && object != NULL ? put(path, object, err) : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    json_decref(object);
    free(path);
    free(in_the_way);
    if (failed == 0 && settled && since == result->finished) {
        outlast(since);
    }
    return failed;
}

int mig_domain_record_write(const char *directory, const mig_domain_result *result, mig_error *err)
{
    char *path = mig__strdup(directory);
    const int made = path != NULL ? mig__make_directories(path, err) : mig_error_set(err, MIG_E_NOMEM, "out of memory");
    free(path);
    if (made != 0) {
        return -1;
    }
    for (size_t i = 0; i < result->domain_count; i++) {
        if (write_one(directory, result, &result->domains[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}
