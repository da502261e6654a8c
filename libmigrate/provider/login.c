/* provider/login.c - the table of where people sign in; data, with nothing but look-ups beside it */
#include <migrate/provider_login.h>
#include <string.h>

#define MICROSOFT "https://login.microsoftonline.com/%s/oauth2/v2.0/"

static const mig_provider_login table[] = {
    {
        .name = "google",
        .title = "Google",
        .auth_url = "https://accounts.google.com/o/oauth2/v2/auth",
        .token_url = "https://oauth2.googleapis.com/token",
        .scope = "https://mail.google.com/",
        .issuer = "https://accounts.google.com",
        .extra = "access_type=offline&prompt=consent",
        .redirect = "127.0.0.1",
        .note = "the device flow has no scope for mail there; a client of type \"Desktop app\" is needed, whose "
                "refresh tokens end after 7 days while the project is in testing",
    },
    {
        .name = "microsoft",
        .title = "Microsoft 365, Outlook.com",
        .auth_url = MICROSOFT "authorize",
        .token_url = MICROSOFT "token",
        .device_url = MICROSOFT "devicecode",
        .scope = "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
        .issuer = "https://login.microsoftonline.com/",
        .redirect = "localhost",
        .note = "register http://localhost as a redirect URI of type \"Mobile and desktop applications\"; for the "
                "device flow allow public client flows",
    },
    {
        .name = "yahoo",
        .title = "Yahoo",
        .auth_url = "https://api.login.yahoo.com/oauth2/request_auth",
        .token_url = "https://api.login.yahoo.com/oauth2/get_token",
        .scope = "mail-w",
        .redirect = "localhost",
        .note = "Yahoo gives access to mail only to clients that it has approved; an app password does it for "
                "everybody",
    },
    {
        .name = "aol",
        .title = "AOL",
        .auth_url = "https://api.login.aol.com/oauth2/request_auth",
        .token_url = "https://api.login.aol.com/oauth2/get_token",
        .scope = "mail-w",
        .redirect = "localhost",
        .note = "AOL gives access to mail only to clients that it has approved; an app password does it for everybody",
    },
    {
        .name = "fastmail",
        .title = "Fastmail",
        .auth_url = "https://api.fastmail.com/oauth/authorize",
        .token_url = "https://api.fastmail.com/oauth/refresh",
        .scope = "https://www.fastmail.com/dev/protocol-imap offline_access",
        .issuer = "https://api.fastmail.com",
        .redirect = "127.0.0.1",
        .note = "clients are registered with Fastmail; an app password does it for everybody",
    },
};

static const struct {
    const char *other, *name;
} also[] = {{"gmail", "google"}, {"microsoft365", "microsoft"}, {"outlook", "microsoft"}};

const mig_provider_login *mig_provider_logins(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}

const mig_provider_login *mig_provider_login_find(const char *name)
{
    for (size_t i = 0; i < sizeof also / sizeof also[0]; i++) {
        name = strcmp(also[i].other, name) == 0 ? also[i].name : name;
    }
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i];
        }
    }
    return NULL;
}
