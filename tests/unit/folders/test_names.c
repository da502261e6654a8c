/* Globs, map rules, known names of roles, and the folding of case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/buffer.h"
#include "folders/plainer.h"
#include "base/unicode.h"
#include "folders/fold.h"
#include "folders/map.h"
#include "folders/rules.h"
#include <stdlib.h>
#include <string.h>

static void test_glob(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"*", "", true},
        {"**", "", true},
        {"*", "a/b/c", true},
        {"a*", "a/b/c", true},
        {"*c", "a/b/c", true},
        {"a*c", "a/b/c", true},
        {"a*b*d", "a/b/c", false},
        {"*b*", "a/b/c", true},
        {"a/*/c", "a/b/b/c", true},
        {"Work", "Work/2019", false},
        {"Work?2019", "Work/2019", true},
        {"W?rk", "Wörk", true}, /* a character, not an octet */
        {"W??rk", "Wörk", false},
        {"?", "日", true},
        {"?", "\xff", true}, /* wire octets count one by one */
        {"??", "a\xff", true},
        {"[Gmail]/*", "[Gmail]/Spam", true},
        {"[Gmail]/*", "G/Spam", false},
        {"work", "Work", false},
        {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"*abc", "ababcabc", true},
        {"*ab?", "abab", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (mig__glob(cases[i].pattern, cases[i].name) != cases[i].matches) {
            fail_msg("\"%s\" on \"%s\"", cases[i].pattern, cases[i].name);
        }
    }
}

/* The matcher takes no exponential time: 40 stars on 4,000 octets. */
static void test_glob_is_quick(void **state)
{
    (void)state;
    char pattern[82], name[4001];
    for (size_t i = 0; i < 80; i += 2) {
        memcpy(pattern + i, "*a", 2);
    }
    memcpy(pattern + 80, "b", 2);
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_false(mig__glob(pattern, name));
    pattern[80] = '\0';
    assert_true(mig__glob(pattern, name));
}

static void test_take(void **state)
{
    (void)state;
    const char *const folders[] = {"INBOX", "Work*", NULL};
    const char *const excludes[] = {"*/tmp", "Work/Secret*", NULL};
    mig__map_rules given = {.folders = folders, .excludes = excludes};
    mig__rules rules;
    assert_int_equal(mig__rules_read(&rules, &given, NULL), 0);
    assert_true(mig__rules_take(&rules, "INBOX"));
    assert_true(mig__rules_take(&rules, "Inbox"));
    assert_true(mig__rules_take(&rules, "Work"));
    assert_true(mig__rules_take(&rules, "Work/a"));
    assert_false(mig__rules_take(&rules, "Work/tmp"));
    assert_false(mig__rules_take(&rules, "Work/Secrets/x"));
    assert_false(mig__rules_take(&rules, "Play"));
    assert_true(mig__rules_named(&rules, "inbox"));
    assert_false(mig__rules_named(&rules, "Work"));
    mig__rules_free(&rules);

    assert_int_equal(mig__rules_read(&rules, NULL, NULL), 0);
    assert_true(mig__rules_take(&rules, "anything"));
    assert_false(mig__rules_named(&rules, "anything"));
    mig__rules_free(&rules);
}

static void test_maps(void **state)
{
    (void)state;
    const char *const maps[] = {"Work=Job", "Work/*=Job/Old/*", "*/x=x/*", "a\\=b=c\\=d",
                                "inbox=In", "back\\slash=b\\s", NULL};
    mig__map_rules given = {.maps = maps};
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"Work", "Job"},
        {"Work/", "Job/Old/"},
        {"Work/2019", "Job/Old/2019"},
        {"Work/a/b", "Job/Old/a/b"},
        {"Work/x", "Job/Old/x"}, /* the first that matches */
        {"Play/x", "x/Play"},
        {"work", NULL},
        {"a=b", "c=d"},
        {"INBOX", "In"},
        {"back\\slash", "b\\s"},
        {"", NULL},
    };
    mig__rules rules;
    assert_int_equal(mig__rules_read(&rules, &given, NULL), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *to;
        assert_int_equal(mig__rules_target(&rules, cases[i].from, &to, NULL), 0);
        if (cases[i].to == NULL) {
            assert_null(to);
        } else {
            assert_non_null(to);
            assert_string_equal(to, cases[i].to);
        }
        free(to);
    }
    mig__rules_free(&rules);
}

static void test_bad_maps(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *words;
    } cases[] = {
        {"Work", "no \"=\""},      {"a\\=b", "no \"=\""},      {"a=b=c", "more than one"}, {"=b", "name is missing"},
        {"a=", "name is missing"}, {"a*=b", "one \"*\""},      {"a=b*", "one \"*\""},      {"a**=b**", "one \"*\""},
        {"a*b*=c*", "one \"*\""},  {"caf\xe9=b", "not UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const maps[] = {"good=rule", cases[i].rule, NULL};
        mig__map_rules given = {.maps = maps};
        mig__rules rules;
        mig_error err = MIG_ERROR_INIT;
        assert_int_equal(mig__rules_read(&rules, &given, &err), -1);
        assert_int_equal(err.code, MIG_E_USAGE);
        if (strstr(err.text, cases[i].words) == NULL || err.hint[0] == '\0') {
            fail_msg("\"%s\": %s", cases[i].rule, err.text);
        }
    }
}

static void test_roles(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        mig_role role;
    } cases[] = {
        {"Sent", MIG_ROLE_SENT},
        {"SENT", MIG_ROLE_SENT},
        {"Sent Items", MIG_ROLE_SENT},
        {"Sent Messages", MIG_ROLE_SENT},
        {"Sent Mail", MIG_ROLE_SENT},
        {"Gesendet", MIG_ROLE_SENT},
        {"Gesendete Elemente", MIG_ROLE_SENT},
        {"Gesendete Objekte", MIG_ROLE_SENT},
        {"Éléments envoyés", MIG_ROLE_SENT},
        {"ÉLÉMENTS ENVOYÉS", MIG_ROLE_SENT},
        {"Messages envoyés", MIG_ROLE_SENT},
        {"Enviados", MIG_ROLE_SENT},
        {"Elementos enviados", MIG_ROLE_SENT},
        {"Posta inviata", MIG_ROLE_SENT},
        {"Verzonden items", MIG_ROLE_SENT},
        {"Itens Enviados", MIG_ROLE_SENT},
        {"Elementy wysłane", MIG_ROLE_SENT},
        {"Skickat", MIG_ROLE_SENT},
        {"Sendt post", MIG_ROLE_SENT},
        {"Sendte elementer", MIG_ROLE_SENT},
        {"Lähetetyt", MIG_ROLE_SENT},
        {"Odeslaná pošta", MIG_ROLE_SENT},
        {"Отправленные", MIG_ROLE_SENT},
        {"ОТПРАВЛЕННЫЕ", MIG_ROLE_SENT},
        {"送信済みアイテム", MIG_ROLE_SENT},
        {"已发送邮件", MIG_ROLE_SENT},
        {"寄件備份", MIG_ROLE_SENT},
        {"보낸편지함", MIG_ROLE_SENT},
        {"Gönderilmiş Öğeler", MIG_ROLE_SENT},
        {"Надіслані", MIG_ROLE_SENT},
        {"Elküldött elemek", MIG_ROLE_SENT},
        {"Απεσταλμένα", MIG_ROLE_SENT},
        {"ΑΠΕΣΤΑΛΜΈΝΑ", MIG_ROLE_SENT},
        {"Drafts", MIG_ROLE_DRAFTS},
        {"Entwürfe", MIG_ROLE_DRAFTS},
        {"Brouillons", MIG_ROLE_DRAFTS},
        {"Wersje robocze", MIG_ROLE_DRAFTS},
        {"Черновики", MIG_ROLE_DRAFTS},
        {"下書き", MIG_ROLE_DRAFTS},
        {"Junk Email", MIG_ROLE_JUNK},
        {"Junk E-mail", MIG_ROLE_JUNK},
        {"Spam", MIG_ROLE_JUNK},
        {"Bulk Mail", MIG_ROLE_JUNK},
        {"Courrier indésirable", MIG_ROLE_JUNK},
        {"İstenmeyen", MIG_ROLE_JUNK},
        {"迷惑メール", MIG_ROLE_JUNK},
        {"Trash", MIG_ROLE_TRASH},
        {"Deleted Items", MIG_ROLE_TRASH},
        {"Deleted Messages", MIG_ROLE_TRASH},
        {"Bin", MIG_ROLE_TRASH},
        {"Papierkorb", MIG_ROLE_TRASH},
        {"Gelöschte Elemente", MIG_ROLE_TRASH},
        {"Corbeille", MIG_ROLE_TRASH},
        {"Κάδος απορριμμάτων", MIG_ROLE_TRASH},
        {"ΚΆΔΟΣ ΑΠΟΡΡΙΜΜΆΤΩΝ", MIG_ROLE_TRASH},
        {"휴지통", MIG_ROLE_TRASH},
        {"Archive", MIG_ROLE_ARCHIVE},
        {"Archives", MIG_ROLE_ARCHIVE},
        {"Архів", MIG_ROLE_ARCHIVE},
        {"Archiwum", MIG_ROLE_ARCHIVE},
        /* views and INBOX are never told by a name, and neither is anything that merely begins like one */
        {"All Mail", MIG_ROLE_NONE},
        {"Starred", MIG_ROLE_NONE},
        {"Important", MIG_ROLE_NONE},
        {"INBOX", MIG_ROLE_NONE},
        {"Sent2", MIG_ROLE_NONE},
        {" Sent", MIG_ROLE_NONE},
        {"Work", MIG_ROLE_NONE},
        {"", MIG_ROLE_NONE},
        {"\xff\xfe", MIG_ROLE_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (mig__role_by_name(cases[i].name) != cases[i].role) {
            fail_msg("\"%s\" has role %s", cases[i].name, mig_role_name(mig__role_by_name(cases[i].name)));
        }
    }
    char *longest = calloc(1, 5001);
    assert_non_null(longest);
    memset(longest, 's', 5000);
    assert_int_equal(mig__role_by_name(longest), MIG_ROLE_NONE);
    free(longest);
}

static void test_role_names(void **state)
{
    (void)state;
    assert_string_equal(mig_role_name(MIG_ROLE_NONE), "");
    assert_string_equal(mig_role_name(MIG_ROLE_JUNK), "junk");
    assert_string_equal(mig_role_name(MIG_ROLE_COUNT), "");
    for (int role = MIG_ROLE_INBOX; role < MIG_ROLE_COUNT; role++) {
        assert_true(strlen(mig_role_name((mig_role)role)) > 2);
    }
}

static void test_plainer(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        char separator;
        const char *plainer; /* NULL: nothing to change */
    } cases[] = {
        {"INBOX/Work-1_2 (old), a+b=c@d", '/', NULL},
        {"INBOX.Work", '.', NULL},
        {"日本語", '/', NULL},
        {"", '/', NULL},
        {"He said \"no\"", '/', "He said _no_"},
        {"a/b.c:d", '.', "a_b.c_d"},
        {" a /.b./ ", '/', "_a_/_b_/_"},
        {"100% [x]\\*?", '\0', "100_ _x____"},
        {"a\tb\x7f", '/', "a_b_"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mig__buffer out = MIG__BUFFER_INIT;
        assert_int_equal(mig__plainer_name(cases[i].name, cases[i].separator, false, &out), cases[i].plainer != NULL);
        const char *expected = cases[i].plainer != NULL ? cases[i].plainer : cases[i].name;
        assert_string_equal(out.length > 0 ? out.data : "", expected);
        mig__buffer_free(&out);
    }
}

static void test_fold(void **state)
{
    (void)state;
    static const struct {
        const char *text, *folded;
    } cases[] = {
        {"ABCxyz [@`{]", "abcxyz [@`{]"},
        {"ÀÖ×ØÞßÿ", "àö×øþssÿ"},
        {"ĀāĹĺŊŋŸŹſ", "āāĺĺŋŋÿźs"},
        {"Ωμέγα ΣΊΣΥΦΟΣ Σίσυφος", "ωμέγα σίσυφοσ σίσυφοσ"},
        {"ЀЯЁѢҐ", "ѐяёѣґ"},
        {"İıI", "iıi"},
        {"Straße", "strasse"},
        {"U\xcc\x88", "ü"}, /* a combining diaeresis */
        {"Ệ", "ệ"},
        {"日本語", "日本語"},
        {"\xff"
         "A\xc3",
         "\xff"
         "a\xc3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mig__buffer out = MIG__BUFFER_INIT, again = MIG__BUFFER_INIT;
        mig__fold(cases[i].text, strlen(cases[i].text), &out);
        assert_string_equal(out.data, cases[i].folded);
        mig__fold(out.data, out.length, &again); /* nothing left to do */
        assert_string_equal(again.data, cases[i].folded);
        mig__buffer_free(&out);
        mig__buffer_free(&again);
    }
    assert_true(mig__is_inbox("iNbOx", 5));
    assert_false(mig__is_inbox("INBOX/", 6));
    assert_false(mig__is_inbox("INBO", 4));
    assert_false(mig__is_inbox("İNBOX", strlen("İNBOX")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_glob),       cmocka_unit_test(test_glob_is_quick), cmocka_unit_test(test_take),
        cmocka_unit_test(test_maps),       cmocka_unit_test(test_bad_maps),      cmocka_unit_test(test_roles),
        cmocka_unit_test(test_role_names), cmocka_unit_test(test_plainer),       cmocka_unit_test(test_fold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
