/* The progress line and the plain line: pure functions of a snapshot, the pace and the width. */
#include "cli/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define MIB (1024u * 1024u)

static mig_progress snapshot(double seconds, uint64_t done)
{
    return (mig_progress){.account = "u1@old",
                          .phase = "copying",
                          .folder = "INBOX",
                          .messages_total = 2500,
                          .messages_done = done,
                          .bytes_done = done * MIB,
                          .seconds = seconds};
}

/* One message of 1 MiB a second, for `seconds`. */
static cli_rate steady(int seconds)
{
    cli_rate rate = {.count = 0};
    for (int i = 0; i <= seconds; i++) {
        const mig_progress now = snapshot(i, (uint64_t)i);
        cli_rate_add(&rate, &now);
    }
    return rate;
}

static void test_rate(void **state)
{
    (void)state;
    double messages = -1, bytes = -1;
    cli_rate rate = steady(1);
    assert_false(cli_rate_now(&rate, &messages, &bytes)); /* too early to tell */
    rate = steady(100);
    assert_true(cli_rate_now(&rate, &messages, &bytes));
    assert_true(messages > 0.999 && messages < 1.001);
    assert_true(bytes > MIB * 0.999 && bytes < MIB * 1.001);

    /* samples that come too fast are dropped, and a burst long ago is forgotten */
    rate = (cli_rate){.count = 0};
    for (int i = 0; i < 1000; i++) {
        const mig_progress now = snapshot(i * 0.1, i < 100 ? (uint64_t)i * 100 : 10000);
        cli_rate_add(&rate, &now);
    }
    assert_true(rate.count == CLI_RATE_SAMPLES);
    assert_true(cli_rate_now(&rate, &messages, &bytes));
    assert_true(messages == 0);
}

static void test_line(void **state)
{
    (void)state;
    char line[512];
    const cli_rate rate = steady(100);
    mig_progress now = snapshot(100, 1234);
    assert_string_equal(cli_progress_line(&now, &rate, 100, line, sizeof line),
                        "INBOX  49%  1,234/2,500 messages, 1.2 GiB, 1.0 MiB/s, 21 min 06 s left");
    assert_string_equal(
        cli_progress_line(&now, &rate, 120, line, sizeof line),
        "INBOX  [#########-----------]  49%  1,234/2,500 messages, 1.2 GiB, 1.0 MiB/s, 21 min 06 s left");
    now.failed = 3;
    assert_non_null(strstr(cli_progress_line(&now, &rate, 100, line, sizeof line), ", 3 failed"));
    const cli_rate none = {.count = 0};
    assert_string_equal(cli_progress_line(&now, &none, 100, line, sizeof line),
                        "INBOX  49%  1,234/2,500 messages, 1.2 GiB, 3 failed");
    now = (mig_progress){.account = "u1@old", .phase = "connecting", .folder = ""};
    assert_string_equal(cli_progress_line(&now, &none, 100, line, sizeof line), "u1@old  connecting");
}

static void test_every_width(void **state)
{
    (void)state;
    const cli_rate rate = steady(100);
    const char *const folders[] = {"INBOX",
                                   "A very long folder name that will not fit on any line of a terminal at all",
                                   "Entw\xc3\xbcrfe/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e/\xf0\x9f\x93\xa7 e\xcc\x81",
                                   "\x1b[2Jevil\xe2\x80\xaename\xff"};
    for (size_t f = 0; f < sizeof folders / sizeof folders[0]; f++) {
        for (size_t width = 1; width < 150; width++) {
            char line[512];
            mig_progress now = snapshot(100, 1234);
            now.folder = folders[f];
            cli_progress_line(&now, &rate, width, line, sizeof line);
            assert_true(cli_text_width(line) <= width);
            for (const char *c = line; *c != '\0'; c++) {
                assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
            }
        }
    }
}

static void test_long_name_gives_way(void **state)
{
    (void)state;
    char line[512];
    const cli_rate none = {.count = 0};
    mig_progress now = snapshot(1, 1);
    now.folder = "0123456789012345678901234567890123456789";
    assert_string_equal(cli_progress_line(&now, &none, 44, line, sizeof line),
                        "012345678901\xe2\x80\xa6  0%  1/2,500 messages, 1.0 MiB");
    assert_int_equal(cli_text_width(line), 44);
}

static void test_width_of_text(void **state)
{
    (void)state;
    assert_int_equal(cli_text_width("abc"), 3);
    assert_int_equal(cli_text_width("\xc3\xbc"), 1);
    assert_int_equal(cli_text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
    assert_int_equal(cli_text_width("e\xcc\x81"), 1);
    char out[64];
    assert_string_equal(cli_text_fit("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 6, out, sizeof out),
                        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
    assert_string_equal(cli_text_fit("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 5, out, sizeof out),
                        "\xe6\x97\xa5\xe6\x9c\xac\xe2\x80\xa6");
    assert_string_equal(cli_text_fit("abc", 0, out, sizeof out), "");
}

static void test_plain(void **state)
{
    (void)state;
    char line[512];
    const cli_rate rate = steady(100);
    mig_progress now = snapshot(100, 1250);
    assert_string_equal(cli_progress_plain(&now, &rate, line, sizeof line),
                        "u1@old: copying INBOX: 1,250 of 2,500 messages (50%), 1.2 GiB, 1.0 MiB/s, 20 min 50 s left");
    now = (mig_progress){.account = "u1@old", .phase = "listing", .folder = ""};
    assert_string_equal(cli_progress_plain(&now, &rate, line, sizeof line), "u1@old: listing");
}

static size_t lines_in(FILE *file)
{
    size_t lines = 0;
    rewind(file);
    for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
        lines += c == '\n';
    }
    return lines;
}

/* Not a terminal: a line after the first second, at a change of phase, and every 30 seconds. */
static void test_plain_lines_over_time(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    cli_terminal terminal;
    cli_progress progress;
    cli_terminal_init(&terminal, file);
    cli_progress_init(&progress, &terminal, MIG_PROGRESS_AUTO, false);
    assert_false(progress.in_place);
    for (int i = 0; i < 900; i++) {
        mig_progress now = snapshot(i * 0.1, (uint64_t)i);
        now.phase = i < 50 ? "listing" : "copying";
        cli_progress_update(&now, &progress);
    }
    assert_int_equal(lines_in(file), 4); /* 1 s, 5 s, 35 s, 65 s */
    cli_terminal_destroy(&terminal);
    fclose(file);
}

static void test_modes(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    cli_terminal terminal;
    cli_progress progress;
    const mig_progress now = snapshot(1, 1);
    cli_terminal_init(&terminal, file);
    cli_progress_init(&progress, &terminal, MIG_PROGRESS_NEVER, false);
    cli_progress_update(&now, &progress);
    cli_progress_init(&progress, &terminal, MIG_PROGRESS_AUTO, true);
    cli_progress_update(&now, &progress);
    assert_int_equal(ftell(file), 0);

    cli_progress_init(&progress, &terminal, MIG_PROGRESS_ALWAYS, true);
    cli_progress_update(&now, &progress);
    cli_terminal_message(&terminal, "a message");
    cli_terminal_destroy(&terminal);
    char text[256] = "";
    rewind(file);
    const size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    assert_string_equal(
        text, "INBOX  0%  1/2,500 messages, 1.0 MiB\r\x1b[Ka message\n"); /* the line goes, then comes the message */
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_every_width),
        cmocka_unit_test(test_long_name_gives_way),
        cmocka_unit_test(test_width_of_text),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_plain_lines_over_time),
        cmocka_unit_test(test_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
