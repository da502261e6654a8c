/*
 * plan/imapsync.c - a command line of imapsync as a plan: what means the same, and what has no counterpart and why
 *
 * The table is what there is to know; the passwords of a line are never repeated.
 */
#include "plan/plan_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 512 };

typedef enum meaning {
    USER,     /* of a side */
    SIDE,     /* a key of a side: its value as it is */
    FLAG,     /* a key of a side: the value of the table */
    OPTION,   /* an option: its value as it is */
    SWITCH,   /* an option: the value of the table */
    FOLDER,   /* a folder, the same name and all below it */
    MAP,      /* "FROM=TO" */
    SECRET,   /* of a side: not repeated */
    NEEDLESS, /* what it asks for is so by itself; the text says why */
    NONE      /* no counterpart; the text says why */
} meaning;

typedef struct row {
    const char *name;  /* without the side's number at its end when `sided` */
    bool sided, takes; /* takes a value */
    meaning what;
    const char *key, *value;
} row;

#define WHY(text) NULL, text

static const row rows[] = {
    {"host", true, true, SIDE, "host", NULL},
    {"port", true, true, SIDE, "port", NULL},
    {"user", true, true, USER, NULL, NULL},
    {"ssl", true, false, FLAG, "tls", "implicit"},
    {"tls", true, false, FLAG, "tls", "starttls"},
    {"nossl", true, false, NONE,
     WHY("a login without TLS is refused beyond this machine: see tls and allow-cleartext")},
    {"notls", true, false, NONE,
     WHY("a login without TLS is refused beyond this machine: see tls and allow-cleartext")},
    {"passfile", true, true, SIDE, "password-file", NULL},
    {"password", true, true, SECRET, NULL, NULL},
    {"authuser", true, true, SIDE, "admin", NULL},
    {"authmech", true, true, SIDE, "auth", NULL},
    {"gmail", true, false, FLAG, "provider", "gmail"},
    {"office", true, false, FLAG, "provider", "microsoft365"},
    {"exchange", true, false, FLAG, "provider", "exchange"},
    {"oauthaccesstoken", true, true, NONE,
     WHY("an access token ends within the hour: see oauth and `mailmigrate login`")},
    {"oauthdirect", true, true, NONE, WHY("see oauth and `mailmigrate login`")},
    {"timeout", true, true, OPTION, "timeout", NULL},
    {"timeout", false, true, OPTION, "timeout", NULL},
    {"compress", true, false, SWITCH, "compress", "on"},
    {"prefix", true, true, NEEDLESS, WHY("prefixes are found by NAMESPACE")},
    {"sep", true, true, NEEDLESS, WHY("separators are found by LIST")},
    {"delete", true, false, NONE,
     WHY("nothing is ever removed from the source; for the target see deletions, which touches only what was copied")},
    {"expunge", true, false, NONE, WHY("nothing is ever removed from the source; for the target see deletions")},
    {"subfolder", true, true, NONE, WHY("give a map for each folder, as INBOX=Old/INBOX")},
    {"sslargs", true, true, NONE, WHY("see ca-file, pin and tls-min")},
    {"keepalive", true, false, NEEDLESS, WHY("it is always on")},
    {"domain", true, true, NONE, WHY("see auth: NTLM is not spoken")},
    {"folder", false, true, FOLDER, "folder", NULL},
    {"folderrec", false, true, FOLDER, "folder", NULL},
    {"exclude", false, true, NONE, WHY("it is a regular expression: exclude takes globs, as Trash or Archive/**")},
    {"include", false, true, NONE, WHY("it is a regular expression: folder takes globs, as INBOX or Archive/**")},
    {"folderfirst", false, true, NONE,
     WHY("all folders are copied; which one comes first makes no difference in the end")},
    {"folderlast", false, true, NONE,
     WHY("all folders are copied; which one comes last makes no difference in the end")},
    {"f1f2", false, true, MAP, "map", NULL},
    {"f1f2h", false, true, MAP, "map", NULL},
    {"regextrans2", false, true, NONE,
     WHY("it is a program in Perl: map says the same for each folder, as Sent=Sent Items")},
    {"automap", false, false, NEEDLESS, WHY("special folders are matched by their roles")},
    {"nomixfolders", false, false, NONE,
     WHY("see the folder notes of a dry run: names that differ in case alone are named")},
    {"dry", false, false, SWITCH, "dry-run", "true"},
    {"justlogin", false, false, NONE, WHY("`mailmigrate run PLAN --steps check`")},
    {"justfolders", false, false, NONE, WHY("`mailmigrate inventory PLAN` shows what would be made")},
    {"justfoldersizes", false, false, NONE, WHY("`mailmigrate inventory PLAN`")},
    {"justconnect", false, false, NONE, WHY("`mailmigrate probe URL`")},
    {"maxsize", false, true, OPTION, "max-size", NULL},
    {"minsize", false, true, NONE, WHY("small messages are mail, too")},
    {"maxage", false, true, NONE, WHY("days count from each run on: give since with a date")},
    {"minage", false, true, NONE, WHY("days count from each run on: give before with a date")},
    {"search", false, true, NONE, WHY("see since, before and max-size")},
    {"search", true, true, NONE, WHY("see since, before and max-size")},
    {"maxbytespersecond", false, true, OPTION, "max-rate", NULL},
    {"maxbytesafter", false, true, NONE, WHY("see max-rate and daily-limit")},
    {"maxmessagespersecond", false, true, NONE, WHY("see max-rate, and what the provider's profile knows")},
    {"exitwhenover", false, true, OPTION, "daily-limit", NULL},
    {"noresyncflags", false, false, SWITCH, "flags", "keep"},
    {"resyncflags", false, false, SWITCH, "flags", "source"},
    {"subscribe", false, false, NEEDLESS, WHY("subscriptions are carried over")},
    {"subscribed", false, false, NONE, WHY("all folders are copied: a folder without subscription holds mail, too")},
    {"subscribeall", false, false, NONE, WHY("subscriptions are carried over as they are")},
    {"nosyncacls", false, false, NEEDLESS, WHY("rights of others are not touched")},
    {"syncacls", false, false, NONE, WHY("rights of others are not carried over")},
    {"syncinternaldates", false, false, NEEDLESS, WHY("dates are kept")},
    {"idatefromheader", false, false, NONE, WHY("the date that the source has is kept")},
    {"useheader", false, true, NEEDLESS, WHY("messages are told apart by their content")},
    {"skipsize", false, false, NEEDLESS, WHY("messages are told apart by their content")},
    {"useuid", false, false, NEEDLESS, WHY("what was copied is on record, by UID and by content")},
    {"usecache", false, false, NEEDLESS, WHY("what was copied is on record, by UID and by content")},
    {"nofoldersizes", false, false, NEEDLESS, WHY("a copy counts nothing beforehand")},
    {"nofoldersizesatend", false, false, NEEDLESS, WHY("`mailmigrate verify` compares by content")},
    {"addheader", false, false, NONE, WHY("no message is changed by one byte")},
    {"regexmess", false, true, NONE, WHY("no message is changed by one byte")},
    {"pipemess", false, true, NONE, WHY("no message is changed by one byte")},
    {"skipmess", false, true, NONE, WHY("no message is left out by its content")},
    {"regexflag", false, true, NONE, WHY("flags are carried over as they are; what the target does not keep is told")},
    {"skipcrossduplicates", false, false, NONE, WHY("at Gmail see labels: first")},
    {"logfile", false, true, OPTION, "log", NULL},
    {"nolog", false, false, NEEDLESS, WHY("a log is written only where log says so")},
    {"debug", false, false, NONE, WHY("see verbose and trace")},
    {"debugimap", false, false, NONE, WHY("see trace")},
    {"pidfile", false, true, NEEDLESS, WHY("two runs of one account exclude each other by themselves")},
    {"pidfilelocking", false, false, NEEDLESS, WHY("two runs of one account exclude each other by themselves")},
    {"tmpdir", false, true, NEEDLESS, WHY("large messages go to a file without a name beside the state")},
    {"errorsmax", false, true, NONE, WHY("one message's error is not the end of the others")},
    {"noreleasecheck", false, false, NEEDLESS, WHY("nobody is asked for a newer version")},
    {"releasecheck", false, false, NONE, WHY("nobody is asked for a newer version")},
};

typedef struct reading {
    char *words[MOST_WORDS];
    size_t count;
    mig__buffer sides[2], options, folders, maps, notes;
    const char *users[2], *hosts[2];
    bool secret[2];
} reading;

/* Words as a shell makes them: blanks part them, quotes and backslashes keep them. */
static int split(reading *r, char *text, mig_error *err)
{
    char *out = text;
    for (char *at = text; *at != '\0';) {
        at += strspn(at, " \t\r\n");
        if (*at == '\0') {
            break;
        }
        if (r->count == MOST_WORDS) {
            return mig_error_set(err, MIG_E_USAGE, "more than %d words", MOST_WORDS);
        }
        r->words[r->count++] = out;
        char quote = '\0';
        for (; *at != '\0' && (quote != '\0' || strchr(" \t\r\n", *at) == NULL); at++) {
            if (quote == '\0' && (*at == '\'' || *at == '"')) {
                quote = *at;
            } else if (*at == quote) {
                quote = '\0';
            } else {
                at += *at == '\\' && quote != '\'' && at[1] != '\0';
                *out++ = *at;
            }
        }
        if (quote != '\0') {
            return mig_error_set(err, MIG_E_USAGE, "a quote is not closed");
        }
        at += *at != '\0';
        *out++ = '\0';
    }
    return 0;
}

void mig__plan_add_yaml(mig__buffer *out, const char *text)
{
    mig__buffer_add_char(out, '"');
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            mig__buffer_addf(out, "\\%c", *text);
        } else if (c < ' ' || c == 0x7f) {
            mig__buffer_addf(out, "\\x%02x", c);
        } else {
            mig__buffer_add_char(out, *text);
        }
    }
    mig__buffer_add_char(out, '"');
}

static const row *find(const char *name, int *side)
{
    const size_t length = strlen(name);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t own = strlen(rows[i].name);
        if (strncmp(rows[i].name, name, own) != 0) {
            continue;
        }
        if (rows[i].sided && length == own + 1 && (name[own] == '1' || name[own] == '2')) {
            *side = name[own] - '1';
            return &rows[i];
        }
        if (!rows[i].sided && length == own) {
            *side = 0;
            return &rows[i];
        }
    }
    return NULL;
}

static void note(reading *r, const char *name, const char *why)
{
    char inert[80];
    mig__inert(name, strlen(name), inert, sizeof inert);
    mig__buffer_addf(&r->notes, "#   --%s: %s\n", inert, why);
}

static void add_pair(mig__buffer *out, const char *key, const char *value)
{
    mig__buffer_addf(out, "  %s: ", key);
    mig__plan_add_yaml(out, value);
    mig__buffer_add_text(out, "\n");
}

static void lower(char *text)
{
    for (; *text != '\0'; text++) {
        *text = (char)(*text >= 'A' && *text <= 'Z' ? *text + 'a' - 'A' : *text);
    }
}

static void take(reading *r, const row *one, int side, const char *name, char *value)
{
    switch (one->what) {
    case USER:
        r->users[side] = value;
        break;
    case SIDE:
        if (strcmp(one->key, "auth") == 0) {
            lower(value);
        }
        r->hosts[side] = strcmp(one->key, "host") == 0 ? value : r->hosts[side];
        add_pair(&r->sides[side], one->key, value);
        break;
    case FLAG:
        add_pair(&r->sides[side], one->key, one->value);
        break;
    case OPTION:
    case SWITCH:
        if (strstr(r->options.data != NULL ? r->options.data : "", one->key) == NULL) {
            add_pair(&r->options, one->key, one->what == OPTION ? value : one->value);
        }
        break;
    case FOLDER:
        mig__buffer_add_text(&r->folders, "    - ");
        mig__plan_add_yaml(&r->folders, value);
        mig__buffer_add_text(&r->folders, "\n");
        if (strcmp(name, "folderrec") == 0) {
            mig__buffer below = MIG__BUFFER_INIT;
            mig__buffer_addf(&below, "%s/**", value);
            mig__buffer_add_text(&r->folders, "    - ");
            mig__plan_add_yaml(&r->folders, below.data != NULL ? below.data : "");
            mig__buffer_add_text(&r->folders, "\n");
            r->folders.failed = r->folders.failed || below.failed;
            mig__buffer_free(&below);
        }
        break;
    case MAP:
        mig__buffer_add_text(&r->maps, "    - ");
        mig__plan_add_yaml(&r->maps, value);
        mig__buffer_add_text(&r->maps, "\n");
        break;
    case SECRET:
        r->secret[side] = true;
        break;
    default:
        note(r, name, one->value);
    }
}

static int take_all(reading *r, mig_error *err)
{
    for (size_t i = 0; i < r->count; i++) {
        char *name = r->words[i];
        int side = 0;
        if (name[0] != '-') {
            if (i > 0) {
                note(r, "(a word)", "what stands alone is no option: a value whose option is not known, perhaps");
            }
            continue; /* the first one may be the program's name; a secret may stand anywhere else */
        }
        name += strspn(name, "-");
        char *value = strchr(name, '=');
        if (value != NULL) {
            *value++ = '\0';
        }
        const row *one = find(name, &side);
        if (one == NULL) {
            note(r, name, "it is not known here");
            continue;
        }
        if (one->takes && value == NULL && i + 1 == r->count) {
            return mig_error_set(err, MIG_E_USAGE, "--%s has no value", name);
        }
        take(r, one, side, name, one->takes && value == NULL ? r->words[++i] : value);
    }
    return 0;
}

static void write_plan(const reading *r, mig__buffer *out)
{
    static const char *const names[] = {"source", "target"};
    mig__buffer_add_text(out, "# Made by `mailmigrate plan import --imapsync`.\nversion: 1\n");
    for (int side = 0; side < 2; side++) {
        mig__buffer_addf(out, "%s:\n%s", names[side], r->sides[side].data != NULL ? r->sides[side].data : "");
        if (r->secret[side]) {
            mig__buffer_addf(out,
                             "  # The password stood on the command line, where every user can read it: change it,\n"
                             "  # and put the new one into this file, of mode 0600.\n"
                             "  password-file: secrets/%s\n",
                             names[side]);
        }
    }
    if (r->options.length + r->folders.length + r->maps.length > 0) {
        mig__buffer_addf(out, "options:\n%s", r->options.data != NULL ? r->options.data : "");
        mig__buffer_addf(out, "%s%s", r->folders.length > 0 ? "  folder:\n" : "",
                         r->folders.data != NULL ? r->folders.data : "");
        mig__buffer_addf(out, "%s%s", r->maps.length > 0 ? "  map:\n" : "", r->maps.data != NULL ? r->maps.data : "");
    }
    mig__buffer_add_text(out, "accounts:\n  - source: ");
    mig__plan_add_yaml(out, r->users[0]);
    mig__buffer_add_text(out, "\n    target: ");
    mig__plan_add_yaml(out, r->users[1] != NULL ? r->users[1] : r->users[0]);
    mig__buffer_add_text(out, "\n");
    if (r->notes.length > 0) {
        mig__buffer_addf(out, "\n# Without a counterpart, or without need of one:\n%s", r->notes.data);
    }
}

int mig_plan_from_imapsync(const char *line, mig_sink_fn *sink, void *context, mig_error *err)
{
    reading r = {.count = 0};
    mig__buffer out = MIG__BUFFER_INIT, text = MIG__BUFFER_INIT;
    mig__buffer_add_text(&text, line);
    int failed = mig__buffer_ok(&text, err);
    if (failed == 0 && text.data == NULL) {
        failed = mig_error_set(err, MIG_E_USAGE, "--imapsync: the command is empty");
    }
    failed = failed != 0 ? failed : split(&r, text.data, err);
    failed = failed != 0 ? failed : take_all(&r, err);
    if (failed == 0 && (r.users[0] == NULL || r.hosts[0] == NULL || r.hosts[1] == NULL)) {
        failed = mig_error_set(err, MIG_E_USAGE, "--host1, --user1 and --host2 are wanted");
    }
    if (failed == 0) {
        write_plan(&r, &out);
        failed = mig__buffer_ok(&out, err);
    }
    if (failed == 0 && sink(out.data, out.length, context) != 0) {
        failed = mig_error_set(err, MIG_E_IO, "the plan could not be written");
    }
    mig__buffer *all[] = {&r.sides[0], &r.sides[1], &r.options, &r.folders, &r.maps, &r.notes, &out};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        mig__buffer_free(all[i]);
    }
    mig__buffer_wipe(&text);
    return failed;
}
