/* JSON written piece by piece: the commas are the writer's, whatever is begun and ended. */
#include "report/json.h"
#include "report/sheet.h"

static const char *written(sheet *out, void (*write)(mig__json *json))
{
    *out = (sheet){0};
    mig__json json = {.sink = sheet_sink, .context = out};
    write(&json);
    assert_int_equal(mig__json_finish(&json, NULL), 0);
    return out->text;
}

static void nothing_inside(mig__json *json)
{
    mig__json_document(json, "s/1");
    mig__json_begin_member(json, "list", '[');
    mig__json_end(json);
    mig__json_begin_member(json, "object", '{');
    mig__json_end(json);
    mig__json_end(json);
}

static void everything(mig__json *json)
{
    mig__json_document(json, "s/1");
    mig__json_add_number(json, "n", 7);
    mig__json_begin_member(json, "list", '[');
    mig__json_begin(json, '{');
    mig__json_add_flag(json, "a", true);
    mig__json_add_optional(json, "b", "");
    mig__json_end(json);
    mig__json_item(json, json_pack("{s:i}", "c", 1));
    mig__json_item(json, mig__json_string("text"));
    mig__json_item(json, json_integer(2));
    mig__json_end(json);
    mig__json_key(json, "other");
    mig__json_document(&(mig__json){.sink = json->sink, .context = json->context}, "not ended");
    json->sink("}", 1, json->context);
    mig__json_add_text(json, "last", "x");
    mig__json_end(json);
}

static void test_commas(void **state)
{
    (void)state;
    static sheet out;
    assert_string_equal(written(&out, nothing_inside), "{\"schema\": \"s/1\",\n  \"list\": [],\n  \"object\": {}}\n");
    assert_string_equal(
        written(&out, everything),
        "{\"schema\": \"s/1\", \"n\": 7,\n  \"list\": [\n    {\"a\": true, \"b\": null},\n    {\"c\": 1}, "
        "\"text\", 2],\n  \"other\": {\"schema\": \"not ended\"}, \"last\": \"x\"}\n");
}

/* Deeper than any report is: an error, and no octet beyond the bounds. */
static void test_depth(void **state)
{
    (void)state;
    static sheet out;
    mig_error error;
    out = (sheet){0};
    mig__json json = {.sink = sheet_sink, .context = &out};
    for (int i = 0; i < 2 * MIG__JSON_DEPTH; i++) {
        mig__json_begin(&json, '[');
    }
    for (int i = 0; i < 2 * MIG__JSON_DEPTH; i++) {
        mig__json_end(&json);
    }
    assert_int_equal(mig__json_finish(&json, &error), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commas),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
