/* options/apply.c - what was said goes to its places in mig_settings, by the table */
#include "options/private.h"
#include <string.h>

/* What proves who logs in: whatever says it at a higher level replaces all that says it below. */
static bool is_proof(const mig__option *row)
{
    return row->is.scope == MIG_OPTION_OF_SIDE &&
           (strncmp(row->is.name, "password-", 9) == 0 || strcmp(row->is.name, "token-command") == 0 ||
            strncmp(row->is.name, "oauth", 5) == 0);
}

static mig_level highest_proof(const mig__settings *own, int side)
{
    mig_level highest = MIG_LEVEL_PLAN;
    for (size_t i = 0; i < own->slot_count; i++) {
        const mig__slot *slot = &own->slots[i];
        if (slot->side == side && is_proof(slot->row) && slot->from.level > highest) {
            highest = slot->from.level;
        }
    }
    return highest;
}

/* It was checked when it was taken. */
static void write_value(const mig__slot *slot, char *base)
{
    const mig__option *row = slot->row;
    char *place = base + row->place;
    if (row->is.kind == MIG_OPTION_LIST) {
        const char *const *texts = (const char *const *)slot->texts;
        memcpy(place, &texts, sizeof texts);
    } else if (row->type == MIG__TYPE_COUNT) {
        int times = 0;
        for (size_t i = 0; i < slot->count; i++) {
            int once = 0;
            mig__option_read(row, row->is.name, slot->texts[i], &once, NULL);
            times += once;
        }
        memcpy(place, &times, sizeof times);
    } else {
        mig__option_read(row, row->is.name, slot->texts[slot->count - 1], place, NULL);
    }
}

/* Nothing is said: what that means. */
static void set_defaults(mig_settings *settings)
{
    for (int side = 0; side < 2; side++) {
        mig_settings_side *out = &settings->sides[side];
        *out = (mig_settings_side){.endpoint = out->endpoint, .store = out->store, .oauth2 = MIG_OAUTH2_OPTIONS_INIT};
    }
    *settings = (mig_settings){.verb = settings->verb,
                               .sides = {settings->sides[0], settings->sides[1]},
                               .copy = MIG_COPY_OPTIONS_INIT,
                               .verify = MIG_VERIFY_OPTIONS_INIT,
                               .stock_depth = MIG_INVENTORY_FULL,
                               .filters = MIG_FILTERS_OPTIONS_INIT,
                               .compress = -1};
}

void mig__settings_apply(mig__settings *own)
{
    set_defaults(&own->is);
    for (size_t i = 0; i < own->slot_count; i++) {
        const mig__slot *slot = &own->slots[i];
        bool of_side = slot->row->is.scope == MIG_OPTION_OF_SIDE;
        if (!is_proof(slot->row) || slot->from.level >= highest_proof(own, slot->side)) {
            write_value(slot, of_side ? (char *)&own->is.sides[slot->side] : (char *)&own->is);
        }
    }
}
