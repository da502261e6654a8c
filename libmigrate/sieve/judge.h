/*
 * sieve/judge.h - what there is to say of a script before it is put elsewhere: a pure function of the script and facts
 */
#ifndef MIG_SIEVE_JUDGE_H
#define MIG_SIEVE_JUDGE_H

#include "sieve/script.h"
#include <migrate/filters.h>

/* A folder of the source, or one that only the target has (`source` NULL). UTF-8. */
typedef struct mig__sieve_folder {
    const char *source;
    const char *target; /* NULL: it is left out */
    bool exists;        /* on the target */
} mig__sieve_folder;

typedef struct mig__sieve_facts { /* borrowed */
    const char *capability;       /* the words of the target's SIEVE; NULL: not known */
    const mig__sieve_folder *folders;
    size_t folder_count;
    bool folders_known;
    bool map_folders;
    const char *const *own; /* addresses of the account, on both sides; ends with NULL */
} mig__sieve_facts;

typedef struct mig__sieve_edit { /* octets of the script that become others */
    size_t from, to;
    char *name; /* the folder's name on the target, not yet quoted */
} mig__sieve_edit;

typedef struct mig__sieve_judgement {
    mig_filter_note *notes;
    size_t note_count;
    mig__sieve_edit *edits; /* in order; only with map_folders */
    size_t edit_count;
    char **includes; /* personal scripts that it includes */
    unsigned *include_lines;
    size_t include_count;
} mig__sieve_judgement;

#define MIG__SIEVE_JUDGEMENT_INIT                                                                                      \
    {                                                                                                                  \
        NULL, 0, NULL, 0, NULL, NULL, 0                                                                                \
    }

/* 0, or -1 with MIG_E_NOMEM. Release with mig__sieve_judgement_clear in any case. */
int mig__sieve_judge(const mig__sieve_script *script, const mig__sieve_facts *facts, mig__sieve_judgement *out,
                     mig_error *err);
void mig__sieve_judgement_clear(mig__sieve_judgement *judgement);

/* Add a note; the text is made inert. 0, or -1 with MIG_E_NOMEM. */
int mig__sieve_note(mig_filter_note **notes, size_t *count, mig_filter_concern concern, mig_filter_weight weight,
                    unsigned line, mig_error *err, const char *format, ...) MIG_PRINTF(7, 8);
void mig__sieve_notes_free(mig_filter_note *notes, size_t count);

/* The script with its edits made. */
int mig__sieve_rewrite(const char *octets, size_t length, const mig__sieve_judgement *judgement, mig__buffer *out,
                       mig_error *err);

/* Whether the folder that a name of the script means is known, and what it is called on the target. */
const mig__sieve_folder *mig__sieve_folder_find(const mig__sieve_facts *facts, const char *name);

/*
 * The order in which scripts are put: included ones before those that include them, else as they were given. `needs`
 * says of each which others it includes, by index (MIG__SIEVE_NONE ends each list). A circle is broken where it closes;
 * of its members circular[i] is true. 0, or -1 with MIG_E_NOMEM.
 */
int mig__sieve_order(const size_t *const *needs, size_t count, size_t *order, bool *circular, mig_error *err);

#endif
