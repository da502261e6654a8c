/* Where mailboxes go: one small table for each thing that an administrator expects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "folders/map.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct line { /* a mailbox of the source and what is expected of it */
    const char *name;
    const char *target; /* NULL: left out */
    mig_role announced;
    mig_role role; /* expected */
    unsigned attributes;
    const char *note; /* a part of the expected note; NULL: no note */
    bool repaired;    /* the name on the wire was not valid mUTF-7 */
} line;

typedef struct there { /* a mailbox of the target */
    const char *name;
    mig_role announced;
    unsigned attributes;
} there;

typedef struct setting {
    const char *source_prefix, *target_prefix;
    char source_delimiter, target_delimiter;
    bool inbox_no_children, case_insensitive;
    mig__map_rules rules;
    mig__side_in known; /* of the target: forbidden, tidy_blanks, name_length, reserved, labels; of the source: views */
    bool labels;        /* of the source */
} setting;

#define MOST 64

static void fill(mig__folder_in *out, const char *name, bool repaired, char delimiter, unsigned attributes,
                 mig_role role)
{
    *out = (mig__folder_in){name, !repaired, delimiter, attributes, role, false};
}

static const mig__map_entry *entry_of(const mig__map *map, size_t source)
{
    for (size_t i = 0; i < map->count; i++) {
        if (map->entries[i].source == source) {
            return &map->entries[i];
        }
    }
    fail_msg("mailbox %zu has no entry", source);
    return NULL;
}

static void compare(const line *expected, const mig__map_entry *entry)
{
    bool same_target = expected->target == NULL ? entry->target == NULL
                                                : entry->target != NULL && strcmp(expected->target, entry->target) == 0;
    if (!same_target) {
        fail_msg("\"%s\" goes to \"%s\", expected \"%s\"", expected->name, entry->target ? entry->target : "(left out)",
                 expected->target ? expected->target : "(left out)");
    }
    if (entry->role != expected->role) {
        fail_msg("\"%s\" has role \"%s\"", expected->name, mig_role_name(entry->role));
    }
    bool same_note = expected->note == NULL ? entry->note == NULL
                                            : entry->note != NULL && strstr(entry->note, expected->note) != NULL;
    if (!same_note) {
        fail_msg("\"%s\" has note \"%s\"", expected->name, entry->note ? entry->note : "(none)");
    }
    assert_int_equal(entry->selectable, !(expected->attributes & (MIG_ATTR_NOSELECT | MIG_ATTR_NONEXISTENT)));
}

/* Map `lines` (NULL name ends them) onto `target` and hold the result against what they expect. */
static void check(const setting *how, const line *lines, const there *target)
{
    mig__folder_in source_folders[MOST], target_folders[MOST];
    size_t sources = 0, targets = 0;
    for (; lines[sources].name != NULL; sources++) {
        fill(&source_folders[sources], lines[sources].name, lines[sources].repaired, how->source_delimiter,
             lines[sources].attributes, lines[sources].announced);
    }
    for (; target != NULL && target[targets].name != NULL; targets++) {
        fill(&target_folders[targets], target[targets].name, false, how->target_delimiter, target[targets].attributes,
             target[targets].announced);
    }
    mig__side_in from = {.folders = source_folders,
                         .count = sources,
                         .prefix = how->source_prefix,
                         .delimiter = how->source_delimiter,
                         .labels = how->labels,
                         .views = how->known.views};
    mig__side_in to = how->known;
    to.folders = target_folders;
    to.count = targets;
    to.prefix = how->target_prefix;
    to.delimiter = how->target_delimiter;
    to.inbox_no_children = how->inbox_no_children;
    to.case_insensitive = how->case_insensitive;
    to.views = NULL;
    mig__map map;
    mig_error err = MIG_ERROR_INIT;
    if (mig__map_make(&map, &from, &to, &how->rules, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(map.count, sources);
    for (size_t i = 0; i < sources; i++) {
        const mig__map_entry *entry = entry_of(&map, i);
        compare(&lines[i], entry);
        size_t existing = MIG__NO_FOLDER;
        for (size_t k = 0; k < targets && entry->target != NULL && existing == MIG__NO_FOLDER; k++) {
            if (strcmp(target[k].name, entry->target) == 0 && !(target[k].attributes & MIG_ATTR_NONEXISTENT)) {
                existing = k;
            }
        }
        assert_int_equal(entry->existing, existing);
    }
    mig__map_free(&map);
    assert_null(map.entries);
}

#define SENT  MIG_ROLE_SENT
#define JUNK  MIG_ROLE_JUNK
#define TRASH MIG_ROLE_TRASH
#define INBOX MIG_ROLE_INBOX

static const setting slashes = {
    .source_prefix = "", .target_prefix = "", .source_delimiter = '/', .target_delimiter = '/'};

static void test_plain(void **state)
{
    (void)state;
    const line lines[] = {
        {.name = "Work/2019", .target = "Work/2019"},
        {.name = "INBOX", .target = "INBOX", .role = INBOX, .announced = INBOX},
        {.name = "Work", .target = "Work"},
        {.name = "Entwürfe & mehr", .target = "Entwürfe & mehr"},
        {.name = "a \"b\" c\\d %*", .target = "a \"b\" c\\d %*"},
        {.name = ".", .target = "."},
        {.name = "..", .target = ".."},
        {.name = "../../etc/passwd", .target = "../../etc/passwd"},
        {.name = "Archive/Inbox", .target = "Archive/Inbox"},
        {.name = "INBOXES", .target = "INBOXES"},
        {.name = "Only/Child/Listed", .target = "Only/Child/Listed"},
        {.name = "Node", .target = "Node", .attributes = MIG_ATTR_NOSELECT},
        {.name = "Node/Leaf", .target = "Node/Leaf"},
        {.name = NULL},
    };
    const there target[] = {{.name = "INBOX"}, {.name = "Work"}, {.name = "Other"}, {.name = NULL}};
    check(&slashes, lines, target);
    check(&slashes, lines, NULL);
}

/* The same mailbox by every combination of separator and prefix. */
static void test_separators_and_prefixes(void **state)
{
    (void)state;
    static const char delimiters[] = "/.\\^|:";
    for (size_t s = 0; s < sizeof delimiters - 1; s++) {
        for (size_t t = 0; t < sizeof delimiters - 1; t++) {
            for (int prefixes = 0; prefixes < 9; prefixes++) {
                static const char *const roots[] = {"", "INBOX", "mail"};
                char names[2][3][40], prefix[2][8];
                for (int side = 0; side < 2; side++) {
                    char d = delimiters[side == 0 ? s : t];
                    const char *root = roots[side == 0 ? prefixes % 3 : prefixes / 3];
                    snprintf(prefix[side], sizeof prefix[side], *root ? "%s%c" : "%s", root, d);
                    snprintf(names[side][0], sizeof names[side][0], "%sWork", prefix[side]);
                    snprintf(names[side][1], sizeof names[side][1], "%sWork%cÄrger", prefix[side], d);
                    snprintf(names[side][2], sizeof names[side][2], "%sWork%cÄrger%cdeep", prefix[side], d, d);
                }
                const line lines[] = {
                    {.name = names[0][2], .target = names[1][2]},
                    {.name = names[0][0], .target = names[1][0]},
                    {.name = "INBOX", .target = "INBOX", .role = INBOX},
                    {.name = names[0][1], .target = names[1][1]},
                    {.name = NULL},
                };
                const there target[] = {{.name = "INBOX"}, {.name = names[1][1]}, {.name = NULL}};
                setting how = {.source_prefix = prefix[0],
                               .target_prefix = prefix[1],
                               .source_delimiter = delimiters[s],
                               .target_delimiter = delimiters[t]};
                check(&how, lines, target);
            }
        }
    }
}

static void test_inbox_any_case(void **state)
{
    (void)state;
    const line lines[] = {
        {.name = "Inbox", .target = "INBOX", .role = INBOX, .announced = MIG_ROLE_ALL}, /* never a view */
        {.name = "inbox", .target = NULL, .note = "twice"},
        {.name = "iNBOX/Work", .target = "INBOX/Work"},
        {.name = NULL},
    };
    check(&slashes, lines, NULL);
}

static void test_below_inbox(void **state)
{
    (void)state;
    const line kept[] = {
        {.name = "INBOX", .target = "INBOX", .role = INBOX},
        {.name = "INBOX/Work", .target = "INBOX/Work"},
        {.name = "INBOX/Work/a", .target = "INBOX/Work/a"},
        {.name = "Work", .target = "Work"},
        {.name = NULL},
    };
    check(&slashes, kept, NULL);

    const line lifted[] = {
        {.name = "INBOX", .target = "INBOX", .role = INBOX},
        {.name = "INBOX/Play", .target = "Play", .note = "INBOX takes no folders"},
        {.name = "INBOX/Work", .target = "Work (2)", .note = "taken on the target by \"Work\""},
        {.name = "INBOX/Work/a", .target = "Work (2)/a"},
        {.name = "Work", .target = "Work"},
        {.name = NULL},
    };
    setting how = slashes;
    how.inbox_no_children = true;
    check(&how, lifted, NULL);
    const there inferior[] = {{.name = "INBOX", .attributes = MIG_ATTR_NOINFERIORS}, {.name = NULL}};
    check(&slashes, lifted, inferior);

    const line prefixed[] = {
        {.name = "INBOX", .target = "INBOX", .role = INBOX},
        {.name = "INBOX/Play", .target = "INBOX.Play"},
        {.name = "INBOX/Work", .target = "INBOX.Work (2)", .note = "taken on the target by \"Work\""},
        {.name = "INBOX/Work/a", .target = "INBOX.Work (2).a"},
        {.name = "Work", .target = "INBOX.Work"},
        {.name = NULL},
    };
    setting dots = {.source_prefix = "",
                    .target_prefix = "INBOX.",
                    .source_delimiter = '/',
                    .target_delimiter = '.',
                    .inbox_no_children = true};
    check(&dots, prefixed, NULL);

    /* and without INBOX in the list */
    const line alone[] = {{.name = "INBOX/Work", .target = "Work", .note = "INBOX takes no folders"}, {.name = NULL}};
    check(&how, alone, NULL);
}

static void test_below_prefix(void **state)
{
    (void)state;
    const line lines[] = {
        {.name = "INBOX", .target = "INBOX", .role = INBOX},
        {.name = "INBOX.Work", .target = "Work"},
        {.name = "inbox.Play", .target = "Play"},
        {.name = "INBOX.INBOX", .target = "INBOX (2)", .note = "taken on the target by \"INBOX\""},
        {.name = "INBOX.INBOX.x", .target = "INBOX (2)/x"},
        {.name = "shared.Work", .target = "shared/Work"},
        {.name = "INBOX.shared.Work", .target = "shared/Work (2)", .note = "becomes \"shared/Work (2)\""},
        {.name = NULL},
    };
    /* "shared" is another namespace; the personal one chooses first */
    line swapped[sizeof lines / sizeof *lines];
    memcpy(swapped, lines, sizeof lines);
    swapped[5].target = "shared/Work (2)";
    swapped[5].note = "taken on the target by \"INBOX.shared.Work\"";
    swapped[6].target = "shared/Work";
    swapped[6].note = NULL;
    setting how = {.source_prefix = "INBOX.", .target_prefix = "", .source_delimiter = '.', .target_delimiter = '/'};
    check(&how, swapped, NULL);

    const line root[] = {
        {.name = "INBOX", .target = "INBOX", .role = INBOX},
        {.name = "mail/", .target = NULL, .attributes = MIG_ATTR_NOSELECT, .note = "only holds"},
        {.name = "mail/Work", .target = "Work"},
        {.name = NULL},
    };
    setting home = {.source_prefix = "mail/", .target_prefix = "", .source_delimiter = '/', .target_delimiter = '/'};
    check(&home, root, NULL);
}

static void test_roles_meet(void **state)
{
    (void)state;
    const line lines[] = {
        {.name = "INBOX", .target = "INBOX", .role = INBOX},
        {.name = "Gesendet", .target = "Sent", .announced = SENT, .role = SENT, .note = "goes to \"Sent\""},
        {.name = "Gesendet/2019", .target = "Sent/2019"},
        {.name = "Papierkorb", .target = "Deleted Items", .role = TRASH, .note = "goes to \"Deleted Items\""},
        {.name = "Spam", .target = "Spam", .announced = JUNK, .role = JUNK},
        {.name = "Entwürfe", .target = "Entwürfe", .role = MIG_ROLE_DRAFTS},
        {.name = "Work/Sent", .target = "Work/Sent"},
        {.name = NULL},
    };
    const there target[] = {
        {.name = "INBOX"},         {.name = "Sent Items"}, {.name = "Sent", .announced = SENT},
        {.name = "Deleted Items"}, {.name = NULL},
    };
    check(&slashes, lines, target);

    /* announced deeper down, on either side */
    const line deep[] = {
        {.name = "Mail/Out", .target = "Folders/Sent", .announced = SENT, .role = SENT, .note = "goes to"},
        {.name = "Mail/Out/x", .target = "Folders/Sent/x"},
        {.name = NULL},
    };
    const there deep_target[] = {{.name = "Folders/Sent", .announced = SENT}, {.name = "Sent"}, {.name = NULL}};
    check(&slashes, deep, deep_target);

    /* a node that cannot be selected has no role to give */
    const line node[] = {{.name = "Gesendet", .target = "Gesendet", .role = SENT}, {.name = NULL}};
    const there node_target[] = {{.name = "Sent", .announced = SENT, .attributes = MIG_ATTR_NOSELECT}, {.name = NULL}};
    check(&slashes, node, node_target);
}

static void test_roles_below_inbox(void **state)
{
    (void)state;
    const line lines[] = {
        {.name = "INBOX", .target = "INBOX", .role = INBOX},
        {.name = "INBOX.Sent", .target = "Gesendet", .role = SENT, .note = "goes to"},
        {.name = "INBOX.Trash", .target = "Trash", .role = TRASH},
        {.name = NULL},
    };
    const there target[] = {{.name = "Gesendet", .announced = SENT}, {.name = NULL}};
    setting how = {.source_prefix = "INBOX.", .target_prefix = "", .source_delimiter = '.', .target_delimiter = '/'};
    check(&how, lines, target);

    const line no_prefix[] = {
        {.name = "INBOX/Sent", .target = "INBOX.Gesendet", .role = SENT, .note = "goes to"},
        {.name = NULL},
    };
    const there dots[] = {{.name = "INBOX.Gesendet"}, {.name = NULL}};
    setting back = {.source_prefix = "",
                    .target_prefix = "INBOX.",
                    .source_delimiter = '/',
                    .target_delimiter = '.',
                    .inbox_no_children = true};
    check(&back, no_prefix, dots);
}

static void test_two_with_a_role(void **state)
{
    (void)state;
    const line announced[] = {
        {.name = "Sent", .target = "Sent"},
        {.name = "Sent Items", .target = "Sent Items", .announced = SENT, .role = SENT},
        {.name = NULL},
    };
    check(&slashes, announced, NULL);

    const line both[] = {
        {.name = "Sent", .target = "Gesendet", .announced = SENT, .role = SENT, .note = "goes to"},
        {.name = "Sent Messages", .target = "Sent Messages", .announced = SENT, .note = "\"Sent\" has the same role"},
        {.name = NULL},
    };
    const there target[] = {{.name = "Gesendet", .announced = SENT}, {.name = NULL}};
    check(&slashes, both, target);

    const line by_name[] = {
        {.name = "Gesendet", .target = "Gesendet"},
        {.name = "Sent Items", .target = "Sent Items", .role = SENT},
        {.name = NULL},
    };
    check(&slashes, by_name, NULL);

    /* the most usual name has it, whatever the order of names */
    const line at_home[] = {
        {.name = "Gesendet", .target = "Gesendet", .announced = SENT, .note = "same role"},
        {.name = "Sent", .target = "Sent", .announced = SENT, .role = SENT},
        {.name = NULL},
    };
    const there home[] = {{.name = "Sent", .announced = SENT}, {.name = NULL}};
    check(&slashes, at_home, home);

    /* of two at the target: our own name, else the first by name */
    const there two[] = {
        {.name = "Sent Messages", .announced = SENT}, {.name = "Sent", .announced = SENT}, {.name = NULL}};
    const line own[] = {{.name = "Sent Messages", .target = "Sent Messages", .announced = SENT, .role = SENT},
                        {.name = NULL}};
    check(&slashes, own, two);
    const line other[] = {{.name = "Gesendet", .target = "Sent", .announced = SENT, .role = SENT, .note = "goes to"},
                          {.name = NULL}};
    check(&slashes, other, two);
}

static void test_role_meets_name(void **state)
{
    (void)state;
    const line meet[] = {
        {.name = "Gesendet", .target = "Sent", .announced = SENT, .role = SENT, .note = "with \"Sent\""},
        {.name = "Sent", .target = "Sent", .note = "with \"Gesendet\""},
        {.name = NULL},
    };
    const there target[] = {{.name = "Sent", .announced = SENT}, {.name = NULL}};
    check(&slashes, meet, target);

    /* the other is no folder for sent mail by its name: it stays apart */
    const line apart[] = {
        {.name = "Gesendet", .target = "Out", .announced = SENT, .role = SENT, .note = "goes to \"Out\""},
        {.name = "Out", .target = "Out (2)", .note = "taken on the target by \"Gesendet\""},
        {.name = NULL},
    };
    const there out[] = {{.name = "Out", .announced = SENT}, {.name = NULL}};
    check(&slashes, apart, out);

    /* the second run after one onto an empty target, whose server gave "Sent" the role by itself */
    const line again[] = {
        {.name = "Gesendet", .target = "Gesendet", .announced = SENT, .role = SENT, .note = "takes another folder"},
        {.name = "Sent", .target = "Sent"},
        {.name = NULL},
    };
    const there both[] = {{.name = "Sent", .announced = SENT}, {.name = "Gesendet"}, {.name = NULL}};
    check(&slashes, again, both);
}

static void test_gmail_source(void **state)
{
    (void)state;
    const line lines[] = {
        {.name = "INBOX", .target = "INBOX", .role = INBOX},
        {.name = "[Gmail]", .target = NULL, .attributes = MIG_ATTR_NOSELECT, .note = "Gmail's own folders"},
        {.name = "[Gmail]/Alle Nachrichten",
         .target = NULL,
         .announced = MIG_ROLE_ALL,
         .role = MIG_ROLE_ALL,
         .note = "a view"},
        {.name = "[Gmail]/Gesendet", .target = "Sent", .announced = SENT, .role = SENT, .note = "goes to \"Sent\""},
        {.name = "[Gmail]/Markiert",
         .target = NULL,
         .announced = MIG_ROLE_FLAGGED,
         .role = MIG_ROLE_FLAGGED,
         .note = "view"},
        {.name = "[Gmail]/Spam", .target = "Spam", .announced = JUNK, .role = JUNK, .note = "beside the other folders"},
        {.name = "[Gmail]/Papierkorb", .target = "Papierkorb", .announced = TRASH, .role = TRASH, .note = "beside"},
        {.name = "Important", .target = "Important"},
        {.name = "Spam", .target = "Spam (2)", .note = "taken on the target by \"[Gmail]/Spam\""},
        {.name = "Work/[Gmail]", .target = "Work/[Gmail]"},
        {.name = NULL},
    };
    const there target[] = {{.name = "INBOX"}, {.name = "Sent", .announced = SENT}, {.name = NULL}};
    check(&slashes, lines, target);

    const line to_gmail[] = {
        {.name = "[Gmail]", .target = "[Gmail]", .attributes = MIG_ATTR_NOSELECT},
        {.name = "[Gmail]/All Mail", .target = NULL, .announced = MIG_ROLE_ALL, .role = MIG_ROLE_ALL, .note = "a view"},
        {.name = "[Gmail]/Sent Mail", .target = "[Gmail]/Gesendet", .announced = SENT, .role = SENT, .note = "goes to"},
        {.name = NULL},
    };
    const there gmail[] = {{.name = "[Gmail]", .attributes = MIG_ATTR_NOSELECT},
                           {.name = "[Gmail]/Gesendet", .announced = SENT},
                           {.name = NULL}};
    check(&slashes, to_gmail, gmail);

    /* a folder of that name that holds mail is a folder */
    const line real[] = {
        {.name = "[Gmail]", .target = "[Gmail]"}, {.name = "[Gmail]/x", .target = "[Gmail]/x"}, {.name = NULL}};
    check(&slashes, real, NULL);
}

static void test_views_by_name(void **state)
{
    (void)state;
    const char *const all[] = {"*", NULL};
    const char *const named[] = {"[Gmail]/All Mail", "INBOX", NULL};
    const line caught[] = {
        {.name = "[Gmail]/All Mail", .target = NULL, .announced = MIG_ROLE_ALL, .role = MIG_ROLE_ALL, .note = "a view"},
        {.name = "Starred", .target = "Starred"},
        {.name = NULL},
    };
    setting how = slashes;
    how.rules.folders = all;
    check(&how, caught, NULL);
    const line meant[] = {
        {.name = "[Gmail]/All Mail", .target = "[Gmail]/All Mail", .announced = MIG_ROLE_ALL},
        {.name = "INBOX", .target = "INBOX", .role = INBOX},
        {.name = NULL},
    };
    how.rules.folders = named;
    check(&how, meant, NULL);
}

static void test_rules_leave_out(void **state)
{
    (void)state;
    const char *const folders[] = {"a.b", "Sent Items", "INBOX", NULL};
    const char *const excludes[] = {"INBOX", NULL};
    setting how = {.source_prefix = "",
                   .target_prefix = "",
                   .source_delimiter = '/',
                   .target_delimiter = '.',
                   .rules = {.folders = folders, .excludes = excludes}};
    /* what is left out still has its place: the names are those of a run with everything */
    const line lines[] = {
        {.name = "INBOX", .target = NULL},
        {.name = "a.b", .target = "a_b (2)", .note = "taken on the target by \"a_b\""},
        {.name = "a_b", .target = NULL},
        {.name = "Sent", .target = NULL},
        {.name = "Sent Items", .target = "Sent Items"},
        {.name = NULL},
    };
    check(&how, lines, NULL);

    mig__folder_in folder = {.name = "Work", .name_valid = true, .delimiter = '/'};
    mig__side_in source = {.folders = &folder, .count = 1, .prefix = "", .delimiter = '/'},
                 empty = {.folders = NULL, .count = 0, .prefix = "", .delimiter = '/'};
    mig__map map;
    assert_int_equal(mig__map_make(&map, &source, &empty, &how.rules, NULL), 0);
    assert_true(map.entries[0].left_out_by_rule);
    mig__map_free(&map);
}

static void test_maps(void **state)
{
    (void)state;
    const char *const maps[] = {"Work=Job/Old", "Lists/*=Mailing/*", "Gesendet=Old Sent",
                                "Trash=INBOX",  "Kept=Kept",         NULL};
    setting how = slashes;
    how.rules.maps = maps;
    const line lines[] = {
        {.name = "INBOX", .target = "INBOX", .role = INBOX, .note = "with \"Trash\""},
        {.name = "Gesendet", .target = "Old Sent"},
        {.name = "Sent Items", .target = "Sent", .role = SENT, .note = "goes to \"Sent\""},
        {.name = "Trash", .target = "INBOX", .role = TRASH, .note = "with \"INBOX\""},
        {.name = "Trash/x", .target = "INBOX/x"},
        {.name = "Work", .target = "Job/Old", .note = "with \"Job/Old\""},
        {.name = "Work/2019", .target = "Job/Old/2019"},
        {.name = "Job/Old", .target = "Job/Old", .note = "with \"Work\""},
        {.name = "Lists", .target = "Lists"},
        {.name = "Lists/a/b", .target = "Mailing/a/b"},
        {.name = "Kept", .target = "Kept"},
        {.name = NULL},
    };
    const there target[] = {{.name = "INBOX"}, {.name = "Sent", .announced = SENT}, {.name = NULL}};
    check(&how, lines, target);

    /* a rule moves a folder with a role; the role is only asked for where nobody has it */
    const char *const sent[] = {"Sent=Archive/Sent", NULL};
    how.rules.maps = sent;
    const line taken[] = {{.name = "Sent", .target = "Archive/Sent", .announced = SENT}, {.name = NULL}};
    check(&how, taken, target);
    const line free_role[] = {{.name = "Sent", .target = "Archive/Sent", .announced = SENT, .role = SENT},
                              {.name = NULL}};
    check(&how, free_role, NULL);

    /* with prefixes and separators, TO is a name as the source has them */
    const char *const dots[] = {"INBOX.Work=INBOX.Job.Old", "INBOX.Play=Fun", "INBOX.a=b/c", "INBOX=INBOX.Old", NULL};
    setting prefixed = {.source_prefix = "INBOX.",
                        .target_prefix = "",
                        .source_delimiter = '.',
                        .target_delimiter = '/',
                        .rules = {.maps = dots}};
    const line with_prefix[] = {
        {.name = "INBOX", .target = "Old", .role = INBOX},
        {.name = "INBOX.Work", .target = "Job/Old"},
        {.name = "INBOX.Play", .target = "Fun"},
        {.name = "INBOX.a", .target = "b_c", .note = "separates levels"},
        {.name = NULL},
    };
    check(&prefixed, with_prefix, NULL);
}

static void test_bad_rules(void **state)
{
    (void)state;
    static const char *const bad[] = {"no equals sign", "a*=b", "Work=/"};
    mig__folder_in folder = {.name = "Work", .name_valid = true, .delimiter = '/'};
    mig__side_in side = {.folders = &folder, .count = 1, .prefix = "", .delimiter = '/'};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const maps[] = {bad[i], NULL};
        mig__map_rules rules = {.maps = maps};
        mig__map map;
        mig_error err = MIG_ERROR_INIT;
        assert_int_equal(mig__map_make(&map, &side, &side, &rules, &err), -1);
        assert_int_equal(err.code, MIG_E_USAGE);
        assert_null(map.entries);
        mig__map_free(&map);
    }
}

static void test_odd_components(void **state)
{
    (void)state;
    const line lines[] = {
        {.name = "a.b", .target = "a_b (2)", .note = "\".\" separates levels"},
        {.name = "a.b/c", .target = "a_b (2).c"},
        {.name = "a_b", .target = "a_b"},
        {.name = "a_b/c", .target = "a_b.c"},
        {.name = "x//y", .target = "x._.y", .note = "empty part"},
        {.name = "/lead", .target = "_.lead", .note = "empty part"},
        {.name = "trail/", .target = NULL, .note = "twice"},
        {.name = "trail", .target = "trail"},
        {.name = "tab\there", .target = "tab_here", .note = "control characters"},
        {.name = "del\x7f", .target = "del_", .note = "control characters"},
        {.name = "c1\xc2\x85", .target = "c1_", .note = "control characters"},
        {.name = "line\r\nbreak", .target = "line__break", .note = "control characters"},
        {.name = "nbsp\xc2\xa0", .target = "nbsp\xc2\xa0"},
        {.name = "", .target = NULL, .note = "no name"},
        {.name = "//", .target = NULL, .note = "no name"},
        {.name = NULL},
    };
    setting how = {.source_prefix = "", .target_prefix = "", .source_delimiter = '/', .target_delimiter = '.'};
    check(&how, lines, NULL);
}

static void test_collisions(void **state)
{
    (void)state;
    const line lines[] = {
        {.name = "a.b", .target = "a_b", .note = "separates"},
        {.name = "a:b", .target = "a:b"},
        {.name = "x.y", .target = "x_y (3)", .note = "becomes \"x_y (3)\""},
        {.name = "x_y", .target = "x_y"},
        {.name = "x_y (2)", .target = "x_y (2)"},
        {.name = NULL},
    };
    setting how = {.source_prefix = "", .target_prefix = "", .source_delimiter = '/', .target_delimiter = '.'};
    check(&how, lines, NULL);
    const there target[] = {{.name = "x_y (3)"}, {.name = "x_y (2)"}, {.name = "x_y"}, {.name = "a_b"}, {.name = NULL}};
    check(&how, lines, target);
}

static void test_case_insensitive(void **state)
{
    (void)state;
    const line lines[] = {
        {.name = "Work", .target = "Work"},
        {.name = "WORK", .target = "WORK (2)", .note = "taken"},
        {.name = "work", .target = "work (2)", .note = "taken"},
        {.name = "ÄRGER", .target = "ÄRGER"},
        {.name = "Ärger/x", .target = "ÄRGER/x"},
        {.name = "Ärger", .target = "Ärger (2)", .note = "taken"},
        {.name = NULL},
    };
    line expected[sizeof lines / sizeof *lines];
    memcpy(expected, lines, sizeof lines);
    expected[0] = (line){.name = "Work", .target = "Work (2)", .note = "taken on the target by \"WORK\""};
    expected[1] = (line){.name = "WORK", .target = "WORK"};
    expected[2] = (line){.name = "work", .target = "work (3)", .note = "becomes \"work (3)\""};
    expected[4] = (line){.name = "Ärger/x", .target = "Ärger (2)/x"};
    setting how = slashes;
    how.case_insensitive = true;
    check(&how, expected, NULL);

    /* the target's spelling is used where it has the folder already */
    const line spelled[] = {{.name = "work", .target = "WoRk"}, {.name = "work/a", .target = "WoRk/a"}, {.name = NULL}};
    const there target[] = {{.name = "WoRk"}, {.name = NULL}};
    check(&how, spelled, target);
    const line apart[] = {{.name = "work", .target = "work"}, {.name = NULL}};
    check(&slashes, apart, target);
}

/* What the profile of the target says of names. */
static void test_refused_names(void **state)
{
    (void)state;
    static const char *const reserved[] = {"Calendar", "Tasks", NULL};
    const line lines[] = {
        {.name = "a^b", .target = "a_b (2)", .note = "refuses became"},
        {.name = "a_b", .target = "a_b"},
        {.name = " two  words ", .target = "two words", .note = "blanks"},
        {.name = " two  words /^", .target = "two words/_", .note = "refuses became"},
        {.name = "  ", .target = "_", .note = "blanks"},
        {.name = "0123456789abcdefghij", .target = "0123456789abcdefghij"},
        {.name = "0123456789abcdefghijk", .target = "0123456789ab", .note = "too long"},
        {.name = "0123456789abcdefghijl", .target = "0123456789ab (2)", .note = "too long"},
        {.name = "0123456789aäbcdefghij", .target = "0123456789a", .note = "too long"},
        {.name = "calendar", .target = "calendar (2)", .note = "keeps the name \"calendar\" for itself"},
        {.name = "calendar/x", .target = "calendar (2)/x"},
        {.name = "x", .target = "x"},
        {.name = "x/Calendar", .target = "x/Calendar"},
        {.name = NULL},
    };
    setting how = slashes;
    how.known.forbidden = "^";
    how.known.tidy_blanks = true;
    how.known.name_length = 20;
    how.known.reserved = reserved;
    check(&how, lines, NULL);
    const there again[] = {{.name = "a_b (2)"}, {.name = "0123456789ab (2)"}, {.name = "calendar (2)"}, {.name = NULL}};
    check(&how, lines, again); /* a second run finds its own folders */

    const char *const maps[] = {"calendar=Tasks", NULL};
    const line by_rule[] = {{.name = "calendar", .target = "Tasks"}, {.name = NULL}};
    how.rules.maps = maps;
    check(&how, by_rule, NULL);
}

#define ARCHIVE MIG_ROLE_ARCHIVE

static void test_labels(void **state)
{
    (void)state;
    line lines[] = {
        {.name = "INBOX", .target = "INBOX", .role = INBOX},
        {.name = "Work", .target = "Work"},
        {.name = "[Gmail]", .target = NULL, .attributes = MIG_ATTR_NOSELECT, .note = "Gmail's own"},
        {.name = "[Gmail]/Alles", .target = "Archive", .announced = MIG_ROLE_ALL, .role = ARCHIVE, .note = "no label"},
        {.name = "[Gmail]/Trash", .target = "Trash", .announced = TRASH, .role = TRASH, .note = "beside"},
        {.name = "[Gmail]/Star",
         .target = NULL,
         .announced = MIG_ROLE_FLAGGED,
         .role = MIG_ROLE_FLAGGED,
         .note = "view"},
        {.name = NULL},
    };
    const there target[] = {{.name = "INBOX"}, {.name = "Archive", .announced = ARCHIVE}, {.name = NULL}};
    setting how = slashes;
    how.labels = true;
    check(&how, lines, target);
    how.rules.labels = MIG_LABELS_FIRST;
    check(&how, lines, target);
    lines[3].target = "Alles"; /* none there: it is made, with the role */
    check(&how, lines, NULL);

    const there gmail[] = {{.name = "[Gmail]", .attributes = MIG_ATTR_NOSELECT},
                           {.name = "[Gmail]/Tous", .announced = MIG_ROLE_ALL},
                           {.name = "[Gmail]/Corbeille", .announced = TRASH},
                           {.name = NULL}};
    const line to_gmail[] = {
        {.name = "[Gmail]", .target = "[Gmail]", .attributes = MIG_ATTR_NOSELECT},
        {.name = "[Gmail]/Alles",
         .target = "[Gmail]/Tous",
         .announced = MIG_ROLE_ALL,
         .role = ARCHIVE,
         .note = "no label"},
        {.name = "[Gmail]/Trash", .target = "[Gmail]/Corbeille", .announced = TRASH, .role = TRASH, .note = "goes to"},
        {.name = NULL},
    };
    how.known.labels = true;
    check(&how, to_gmail, gmail);

    how.known.labels = false;
    how.rules.labels = MIG_LABELS_KEYWORD;
    lines[0] = (line){.name = "INBOX", .target = NULL, .role = MIG_ROLE_NONE, .note = "as a keyword"};
    lines[1] = (line){.name = "Work", .target = NULL, .note = "as a keyword"};
    lines[3].target = "Archive";
    lines[3].note = "goes to";
    lines[5].note = "as a keyword";
    check(&how, lines, target);
}

static void test_known_views(void **state)
{
    (void)state;
    static const char *const views[] = {"[Gmail]/All Mail", NULL};
    const line lines[] = {
        {.name = "[Gmail]/All Mail", .target = NULL, .note = "a view"},
        {.name = "[Gmail]/All Mail 2", .target = "[Gmail]/All Mail 2"},
        {.name = NULL},
    };
    setting how = slashes;
    how.known.views = views;
    check(&how, lines, NULL);
}

static void test_flat_target(void **state)
{
    (void)state;
    const line lines[] = {
        {.name = "INBOX", .target = "INBOX", .role = INBOX},
        {.name = "INBOX/Work", .target = "Work", .note = "beside INBOX"},
        {.name = "A", .target = "A"},
        {.name = "A/B", .target = "A - B (2)", .note = "joined"},
        {.name = "A/B/C", .target = "A - B (2) - C", .note = "joined"},
        {.name = "A - B", .target = "A - B"},
        {.name = "X/Y/Z", .target = "X - Y - Z", .note = "joined"},
        {.name = "Gesendet", .target = "Sent", .role = SENT, .note = "goes to"},
        {.name = "Gesendet/1", .target = "Sent - 1", .note = "joined"},
        {.name = NULL},
    };
    setting how = {.source_prefix = "", .target_prefix = "", .source_delimiter = '/', .target_delimiter = '\0'};
    const there target[] = {{.name = "INBOX"}, {.name = "Sent", .announced = SENT}, {.name = "X"}, {.name = NULL}};
    check(&how, lines, target);

    const line flat_source[] = {{.name = "a/b.c", .target = "a_b.c", .note = "separates"}, {.name = NULL}};
    setting flat = {.source_prefix = "", .target_prefix = "", .source_delimiter = '\0', .target_delimiter = '/'};
    check(&flat, flat_source, NULL);
}

static void test_no_inferiors(void **state)
{
    (void)state;
    const line lines[] = {
        {.name = "Sent", .target = "Sent Items", .role = SENT, .note = "goes to"},
        {.name = "Sent/2019", .target = "Sent Items - 2019", .note = "joined"},
        {.name = "Sent/2019/May", .target = "Sent Items - 2019/May"},
        {.name = "File/x", .target = "File - x", .note = "joined"},
        {.name = NULL},
    };
    const there target[] = {
        {.name = "Sent Items", .announced = SENT, .attributes = MIG_ATTR_NOINFERIORS},
        {.name = "File", .attributes = MIG_ATTR_NOINFERIORS},
        {.name = NULL},
    };
    check(&slashes, lines, target);
}

/* A name that was not valid is one like any other, and the note says what became of it. */
static void test_repaired(void **state)
{
    (void)state;
    const line lines[] = {
        {.name = "café", .target = "café", .repaired = true, .note = "was made valid: \"café\""},
        {.name = "café/x\ry", .target = "café.x_y", .repaired = true, .note = "control"},
        {.name = "Sent", .target = "Gesendet", .announced = SENT, .role = SENT, .note = "goes to"},
        {.name = "Sent/bad &", .target = "Gesendet.bad &", .repaired = true, .note = "made valid"},
        {.name = "R&D", .target = "R&D", .note = "shares its folder on the target with \"R&D\""},
        {.name = "R&D", .target = "R&D", .repaired = true, .note = "shares its folder on the target with \"R&D\""},
        {.name = "Papierkorb", .target = "Papierkorb", .role = TRASH, .repaired = true, .note = "made valid"},
        {.name = NULL},
    };
    const there target[] = {{.name = "Gesendet", .announced = SENT}, {.name = "café"}, {.name = NULL}};
    setting how = {.source_prefix = "", .target_prefix = "", .source_delimiter = '/', .target_delimiter = '.'};
    check(&how, lines, target);
}

static void test_rule_names_repaired(void **state)
{
    (void)state;
    const char *const maps[] = {"R&D=Café", "&*=x*", NULL};
    const line lines[] = {
        {.name = "R&D", .target = "Café", .repaired = true, .note = "made valid"},
        {.name = "&AOk", .target = "xAOk", .repaired = true, .note = "made valid"},
        {.name = NULL},
    };
    setting how = slashes;
    how.rules.maps = maps;
    check(&how, lines, NULL);
}

#define COMPOSED   "Entw\xc3\xbcrfe"
#define DECOMPOSED "Entwu\xcc\x88rfe"

/* One name is one name in either form; what is listed in both is two mailboxes, each with its own. */
static void test_normal_forms(void **state)
{
    (void)state;
    const line alone[] = {
        {.name = DECOMPOSED, .target = COMPOSED, .role = MIG_ROLE_DRAFTS},
        {.name = DECOMPOSED "/" DECOMPOSED, .target = COMPOSED "/" DECOMPOSED},
        {.name = NULL},
    };
    const there one[] = {{.name = COMPOSED}, {.name = NULL}};
    const line both[] = {
        {.name = "x/" DECOMPOSED, .target = "x/" DECOMPOSED, .note = "shares its folder on the target with"},
        {.name = "x/" DECOMPOSED "/a", .target = "x/" DECOMPOSED "/a", .note = "shares its folder"},
        {.name = "x/" COMPOSED, .target = "x/" DECOMPOSED, .note = "shares its folder on the target with"},
        {.name = "x/" COMPOSED "/a", .target = "x/" DECOMPOSED "/a", .note = "shares its folder"},
        {.name = "x/ENTW\xc3\x9cRFE", .target = "x/ENTW\xc3\x9cRFE"},
        {.name = NULL},
    };
    const line each[] = {
        {.name = "x/" DECOMPOSED, .target = "x/" DECOMPOSED},
        {.name = "x/" COMPOSED, .target = "x/" COMPOSED},
        {.name = NULL},
    };
    const there two[] = {{.name = "x/" COMPOSED}, {.name = "x/" DECOMPOSED}, {.name = NULL}};
    check(&slashes, alone, one);
    check(&slashes, both, NULL);
    check(&slashes, each, two);
}

static void test_nonexistent_target(void **state)
{
    (void)state;
    const line lines[] = {{.name = "Work", .target = "Work"}, {.name = "Node", .target = "Node"}, {.name = NULL}};
    const there target[] = {{.name = "Work", .attributes = MIG_ATTR_NONEXISTENT},
                            {.name = "Node", .attributes = MIG_ATTR_NOSELECT},
                            {.name = NULL}};
    check(&slashes, lines, target);
}

static void test_order(void **state)
{
    (void)state;
    static const char *const names[] = {"b/c", "b", "a-", "a/z", "a", "INBOX", "INBOX/x", "a/z/1", "A"};
    static const char *const order[] = {"INBOX", "INBOX/x", "A", "a", "a/z", "a/z/1", "a-", "b", "b/c"};
    mig__folder_in folders[9];
    for (size_t i = 0; i < 9; i++) {
        fill(&folders[i], names[i], false, '/', 0, MIG_ROLE_NONE);
    }
    mig__side_in source = {.folders = folders, .count = 9, .prefix = NULL, .delimiter = '/'},
                 target = {.folders = NULL, .count = 0, .prefix = NULL, .delimiter = '/'};
    mig__map map;
    assert_int_equal(mig__map_make(&map, &source, &target, NULL, NULL), 0);
    for (size_t i = 0; i < 9; i++) {
        assert_string_equal(folders[map.entries[i].source].name, order[i]);
    }
    mig__map_free(&map);
    assert_int_equal(mig__map_make(&map, &target, &source, NULL, NULL), 0);
    assert_int_equal(map.count, 0);
    mig__map_free(&map);
}

/* Long, deep and hostile names, in bounded time and memory. */
static void test_large(void **state)
{
    (void)state;
    size_t length = 4096;
    char *deep = calloc(1, length + 1), *expected = calloc(1, length + 1), *endless = calloc(1, 1 << 20);
    assert_true(deep != NULL && expected != NULL && endless != NULL);
    for (size_t i = 0; i < length; i++) {
        deep[i] = i % 8 == 7 && i + 1 < length ? '/' : 'x';
        expected[i] = deep[i] == '/' ? '.' : 'x';
    }
    memset(endless, '/', (1 << 20) - 1);
    endless[(1 << 20) - 2] = 'x';
    const line lines[] = {
        {.name = deep, .target = expected},
        {.name = endless, .target = NULL, .note = "too many levels"},
        {.name = "Work", .target = "Work"},
        {.name = NULL},
    };
    setting how = {.source_prefix = "", .target_prefix = "", .source_delimiter = '/', .target_delimiter = '.'};
    check(&how, lines, NULL);
    free(deep);
    free(expected);
    free(endless);

    /* 16,384 names that all want to be "______________" */
    enum { COUNT = 1 << 14 };
    mig__folder_in *folders = calloc(COUNT, sizeof *folders);
    char(*names)[15] = calloc(COUNT, sizeof *names);
    assert_true(folders != NULL && names != NULL);
    for (int i = 0; i < COUNT; i++) {
        for (int bit = 0; bit < 14; bit++) {
            names[i][bit] = i >> bit & 1 ? '.' : '_';
        }
        fill(&folders[i], names[i], false, '/', 0, MIG_ROLE_NONE);
    }
    mig__side_in source = {.folders = folders, .count = COUNT, .prefix = "", .delimiter = '/'},
                 target = {.prefix = "", .delimiter = '.'};
    mig__map map;
    assert_int_equal(mig__map_make(&map, &source, &target, NULL, NULL), 0);
    assert_string_equal(entry_of(&map, 0)->target, "______________");
    assert_string_equal(entry_of(&map, COUNT - 1)->target, "______________ (2)"); /* '.' comes before '_' */
    mig__map_free(&map);
    free(folders);
    free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_separators_and_prefixes),
        cmocka_unit_test(test_inbox_any_case),
        cmocka_unit_test(test_below_inbox),
        cmocka_unit_test(test_below_prefix),
        cmocka_unit_test(test_roles_meet),
        cmocka_unit_test(test_roles_below_inbox),
        cmocka_unit_test(test_two_with_a_role),
        cmocka_unit_test(test_role_meets_name),
        cmocka_unit_test(test_gmail_source),
        cmocka_unit_test(test_views_by_name),
        cmocka_unit_test(test_rules_leave_out),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_bad_rules),
        cmocka_unit_test(test_odd_components),
        cmocka_unit_test(test_collisions),
        cmocka_unit_test(test_case_insensitive),
        cmocka_unit_test(test_refused_names),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_known_views),
        cmocka_unit_test(test_flat_target),
        cmocka_unit_test(test_no_inferiors),
        cmocka_unit_test(test_repaired),
        cmocka_unit_test(test_rule_names_repaired),
        cmocka_unit_test(test_normal_forms),
        cmocka_unit_test(test_nonexistent_target),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
