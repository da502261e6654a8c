/* report/archive_text.c - what an export wrote and what a check found, for people */
#include "report/numbers.h"
#include "report/scans.h"
#include <migrate/archive_report.h>
#include <migrate/format.h>
#include <string.h>

enum { SHOWN = 20, NAME_SIZE = 512 };

static void add_name(mig__buffer *out, const char *name)
{
    char text[NAME_SIZE];
    mig__buffer_add_text(out, mig_format_text(name, text, sizeof text));
}

static int finish(mig__buffer *out, mig_sink_fn *sink, void *context, mig_error *err)
{
    int failed = mig__buffer_ok(out, err);
    if (failed == 0 && out->length > 0 && sink(out->data, out->length, context) != 0) {
        failed = mig_error_set(err, MIG_E_IO, "the summary could not be written");
    }
    mig__buffer_free(out);
    return failed;
}

/* ---- export ---- */

static void add_export_verdict(mig__buffer *out, const mig_archive_result *result)
{
    add_name(out, result->source);
    if (result->status == MIG_FAILED || result->status == MIG_INTERRUPTED) {
        mig__buffer_add_text(out, ": NOT exported; there is no archive.\n");
        return;
    }
    if (result->file[0] == '\0') {
        mig__buffer_add_text(out, ": nothing is new since the last file; none was added.\n");
        return;
    }
    mig__buffer_add_text(out, result->status == MIG_PARTIAL ? ": exported NOT ENTIRELY, " : ": exported, ");
    mig__add_count(out, result->messages);
    mig__buffer_addf(out, " message%s, ", mig__plural(result->messages));
    mig__add_octets(out, result->bytes);
    mig__buffer_add_text(out, ", into ");
    add_name(out, result->file);
    mig__buffer_add_text(out, " (");
    mig__add_octets(out, result->file_bytes);
    mig__buffer_add_text(out, result->encrypted ? ", encrypted" : "");
    mig__buffer_add_text(out, result->is_signed ? ", signed).\n" : ").\n");
}

static void add_export_changes(mig__buffer *out, const mig_archive_result *result)
{
    if (result->part > 0 && result->file[0] != '\0') {
        mig__buffer_addf(out, "It is number %u of its chain: ", result->part);
        mig__add_count(out, result->already);
        mig__buffer_add_text(out, " were there already, ");
        mig__add_count(out, result->flags_changed);
        mig__buffer_add_text(out, " have other flags now, ");
        mig__add_count(out, result->gone);
        mig__buffer_add_text(out, " are gone from the server.\n");
    }
    if (result->skipped > 0) {
        mig__add_count(out, result->skipped);
        mig__buffer_addf(out, " message%s left out for their size.\n", mig__plural(result->skipped));
    }
    if (result->failed > 0) {
        mig__add_count(out, result->failed);
        mig__buffer_addf(out, " message%s that the server did not give.\n", mig__plural(result->failed));
    }
}

static void add_export_scans(mig__buffer *out, const mig_archive_result *result)
{
    if (!result->shown) {
        return;
    }
    mig__scan_sum(out, result->scanned, result->infected, result->not_scanned);
    for (size_t i = 0; i < result->scan_count && i < SHOWN; i++) {
        mig__buffer_add_text(out, "  ");
        add_name(out, result->scans[i].folder);
        mig__buffer_add_text(out, ", ");
        mig__scan_words(out, &result->scans[i]);
        mig__buffer_add_char(out, '\n');
    }
    if (result->scan_count > SHOWN) {
        mig__buffer_addf(out, "  and %zu more; --json FILE lists them.\n", result->scan_count - SHOWN);
    }
}

int mig_report_archive_text(const mig_archive_result *result, mig_sink_fn *sink, void *context, mig_error *err)
{
    mig__buffer out = MIG__BUFFER_INIT;
    char text[MIG_FORMAT_SIZE];
    add_export_verdict(&out, result);
    add_export_changes(&out, result);
    add_export_scans(&out, result);
    for (size_t i = 0; i < result->problem_count && i < SHOWN; i++) {
        const mig_problem *problem = &result->problems[i];
        mig__buffer_add_text(&out, "  ");
        add_name(&out, problem->folder[0] != '\0' ? problem->folder : "account");
        mig__buffer_addf(&out, problem->uid > 0 ? ", UID %u: " : ": ", problem->uid);
        mig__buffer_add_text(&out, problem->text);
        mig__buffer_add_char(&out, '\n');
    }
    if (result->problem_count > SHOWN) {
        mig__buffer_addf(&out, "  and %zu more; --json FILE lists them.\n", result->problem_count - SHOWN);
    }
    if (result->root[0] != '\0' && result->file[0] != '\0') {
        mig__buffer_addf(&out, "Merkle root: %s\n", result->root);
        mig__buffer_addf(&out, "%s, ", mig_format_duration(result->seconds, text, sizeof text));
        mig__add_octets(&out, result->peak_rss);
        mig__buffer_add_text(&out, " of memory at most.\n");
    }
    if (result->part == 0 && result->file[0] != '\0') {
        mig__buffer_add_text(&out, "Next: mailmigrate archive check ");
        add_name(&out, result->file);
        mig__buffer_add_char(&out, '\n');
    }
    return finish(&out, sink, context, err);
}

/* ---- check ---- */

static void add_check_verdict(mig__buffer *out, const mig_archive_check_result *result, bool unchecked)
{
    if (result->status != MIG_COMPLETE) {
        mig__buffer_add_text(out, "The archive was NOT checked to its end.\n");
        return;
    }
    if (result->exit_status != 0) {
        mig__buffer_add_text(out, "The archive is NOT as it was written.\n");
    } else if (unchecked) {
        mig__buffer_add_text(out, "The archive is whole; its signature was not checked (--public-key FILE).\n");
    } else if (result->files[0].signature == MIG_ARCHIVE_FITS) {
        mig__buffer_add_text(out, "The archive is as it was signed.\n");
    } else {
        mig__buffer_add_text(out, "The archive is whole. It is not signed: that nobody changed it, it cannot prove.\n");
    }
}

static void add_file(mig__buffer *out, const mig_archive_file *file)
{
    mig__buffer_add_text(out, "  ");
    add_name(out, file->path);
    mig__buffer_add_text(out, ": ");
    mig__add_count(out, file->messages);
    mig__buffer_addf(out, " message%s, ", mig__plural(file->messages));
    mig__add_octets(out, file->bytes);
    mig__buffer_addf(out, file->root[0] != '\0' ? ", Merkle root %s\n" : "\n", file->root);
}

int mig_report_archive_check_text(const mig_archive_check_result *result, mig_sink_fn *sink, void *context,
                                  mig_error *err)
{
    mig__buffer out = MIG__BUFFER_INIT;
    bool unchecked = false;
    for (size_t i = 0; i < result->file_count; i++) {
        unchecked = unchecked || result->files[i].signature == MIG_ARCHIVE_UNCHECKED;
    }
    add_check_verdict(&out, result, unchecked);
    for (size_t i = 0; i < result->file_count; i++) {
        add_file(&out, &result->files[i]);
    }
    if (result->file_count > 1) {
        mig__buffer_add_text(&out, "The mailbox as the last file has it: ");
        mig__add_count(&out, result->messages);
        mig__buffer_addf(&out, " message%s, ", mig__plural(result->messages));
        mig__add_octets(&out, result->bytes);
        mig__buffer_add_text(&out, ".\n");
    }
    size_t shown = 0;
    for (size_t i = 0; i < result->finding_count && shown < SHOWN; i++, shown++) {
        const mig_archive_finding *finding = &result->findings[i];
        mig__buffer_addf(&out, "  %s: ", mig_archive_found_name(finding->kind));
        add_name(&out, finding->path[0] != '\0' ? finding->path : result->files[finding->file].path);
        if (finding->uid > 0) {
            mig__buffer_add_text(&out, " (");
            add_name(&out, finding->folder);
            mig__buffer_addf(&out, ", UID %u)", finding->uid);
        }
        mig__buffer_add_text(&out, ": ");
        mig__buffer_add_text(&out, finding->detail);
        mig__buffer_add_char(&out, '\n');
    }
    if (result->finding_count > shown) {
        mig__buffer_addf(&out, "  and %zu more; --json FILE lists them.\n", result->finding_count - shown);
    }
    return finish(&out, sink, context, err);
}
