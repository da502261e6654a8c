/* account/sides.c - both sides' mailboxes as listed, brought together by the map of folders/ */
#include "account/sides.h"
#include "base/clock.h"
#include "imap/names.h"
#include <stdlib.h>

static mig__folder_in *folders_in(const mig__mailbox_list *list)
{
    mig__folder_in *folders = calloc(list->count > 0 ? list->count : 1, sizeof *folders);
    for (size_t i = 0; folders != NULL && i < list->count; i++) {
        const mig__mailbox *mailbox = &list->items[i];
        folders[i] = (mig__folder_in){.name = mailbox->name,
                                      .name_valid = mailbox->name_valid,
                                      .delimiter = mailbox->delimiter,
                                      .attributes = mailbox->attributes,
                                      .role = mailbox->role,
                                      .foreign = mailbox->owner != MIG__OWNER_SELF};
    }
    return folders;
}

char *mig__sides_decoded(const char *wire)
{
    mig__buffer text = MIG__BUFFER_INIT;
    mig__name_decode(wire, &text);
    return mig__buffer_steal(&text);
}

static mig__side_in side_of(const mig__mailbox_list *list, const mig__folder_in *folders, const char *prefix,
                            const mig__profile *profile)
{
    mig__side_in side = {.folders = folders, .count = list->count, .prefix = prefix, .delimiter = list->delimiter};
    const mig_provider *known = profile != NULL ? profile->provider : NULL;
    side.labels = profile != NULL && profile->labels;
    if (known != NULL) {
        side.inbox_no_children = known->inbox_no_children;
        side.case_insensitive = known->case_insensitive;
        side.tidy_blanks = known->tidy_blanks;
        side.name_length = known->name_length;
        side.forbidden = known->forbidden;
        side.reserved = known->reserved;
        side.views = known->leave_out;
    }
    return side;
}

int mig__sides_map(mig__map *out, const mig__mailbox_list *source, const mig__mailbox_list *target,
                   const mig__profile *source_profile, const mig__profile *target_profile, const mig__map_rules *rules,
                   mig_error *err)
{
    int failed;
    mig__folder_in *from = folders_in(source), *to = folders_in(target);
    char *from_prefix = mig__sides_decoded(source->prefix != NULL ? source->prefix : "");
    char *to_prefix = mig__sides_decoded(target->prefix != NULL ? target->prefix : "");
    if (from == NULL || to == NULL || from_prefix == NULL || to_prefix == NULL) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    } else {
        mig__side_in from_side = side_of(source, from, from_prefix, source_profile);
        mig__side_in to_side = side_of(target, to, to_prefix, target_profile);
        failed = mig__map_make(out, &from_side, &to_side, rules, err);
    }
    free(from);
    free(to);
    free(from_prefix);
    free(to_prefix);
    return failed;
}

char *mig__sides_wire(const mig__map_entry *entry, const mig__mailbox_list *target, bool utf8)
{
    if (entry->existing != MIG__NO_FOLDER) {
        return mig__strdup(target->items[entry->existing].wire);
    }
    mig__buffer wire = MIG__BUFFER_INIT;
    if (utf8) {
        mig__buffer_add_text(&wire, entry->target);
    } else if (!mig__name_encode(entry->target, &wire)) {
        mig__buffer_free(&wire);
        return NULL;
    }
    return mig__buffer_steal(&wire);
}

bool mig__sides_selectable(const mig__mailbox *mailbox)
{
    return mailbox != NULL && (mailbox->attributes & (MIG_ATTR_NOSELECT | MIG_ATTR_NONEXISTENT)) == 0;
}

void mig__sides_add_day(mig__buffer *out, int year, int month, int day)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    mig__buffer_addf(out, "%d-%s-%04d", day, months[month - 1], year);
}

static int add_date(mig__buffer *out, const char *key, const char *date, mig_error *err)
{
    int year, month, day;
    if (date == NULL) {
        return 0;
    }
    if (!mig__date_parse(date, &year, &month, &day)) {
        return mig_error_set(err, MIG_E_USAGE, "'%s' is not a date: write YYYY-MM-DD", date);
    }
    mig__buffer_addf(out, "%s%s ", out->length > 0 ? " " : "", key);
    mig__sides_add_day(out, year, month, day);
    return 0;
}

int mig__sides_criteria(const char *since, const char *before, mig__buffer *out, mig_error *err)
{
    if (add_date(out, "SINCE", since, err) != 0 || add_date(out, "BEFORE", before, err) != 0) {
        return -1;
    }
    if (out->length == 0) {
        mig__buffer_add_text(out, "ALL");
    }
    return mig__buffer_ok(out, err);
}
