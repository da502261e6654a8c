/*
 * What must hold for any two mailboxes lists: no two mailboxes meet unnoticed, the order of the lists and what is
 * selected make no difference, and the run of the next night finds what this one made, under the same names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/buffer.h"
#include "base/unicode.h"
#include "folders/fold.h"
#include "folders/map.h"
#include "folders/path.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SOURCE 24
#define MOST_TARGET 128 /* also those that a run makes, with their parents */
#define ROUNDS      20000

typedef enum server { /* what a target does with roles */
                      SERVER_WITHOUT_ROLES,
                      SERVER_WITH_CREATE, /* gives the role that is asked for (RFC 6154 section 3) */
                      SERVER_BY_NAME, /* as Dovecot's default: these names at the top have their role once they exist */
                      SERVER_KINDS
} server;

typedef struct scene {
    mig__folder_in source[MOST_SOURCE], target[MOST_TARGET];
    char *names[MOST_SOURCE + MOST_TARGET];
    size_t name_count;
    mig__side_in from, to;
    server kind;
    bool makes_parents; /* CREATE also makes what is above */
} scene;

/* xorshift32: the same scenes on every run. */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static bool chance(uint32_t *seed, uint32_t one_in)
{
    return next_random(seed) % one_in == 0;
}

static const char *keep(scene *s, char *name)
{
    assert_non_null(name);
    assert_in_range(s->name_count, 0, MOST_SOURCE + MOST_TARGET - 1);
    return s->names[s->name_count++] = name;
}

static void add_component(uint32_t *seed, mig__buffer *name, bool *repaired)
{
    static const char *const parts[] = {
        "Sent", "Sent", "Gesendet", "Sent Items", "Trash", "Papierkorb", "Junk",  "Spam",     "INBOX", "Inbox",
        "a",    "A",    "a.b",      "a_b",        "a/b",   "a (2)",      "a (3)", "[Gmail]",  "ä",     "Ä",
        "x\ty", "x_y",  "",         "a_b (2)",    "a - b", "b",          "&",     "Sent (2)", "Out",
    };
    if (chance(seed, 20)) {
        mig__buffer_add_text(name, chance(seed, 2) ? "a\xcc\x88" : "&x");
        *repaired = true;
    } else {
        mig__buffer_add_text(name, parts[next_random(seed) % (sizeof parts / sizeof *parts)]);
    }
}

static void add_folder(scene *s, uint32_t *seed, const mig__side_in *side, mig__folder_in *out)
{
    mig__buffer name = MIG__BUFFER_INIT;
    bool repaired = false;
    if (chance(seed, 6)) {
        mig__buffer_add_text(&name, "INBOX");
    } else {
        mig__buffer_add_text(&name, chance(seed, 10) ? "" : side->prefix);
        add_component(seed, &name, &repaired);
    }
    for (uint32_t more = next_random(seed) % 4; more > 1 && side->delimiter != '\0'; more--) {
        mig__buffer_add_char(&name, side->delimiter);
        add_component(seed, &name, &repaired);
    }
    mig_role role = chance(seed, 6) ? (mig_role)(MIG_ROLE_SENT + next_random(seed) % 7) : MIG_ROLE_NONE;
    unsigned attributes = chance(seed, 10) ? MIG_ATTR_NOSELECT : 0;
    *out = (mig__folder_in){keep(s, mig__buffer_steal(&name)), !repaired, side->delimiter, attributes, role, false};
}

static bool is_new(const mig__folder_in *folders, size_t count, const mig__folder_in *one, bool any_case)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(one->name), other = strlen(folders[i].name);
        bool inbox = mig__is_inbox(one->name, length) && mig__is_inbox(folders[i].name, other);
        mig__buffer a = MIG__BUFFER_INIT, b = MIG__BUFFER_INIT;
        mig__fold(one->name, any_case ? length : 0, &a);
        mig__fold(folders[i].name, any_case ? other : 0, &b);
        bool folded = any_case && a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
        mig__buffer_free(&a);
        mig__buffer_free(&b);
        if (inbox || folded || (strcmp(folders[i].name, one->name) == 0 && folders[i].name_valid == one->name_valid)) {
            return false;
        }
    }
    return true;
}

/* The role that a server of this kind announces for a mailbox when it exists. */
static mig_role role_there(const scene *s, const char *name, mig_role asked)
{
    static const struct {
        const char *name;
        mig_role role;
    } known[] = {
        {"Sent", MIG_ROLE_SENT}, {"Trash", MIG_ROLE_TRASH}, {"Junk", MIG_ROLE_JUNK}, {"Drafts", MIG_ROLE_DRAFTS}};
    for (size_t i = 0; s->kind == SERVER_BY_NAME && i < sizeof known / sizeof *known; i++) {
        size_t prefix = strlen(s->to.prefix);
        if (strncmp(name, s->to.prefix, prefix) == 0 && strcmp(name + prefix, known[i].name) == 0) {
            return known[i].role;
        }
    }
    return s->kind == SERVER_WITH_CREATE ? asked : MIG_ROLE_NONE;
}

static bool has_role(const scene *s, mig_role role)
{
    for (size_t i = 0; i < s->to.count; i++) {
        if (s->target[i].role == role) {
            return true;
        }
    }
    return false;
}

static void make_target(scene *s, const char *name, bool valid, unsigned attributes, mig_role asked)
{
    mig__folder_in folder = {name, valid, s->to.delimiter, attributes, MIG_ROLE_NONE, false};
    if (!is_new(s->target, s->to.count, &folder, s->to.case_insensitive)) {
        return;
    }
    folder.role = role_there(s, name, asked);
    if (folder.role != MIG_ROLE_NONE && s->kind != SERVER_BY_NAME && has_role(s, folder.role)) {
        folder.role = MIG_ROLE_NONE;
    }
    assert_in_range(s->to.count, 0, MOST_TARGET - 1);
    s->target[s->to.count++] = folder;
}

static void make_scene(scene *s, uint32_t *seed)
{
    static const char delimiters[] = {'/', '/', '.', '.', '\0'};
    static const char *const prefixes[] = {"", "INBOX"};
    *s = (scene){.kind = (server)(next_random(seed) % SERVER_KINDS), .makes_parents = chance(seed, 2)};
    mig__side_in *sides[] = {&s->from, &s->to};
    for (int i = 0; i < 2; i++) {
        sides[i]->delimiter = delimiters[next_random(seed) % sizeof delimiters];
        const char *root = prefixes[sides[i]->delimiter == '\0' ? 0 : next_random(seed) % 2];
        mig__buffer prefix = MIG__BUFFER_INIT;
        mig__buffer_addf(&prefix, *root ? "%s%c" : "%s", root, sides[i]->delimiter);
        sides[i]->prefix = keep(s, mig__buffer_steal(&prefix));
    }
    s->from.folders = s->source;
    s->to.folders = s->target;
    s->to.inbox_no_children = chance(seed, 4);
    s->to.case_insensitive = chance(seed, 3);
    static const char *const reserved[] = {"a", "b", NULL};
    s->to.forbidden = chance(seed, 4) ? "b^" : NULL;
    s->to.reserved = chance(seed, 4) ? reserved : NULL;
    s->to.tidy_blanks = chance(seed, 4);
    s->to.name_length = chance(seed, 4) ? 10 : 0;
    s->from.labels = chance(seed, 4);
    s->to.labels = chance(seed, 4);
    size_t wanted = 1 + next_random(seed) % MOST_SOURCE;
    while (wanted-- > 0) {
        mig__folder_in folder;
        add_folder(s, seed, &s->from, &folder);
        if (is_new(s->source, s->from.count, &folder, false)) {
            s->source[s->from.count++] = folder;
        }
    }
    for (wanted = chance(seed, 2) ? 0 : next_random(seed) % 8; wanted > 0; wanted--) {
        mig__folder_in folder;
        add_folder(s, seed, &s->to, &folder);
        if (s->to.case_insensitive) { /* one spelling for what is above several */
            char *name = s->names[s->name_count - 1];
            mig__buffer folded = MIG__BUFFER_INIT;
            mig__fold(name, strlen(name), &folded);
            assert_in_range(folded.length, 0, strlen(name));
            memcpy(name, folded.length > 0 ? folded.data : "", folded.length + 1);
            mig__buffer_free(&folded);
        }
        size_t length = strlen(folder.name);
        if (length > 5 && folder.name[5] == s->to.delimiter && mig__is_inbox(folder.name, 5)) {
            memcpy(s->names[s->name_count - 1], "INBOX", 5); /* as every server spells it */
        }
        if (length > 0 && folder.name[length - 1] != s->to.delimiter) { /* no server has "a" and "a/" */
            make_target(s, folder.name, folder.name_valid, folder.attributes, folder.role);
        }
    }
}

static void free_scene(scene *s)
{
    while (s->name_count > 0) {
        free(s->names[--s->name_count]);
    }
}

static void map_scene(const scene *s, const mig__map_rules *rules, mig__map *map)
{
    mig_error err = MIG_ERROR_INIT;
    if (mig__map_make(map, &s->from, &s->to, rules, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

static const mig__map_entry *find_source(const mig__map *map, size_t source)
{
    for (size_t i = 0; i < map->count; i++) {
        if (map->entries[i].source == source) {
            return &map->entries[i];
        }
    }
    fail_msg("mailbox %zu has no entry", source);
    return NULL;
}

static bool same_target(const mig__map_entry *a, const mig__map_entry *b)
{
    return a->target != NULL && b->target != NULL && strcmp(a->target, b->target) == 0;
}

static void print_scene(const scene *s, const mig__map *map)
{
    print_message("server %d, source '%c' \"%s\", target '%c' \"%s\"%s%s\n", (int)s->kind, s->from.delimiter,
                  s->from.prefix, s->to.delimiter, s->to.prefix, s->to.case_insensitive ? ", any case" : "",
                  s->to.inbox_no_children ? ", INBOX without children" : "");
    for (size_t i = 0; i < s->to.count; i++) {
        print_message("  there: \"%s\" %s %x\n", s->target[i].name, mig_role_name(s->target[i].role),
                      s->target[i].attributes);
    }
    for (size_t i = 0; i < map->count; i++) {
        const mig__map_entry *entry = &map->entries[i];
        print_message("  \"%s\" %s -> \"%s\" %s: %s\n", s->source[entry->source].name,
                      mig_role_name(s->source[entry->source].role), entry->target ? entry->target : "(none)",
                      mig_role_name(entry->role), entry->note ? entry->note : "");
    }
}

/* Each entry has a target or says why not; two with the same target say so, both. */
static void check_map(const scene *s, const mig__map *map)
{
    assert_int_equal(map->count, s->from.count);
    for (size_t i = 0; i < map->count; i++) {
        const mig__map_entry *entry = &map->entries[i];
        if (entry->target == NULL) {
            assert_true(entry->note != NULL || entry->left_out_by_rule);
            continue;
        }
        assert_true(mig__utf8_valid(entry->target, strlen(entry->target)));
        assert_true(entry->note == NULL || mig__utf8_valid(entry->note, strlen(entry->note)));
        assert_true(entry->target[0] != '\0');
        for (size_t k = i + 1; k < map->count; k++) {
            if (same_target(entry, &map->entries[k]) &&
                !(entry->note != NULL && strstr(entry->note, "shares") != NULL && map->entries[k].note != NULL &&
                  strstr(map->entries[k].note, "shares") != NULL)) {
                print_scene(s, map);
                fail_msg("two mailboxes meet in \"%s\"", entry->target);
            }
        }
    }
}

/* What the copy does with the target: make each mailbox that is missing, with its role. */
static void run_copy(scene *s, const mig__map *map)
{
    for (size_t i = 0; i < map->count; i++) {
        const mig__map_entry *entry = &map->entries[i];
        if (entry->target == NULL || entry->existing != MIG__NO_FOLDER || !entry->selectable) {
            continue;
        }
        for (size_t k = 1; s->makes_parents && s->to.delimiter != '\0' && entry->target[k] != '\0'; k++) {
            if (entry->target[k] == s->to.delimiter) {
                char *above = strndup(entry->target, k);
                make_target(s, keep(s, above), true, 0, MIG_ROLE_NONE);
            }
        }
        make_target(s, keep(s, strdup(entry->target)), true, 0, entry->role);
    }
}

static void test_next_night(void **state)
{
    (void)state;
    uint32_t seed = 1986;
    size_t numbered = 0, shared = 0, renamed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        scene s;
        mig__map first, second;
        make_scene(&s, &seed);
        map_scene(&s, NULL, &first);
        check_map(&s, &first);
        run_copy(&s, &first);
        map_scene(&s, NULL, &second);
        check_map(&s, &second);
        for (size_t i = 0; i < first.count; i++) {
            const mig__map_entry *before = &first.entries[i], *after = find_source(&second, before->source);
            bool found = after->existing != MIG__NO_FOLDER || !after->selectable;
            if (before->target != NULL && (!same_target(before, after) || !found)) {
                print_scene(&s, &first);
                print_scene(&s, &second);
                fail_msg("round %d: \"%s\" went to \"%s\"", round, s.source[before->source].name, before->target);
            }
            numbered += before->note != NULL && strstr(before->note, "becomes") != NULL;
            shared += before->note != NULL && strstr(before->note, "shares") != NULL;
            renamed += before->note != NULL && strstr(before->note, "goes to") != NULL;
        }
        mig__map_free(&first);
        mig__map_free(&second);
        free_scene(&s);
    }
    /* the scenes do hold what is being tested */
    assert_in_range(numbered, 1000, SIZE_MAX);
    assert_in_range(shared, 20, SIZE_MAX);
    assert_in_range(renamed, 500, SIZE_MAX);
}

/* The order in which the servers list their mailboxes makes no difference. */
static void test_any_order(void **state)
{
    (void)state;
    uint32_t seed = 42;
    for (int round = 0; round < ROUNDS / 4; round++) {
        scene s;
        mig__map straight, reversed;
        make_scene(&s, &seed);
        map_scene(&s, NULL, &straight);
        scene back = s;
        for (size_t i = 0; i < s.from.count; i++) {
            back.source[i] = s.source[s.from.count - 1 - i];
        }
        for (size_t i = 0; i < s.to.count; i++) {
            back.target[i] = s.target[s.to.count - 1 - i];
        }
        back.from.folders = back.source;
        back.to.folders = back.target;
        map_scene(&back, NULL, &reversed);
        for (size_t i = 0; i < straight.count; i++) {
            const mig__map_entry *a = &straight.entries[i];
            const mig__map_entry *b = find_source(&reversed, s.from.count - 1 - a->source);
            if (a->target != NULL && !same_target(a, b)) {
                print_scene(&s, &straight);
                print_scene(&back, &reversed);
                fail_msg("round %d: the order of the lists counts", round);
            }
        }
        mig__map_free(&straight);
        mig__map_free(&reversed);
        free_scene(&s);
    }
}

/* What is selected keeps the name that it has in a run with everything. */
static void test_any_selection(void **state)
{
    (void)state;
    const char *const folders[] = {"*e*", "*a*", NULL};
    const char *const excludes[] = {"*Sent", NULL};
    const mig__map_rules rules = {.folders = folders, .excludes = excludes};
    uint32_t seed = 4711;
    size_t kept = 0;
    for (int round = 0; round < ROUNDS / 4; round++) {
        scene s;
        mig__map all, some;
        make_scene(&s, &seed);
        map_scene(&s, NULL, &all);
        map_scene(&s, &rules, &some);
        for (size_t i = 0; i < all.count; i++) {
            const mig__map_entry *entry = find_source(&some, all.entries[i].source);
            if (entry->target != NULL) {
                assert_true(same_target(entry, &all.entries[i]));
                kept++;
            }
        }
        mig__map_free(&all);
        mig__map_free(&some);
        free_scene(&s);
    }
    assert_in_range(kept, 1000, SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_night),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_any_selection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
