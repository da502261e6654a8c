/* The options of mailmigrate-verify that the copy does not have. */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static const cli_tool tool = {"mailmigrate-verify", "--source URL --target URL", MIG_VERB_VERIFY};
static cli_options options;
static mig_error err;

#define SIDES "--source", "imaps://u1%40old.example@old", "--target", "imap://u1@127.0.0.1:1143"

/* Parse the arguments, up to a NULL. */
static int parse(const char *const *arguments)
{
    const char *argv[40] = {"mailmigrate-verify"};
    int argc = 1;
    while (arguments[argc - 1]) {
        argv[argc] = arguments[argc - 1];
        argc++;
    }
    err = (mig_error)MIG_ERROR_INIT;
    return cli_options_parse(&options, &tool, argc, argv, &err);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

#define REFUSED(part, ...)                                                                                             \
    do {                                                                                                               \
        char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];                                                 \
        assert_int_equal(PARSE(__VA_ARGS__), -1);                                                                      \
        assert_int_equal(err.code, MIG_E_USAGE);                                                                       \
        if (!strstr(mig_error_line(&err, line, sizeof line), part))                                                    \
            fail_msg("\"%s\" is not in \"%s\"", part, line);                                                           \
        cli_options_clear(&options);                                                                                   \
    } while (0)

static void defaults(void **state)
{
    (void)state;
    assert_int_equal(PARSE(SIDES), 0);
    const mig_verify_options *verify = &options.settings->verify;
    assert_int_equal(options.action, CLI_RUN);
    assert_string_equal(verify->source->user, "u1@old.example");
    assert_int_equal(verify->target->port, 1143);
    assert_int_equal(verify->depth, MIG_DEPTH_FULL);
    assert_int_equal(verify->against, MIG_AGAINST_RECORD);
    assert_true(verify->sample <= 0);
    assert_null(verify->selection.folders);
    assert_true(options.settings->sides[MIG_SOURCE].only_named);
    assert_false(options.settings->sides[MIG_TARGET].only_named);
    cli_options_clear(&options);
}

static void everything(void **state)
{
    (void)state;
    assert_int_equal(PARSE(SIDES, "--against", "source", "--sample", "2.5", "--seed", "4294967295", "--folder", "A*",
                           "--exclude", "B", "--map", "C=D", "--connections", "7", "--patience", "9", "--state", "s",
                           "--html", "h", "--csv", "c", "--json", "j", "--sign", "k"),
                     0);
    const mig_verify_options *verify = &options.settings->verify;
    assert_int_equal(verify->against, MIG_AGAINST_SOURCE);
    assert_true(verify->sample > 2.49999 && verify->sample < 2.50001);
    assert_int_equal(verify->seed, 4294967295);
    assert_string_equal(verify->selection.folders[0], "A*");
    assert_string_equal(verify->selection.excludes[0], "B");
    assert_string_equal(verify->selection.maps[0], "C=D");
    assert_int_equal(verify->effort.connections, 7);
    assert_int_equal(verify->effort.patience_ms, 9000);
    assert_string_equal(verify->state_path, "s");
    assert_string_equal(options.settings->html_path, "h");
    assert_string_equal(options.settings->csv_path, "c");
    assert_string_equal(options.settings->json_path, "j");
    assert_string_equal(options.settings->sign_path, "k");
    assert_false(options.settings->sides[MIG_SOURCE].only_named);
    cli_options_clear(&options);
}

static void samples(void **state)
{
    (void)state;
    static const char *const good[] = {"5", "5%", "0.1", "99.999999", "12.50%"};
    static const char *const bad[] = {"0", "100", "-5", "5.", ".5", "5 %", "five", "0.0000001", "0.0", "5%%", "1e1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(PARSE(SIDES, "--sample", good[i]), 0);
        assert_true(options.settings->verify.sample > 0 && options.settings->verify.sample < 100);
        cli_options_clear(&options);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSED("percent", SIDES, "--sample", bad[i]);
    }
    REFUSED("4294967295", SIDES, "--sample", "5", "--seed", "4294967296");
    REFUSED("4294967295", SIDES, "--sample", "5", "--seed", "-1");
}

static void a_seed_is_chosen(void **state)
{
    uint64_t seeds[4];
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(PARSE(SIDES, "--sample", "5"), 0);
        seeds[i] = options.settings->verify.seed;
        cli_options_clear(&options);
    }
    assert_false(seeds[0] == seeds[1] && seeds[1] == seeds[2] && seeds[2] == seeds[3]);
}

static void what_excludes_each_other(void **state)
{
    (void)state;
    REFUSED("nothing to --sample", SIDES, "--depth", "quick", "--sample", "5");
    REFUSED("--seed belongs to --sample", SIDES, "--seed", "5");
    REFUSED("one of full, quick", SIDES, "--depth", "deep");
    REFUSED("one of state, source", SIDES, "--against", "record");
    REFUSED("--public-key belongs to --check-report", SIDES, "--public-key", "p");
    REFUSED("same place", SIDES, "--html", "x", "--csv", "x");
    REFUSED("standard output", SIDES, "--json", "-", "--sign", "k");
    REFUSED("no report to sign", SIDES, "--sign", "k");
    REFUSED("there is no option --dry-run", SIDES, "--dry-run");
    REFUSED("did you mean --sample", SIDES, "--sampel", "5");
}

static void checking_a_report(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--check-report", "r.json"), 0);
    assert_int_equal(options.action, CLI_CHECK_REPORT);
    assert_string_equal(options.settings->check_path, "r.json");
    assert_null(options.settings->public_key_path);
    cli_options_clear(&options);
    assert_int_equal(PARSE("--check-report", "r.json", "--public-key", "p.pem"), 0);
    assert_string_equal(options.settings->public_key_path, "p.pem");
    cli_options_clear(&options);
    REFUSED("needs no --source", "--check-report", "r", SIDES);
    REFUSED("writes no report", "--check-report", "r", "--html", "h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),          cmocka_unit_test(everything),
        cmocka_unit_test(samples),           cmocka_unit_test(a_seed_is_chosen),
        cmocka_unit_test(checking_a_report), cmocka_unit_test(what_excludes_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
