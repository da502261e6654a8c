/*
 * options/finish.c - everything that was said, held against each other: what is wrong is told with where it stands
 *
 * Each check is made whatever the others found, so that one look tells all there is to correct.
 */
#include "options/private.h"
#include <migrate/provider.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const mig_origin *origin_of(const mig__finishing *f, const char *const *names)
{
    const mig_origin *typed = NULL;
    for (size_t i = 0; names[i] != NULL; i++) {
        const mig__slot *slot = mig__slot_of(f->own, names[i]);
        if (slot != NULL && slot->from.file != NULL) {
            return &slot->from;
        }
        typed = typed == NULL && slot != NULL ? &slot->from : typed;
    }
    return f->own->home.file != NULL || typed == NULL ? &f->own->home : typed;
}

int mig__fault(mig__finishing *f, const mig_error *fault, const char *const *names)
{
    if (!f->faulty && f->err != NULL) {
        *f->err = *fault;
    }
    f->faulty = true;
    if (f->tell != NULL) {
        f->tell(origin_of(f, names), fault, f->context);
    }
    return -1;
}

static MIG_PRINTF(4, 5) void say(mig__finishing *f, const char *hint, const char *const *about, const char *format, ...)
{
    char text[MIG_ERROR_TEXT];
    mig_error error = MIG_ERROR_INIT;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    mig_error_set(&error, MIG_E_USAGE, "%s", text);
    if (hint != NULL) {
        mig_error_hint(&error, "%s", hint);
    }
    mig__fault(f, &error, about);
}

#define ABOUT(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- the run around the accounts ---- */

/* What goes to standard output cannot be separated there. */
static void check_outputs(mig__finishing *f)
{
    const mig_settings *is = &f->own->is;
    const char *const paths[] = {is->json_path, is->html_path, is->csv_path};
    static const char *const names[] = {"json", "html", "csv"};
    int on_output = 0, files = 0;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        on_output += paths[i] != NULL && strcmp(paths[i], "-") == 0;
        files += paths[i] != NULL && strcmp(paths[i], "-") != 0;
        for (size_t k = 0; k < i; k++) {
            if (paths[i] != NULL && paths[k] != NULL && strcmp(paths[i], paths[k]) == 0) {
                say(f, NULL, ABOUT(names[i], names[k]), "two reports cannot be written to the same place, %s",
                    paths[i]);
            }
        }
    }
    if (is->sign_path != NULL && on_output > 0) {
        say(f, NULL, ABOUT("sign"), "%ssign: a report on standard output has no place for its signature", f->dash);
    } else if (is->sign_path != NULL && files == 0) {
        char hint[96];
        snprintf(hint, sizeof hint, "name one with %sjson FILE, %shtml FILE or %scsv FILE", f->dash, f->dash, f->dash);
        say(f, hint, ABOUT("sign"), "%ssign: there is no report to sign", f->dash);
    }
}

static void check_run(mig__finishing *f)
{
    const mig_settings *is = &f->own->is;
    if (is->verb != MIG_VERB_ARCHIVE) {
        check_outputs(f);
    }
    if (is->quiet && is->verbose > 0) {
        say(f, NULL, ABOUT("quiet", "verbose"), "%squiet and %sverbose exclude each other", f->dash, f->dash);
    }
}

/* A report is looked at, and no server has a part in it. */
static void check_report(mig__finishing *f)
{
    const mig_settings *is = &f->own->is;
    if (is->sides[MIG_SOURCE].url != NULL || is->sides[MIG_TARGET].url != NULL) {
        say(f, NULL, ABOUT("source", "target"), "%scheck-report looks at a file: it needs no %ssource and no %starget",
            f->dash, f->dash, f->dash);
    }
    if (is->sign_path != NULL || is->json_path != NULL || is->html_path != NULL || is->csv_path != NULL) {
        say(f, NULL, ABOUT("sign", "json", "html", "csv"), "%scheck-report writes no report", f->dash);
    }
}

/* ---- an account ---- */

/* What, or which report: both may be said, one after the other. */
static void take_mend(mig_settings *is)
{
    static const struct {
        const char *word;
        unsigned what;
    } words[] = {{"missing", MIG_MEND_MISSING}, {"altered", MIG_MEND_ALTERED}, {"all", MIG_MEND_ALL}};
    for (const char *const *word = is->mend_words; word != NULL && *word != NULL; word++) {
        unsigned what = 0;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            what |= strcmp(words[i].word, *word) == 0 ? words[i].what : 0;
        }
        is->mend.wanted = true;
        is->mend.what |= what;
        is->mend.report = what == 0 ? *word : is->mend.report;
    }
}

/* The stable name of what was wrong, as reports have it. */
static void take_retry(mig__finishing *f)
{
    mig_settings *is = &f->own->is;
    for (const char *const *word = is->retry_words; word != NULL && *word != NULL; word++) {
        int code = 1;
        while (code < (int)MIG_CODE_COUNT && strcmp(mig_code_name((mig_code)code), *word) != 0) {
            code++;
        }
        is->copy.retry_failed = true;
        if (code < (int)MIG_CODE_COUNT) {
            is->copy.retry_code = (mig_code)code;
        } else if (strcmp(*word, "all") != 0) {
            say(f, "give a code as the summary names it in brackets, as too-big", ABOUT("retry-failed"),
                "%sretry-failed: nothing fails by \"%s\"", f->dash, *word);
        }
    }
}

static int choose_seed(mig__finishing *f)
{
    uint32_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
        f->faulty = true;
        return mig_error_set(f->err, MIG_E_IO, "the system gives no random numbers");
    }
    f->own->is.verify.seed = seed;
    return 0;
}

static int check_verify(mig__finishing *f)
{
    mig_settings *is = &f->own->is;
    const mig_verify_options *verify = &is->verify;
    is->seed_given = mig_option_given(is, "seed");
    if (is->public_key_path != NULL) {
        say(f, NULL, ABOUT("public-key"), "%spublic-key belongs to %scheck-report", f->dash, f->dash);
    }
    if (verify->sample > 0 && verify->depth == MIG_DEPTH_QUICK) {
        say(f, NULL, ABOUT("depth", "sample"), "%sdepth quick reads no content: there is nothing to %ssample", f->dash,
            f->dash);
    }
    if (is->seed_given && verify->sample <= 0) {
        say(f, NULL, ABOUT("seed"), "%sseed belongs to %ssample", f->dash, f->dash);
    }
    return is->seed_given || verify->sample <= 0 ? 0 : choose_seed(f);
}

static void check_dates(mig__finishing *f)
{
    const mig_selection *selection = &f->own->is.copy.selection;
    if (selection->since != NULL && selection->before != NULL && strcmp(selection->since, selection->before) >= 0) {
        say(f, NULL, ABOUT("since", "before"), "%ssince %s and %sbefore %s leave no day", f->dash, selection->since,
            f->dash, selection->before);
    }
}

static mig_filters_side filters_side(const mig_settings_side *side)
{
    mig_filters_side out = {.no_imap = side->sieve_alone, .tunnel = side->sieve_tunnel};
    if (side->sieve != NULL && strncmp(side->sieve, "sieve:", 6) == 0 && strncmp(side->sieve + 6, "//", 2) != 0) {
        out.directory = side->sieve + 6;
    } else {
        out.server = side->sieve;
    }
    /* Of scripts in files alone nobody logs in anywhere. */
    out.endpoint = side->url == NULL || (side->sieve_alone && out.directory != NULL) ? NULL : &side->endpoint;
    return out;
}

/* Filters go by the folders that are copied. */
static void complete_filters(mig_settings *is)
{
    mig_filters_options *filters = &is->filters;
    filters->source = filters_side(&is->sides[MIG_SOURCE]);
    filters->target = filters_side(&is->sides[MIG_TARGET]);
    filters->selection = is->copy.selection;
    filters->providers[MIG_SOURCE] = is->copy.providers[MIG_SOURCE];
    filters->providers[MIG_TARGET] = is->copy.providers[MIG_TARGET];
    filters->state_path = is->copy.state_path;
    filters->force = is->copy.force;
    filters->dry_run = is->copy.dry_run;
    filters->patience_ms = is->copy.effort.patience_ms;
}

/* What follows from the scanner's word needs one to say it. */
static void check_scan(mig__finishing *f)
{
    mig_settings *is = &f->own->is;
    static const char *const names[] = {"infected", "scan-optional"};
    is->copy.scan.cleartext = is->allow_cleartext;
    for (size_t i = 0; i < 2; i++) {
        if (is->copy.scan.scanner == NULL && mig_option_given(is, names[i])) {
            say(f, NULL, ABOUT(names[i]), "%s%s belongs to %sscan", f->dash, names[i], f->dash);
        }
    }
}

/* The options of a verification are those of the copy that it is about. */
static void complete(mig_settings *is, bool with_target)
{
    mig_copy_options *copy = &is->copy;
    copy->source = &is->sides[MIG_SOURCE].endpoint;
    copy->target = with_target ? &is->sides[MIG_TARGET].endpoint : NULL;
    copy->providers[MIG_SOURCE] = is->sides[MIG_SOURCE].provider;
    copy->providers[MIG_TARGET] = is->sides[MIG_TARGET].provider;
    if (is->verb == MIG_VERB_COPY) { /* a run does it by itself */
        mig_provider_bound(copy, mig_provider_of(copy->providers[MIG_SOURCE], copy->source),
                           mig_provider_of(copy->providers[MIG_TARGET], copy->target));
    }
    is->verify.source = copy->source;
    is->verify.target = copy->target;
    is->verify.state_path = copy->state_path;
    is->verify.selection = copy->selection;
    is->verify.providers[MIG_SOURCE] = copy->providers[MIG_SOURCE];
    is->verify.providers[MIG_TARGET] = copy->providers[MIG_TARGET];
    is->verify.effort = copy->effort;
    complete_filters(is);
    is->stock_depth = is->scan_content || (is->verb == MIG_VERB_INVENTORY && copy->scan.scanner != NULL)
                          ? MIG_INVENTORY_CONTENT
                          : is->stock_depth;
}

static int finish_account(mig__finishing *f)
{
    mig_settings *is = &f->own->is;
    bool verifies = is->verb == MIG_VERB_VERIFY || is->verb == MIG_VERB_RUN;
    bool target_wanted = (is->verb != MIG_VERB_INVENTORY && is->verb != MIG_VERB_ARCHIVE &&
                          is->verb != MIG_VERB_FILTERS && is->verb != MIG_VERB_PROBE) ||
                         is->sides[MIG_TARGET].url != NULL;
    mig__finish_side(f, MIG_SOURCE);
    if (target_wanted) {
        mig__finish_side(f, MIG_TARGET);
    }
    check_dates(f);
    check_scan(f);
    take_mend(&f->own->is);
    take_retry(f);
    if (is->apply + is->undo + (is->verb == MIG_VERB_DEDUP && is->copy.dry_run) > 1) {
        say(f, NULL, ABOUT("apply", "undo", "dry-run"), "%sapply, %sundo and %sdry-run exclude one another", f->dash,
            f->dash, f->dash);
    }
    if (verifies && check_verify(f) != 0) {
        return -1;
    }
    complete(is, target_wanted);
    is->sides[MIG_TARGET].only_named = !target_wanted;
    is->sides[MIG_SOURCE].only_named = is->verb == MIG_VERB_DEDUP ||
                                       (is->verb == MIG_VERB_VERIFY && is->verify.against == MIG_AGAINST_RECORD) ||
                                       (is->sides[MIG_SOURCE].sieve_alone && is->sides[MIG_SOURCE].sieve != NULL);
    return 0;
}

int mig_settings_finish(mig_settings *settings, mig_settings_part part, mig_fault_fn *fault, void *context,
                        mig_error *err)
{
    mig_error unheard = MIG_ERROR_INIT;
    mig__settings *own = mig__own(settings);
    mig__finishing f = {.own = own,
                        .part = part,
                        .tell = fault,
                        .context = context,
                        .err = err != NULL ? err : &unheard,
                        .dash = own->home.file != NULL ? "" : "--"};
    f.err->code = MIG_OK;
    own->part = part;
    mig__settings_apply(own);
    if (settings->check_path != NULL) {
        check_report(&f);
        return f.faulty ? -1 : 0;
    }
    if (part != MIG_SETTINGS_ACCOUNT) {
        check_run(&f);
    }
    if (part != MIG_SETTINGS_RUN && finish_account(&f) != 0) {
        return -1;
    }
    return f.faulty || f.err->code != MIG_OK ? -1 : 0;
}
