/*
 * plan/import.c - a plan out of a list for imapsync: host1;user1;password1;host2;user2;password2
 *
 * The list holds passwords, so its buffers are wiped, nothing of a line is ever repeated in a message, and the new
 * files are made with mode 0600 before the first octet is written.
 */
#include "plan/plan_private.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIELDS = 6, HOST1 = 0, USER1, PASSWORD1, HOST2, USER2, PASSWORD2 };

typedef struct importing {
    const char *directory;
    int fd;      /* of the directory */
    int secrets; /* of the directory below it */
    mig__buffer csv;
    size_t accounts, skipped;
    mig_error *err;
} importing;

static int write_file(importing *in, int directory, const char *name, const char *text, size_t length)
{
    const mig__plan_place place = {directory, in->directory};
    return mig__plan_write_new(&place, name, text, length, in->err);
}

static int can_not_write(importing *in, const char *name, int errnum)
{
    const mig__plan_place place = {in->fd, in->directory};
    return mig__plan_can_not_write(&place, name, errnum, in->err);
}

/* "0017-ann_old.example.source": readable, and never a path. */
static void secret_name(const importing *in, const char *user, const char *side, char *out, size_t size)
{
    char plain[64];
    size_t length = 0;
    for (; user[length] != '\0' && length + 1 < sizeof plain; length++) {
        char c = user[length];
        bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        plain[length] = kept ? c : '_';
    }
    plain[length] = '\0';
    snprintf(out, size, "%04zu-%s.%s", in->accounts, plain, side);
}

static int keep_secret(importing *in, const char *user, const char *side, const char *password, const char *behind)
{
    char name[128], path[160];
    mig__buffer line = MIG__BUFFER_INIT;
    secret_name(in, user, side, name, sizeof name);
    mig__buffer_addf(&line, "%s\n", password);
    int failed = line.failed ? mig_error_set(in->err, MIG_E_NOMEM, "out of memory")
                             : write_file(in, in->secrets, name, line.data, line.length);
    mig__buffer_wipe(&line);
    snprintf(path, sizeof path, "secrets/%s", name);
    mig__plan_add_cell(&in->csv, path, behind);
    return failed;
}

/* "host" or "host:port" is taken as it is; imapsync's host has no port. */
static int take_fields(importing *in, char *const fields[FIELDS], size_t line)
{
    static const char *const names[] = {"host1", "user1", "password1", "host2", "user2", "password2"};
    for (int i = 0; i < FIELDS; i++) {
        if (fields[i][0] == '\0') {
            return mig_error_set(in->err, MIG_E_PLAN, "line %zu has no %s", line, names[i]);
        }
    }
    in->accounts++;
    if (in->secrets < 0) {
        return 0;
    }
    mig__plan_add_cell(&in->csv, fields[HOST1], ",");
    mig__plan_add_cell(&in->csv, fields[USER1], ",");
    if (keep_secret(in, fields[USER1], "source", fields[PASSWORD1], ",") != 0) {
        return -1;
    }
    mig__plan_add_cell(&in->csv, fields[HOST2], ",");
    mig__plan_add_cell(&in->csv, fields[USER2], ",");
    return keep_secret(in, fields[USER2], "target", fields[PASSWORD2], "\n");
}

/* Blanks around a host or a user belong to nobody; in a password they may. */
static char *trimmed(char *text, int field)
{
    if (field == PASSWORD1 || field == PASSWORD2) {
        return text;
    }
    text += strspn(text, " \t");
    for (size_t length = strlen(text); length > 0 && strchr(" \t", text[length - 1]) != NULL; length--) {
        text[length - 1] = '\0';
    }
    return text;
}

/* What is behind the sixth field is options of imapsync, or else a password was cut at its semicolon. */
static int check_rest(importing *in, const char *rest, size_t line)
{
    rest += strspn(rest, "; \t");
    in->skipped += rest[0] != '\0';
    if (rest[0] == '\0' || rest[0] == '-') {
        return 0;
    }
    mig_error_set(in->err, MIG_E_PLAN, "line %zu has more than six fields, and the seventh is no option", line);
    return mig_error_hint(in->err,
                          "a password with a semicolon has no place in such a list: leave the line out, and add "
                          "the account to accounts.csv");
}

/* Cuts the line into its fields. */
static int take_line(importing *in, char *text, size_t line)
{
    char *fields[FIELDS];
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == '\r' || text[length - 1] == ' ' || text[length - 1] == '\t')) {
        text[--length] = '\0';
    }
    text += strspn(text, " \t");
    if (text[0] == '\0' || text[0] == '#') {
        return 0;
    }
    for (int i = 0; i < FIELDS; i++) {
        char *field = text;
        size_t width = strcspn(text, ";");
        if (text[width] == '\0' && i < FIELDS - 1) {
            mig_error_set(in->err, MIG_E_PLAN, "line %zu has %d field%s", line, i + 1, i == 0 ? "" : "s");
            return mig_error_hint(in->err, "six are expected: host1;user1;password1;host2;user2;password2");
        }
        bool more = text[width] == ';';
        text[width] = '\0';
        text += width + (more ? 1 : 0);
        fields[i] = trimmed(field, i);
    }
    return check_rest(in, text, line) == 0 ? take_fields(in, fields, line) : -1;
}

/* Without a directory for the secrets the list is only looked over. Its lines are cut into fields. */
static int take_list(importing *in, mig__buffer *list)
{
    static const char header[] = "source_host,source_user,source_password_file,target_host,target_user,"
                                 "target_password_file\n";
    in->accounts = in->skipped = 0;
    mig__buffer_clear(&in->csv);
    mig__buffer_add_text(&in->csv, header);
    if (list->length > 0 && memchr(list->data, '\0', list->length) != NULL) {
        return mig_error_set(in->err, MIG_E_PLAN, "the list holds a NUL: it is not text");
    }
    size_t line = 0;
    char *first = list->data != NULL && strncmp(list->data, "\xef\xbb\xbf", 3) == 0 ? list->data + 3 : list->data;
    for (char *at = first; at != NULL && *at != '\0';) {
        char *newline = strchr(at, '\n');
        if (newline != NULL) {
            *newline = '\0';
        }
        if (take_line(in, at, ++line) != 0) {
            return -1;
        }
        at = newline != NULL ? newline + 1 : NULL;
    }
    if (in->accounts == 0) {
        return mig_error_set(in->err, MIG_E_PLAN, "the list names no account");
    }
    return mig__buffer_ok(&in->csv, in->err);
}

static int open_directories(importing *in)
{
    static const char *const made[] = {"plan.yaml", "accounts.csv", "secrets", NULL};
    mig__plan_place place = {-1, in->directory};
    const int failed = mig__plan_open_place(&place, made, in->err);
    in->fd = place.fd;
    if (failed != 0) {
        return -1;
    }
    if (mkdirat(in->fd, "secrets", 0700) != 0) {
        return can_not_write(in, "secrets", errno);
    }
    in->secrets = openat(in->fd, "secrets", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return in->secrets < 0 ? can_not_write(in, "secrets", errno) : 0;
}

int mig_plan_import(const char *list, const char *directory, size_t *accounts, size_t *skipped, mig_error *err)
{
    static const char plan[] =
        "# Made by `mailmigrate plan import`. `mailmigrate plan check plan.yaml` looks it over.\n"
        "version: 1\n"
        "accounts-file: accounts.csv\n";
    importing in = {.directory = directory, .fd = -1, .secrets = -1, .csv = MIG__BUFFER_INIT, .err = err};
    mig__buffer text = MIG__BUFFER_INIT, copy = MIG__BUFFER_INIT;
    int failed = mig__plan_read(list, &text, err);
    if (failed == 0) { /* first whether it makes sense, so that nothing is left behind when it does not */
        mig__buffer_add(&copy, text.data, text.length);
        failed = mig__buffer_ok(&copy, err) != 0 ? -1 : take_list(&in, &copy);
        if (failed != 0 && err->code == MIG_E_PLAN) {
            mig_error_context(err, "%s", list);
        }
    }
    failed = failed != 0 ? failed : open_directories(&in);
    failed = failed != 0 ? failed : take_list(&in, &text);
    if (failed == 0) {
        failed = write_file(&in, in.fd, "accounts.csv", in.csv.data, in.csv.length) != 0 ||
                         write_file(&in, in.fd, "plan.yaml", plan, sizeof plan - 1) != 0
                     ? -1
                     : 0;
    }
    if (in.secrets >= 0) {
        close(in.secrets);
    }
    if (in.fd >= 0) {
        close(in.fd);
    }
    mig__buffer_wipe(&text);
    mig__buffer_wipe(&copy);
    mig__buffer_free(&in.csv);
    *accounts = in.accounts;
    *skipped = in.skipped;
    return failed;
}
