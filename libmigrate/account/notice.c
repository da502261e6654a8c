/* account/notice.c - unreadable LIST lines, patterns that match nothing, mailboxes of others */
#include "account/notice.h"
#include "account/sides.h"
#include "base/distance.h"
#include "base/unicode.h"
#include "folders/rules.h"
#include <stdlib.h>
#include <string.h>

enum { NAMES_SHOWN = 3, FARTHEST = 4 /* a suggestion, in single changes; also a third of the word at most */ };

static int tell_unreadable(const mig__mailbox_list *list, bool of_source, mig__notice_fn *tell, void *context,
                           mig_error *err)
{
    mig_error what;
    if (list == NULL || list->unreadable == 0) {
        return 0;
    }
    mig_error_set(&what, MIG_E_PROTOCOL, "%llu line%s of the %s's LIST cannot be understood; the last begins: %s",
                  (unsigned long long)list->unreadable, list->unreadable == 1 ? "" : "s",
                  of_source ? "source" : "target", list->unreadable_line);
    mig_error_hint(&what, "what is in these mailboxes is %s; give them simpler names there and run again",
                   of_source ? "left behind" : "not known");
    return tell(&what, of_source, context, err);
}

/* ---- patterns that match nothing ---- */

static const char *fold_name(const char *name, mig__buffer *out)
{
    mig__buffer_clear(out);
    mig__fold(name, strlen(name), out);
    return out->data != NULL ? out->data : "";
}

/* The name that was meant, or NULL: the nearest one, and no farther away than another word is. */
static const char *nearest(const char *pattern, const char *const *names, size_t count)
{
    mig__buffer wanted = MIG__BUFFER_INIT, name = MIG__BUFFER_INIT;
    const char *text = fold_name(pattern, &wanted), *found = NULL;
    int least = (int)(strlen(text) / 3 + 2);
    least = least < FARTHEST ? least : FARTHEST;
    for (size_t i = 0; i < count; i++) {
        int away = mig__distance(text, fold_name(names[i], &name), least);
        if (away < least) {
            least = away;
            found = names[i];
        }
    }
    mig__buffer_free(&wanted);
    mig__buffer_free(&name);
    return found;
}

static bool matches_any(const char *pattern, const char *const *names, size_t count)
{
    bool found = false;
    for (size_t i = 0; !found && i < count; i++) {
        found = mig__rules_match(pattern, names[i]);
    }
    return found;
}

int mig__notice_unmatched(const char *const *folders, const char *const *names, size_t count, mig__notice_fn *tell,
                          void *context, mig_error *err)
{
    int failed = 0;
    for (; folders != NULL && *folders != NULL && failed == 0; folders++) {
        if (matches_any(*folders, names, count)) {
            continue;
        }
        mig_error what;
        const char *meant = nearest(*folders, names, count);
        mig_error_set(&what, MIG_E_USAGE, "no folder matches --folder '%s'", *folders);
        if (meant != NULL) {
            mig_error_hint(&what, "did you mean '%s'?", meant);
        } else {
            mig_error_hint(&what, "mailmigrate inventory --depth quick lists the folders that there are");
        }
        failed = tell(&what, true, context, err);
    }
    return failed;
}

static int tell_unmatched(const mig__mailbox_list *source, const mig__map_rules *rules, mig__notice_fn *tell,
                          void *context, mig_error *err)
{
    if (rules == NULL || rules->folders == NULL) {
        return 0;
    }
    const char **names = calloc(source->count + 1, sizeof *names);
    if (names == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < source->count; i++) {
        names[i] = source->items[i].name;
    }
    int failed = mig__notice_unmatched(rules->folders, names, source->count, tell, context, err);
    free(names);
    return failed;
}

/* ---- mailboxes of others ---- */

bool mig__notice_foreign(const mig__mailbox *mailbox, const mig__map_rules *rules)
{
    const mig__rules given = {.given = rules};
    return mig__rules_foreign(&given, mailbox->name, mailbox->owner != MIG__OWNER_SELF);
}

static int tell_foreign(const mig__mailbox_list *source, const mig__map_rules *rules, mig__notice_fn *tell,
                        void *context, mig_error *err)
{
    size_t count = 0;
    mig__buffer names = MIG__BUFFER_INIT;
    for (size_t i = 0; i < source->count; i++) {
        const mig__mailbox *mailbox = &source->items[i];
        if (mig__sides_selectable(mailbox) && mig__notice_foreign(mailbox, rules)) {
            if (count < NAMES_SHOWN) {
                mig__buffer_addf(&names, "%s\"%s\"", count > 0 ? ", " : "", mailbox->name);
            }
            count++;
        }
    }
    mig_error what;
    int failed = mig__buffer_ok(&names, err);
    if (failed == 0 && count > 0) {
        mig_error_set(&what, MIG_E_NAME,
                      "%zu folder%s shared or of other users, not this account's own, and left out: %s%s", count,
                      count == 1 ? " is" : "s are", names.data, count > NAMES_SHOWN ? ", ..." : "");
        mig_error_hint(&what, "--shared takes them, --folder with a whole name takes that one");
        failed = tell(&what, false, context, err);
    }
    mig__buffer_free(&names);
    return failed;
}

int mig__notice_lists(const mig__mailbox_list *source, const mig__mailbox_list *target, const mig__map_rules *rules,
                      mig__notice_fn *tell, void *context, mig_error *err)
{
    return tell_unreadable(source, true, tell, context, err) != 0 ||
                   tell_unreadable(target, false, tell, context, err) != 0 ||
                   tell_unmatched(source, rules, tell, context, err) != 0 ||
                   tell_foreign(source, rules, tell, context, err) != 0
               ? -1
               : 0;
}
