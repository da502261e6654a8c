/*
 * unit/scanner/test_scanner.c - the dialogue with a scripted clamd: the very octets, pipelining, and each way to fail
 *
 * The script of a connection is read and written by a thread on a local socket: what is to come, to the octet, then
 * what is said. A connection beyond the scripts is refused, since nobody listens any more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/scanner.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct turn { /* what comes, then what is said; both NULL: the end of the connection */
    const char *comes;
    size_t comes_length;
    const char *said;
    size_t said_length;
} turn;

#define T(comes, said)                                                                                                 \
    {                                                                                                                  \
        comes, sizeof(comes) - 1, said, sizeof(said) - 1                                                               \
    }
#define OVER                                                                                                           \
    {                                                                                                                  \
        NULL, 0, NULL, 0                                                                                               \
    }
#define HELLO T("zIDSESSION\0zVERSION\0", "1: ClamAV 1.4.1/27412/Tue Oct  1 08:32:41 2024\0")

typedef struct script {
    const turn *const *connections; /* NULL at the end */
    char directory[40], name[64];   /* of the scanner: clamd:PATH */
    int listener, files;            /* descriptors that came along */
    pthread_t thread;
    char odd[200]; /* what did not come as it should */
} script;

/* Read exactly so many octets, and count the descriptors beside them. */
static size_t read_all(script *s, int fd, char *out, size_t length)
{
    size_t got = 0;
    while (got < length) {
        union {
            struct cmsghdr header;
            char room[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec piece = {out + got, length - got};
        struct msghdr message = {
            .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
        ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        if (n <= 0) {
            break;
        }
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        if (header != NULL && header->cmsg_type == SCM_RIGHTS) {
            int file;
            memcpy(&file, CMSG_DATA(header), sizeof file);
            close(file);
            s->files++;
        }
        got += (size_t)n;
    }
    return got;
}

static void play(script *s, int fd, const turn *turns)
{
    for (; turns->comes != NULL; turns++) {
        char *octets = calloc(1, turns->comes_length + 1);
        size_t got = read_all(s, fd, octets, turns->comes_length);
        if (got != turns->comes_length || memcmp(octets, turns->comes, got) != 0) {
            snprintf(s->odd, sizeof s->odd, "%zu of %zu octets came, or others", got, turns->comes_length);
        }
        free(octets);
        if (turns->said_length > 0 &&
            send(fd, turns->said, turns->said_length, MSG_NOSIGNAL) != (ssize_t)turns->said_length) {
            snprintf(s->odd, sizeof s->odd, "nobody listens");
        }
    }
}

static void *run_script(void *argument)
{
    script *s = argument;
    for (size_t i = 0; s->connections[i] != NULL; i++) {
        int fd = accept(s->listener, NULL, NULL);
        play(s, fd, s->connections[i]);
        close(fd);
    }
    close(s->listener);
    return NULL;
}

static void begin(script *s, const turn *const *connections)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *s = (script){.connections = connections};
    strcpy(s->directory, "/tmp/scanner.XXXXXX");
    assert_non_null(mkdtemp(s->directory));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/ctl", s->directory);
    snprintf(s->name, sizeof s->name, "clamd:%s/ctl", s->directory);
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, run_script, s), 0);
}

/* All that was to come has come. */
static void finish(script *s)
{
    char path[64];
    pthread_join(s->thread, NULL);
    snprintf(path, sizeof path, "%s/ctl", s->directory);
    unlink(path);
    rmdir(s->directory);
    assert_string_equal(s->odd, "");
}

static mig__scanner *scanner_of(const script *s, mig_scan *scan, int64_t patience_ms)
{
    mig_error error;
    scan->scanner = s->name;
    const mig__scanner_options options = {.scan = scan, .patience_ms = patience_ms};
    mig__scanner *scanner = mig__scanner_new(&options, &error);
    assert_non_null(scanner);
    return scanner;
}

static mig__scanner_item item_of(const char *octets)
{
    return (mig__scanner_item){.octets = octets, .fd = -1, .size = strlen(octets)};
}

static void assert_result(const mig__scanner_item *item, mig_scan_verdict verdict, const char *name)
{
    assert_true(item->done);
    assert_int_equal(item->result.verdict, verdict);
    assert_string_equal(item->result.name, name);
}

/* ---- as it should be ---- */

static void several_messages_go_out_at_once(void **state)
{
    static const turn turns[] = {HELLO,
                                 T("zINSTREAM\0\0\0\0\5hello\0\0\0\0"
                                   "zINSTREAM\0\0\0\0\3bad\0\0\0\0"
                                   "zINSTREAM\0\0\0\0\0",
                                   "3: stream: Test.Name FOUND\0"
                                   "4: stream: OK\0"
                                   "2: stream: OK\0"),
                                 OVER};
    static const turn *const connections[] = {turns, NULL};
    mig__scanner_item items[] = {item_of("hello"), item_of("bad"), item_of("")};
    mig_scan scan = MIG_SCAN_INIT;
    mig_error error;
    script s;
    (void)state;
    begin(&s, connections);
    mig__scanner *scanner = scanner_of(&s, &scan, 10000);
    assert_int_equal(mig__scanner_look(scanner, items, 3, &error), 0);
    assert_result(&items[0], MIG_SCAN_CLEAN, "");
    assert_result(&items[1], MIG_SCAN_INFECTED, "Test.Name");
    assert_result(&items[2], MIG_SCAN_CLEAN, "");
    assert_true(items[1].result.database == 1727771561);
    mig__scanner_free(&scanner);
    finish(&s);
}

static void a_connection_is_used_again(void **state)
{
    static const turn turns[] = {HELLO, T("zINSTREAM\0\0\0\0\1a\0\0\0\0", "2: stream: OK\0"),
                                 T("zINSTREAM\0\0\0\0\1b\0\0\0\0", "3: stream: B FOUND\0"), OVER};
    static const turn *const connections[] = {turns, NULL};
    mig__scanner_item a = item_of("a"), b = item_of("b");
    mig_scan scan = MIG_SCAN_INIT;
    mig_error error;
    script s;
    (void)state;
    begin(&s, connections);
    mig__scanner *scanner = scanner_of(&s, &scan, 10000);
    assert_int_equal(mig__scanner_look(scanner, &a, 1, &error), 0);
    assert_int_equal(mig__scanner_look(scanner, &b, 1, &error), 0);
    assert_result(&b, MIG_SCAN_INFECTED, "B");
    mig__scanner_free(&scanner);
    finish(&s);
}

/* The first file goes by its octets, which shows that its size is within the limit; then descriptors go. */
static void a_file_is_handed_over_once_its_size_is_known(void **state)
{
    static const turn turns[] = {HELLO, T("zINSTREAM\0\0\0\0\4file\0\0\0\0", "2: stream: OK\0"),
                                 T("zFILDES\0\0", "3: fd[7]: Found.It FOUND\0"), OVER};
    static const turn *const connections[] = {turns, NULL};
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite("file", 1, 4, file), 4);
    assert_int_equal(fflush(file), 0);
    mig__scanner_item first = {.fd = fileno(file), .size = 4}, second = {.fd = fileno(file), .size = 4};
    mig_scan scan = MIG_SCAN_INIT;
    mig_error error;
    script s;
    (void)state;
    begin(&s, connections);
    mig__scanner *scanner = scanner_of(&s, &scan, 10000);
    assert_int_equal(mig__scanner_look(scanner, &first, 1, &error), 0);
    assert_int_equal(mig__scanner_look(scanner, &second, 1, &error), 0);
    assert_result(&first, MIG_SCAN_CLEAN, "");
    assert_result(&second, MIG_SCAN_INFECTED, "Found.It");
    mig__scanner_free(&scanner);
    finish(&s);
    assert_int_equal(s.files, 1);
    fclose(file);
}

static void a_file_that_it_cannot_read_goes_by_its_octets(void **state)
{
    static const turn turns[] = {HELLO, T("zINSTREAM\0\0\0\0\4file\0\0\0\0", "2: stream: OK\0"),
                                 T("zFILDES\0\0", "3: fd[7]: Can't open file or directory ERROR\0"),
                                 T("zINSTREAM\0\0\0\0\4file\0\0\0\0", "4: stream: Found.It FOUND\0"), OVER};
    static const turn *const connections[] = {turns, NULL};
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite("file", 1, 4, file), 4);
    assert_int_equal(fflush(file), 0);
    mig__scanner_item first = {.fd = fileno(file), .size = 4}, second = {.fd = fileno(file), .size = 4};
    mig_scan scan = MIG_SCAN_INIT;
    mig_error error;
    script s;
    (void)state;
    begin(&s, connections);
    mig__scanner *scanner = scanner_of(&s, &scan, 10000);
    assert_int_equal(mig__scanner_look(scanner, &first, 1, &error), 0);
    assert_int_equal(mig__scanner_look(scanner, &second, 1, &error), 0);
    assert_result(&second, MIG_SCAN_INFECTED, "Found.It");
    mig__scanner_free(&scanner);
    finish(&s);
    fclose(file);
}

/* ---- too big ---- */

static void too_big_is_not_scanned_and_the_others_are(void **state)
{
    static const turn first[] = {HELLO,
                                 T("zINSTREAM\0\0\0\0\2ok\0\0\0\0"
                                   "zINSTREAM\0\0\0\0\5large\0\0\0\0",
                                   "3: INSTREAM size limit exceeded. ERROR\0"),
                                 OVER};
    static const turn second[] = {HELLO, T("zINSTREAM\0\0\0\0\2ok\0\0\0\0", "2: stream: OK\0"), OVER};
    static const turn *const connections[] = {first, second, NULL};
    mig__scanner_item items[] = {item_of("ok"), item_of("large")}, later = item_of("larger");
    mig_scan scan = MIG_SCAN_INIT;
    mig_error error;
    script s;
    (void)state;
    begin(&s, connections);
    mig__scanner *scanner = scanner_of(&s, &scan, 10000);
    assert_int_equal(mig__scanner_look(scanner, items, 2, &error), 0);
    assert_result(&items[0], MIG_SCAN_CLEAN, "");
    assert_result(&items[1], MIG_SCAN_NOT_SCANNED, "too big: INSTREAM size limit exceeded.");
    assert_int_equal(mig__scanner_look(scanner, &later, 1, &error), 0); /* nothing of it is sent */
    assert_result(&later, MIG_SCAN_NOT_SCANNED, "too big: the scanner took none of this size");
    mig__scanner_free(&scanner);
    finish(&s);
}

/* ---- what breaks ---- */

static void after_a_break_they_go_one_by_one(void **state)
{
    static const turn first[] = {
        HELLO, T("zINSTREAM\0\0\0\0\1a\0\0\0\0zINSTREAM\0\0\0\0\1b\0\0\0\0", "2: stream: OK\0"), OVER};
    static const turn second[] = {HELLO, T("zINSTREAM\0\0\0\0\1b\0\0\0\0", "2: stream: B FOUND\0"), OVER};
    static const turn *const connections[] = {first, second, NULL};
    mig__scanner_item items[] = {item_of("a"), item_of("b")};
    mig_scan scan = MIG_SCAN_INIT;
    mig_error error;
    script s;
    (void)state;
    begin(&s, connections);
    mig__scanner *scanner = scanner_of(&s, &scan, 10000);
    assert_int_equal(mig__scanner_look(scanner, items, 2, &error), 0);
    assert_result(&items[0], MIG_SCAN_CLEAN, "");
    assert_result(&items[1], MIG_SCAN_INFECTED, "B");
    mig__scanner_free(&scanner);
    finish(&s);
}

static void look_at_nonsense(const char *said, size_t length, const char *name)
{
    const turn turns[] = {HELLO, {"zINSTREAM\0\0\0\0\1a\0\0\0\0", 19, said, length}, OVER};
    const turn *const connections[] = {turns, turns, turns, turns, NULL};
    mig__scanner_item item = item_of("a");
    mig_scan scan = MIG_SCAN_INIT;
    mig_error error;
    script s;
    begin(&s, connections);
    mig__scanner *scanner = scanner_of(&s, &scan, 10000);
    assert_int_equal(mig__scanner_look(scanner, &item, 1, &error), 0);
    assert_result(&item, MIG_SCAN_NOT_SCANNED, name);
    mig__scanner_free(&scanner);
    finish(&s);
}

static void nonsense_is_never_a_verdict(void **state)
{
    char flood[2000];
    (void)state;
    memset(flood, 'x', sizeof flood);
#define NONSENSE(said, name) look_at_nonsense(said, sizeof(said) - 1, name)
    NONSENSE("2: stream: FINE\0", "error: invalid reply of the scanner");
    NONSENSE("3: stream: OK\0", "error: invalid reply of the scanner: it answers what was not asked");
    NONSENSE("1: stream: OK\0", "error: invalid reply of the scanner: it answers what was not asked");
    NONSENSE("2: ClamAV 1.4.1\0", "error: invalid reply of the scanner: it answers what was not asked");
    NONSENSE("2: stream: OK", "error: the scanner closed the connection");
    NONSENSE("", "error: the scanner closed the connection");
    look_at_nonsense(flood, sizeof flood, "error: the scanner's reply is longer than 1024 octets");
#undef NONSENSE
}

static void what_is_no_clamd_is_no_scanner(void **state)
{
    static const turn turns[] = {T("zIDSESSION\0zVERSION\0", "220 mail.example.com ESMTP\r\n\0"), OVER};
    static const turn *const connections[] = {turns, NULL};
    mig__scanner_item item = item_of("a");
    mig_scan scan = MIG_SCAN_INIT;
    mig_error error;
    script s;
    (void)state;
    begin(&s, connections);
    mig__scanner *scanner = scanner_of(&s, &scan, 50);
    assert_int_equal(mig__scanner_look(scanner, &item, 1, &error), -1);
    assert_int_equal(error.code, MIG_E_SCANNER);
    assert_non_null(strstr(error.server, "220 mail.example.com"));
    assert_false(item.done);
    mig__scanner_free(&scanner);
    finish(&s);
}

/* ---- away ---- */

static void a_scanner_that_is_away_ends_the_run(void **state)
{
    mig__scanner_item item = item_of("a");
    mig_scan scan = MIG_SCAN_INIT;
    mig_error error;
    script s = {.name = "clamd:/nowhere/clamd.ctl"};
    (void)state;
    mig__scanner *scanner = scanner_of(&s, &scan, 300);
    assert_int_equal(mig__scanner_look(scanner, &item, 1, &error), -1);
    assert_int_equal(error.code, MIG_E_SCANNER);
    assert_int_equal(mig_code_exit_status(error.code), 4);
    assert_non_null(strstr(error.text, "clamd:/nowhere/clamd.ctl"));
    assert_false(item.done);
    mig__scanner_free(&scanner);
}

static void an_optional_one_is_done_without_and_says_so(void **state)
{
    mig__scanner_item items[] = {item_of("a"), item_of("b")};
    mig_scan scan = MIG_SCAN_INIT;
    mig_error error;
    script s = {.name = "clamd:/nowhere/clamd.ctl"};
    (void)state;
    scan.optional = true;
    mig__scanner *scanner = scanner_of(&s, &scan, 50);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(mig__scanner_look(scanner, &items[i], 1, &error), 0);
        assert_result(&items[i], MIG_SCAN_NOT_SCANNED, "the scanner cannot be reached");
        assert_true(items[i].result.away);
    }
    mig__scanner_free(&scanner);
}

static void a_silent_one_is_waited_for_no_longer_than_the_patience(void **state)
{
    static const turn turns[] = {HELLO, T("zINSTREAM\0\0\0\0\1a\0\0\0\0", ""), T("x", ""), OVER};
    static const turn *const connections[] = {turns, NULL};
    mig__scanner_item item = item_of("a");
    mig_scan scan = MIG_SCAN_INIT;
    mig_error error;
    script s;
    (void)state;
    begin(&s, connections);
    mig__scanner *scanner = scanner_of(&s, &scan, 300);
    assert_int_equal(mig__scanner_look(scanner, &item, 1, &error), -1);
    assert_int_equal(error.code, MIG_E_SCANNER);
    assert_non_null(strstr(error.text, "silent"));
    assert_false(item.done);
    mig__scanner_free(&scanner);
    pthread_join(s.thread, NULL); /* which missed the octet behind it */
    assert_string_equal(s.odd, "0 of 1 octets came, or others");
    s.odd[0] = '\0';
    char path[64];
    snprintf(path, sizeof path, "%s/ctl", s.directory);
    unlink(path);
    rmdir(s.directory);
}

static void a_request_to_stop_ends_the_waiting(void **state)
{
    mig__scanner_item item = item_of("a");
    mig_scan scan = MIG_SCAN_INIT;
    mig_stop stop = MIG_STOP_INIT;
    mig_error error;
    (void)state;
    scan.scanner = "clamd:/nowhere/clamd.ctl";
    const mig__scanner_options options = {.scan = &scan, .patience_ms = 600000, .stop = &stop};
    mig__scanner *scanner = mig__scanner_new(&options, &error);
    mig_stop_request(&stop);
    assert_int_equal(mig__scanner_look(scanner, &item, 1, &error), -1);
    assert_int_equal(error.code, MIG_E_INTERRUPTED);
    mig__scanner_free(&scanner);
}

static void another_machine_is_refused(void **state)
{
    mig__scanner_item item = item_of("a");
    mig_scan scan = MIG_SCAN_INIT;
    mig_error error;
    script s = {.name = "clamd://192.0.2.1:3310"};
    (void)state;
    mig__scanner *scanner = scanner_of(&s, &scan, 10000);
    assert_int_equal(mig__scanner_look(scanner, &item, 1, &error), -1);
    assert_int_equal(error.code, MIG_E_CLEARTEXT);
    mig__scanner_free(&scanner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_messages_go_out_at_once),
        cmocka_unit_test(a_connection_is_used_again),
        cmocka_unit_test(a_file_is_handed_over_once_its_size_is_known),
        cmocka_unit_test(a_file_that_it_cannot_read_goes_by_its_octets),
        cmocka_unit_test(too_big_is_not_scanned_and_the_others_are),
        cmocka_unit_test(after_a_break_they_go_one_by_one),
        cmocka_unit_test(nonsense_is_never_a_verdict),
        cmocka_unit_test(what_is_no_clamd_is_no_scanner),
        cmocka_unit_test(a_scanner_that_is_away_ends_the_run),
        cmocka_unit_test(an_optional_one_is_done_without_and_says_so),
        cmocka_unit_test(a_silent_one_is_waited_for_no_longer_than_the_patience),
        cmocka_unit_test(a_request_to_stop_ends_the_waiting),
        cmocka_unit_test(another_machine_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
