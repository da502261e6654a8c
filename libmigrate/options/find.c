/* options/find.c - an address in the place of a URL: its server is looked for before anything else is done */
#include "options/private.h"
#include <stdlib.h>
#include <string.h>

bool mig_settings_is_address(const char *text)
{
    const char *at = strrchr(text, '@');
    return at != NULL && at != text && strpbrk(text, ":/ ") == NULL && strchr(at, '.') != NULL;
}

static int find_side(mig__settings *own, int which, const mig_helper *helper, mig_error *err)
{
    static const char *const names[] = {"source", "target"};
    mig_settings *is = &own->is;
    const mig__slot *slot = mig__slot_of(own, names[which]);
    const mig_origin from = slot != NULL ? slot->from : own->home;
    char *url = helper->find(is, (mig_side)which, is->sides[which].url, helper->context, err);
    if (url == NULL) {
        return mig_error_context(err, "the server of the %s", names[which]);
    }
    const int failed = mig_option_set(is, &from, names[which], url, err);
    free(url);
    return failed;
}

int mig_settings_find(mig_settings *settings, const mig_helper *helper, mig_error *err)
{
    mig__settings *own = mig__own(settings);
    mig_error unheard = MIG_ERROR_INIT;
    bool found = false;
    err = err != NULL ? err : &unheard;
    for (int which = 0; which < 2; which++) {
        if (!settings->sides[which].to_find) {
            continue;
        }
        if (helper == NULL || helper->find == NULL) {
            mig_error_set(err, MIG_E_USAGE, "the server of %s cannot be looked for here", settings->sides[which].url);
            return mig_error_hint(err, "give its URL: imaps://USER@HOST");
        }
        if (find_side(own, which, helper, err) != 0) {
            return -1;
        }
        found = true;
    }
    if (!found) {
        return 0;
    }
    const char *lock_directory = settings->copy.lock_dir; /* the caller's: no option says it */
    const int failed = mig_settings_finish(settings, own->part, NULL, NULL, err);
    settings->copy.lock_dir = lock_directory;
    return failed;
}
