/* options/place.c - where the state of a pair of accounts is kept */
#include "base/buffer.h"
#include "base/directory.h"
#include "options/private.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_SHOWN = 80 };

/* FNV-1a, 64 bits: only to tell names apart that look alike once unsafe characters are gone. */
static uint64_t fold(uint64_t digest, const char *text, bool lower)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        digest = (digest ^ (lower && c >= 'A' && c <= 'Z' ? c + 32u : c)) * UINT64_C(0x100000001b3);
    }
    return (digest ^ 0xff) * UINT64_C(0x100000001b3); /* ends one text, so that "ab","c" is not "a","bc" */
}

static uint64_t fold_account(uint64_t digest, const mig_endpoint *endpoint)
{
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)endpoint->port);
    digest = fold(digest, endpoint->user ? endpoint->user : "", false);
    digest = fold(digest, endpoint->authzid ? endpoint->authzid : "", false);
    digest = fold(digest, endpoint->host ? endpoint->host : "", true);
    return fold(digest, port, false);
}

/* "user@host" with everything but letters, digits and "@._-" as '_', cut to a bearable length. */
static void safe_label(const mig_endpoint *endpoint, char *out, size_t size)
{
    const char *user = endpoint->authzid ? endpoint->authzid : endpoint->user;
    snprintf(out, size, "%s@%s", user ? user : "", endpoint->host ? endpoint->host : "");
    for (char *c = out; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
        if (!letter && !strchr("@._-", *c)) {
            *c = '_';
        }
    }
    if (out[0] == '.' || out[0] == '-') {
        out[0] = '_';
    }
}

char *mig_settings_state_name(const mig_endpoint *source, const mig_endpoint *target, char *out, size_t size)
{
    char from[LABEL_SHOWN];
    char to[LABEL_SHOWN];
    safe_label(source, from, sizeof from);
    safe_label(target, to, sizeof to);
    uint64_t digest = fold_account(UINT64_C(0xcbf29ce484222325), source);
    digest = fold_account(digest, target);
    snprintf(out, size, "%s-to-%s-%016" PRIx64 ".db", from, to, digest);
    return out;
}

static char *path_in(const char *directory, const mig_endpoint *source, const mig_endpoint *target, mig_error *err)
{
    char name[256];
    mig__buffer path = MIG__BUFFER_INIT;
    mig__buffer_add_text(&path, directory);
    if (mig__buffer_ok(&path, err) != 0) {
        return NULL;
    }
    if (mig__make_directories(path.data, err) != 0) {
        mig_error_hint(err, "say where the state may be kept with --state");
        mig__buffer_free(&path);
        return NULL;
    }
    mig__buffer_addf(&path, "/%s", mig_settings_state_name(source, target, name, sizeof name));
    char *made = mig__buffer_ok(&path, err) == 0 ? mig__buffer_steal(&path) : NULL;
    mig__buffer_free(&path);
    return made;
}

int mig_settings_place(mig_settings *settings, const char *directory, mig_error *err)
{
    mig__settings *own = mig__own(settings);
    mig_copy_options *copy = &settings->copy;
    const mig__slot *said = mig__slot_of(own, "state");
    bool below = said != NULL && own->home.file != NULL;
    if (own->state_path != NULL || copy->target == NULL) {
        return 0; /* it has its place, or there is no pair to keep anything of */
    }
    if (copy->state_path == NULL && directory == NULL) {
        return mig_error_set(err, MIG_E_USAGE, "it is not said where the state is to be kept");
    }
    if (copy->state_path == NULL || below) {
        const char *above = below ? copy->state_path : directory;
        own->state_path = path_in(above, copy->source, copy->target, err);
        if (own->state_path == NULL) {
            return -1;
        }
        copy->state_path = own->state_path;
    }
    settings->verify.state_path = copy->state_path;
    settings->filters.state_path = copy->state_path;
    return 0;
}
