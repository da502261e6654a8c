/* plan/settings.c - what a plan says, as settings: each value with where it stands, so that what is wrong is told there
 */
#include "plan/plan_private.h"
#include <stdio.h>

typedef struct settling {
    mig_plan *plan;
    bool failed; /* no memory to keep a problem */
} settling;

static void note(const mig_origin *where, const mig_error *fault, void *context)
{
    settling *s = context;
    char text[MIG_ERROR_TEXT + MIG_ERROR_HINT + 2]; /* and "; " between */
    snprintf(text, sizeof text, "%s%s%s", fault->text, fault->hint[0] != '\0' ? "; " : "", fault->hint);
    const char *file = where->file != NULL ? where->file : s->plan->path;
    s->failed =
        mig_plan_add_problem(s->plan, file, where->file != NULL ? where->line : 0, text, NULL) != 0 || s->failed;
}

/* What another verb has is passed over. */
static int set_all(settling *s, mig_settings *settings, const mig_plan_option *options, size_t count, mig_error *err)
{
    for (size_t i = 0; i < count; i++) {
        mig_error fault = MIG_ERROR_INIT;
        const mig_plan_option *option = &options[i];
        if (mig_option_find(settings->verb, option->name) == NULL ||
            mig_option_set(settings, &option->from, option->name, option->value, &fault) == 0) {
            continue;
        }
        if (fault.code != MIG_E_USAGE) {
            *err = fault;
            return -1;
        }
        note(&option->from, &fault, s);
    }
    return 0;
}

/* Only taking stock needs no target. */
static void check_target(settling *s, const mig_settings *settings)
{
    mig_error fault = MIG_ERROR_INIT;
    const mig_origin whole = {MIG_LEVEL_PLAN, s->plan->path, 0};
    if (settings->verb != MIG_VERB_INVENTORY && !mig_option_given(settings, "target") && s->plan->problem_count == 0) {
        mig_error_set(&fault, MIG_E_USAGE, "there is no target: give it a host, or a provider");
        note(&whole, &fault, s);
    }
}

static int settle(settling *s, mig_settings *settings, const mig_plan_account *account, const mig_settings *over,
                  mig_error *err)
{
    const mig_origin whole = {MIG_LEVEL_PLAN, s->plan->path, 0};
    mig_error fault = MIG_ERROR_INIT;
    mig_settings_belong_to(settings, account != NULL ? &account->from : &whole);
    if (set_all(s, settings, s->plan->options, s->plan->option_count, err) != 0 ||
        (account != NULL && set_all(s, settings, account->options, account->option_count, err) != 0) ||
        (over != NULL && mig_settings_add(settings, over, err) != 0)) {
        return -1;
    }
    if (account != NULL) {
        check_target(s, settings);
    }
    mig_settings_part part = account != NULL ? MIG_SETTINGS_ACCOUNT : MIG_SETTINGS_RUN;
    if (mig_settings_finish(settings, part, note, s, &fault) != 0 && fault.code != MIG_E_USAGE) {
        *err = fault;
        return -1;
    }
    return s->failed ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
}

mig_settings *mig_plan_settings(mig_plan *plan, size_t account, mig_verb verb, const mig_settings *over, mig_error *err)
{
    mig_error unheard = MIG_ERROR_INIT;
    settling s = {.plan = plan};
    err = err != NULL ? err : &unheard;
    mig_settings *settings = mig_settings_new(verb, err);
    const mig_plan_account *one = account < plan->account_count ? &plan->accounts[account] : NULL;
    if (settings != NULL && settle(&s, settings, one, over, err) != 0) {
        mig_settings_free(&settings);
    }
    return settings;
}

int mig_plan_check_values(mig_plan *plan, mig_error *err)
{
    static const mig_verb verbs[] = {MIG_VERB_RUN, MIG_VERB_VERIFY, MIG_VERB_INVENTORY};
    for (size_t v = 0; v < sizeof verbs / sizeof verbs[0]; v++) {
        for (size_t i = 0; i <= plan->account_count; i++) {
            mig_settings *settings = mig_plan_settings(plan, i == 0 ? MIG_PLAN_WHOLE : i - 1, verbs[v], NULL, err);
            if (settings == NULL) {
                return -1;
            }
            mig_settings_free(&settings);
        }
    }
    return 0;
}
