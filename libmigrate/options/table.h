/*
 * options/table.h - the one table of options: name, kind, what it is said of, and the place of its value
 */
#ifndef MIG_OPTIONS_TABLE_H
#define MIG_OPTIONS_TABLE_H

#include <migrate/options.h>

/* How a value is read, and what stands at its place. */
typedef enum mig__option_type {
    MIG__TYPE_TEXT,     /* const char * */
    MIG__TYPE_TEXTS,    /* const char *const *, ends with a NULL */
    MIG__TYPE_RULES,    /* the same, each FROM=TO */
    MIG__TYPE_SWITCH,   /* bool */
    MIG__TYPE_COUNT,    /* int: how often */
    MIG__TYPE_CHOICE,   /* int, or an enumeration: the choice's place among `choices`, from `least` on */
    MIG__TYPE_NUMBER,   /* int from `least` to `most` */
    MIG__TYPE_AUTO,     /* the same, or "auto", which is 0 */
    MIG__TYPE_SECONDS,  /* int, in milliseconds */
    MIG__TYPE_SIZE,     /* uint64_t, octets */
    MIG__TYPE_DATE,     /* const char *, "YYYY-MM-DD" */
    MIG__TYPE_TIME,     /* const char *, "HH:MM" */
    MIG__TYPE_PERCENT,  /* double */
    MIG__TYPE_SEED,     /* uint64_t */
    MIG__TYPE_STEPS,    /* unsigned */
    MIG__TYPE_PROVIDER, /* const char *, the name of a profile */
    MIG__TYPE_PIN,      /* const char *, "sha256//BASE64" */
    MIG__TYPE_HTTPS,    /* const char *, "https://..." */
    MIG__TYPE_JUNK,     /* mig_junk_rule */
    MIG__TYPE_SCANNER   /* const char *, "clamd:..." */
} mig__option_type;

typedef struct mig__option {
    mig_option is;
    mig__option_type type;
    size_t place; /* offset in mig_settings, of a side's option in mig_settings_side */
    const char *const *choices;
    int least, most;
} mig__option;

/* The row of a whole name, and which side it is said of (0 when of none); NULL: the verb has none of that name. */
const mig__option *mig__option_row(mig_verb verb, const char *name, int *side);

/* "source-tls": the whole name of an option, for a side if it is one's. Returns out. */
char *mig__option_name(const mig__option *option, int side, char *out, size_t size);

/*
 * Is this a value that the option takes? `name` is how it is spelled in the error. When `out` is not NULL the value
 * goes there, to the option's own place; texts stay borrowed. Lists and counts have no single value: they are only
 * checked. 0, or -1 with MIG_E_USAGE.
 */
int mig__option_read(const mig__option *option, const char *name, const char *value, void *out, mig_error *err);

#endif
