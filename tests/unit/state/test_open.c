/* Opening: what is made, what is refused and why, the lock, versions, damage, reading beside a writer. */
#include "state/fixture.h"
#include "state/lock.h"
#include "state/schema.h"
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void execute(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    char *words = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK) {
        fail_msg("%s: %s", sql, words);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void assert_refused(const char *path, bool read_only, mig_code code, const char *words)
{
    mig_error err = MIG_ERROR_INIT;
    assert_null(mig__state_open(path, read_only, NULL, &err));
    if (err.code != code || !strstr(err.text, words)) {
        fail_msg("%s: %s", mig_code_name(err.code), err.text);
    }
    assert_true(strstr(err.text, path) != NULL);
    assert_true(err.hint[0] != '\0');
    assert_null(mig__state_open(path, read_only, NULL, NULL));
}

static void it_is_made_for_the_owner_alone(void **context)
{
    const fixture *f = *context;
    char path[160];
    char directory[128];
    struct stat st;

    snprintf(directory, sizeof directory, "%s/a/b", f->directory);
    snprintf(path, sizeof path, "%s//c.db", directory);
    umask(022);
    mig__state *state = open_state(path);
    assert_int_equal(stat(directory, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    close_state(&state);
    state = open_state(path);
    close_state(&state);

    assert_int_equal(chdir(f->directory), 0); /* a bare name, as with --state here.db */
    state = open_state("here.db");
    close_state(&state);
    assert_int_equal(access("here.db", F_OK), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(mig__state_close(&state, NULL), 0); /* closed already */
}

static void a_place_that_can_not_be(void **context)
{
    const fixture *f = *context;
    char path[160];
    mig_error err = MIG_ERROR_INIT;

    assert_refused(f->directory, false, MIG_E_STATE, "directory");
    execute(f->path, "CREATE TABLE x (y)");
    snprintf(path, sizeof path, "%s/below", f->path);
    assert_null(mig__state_open(path, false, NULL, &err)); /* a file where a directory should be */
    assert_int_equal(err.code, MIG_E_IO);
    snprintf(path, sizeof path, "%s/nothing.db", f->directory);
    assert_refused(path, true, MIG_E_STATE, "No such file");
    assert_int_equal(access(path, F_OK), -1); /* reading makes nothing */
}

static void a_foreign_file_is_left_alone(void **context)
{
    const fixture *f = *context;
    char before[64] = "";
    char after[64] = "";

    execute(f->path, "CREATE TABLE bookmarks (url)");
    assert_refused(f->path, false, MIG_E_STATE, "not a state of mailmigrate");
    FILE *file = fopen(f->path, "wb");
    memset(before, 'x', sizeof before);
    fwrite(before, 1, sizeof before, file);
    fclose(file);
    assert_refused(f->path, false, MIG_E_STATE, "damaged or not a state");
    assert_refused(f->path, true, MIG_E_STATE, "damaged or not a state");
    file = fopen(f->path, "rb");
    assert_int_equal(fread(after, 1, sizeof after, file), sizeof after);
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
    assert_memory_equal(before, after, sizeof before);
}

static void damage_is_found(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = open_state(f->path);
    int64_t folder = folder_of(state, "INBOX");
    assert_true(begin_batch(state, folder, 1, 500, &err) > 0);
    close_state(&state);

    int fd = open(f->path, O_RDWR);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    char junk[4096];
    memset(junk, 0x77, sizeof junk);
    for (off_t at = 16384; at + 4096 <= st.st_size; at += 4096) {
        assert_int_equal(pwrite(fd, junk, sizeof junk, at), sizeof junk);
    }
    assert_refused(f->path, false, MIG_E_STATE, "damaged");
    assert_int_equal(ftruncate(fd, st.st_size / 2), 0);
    assert_refused(f->path, false, MIG_E_STATE, "damaged");
    close(fd);

    fd = open(f->path, O_RDWR | O_TRUNC); /* an empty file is a new state */
    close(fd);
    state = open_state(f->path);
    close_state(&state);
}

static void a_newer_version_is_refused(void **context)
{
    const fixture *f = *context;
    mig__state *state = open_state(f->path);
    close_state(&state);
    execute(f->path, "PRAGMA user_version = 99");
    assert_refused(f->path, false, MIG_E_STATE, "version 99, which is newer");
    assert_refused(f->path, true, MIG_E_STATE, "version 99, which is newer");
}

static int integer(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int value = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

static void an_older_version_is_brought_along(void **context)
{
    enum { MOST = 32 };
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    const int now = mig__schema_current.version;
    const char *steps[MOST], *wrong[MOST];
    char words[64];
    sqlite3 *db = NULL;

    assert_true(now + 1 < MOST);
    for (size_t i = 0; i < MOST; i++) {
        steps[i] = wrong[i] = "";
    }
    steps[now - 1] = "ALTER TABLE account ADD COLUMN note TEXT; UPDATE account SET note = 'two'";
    steps[now] = "ALTER TABLE account RENAME COLUMN note TO remark";
    wrong[now - 1] = "ALTER TABLE account ADD COLUMN note TEXT";
    wrong[now] = "ALTER TABLE nothing ADD x TEXT";
    mig__schema later = {now + 2, mig__schema_sql, steps};
    mig__schema failing = {now + 2, mig__schema_sql, wrong};

    mig__state *state = open_state(f->path);
    assert_int_equal(mig__state_account(state, "a", "b", &err), 1);
    close_state(&state);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(integer(db, "PRAGMA user_version"), now);
    assert_int_equal(integer(db, "PRAGMA application_id"), MIG__STATE_APPLICATION_ID);

    assert_int_equal(mig__schema_prepare(db, &failing, false, &err), -1);
    snprintf(words, sizeof words, "from version %d to %d", now + 1, now + 2);
    assert_true(strstr(err.text, words) != NULL);
    assert_int_equal(integer(db, "PRAGMA user_version"), now); /* all or nothing */
    assert_int_equal(integer(db, "SELECT count(*) FROM pragma_table_info('account') WHERE name = 'note'"), 0);

    assert_int_equal(mig__schema_prepare(db, &later, true, &err), -1);
    snprintf(words, sizeof words, "of version %d, and %d is needed", now, now + 2);
    assert_true(strstr(err.text, words) != NULL);
    assert_ok(mig__schema_prepare(db, &later, false, &err), err);
    assert_int_equal(integer(db, "PRAGMA user_version"), now + 2);
    assert_int_equal(integer(db, "SELECT count(*) FROM account WHERE remark = 'two'"), 1);
    assert_ok(mig__schema_prepare(db, &later, false, &err), err); /* once only */
    sqlite3_close(db);
}

/* A state of version 1, as it was released: nothing of it is lost, and what it does not know is empty. */
static void version_1_is_brought_along(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    mig__state_folder *folders = NULL;
    size_t count = 0;
    mig__state *state = open_state(f->path);
    assert_int_equal(mig__state_account(state, "a", "b", &err), 1);
    close_state(&state);
    execute(f->path, "ALTER TABLE message DROP COLUMN owed; ALTER TABLE message DROP COLUMN target_gone; "
                     "ALTER TABLE message DROP COLUMN mending; ALTER TABLE message DROP COLUMN mended; "
                     "ALTER TABLE message DROP COLUMN mended_at; DROP TABLE surplus; "
                     "ALTER TABLE folder DROP COLUMN wanted; ALTER TABLE folder DROP COLUMN trouble; "
                     "DROP TABLE scanned; "
                     "INSERT INTO folder VALUES (7, 1, 'INBOX', 'INBOX', NULL, NULL, 1, 2, 3, 4, 5, 6, 7, 8, 1); "
                     "PRAGMA user_version = 1");
    state = open_state(f->path);
    assert_ok(mig__state_folders(state, 1, &folders, &count, &err), err);
    assert_int_equal(count, 1);
    assert_true(folders[0].id == 7 && folders[0].target_modseq == 8 && folders[0].created);
    assert_true(folders[0].wanted == 0 && folders[0].trouble == NULL);
    mig__state_folders_free(&folders, count);
    const mig__state_scanned scanned = {.raw = (const uint8_t[MIG__DIGEST_SIZE]){1}, .name = "Name"};
    assert_ok(mig__state_scanned_put(state, 1, &scanned, &err), err);
    close_state(&state);
}

/* ---- the lock ---- */

static void the_second_one_stops_and_names_the_first(void **context)
{
    const fixture *f = *context;
    char words[64];
    char alias[160];
    mig__state *state = open_state(f->path);

    snprintf(words, sizeof words, "in use by process %ld on ", (long)getpid());
    assert_refused(f->path, false, MIG_E_STATE_LOCKED, words);
    assert_refused(f->path, false, MIG_E_STATE_LOCKED, " since 20");
    snprintf(alias, sizeof alias, "%s/alias.db", f->directory);
    assert_int_equal(symlink(f->path, alias), 0);
    mig_error err = MIG_ERROR_INIT;
    assert_null(mig__state_open(alias, false, NULL, &err)); /* by another name: the same file */
    assert_int_equal(err.code, MIG_E_STATE_LOCKED);
    close_state(&state);
    state = open_state(f->path);
    close_state(&state);
}

static void another_process_is_named_and_its_death_unlocks(void **context)
{
    const fixture *f = *context;
    char words[64];
    char octet;
    int ends[2];
    int status;

    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (!mig__state_open(f->path, false, NULL, NULL) || write(ends[1], "x", 1) != 1) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    assert_true(pid > 0);
    close(ends[1]);
    assert_int_equal(read(ends[0], &octet, 1), 1);
    snprintf(words, sizeof words, "in use by process %ld on ", (long)pid);
    assert_refused(f->path, false, MIG_E_STATE_LOCKED, words);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(ends[0]);
    mig__state *state = open_state(f->path);
    close_state(&state);
}

static void a_lock_file_left_behind_does_not_block(void **context)
{
    const fixture *f = *context;
    char name[160];
    snprintf(name, sizeof name, "%s.lock", f->path);
    FILE *file = fopen(name, "w");
    fprintf(file, "pid 1\nhost elsewhere\nsince 2001-01-01T00:00:00Z\n");
    fclose(file);
    mig__state *state = open_state(f->path);
    close_state(&state);
    struct stat st;
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_size, 0); /* closed cleanly: names nobody */
}

static void a_pair_has_one_run(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    char words[64];
    mig__lock first = MIG__LOCK_INIT, second = MIG__LOCK_INIT;
    assert_ok(mig__lock_take_pair(&first, f->directory, "a@one", "a@two", &err), err);
    assert_int_equal(mig__lock_take_pair(&second, f->directory, "a@one", "a@two", &err), -1);
    assert_int_equal(err.code, MIG_E_PAIR_LOCKED);
    snprintf(words, sizeof words, "in use by process %ld on ", (long)getpid());
    assert_non_null(strstr(err.text, words));
    assert_null(strstr(err.hint, "of its own"));
    assert_ok(mig__lock_take_pair(&second, f->directory, "b@one", "b@two", &err), err); /* another pair */
    mig__lock_release_pair(&second);
    assert_int_equal(access(first.name, F_OK), 0);
    char *name = strdup(first.name);
    mig__lock_release_pair(&first);
    assert_int_equal(access(name, F_OK), -1);

    assert_int_equal(symlink("/etc/passwd", name), 0); /* somebody else's trap in a directory of all users */
    assert_int_equal(mig__lock_take_pair(&first, f->directory, "a@one", "a@two", &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
    unlink(name);
    assert_int_equal(mkfifo(name, 0600), 0);
    assert_int_equal(mig__lock_take_pair(&first, f->directory, "a@one", "a@two", &err), -1);
    assert_int_equal(err.code, MIG_E_IO);
    unlink(name);
    free(name);
    assert_ok(mig__lock_take_pair(&first, f->directory, "a@one", "a@two", &err), err);
    mig__lock_release_pair(&first);
    mig__lock_release_pair(&first); /* nothing to release */
}

static void the_database_itself_can_be_locked(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    sqlite3 *other = NULL;
    mig__state *state = open_state(f->path);
    int64_t folder = folder_of(state, "INBOX");
    assert_ok(mig__state_flush(state, &err), err);

    assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK); /* somebody with sqlite3 and an open transaction */
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(begin_batch(state, folder, 1, 1, &err), -1);
    assert_int_equal(err.code, MIG_E_STATE_LOCKED);
    sqlite3_close(other);
    assert_int_equal(mig__state_close(&state, &err), -1);
}

/* ---- reading ---- */

static void reading_works_beside_a_writer(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    mig__state_counts counts;
    mig__state *state = open_state(f->path);
    int64_t folder = folder_of(state, "INBOX");
    assert_true(begin_batch(state, folder, 1, 3, &err) > 0);

    mig__state *reader = mig__state_open(f->path, true, NULL, &err);
    assert_non_null(reader);
    assert_ok(mig__state_count(reader, folder, &counts, &err), err);
    assert_int_equal(counts.intent, 3);
    assert_true(begin_batch(state, folder, 4, 3, &err) > 0);
    assert_ok(mig__state_count(reader, folder, &counts, &err), err);
    assert_int_equal(counts.intent, 6);
    assert_int_equal(mig__state_account(reader, "a@old:993", "b@new:993", &err), 1);
    assert_int_equal(mig__state_account(reader, "unknown", "b@new:993", &err), 0);
    assert_int_equal(err.code, MIG_E_STATE);
    assert_true(strstr(err.text, "knows no copy of unknown") != NULL);
    assert_ok(mig__state_count(reader, folder, &counts, &err), err); /* that was an answer, not a failure */

    assert_int_equal(begin_batch(reader, folder, 9, 1, &err), -1);
    assert_int_equal(err.code, MIG_E_INTERNAL);
    assert_int_equal(mig__state_message_flags(reader, folder, 1, "", NULL, &err), -1);
    assert_int_equal(mig__state_message_forget(reader, 1, &err), -1);
    assert_int_equal(mig__state_flush(reader, &err), -1);
    close_state(&reader);
    close_state(&state);
}

static void reading_works_where_nothing_can_be_written(void **context)
{
    const fixture *f = *context;
    mig_error err = MIG_ERROR_INIT;
    mig__state_counts counts;
    char directory[160];
    char path[200];

    snprintf(directory, sizeof directory, "%s/cd #1?", f->directory); /* as copied to a read-only medium */
    snprintf(path, sizeof path, "%s/100%%.db", directory);
    mig__state *state = open_state(path);
    int64_t folder = folder_of(state, "INBOX");
    assert_true(begin_batch(state, folder, 1, 3, &err) > 0);
    close_state(&state);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(directory, 0555), 0);
    assert_int_equal(chmod(f->directory, 0755), 0);
    bool root = geteuid() == 0;
    assert_true(!root || seteuid(65534) == 0); /* root could write */
    assert_int_equal(access(directory, R_OK), 0);
    mig__state *reader = mig__state_open(path, true, NULL, &err);
    mig__state *writer = mig__state_open(path, false, NULL, NULL);
    assert_true(!root || seteuid(0) == 0);
    assert_int_equal(chmod(directory, 0700), 0);
    assert_null(writer);
    if (!reader) {
        fail_msg("%s", err.text);
    }
    assert_ok(mig__state_count(reader, folder, &counts, &err), err);
    assert_int_equal(counts.intent, 3);
    close_state(&reader);
}

static void a_state_in_memory(void **context)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state_counts counts;
    (void)context;
    mig__state *state = mig__state_open_memory(&err);
    assert_non_null(state);
    int64_t folder = folder_of(state, "INBOX");
    int64_t batch = begin_batch(state, folder, 1, 3, &err);
    assert_true(batch > 0);
    assert_ok(mig__state_withdraw(state, batch, &err), err);
    assert_ok(mig__state_count(state, folder, &counts, &err), err);
    assert_int_equal(counts.intent, 0);
    close_state(&state);
}

int main(void)
{
#define STATE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        STATE_TEST(it_is_made_for_the_owner_alone),
        STATE_TEST(a_place_that_can_not_be),
        STATE_TEST(a_foreign_file_is_left_alone),
        STATE_TEST(damage_is_found),
        STATE_TEST(a_newer_version_is_refused),
        STATE_TEST(version_1_is_brought_along),
        STATE_TEST(an_older_version_is_brought_along),
        STATE_TEST(the_second_one_stops_and_names_the_first),
        STATE_TEST(another_process_is_named_and_its_death_unlocks),
        STATE_TEST(a_lock_file_left_behind_does_not_block),
        STATE_TEST(a_pair_has_one_run),
        STATE_TEST(the_database_itself_can_be_locked),
        STATE_TEST(reading_works_beside_a_writer),
        STATE_TEST(reading_works_where_nothing_can_be_written),
        STATE_TEST(a_state_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
