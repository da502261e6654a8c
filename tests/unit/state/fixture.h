/* state/fixture.h - a directory of its own for each test, and messages to put into a state */
#ifndef MIG_TEST_STATE_FIXTURE_H
#define MIG_TEST_STATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "state/state.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct fixture {
    char directory[64];
    char path[96];
} fixture;

static inline int fixture_setup(void **context)
{
    fixture *f = calloc(1, sizeof *f);
    if (!f) {
        return -1;
    }
    strcpy(f->directory, "/tmp/mig-state-XXXXXX");
    if (!mkdtemp(f->directory)) {
        free(f);
        return -1;
    }
    snprintf(f->path, sizeof f->path, "%s/state.db", f->directory);
    *context = f;
    return 0;
}

static int fixture_remove(const char *path, const struct stat *st, int type, struct FTW *position)
{
    (void)st;
    (void)type;
    return position->level == 0 ? 0 : remove(path);
}

static inline void fixture_empty(const char *directory)
{
    assert_int_equal(nftw(directory, fixture_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline int fixture_teardown(void **context)
{
    fixture *f = *context;
    fixture_empty(f->directory);
    rmdir(f->directory);
    free(f);
    return 0;
}

/* The whole message follows from its UID. */
static inline mig__message message_of(uint32_t uid)
{
    mig__message message = {.source_uid = uid,
                            .has_digest = true,
                            .digest = {.octets = 1000 + uid},
                            .internaldate = {.utc = 1700000000 + (int64_t)uid, .zone_minutes = -90, .valid = true},
                            .flags = uid % 2 ? "\\Answered \\Seen" : "",
                            .email_id = ""};
    memset(message.digest.raw, 0xa5, MIG__DIGEST_SIZE);
    memcpy(message.digest.raw, &uid, sizeof uid);
    memset(message.digest.canonical, 0x5a, MIG__DIGEST_SIZE);
    memcpy(message.digest.canonical, &uid, sizeof uid);
    return message;
}

static inline void assert_same_content(const mig__message *got, uint32_t uid)
{
    mig__message want = message_of(uid);
    assert_int_equal(got->source_uid, uid);
    assert_true(got->has_digest);
    assert_memory_equal(got->digest.raw, want.digest.raw, MIG__DIGEST_SIZE);
    assert_memory_equal(got->digest.canonical, want.digest.canonical, MIG__DIGEST_SIZE);
    assert_int_equal(got->digest.octets, want.digest.octets);
    assert_int_equal(got->canonical_version, MIG__CANONICAL_VERSION);
    assert_true(got->internaldate.valid);
    assert_int_equal(got->internaldate.utc, want.internaldate.utc);
    assert_int_equal(got->internaldate.zone_minutes, -90);
    assert_string_equal(got->flags, want.flags);
}

#define assert_ok(expression, err)                                                                                     \
    do {                                                                                                               \
        if ((expression) != 0) {                                                                                       \
            fail_msg("%s: %s (%s)", #expression, (err).text, (err).hint);                                              \
        }                                                                                                              \
    } while (0)

static inline mig__state *open_state(const char *path)
{
    mig_error err = MIG_ERROR_INIT;
    mig__state *state = mig__state_open(path, false, NULL, &err);
    if (!state) {
        fail_msg("open %s: %s", path, err.text);
    }
    return state;
}

static inline void close_state(mig__state **state)
{
    mig_error err = MIG_ERROR_INIT;
    assert_ok(mig__state_close(state, &err), err);
    assert_null(*state);
}

/* The account "a" -> "b" and its folder of that name; the folder's id. */
static inline int64_t folder_of(mig__state *state, const char *name)
{
    mig_error err = MIG_ERROR_INIT;
    int64_t account = mig__state_account(state, "a@old:993", "b@new:993", &err);
    assert_true(account > 0);
    mig__state_folder *folders = NULL;
    size_t count = 0;
    int64_t id = 0;
    assert_ok(mig__state_folders(state, account, &folders, &count, &err), err);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(folders[i].source, name) == 0) {
            id = folders[i].id;
        }
    }
    mig__state_folders_free(&folders, count);
    if (!id) {
        mig__state_folder folder = {.source = (char *)(uintptr_t)name, .target = (char *)(uintptr_t)name};
        assert_ok(mig__state_folder_put(state, account, &folder, &err), err);
        id = folder.id;
    }
    return id;
}

/* An intent for `count` messages from `first_uid` on. */
static inline int64_t begin_batch(mig__state *state, int64_t folder, uint32_t first_uid, size_t count, mig_error *err)
{
    mig__message *messages = calloc(count, sizeof *messages);
    for (size_t i = 0; i < count; i++) {
        messages[i] = message_of(first_uid + (uint32_t)i);
    }
    mig__intent intent = {
        .folder = folder, .target_uidvalidity = 7, .target_uidnext = 100, .messages = messages, .count = count};
    int64_t batch = mig__state_intent(state, &intent, err);
    free(messages);
    return batch;
}

#endif
