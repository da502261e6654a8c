/* test_mail.c - what providers ask of a domain's DNS: the table is whole, and names are matched on the borders of
 * labels */
#include <migrate/provider.h>
#include <migrate/provider_mail.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_table_is_whole(void **state)
{
    (void)state;
    size_t count;
    const mig_provider_mail *table = mig_provider_mails(&count);
    static const char *const needed[] = {"google",      "microsoft365", "fastmail", "proton", "zoho", "ionos",
                                         "mailbox.org", "icloud",       "yahoo",    "gandi",  "ovh",  "strato"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        assert_non_null(mig_provider_mail_find(needed[i]));
    }
    for (size_t i = 0; i < count; i++) {
        const mig_provider_mail *p = &table[i];
        assert_ptr_equal(mig_provider_mail_find(p->name), p);
        assert_non_null(p->mx[0]);
        assert_true(p->mx_lines[0] != NULL || p->mx_where != NULL);
        assert_true(p->selectors[0] == NULL || p->dkim != MIG_DKIM_UNKNOWN);
        assert_true(p->dkim != MIG_DKIM_CNAME || p->dkim_targets[0] != NULL);
        for (size_t line = 0; p->mx_lines[line] != NULL; line++) { /* what it says is what it recognises */
            const char *host = strchr(p->mx_lines[line], ' ');
            assert_non_null(host);
            assert_ptr_equal(mig_provider_mail_by_mx(host + 1), p);
        }
        assert_true(p->imap == NULL || mig_provider_find(p->imap) != NULL);
    }
}

static void test_recognising(void **state)
{
    (void)state;
    assert_string_equal(mig_provider_mail_by_mx("ASPMX.L.GOOGLE.COM.")->name, "google");
    assert_string_equal(mig_provider_mail_by_mx("example-org.mail.protection.outlook.com")->name, "microsoft365");
    assert_string_equal(mig_provider_mail_by_mx("example-org.j-v1.mx.microsoft")->name, "microsoft365");
    assert_null(mig_provider_mail_by_mx("google.com.attacker.example"));
    assert_null(mig_provider_mail_by_mx("notgoogle.com"));
    assert_null(mig_provider_mail_by_mx("mta7.am0.yahoodns.net")); /* Yahoo's own users, not the business service */
    assert_string_equal(mig_provider_mail_find("gmail")->name, "google");
    assert_string_equal(mig_provider_mail_gateway("eu-smtp-inbound-1.mimecast.com"), "Mimecast");
    assert_null(mig_provider_mail_gateway("mx.example.org"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table_is_whole), cmocka_unit_test(test_recognising)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
