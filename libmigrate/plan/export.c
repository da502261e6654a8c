/* plan/export.c - the accounts of a plan as the CSV with which providers create users in bulk */
#include "base/sized.h"
#include "plan/plan_private.h"
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { PASSWORD = 20 };

typedef enum cell { ADDRESS, FIRST, LAST, DISPLAY, SECRET, EMPTY, TEXT } cell;

typedef struct column {
    const char *title;
    cell what;
    const char *text;
} column;

/* The columns that each provider's own page on adding users by CSV names, in its order. */
static const column google[] = {{"First Name [Required]", FIRST, NULL},
                                {"Last Name [Required]", LAST, NULL},
                                {"Email Address [Required]", ADDRESS, NULL},
                                {"Password [Required]", SECRET, NULL},
                                {"Password Hash Function [UPLOAD ONLY]", EMPTY, NULL},
                                {"Org Unit Path [Required]", TEXT, "/"},
                                {"Change Password at Next Sign-In", TEXT, "TRUE"},
                                {NULL, EMPTY, NULL}};
static const column microsoft[] = {{"Username", ADDRESS, NULL},
                                   {"First name", FIRST, NULL},
                                   {"Last name", LAST, NULL},
                                   {"Display name", DISPLAY, NULL},
                                   {"Job title", EMPTY, NULL},
                                   {"Department", EMPTY, NULL},
                                   {"Office number", EMPTY, NULL},
                                   {"Office phone", EMPTY, NULL},
                                   {"Mobile phone", EMPTY, NULL},
                                   {"Fax", EMPTY, NULL},
                                   {"Alternate email address", EMPTY, NULL},
                                   {"Address", EMPTY, NULL},
                                   {"City", EMPTY, NULL},
                                   {"State or province", EMPTY, NULL},
                                   {"ZIP or postal code", EMPTY, NULL},
                                   {"Country or region", EMPTY, NULL},
                                   {NULL, EMPTY, NULL}};

static const struct {
    const char *name;
    const column *columns;
    bool passwords; /* it takes one for each user; else it makes them itself */
} providers[] = {{"google", google, true}, {"microsoft", microsoft, false}};

/* "ann.smith@..." is Ann Smith; what has no dot is first and last name at once, since both are wanted. */
static void names_of(const char *address, char first[128], char last[128])
{
    const size_t local = strcspn(address, "@"), dot = strcspn(address, ".");
    const bool parted = dot > 0 && dot + 1 < local;
    snprintf(first, 128, "%.*s", (int)(parted ? dot : local), address);
    snprintf(last, 128, "%.*s", (int)(parted ? local - dot - 1 : local), parted ? address + dot + 1 : address);
    char *each[] = {first, last};
    for (int i = 0; i < 2; i++) {
        each[i][0] = (char)(each[i][0] >= 'a' && each[i][0] <= 'z' ? each[i][0] - 'a' + 'A' : each[i][0]);
    }
}

/* Letters and digits that are not taken for each other, each as likely as the others. */
static int make_password(char out[PASSWORD + 1], mig_error *err)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_.+=!?@";
    _Static_assert(sizeof letters - 1 == 64, "a random octet gives each the same chance");
    unsigned char octets[PASSWORD];
    if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets) {
        return mig_error_set(err, MIG_E_IO, "the system gives no random numbers");
    }
    for (int i = 0; i < PASSWORD; i++) {
        out[i] = letters[octets[i] % 64];
    }
    out[PASSWORD] = '\0';
    explicit_bzero(octets, sizeof octets);
    return 0;
}

/* A cell that a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV injection). */
static void add_cell(mig__buffer *out, const char *text, bool last)
{
    char safe[400];
    snprintf(safe, sizeof safe, "%s%s", text[0] != '\0' && strchr("=+-@", text[0]) != NULL ? "'" : "", text);
    mig__plan_add_cell(out, safe, last ? "\r\n" : ",");
}

static int add_row(mig__buffer *out, const column *columns, const char *address, bool passwords, mig_error *err)
{
    char first[128], last[128], display[260], password[PASSWORD + 1] = "";
    names_of(address, first, last);
    snprintf(display, sizeof display, "%s%s%s", first, strcmp(first, last) != 0 ? " " : "",
             strcmp(first, last) != 0 ? last : "");
    if (passwords && make_password(password, err) != 0) {
        return -1;
    }
    for (const column *c = columns; c->title != NULL; c++) {
        const bool end = c[1].title == NULL;
        if (c->what == SECRET) { /* as it is: whoever signs in has to type it */
            mig__plan_add_cell(out, password, end ? "\r\n" : ",");
            continue;
        }
        add_cell(out,
                 c->what == ADDRESS   ? address
                 : c->what == FIRST   ? first
                 : c->what == LAST    ? last
                 : c->what == DISPLAY ? display
                 : c->what == TEXT    ? c->text
                                      : "",
                 end);
    }
    explicit_bzero(password, sizeof password);
    return 0;
}

static int add_all(mig__buffer *out, const mig_plan *plan, const column *columns, bool passwords, mig_error *err)
{
    for (const column *c = columns; c->title != NULL; c++) {
        add_cell(out, c->title, c[1].title == NULL);
    }
    for (size_t i = 0; i < plan->account_count; i++) {
        const char *address = plan->accounts[i].target;
        bool repeated = false;
        for (size_t k = 0; k < i; k++) {
            repeated = repeated || strcmp(plan->accounts[k].target, address) == 0;
        }
        if (!mig_settings_is_address(address)) {
            return mig_error_set(err, MIG_E_PLAN, "%s:%u: the target \"%s\" is no address", plan->accounts[i].from.file,
                                 plan->accounts[i].from.line, address);
        }
        if (!repeated && add_row(out, columns, address, passwords, err) != 0) {
            return -1;
        }
    }
    return mig__buffer_ok(out, err);
}

int mig_plan_export(const mig_plan *plan, const mig_plan_export_options *given, mig_sink_fn *sink, void *context,
                    mig_error *err)
{
    mig_plan_export_options o;
    mig__buffer out = MIG__BUFFER_INIT;
    if (mig__sized_take(&o, sizeof o, given, "mig_plan_export_options", err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        if (o.provider == NULL || strcmp(providers[i].name, o.provider) != 0) {
            continue;
        }
        if (o.passwords && !providers[i].passwords) {
            mig_error_set(err, MIG_E_USAGE, "%s makes the passwords itself", o.provider);
            return mig_error_hint(err, "leave --passwords out");
        }
        int failed = add_all(&out, plan, providers[i].columns, o.passwords, err);
        if (failed == 0 && sink(out.data, out.length, context) != 0) {
            failed = mig_error_set(err, MIG_E_IO, "the list could not be written");
        }
        mig__buffer_wipe(&out);
        return failed;
    }
    mig_error_set(err, MIG_E_USAGE, "nothing is known of how \"%s\" takes users", o.provider != NULL ? o.provider : "");
    return mig_error_hint(err, "known are google and microsoft");
}
