/* sieve/names.c - stable names of what the results say */
#include <migrate/filters.h>

#define NAME(names, value) ((unsigned)(value) < sizeof(names) / sizeof((names)[0]) ? (names)[value] : "")

const char *mig_filters_verb_name(mig_filters_verb verb)
{
    static const char *const names[] = {"check", "copy", "verify", "export"};
    return NAME(names, verb);
}

const char *mig_filter_concern_name(mig_filter_concern concern)
{
    static const char *const names[MIG_FILTER_CONCERN_COUNT] = {"syntax", "require",  "folder",  "mapped",  "computed",
                                                                "loop",   "vacation", "include", "outside", "warning"};
    return NAME(names, concern);
}

const char *mig_filter_weight_name(mig_filter_weight weight)
{
    static const char *const names[] = {"note", "attention", "blocks"};
    return NAME(names, weight);
}

const char *mig_filter_outcome_name(mig_filter_outcome outcome)
{
    static const char *const names[MIG_FILTER_OUTCOME_COUNT] = {
        "not-done", "read", "fits", "put", "there", "blocked", "failed", "identical", "as-put", "different", "missing"};
    return NAME(names, outcome);
}

const char *mig_filters_activation_name(mig_filters_activation activation)
{
    static const char *const names[] = {"not-asked", "none-active",    "activated", "active-already",
                                        "held-back", "would-activate", "refused"};
    return NAME(names, activation);
}
