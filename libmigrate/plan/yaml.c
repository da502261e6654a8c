/* plan/yaml.c - a plan from YAML straight into C structures (libcyaml); the schema is made from the tables of names */
#include "base/buffer.h"
#include "plan/plan_private.h"
#include <cyaml/cyaml.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_FIELDS = MIG__PLAN_OPTIONS,
    SIDE_FIELDS = MIG__PLAN_SIDE_OPTIONS,
    ACCOUNT_FIELDS = 2 + MIG__PLAN_OPTIONS + 2 * MIG__PLAN_SIDE_OPTIONS,
    PLAN_FIELDS = 6
};

typedef struct schema {
    cyaml_schema_field_t options[OPTION_FIELDS + 1];
    cyaml_schema_field_t side[SIDE_FIELDS + 1];
    cyaml_schema_field_t account[ACCOUNT_FIELDS + 1];
    cyaml_schema_field_t plan[PLAN_FIELDS + 1];
    cyaml_schema_value_t account_value, plan_value;
    char account_keys[2 * MIG__PLAN_SIDE_OPTIONS][40];
} schema;

static const cyaml_schema_value_t text_entry = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static cyaml_schema_field_t text_field(const char *key, size_t offset)
{
    return (cyaml_schema_field_t){
        .key = key,
        .data_offset = (uint32_t)offset,
        .value = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, char, 0, CYAML_UNLIMITED)}};
}

static cyaml_schema_field_t list_field(const char *key, size_t offset, size_t count_offset)
{
    return (cyaml_schema_field_t){.key = key,
                                  .data_offset = (uint32_t)offset,
                                  .count_offset = (uint32_t)count_offset,
                                  .count_size = sizeof(unsigned),
                                  .value = {CYAML_VALUE_SEQUENCE(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, char *,
                                                                 &text_entry, 0, CYAML_UNLIMITED)}};
}

static cyaml_schema_field_t mapping_field(const char *key, size_t offset, size_t size,
                                          const cyaml_schema_field_t *fields)
{
    return (cyaml_schema_field_t){.key = key,
                                  .data_offset = (uint32_t)offset,
                                  .value = {.type = CYAML_MAPPING,
                                            .flags = CYAML_FLAG_OPTIONAL,
                                            .data_size = (uint32_t)size,
                                            .mapping = {.fields = fields}}};
}

static size_t add_options(cyaml_schema_field_t *fields, size_t base)
{
    for (size_t i = 0; i < MIG__PLAN_OPTIONS; i++) {
        const char *name = mig_plan_option_name(i);
        fields[i] = i < MIG__PLAN_LISTS
                        ? list_field(name, base + offsetof(mig__raw_options, lists) + i * sizeof(char **),
                                     base + offsetof(mig__raw_options, list_counts) + i * sizeof(unsigned))
                        : text_field(name, base + offsetof(mig__raw_options, values) + i * sizeof(char *));
    }
    return MIG__PLAN_OPTIONS;
}

static void make_account(schema *s)
{
    static const char *const sides[] = {"source", "target"};
    size_t count = 0;
    for (size_t side = 0; side < 2; side++) {
        s->account[count++] = text_field(sides[side], offsetof(mig__raw_account, users) + side * sizeof(char *));
        for (size_t i = 0; i < MIG__PLAN_SIDE_OPTIONS; i++) {
            char *key = s->account_keys[side * MIG__PLAN_SIDE_OPTIONS + i];
            snprintf(key, sizeof s->account_keys[0], "%s-%s", sides[side], mig_plan_side_option_name(i));
            s->account[count++] = text_field(key, offsetof(mig__raw_account, sides) + side * sizeof(mig__raw_side) +
                                                      offsetof(mig__raw_side, values) + i * sizeof(char *));
        }
    }
    count += add_options(s->account + count, offsetof(mig__raw_account, options));
    s->account[count] = (cyaml_schema_field_t){.key = NULL};
    s->account_value = (cyaml_schema_value_t){.type = CYAML_MAPPING,
                                              .flags = CYAML_FLAG_DEFAULT,
                                              .data_size = sizeof(mig__raw_account),
                                              .mapping = {.fields = s->account}};
}

static void make_schema(schema *s)
{
    size_t count = add_options(s->options, 0);
    s->options[count] = (cyaml_schema_field_t){.key = NULL};
    for (size_t i = 0; i < MIG__PLAN_SIDE_OPTIONS; i++) {
        s->side[i] = text_field(mig_plan_side_option_name(i), offsetof(mig__raw_side, values) + i * sizeof(char *));
    }
    s->side[MIG__PLAN_SIDE_OPTIONS] = (cyaml_schema_field_t){.key = NULL};
    make_account(s);
    s->plan[0] = text_field("version", offsetof(mig__raw_plan, version));
    s->plan[1] = text_field("accounts-file", offsetof(mig__raw_plan, accounts_file));
    s->plan[2] = mapping_field("source", offsetof(mig__raw_plan, sides), sizeof(mig__raw_side), s->side);
    s->plan[3] =
        mapping_field("target", offsetof(mig__raw_plan, sides) + sizeof(mig__raw_side), sizeof(mig__raw_side), s->side);
    s->plan[4] = mapping_field("options", offsetof(mig__raw_plan, options), sizeof(mig__raw_options), s->options);
    s->plan[5] = (cyaml_schema_field_t){
        .key = "accounts",
        .data_offset = offsetof(mig__raw_plan, accounts),
        .count_offset = offsetof(mig__raw_plan, account_count),
        .count_size = sizeof(unsigned),
        .value = {CYAML_VALUE_SEQUENCE(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, mig__raw_account, &s->account_value, 0,
                                       CYAML_UNLIMITED)}};
    s->plan[6] = (cyaml_schema_field_t){.key = NULL};
    s->plan_value = (cyaml_schema_value_t){.type = CYAML_MAPPING,
                                           .flags = CYAML_FLAG_POINTER,
                                           .data_size = sizeof(mig__raw_plan),
                                           .mapping = {.fields = s->plan}};
}

/* What libcyaml says of an error: the reason, then where, one line at a time. */
static MIG_PRINTF(3, 0) void keep_words(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
    char line[256];
    mig__buffer *words = context;
    (void)level;
    vsnprintf(line, sizeof line, format, arguments);
    size_t length = strcspn(line, "\r\n");
    if (words->length + length < 1024) {
        mig__buffer_add_text(words, words->length > 0 ? "; " : "");
        mig__buffer_add(words, line, length);
    }
}

static cyaml_config_t configure(mig__buffer *words)
{
    return (cyaml_config_t){.log_fn = keep_words,
                            .log_ctx = words,
                            .mem_fn = cyaml_mem,
                            .log_level = CYAML_LOG_ERROR,
                            .flags = CYAML_CFG_NO_ALIAS | CYAML_CFG_IGNORE_UNKNOWN_KEYS};
}

int mig__raw_plan_load(mig__raw_plan **raw, const char *text, size_t length, mig_error *err)
{
    mig__buffer words = MIG__BUFFER_INIT;
    cyaml_config_t config = configure(&words);
    schema *s = calloc(1, sizeof *s);
    int failed = -1;
    *raw = NULL;
    if (s == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    make_schema(s);
    cyaml_err_t result =
        cyaml_load_data((const uint8_t *)text, length, &config, &s->plan_value, (cyaml_data_t **)raw, NULL);
    if (result == CYAML_ERR_OOM) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    } else if (result != CYAML_OK) {
        mig_error_set(err, MIG_E_PLAN, "%s", words.length > 0 ? words.data : cyaml_strerror(result));
    } else if (*raw == NULL && (*raw = calloc(1, sizeof **raw)) == NULL) { /* nothing in it */
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    } else {
        failed = 0;
    }
    free(s);
    mig__buffer_free(&words);
    return failed;
}

void mig__raw_plan_free(mig__raw_plan **raw)
{
    mig__buffer words = MIG__BUFFER_INIT;
    cyaml_config_t config = configure(&words);
    schema *s = *raw != NULL ? calloc(1, sizeof *s) : NULL;
    if (s != NULL) {
        make_schema(s);
        cyaml_free(&config, &s->plan_value, *raw, 0);
        free(s);
    }
    mig__buffer_free(&words);
    *raw = NULL;
}
