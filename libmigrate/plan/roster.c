/* plan/roster.c - the accounts of a run with all that belongs to them, and a plan run from the file to the result */
#include "base/sized.h"
#include "plan/plan_private.h"
#include <stdlib.h>

static mig_roster *make(size_t count, mig_error *err)
{
    mig_roster *roster = calloc(1, sizeof *roster);
    if (roster != NULL) {
        roster->settings = calloc(count > 0 ? count : 1, sizeof *roster->settings);
        roster->accounts = calloc(count > 0 ? count : 1, sizeof *roster->accounts);
    }
    if (roster == NULL || roster->settings == NULL || roster->accounts == NULL) {
        mig_roster_free(&roster);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    return roster;
}

void mig_roster_free(mig_roster **pointer)
{
    mig_roster *roster = *pointer;
    *pointer = NULL;
    if (roster == NULL) {
        return;
    }
    for (size_t i = 0; i < roster->count; i++) {
        free((mig_error *)(uintptr_t)roster->accounts[i].unfit); /* made here */
        if (roster->settings[i] != roster->whole) {
            mig_settings_free(&roster->settings[i]);
        }
    }
    mig_settings_free(&roster->whole);
    mig_plan_free(&roster->plan);
    free(roster->settings);
    free(roster->accounts);
    free(roster);
}

static int take_accounts(mig_roster *roster, mig_verb verb, const mig_settings *over, mig_error *err)
{
    roster->whole = mig_plan_settings(roster->plan, MIG_PLAN_WHOLE, verb, over, err);
    if (roster->whole == NULL) {
        return -1;
    }
    for (size_t i = 0; i < roster->plan->account_count; i++) {
        roster->settings[i] = mig_plan_settings(roster->plan, i, verb, over, err);
        if (roster->settings[i] == NULL) {
            return -1;
        }
        roster->count++;
    }
    return 0;
}

mig_roster *mig_roster_new(mig_plan **plan, mig_verb verb, const mig_settings *over, mig_error *err)
{
    mig_roster *roster = make((*plan)->account_count, err);
    if (roster == NULL) {
        return NULL;
    }
    roster->plan = *plan;
    *plan = NULL;
    int failed = roster->plan->problem_count == 0 ? take_accounts(roster, verb, over, err) : 0;
    if (failed == 0 && roster->plan->problem_count > 0) {
        failed = mig_plan_refuse(roster->plan, err);
    }
    if (failed != 0) {
        mig_roster_free(&roster);
    }
    return roster;
}

mig_roster *mig_roster_single(mig_settings **settings, mig_error *err)
{
    mig_roster *roster = make(1, err);
    if (roster != NULL) {
        roster->whole = roster->settings[0] = *settings;
        roster->count = 1;
        *settings = NULL;
    }
    return roster;
}

/* Of a plan, one account that lacks something is not the end of the others. */
static int set_unfit(mig_roster *roster, size_t i, mig_error *err)
{
    if (roster->plan == NULL || err->code == MIG_E_INTERRUPTED || err->code == MIG_E_NOMEM) {
        return -1;
    }
    mig_error *unfit = malloc(sizeof *unfit);
    if (unfit == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    *unfit = *err;
    roster->accounts[i].unfit = unfit;
    return 0;
}

int mig_roster_prepare(mig_roster *roster, const char *directory, const mig_helper *helper, mig_error *err)
{
    mig_error unheard = MIG_ERROR_INIT;
    err = err != NULL ? err : &unheard;
    for (size_t i = 0; i < roster->count; i++) {
        mig_settings *settings = roster->settings[i];
        int failed = mig_settings_find(settings, helper, err) != 0 || mig_settings_place(settings, directory, err) != 0
                         ? -1
                         : mig_settings_prepare(settings, helper, err);
        mig_settings_account(settings, &roster->accounts[i]);
        if (failed != 0 && set_unfit(roster, i, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static mig_run_result *run(mig_roster *roster, const mig_plan_run_options *options, mig_error *err)
{
    mig_run_options all;
    for (size_t i = 0; i < roster->count; i++) {
        roster->settings[i]->copy.lock_dir = options->lock_directory;
    }
    if (mig_roster_prepare(roster, options->state_directory, options->helper, err) != 0) {
        return NULL;
    }
    mig_settings_run(roster->whole, options->steps, &all);
    all.accounts = roster->accounts;
    all.account_count = roster->count;
    all.observer = options->observer;
    return mig_run(&all, err);
}

mig_run_result *mig_plan_run(const char *path, const mig_plan_run_options *given, mig_error *err)
{
    mig_plan_run_options options;
    if (mig__sized_take(&options, sizeof options, given, "mig_plan_run_options", err) != 0) {
        return NULL;
    }
    mig_plan *plan = mig_plan_load(path, err);
    mig_roster *roster = plan != NULL ? mig_roster_new(&plan, MIG_VERB_RUN, NULL, err) : NULL;
    mig_run_result *result = roster != NULL ? run(roster, &options, err) : NULL;
    mig_roster_free(&roster);
    mig_plan_free(&plan);
    return result;
}
