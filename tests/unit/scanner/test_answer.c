/* unit/scanner/test_answer.c - one answer of clamd, and what is none; where a scanner listens */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/address.h"
#include "scanner/answer.h"
#include <string.h>

static mig__answer read_text(const char *text)
{
    mig__answer answer;
    mig__answer_read(text, strlen(text), &answer);
    return answer;
}

static void assert_answer(const char *text, mig__answer_kind kind, uint32_t id, const char *words)
{
    mig__answer answer = read_text(text);
    assert_int_equal(answer.kind, kind);
    assert_int_equal(answer.id, id);
    assert_string_equal(answer.text, words);
}

static void reads_verdicts(void **state)
{
    (void)state;
    assert_answer("3: stream: OK", MIG__ANSWER_CLEAN, 3, "");
    assert_answer("17: fd[10]: OK", MIG__ANSWER_CLEAN, 17, "");
    assert_answer("4: stream: Eicar-Test-Signature FOUND", MIG__ANSWER_FOUND, 4, "Eicar-Test-Signature");
    assert_answer("4: stream: Eicar(44d88612:68) FOUND", MIG__ANSWER_FOUND, 4, "Eicar(44d88612:68)");
    assert_answer("1: fd[9]: A name with OK FOUND", MIG__ANSWER_FOUND, 1, "A name with OK");
}

static void what_was_not_looked_at_is_never_clean(void **state)
{
    (void)state;
    assert_answer("6: INSTREAM size limit exceeded. ERROR", MIG__ANSWER_TOO_BIG, 6, "INSTREAM size limit exceeded.");
    assert_answer("6: stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND", MIG__ANSWER_TOO_BIG, 6,
                  "Heuristics.Limits.Exceeded.MaxFileSize");
    assert_answer("2: stream: Can't allocate memory ERROR", MIG__ANSWER_ERROR, 2, "Can't allocate memory");
    assert_answer("2: No file descriptor received. ERROR", MIG__ANSWER_ERROR, 2, "No file descriptor received.");
}

static void what_is_no_answer_is_none(void **state)
{
    static const char *const texts[] = {"",
                                        "OK",
                                        "stream: OK",
                                        "0: stream: OK",
                                        "1:stream: OK",
                                        "1: stream: ok",
                                        "1: stream: OK ",
                                        "1: stream:OK",
                                        "1: stream: OKAY",
                                        "1: other: OK",
                                        "1: fd[]: OK",
                                        "1: fd[3: OK",
                                        "1: stream: FOUND",
                                        "1:  ERROR",
                                        "-1: stream: OK",
                                        "99999999999: stream: OK",
                                        "4294967296: stream: OK",
                                        "1: stream: Eicar FOUND and more",
                                        "UNKNOWN COMMAND"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        mig__answer answer = read_text(texts[i]);
        assert_int_equal(answer.kind, MIG__ANSWER_NONE);
    }
}

static void names_are_inert_and_bounded(void **state)
{
    char text[400] = "1: stream: ";
    (void)state;
    assert_answer("1: stream: \033[31m\x9b\xc3\xa9\n.b FOUND", MIG__ANSWER_FOUND, 1, "?[31m????.b");
    memset(text + strlen(text), 'n', 300);
    memcpy(text + 311, " FOUND", 7);
    mig__answer answer = read_text(text);
    assert_int_equal(answer.kind, MIG__ANSWER_FOUND);
    assert_int_equal(strlen(answer.text), MIG_SCAN_NAME - 1);
}

static void reads_the_version(void **state)
{
    (void)state;
    mig__answer answer = read_text("1: ClamAV 1.4.1/27412/Tue Oct  1 08:32:41 2024");
    assert_int_equal(answer.kind, MIG__ANSWER_VERSION);
    assert_string_equal(answer.text, "ClamAV 1.4.1/27412/Tue Oct  1 08:32:41 2024");
    assert_true(answer.database == 1727771561);
    assert_true(read_text("1: ClamAV 1.4.6").database == 0);
    assert_true(read_text("1: ClamAV 1.4.6/").database == 0);
    assert_true(read_text("1: ClamAV 1.4.6/27412/Tue Okt  1 08:32:41 2024").database == 0);
    assert_true(read_text("1: ClamAV 1.4.6/27412/Tue Oct 99 08:32:41 2024").database == 0);
    assert_true(read_text("1: ClamAV 1.4.6/27412/Tue Oct  1 08:32:41 2024 and more").database == 0);
}

static void reads_addresses(void **state)
{
    mig__scanner_address address;
    mig_error error;
    (void)state;
    assert_int_equal(mig__scanner_address_parse("clamd:/run/clamav/clamd.ctl", &address, &error), 0);
    assert_string_equal(address.path, "/run/clamav/clamd.ctl");
    assert_int_equal(mig__scanner_address_parse("clamd://127.0.0.1:3310", &address, &error), 0);
    assert_string_equal(address.path, "");
    assert_string_equal(address.host, "127.0.0.1");
    assert_int_equal(address.port, 3310);
    assert_int_equal(mig__scanner_address_parse("clamd://[::1]:3310", &address, &error), 0);
    assert_string_equal(address.host, "::1");
}

static void refuses_what_is_no_address(void **state)
{
    static const char *const texts[] = {"",
                                        "clamd",
                                        "clamd:",
                                        "clamd:run/clamd.ctl",
                                        "/run/clamav/clamd.ctl",
                                        "icap://127.0.0.1:1344",
                                        "clamd://",
                                        "clamd://host",
                                        "clamd://:3310",
                                        "clamd://host:0",
                                        "clamd://host:65536",
                                        "clamd://host:3310x",
                                        "clamd://[::1]",
                                        "clamd://[::1:3310",
                                        "clamd://me@host:3310",
                                        "clamd://ho st:3310"};
    char path[200] = "clamd:/";
    mig__scanner_address address;
    mig_error error;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(mig__scanner_address_parse(texts[i], &address, &error), -1);
        assert_int_equal(error.code, MIG_E_USAGE);
    }
    memset(path + 7, 'p', 150); /* longer than a socket's name can be */
    assert_int_equal(mig_scan_check(path, &error), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_verdicts),
        cmocka_unit_test(what_was_not_looked_at_is_never_clean),
        cmocka_unit_test(what_is_no_answer_is_none),
        cmocka_unit_test(names_are_inert_and_bounded),
        cmocka_unit_test(reads_the_version),
        cmocka_unit_test(reads_addresses),
        cmocka_unit_test(refuses_what_is_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
