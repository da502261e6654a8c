/* A Sieve script as a tree: every form of word, where it stands, and what is refused, by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sieve/script.h"
#include <stdlib.h>
#include <string.h>

static void show_arguments(const mig__sieve_script *s, const mig__sieve_node *node, mig__buffer *out)
{
    for (size_t i = node->first; i < node->first + node->count; i++) {
        const mig__sieve_argument *argument = &s->arguments[i];
        switch (argument->kind) {
        case MIG__SIEVE_ARGUMENT_TAG:
            mig__buffer_addf(out, " :%s", mig__sieve_tag(s, argument));
            break;
        case MIG__SIEVE_ARGUMENT_NUMBER:
            mig__buffer_addf(out, " %llu", (unsigned long long)argument->number);
            break;
        default:
            for (size_t n = argument->first; n < argument->first + argument->count; n++) {
                mig__buffer_addf(out, " '%s'@%u", mig__sieve_value(s, &s->strings[n]), s->strings[n].line);
            }
        }
    }
}

static void show(const mig__sieve_script *s, size_t first, mig__buffer *out)
{
    for (size_t i = first; i != MIG__SIEVE_NONE; i = s->nodes[i].next) {
        const mig__sieve_node *node = &s->nodes[i];
        mig__buffer_addf(out, "%u:%s", node->line, mig__sieve_name(s, node));
        show_arguments(s, node, out);
        if (node->tests != MIG__SIEVE_NONE) {
            mig__buffer_add_text(out, " (");
            show(s, node->tests, out);
            mig__buffer_add_text(out, ")");
        }
        if (node->has_block) {
            mig__buffer_add_text(out, " {");
            show(s, node->block, out);
            mig__buffer_add_text(out, "}");
        }
        mig__buffer_add_text(out, "; ");
    }
}

static void expect(const char *text, const char *tree)
{
    mig__sieve_script script;
    mig_error error = MIG_ERROR_INIT;
    mig__buffer out = MIG__BUFFER_INIT;
    if (mig__sieve_parse(text, strlen(text), &script, &error) != 0) {
        print_error("%s\n", error.text);
    }
    show(&script, script.commands, &out);
    assert_string_equal(out.data != NULL ? out.data : "", tree);
    mig__buffer_free(&out);
    mig__sieve_script_clear(&script);
}

static void test_words(void **state)
{
    (void)state;
    expect("", "");
    expect("# nothing\r\n/* at\r\nall */", "");
    expect("\xef\xbb\xbfkeep;", "1:keep; ");
    expect("KEEP ;Stop;", "1:keep; 1:stop; ");
    expect("x \"a\\\"b\\\\c\\d\" [\"1\",\"2\"] [] 10 2K 3m 1G :Tag;",
           "1:x 'a\"b\\cd'@1 '1'@1 '2'@1 10 2048 3145728 1073741824 :tag; ");
    expect("x \"two\r\nlines\"; y;", "1:x 'two\r\nlines'@1; 2:y; ");
    expect("x text: # why\r\nHello\r\n..dots\r\n.more\r\n.\r\n;\r\ny;", "1:x 'Hello\r\n.dots\r\n.more\r\n'@1; 7:y; ");
    expect("x text:\n.\n;", "1:x ''@1; ");
}

static void test_tree(void **state)
{
    (void)state;
    expect("require [\"fileinto\", \"copy\"];\r\n"
           "if anyof (header :contains \"Subject\" \"sale\",\r\n"
           "          not address :is :domain \"from\" [\"a.example\"], true) {\r\n"
           "  fileinto :copy \"Shop\";\r\n"
           "} elsif size :over 1M { discard; stop; }\r\n"
           "else { }\r\n",
           "1:require 'fileinto'@1 'copy'@1; "
           "2:if (2:anyof (2:header :contains 'Subject'@2 'sale'@2; "
           "3:not (3:address :is :domain 'from'@3 'a.example'@3; ); 3:true; ); ) {4:fileinto :copy 'Shop'@4; }; "
           "5:elsif (5:size :over 1048576; ) {5:discard; 5:stop; }; 6:else {}; ");
    /* Extensions keep the grammar: what is not known is read all the same. */
    expect("foreverypart :name \"x\" { if mime :type \"c\" \"d\" { replace \"e\"; break; } }",
           "1:foreverypart :name 'x'@1 {1:if (1:mime :type 'c'@1 'd'@1; ) {1:replace 'e'@1; 1:break; }; }; ");
}

/* The octets of a string are where it can be replaced. */
static void test_places(void **state)
{
    (void)state;
    const char *text = "fileinto\r\n  \"Sent \\\"x\";";
    mig__sieve_script script;
    assert_int_equal(mig__sieve_parse(text, strlen(text), &script, NULL), 0);
    const mig__sieve_string *string = &script.strings[0];
    assert_int_equal(string->line, 2);
    assert_int_equal(string->to - string->from, 10);
    assert_memory_equal(text + string->from, "\"Sent \\\"x\"", 10);
    mig__sieve_script_clear(&script);
}

static void test_positional(void **state)
{
    (void)state;
    static const char *const valued[] = {"comparator", "days", NULL};
    const char *text = "vacation :days 7 :mime \"gone\"; address :comparator \"i\" :is \"from\" \"x\";";
    mig__sieve_script s;
    assert_int_equal(mig__sieve_parse(text, strlen(text), &s, NULL), 0);
    const mig__sieve_argument *argument = mig__sieve_positional(&s, &s.nodes[0], 0, valued);
    assert_string_equal(mig__sieve_value(&s, &s.strings[argument->first]), "gone");
    assert_null(mig__sieve_positional(&s, &s.nodes[0], 1, valued));
    argument = mig__sieve_positional(&s, &s.nodes[1], 1, valued);
    assert_string_equal(mig__sieve_value(&s, &s.strings[argument->first]), "x");
    assert_true(mig__sieve_has_tag(&s, &s.nodes[0], "mime"));
    assert_false(mig__sieve_has_tag(&s, &s.nodes[1], "mime"));
    mig__sieve_script_clear(&s);
}

static void refuse(const char *text, mig_code code, const char *words)
{
    mig__sieve_script script;
    mig_error error = MIG_ERROR_INIT;
    assert_int_equal(mig__sieve_parse(text, strlen(text), &script, &error), -1);
    assert_int_equal(error.code, code);
    if (strstr(error.text, words) == NULL) {
        print_error("%s\n", error.text);
    }
    assert_non_null(strstr(error.text, words));
    assert_int_equal(script.node_count, 0);
}

static void test_invalid(void **state)
{
    (void)state;
    refuse("keep", MIG_E_PROTOCOL, "line 1: a semicolon");
    refuse("\r\n\"x\";", MIG_E_PROTOCOL, "line 2: a command");
    refuse("x [\"a\" \"b\"];", MIG_E_PROTOCOL, "comma");
    refuse("x [1];", MIG_E_PROTOCOL, "string is missing");
    refuse("x \"a;", MIG_E_PROTOCOL, "closing quote");
    refuse("x text: y\r\n.\r\n;", MIG_E_PROTOCOL, "end its line");
    refuse("x text:\r\ny", MIG_E_PROTOCOL, "dot");
    refuse("/* x", MIG_E_PROTOCOL, "comment");
    refuse("if anyof (true { }", MIG_E_PROTOCOL, "list of tests");
    refuse("if true { keep;", MIG_E_PROTOCOL, "command");
    refuse("if true { keep; } }", MIG_E_PROTOCOL, "command");
    refuse("x 12a;", MIG_E_PROTOCOL, "letters");
    refuse("x 99999999999;", MIG_E_PROTOCOL, "too large");
    refuse("x @;", MIG_E_PROTOCOL, "no place");
    char deep[2 * 70 * 8] = "";
    for (int i = 0; i < 70; i++) {
        strcat(deep, "if not ");
    }
    refuse(deep, MIG_E_BOUNDS, "nested");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),      cmocka_unit_test(test_tree),    cmocka_unit_test(test_places),
        cmocka_unit_test(test_positional), cmocka_unit_test(test_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
