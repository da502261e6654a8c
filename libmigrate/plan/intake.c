/* plan/intake.c - a plan out of the lists that administrators have: the files that are written */
#include "base/sized.h"
#include "plan/plan_private.h"
#include <string.h>
#include <unistd.h>

static int read_list(const char *path, mig__buffer *out, mig_error *err)
{
    if (mig__plan_read(path, out, err) != 0) {
        return -1;
    }
    return out->data != NULL ? 0 : mig_error_set(err, MIG_E_PLAN, "%s is empty", path);
}

static int gather(const mig_plan_gather_options *o, mig__intake *out, mig_error *err)
{
    mig__buffer text = MIG__BUFFER_INIT;
    int failed = read_list(o->users, &text, err);
    if (failed == 0 && mig__intake_users(out, o->from, text.data, text.length, err) != 0) {
        failed = mig_error_context(err, "%s", o->users);
    }
    mig__buffer_wipe(&text); /* a passwd-file has hashes */
    text = (mig__buffer)MIG__BUFFER_INIT;
    if (failed == 0 && o->aliases != NULL) {
        failed = read_list(o->aliases, &text, err);
        if (failed == 0 && mig__intake_aliases(out, o->from, text.data, text.length, err) != 0) {
            failed = mig_error_context(err, "%s", o->aliases);
        }
    }
    mig__buffer_free(&text);
    return failed;
}

/* Without a host the address has to lead to it. */
static int check_hosts(const mig_plan_gather_options *o, const mig__intake *g, mig_error *err)
{
    for (size_t i = 0; i < g->user_count; i++) {
        if ((o->source_host == NULL || o->target_host == NULL) && !mig_settings_is_address(g->users[i])) {
            mig_error_set(err, MIG_E_USAGE, "\"%s\" is no address, from which its servers could be found", g->users[i]);
            return mig_error_hint(err, "give --source-host and --target-host");
        }
    }
    return 0;
}

static void add_side(mig__buffer *plan, const char *side, const char *host)
{
    mig__buffer_addf(plan, "%s:\n", side);
    if (host != NULL) {
        mig__buffer_add_text(plan, "  host: ");
        mig__plan_add_yaml(plan, host);
        mig__buffer_add_text(plan, "\n");
    } else {
        mig__buffer_add_text(plan, "  discover: true\n");
    }
    mig__buffer_addf(plan,
                     "  # Each password is the first line of a file of mode 0600:\n"
                     "  password-file: \"secrets/%s/%%u\"\n",
                     side);
}

static int write_files(const mig_plan_gather_options *o, const mig__intake *g, mig_error *err)
{
    static const char *const made[] = {"plan.yaml", "accounts.csv", "aliases.csv", NULL};
    mig__plan_place place = {-1, o->directory};
    mig__buffer csv = MIG__BUFFER_INIT, aliases = MIG__BUFFER_INIT, plan = MIG__BUFFER_INIT;
    mig__buffer_add_text(&csv, "source_user,target_user\n");
    for (size_t i = 0; i < g->user_count; i++) {
        mig__plan_add_cell(&csv, g->users[i], ",");
        mig__plan_add_cell(&csv, g->users[i], "\n");
    }
    mig__buffer_add_text(&aliases, "address,goes_to\n");
    for (size_t i = 0; i < g->alias_count; i++) {
        mig__plan_add_cell(&aliases, g->aliases[2 * i], ",");
        mig__plan_add_cell(&aliases, g->aliases[2 * i + 1], "\n");
    }
    mig__buffer_add_text(&plan,
                         "# Made by `mailmigrate plan import`. `mailmigrate plan check plan.yaml` looks it over.\n"
                         "version: 1\naccounts-file: accounts.csv\n");
    add_side(&plan, "source", o->source_host);
    add_side(&plan, "target", o->target_host);
    mig__buffer_add_text(&plan, "options:\n  jobs: 4\n");
    int failed = mig__buffer_ok(&csv, err) != 0 || mig__buffer_ok(&aliases, err) != 0 ||
                         mig__buffer_ok(&plan, err) != 0 || mig__plan_open_place(&place, made, err) != 0 ||
                         mig__plan_write_new(&place, "accounts.csv", csv.data, csv.length, err) != 0 ||
                         (g->alias_count > 0 &&
                          mig__plan_write_new(&place, "aliases.csv", aliases.data, aliases.length, err) != 0) ||
                         mig__plan_write_new(&place, "plan.yaml", plan.data, plan.length, err) != 0
                     ? -1
                     : 0;
    if (place.fd >= 0) {
        close(place.fd);
    }
    mig__buffer_free(&csv);
    mig__buffer_free(&aliases);
    mig__buffer_free(&plan);
    return failed;
}

int mig_plan_gather(const mig_plan_gather_options *given, mig_plan_gathered *out, mig_error *err)
{
    mig_plan_gather_options o;
    mig__intake g = {.users = NULL};
    *out = (mig_plan_gathered){.accounts = 0};
    if (mig__sized_take(&o, sizeof o, given, "mig_plan_gather_options", err) != 0) {
        return -1;
    }
    const int failed =
        gather(&o, &g, err) != 0 || check_hosts(&o, &g, err) != 0 || write_files(&o, &g, err) != 0 ? -1 : 0;
    *out = (mig_plan_gathered){g.user_count, g.alias_count, g.left_out};
    mig__intake_clear(&g);
    return failed;
}
