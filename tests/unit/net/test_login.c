/* test_login.c - what comes back from a browser, PKCE by the RFC's example, the file of a sign-in and its lock */
#include "net/login_private.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static bool parse(const char *text, mig__login_answer *out)
{
    return mig__login_parse(text, strlen(text), out);
}

static void test_answers(void **state)
{
    (void)state;
    mig__login_answer a;
    assert_true(parse("/?code=a%2Fb+c&state=s&iss=https%3A%2F%2Fi.example", &a));
    assert_string_equal(a.code, "a/b c");
    assert_string_equal(a.state, "s");
    assert_string_equal(a.issuer, "https://i.example");
    assert_true(parse("http://127.0.0.1:4711/?state=s&code=x#fragment&code=y", &a));
    assert_string_equal(a.code, "x");
    assert_true(parse("error=access_denied&error_description=no%1b%5b31m", &a));
    assert_string_equal(a.description, "no?[31m");
    static const char *const bad[] = {"",           "/",         "/?x=y",        "/?code=a&code=b",
                                      "/?code=%zz", "/?code=%4", "/?code=a%00b", "/?code=a%0ab",
                                      "/?code",     "/?code="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(parse(bad[i], &a));
        assert_string_equal(a.code, "");
    }
    char *longest = calloc(1, 9000);
    memset(longest, 'x', 8999);
    memcpy(longest, "code=", 5);
    assert_false(parse(longest, &a));
    free(longest);
}

static void test_whose_it_is(void **state)
{
    (void)state;
    mig__login_answer a = {.state = "abc"};
    assert_true(mig__login_is_ours(&a, "abc"));
    assert_false(mig__login_is_ours(&a, "abd"));
    assert_false(mig__login_is_ours(&a, "abcd"));
    a.state[0] = '\0';
    assert_false(mig__login_is_ours(&a, "abc"));
}

static mig_code judge(const char *code, const char *issuer, const char *error, const char *wanted, bool required)
{
    mig_error err = MIG_ERROR_INIT;
    mig__login_answer a = {.code = ""};
    snprintf(a.code, sizeof a.code, "%s", code);
    snprintf(a.issuer, sizeof a.issuer, "%s", issuer);
    snprintf(a.error, sizeof a.error, "%s", error);
    const int judged = mig__login_judge(&a, wanted, required, &err);
    assert_int_equal(judged == 0, err.code == MIG_OK);
    return err.code;
}

static void test_issuers(void **state)
{
    (void)state;
    assert_int_equal(judge("c", "https://i.example", "", "https://i.example", true), MIG_OK);
    assert_int_equal(judge("c", "https://i.example.attacker.example", "", "https://i.example", false), MIG_E_AUTH);
    assert_int_equal(judge("c", "https://i.example/tenant/v2.0", "", "https://i.example/", false), MIG_OK);
    assert_int_equal(judge("c", "https://i.example.attacker.example/", "", "https://i.example/", false), MIG_E_AUTH);
    assert_int_equal(judge("c", "", "", "https://i.example", false), MIG_OK);
    assert_int_equal(judge("c", "", "", "https://i.example", true), MIG_E_AUTH);
    assert_int_equal(judge("c", "whatever", "", NULL, false), MIG_OK);
    assert_int_equal(judge("c", "", "access_denied", NULL, false), MIG_E_AUTH);
    assert_int_equal(judge("", "", "", NULL, false), MIG_E_AUTH);
}

/* RFC 7636, appendix B. */
static void test_challenge(void **state)
{
    (void)state;
    char challenge[44], one[44], other[44];
    assert_int_equal(mig__login_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", challenge, NULL), 0);
    assert_string_equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    assert_int_equal(mig__login_random(one, NULL), 0);
    assert_int_equal(mig__login_random(other, NULL), 0);
    assert_int_equal(strlen(one), 43);
    assert_string_not_equal(one, other);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_file(void **state)
{
    (void)state;
    char directory[] = "/tmp/mig-login-XXXXXX", path[64], lock[80];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/token", directory);
    snprintf(lock, sizeof lock, "%s.lock", path);
    mig_error err = MIG_ERROR_INIT;
    mig__login_file *file = calloc(1, sizeof *file), *back = calloc(1, sizeof *back);
    snprintf(file->info.user, sizeof file->info.user, "ann");
    snprintf(file->info.token_url, sizeof file->info.token_url, "https://x.example/token");
    snprintf(file->token.refresh, sizeof file->token.refresh, "r1");
    file->info.ends = 4711;
    assert_int_equal(mig__login_file_write(path, file, &err), 0);
    assert_int_equal(mig__login_file_read(path, back, &err), 0);
    assert_string_equal(back->info.user, "ann");
    assert_string_equal(back->token.refresh, "r1");
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);

    snprintf(file->token.refresh, sizeof file->token.refresh, "r2");
    assert_int_equal(mig__login_file_update(path, &file->token, 4712, &err), 0);
    int64_t ends = 0;
    assert_int_equal(mig__login_file_tokens(path, &back->token, &ends, &err), 0);
    assert_string_equal(back->token.refresh, "r2");
    assert_int_equal(ends, 4712);

    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(mig__login_file_read(path, back, &err), -1);
    assert_int_equal(chmod(path, 0600), 0);
    write_text(path, "just-a-refresh-token\n");
    assert_int_equal(mig__login_file_read(path, back, &err), 1);
    write_text(path, "{\"schema\": \"mailmigrate.login/1\"}");
    assert_int_equal(mig__login_file_read(path, back, &err), -1);
    write_text(path, "{\"schema\": \"mailmigrate.login/1\", \"refresh_token\": \"x\", \"token_url\": \"http://x/\"}");
    assert_int_equal(mig__login_file_read(path, back, &err), -1);

    const int held = mig__login_file_lock(path, NULL, &err);
    assert_true(held >= 0);
    mig_stop stop = MIG_STOP_INIT;
    mig_stop_request(&stop);
    mig_stop_request(&stop);
    assert_int_equal(mig__login_file_lock(path, &stop, &err), -1);
    assert_int_equal(err.code, MIG_E_INTERRUPTED);
    close(held);
    const int again = mig__login_file_lock(path, NULL, &err);
    assert_true(again >= 0);
    close(again);
    free(file);
    free(back);
    unlink(path);
    unlink(lock);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),   cmocka_unit_test(test_whose_it_is), cmocka_unit_test(test_issuers),
        cmocka_unit_test(test_challenge), cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
