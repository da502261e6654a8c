/* report/certificate_record.c - records of looks at domains, as JSON files: reading them */
#include "base/buffer.h"
#include "report/json.h"
#include "report/record.h"
#include <errno.h>
#include <migrate/certificate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *mig__record_path(const char *directory, const char *name)
{
    mig__buffer path = MIG__BUFFER_INIT;
    mig__buffer_addf(&path, "%s/%s.json", directory, name);
    return path.failed ? NULL : mig__buffer_steal(&path);
}

static bool take_text(const json_t *object, const char *key, char **out)
{
    const char *text = json_string_value(json_object_get(object, key));
    *out = mig__strdup(text != NULL ? text : "");
    return text != NULL && *out != NULL;
}

static bool take_all(const json_t *object, mig_domain_record *out)
{
    const char *schema = json_string_value(json_object_get(object, "schema"));
    const json_t *settled = json_object_get(object, "settled");
    out->there = true;
    out->settled = json_is_true(settled);
    out->at = json_integer_value(json_object_get(object, "at"));
    out->settled_since = json_integer_value(json_object_get(object, "settled_since"));
    const bool resolver = take_text(object, "resolver", &out->resolver), mx = take_text(object, "mx", &out->mx);
    const bool open = take_text(object, "open", &out->open);
    return schema != NULL && strcmp(schema, MIG__RECORD_SCHEMA) == 0 && json_is_boolean(settled) && resolver && mx &&
           open && out->at > 0;
}

int mig_domain_record_read(const char *directory, const char *name, mig_domain_record *out, mig_error *err)
{
    json_error_t problem;
    int failed = 0;
    *out = (mig_domain_record){.name = mig__strdup(name)};
    char *path = mig__record_path(directory, name);
    if (out->name == NULL || path == NULL) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    } else if (access(path, R_OK) == 0) {
        json_t *object = json_load_file(path, 0, &problem);
        if (object == NULL || !take_all(object, out)) {
            failed = mig_error_set(err, MIG_E_STATE, "%s is no record of a look at a domain", path);
            mig_error_hint(err, "take it away, and look again: mailmigrate domain %s --phase after", name);
        }
        json_decref(object);
    } else if (errno != ENOENT) {
        failed = mig_error_errno(err, MIG_E_IO, errno, "cannot read %s", path);
    }
    free(path);
    if (failed != 0) {
        mig_domain_record_clear(out);
    }
    return failed;
}

void mig_domain_record_clear(mig_domain_record *record)
{
    free(record->name);
    free(record->resolver);
    free(record->mx);
    free(record->open);
    *record = (mig_domain_record){.name = NULL};
}
