/*
 * imap/capability.c - what a server announces, as bits
 */
#include "imap/session_private.h"
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    unsigned bits;
} known[] = {
    {"IMAP4REV1", MIG__CAP_IMAP4REV1},
    {"IMAP4REV2", MIG__CAP_IMAP4REV2},
    {"LITERAL+", MIG__CAP_LITERAL_PLUS},
    {"LITERAL-", MIG__CAP_LITERAL_MINUS},
    {"MULTIAPPEND", MIG__CAP_MULTIAPPEND},
    {"UIDPLUS", MIG__CAP_UIDPLUS},
    {"CONDSTORE", MIG__CAP_CONDSTORE},
    /* RFC 7162 section 3.2.3: QRESYNC implies CONDSTORE and ENABLE, also where they are not listed. */
    {"QRESYNC", MIG__CAP_QRESYNC | MIG__CAP_CONDSTORE | MIG__CAP_ENABLE},
    {"LIST-EXTENDED", MIG__CAP_LIST_EXTENDED},
    {"LIST-STATUS", MIG__CAP_LIST_STATUS},
    {"SPECIAL-USE", MIG__CAP_SPECIAL_USE},
    {"CREATE-SPECIAL-USE", MIG__CAP_CREATE_SPECIAL_USE},
    {"MOVE", MIG__CAP_MOVE},
    {"ESEARCH", MIG__CAP_ESEARCH},
    {"NAMESPACE", MIG__CAP_NAMESPACE},
    {"ID", MIG__CAP_ID},
    {"ENABLE", MIG__CAP_ENABLE},
    {"SASL-IR", MIG__CAP_SASL_IR},
    {"STARTTLS", MIG__CAP_STARTTLS},
    {"LOGINDISABLED", MIG__CAP_LOGINDISABLED},
    {"STATUS=SIZE", MIG__CAP_STATUS_SIZE},
    {"OBJECTID", MIG__CAP_OBJECTID},
    {"COMPRESS=DEFLATE", MIG__CAP_COMPRESS},
    {"QUOTA", MIG__CAP_QUOTA},
    {"METADATA", MIG__CAP_METADATA},
    {"METADATA-SERVER", MIG__CAP_METADATA},
    {"UNSELECT", MIG__CAP_UNSELECT},
    {"X-GM-EXT-1", MIG__CAP_GMAIL},
    {"BINARY", MIG__CAP_BINARY},
    {"UIDONLY", MIG__CAP_UIDONLY},
    {"APPENDLIMIT", MIG__CAP_APPENDLIMIT},
    {"UTF8=ACCEPT", MIG__CAP_UTF8_ACCEPT},
    {"UTF8=ONLY", MIG__CAP_UTF8_ACCEPT | MIG__CAP_ENABLE},
};

/* RFC 9051 appendix E: what became part of the base. A server that offers both revisions starts in the old one. */
#define REV2_IMPLIES                                                                                                   \
    (MIG__CAP_NAMESPACE | MIG__CAP_UNSELECT | MIG__CAP_UIDPLUS | MIG__CAP_ESEARCH | MIG__CAP_ENABLE |                  \
     MIG__CAP_SASL_IR | MIG__CAP_LIST_EXTENDED | MIG__CAP_LIST_STATUS | MIG__CAP_MOVE | MIG__CAP_LITERAL_MINUS |       \
     MIG__CAP_SPECIAL_USE | MIG__CAP_STATUS_SIZE)

static unsigned bits_of(const char *word)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(word, known[i].word) == 0) {
            return known[i].bits;
        }
    }
    return 0;
}

/* The digits after "APPENDLIMIT="; 0 when they make no sense. */
static uint64_t number_after(const char *word, const char *prefix)
{
    size_t length = strlen(prefix);
    if (strncmp(word, prefix, length) != 0) {
        return 0;
    }
    uint64_t number = 0;
    for (const char *digit = word + length; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9' || number > UINT32_MAX) {
            return 0;
        }
        number = number * 10 + (uint64_t)(*digit - '0');
    }
    return number;
}

void mig__capabilities_forget(mig__capabilities *capabilities)
{
    for (size_t i = 0; i < capabilities->count; i++) {
        free(capabilities->words[i]);
    }
    free(capabilities->words);
    *capabilities = (mig__capabilities){0};
}

int mig__capabilities_set(mig__capabilities *capabilities, const char *const *words, mig_error *err)
{
    mig__capabilities_forget(capabilities);
    size_t count = 0;
    while (words != NULL && words[count] != NULL) {
        count++;
    }
    capabilities->words = calloc(count + 1, sizeof *capabilities->words);
    if (capabilities->words == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        char *word = strdup(words[i]);
        if (word == NULL) {
            return mig_error_set(err, MIG_E_NOMEM, "out of memory");
        }
        capabilities->words[capabilities->count++] = word;
        capabilities->bits |= bits_of(word);
        capabilities->utf8_only = capabilities->utf8_only || strcmp(word, "UTF8=ONLY") == 0;
        uint64_t limit = number_after(word, "APPENDLIMIT=");
        if (limit > 0) {
            capabilities->bits |= MIG__CAP_APPENDLIMIT;
            capabilities->append_limit = limit;
        }
        capabilities->bits |= number_after(word, "MESSAGELIMIT=") > 0 ? MIG__CAP_MESSAGELIMIT : 0;
    }
    if ((capabilities->bits & (MIG__CAP_IMAP4REV1 | MIG__CAP_IMAP4REV2)) == MIG__CAP_IMAP4REV2) {
        capabilities->bits |= REV2_IMPLIES;
    }
    capabilities->known = true;
    return 0;
}

bool mig__session_can(const mig__session *session, unsigned capability)
{
    return (session->capabilities.bits & ~session->left_out & capability) == capability;
}

bool mig__session_auth_offered(const mig__session *session, const char *mechanism)
{
    for (size_t i = 0; i < session->capabilities.count; i++) {
        const char *word = session->capabilities.words[i];
        if (strncmp(word, "AUTH=", 5) == 0 && strcmp(word + 5, mechanism) == 0) {
            return true;
        }
    }
    return false;
}

uint64_t mig__session_append_limit(const mig__session *session)
{
    return session->capabilities.append_limit;
}

void mig__session_capabilities(const mig__session *session, mig__buffer *out)
{
    for (size_t i = 0; i < session->capabilities.count; i++) {
        if (i > 0) {
            mig__buffer_add_char(out, ' ');
        }
        mig__buffer_add_text(out, session->capabilities.words[i]);
    }
}
