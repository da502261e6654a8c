/* Rules in words, and which of them Gmail does exactly alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sieve/words.h"
#include <stdlib.h>
#include <string.h>

/* "line: when => then\n" of each rule. */
static void expect(const char *text, const char *expected)
{
    mig__sieve_script script;
    mig_filter_rule *rules = NULL;
    size_t count = 0;
    mig__buffer out = MIG__BUFFER_INIT;
    assert_int_equal(mig__sieve_parse(text, strlen(text), &script, NULL), 0);
    assert_int_equal(mig__sieve_rules(&script, &rules, &count, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        mig__buffer_addf(&out, "%u: %s => %s\n", rules[i].line, rules[i].when, rules[i].then);
    }
    assert_string_equal(out.data != NULL ? out.data : "", expected);
    mig__buffer_free(&out);
    mig__sieve_rules_free(rules, count);
    mig__sieve_script_clear(&script);
}

static void test_words(void **state)
{
    (void)state;
    expect("require \"fileinto\";", "");
    expect("keep;", "1: always => leave it in the inbox\n");
    expect("if header :contains [\"Subject\", \"X-A\"] [\"a\", \"b\"] {\n fileinto \"C\"; stop;\n}",
           "1: the header \"Subject\" or \"X-A\" contains \"a\" or \"b\" => file it into \"C\"; go no further\n");
    expect("if allof (address :domain :is \"from\" \"a.example\", not size :over 1K) { fileinto :copy \"D\"; }",
           "1: (an address in \"from\", behind the @, is \"a.example\" and not (it is larger than 1024 octets)) => "
           "file a copy into \"D\"\n");
    expect("if exists \"x\" { discard; } else { redirect :copy \"a@b\"; }",
           "1: there is a header \"x\" => throw it away\n"
           "1: none of the rules just before => forward it to \"a@b\", and go on as if it had not been\n");
    expect("if true { addflag \"\\\\Seen\"; if false { stop; } keep; }",
           "1: always => mark it with \"\\Seen\"\n1: always, and never => go no further\n1: always => leave it in the "
           "inbox\n");
    expect("if true { }", "1: always => do nothing\n");
    expect("vacation :days 7 \"I am\r\naway\";", "1: always => answer it with \"I am  away\"\n");
}

/* What has no words of its own is shown as it is written, and nothing that acts on a terminal. */
static void test_as_written(void **state)
{
    (void)state;
    expect("if duplicate :header \"x\" { set :lower \"a\" \"b\"; }",
           "1: the test duplicate :header \"x\" => do: set :lower \"a\" \"b\"\n");
    expect("if header :value \"ge\" \"x\" \"2\" { keep; }",
           "1: the test header :value \"ge\" \"x\" \"2\" => leave it in the inbox\n");
    expect("fileinto \"\x1b[2J\";", "1: always => file it into \"?[2J\"\n");
}

/* The pairs of each rule, "name=value name=value|"; a rule that does not map is "-|". */
static void map(const char *text, const char *expected)
{
    mig__sieve_script script;
    mig_filter_rule *rules = NULL;
    size_t count = 0;
    mig__buffer out = MIG__BUFFER_INIT;
    assert_int_equal(mig__sieve_parse(text, strlen(text), &script, NULL), 0);
    assert_int_equal(mig__sieve_rules(&script, &rules, &count, NULL), 0);
    for (size_t i = 0; i < count; i++) {
        for (char **one = rules[i].gmail; one != NULL && *one != NULL; one += 2) {
            mig__buffer_addf(&out, "%s=%s ", one[0], one[1]);
        }
        mig__buffer_add_text(&out, rules[i].gmail == NULL ? "-|" : "|");
        assert_true((rules[i].gmail != NULL) != (rules[i].gmail_why != NULL));
    }
    assert_string_equal(out.data != NULL ? out.data : "", expected);
    mig__buffer_free(&out);
    mig__sieve_rules_free(rules, count);
    mig__sieve_script_clear(&script);
}

static void test_gmail(void **state)
{
    (void)state;
    map("if address :is \"From\" [\"a@b.example\", \"c@d.example\"] { fileinto \"L\"; }",
        "from=a@b.example OR c@d.example label=L shouldArchive=true |");
    map("if allof (address [\"to\", \"cc\"] \"a@b.example\", size :over 5K) { addflag [\"\\\\Seen\", \"\\\\Flagged\"]; "
        "fileinto :copy \"L\"; stop; }",
        "to=a@b.example size=5120 sizeOperator=s_sl sizeUnit=s_sb shouldMarkAsRead=true shouldStar=true label=L |");
}

/* Whatever is not the same there is not in the file. */
static void test_not_gmail(void **state)
{
    (void)state;
    static const char *const none[] = {
        "if header :contains \"subject\" \"x\" { fileinto \"L\"; }",
        "if address :contains \"from\" \"x\" { fileinto \"L\"; }",
        "if address :is \"from\" \"x\" { fileinto \"L\"; }",
        "if address :is \"from\" \"a@b OR c@d\" { fileinto \"L\"; }",
        "if address :is \"to\" \"a@b\" { fileinto \"L\"; }",
        "if address :comparator \"i;octet\" :is \"from\" \"a@b\" { fileinto \"L\"; }",
        "if address :domain :is \"from\" \"a@b\" { fileinto \"L\"; }",
        "if not address :is \"from\" \"a@b\" { fileinto \"L\"; }",
        "if anyof (size :over 1K, address :is \"from\" \"a@b\") { fileinto \"L\"; }",
        "if size :over 1K { discard; }",
        "if size :over 1K { redirect \"a@b\"; }",
        "if size :over 1K { fileinto \"INBOX\"; }",
        "if size :over 1K { fileinto \"a\"; fileinto \"b\"; }",
        "if size :over 1K { fileinto :flags \"x\" \"a\"; }",
        "if size :over 1K { addflag \"$label1\"; }",
        "if size :over 1K { fileinto \"a\"; addflag \"\\\\Seen\"; }",
        "if size :over 1K { keep; }",
        "fileinto \"a\";",
    };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        map(none[i], "-|");
    }
    map("if size :over 1K { fileinto \"a\"; }\nelse { fileinto \"b\"; }", "-|-|");
    map("if size :over 1K { fileinto \"a\"; } if size :over 2K { fileinto \"b\"; }", "-|-|");
    map("if size :over 1K { fileinto \"a\"; stop; }\nif size :over 2K { fileinto \"b\"; }",
        "size=1024 sizeOperator=s_sl sizeUnit=s_sb label=a shouldArchive=true |-|");
    map("if header \"x\" \"y\" { stop; }\nif size :over 2K { fileinto \"b\"; }", "-|-|");
    map("include \"x\";\nif size :over 2K { fileinto \"b\"; }", "-|-|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_as_written),
        cmocka_unit_test(test_gmail),
        cmocka_unit_test(test_not_gmail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
