/* What is said by name: places of values, levels, what excludes each other, and where what is wrong stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "options/table.h"
#include <migrate/options.h>
#include <stdio.h>
#include <string.h>

static mig_error err;
static const mig_origin plan = {MIG_LEVEL_PLAN, "plan.yaml", 3}, account = {MIG_LEVEL_ACCOUNT, "list.csv", 7};

static mig_settings *new_settings(mig_verb verb)
{
    err = (mig_error)MIG_ERROR_INIT;
    mig_settings *settings = mig_settings_new(verb, &err);
    assert_non_null(settings);
    return settings;
}

static void set(mig_settings *settings, const mig_origin *from, const char *name, const char *value)
{
    if (mig_option_set(settings, from, name, value, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

static mig_settings *pair(mig_verb verb)
{
    mig_settings *settings = new_settings(verb);
    set(settings, NULL, "source", "imaps://u@old");
    set(settings, NULL, "target", "imaps://v@new");
    return settings;
}

/* ---- the table ---- */

/* That is not what the option means anyhow. */
static const char *good_value(const mig__option *option)
{
    if (option->choices != NULL) {
        return option->choices[option->is.group == MIG_OPTIONS_STOCK ? 0 : 1];
    }
    static const char *const values[] = {[MIG__TYPE_TEXT] = "text",
                                         [MIG__TYPE_TEXTS] = "text",
                                         [MIG__TYPE_RULES] = "a=b",
                                         [MIG__TYPE_SWITCH] = "true",
                                         [MIG__TYPE_COUNT] = "true",
                                         [MIG__TYPE_NUMBER] = "7",
                                         [MIG__TYPE_SECONDS] = "9",
                                         [MIG__TYPE_SIZE] = "1K",
                                         [MIG__TYPE_DATE] = "2020-02-29",
                                         [MIG__TYPE_TIME] = "06:00",
                                         [MIG__TYPE_PERCENT] = "5",
                                         [MIG__TYPE_SEED] = "77",
                                         [MIG__TYPE_STEPS] = "copy",
                                         [MIG__TYPE_PROVIDER] = "gmail",
                                         [MIG__TYPE_PIN] = "sha256//AAAA",
                                         [MIG__TYPE_HTTPS] = "https://h",
                                         [MIG__TYPE_AUTO] = "7",
                                         [MIG__TYPE_JUNK] = "max-age=30",
                                         [MIG__TYPE_SCANNER] = "clamd:/run/clamd.ctl"};
    return values[option->type];
}

/* Each option changes its own place of the settings and nothing else than that: no two share one by mistake. */
static void test_every_option_has_its_place(void **state)
{
    (void)state;
    size_t rows = 0;
    for (const mig_option *option = NULL; (option = mig_option_at(rows)) != NULL; rows++) {
        const mig__option *row = (const mig__option *)option; /* its first member */
        for (int verb = 0; verb < MIG_VERB_COUNT; verb++) {
            char name[MIG_OPTION_NAME];
            mig__option_name(row, MIG_SOURCE, name, sizeof name);
            if ((option->verbs & 1u << verb) == 0) {
                continue;
            }
            assert_ptr_equal(mig_option_find((mig_verb)verb, name), option); /* one of that name in each verb */
            mig_settings *with = new_settings((mig_verb)verb), *without = new_settings((mig_verb)verb);
            assert_false(mig_option_given(with, name));
            set(with, NULL, name, good_value(row));
            assert_true(mig_option_given(with, name));
            mig_settings_finish(with, MIG_SETTINGS_RUN, NULL, NULL, NULL);
            mig_settings_finish(without, MIG_SETTINGS_RUN, NULL, NULL, NULL);
            bool of_side = option->scope == MIG_OPTION_OF_SIDE;
            size_t at = of_side ? offsetof(mig_settings, sides) + row->place : row->place;
            size_t changed = 0;
            for (size_t i = 0; i < sizeof *with; i++) {
                bool differs = ((const char *)with)[i] != ((const char *)without)[i];
                changed += differs;
                if (differs && (i < at || i >= at + 8)) {
                    fail_msg("%s changes octet %zu, its place is %zu", name, i, at);
                }
            }
            assert_true(changed > 0);
            mig_settings_free(&with);
            mig_settings_free(&without);
        }
    }
    assert_true(rows > 60);
    assert_null(mig_option_at(rows + 1));
    assert_null(mig_option_find(MIG_VERB_COPY, "check-report"));
    assert_null(mig_option_find(MIG_VERB_ARCHIVE, "target-tls"));
    assert_null(mig_option_find(MIG_VERB_COPY, "source-force"));
    assert_null(mig_option_find(MIG_VERB_COPY, "tls"));
}

/* A plan is for four verbs, and can say all that these can be told on the command line, but to look at a report. */
static void test_plans_have_what_the_verbs_have(void **state)
{
    (void)state;
    const mig_option *option = NULL;
    for (size_t i = 0; (option = mig_option_at(i)) != NULL; i++) {
        const unsigned without = 1u << MIG_VERB_ARCHIVE | 1u << MIG_VERB_PROBE | 1u << MIG_VERB_DEDUP;
        bool only_archive = (option->verbs & ~without) == 0;
        bool of_a_report = strcmp(option->name, "check-report") == 0 || strcmp(option->name, "public-key") == 0;
        assert_int_equal(option->in_plan, !only_archive && !of_a_report && option->name[0] != '\0');
        assert_true(option->help != NULL && option->help[0] != '\0');
        assert_int_equal(option->kind == MIG_OPTION_SWITCH, option->argument == NULL);
    }
}

static void test_names(void **state)
{
    char near[MIG_OPTION_NAME];
    int number = 0;
    static const char *const names[] = {"copy", "verify"};
    (void)state;
    assert_string_equal(mig_option_suggest(MIG_VERB_COPY, "sorce-tls", near, sizeof near), "source-tls");
    assert_string_equal(mig_option_suggest(MIG_VERB_COPY, "conections", near, sizeof near), "connections");
    assert_null(mig_option_suggest(MIG_VERB_COPY, "frobnicate", near, sizeof near));
    assert_string_equal(mig_option_suggest(MIG_VERB_COPY, "authmech2", near, sizeof near),
                        "target-auth");                                                             /* imapsync */
    assert_string_equal(mig_option_suggest(MIG_VERB_COPY, "mailbox", near, sizeof near), "folder"); /* doveadm */
    assert_null(mig_option_suggest(MIG_VERB_INVENTORY, "deletios", near, sizeof near));
    assert_string_equal(mig_option_nearest("cpoy", names, 2), "copy");
    assert_string_equal(mig_verb_name(MIG_VERB_INVENTORY), "inventory");
    assert_string_equal(mig_verb_name(MIG_VERB_COUNT), "");
    assert_true(mig_option_number("7", 1, 7, &number));
    assert_int_equal(number, 7);
    assert_false(mig_option_number("8", 1, 7, &number));
    assert_true(mig_option_choice("verify", (const char *const[]){"copy", "verify", NULL}, &number));
    assert_int_equal(number, 1);
    assert_false(mig_option_choice("verif", (const char *const[]){"copy", "verify", NULL}, &number));
}

/* ---- taking values ---- */

static void test_bad_values(void **state)
{
    static const struct {
        const char *name, *value, *part;
    } cases[] = {{"max-size", "20Q", "\"20Q\" is not a size"},
                 {"connections", "33", "a number from 1 to 32"},
                 {"jobs", "0", "auto, or a number from 1 to 256"},
                 {"since", "2001-13-13", "YYYY-MM-DD"},
                 {"flags", "marge", "one of merge, source, keep"},
                 {"ordered", "perhaps", "ordered takes true or false"},
                 {"ordered", "", "a value that is not empty"},
                 {"map", "a", "FROM=TO"},
                 {"source-oauth", "magic", "one of google, microsoft, refresh, device"},
                 {"source-provider", "gmial", "nothing is known of a provider \"gmial\""},
                 {"webhook", "http://h", "https://"},
                 {"steps", "cop", "check, inventory, copy, verify, mend and domain"},
                 {"no-such", "x", "there is no option no-such"},
                 {"incremental", "true", "there is no option"},
                 {"until", NULL, "until needs a value"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mig_settings *settings = new_settings(MIG_VERB_RUN);
        assert_int_equal(mig_option_set(settings, &plan, cases[i].name, cases[i].value, &err), -1);
        assert_int_equal(err.code, MIG_E_USAGE);
        if (strstr(err.text, cases[i].part) == NULL || strstr(err.text, "--") != NULL) {
            fail_msg("%s", err.text);
        }
        assert_false(mig_option_given(settings, cases[i].name));
        assert_int_equal(mig_option_set(settings, NULL, cases[i].name, cases[i].value, &err), -1);
        assert_non_null(strstr(err.text, "--")); /* on the command line it is spelled so */
        mig_settings_free(&settings);
    }
}

/* The plan, the account, the command line: a later place wins, whatever the order in which they are read. */
static void test_levels(void **state)
{
    (void)state;
    mig_settings *settings = pair(MIG_VERB_COPY);
    set(settings, NULL, "exclude", "typed");
    set(settings, &plan, "connections", "8");
    set(settings, &account, "connections", "2");
    set(settings, &plan, "connections", "9");
    set(settings, &plan, "folder", "a");
    set(settings, &plan, "folder", "b");
    set(settings, &plan, "exclude", "of the plan");
    set(settings, &plan, "ordered", "yes");
    set(settings, &account, "ordered", "off");
    set(settings, NULL, "force", NULL);
    set(settings, &plan, "verbose", "true");
    set(settings, &plan, "verbose", "true");
    assert_int_equal(mig_settings_finish(settings, MIG_SETTINGS_WHOLE, NULL, NULL, &err), 0);
    assert_int_equal(settings->copy.effort.connections, 2);
    assert_string_equal(settings->copy.selection.folders[1], "b");
    assert_null(settings->copy.selection.folders[2]);
    assert_string_equal(settings->copy.selection.excludes[0], "typed");
    assert_null(settings->copy.selection.excludes[1]);
    assert_false(settings->copy.ordered);
    assert_true(settings->copy.force);
    assert_int_equal(settings->verbose, 2);
    assert_ptr_equal(settings->verify.selection.folders, settings->copy.selection.folders);
    mig_settings_free(&settings);
}

/* Whatever proves who logs in replaces everything above that proves it for the same side. */
static void test_proofs(void **state)
{
    (void)state;
    mig_settings *settings = pair(MIG_VERB_COPY);
    set(settings, &plan, "source-password-file", "all");
    set(settings, &plan, "target-password-file", "all");
    set(settings, &plan, "source-oauth-tenant", "t");
    set(settings, NULL, "source-token-command", "own");
    assert_int_equal(mig_settings_finish(settings, MIG_SETTINGS_WHOLE, NULL, NULL, &err), 0);
    assert_null(settings->sides[MIG_SOURCE].password_file);
    assert_null(settings->sides[MIG_SOURCE].oauth2.tenant);
    assert_string_equal(settings->sides[MIG_SOURCE].token_command, "own");
    assert_string_equal(settings->sides[MIG_TARGET].password_file, "all");
    assert_int_equal(settings->sides[MIG_SOURCE].endpoint.auth, MIG_AUTH_TOKEN);
    mig_settings_free(&settings);
}

/* One verb's words for another: what that does not have says nothing to it. */
static void test_add(void **state)
{
    (void)state;
    mig_settings *run = pair(MIG_VERB_RUN), *verify = new_settings(MIG_VERB_VERIFY);
    set(run, NULL, "dry-run", NULL);
    set(run, &plan, "map", "a=b");
    set(run, &plan, "map", "c=d");
    set(run, &account, "depth", "quick");
    set(verify, NULL, "depth", "full");
    assert_int_equal(mig_settings_add(verify, run, &err), 0);
    assert_int_equal(mig_settings_finish(verify, MIG_SETTINGS_WHOLE, NULL, NULL, &err), 0);
    assert_false(verify->copy.dry_run);
    assert_string_equal(verify->verify.selection.maps[1], "c=d");
    assert_int_equal(verify->verify.depth, MIG_DEPTH_FULL);
    assert_string_equal(verify->verify.target->user, "v");
    mig_settings_free(&run);
    mig_settings_free(&verify);
}

/* ---- what is wrong, and where ---- */

typedef struct told {
    char text[2048];
} told;

static void hear(const mig_origin *where, const mig_error *fault, void *context)
{
    told *t = context;
    size_t used = strlen(t->text);
    snprintf(t->text + used, sizeof t->text - used, "%s:%u: %s\n", where->file != NULL ? where->file : "-", where->line,
             fault->text);
}

static void test_every_fault_is_told_where_it_stands(void **state)
{
    (void)state;
    told t = {""};
    mig_settings *settings = new_settings(MIG_VERB_RUN);
    mig_settings_belong_to(settings, &account);
    set(settings, &account, "source", "imaps://u@old");
    set(settings, &account, "target", "maildir:/srv/u");
    set(settings, &plan, "since", "2021-01-01");
    set(settings, &account, "before", "2020-01-01");
    set(settings, &plan, "source-key", "k");
    set(settings, &plan, "target-pin", "sha256//AA");
    set(settings, &account, "seed", "5");
    assert_int_equal(mig_settings_finish(settings, MIG_SETTINGS_ACCOUNT, hear, &t, &err), -1);
    assert_string_equal(t.text, "plan.yaml:3: source-key needs source-cert\n"
                                "plan.yaml:3: target-pin: nobody logs in to files\n"
                                "plan.yaml:3: since 2021-01-01 and before 2020-01-01 leave no day\n"
                                "list.csv:7: seed belongs to sample\n");
    assert_int_equal(err.code, MIG_E_USAGE);
    assert_string_equal(err.text, "source-key needs source-cert");
    mig_settings_free(&settings);
}

/* An account without a URL of its own, of which the plan has said why, is looked at all the same. */
static void test_no_url(void **state)
{
    (void)state;
    told t = {""};
    mig_settings *settings = new_settings(MIG_VERB_COPY);
    mig_settings_belong_to(settings, &account);
    set(settings, &account, "source-password-file", "f");
    set(settings, &account, "source-password-command", "c");
    assert_int_equal(mig_settings_finish(settings, MIG_SETTINGS_ACCOUNT, hear, &t, &err), -1);
    assert_non_null(strstr(t.text, "source-password-file and source-password-command exclude each other"));
    assert_null(strstr(t.text, "URL"));
    mig_settings_free(&settings);
    settings = new_settings(MIG_VERB_COPY);
    assert_int_equal(mig_settings_finish(settings, MIG_SETTINGS_WHOLE, NULL, NULL, &err), -1);
    assert_non_null(strstr(err.text, "--source URL is missing"));
    mig_settings_free(&settings);
}

static void test_logins(void **state)
{
    static const struct {
        const char *options[5], *part;
    } cases[] = {
        {{"source-oauth-tenant=t"}, "--source-oauth-tenant needs --source-oauth"},
        {{"source-oauth=google", "source-password-file=f"}, "exclude each other"},
        {{"source-token-command=t", "source-auth=plain"}, "an access token goes with"},
        {{"target=imap://v@new", "target-tls=none", "target-cert=c"}, "--target-cert needs TLS"},
        {{"source-auth=external"}, "--source-auth external needs --source-cert"},
        {{"source-tunnel=ssh", "source-proxy=socks5://h"}, "a tunnel does not go through a proxy"},
        {{"source=maildir:/m", "source-tls=none"}, "--source-tls: nobody logs in to files"},
        {{"target=mbox:/m"}, "--target"},
        {{"source=imaps://u:hunter2@h"}, "--source"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mig_settings *settings = pair(MIG_VERB_COPY);
        for (size_t k = 0; cases[i].options[k] != NULL; k++) {
            char name[MIG_OPTION_NAME];
            const char *equals = strchr(cases[i].options[k], '=');
            snprintf(name, sizeof name, "%.*s", (int)(equals - cases[i].options[k]), cases[i].options[k]);
            set(settings, NULL, name, equals + 1);
        }
        assert_int_equal(mig_settings_finish(settings, MIG_SETTINGS_WHOLE, NULL, NULL, &err), -1);
        if (strstr(err.text, cases[i].part) == NULL || strstr(err.text, "hunter2") != NULL) {
            fail_msg("%zu: %s", i, err.text);
        }
        mig_settings_free(&settings);
    }
}

static void test_nobody_to_ask(void **state)
{
    (void)state;
    mig_settings *settings = pair(MIG_VERB_COPY);
    assert_int_equal(mig_settings_finish(settings, MIG_SETTINGS_WHOLE, NULL, NULL, &err), 0);
    assert_int_equal(mig_settings_prepare(settings, NULL, &err), -1);
    assert_int_equal(err.code, MIG_E_SECRET);
    assert_non_null(strstr(err.text, "the password of the source"));
    mig_settings_free(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option_has_its_place),
        cmocka_unit_test(test_plans_have_what_the_verbs_have),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_proofs),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_every_fault_is_told_where_it_stands),
        cmocka_unit_test(test_no_url),
        cmocka_unit_test(test_logins),
        cmocka_unit_test(test_nobody_to_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
