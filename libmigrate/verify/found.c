/* verify/found.c - names, words and grades of what a verification finds, and what a sample proves */
#include <migrate/verify.h>

static const struct {
    const char *name;
    const char *words;
    mig_grade grade;
} kinds[MIG_FOUND_COUNT] = {
    [MIG_FOUND_IDENTICAL] = {"identical", "identical", MIG_GRADE_GOOD},
    [MIG_FOUND_STORED_DIFFERENTLY] = {"stored_differently", "stored differently", MIG_GRADE_NOTE},
    [MIG_FOUND_PRESENT] = {"present", "present, content not read", MIG_GRADE_GOOD},
    [MIG_FOUND_UNPROVEN] = {"unproven", "not proven", MIG_GRADE_UNPROVEN},
    [MIG_FOUND_SIZE_DIFFERS] = {"size_differs", "size differs", MIG_GRADE_DIFFERENCE},
    [MIG_FOUND_ALTERED] = {"altered", "altered", MIG_GRADE_DIFFERENCE},
    [MIG_FOUND_MISSING] = {"missing", "missing", MIG_GRADE_DIFFERENCE},
    [MIG_FOUND_WRONG_PLACE] = {"wrong_place", "in another folder", MIG_GRADE_DIFFERENCE},
    [MIG_FOUND_EXTRA] = {"extra", "not from the copy", MIG_GRADE_NOTE},
    [MIG_FOUND_ARRIVED] = {"arrived", "arrived after the copy", MIG_GRADE_NOTE},
    [MIG_FOUND_DUPLICATED] = {"duplicated", "duplicated", MIG_GRADE_DIFFERENCE},
    [MIG_FOUND_UNREADABLE] = {"unreadable", "not readable", MIG_GRADE_DIFFERENCE},
    [MIG_FOUND_WITHHELD] = {"withheld", "absent by decision", MIG_GRADE_NOTE},
    [MIG_FOUND_NOT_COPIED] = {"not_copied", "not copied", MIG_GRADE_DIFFERENCE},
    [MIG_FOUND_FLAGS_DIFFER] = {"flags_differ", "flags differ", MIG_GRADE_DIFFERENCE},
    [MIG_FOUND_FLAGS_ADDED] = {"flags_added", "flags added", MIG_GRADE_NOTE},
    [MIG_FOUND_DATES_DIFFER] = {"dates_differ", "dates differ", MIG_GRADE_DIFFERENCE},
    [MIG_FOUND_INFECTED] = {"infected", "copied with what the virus scanner found", MIG_GRADE_NOTE},
    [MIG_FOUND_FOLDER_MISSING] = {"folder_missing", "folder missing", MIG_GRADE_DIFFERENCE},
};

const char *mig_found_name(mig_found kind)
{
    return (unsigned)kind < MIG_FOUND_COUNT ? kinds[kind].name : "unknown";
}

const char *mig_found_words(mig_found kind)
{
    return (unsigned)kind < MIG_FOUND_COUNT ? kinds[kind].words : "unknown";
}

mig_grade mig_found_grade(mig_found kind)
{
    return (unsigned)kind < MIG_FOUND_COUNT ? kinds[kind].grade : MIG_GRADE_DIFFERENCE;
}

static double power(double base, uint64_t exponent)
{
    double result = 1.0;
    for (; exponent; exponent >>= 1, base *= base) {
        result *= exponent & 1 ? base : 1.0;
    }
    return result;
}

double mig_sample_bound(uint64_t read)
{
    double low = 0.0, high = 1.0;
    if (read == 0) {
        return 1.0;
    }
    for (int step = 0; step < 200; step++) { /* (1 - p)^read falls with p: halve the interval that holds 0.05 */
        double p = (low + high) / 2;
        if (power(1.0 - p, read) > 0.05) {
            low = p;
        } else {
            high = p;
        }
    }
    return high;
}

const char *mig_known_name(mig_known known)
{
    static const char *const names[] = {"", "trash", "elsewhere", "folder_gone", "seen_gone", "after_copy"};
    return (unsigned)known < sizeof names / sizeof names[0] ? names[known] : "";
}
