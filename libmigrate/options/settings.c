/* options/settings.c - what was said, by name: taking it, level over level, and giving it back */
#include "options/private.h"
#include "base/buffer.h"
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *mig_verb_name(mig_verb verb)
{
    static const char *const names[MIG_VERB_COUNT] = {"copy",    "verify",  "run",   "inventory",
                                                      "archive", "filters", "probe", "dedup"};
    return verb < MIG_VERB_COUNT ? names[verb] : "";
}

mig_settings *mig_settings_new(mig_verb verb, mig_error *err)
{
    mig__settings *own = calloc(1, sizeof *own);
    if (own == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    own->is.verb = verb;
    for (int side = 0; side < 2; side++) {
        own->is.sides[side].endpoint = (mig_endpoint)MIG_ENDPOINT_INIT;
    }
    mig__settings_apply(own);
    return &own->is;
}

static void clear_slot(mig__slot *slot)
{
    for (size_t i = 0; i < slot->count; i++) {
        free(slot->texts[i]);
    }
    free(slot->texts);
    slot->texts = NULL;
    slot->count = 0;
}

void mig_settings_free(mig_settings **pointer)
{
    mig__settings *own = *pointer != NULL ? mig__own(*pointer) : NULL;
    *pointer = NULL;
    if (own == NULL) {
        return;
    }
    for (int side = 0; side < 2; side++) {
        mig_secret_free(&own->secrets[side]);
        mig_oauth2_free(&own->oauth2[side]);
        mig_store_free(&own->is.sides[side].store);
        mig_endpoint_clear(&own->is.sides[side].endpoint);
    }
    mig_secret_free(&own->proxy);
    for (size_t i = 0; i < own->slot_count; i++) {
        clear_slot(&own->slots[i]);
    }
    free(own->slots);
    free(own->state_path);
    free(own);
}

void mig_settings_belong_to(mig_settings *settings, const mig_origin *home)
{
    mig__own(settings)->home = *home;
}

static mig__slot *find_slot(const mig__settings *own, const mig__option *row, int side)
{
    for (size_t i = 0; i < own->slot_count; i++) {
        if (own->slots[i].row == row && own->slots[i].side == side) {
            return &own->slots[i];
        }
    }
    return NULL;
}

const mig__slot *mig__slot_of(const mig__settings *own, const char *name)
{
    int side = 0;
    const mig__option *row = mig__option_row(own->is.verb, name, &side);
    return row != NULL ? find_slot(own, row, side) : NULL;
}

bool mig_option_given(const mig_settings *settings, const char *name)
{
    return mig__slot_of((const mig__settings *)settings, name) != NULL;
}

static int add_text(mig__slot *slot, const char *value)
{
    char *text = mig__strdup(value);
    char **grown = text != NULL ? realloc(slot->texts, (slot->count + 2) * sizeof *grown) : NULL;
    if (grown == NULL) {
        free(text);
        return -1;
    }
    slot->texts = grown;
    grown[slot->count++] = text;
    grown[slot->count] = NULL;
    return 0;
}

static int add_slot(mig__settings *own, const mig__slot *slot, const char *value)
{
    mig__slot *grown = mig__grow(own->slots, own->slot_count, sizeof *grown, NULL);
    if (grown == NULL) {
        return -1;
    }
    own->slots = grown;
    grown[own->slot_count] = *slot;
    if (add_text(&grown[own->slot_count], value) != 0) {
        return -1;
    }
    own->slot_count++;
    return 0;
}

/* Several values add up at one level, and replace those of a lower one. */
static int put(mig__settings *own, const mig__slot *at, const char *value)
{
    bool adds = at->row->is.kind == MIG_OPTION_LIST || at->row->type == MIG__TYPE_COUNT;
    mig__slot *slot = find_slot(own, at->row, at->side);
    if (slot == NULL) {
        return add_slot(own, at, value);
    }
    if (slot->from.level > at->from.level) {
        return 0;
    }
    if (slot->from.level < at->from.level || !adds) {
        mig__slot fresh = *at;
        if (add_text(&fresh, value) != 0) {
            return -1;
        }
        clear_slot(slot);
        *slot = fresh;
        return 0;
    }
    return add_text(slot, value);
}

int mig_option_set(mig_settings *settings, const mig_origin *from, const char *name, const char *value, mig_error *err)
{
    static const mig_origin typed = {.level = MIG_LEVEL_LINE};
    int side = 0;
    char spelled[MIG_OPTION_NAME + 2], near[MIG_OPTION_NAME];
    const mig__option *row = mig__option_row(settings->verb, name, &side);
    from = from != NULL ? from : &typed;
    snprintf(spelled, sizeof spelled, "%s%.*s", from->file == NULL ? "--" : "", MIG_OPTION_NAME - 1, name);
    if (row == NULL) {
        mig_error_set(err, MIG_E_USAGE, "there is no option %s", spelled);
        return mig_option_suggest(settings->verb, name, near, sizeof near) != NULL
                   ? mig_error_hint(err, "did you mean %s%s?", from->file == NULL ? "--" : "", near)
                   : -1;
    }
    if (value == NULL && row->is.kind != MIG_OPTION_SWITCH) {
        return mig_error_set(err, MIG_E_USAGE, "%s needs a value", spelled);
    }
    value = value != NULL ? value : "true";
    if (mig__option_read(row, spelled, value, NULL, err) != 0) {
        return -1;
    }
    const mig__slot at = {.row = row, .side = side, .from = *from};
    return put(mig__own(settings), &at, value) == 0 ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

int mig_settings_add(mig_settings *settings, const mig_settings *over, mig_error *err)
{
    const mig__settings *other = (const mig__settings *)over;
    for (size_t i = 0; i < other->slot_count; i++) {
        char name[MIG_OPTION_NAME];
        const mig__slot *slot = &other->slots[i];
        mig__slot at = {.from = slot->from};
        at.row = mig__option_row(settings->verb, mig__option_name(slot->row, slot->side, name, sizeof name), &at.side);
        for (size_t k = 0; at.row != NULL && k < slot->count; k++) {
            if (put(mig__own(settings), &at, slot->texts[k]) != 0) {
                return mig_error_set(err, MIG_E_NOMEM, "out of memory");
            }
        }
    }
    return 0;
}
