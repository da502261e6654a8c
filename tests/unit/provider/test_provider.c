/* The table of profiles: found by name and by host, and consistent in itself */
#include <migrate/copy.h>
#include <migrate/provider.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static const char *by_host(const char *host)
{
    const mig_provider *provider = mig_provider_by_host(host);
    return provider ? provider->name : "";
}

static void test_hosts(void **state)
{
    (void)state;
    assert_string_equal(by_host("imap.gmail.com"), "gmail");
    assert_string_equal(by_host("IMAP.GMAIL.COM"), "gmail");
    assert_string_equal(by_host("outlook.office365.com"), "microsoft365");
    assert_string_equal(by_host("imap-mail.outlook.com"), "microsoft365");
    assert_string_equal(by_host("imap.zoho.eu"), "zoho");
    assert_string_equal(by_host("imap.mail.me.com"), "icloud");
    assert_string_equal(by_host("imap.gmail.com.example"), "");
    assert_string_equal(by_host("evil-imap.gmail.com"), "");
    assert_string_equal(by_host("outlook.com"), "");
    assert_string_equal(by_host("mail.old.example"), "");
    assert_string_equal(by_host(""), "");
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(mig_provider_find("gmail")->host, "imap.gmail.com");
    assert_null(mig_provider_find("Gmail"));
    assert_null(mig_provider_find(""));
    assert_int_equal(mig_provider_find("gmail")->daily_up, 500000000);
    assert_int_equal(mig_provider_find("microsoft365")->auth, MIG_AUTH_XOAUTH2);
    assert_string_equal(mig_provider_find("microsoft365")->reserved[0], "Calendar");
    assert_string_equal(mig_provider_find("gmail")->leave_out[1], "[Gmail]/Important");
}

static void test_each_is_whole(void **state)
{
    size_t count = 0;
    const mig_provider *all = mig_providers(&count);
    (void)state;
    assert_true(count >= 10);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(all[i].name);
        assert_non_null(all[i].title);
        assert_true(all[i].port > 0);
        assert_non_null(all[i].hosts);
        assert_ptr_equal(mig_provider_find(all[i].name), &all[i]); /* no name is there twice */
        if (all[i].host && all[i].hosts[0]) {
            assert_ptr_equal(mig_provider_by_host(all[i].host), &all[i]);
        }
    }
}

static void test_bounds(void **state)
{
    mig_copy_options options = MIG_COPY_OPTIONS_INIT;
    (void)state;
    mig_provider_bound(&options, NULL, NULL);
    assert_int_equal(options.effort.connections, 0);
    assert_int_equal(options.daily_limit, 0);
    mig_provider_bound(&options, mig_provider_find("zoho"), mig_provider_find("gmail"));
    assert_int_equal(options.effort.connections, 3);
    assert_int_equal(options.daily_limit, 500000000);
    options.effort.connections = 8; /* what a person says stays */
    options.daily_limit = 7;
    mig_provider_bound(&options, mig_provider_find("zoho"), mig_provider_find("gmail"));
    assert_int_equal(options.effort.connections, 8);
    assert_int_equal(options.daily_limit, 7);
    char host[] = "imap.gmail.com";
    mig_endpoint endpoint = MIG_ENDPOINT_INIT;
    endpoint.host = host;
    assert_string_equal(mig_provider_of(NULL, &endpoint)->name, "gmail");
    assert_string_equal(mig_provider_of("zoho", &endpoint)->name, "zoho");
    endpoint.host = NULL;
    assert_null(mig_provider_of(NULL, &endpoint));
    assert_null(mig_provider_of(NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_each_is_whole),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
