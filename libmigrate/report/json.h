/*
 * report/json.h - JSON written piece by piece to a sink
 *
 * Objects and arrays are begun and ended, and what comes between them knows its commas; only the leaves (a folder, a
 * problem) are built with jansson: a report over 100,000 messages never stands in memory as a whole.
 */
#ifndef MIG_REPORT_JSON_H
#define MIG_REPORT_JSON_H

#include <jansson.h>
#include <migrate/report.h>
#include <stdbool.h>

enum { MIG__JSON_DEPTH = 12 };

typedef struct mig__json {
    mig_sink_fn *sink;
    void *context;
    bool refused; /* the sink gave up */
    bool failed;  /* no memory */

    size_t depth; /* the rest is json.c's */
    struct {
        char end; /* of the object or array */
        bool filled;
    } levels[MIG__JSON_DEPTH];
} mig__json;

/* After a failure everything does nothing. Keys are literals of ours. */

/* Begin the document: an object whose first member is its schema. */
void mig__json_document(mig__json *json, const char *schema);
/* Begin an object ('{') or an array ('['): the next of an array, or a member. */
void mig__json_begin(mig__json *json, char open);
void mig__json_begin_member(mig__json *json, const char *key, char open);
/* End what was begun last; the document with a newline. */
void mig__json_end(mig__json *json);

/* The next value of an array. Releases it; NULL (jansson had no memory) is kept as a failure. */
void mig__json_item(mig__json *json, json_t *value);
/* Only the key of a member, NULL: the next of an array. The caller writes its value to the sink, as another document.
 */
void mig__json_key(mig__json *json, const char *key);

/* A member. The first is as mig__json_item. */
void mig__json_add(mig__json *json, const char *key, json_t *value);
void mig__json_add_number(mig__json *json, const char *key, uint64_t number);
void mig__json_add_text(mig__json *json, const char *key, const char *text);
void mig__json_add_optional(mig__json *json, const char *key, const char *text); /* "" or NULL: null */
void mig__json_add_flag(mig__json *json, const char *key, bool value);

/* 0, or -1 with MIG_E_IO or MIG_E_NOMEM. */
int mig__json_finish(const mig__json *json, mig_error *err);

/* A string value; octets that are not UTF-8 become U+FFFD, NULL becomes "". */
json_t *mig__json_string(const char *text);

/* An error as an object: code, text, server, hint; null for MIG_OK and NULL. */
json_t *mig__json_error(const mig_error *error);

/* A number that JSON readers take: above 2^63-1 it is cut. */
json_t *mig__json_number(uint64_t number);

#endif
