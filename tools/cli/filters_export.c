/* cli/filters_export.c - the files of an export of filters: what is there stays, and no name leaves the directory */
#include "cli/filters_export.h"

#include "cli/output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_SIZE 4608

/* A script may be called anything: what a file may not be called, or would hide it, is written as %XX. */
static void file_name(const char *script, char out[PATH_SIZE], const char *directory)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t used = (size_t)snprintf(out, PATH_SIZE, "%.2048s/", directory);
    for (const char *c = script; *c != '\0' && used < PATH_SIZE - 16; c++) {
        const bool odd = *c == '/' || *c == '%' || (c == script && *c == '.');
        if (odd) {
            out[used++] = '%';
            out[used++] = digits[(unsigned char)*c >> 4];
            out[used++] = digits[*c & 15];
        } else {
            out[used++] = *c;
        }
    }
    snprintf(out + used, PATH_SIZE - used, ".sieve");
}

/* 1: the file has these octets; 0: there is none; -1: it has others, or cannot be read. */
static int compare(const char *path, const char *text, size_t length, mig_error *err)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return errno == ENOENT ? 0 : mig_error_errno(err, MIG_E_IO, errno, "%s cannot be read", path);
    }
    char *found = malloc(length + 1);
    const size_t got = found ? fread(found, 1, length + 1, file) : 0;
    const bool same = found && got == length && memcmp(found, text, length) == 0;
    free(found);
    fclose(file);
    if (same) {
        return 1;
    }
    mig_error_set(err, MIG_E_EXISTS, "%s is there with other content; it was left as it is", path);
    return mig_error_hint(err, "export into another directory, or move the file away");
}

static int write_script(const char *path, const char *text, size_t length, mig_error *err)
{
    const int there = compare(path, text, length, err);
    if (there != 0) {
        return there > 0 ? 0 : -1;
    }
    cli_output output = CLI_OUTPUT_INIT;
    int status = cli_output_open(&output, path, err);
    if (status == 0 && cli_output_sink(text, length, &output) != 0) {
        status = cli_output_explain(&output, err);
    }
    if (status == 0) {
        status = cli_output_commit(&output, err);
    }
    cli_output_close(&output);
    return status;
}

/* ---- the rules in words ---- */

typedef struct page {
    char *octets;
    size_t length;
} page;

static int gather(const char *piece, size_t length, void *context)
{
    page *all = context;
    char *grown = realloc(all->octets, all->length + length + 1);
    if (!grown) {
        return -1;
    }
    memcpy(grown + all->length, piece, length);
    all->octets = grown;
    all->length += length;
    return 0;
}

typedef int report_fn(const mig_filters_result *result, mig_sink_fn *sink, void *context, mig_error *err);

static int write_report(const mig_filters_result *result, report_fn *report, const char *directory, const char *name,
                        mig_error *err)
{
    char path[PATH_SIZE];
    page all = {NULL, 0};
    snprintf(path, sizeof path, "%.2048s/%s", directory, name);
    int status = report(result, gather, &all, err);
    if (status == 0) {
        status = write_script(path, all.octets ? all.octets : "", all.length, err);
    }
    free(all.octets);
    return status;
}

int cli_filters_export(const mig_filters_result *result, const char *directory, mig_error *err)
{
    char path[PATH_SIZE];
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        return mig_error_errno(err, MIG_E_IO, errno, "the directory %s cannot be made", directory);
    }
    for (size_t i = 0; i < result->filter_count; i++) {
        size_t length = 0;
        const char *text = mig_filters_text(result, i, &length);
        file_name(result->filters[i].name, path, directory);
        if (text && write_script(path, text, length, err) != 0) {
            return -1;
        }
    }
    return write_report(result, mig_report_filters_html, directory, "rules.html", err) != 0 ||
                   write_report(result, mig_report_filters_csv, directory, "rules.csv", err) != 0 ||
                   write_report(result, mig_report_filters_gmail, directory, "gmail.xml", err) != 0
               ? -1
               : 0;
}
