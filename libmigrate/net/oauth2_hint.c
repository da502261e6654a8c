/*
 * net/oauth2_hint.c - what usually causes a refusal of a token endpoint, and what to do about it
 *
 * Microsoft numbers its errors (AADSTS...), Google's differ by their words, the rest are the codes of RFC 6749 section
 * 5.2, RFC 8628 section 3.5. The first line that fits counts.
 */
#include "net/oauth2_private.h"
#include <string.h>

typedef struct hint {
    const char *code;  /* NULL: any */
    const char *words; /* to be found in the endpoint's words; NULL: any */
    const char *text;
} hint;

static const hint hints[] = {
    /* Microsoft Entra */
    {NULL, "AADSTS7000215",
     "give the client secret's value, not its ID: Entra shows the value only once, when it is made"},
    {NULL, "AADSTS7000222", "the client secret has run out: make a new one under Certificates & secrets"},
    {NULL, "AADSTS7000218",
     "the application wants a secret, or it is no public client: under Authentication, allow "
     "public client flows for a login by device"},
    {NULL, "AADSTS700016", "the client ID is unknown in this tenant: check both, and that the application is there"},
    {NULL, "AADSTS700024", "the assertion's time does not fit: set this machine's clock"},
    {NULL, "AADSTS700027", "the certificate is not the application's: upload it under Certificates & secrets"},
    {NULL, "AADSTS7000112", "the application is disabled: enable it under Enterprise applications"},
    {NULL, "AADSTS90002", "there is no such tenant: give the directory's ID or one of its domains"},
    {NULL, "AADSTS900023", "the tenant is not written as an ID or a domain"},
    {NULL, "AADSTS1002012", "an application by itself asks for https://outlook.office365.com/.default"},
    {NULL, "AADSTS70011",
     "check the scope: for an application by itself https://outlook.office365.com/.default, for a "
     "person https://outlook.office.com/IMAP.AccessAsUser.All offline_access"},
    {NULL, "AADSTS65001", "nobody has consented yet: an administrator grants consent under API permissions"},
    {NULL, "AADSTS500011", "the scope's resource is unknown in this tenant: has it Exchange Online?"},
    {NULL, "AADSTS50034", "there is no such user in this tenant"},
    {NULL, "AADSTS50076", "the tenant wants a second factor: use the device flow, or an application by itself"},
    {NULL, "AADSTS50079", "the tenant wants a second factor set up: sign in with a browser first"},
    {NULL, "AADSTS53003", "a Conditional Access policy blocks this: an administrator makes an exception"},
    {NULL, "AADSTS50173", "the password was changed since: sign in again"},
    {NULL, "AADSTS700082", "the refresh token was not used for too long: sign in again"},
    {NULL, "AADSTS70008", "the refresh token has run out: sign in again"},
    /* Google */
    {"invalid_grant", "Invalid JWT Signature", "the key was deleted or is another account's: download a new JSON key"},
    {"invalid_grant", "short-lived token", "the assertion's time does not fit: set this machine's clock"},
    {"invalid_grant", "Invalid email or User ID",
     "there is no such user at Google, or not in the domain that trusts "
     "the service account: check the user name in the URL"},
    {"invalid_grant", "Not a valid email", "there is no such user at Google: check the user name in the URL"},
    {"invalid_grant", "account not found", "the service account was deleted: make a new one with a new key"},
    {"unauthorized_client", "unauthorized to retrieve access tokens",
     "domain-wide delegation lacks this client ID or scope: admin.google.com, Security, API controls; a change takes "
     "some minutes, at most a day"},
    {"access_denied", "Requested client not authorized",
     "domain-wide delegation lacks this client ID or scope: admin.google.com, Security, API controls"},
    {"admin_policy_enforced", NULL, "an administrator of the domain does not permit this scope for the application"},
    /* by the RFCs */
    {"invalid_grant", NULL,
     "the refresh token or code has run out or was revoked, or user, client and tenant do not "
     "belong together: sign in again"},
    {"invalid_client", NULL,
     "check client ID and client secret (its value, not its ID), and that the secret has not "
     "run out"},
    {"unauthorized_client", NULL, "the application may not do this: check its permissions, consent and delegation"},
    {"invalid_scope", NULL, "check the scope, and that it is granted to the application (consent, delegation)"},
    {"access_denied", NULL, "the person or an administrator said no"},
    {"expired_token", NULL, "the code was not typed in in time: run the command again"},
    {"unsupported_grant_type", NULL, "this endpoint does not know this way: check its URL"},
    {"invalid_request", NULL, "check client ID, tenant, scope and the URL of the token endpoint"},
};

const char *mig__oauth2_hint(const char *code, const char *words)
{
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        const hint *entry = &hints[i];
        const char *found = entry->words != NULL ? strstr(words, entry->words) : words;

        /* AADSTS70008 is not AADSTS700082. */
        if (found != NULL && entry->words != NULL && entry->code == NULL &&
            strchr("0123456789", found[strlen(entry->words)]) != NULL && found[strlen(entry->words)] != '\0') {
            continue;
        }
        if (found != NULL && (entry->code == NULL || strcmp(entry->code, code) == 0)) {
            return entry->text;
        }
    }
    return NULL;
}
