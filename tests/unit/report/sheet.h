/* A sink that keeps what it is given, or refuses a piece of it. */
#ifndef TEST_REPORT_SHEET_H
#define TEST_REPORT_SHEET_H

#include <migrate/report.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

/* Text that a writer under test gave out; the `refuse_at`-th piece is refused (0: none). */
typedef struct sheet {
    char text[65536];
    size_t length;
    size_t pieces;
    size_t refuse_at;
} sheet;

static int sheet_sink(const char *text, size_t length, void *context)
{
    sheet *out = context;
    out->pieces++;
    if (out->refuse_at > 0) {
        assert_true(out->pieces <= out->refuse_at); /* nothing is written after a refusal */
        if (out->pieces == out->refuse_at) {
            return -1;
        }
    }
    assert_true(length < sizeof out->text - out->length);
    memcpy(out->text + out->length, text, length);
    out->length += length;
    out->text[out->length] = '\0';
    return 0;
}

#endif
