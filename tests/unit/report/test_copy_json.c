/* The JSON of a copy: its contract, its schema, hostile names, and a sink that fails anywhere. */
#include "sample.h"

#include <jansson.h>

static json_t *report_of(const mig_copy_result *result, sheet *out)
{
    mig_error err = MIG_ERROR_INIT;
    assert_int_equal(mig_report_copy_json(result, sheet_sink, out, &err), 0);
    json_error_t where;
    json_t *document = json_loads(out->text, JSON_REJECT_DUPLICATES, &where);
    if (!document) {
        fail_msg("line %d: %s", where.line, where.text);
    }
    return document;
}

static json_int_t number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static const char *string_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    return text;
}

static void test_contract(void **state)
{
    (void)state;
    static sheet out;
    out = (sheet){.length = 0};
    mig_copy_result result = sample_result();
    json_t *document = report_of(&result, &out);

    assert_string_equal(string_at(document, "schema"), "mailmigrate.copy/1");
    assert_string_equal(string_at(document, "status"), "partial");
    assert_int_equal(number_at(document, "exit"), 1);
    json_t *account = json_array_get(json_object_get(document, "accounts"), 0);
    assert_string_equal(string_at(account, "source"), "u1@old");
    assert_string_equal(string_at(account, "target"), "u1@new");
    assert_true(json_is_null(json_object_get(account, "error")));

    json_t *folders = json_object_get(account, "folders");
    assert_int_equal(json_array_size(folders), 3);
    json_t *inbox = json_array_get(folders, 0);
    assert_string_equal(string_at(inbox, "role"), "inbox");
    assert_int_equal(number_at(inbox, "messages"), 2500);
    assert_int_equal(number_at(inbox, "copied"), 2490);
    assert_int_equal(number_at(inbox, "adopted"), 6);
    assert_int_equal(number_at(inbox, "already"), 3);
    assert_int_equal(number_at(inbox, "failed"), 1);
    assert_int_equal(number_at(inbox, "bytes"), 8603851);
    assert_string_equal(string_at(json_array_get(folders, 1), "source"), UMLAUT_NAME);

    json_t *problem = json_array_get(json_object_get(account, "problems"), 0);
    assert_string_equal(string_at(problem, "folder"), "INBOX");
    assert_int_equal(number_at(problem, "uid"), 17);
    assert_string_equal(string_at(problem, "code"), "too-big");
    assert_true(json_is_true(json_object_get(problem, "failed")));

    json_t *totals = json_object_get(document, "totals");
    assert_int_equal(number_at(totals, "messages"), 2512);
    assert_int_equal(number_at(totals, "round_trips"), 41);
    assert_true(json_real_value(json_object_get(totals, "seconds")) == 12.5);
    json_decref(document);
}

static void test_hostile_names(void **state)
{
    (void)state;
    static sheet out;
    out = (sheet){.length = 0};
    mig_copy_result result = sample_result();
    json_t *document = report_of(&result, &out);
    for (size_t i = 0; i < out.length; i++) {
        assert_true(out.text[i] == '\n' || (out.text[i] >= ' ' && out.text[i] <= '~'));
    }
    json_t *account = json_array_get(json_object_get(document, "accounts"), 0);
    json_t *folder = json_array_get(json_object_get(account, "folders"), 2);
    /* exact for the reader, but for the octet that is no UTF-8 */
    assert_string_equal(string_at(folder, "source"), "a\x1b[2Jb" RIGHT_TO_LEFT "c\xef\xbf\xbd\"\\\r\nd\xc2\x9b");
    json_decref(document);
}

static void test_failed_account(void **state)
{
    (void)state;
    static sheet out;
    out = (sheet){.length = 0};
    mig_account_result account = {.source = "u1@old", .target = "u1@new", .status = MIG_FAILED};
    mig_error_set(&account.error, MIG_E_AUTH, "login refused");
    mig_error_server(&account.error, "NO go away", 10);
    mig_copy_result result = {.status = MIG_FAILED, .exit_status = 3, .accounts = &account, .account_count = 1};
    json_t *document = report_of(&result, &out);
    json_t *error = json_object_get(json_array_get(json_object_get(document, "accounts"), 0), "error");
    assert_string_equal(string_at(error, "code"), "auth");
    assert_string_equal(string_at(error, "text"), "login refused");
    assert_string_equal(string_at(error, "server"), "NO go away");
    json_decref(document);
}

static void test_numbers_beyond_json(void **state)
{
    (void)state;
    static sheet out;
    out = (sheet){.length = 0};
    mig_copy_result result = {.status = MIG_COMPLETE, .totals = {.bytes = UINT64_MAX}};
    json_t *document = report_of(&result, &out);
    assert_true(number_at(json_object_get(document, "totals"), "bytes") == INT64_MAX);
    assert_int_equal(json_array_size(json_object_get(document, "accounts")), 0);
    json_decref(document);
}

static void test_every_refusal(void **state)
{
    (void)state;
    static sheet out;
    out = (sheet){.length = 0};
    mig_copy_result result = sample_result();
    mig_error err = MIG_ERROR_INIT;
    assert_int_equal(mig_report_copy_json(&result, sheet_sink, &out, &err), 0);
    const size_t pieces = out.pieces;
    assert_true(pieces > 20);
    for (size_t n = 1; n <= pieces; n++) {
        out = (sheet){.refuse_at = n};
        err = (mig_error)MIG_ERROR_INIT;
        assert_int_equal(mig_report_copy_json(&result, sheet_sink, &out, &err), -1);
        assert_int_equal(err.code, MIG_E_IO);
        assert_true(out.pieces == n);
    }
}

/* The part of JSON Schema that docs/schemas uses. */
static bool has_type(const char *type, const json_t *value)
{
    return (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) ||
           (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "number") == 0 && json_is_number(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "null") == 0 && json_is_null(value));
}

static const json_t *resolve(const json_t *root, const json_t *schema)
{
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    if (!reference) {
        return schema;
    }
    assert_int_equal(strncmp(reference, "#/$defs/", 8), 0);
    const json_t *found = json_object_get(json_object_get(root, "$defs"), reference + 8);
    assert_non_null(found);
    return found;
}

static bool one_of(const json_t *choices, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(choices); i++) {
        if (json_equal(json_array_get(choices, i), value)) {
            return true;
        }
    }
    return false;
}

static bool type_fits(const json_t *type, const json_t *value)
{
    if (json_is_string(type)) {
        return has_type(json_string_value(type), value);
    }
    for (size_t i = 0; i < json_array_size(type); i++) {
        if (has_type(json_string_value(json_array_get(type, i)), value)) {
            return true;
        }
    }
    return false;
}

static bool valid(const json_t *root, const json_t *schema, const json_t *value)
{
    schema = resolve(root, schema);
    if (!type_fits(json_object_get(schema, "type"), value)) {
        return false;
    }
    if (json_object_get(schema, "enum") && !one_of(json_object_get(schema, "enum"), value)) {
        return false;
    }
    if (json_object_get(schema, "minimum") && json_number_value(value) < 0) {
        return false;
    }
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (!valid(root, json_object_get(schema, "items"), json_array_get(value, i))) {
                return false;
            }
        }
    }
    if (!json_is_object(value)) {
        return true;
    }
    const json_t *required = json_object_get(schema, "required");
    for (size_t i = 0; i < json_array_size(required); i++) {
        if (!json_object_get(value, json_string_value(json_array_get(required, i)))) {
            return false;
        }
    }
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        const json_t *property = json_object_get(json_object_get(schema, "properties"), key);
        if (!property || !valid(root, property, member)) {
            return false;
        }
    }
    return true;
}

static void test_schema(void **state)
{
    (void)state;
    static sheet out;
    out = (sheet){.length = 0};
    json_error_t where;
    json_t *schema = json_load_file("../docs/schemas/copy-1.json", 0, &where);
    if (!schema) {
        fail_msg("the schema, line %d: %s", where.line, where.text);
    }

    mig_copy_result result = sample_result();
    mig_account_result accounts[2] = {sample_accounts[0], {.source = "b@old", .target = "b@new", .status = MIG_FAILED}};
    mig_error_set(&accounts[1].error, MIG_E_DNS, "no such host");
    result.accounts = accounts;
    result.account_count = 2;
    json_t *document = report_of(&result, &out);
    assert_true(valid(schema, schema, document));

    /* and the check can fail: another status, a member too many, one too few */
    json_t *folder =
        json_array_get(json_object_get(json_array_get(json_object_get(document, "accounts"), 0), "folders"), 0);
    json_object_set_new(document, "status", json_string("perhaps"));
    assert_false(valid(schema, schema, document));
    json_object_set_new(document, "status", json_string("partial"));
    json_object_set_new(folder, "surprise", json_true());
    assert_false(valid(schema, schema, document));
    json_object_del(folder, "surprise");
    assert_true(valid(schema, schema, document));
    json_object_del(folder, "copied");
    assert_false(valid(schema, schema, document));
    json_decref(document);
    json_decref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract),       cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_failed_account), cmocka_unit_test(test_numbers_beyond_json),
        cmocka_unit_test(test_every_refusal),  cmocka_unit_test(test_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
