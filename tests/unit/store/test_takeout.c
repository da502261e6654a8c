/* Labels of Gmail in several languages, encoded words, and the list of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "store/takeout.h"
#include <stdlib.h>
#include <string.h>

static void test_kinds(void **state)
{
    static const struct {
        const char *label;
        mig__takeout_label kind;
        mig_role role;
    } cases[] = {
        {"Inbox", MIG__TAKEOUT_INBOX, MIG_ROLE_INBOX},
        {"Posteingang", MIG__TAKEOUT_INBOX, MIG_ROLE_INBOX},
        {"Boîte de réception", MIG__TAKEOUT_INBOX, MIG_ROLE_INBOX},
        {"受信トレイ", MIG__TAKEOUT_INBOX, MIG_ROLE_INBOX},
        {"Unread", MIG__TAKEOUT_UNREAD, MIG_ROLE_NONE},
        {"Ungelesen", MIG__TAKEOUT_UNREAD, MIG_ROLE_NONE},
        {"Непрочитанные", MIG__TAKEOUT_UNREAD, MIG_ROLE_NONE},
        {"Starred", MIG__TAKEOUT_STARRED, MIG_ROLE_NONE},
        {"Archived", MIG__TAKEOUT_ARCHIVED, MIG_ROLE_NONE},
        {"Important", MIG__TAKEOUT_IGNORED, MIG_ROLE_NONE},
        {"Opened", MIG__TAKEOUT_IGNORED, MIG_ROLE_NONE},
        {"Category Promotions", MIG__TAKEOUT_IGNORED, MIG_ROLE_NONE},
        {"Kategorie: Werbung", MIG__TAKEOUT_IGNORED, MIG_ROLE_NONE},
        {"", MIG__TAKEOUT_IGNORED, MIG_ROLE_NONE},
        {"Sent", MIG__TAKEOUT_FOLDER, MIG_ROLE_SENT},
        {"Gesendet", MIG__TAKEOUT_FOLDER, MIG_ROLE_SENT},
        {"Drafts", MIG__TAKEOUT_FOLDER, MIG_ROLE_DRAFTS},
        {"Spam", MIG__TAKEOUT_FOLDER, MIG_ROLE_JUNK},
        {"Trash", MIG__TAKEOUT_FOLDER, MIG_ROLE_TRASH},
        {"Papierkorb", MIG__TAKEOUT_FOLDER, MIG_ROLE_TRASH},
        {"Work/2019", MIG__TAKEOUT_FOLDER, MIG_ROLE_NONE},
        {"Categoryless", MIG__TAKEOUT_FOLDER, MIG_ROLE_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mig_role role = MIG_ROLE_COUNT;
        mig__takeout_label kind = mig__takeout_kind(cases[i].label, &role);
        if (kind != cases[i].kind || role != cases[i].role) {
            fail_msg("%s: %d %d", cases[i].label, (int)kind, (int)role);
        }
    }
    char longest[4096];
    mig_role role;
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(mig__takeout_kind(longest, &role), MIG__TAKEOUT_FOLDER);
}

static int join(const char *label, void *context, mig_error *err)
{
    mig__buffer *out = context;
    mig__buffer_addf(out, "[%s]", label);
    return strcmp(label, "stop") == 0 ? mig_error_set(err, MIG_E_IO, "enough") : 0;
}

static void test_lists(void **state)
{
    static const struct {
        const char *header, *labels;
    } cases[] = {
        {"Inbox", "[Inbox]"},
        {"Inbox,Important", "[Inbox][Important]"},
        {" Inbox , Important ,", "[Inbox][Important]"},
        {",,", ""},
        {"", ""},
        {"\"a, b\",c", "[a, b][c]"},
        {"\"a \\\"b\\\"\",c", "[a \"b\"][c]"},
        {"\"open,", "[open,]"},
        {"=?UTF-8?Q?\"a,_b\",c?=", "[a, b][c]"},
        {"=?UTF-8?Q?Gr=C3=BC?= =?UTF-8?Q?=C3=9Fe,x?=", "[Grüße][x]"},
        {"=?UTF-8?Q?Gr=C3?= =?UTF-8?Q?=BC=C3=9Fe,x?=", "[Grüße][x]"}, /* cut in the middle of a character */
        {"=?ISO-2022-JP?B?GyRCPFYbKEI=?=,=?KOI8-R?Q?=C1?=", "[車][а]"},
    };
    mig_error err = MIG_ERROR_INIT;
    mig__buffer out = MIG__BUFFER_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mig__buffer_clear(&out);
        assert_int_equal(mig__takeout_each(cases[i].header, join, &out, &err), 0);
        assert_string_equal(out.length > 0 ? out.data : "", cases[i].labels);
    }
    mig__buffer_clear(&out);
    assert_int_equal(mig__takeout_each("a,stop,b", join, &out, &err), -1);
    assert_string_equal(out.data, "[a][stop]");
    mig__buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
