/* report/scans.c - see scans.h */
#include "report/scans.h"
#include "report/numbers.h"
#include "report/verify_common.h"

json_t *mig__scan_object(const mig_scan_finding *scan)
{
    return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "folder", mig__json_string(scan->folder), "uid",
                     mig__json_number(scan->uid), "verdict", mig_scan_verdict_name(scan->verdict), "decision",
                     mig_scan_decision_name(scan->decision), "name", mig__json_string(scan->name), "signatures",
                     scan->signatures > 0 ? mig__json_number((uint64_t)scan->signatures) : json_null(), "quarantine",
                     mig__json_string(scan->kept), "message_id", mig__json_string(scan->message_id), "subject",
                     mig__json_string(scan->subject));
}

void mig__scan_words(mig__buffer *out, const mig_scan_finding *scan)
{
    char date[MIG_SCAN_DATE];
    mig__buffer_addf(out, "UID %u", (unsigned)scan->uid);
    if (scan->subject != NULL && scan->subject[0] != '\0') {
        mig__buffer_add_text(out, ", \"");
        mig__add_inert(out, scan->subject);
        mig__buffer_add_text(out, "\"");
    }
    mig__buffer_add_text(out, scan->verdict == MIG_SCAN_INFECTED ? ": " : ": not scanned: ");
    mig__add_inert(out, scan->name);
    mig__buffer_add_text(out, mig_scan_date(scan->signatures, date));
}

void mig__scan_sum(mig__buffer *out, uint64_t scanned, uint64_t infected, uint64_t not_scanned)
{
    mig__buffer_add_text(out, "The virus scanner looked at ");
    mig__add_count(out, scanned);
    mig__buffer_addf(out, " message%s and found something in ", mig__plural(scanned));
    mig__add_count(out, infected);
    if (not_scanned > 0) {
        mig__buffer_add_text(out, "; ");
        mig__add_count(out, not_scanned);
        mig__buffer_add_text(out, not_scanned == 1 ? " was not scanned" : " were not scanned");
    }
    mig__buffer_add_text(out, ".\n");
}
