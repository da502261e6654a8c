/* The command line: what each option sets, and one line that names the culprit for everything that is wrong. */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static const cli_tool tool = {"mailmigrate-copy", "--source URL --target URL", MIG_VERB_COPY};
static cli_options options;
static mig_error err;

#define SIDES "--source", "imaps://u1%40old.example@old", "--target", "imap://u1@127.0.0.1:1143"

/* Parse the arguments, up to a NULL. */
static int parse(const char *const *arguments)
{
    const char *argv[40] = {"mailmigrate-copy"};
    int argc = 1;
    while (arguments[argc - 1]) {
        argv[argc] = arguments[argc - 1];
        argc++;
    }
    err = (mig_error)MIG_ERROR_INIT;
    return cli_options_parse(&options, &tool, argc, argv, &err);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void assert_text(const char *part)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig_error_line(&err, line, sizeof line);
    if (!strstr(line, part)) {
        fail_msg("\"%s\" is not in \"%s\"", part, line);
    }
}

static void assert_text_lacks(const char *part)
{
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    assert_null(strstr(mig_error_line(&err, line, sizeof line), part));
}

#define REFUSED(part, ...)                                                                                             \
    do {                                                                                                               \
        assert_int_equal(PARSE(__VA_ARGS__), -1);                                                                      \
        assert_int_equal(err.code, MIG_E_USAGE);                                                                       \
        assert_text(part);                                                                                             \
        cli_options_clear(&options);                                                                                   \
    } while (0)

static void test_defaults(void **state)
{
    (void)state;
    assert_int_equal(PARSE(SIDES), 0);
    assert_int_equal(options.action, CLI_RUN);
    const mig_endpoint *source = options.settings->copy.source;
    const mig_endpoint *target = options.settings->copy.target;
    assert_string_equal(source->user, "u1@old.example");
    assert_string_equal(source->host, "old");
    assert_int_equal(source->port, 993);
    assert_int_equal(source->tls, MIG_TLS_IMPLICIT);
    assert_int_equal(source->compress, -1);
    assert_int_equal(target->port, 1143);
    assert_int_equal(target->tls, MIG_TLS_STARTTLS);
    assert_false(target->allow_cleartext);
    assert_null(options.settings->copy.selection.folders);
    assert_int_equal(options.settings->copy.flags, MIG_FLAGS_MERGE);
    assert_int_equal(options.settings->copy.deletions, MIG_DELETIONS_KEEP);
    assert_false(options.settings->copy.dry_run);
    assert_int_equal(cli_options_terminal_level(options.settings), MIG_LOG_WARNING);
    assert_int_equal(cli_options_file_level(options.settings), MIG_LOG_INFO);
    cli_options_clear(&options);
}

static void test_server_options(void **state)
{
    (void)state;
    assert_int_equal(PARSE(SIDES, "--target-tls", "none", "--source-auth", "scram-sha-256", "--source-authzid", "boss",
                           "--ca-file", "all.pem", "--target-ca-file=one.pem", "--source-pin", "sha256//AAAA",
                           "--tls-min", "1.3", "--compress", "off", "--timeout", "5", "--connect-timeout", "2",
                           "--patience", "7", "--allow-cleartext"),
                     0);
    const mig_endpoint *source = options.settings->copy.source;
    const mig_endpoint *target = options.settings->copy.target;
    assert_int_equal(target->tls, MIG_TLS_NONE);
    assert_int_equal(source->tls, MIG_TLS_IMPLICIT);
    assert_int_equal(source->auth, MIG_AUTH_SCRAM_SHA_256);
    assert_int_equal(target->auth, MIG_AUTH_AUTO);
    assert_string_equal(source->authzid, "boss");
    assert_string_equal(source->ca_file, "all.pem");
    assert_string_equal(target->ca_file, "one.pem");
    assert_string_equal(source->pin, "sha256//AAAA");
    assert_null(target->pin);
    assert_int_equal(source->tls_min, 13);
    assert_int_equal(target->compress, 0);
    assert_int_equal(source->timeout_ms, 5000);
    assert_int_equal(target->connect_timeout_ms, 2000);
    assert_int_equal(options.settings->copy.effort.patience_ms, 7000);
    assert_true(source->allow_cleartext);
    cli_options_clear(&options);
}

static void test_every_mechanism(void **state)
{
    (void)state;
    const struct {
        const char *name;
        mig_auth auth;
    } all[] = {{"auto", MIG_AUTH_AUTO},
               {"plain", MIG_AUTH_PLAIN},
               {"login", MIG_AUTH_LOGIN},
               {"cram-md5", MIG_AUTH_CRAM_MD5},
               {"xoauth2", MIG_AUTH_XOAUTH2},
               {"oauthbearer", MIG_AUTH_OAUTHBEARER},
               {"scram-sha-1", MIG_AUTH_SCRAM_SHA_1},
               {"scram-sha-256", MIG_AUTH_SCRAM_SHA_256}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(PARSE(SIDES, "--target-auth", all[i].name), 0);
        assert_int_equal(options.settings->copy.target->auth, all[i].auth);
        cli_options_clear(&options);
    }
}

static void test_copy_options(void **state)
{
    (void)state;
    assert_int_equal(PARSE(SIDES, "--folder", "INBOX", "--folder", "Work*", "--exclude", "Junk", "--map", "A=B",
                           "--since", "2020-01-01", "--before", "2021-01-01", "--max-size", "25M", "--connections", "8",
                           "--max-rate", "10M", "--daily-limit", "500M", "--until", "06:00", "--ordered", "--flags",
                           "source", "--deletions", "expunge", "--force", "--state", "s.db", "--dry-run"),
                     0);
    const mig_copy_options *copy = &options.settings->copy;
    assert_string_equal(copy->selection.folders[0], "INBOX");
    assert_string_equal(copy->selection.folders[1], "Work*");
    assert_null(copy->selection.folders[2]);
    assert_string_equal(copy->selection.excludes[0], "Junk");
    assert_string_equal(copy->selection.maps[0], "A=B");
    assert_string_equal(copy->selection.since, "2020-01-01");
    assert_string_equal(copy->selection.before, "2021-01-01");
    assert_true(copy->selection.max_size == 25 << 20);
    assert_int_equal(copy->effort.connections, 8);
    assert_true(copy->max_rate == 10 << 20);
    assert_true(copy->daily_limit == 500 << 20);
    assert_string_equal(copy->until, "06:00");
    assert_true(copy->ordered && copy->force && copy->dry_run);
    assert_int_equal(copy->flags, MIG_FLAGS_SOURCE);
    assert_int_equal(copy->deletions, MIG_DELETIONS_EXPUNGE);
    assert_string_equal(copy->state_path, "s.db");
    cli_options_clear(&options);
}

static void test_output_options(void **state)
{
    (void)state;
    assert_int_equal(PARSE(SIDES, "--progress", "never", "-vv", "--json", "-", "--log", "run.log", "--trace"), 0);
    assert_int_equal(options.settings->progress, MIG_PROGRESS_NEVER);
    assert_string_equal(options.settings->json_path, "-");
    assert_string_equal(options.settings->log_path, "run.log");
    assert_int_equal(cli_options_terminal_level(options.settings), MIG_LOG_DEBUG);
    assert_int_equal(cli_options_file_level(options.settings), MIG_LOG_TRACE);
    cli_options_clear(&options);
    assert_int_equal(PARSE(SIDES, "--trace"), 0);
    assert_int_equal(cli_options_terminal_level(options.settings), MIG_LOG_TRACE);
    cli_options_clear(&options);
    assert_int_equal(PARSE(SIDES, "-q"), 0);
    assert_int_equal(cli_options_terminal_level(options.settings), MIG_LOG_ERROR);
    cli_options_clear(&options);
}

static void test_bad_values(void **state)
{
    (void)state;
    REFUSED("--max-rate: \"fast\"", SIDES, "--max-rate", "fast");
    REFUSED("--daily-limit: \"0\"", SIDES, "--daily-limit", "0");
    REFUSED("--max-size: \"1.5M\"", SIDES, "--max-size", "1.5M");
    REFUSED("--connections: \"33\"", SIDES, "--connections", "33");
    REFUSED("--connections: \"0\"", SIDES, "--connections", "0");
    REFUSED("--until: \"24:00\"", SIDES, "--until", "24:00");
    REFUSED("--since: \"yesterday\"", SIDES, "--since", "yesterday");
    REFUSED("--before: \"2023-02-29\"", SIDES, "--before", "2023-02-29");
    REFUSED("--flags: \"some\" is not one of merge, source, keep", SIDES, "--flags", "some");
    REFUSED("--deletions: \"yes\"", SIDES, "--deletions", "yes");
    REFUSED("--progress: \"maybe\"", SIDES, "--progress", "maybe");
    REFUSED("--source-auth: \"ntlm\"", SIDES, "--source-auth", "ntlm");
    REFUSED("--target-tls: \"ssl\"", SIDES, "--target-tls", "ssl");
    REFUSED("--tls-min: \"1.1\"", SIDES, "--tls-min", "1.1");
    REFUSED("--compress: \"maybe\"", SIDES, "--compress", "maybe");
    REFUSED("--target-pin: \"md5//AA\"", SIDES, "--target-pin", "md5//AA");
    REFUSED("--map: \"INBOX\"", SIDES, "--map", "INBOX");
    REFUSED("--map: \"=x\"", SIDES, "--map", "=x");
    REFUSED("--timeout: \"0\"", SIDES, "--timeout", "0");
    REFUSED("--state needs a value", SIDES, "--state=");
    REFUSED("--json needs a value", SIDES, "--json");
}

static void test_contradictions(void **state)
{
    (void)state;
    REFUSED("leave no day", SIDES, "--since", "2021-01-01", "--before", "2021-01-01");
    REFUSED("--quiet and --verbose", SIDES, "-q", "-v");
    REFUSED("--source-tls none contradicts", SIDES, "--source-tls", "none");
    REFUSED("--target-tls implicit contradicts", SIDES, "--target-tls", "implicit");
    REFUSED("exclude each other", SIDES, "--source-password-file", "a", "--source-password-command", "b");
}

static void test_missing_and_unknown(void **state)
{
    (void)state;
    REFUSED("--source URL is missing", "--target", "imaps://u@h");
    REFUSED("--target URL is missing", "--source", "imaps://u@h");
    REFUSED("--source", "--source", "http://u@h", "--target", "imaps://u@h");
    REFUSED("there is no option --sorce", "--sorce", "imaps://u@h");
    assert_text("did you mean --source?");
    REFUSED("there is no option -Z", SIDES, "-Z");
    REFUSED("the accounts are in the plan plan.yaml", SIDES, "plan.yaml");
    REFUSED("\"b.yaml\" is not an option", "a.yaml", "b.yaml");
    assert_text("one plan");
    REFUSED("does not take", SIDES, "--force=yes");
}

/* Whatever holds a password is refused and never repeated. */
static void test_passwords(void **state)
{
    (void)state;
    REFUSED("--source-password is refused", SIDES, "--source-password", "hunter2");
    assert_text_lacks("hunter2");
    assert_text("--source-password-file");
    REFUSED("--target-password is refused", SIDES, "--target-password=hunter2");
    assert_text_lacks("hunter2");
    REFUSED("--password1 is refused", SIDES, "--password1", "hunter2");
    assert_text_lacks("hunter2");
    REFUSED("--source", "--source", "imaps://u:hunter2@h", "--target", "imaps://u@h");
    assert_text_lacks("hunter2");
    REFUSED("a URL stands alone", "imaps://u:hunter2@h", "imaps://u@h");
    assert_text_lacks("hunter2");
}

static void test_passwords_are_not_read_by_parsing(void **state)
{
    (void)state;
    assert_int_equal(PARSE(SIDES, "--source-password-file", "missing", "--target-password-command", "exit 1"), 0);
    assert_string_equal(options.settings->sides[MIG_SOURCE].password_file, "missing");
    assert_string_equal(options.settings->sides[MIG_TARGET].password_command, "exit 1");
    assert_null(options.settings->copy.source->secret);
    cli_options_clear(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),        cmocka_unit_test(test_server_options),
        cmocka_unit_test(test_every_mechanism), cmocka_unit_test(test_copy_options),
        cmocka_unit_test(test_output_options),  cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_contradictions),  cmocka_unit_test(test_missing_and_unknown),
        cmocka_unit_test(test_passwords),       cmocka_unit_test(test_passwords_are_not_read_by_parsing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
