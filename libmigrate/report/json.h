/*
 * report/json.h - JSON written piece by piece to a sink
 *
 * The frame of a document is written as text, and only its leaves (a folder, a problem) are built with jansson: a
 * report over 100,000 messages never stands in memory as a whole.
 */
#ifndef MIG_REPORT_JSON_H
#define MIG_REPORT_JSON_H

#include <jansson.h>
#include <migrate/report.h>
#include <stdbool.h>

typedef struct mig__json {
    mig_sink_fn *sink;
    void *context;
    bool refused; /* the sink gave up */
    bool failed;  /* no memory */
} mig__json;

/* Write text as it is. After a failure everything does nothing. */
void mig__json_raw(mig__json *json, const char *text);

/* Write one value and release it; NULL (jansson had no memory) is kept as a failure. */
void mig__json_value(mig__json *json, json_t *value);

/* Write "key": value. `key` is a literal of ours. */
void mig__json_member(mig__json *json, const char *key, json_t *value);

/* The same behind a comma: all members of an object but the first. */
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
