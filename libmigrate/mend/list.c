/* mend/list.c - from the findings of a verification to a list of what is to be put right (migrate/mend.h) */
#include <migrate/mend.h>

#include "base/buffer.h"
#include "base/memory.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int add(mig_mend *mend, const char *folder, uint32_t uid, bool altered, mig_error *err)
{
    mig_mend_item *grown = mig__grow(mend->items, mend->count, sizeof *grown, err);
    if (grown == NULL) {
        return -1;
    }
    mend->items = grown;
    char *name = mig__strdup(folder);
    if (name == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    mend->items[mend->count++] = (mig_mend_item){altered, name, uid};
    return 0;
}

int mig_mend_take(mig_mend *mend, const mig_verify_account *account, unsigned what, mig_error *err)
{
    for (size_t i = 0; i < account->finding_count; i++) {
        const mig_finding *finding = &account->findings[i];
        bool altered = finding->kind == MIG_FOUND_ALTERED;
        bool wanted =
            (altered && (what & MIG_MEND_ALTERED)) || (finding->kind == MIG_FOUND_MISSING && (what & MIG_MEND_MISSING));
        if (wanted && finding->source_uid != 0 &&
            add(mend, account->folders[finding->folder].source, finding->source_uid, altered, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static int bad(mig_error *err, const char *path, size_t number)
{
    mig_error_set(err, MIG_E_USAGE, "%s: finding %zu makes no sense: nothing was changed", path, number + 1);
    return mig_error_hint(
        err, "a finding needs \"kind\", \"folder\" and \"uid\", as `mailmigrate verify --json` wrote them");
}

static int read_findings(mig_mend *mend, const char *path, const json_t *account, unsigned what, mig_error *err)
{
    const json_t *findings = json_object_get(account, "findings");
    if (!json_is_array(findings)) {
        return mig_error_set(err, MIG_E_USAGE, "%s has no findings: nothing was changed", path);
    }
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *finding = json_array_get(findings, i), *uid = json_object_get(finding, "uid");
        const json_t *folder = json_object_get(finding, "folder"), *kind = json_object_get(finding, "kind");
        json_int_t number = json_integer_value(uid);
        if (!json_is_string(kind)) {
            return bad(err, path, i);
        }
        bool altered = strcmp(json_string_value(kind), "altered") == 0;
        bool missing = strcmp(json_string_value(kind), "missing") == 0;
        if (!altered && !missing) {
            continue;
        }
        if (!json_is_string(folder) || !json_is_integer(uid) || number < 0 || number >= UINT32_MAX) {
            return bad(err, path, i);
        }
        if (number > 0 && ((altered && (what & MIG_MEND_ALTERED)) || (missing && (what & MIG_MEND_MISSING))) &&
            add(mend, json_string_value(folder), (uint32_t)number, altered, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int mig_mend_read(mig_mend *mend, const char *path, const char *source, const char *target, unsigned what,
                  mig_error *err)
{
    json_error_t why;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    const json_t *mine = NULL, *accounts = json_object_get(root, "accounts");
    int failed = -1;
    if (root == NULL) {
        mig_error_set(err, why.line < 0 ? MIG_E_IO : MIG_E_USAGE, "%s cannot be read as a report: %s", path, why.text);
        return mig_error_hint(err, "name a file that `mailmigrate verify --json` wrote");
    }
    for (size_t i = 0; i < json_array_size(accounts); i++) {
        const json_t *account = json_array_get(accounts, i);
        if (strcmp(text_of(account, "source"), source) == 0 && strcmp(text_of(account, "target"), target) == 0) {
            mine = account;
        }
    }
    if (strcmp(text_of(root, "schema"), "mailmigrate.verify/1") != 0) {
        mig_error_set(err, MIG_E_USAGE, "%s is no report of a verification: nothing was changed", path);
        mig_error_hint(err, "name a file that `mailmigrate verify --json` wrote");
    } else if (mine == NULL) {
        mig_error_set(err, MIG_E_USAGE, "%s is not about %s and %s: nothing was changed", path, source, target);
        mig_error_hint(err, "name the report of these two accounts, or none: then they are verified first");
    } else {
        failed = read_findings(mend, path, mine, what, err);
    }
    json_decref(root);
    return failed;
}

void mig_mend_clear(mig_mend *mend)
{
    for (size_t i = 0; i < mend->count; i++) {
        free(mend->items[i].folder);
    }
    free(mend->items);
    mend->items = NULL;
    mend->count = 0;
}
