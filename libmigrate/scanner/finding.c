/* scanner/finding.c - see finding.h */
#include "scanner/finding.h"
#include "base/buffer.h"
#include "base/memory.h"
#include <stdlib.h>
#include <time.h>

static void clear(mig_scan_finding *finding)
{
    free(finding->folder);
    free(finding->name);
    free(finding->kept);
    free(finding->message_id);
    free(finding->subject);
}

int mig__scanner_list(mig_scan_finding **list, size_t *count, const mig_scan_finding *one, mig_error *err)
{
    mig_scan_finding copy = *one;
    copy.folder = mig__strdup(one->folder);
    copy.name = mig__strdup(one->name);
    copy.kept = mig__strdup(one->kept);
    copy.message_id = mig__strdup(one->message_id);
    copy.subject = mig__strdup(one->subject);
    mig_scan_finding *grown = copy.folder == NULL || copy.name == NULL || (one->kept != NULL && copy.kept == NULL)
                                  ? NULL
                                  : mig__grow(*list, *count, sizeof *grown, NULL);
    if (grown == NULL) {
        clear(&copy);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    *list = grown;
    grown[(*count)++] = copy;
    return 0;
}

void mig__scanner_unlist(mig_scan_finding *list, size_t from, size_t count)
{
    for (size_t i = from; i < count; i++) {
        clear(&list[i]);
    }
}

void mig_scan_findings_free(mig_scan_finding *findings, size_t count)
{
    mig__scanner_unlist(findings, 0, count);
    free(findings);
}

char *mig_scan_date(int64_t signatures, char out[MIG_SCAN_DATE])
{
    struct tm day;
    time_t when = (time_t)signatures;
    out[0] = '\0';
    if (signatures > 0 && gmtime_r(&when, &day) != NULL) {
        strftime(out, MIG_SCAN_DATE, " (signatures of %Y-%m-%d)", &day);
    }
    return out;
}

const char *mig__scanner_advice(const mig__scanner_result *result)
{
    return result->away ? "run again when it is there"
                        : "look at clamd's limits (StreamMaxLength, MaxFileSize) and its log";
}

const char *mig_scan_verdict_name(mig_scan_verdict verdict)
{
    return verdict == MIG_SCAN_INFECTED ? "infected" : verdict == MIG_SCAN_NOT_SCANNED ? "not-scanned" : "clean";
}

const char *mig_scan_decision_name(mig_scan_decision decision)
{
    return decision == MIG_SCAN_QUARANTINED ? "quarantined" : decision == MIG_SCAN_SKIPPED ? "skipped" : "copied";
}
